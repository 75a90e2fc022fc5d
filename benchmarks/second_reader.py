"""How far a second language model agrees with the recorded one, and the lexicon with both.

``second_reading.jsonl`` holds what a language model of another maker read in the release's
reports (references of folds 1-4 and of fold 0, model reports of fold 0), one report at a time,
under the chat judges' own prompt (``s3eval.judging.prompts``, version 1), seeing neither the
recorded readings nor the lexicon's. Reports are named by a hash of their text; no text is in it.
It says what a target can ask for: readers that are language models both agree only so far.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from reading_measures import (
    Pair,
    measured,
    plain,
    references,
    rqi_pairs,
    spearman_line,
    stem,
    test_split,
)

from s3eval.judge import ReportFacts
from s3eval.judging.schemas import report_facts

READING = Path(__file__).with_name("second_reading.jsonl")
SHOWN = ("features", "localizing", "sections", "section postictal")


def second_reading() -> dict[str, ReportFacts]:
    """The second reader's facts by the hash of the report."""
    readings = {}
    for line in READING.read_text(encoding="utf-8").splitlines():
        fields = json.loads(line)
        readings[fields["key"]] = report_facts(fields, words=0)
    return readings


def key_of(text: str) -> str:
    """How a report is named in ``second_reading.jsonl``."""
    return hashlib.sha256(plain(text).encode()).hexdigest()[:12]


def second_reader(root: Path) -> dict[str, Any]:
    """Three readers, two at a time: agreement on each set of reports, and of their RQI."""
    read = second_reading()
    test = test_split(root)
    sets = {
        "references of folds 1-4": references(root, "dev"),
        "references of fold 0": test.references,
        "model reports of fold 0": test.models,
        "all of fold 0": [*test.references, *test.models],
    }
    agreement = {name: _two_by_two(pairs, read) for name, pairs in sets.items()}
    models = _second(test.models, read)
    truth = {stem(p.video): p for p in _second([*test.truth.values()], read)}
    rqi = {
        protocol: {
            "lexicon, recorded": spearman_line(
                *rqi_pairs(test.models, test.truth, test.events, protocol)
            ),
            "second, recorded": spearman_line(*rqi_pairs(models, truth, test.events, protocol)),
        }
        for protocol in ("release", "paper")
    }
    return {"agreement": agreement, "rqi_spearman": rqi}


def _second(pairs: Sequence[Pair], read: Mapping[str, ReportFacts]) -> list[Pair]:
    """The same reports as the second reader and the recorded one read them."""
    return [
        replace(p, ours=replace(read[key_of(p.text)], words=p.ours.words))
        for p in pairs
        if key_of(p.text) in read
    ]


def _two_by_two(pairs: Sequence[Pair], read: Mapping[str, ReportFacts]) -> dict[str, Any]:
    second = _second(pairs, read)
    known = [p for p in pairs if key_of(p.text) in read]
    between = [replace(a, recorded=b.ours) for a, b in zip(known, second, strict=True)]
    return {
        "lexicon, recorded": measured(known),
        "second, recorded": measured(second),
        "lexicon, second": measured(between),
    }


def show_second(results: Mapping[str, Any]) -> None:
    """A table for each set of reports."""
    for name, readers in results["agreement"].items():
        print(f"{name}: {readers['lexicon, recorded']['reports']} reports")
        for who, line in readers.items():
            values = "  ".join(f"{k} {_shown(line['measures'][k])}" for k in SHOWN)
            print(f"  {who:<18} {values}")
    for protocol, readers in results["rqi_spearman"].items():
        values = "  ".join(f"{who} {_shown(line)}" for who, line in readers.items())
        print(f"Seizure-RQI, Spearman, {protocol}: {values}")


def _shown(line: Mapping[str, Any]) -> str:
    return f"{line['value']:.3f} [{line['low']:.2f}, {line['high']:.2f}]"
