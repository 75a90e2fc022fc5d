"""The lexicon on invented texts: no patient, no release, and a part it was not developed on.

The texts lie beside the lexicon's tests. Language models wrote them (reports as video models and
clinicians write them; justifications), others read them under the chat judges' own prompt. Those
marked "development" were used to find wording the lexicon did not know. Of those marked
"held-out" only the numbers were seen. The sentences about whose a sign is and since when were
written by a language model in five parts, each before any of it was tried (docs/judges.md).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from reading_measures import Pair, lexicon, reading_tallies

from s3eval.judging.schemas import report_facts
from s3eval.tasks.questions import questions, tidy

CORPUS = Path(__file__).parents[1] / "plugins/judges/lexicon/tests/corpus"
USES = ("development", "held-out")
SHOWN = ("features", "localizing", "sections", "section postictal")


def texts(name: str) -> list[dict[str, Any]]:
    """The rows of a corpus file."""
    lines = (CORPUS / name).read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def invented() -> dict[str, Any]:
    """Agreement with the readers of the invented texts, by use and by how they are written."""
    return {
        "reports": _reports(),
        "justifications": _justifications(),
        "sentences": _sentences(),
    }


def _sentences() -> dict[str, dict[str, list[int]]]:
    """How many sentences about whose and since when are read right, of how many."""
    rows = texts("whose_and_when.jsonl")
    counts: dict[str, dict[str, list[int]]] = {}
    for row, read in zip(rows, lexicon().read_reports([r["text"] for r in rows]), strict=True):
        sides = all(read.localizing[k] == v for k, v in row["localizing"].items())
        count = counts.setdefault(row["use"], {}).setdefault(row["kind"], [0, 0])
        count[0] += sides and list(read.features) == row["features"]
        count[1] += 1
    return counts


def _reports() -> dict[str, Any]:
    reports = texts("reports.jsonl")
    read = lexicon().read_reports([r["report"] for r in reports])
    pairs = [
        (r, Pair(r["style"], r["key"], r["report"], ours, report_facts(r, words=0)))
        for r, ours in zip(reports, read, strict=True)
    ]
    out = {}
    for use in USES:
        for style in ("model", "clinician"):
            chosen = [p for r, p in pairs if (r["use"], r["style"]) == (use, style)]
            values = {t.item: t.value for t in reading_tallies(chosen)}
            out[f"{use}, {style}"] = {"reports": len(chosen), **{k: values[k] for k in SHOWN}}
    return out


def _justifications() -> dict[str, Any]:
    justifications = texts("justifications.jsonl")
    answered = lexicon().answer_questions(
        [(r["feature"], r["justification"]) for r in justifications]
    )
    out = {}
    for use in USES:
        first: list[bool] = []
        details: list[bool] = []
        for row, ours in zip(justifications, answered, strict=True):
            if row["use"] == use:
                _compare(row, ours.answers, first, details)
        out[use] = {
            "justifications": len(first),
            "first question": float(np.mean(first)),
            "details": float(np.mean(details)),
            "details asked": len(details),
        }
    return out


def _compare(
    row: Mapping[str, Any], ours: Mapping[str, Any], first: list[bool], details: list[bool]
) -> None:
    """Whether the first answer is the same; where both say yes, whether each detail is."""
    core, *rest = (q for q in questions(row["feature"]) if q.key in row["answers"])
    expected = {q.key: tidy(q, row["answers"][q.key]) for q in (core, *rest)}
    first.append(ours[core.key] == expected[core.key])
    if ours[core.key] == expected[core.key] == "yes":
        details.extend(ours[q.key] == expected[q.key] for q in rest)


def show_invented(results: Mapping[str, Any]) -> None:
    """One line for each part."""
    print("Invented reports")
    for name, line in results["reports"].items():
        values = "  ".join(f"{k} {line[k]:.3f}" for k in SHOWN)
        print(f"  {name:<24} {line['reports']:>4}  {values}")
    print("Invented justifications")
    for name, line in results["justifications"].items():
        print(
            f"  {name:<24} {line['justifications']:>4}  first question "
            f"{line['first question']:.3f}  details {line['details']:.3f}"
        )
    print("Invented sentences about whose a sign is and since when, read right")
    for use, kinds in results["sentences"].items():
        right, of = (sum(count[i] for count in kinds.values()) for i in (0, 1))
        by_kind = "  ".join(f"{kind} {a}/{b}" for kind, (a, b) in kinds.items())
        print(f"  {use:<24} {right:>3} of {of}  {by_kind}")
