"""What a reader of reports is measured by: readings side by side, their agreement, their RQI."""

from __future__ import annotations

import csv
import sys
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from s3eval_paper.release.layout import TRUTH, model_folders

from s3eval.dataset.report_tables import annotated_features
from s3eval.dataset.sheets import Problems
from s3eval.facts.tally import Tally, ratio
from s3eval.judge import ReportFacts
from s3eval.judging.schemas import report_row
from s3eval.metrics.agreement import spearman
from s3eval.metrics.rqi import seizure_rqi
from s3eval.plugins import discover
from s3eval.statistics.ratings import weighted_spearman
from s3eval.statistics.resampling import interval, intervals, patient_draws
from s3eval.vocabulary import FEATURE_NAMES, LOCALIZING, SECTIONS

RESAMPLES = 2000


@dataclass(frozen=True)
class Pair:
    """One report as the lexicon (``ours``) and as the recorded LLM read it."""

    source: str
    video: str
    text: str
    ours: ReportFacts
    recorded: ReportFacts


def rows(path: Path, wanted: Callable[[str], bool] | None = None) -> list[dict[str, str]]:
    """A CSV file's rows; with ``wanted`` those alone whose ``file_name`` it takes.

    The rows left out are dropped one by one, before anything but their name is looked at.
    """
    with path.open(encoding="utf-8-sig", newline="") as file:
        read = csv.DictReader(file)
        return [row for row in read if wanted is None or wanted(row["file_name"])]


def patient(video: str) -> str:
    """The patient of a video."""
    return video.partition("@")[0]


def stem(video: str) -> str:
    """A video's name without .mp4 or .wav."""
    return video.rsplit(".", 1)[0]


def lexicon() -> Any:
    """The judge."""
    spec = discover().get("judge", "lexicon").spec
    return spec.load().load(spec, {})


def pairs_of(
    source: str, reports: Path, readings: Path, wanted: Callable[[str], bool]
) -> list[Pair]:
    """Reports with their recorded reading, both read; the rest is counted on stderr."""
    texts = {r["file_name"]: r["report"] for r in rows(reports, wanted) if r["report"].strip()}
    recorded = {r["file_name"]: report_row(r, words=0) for r in rows(readings, wanted)}
    names = [n for n in texts if n in recorded]
    alone = len(texts.keys() ^ recorded.keys())
    if alone:
        print(f"{source}: {alone} videos have a report or a reading only", file=sys.stderr)
    read = lexicon().read_reports([texts[n] for n in names])
    # The length counts for both alike: words of the text (the release counts characters for
    # references).
    return [
        Pair(source, n, texts[n], ours, replace(recorded[n], words=ours.words))
        for n, ours in zip(names, read, strict=True)
    ]


def micro_f1(sums: np.ndarray) -> np.ndarray:
    """F1 of summed (tp, fp, fn)."""
    below = 2 * sums[..., 0] + sums[..., 1] + sums[..., 2]
    return np.where(below > 0, 2 * sums[..., 0] / np.where(below > 0, below, 1), np.nan)


def reading_tallies(pairs: Sequence[Pair]) -> list[Tally]:
    """Feature F1 (all, and each), exact localizing values (macro, and each), sections."""
    names = tuple(f"{p.source}/{p.video}" for p in pairs)
    counts = np.array([_feature_counts(p) for p in pairs], dtype=np.float64)
    equal = np.array(
        [[p.ours.localizing[k] == p.recorded.localizing[k] for k in LOCALIZING] for p in pairs],
        dtype=np.float64,
    )
    same = np.array(
        [[(s in p.ours.sections) == (s in p.recorded.sections) for s in SECTIONS] for p in pairs],
        dtype=np.float64,
    )

    def share(item: str, values: np.ndarray) -> Tally:
        one = np.stack([values.mean(axis=1), np.ones(len(pairs))], axis=1)
        return Tally("report", item, "agreement", names, one, ratio)

    tallies = [
        Tally("report", "features", "micro_f1", names, counts.sum(axis=1), micro_f1),
        share("localizing", equal),
        share("sections", same),
    ]
    tallies += [share(f"localizing {k}", equal[:, [i]]) for i, k in enumerate(LOCALIZING)]
    tallies += [share(f"section {s}", same[:, [i]]) for i, s in enumerate(SECTIONS)]
    tallies += [
        Tally("report", f, "f1", names, counts[:, i], micro_f1) for i, f in enumerate(FEATURE_NAMES)
    ]
    return tallies


def _feature_counts(pair: Pair) -> list[list[bool]]:
    """(tp, fp, fn) per canonical feature; names outside the 20 in recorded readings are ignored."""
    ours, recorded = {*pair.ours.features}, {*pair.recorded.features}
    return [
        [f in ours and f in recorded, f in ours - recorded, f in recorded - ours]
        for f in FEATURE_NAMES
    ]


def off_topic_agreement(pairs: Sequence[Pair]) -> float:
    """Share of reports whose off-topic flag is the same."""
    return float(np.mean([p.ours.off_topic == p.recorded.off_topic for p in pairs]))


def rqi_pairs(
    pairs: Sequence[Pair],
    truth: Mapping[str, Pair],
    events: Mapping[str, tuple[str, ...]],
    protocol: Any,
    same_reference: bool = False,
) -> tuple[list[str], np.ndarray, np.ndarray]:
    """RQI of every model report from the lexicon's readings and from the recorded ones.

    With ``same_reference`` both use the recorded reading of the reference.
    """
    names, ours, recorded = [], [], []
    for pair in pairs:
        reference = truth.get(stem(pair.video))
        if reference is None:
            continue
        annotated = events.get(stem(pair.video))
        names.append(pair.video)
        read = reference.recorded if same_reference else reference.ours
        ours.append(seizure_rqi(pair.ours, read, protocol, annotated).score)
        recorded.append(seizure_rqi(pair.recorded, reference.recorded, protocol, annotated).score)
    return names, np.array(ours), np.array(recorded)


def spearman_line(names: Sequence[str], x: np.ndarray, y: np.ndarray) -> dict[str, Any]:
    """Spearman's rho with an interval over patients."""
    groups = sorted({patient(n) for n in names})
    owner = np.array([groups.index(patient(n)) for n in names])
    draws = np.concatenate([patient_draws(len(groups), RESAMPLES, 0), 1.0 - np.eye(len(groups))])
    values = np.concatenate(
        [weighted_spearman(x, y, part[:, owner]) for part in np.array_split(draws, 20)]
    )
    rho = spearman(list(x), list(y))
    ends = interval(rho, values[:RESAMPLES], values[RESAMPLES:])
    return {
        "value": rho,
        "low": ends.low,
        "high": ends.high,
        "n": len(names),
        "patients": len(groups),
    }


def mean_rqi(
    models: Sequence[Pair], truth: Mapping[str, Pair], events: Mapping[str, tuple[str, ...]]
) -> dict[str, Any]:
    """Mean RQI (release protocol) of each model by both judges."""
    out = {}
    for name in sorted({p.source for p in models}):
        _, ours, recorded = rqi_pairs(
            [p for p in models if p.source == name], truth, events, "release"
        )
        out[name] = {
            "lexicon": round(float(ours.mean()), 2),
            "recorded": round(float(recorded.mean()), 2),
        }
    return out


def section_counts(pairs: Sequence[Pair]) -> dict[str, dict[str, dict[str, int]]]:
    """By source and section, how many reports have it by both readers."""
    return {
        name: {
            section: {
                "lexicon": sum(section in p.ours.sections for p in pairs if p.source == name),
                "recorded": sum(section in p.recorded.sections for p in pairs if p.source == name),
            }
            for section in SECTIONS
        }
        for name in sorted({p.source for p in pairs})
    }


def measured(pairs: Sequence[Pair]) -> dict[str, Any]:
    """All reading measures of some reports, with intervals over patients."""
    tallies = reading_tallies(pairs)
    owners = {v: patient(v.split("/", 1)[1]) for t in tallies[:1] for v in t.videos}
    bounds = intervals(tallies, owners, RESAMPLES)
    lines = {
        t.item: {"value": t.value, "low": i.low, "high": i.high}
        for t, i in zip(tallies, bounds, strict=True)
    }
    return {
        "reports": len(pairs),
        "patients": len({*owners.values()}),
        "off_topic_agreement": off_topic_agreement(pairs),
        "measures": lines,
    }


def references(root: Path, split: str) -> list[Pair]:
    """The clinicians' reports of a split with their recorded reading."""
    wanted = in_split(root, split)
    return pairs_of("references", root / TRUTH["reports"], root / TRUTH["extractions"], wanted)


def in_split(root: Path, split: str) -> Callable[[str], bool]:
    """Whether a video is one of a split's: "dev" is folds 1-4, "test" fold 0.

    Videos in no fold are in neither: they may be of a patient of fold 0.
    """
    fold = {r["file_name"]: r["fold"] for r in rows(root / TRUTH["folds"])}
    taken = frozenset("1234") if split == "dev" else frozenset("0")
    return lambda name: fold.get(name) in taken


def development_models(root: Path) -> list[Pair]:
    """The whole-dataset reports of every model on folds 1-4, with their recorded reading.

    The rows of fold 0, and of videos in no fold, are dropped before their texts are read.
    """
    wanted = in_split(root, "dev")
    pairs: list[Pair] = []
    for folder in model_folders(root, "all", Problems()):
        if {"report", "extraction"} <= folder.files.keys():
            name, files = folder.folder.name, folder.files
            pairs += pairs_of(name, files["report"], files["extraction"], wanted)
    return pairs


@dataclass(frozen=True)
class TestSplit:
    """Fold 0: its references, every recorded model report, and what RQI needs beside them.

    Attributes:
        references: of fold 0.
        truth: the references of all videos by stem; models also answered about videos in no
            fold (labelled Sample).
        models: the model reports that have a reference.
        events: annotated features by stem.
    """

    references: list[Pair]
    truth: Mapping[str, Pair]
    models: list[Pair]
    events: Mapping[str, tuple[str, ...]]


def test_split(root: Path) -> TestSplit:
    """Everything of the test split, read by the lexicon."""
    every = pairs_of(
        "references", root / TRUTH["reports"], root / TRUTH["extractions"], lambda n: True
    )
    truth = {stem(p.video): p for p in every}
    models: list[Pair] = []
    for folder in model_folders(root, "test", Problems()):
        if {"report", "extraction"} <= folder.files.keys():
            files = folder.files
            models += pairs_of(
                folder.folder.name, files["report"], files["extraction"], lambda n: stem(n) in truth
            )
    return TestSplit(references(root, "test"), truth, models, annotated_events(root))


def annotated_events(root: Path) -> Mapping[str, tuple[str, ...]]:
    """Annotated features by stem."""
    return annotated_features(root / TRUTH["sequence"], Problems()).features


def plain(text: str) -> str:
    """A text with its white space made even."""
    return " ".join(text.split())


def distinct(pairs: Sequence[Pair]) -> list[Pair]:
    """The first of the reports that are the same text (a patient's events often share one)."""
    return [*{plain(p.text): p for p in reversed(pairs)}.values()][::-1]


def self_agreement(pairs: Sequence[Pair]) -> dict[str, Any]:
    """How the recorded reading agrees with itself where reports are the same text.

    Beside it how the lexicon agrees with it there; a reader that reads alike what is alike cannot
    do better than the recorded reading's own majority.
    """
    groups: dict[str, list[Pair]] = {}
    for pair in pairs:
        groups.setdefault(plain(pair.text), []).append(pair)
    same = [group for group in groups.values() if len(group) > 1]
    itself, lexicon_there, majority = np.zeros(3), np.zeros(3), np.zeros(3)
    for group in same:
        readings = [{*pair.recorded.features} & {*FEATURE_NAMES} for pair in group]
        most = {f for f in FEATURE_NAMES if 2 * sum(f in r for r in readings) > len(group)}
        for i, (pair, reading) in enumerate(zip(group, readings, strict=True)):
            others = readings[:i] + readings[i + 1 :]
            itself += sum(_overlap(reading, other) for other in others) / len(others)
            lexicon_there += _overlap({*pair.ours.features}, reading)
            majority += _overlap(most, reading)

    def f1(counts: np.ndarray) -> float | None:
        return float(micro_f1(counts)) if same else None

    return {
        "texts": len(same),
        "reports": sum(map(len, same)),
        "micro_f1": f1(itself),
        "lexicon": f1(lexicon_there),
        "majority": f1(majority),
    }


def _overlap(read: Collection[str], wanted: Collection[str]) -> np.ndarray:
    """(tp, fp, fn) of one reading against another."""
    a, b = {*read}, {*wanted}
    return np.array([len(a & b), len(a - b), len(b - a)], dtype=np.float64)
