"""The lexicon judge against the recorded LLM readings of the public release.

    python benchmarks/lexicon.py --release DIR --split dev         references of folds 1-4
    python benchmarks/lexicon.py --release DIR --split test        fold 0: references, all models
    python benchmarks/lexicon.py --throughput

The lexicon was developed on "dev" only. "test" holds the references of fold 0, every recorded
model report and the recorded interpretation scores. Intervals (95 %) draw patients. Printed
beside each number: the target it was given, and whether it is reached.
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from s3eval.dataset.importers.release_layout import TRUTH, model_folders
from s3eval.dataset.importers.sheets import Problems
from s3eval.judge import ReportFacts
from s3eval.judging.questions import questions
from s3eval.judging.ratings import weighted_spearman
from s3eval.judging.report_tables import annotated_features
from s3eval.judging.schemas import report_row
from s3eval.metrics.agreement import spearman
from s3eval.metrics.interpretation import interpretation_score
from s3eval.metrics.rqi import seizure_rqi
from s3eval.metrics.tally import Tally, ratio
from s3eval.plugins import discover
from s3eval.statistics.resampling import interval, intervals, patient_draws
from s3eval.vocabulary import FEATURE_NAMES, LOCALIZING, SECTIONS

SCORES_FOLDER = "test_dataset/metrics_test/middle_results"
RESAMPLES = 2000
TARGETS = {"micro_f1": 0.90, "localizing": 0.85, "sections": 0.90, "rqi_spearman": 0.85}
INTERPRETATION_TARGET = 0.90
THROUGHPUT_TARGET = 2000.0


@dataclass(frozen=True)
class Pair:
    """One report as the lexicon and as the recorded LLM read it."""

    source: str
    video: str
    ours: ReportFacts
    recorded: ReportFacts


def rows(path: Path) -> list[dict[str, str]]:
    """A CSV file's rows."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


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
    texts = {r["file_name"]: r["report"] for r in rows(reports) if r["report"].strip()}
    recorded = {r["file_name"]: report_row(r, words=0) for r in rows(readings)}
    names = [n for n in texts if n in recorded and wanted(n)]
    alone = sum(wanted(n) for n in texts.keys() ^ recorded.keys())
    if alone:
        print(f"{source}: {alone} videos have a report or a reading only", file=sys.stderr)
    read = lexicon().read_reports([texts[n] for n in names])
    # The length counts for both alike: words of the text (the release counts characters for
    # references).
    return [
        Pair(source, n, ours, _with_words(recorded[n], ours.words))
        for n, ours in zip(names, read, strict=True)
    ]


def _with_words(facts: ReportFacts, words: int) -> ReportFacts:
    from dataclasses import replace

    return replace(facts, words=words)


# ------------------------------------------------------------------------------ reading reports


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

    found = [
        Tally("report", "features", "micro_f1", names, counts.sum(axis=1), micro_f1),
        share("localizing", equal),
        share("sections", same),
    ]
    found += [share(f"localizing {k}", equal[:, [i]]) for i, k in enumerate(LOCALIZING)]
    found += [share(f"section {s}", same[:, [i]]) for i, s in enumerate(SECTIONS)]
    found += [
        Tally("report", f, "f1", names, counts[:, i], micro_f1) for i, f in enumerate(FEATURE_NAMES)
    ]
    return found


def _feature_counts(pair: Pair) -> list[list[bool]]:
    """(tp, fp, fn) per canonical feature; names outside the 20 in recorded readings are ignored."""
    ours, theirs = {*pair.ours.features}, {*pair.recorded.features}
    return [
        [f in ours and f in theirs, f in ours - theirs, f in theirs - ours] for f in FEATURE_NAMES
    ]


def off_topic_agreement(pairs: Sequence[Pair]) -> float:
    """Share of reports whose off-topic flag is the same."""
    return float(np.mean([p.ours.off_topic == p.recorded.off_topic for p in pairs]))


# ------------------------------------------------------------------------------ Seizure-RQI


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
    names, ours, theirs = [], [], []
    for pair in pairs:
        reference = truth.get(stem(pair.video))
        if reference is None:
            continue
        annotated = events.get(stem(pair.video))
        names.append(pair.video)
        read = reference.recorded if same_reference else reference.ours
        ours.append(seizure_rqi(pair.ours, read, protocol, annotated).score)
        theirs.append(seizure_rqi(pair.recorded, reference.recorded, protocol, annotated).score)
    return names, np.array(ours), np.array(theirs)


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


# ------------------------------------------------------------------------------ interpretation


def interpretation_cells(root: Path) -> Iterator[tuple[str, str, str, float, float]]:
    """(model, feature, video, score from the lexicon, recorded score) of every scored cell."""
    judge = lexicon()
    truth = {stem(r["file_name"]): r for r in rows(root / TRUTH["features"])}
    recorded = {
        _key(p.name.split("__")[0]): p for p in sorted((root / SCORES_FOLDER).glob("*.csv"))
    }
    for folder in model_folders(root, "test", Problems()):
        path = folder.files.get("justification") or folder.files.get("recognition")
        scores = recorded.get(_key(folder.folder.name))
        if path is None or scores is None:
            print(f"{folder.folder.name}: no justifications or no recorded scores", file=sys.stderr)
            continue
        said = {stem(r["file_name"]): r for r in rows(path)}
        for line in rows(scores):
            video = stem(line["file_name"])
            if video not in said or video not in truth:
                continue
            for feature in FEATURE_NAMES:
                if (line.get(feature) or "") == "" or feature not in said[video]:
                    continue
                ours = _interpretation(judge, feature, said[video], truth[video])
                if ours is not None:
                    yield folder.folder.name, feature, video, ours, float(line[feature])


def _key(name: str) -> str:
    plain = "".join(c for c in name.lower() if c.isalnum())
    return {"audioflamingo3": "af3"}.get(plain, plain.replace("instruct", ""))


def _interpretation(
    judge: Any, feature: str, said: Mapping[str, str], truth: Mapping[str, str]
) -> float | None:
    ours, theirs = (_label(row.get(feature, "")) for row in (said, truth))
    if ours != theirs:
        return 0.0
    chain = [q.key for q in questions(feature)]
    if not chain:
        return 1.0
    texts = [row.get(f"justification_for_{feature}") or "" for row in (said, truth)]
    read = judge.answer_questions([(feature, t) for t in texts])
    answers = [r if hasattr(r, "answers") else None for r in read]
    return interpretation_score(ours, theirs, answers[0], answers[1], chain)


def _label(cell: str) -> str:
    plain = cell.strip().lower()
    return plain if plain in ("yes", "no") else "na"


def interpretation_report(root: Path) -> dict[str, Any]:
    """Per feature: Spearman over models of mean scores; overall; per-video agreement."""
    cells = list(interpretation_cells(root))
    models = sorted({c[0] for c in cells})
    patients = sorted({patient(c[2]) for c in cells})
    sums = np.zeros((2, len(models), len(FEATURE_NAMES), len(patients)))
    count = np.zeros((len(models), len(FEATURE_NAMES), len(patients)))
    for model, feature, video, ours, theirs in cells:
        at = models.index(model), FEATURE_NAMES.index(feature), patients.index(patient(video))
        sums[(0, *at)] += ours
        sums[(1, *at)] += theirs
        count[at] += 1
    ones = np.ones(len(patients))
    whole = _means(sums, count, ones)
    draws = patient_draws(len(patients), 500, 0)
    values = [_summary(_means(sums, count, w)) for w in draws]
    jack = [_summary(_means(sums, count, ones - e)) for e in np.eye(len(patients))]
    summary = _summary(whole)
    ends = {
        key: interval(summary[key], _column(values, key), _column(jack, key)) for key in summary
    }
    same = np.mean([abs(c[3] - c[4]) < 1e-9 for c in cells])
    near = np.mean([abs(c[3] - c[4]) for c in cells])
    return {
        "models": models,
        "cells": len(cells),
        "summary": {
            key: {"value": value, "low": ends[key].low, "high": ends[key].high}
            for key, value in summary.items()
        },
        "per_feature": {f: _feature_line(whole, i, models) for i, f in enumerate(FEATURE_NAMES)},
        "same_score_per_video": float(same),
        "mean_absolute_difference_per_video": float(near),
    }


def _column(found: Sequence[Mapping[str, float | None]], key: str) -> np.ndarray:
    return np.array([np.nan if v[key] is None else v[key] for v in found], dtype=np.float64)


def _means(sums: np.ndarray, count: np.ndarray, weights: np.ndarray) -> np.ndarray:
    below = count @ weights
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(below > 0, (sums @ weights) / below, np.nan)


def _summary(means: np.ndarray) -> dict[str, float | None]:
    """Spearman over (feature, model) cells, over models' overall scores, mean over features."""
    known = ~np.isnan(means[0]) & ~np.isnan(means[1])
    with np.errstate(invalid="ignore"):
        overall = [np.nanmean(np.where(known, m, np.nan), axis=1) for m in means]
    each = [_over_models(means, i) for i in range(means.shape[2])]
    told = [r for r in each if r is not None]
    return {
        "cells_spearman": spearman(list(means[0][known]), list(means[1][known])),
        "overall_spearman": spearman(list(overall[0]), list(overall[1])),
        "mean_feature_spearman": float(np.mean(told)) if told else None,
    }


def _over_models(means: np.ndarray, feature: int) -> float | None:
    x, y = means[0][:, feature], means[1][:, feature]
    known = ~np.isnan(x) & ~np.isnan(y)
    return spearman(list(x[known]), list(y[known])) if known.sum() > 2 else None


def _feature_line(means: np.ndarray, feature: int, models: Sequence[str]) -> dict[str, Any]:
    return {
        "spearman": _over_models(means, feature),
        "lexicon": {m: _rounded(means[0][i, feature]) for i, m in enumerate(models)},
        "recorded": {m: _rounded(means[1][i, feature]) for i, m in enumerate(models)},
    }


def _rounded(value: float) -> float | None:
    return None if np.isnan(value) else round(float(value), 4)


# ------------------------------------------------------------------------------ putting together


def measured(pairs: Sequence[Pair]) -> dict[str, Any]:
    """All reading measures of some reports, with intervals over patients."""
    tallies = reading_tallies(pairs)
    owners = {v: patient(v.split("/", 1)[1]) for t in tallies[:1] for v in t.videos}
    found = intervals(tallies, owners, RESAMPLES)
    lines = {
        t.item: {"value": t.value, "low": i.low, "high": i.high}
        for t, i in zip(tallies, found, strict=True)
    }
    return {
        "reports": len(pairs),
        "patients": len({*owners.values()}),
        "off_topic_agreement": off_topic_agreement(pairs),
        "measures": lines,
    }


def references(root: Path, split: str) -> list[Pair]:
    """The clinicians' reports of a split with their recorded reading."""
    fold = {r["file_name"]: r["fold"] for r in rows(root / TRUTH["folds"])}
    wanted = {"dev": lambda n: fold.get(n, "0") != "0", "test": lambda n: fold.get(n) == "0"}
    return pairs_of(
        "references", root / TRUTH["reports"], root / TRUTH["extractions"], wanted[split]
    )


def distinct(pairs: Sequence[Pair], root: Path) -> list[Pair]:
    """The first of the reports that are the same text (a patient's events often share one)."""
    texts = {r["file_name"]: " ".join(r["report"].split()) for r in rows(root / TRUTH["reports"])}
    return [*{texts[p.video]: p for p in reversed(pairs)}.values()][::-1]


def self_agreement(pairs: Sequence[Pair], root: Path) -> dict[str, Any]:
    """How the recorded reading agrees with itself where two reports are the same text."""
    texts = {r["file_name"]: " ".join(r["report"].split()) for r in rows(root / TRUTH["reports"])}
    groups: dict[str, list[Pair]] = {}
    for pair in pairs:
        groups.setdefault(texts[pair.video], []).append(pair)
    total = np.zeros(3)
    used = 0
    for group in groups.values():
        for one in group:
            for other in group:
                if one is not other:
                    a, b = {*one.recorded.features}, {*other.recorded.features}
                    total += np.array([len(a & b), len(a - b), len(b - a)]) / (len(group) - 1)
        used += len(group) > 1
    return {"texts": used, "micro_f1": float(micro_f1(total)) if used else None}


def evaluate(root: Path, split: str) -> dict[str, Any]:
    """Everything of one split."""
    own = references(root, split)
    found: dict[str, Any] = {"split": split, "references": measured(own)}
    found["distinct_references"] = measured(distinct(own, root))
    found["recorded_against_itself"] = self_agreement(own, root)
    if split == "dev":
        return found
    # Models also answered about videos in no fold (labelled Sample); the references hold those.
    everything = pairs_of(
        "references", root / TRUTH["reports"], root / TRUTH["extractions"], lambda n: True
    )
    truth = {stem(p.video): p for p in everything}
    models: list[Pair] = []
    for folder in model_folders(root, "test", Problems()):
        if {"report", "extraction"} <= folder.files.keys():
            files = folder.files
            models += pairs_of(
                folder.folder.name, files["report"], files["extraction"], lambda n: stem(n) in truth
            )
    found["models"] = measured(models)
    found["all"] = measured([*own, *models])
    found["by_model"] = {
        name: measured([p for p in models if p.source == name])["measures"]
        for name in sorted({p.source for p in models})
    }
    events = annotated_features(root / TRUTH["sequence"], Problems()).features
    found["rqi_spearman"] = {
        protocol: spearman_line(*rqi_pairs(models, truth, events, protocol))
        for protocol in ("release", "paper")
    }
    found["rqi_spearman_same_reference"] = {
        protocol: spearman_line(*rqi_pairs(models, truth, events, protocol, True))
        for protocol in ("release", "paper")
    }
    found["mean_rqi"] = mean_rqi(models, truth, events)
    found["interpretation"] = interpretation_report(root)
    return found


def mean_rqi(
    models: Sequence[Pair], truth: Mapping[str, Pair], events: Mapping[str, tuple[str, ...]]
) -> dict[str, Any]:
    """Mean RQI (release protocol) of each model by both judges."""
    out = {}
    for name in sorted({p.source for p in models}):
        _, ours, theirs = rqi_pairs(
            [p for p in models if p.source == name], truth, events, "release"
        )
        out[name] = {
            "lexicon": round(float(ours.mean()), 2),
            "recorded": round(float(theirs.mean()), 2),
        }
    return out


def throughput() -> dict[str, float]:
    """Reports a second on one core, over made-up reports of 45 words."""
    judge = lexicon()
    sentence = (
        "The patient is asleep, then opens the eyes and stares; versive head turn to the left is "
        "followed by right upper extremity extension with left arm flexion, lip smacking, and no "
        "vocalization, evolving into bilateral tonic-clonic activity number {}. Postictally she "
        "is confused and does not follow commands."
    )
    texts = [sentence.format(i) for i in range(2000)]
    judge.read_reports(texts[:200])
    best = 0.0
    for _ in range(3):
        begun = time.process_time()
        judge.read_reports(texts)
        best = max(best, len(texts) / (time.process_time() - begun))
    return {"reports_per_second": round(best, 1), "target": THROUGHPUT_TARGET, "words": 47}


# ------------------------------------------------------------------------------ printing


def line(label: str, found: Mapping[str, Any], target: float | None = None) -> str:
    """One line: value, interval, target, reached or not."""
    value = found["value"]
    text = f"  {label:<34}" + ("-" if value is None else f"{value:.3f}")
    if found.get("low") is not None:
        text += f"  [{found['low']:.3f}, {found['high']:.3f}]"
    if target is not None and value is not None:
        text += f"  target {target:.2f}: {'reached' if value >= target else 'missed'}"
    return text


def show_reading(title: str, found: Mapping[str, Any]) -> None:
    """The measures of one set of reports."""
    measures = found["measures"]
    print(f"{title}: {found['reports']} reports of {found['patients']} patients")
    print(line("features, micro-F1", measures["features"], TARGETS["micro_f1"]))
    print(line("localizing, exact, macro of 4", measures["localizing"], TARGETS["localizing"]))
    print(line("sections", measures["sections"], TARGETS["sections"]))
    for key, value in measures.items():
        if key not in ("features", "localizing", "sections"):
            print(line(f"  {key}", value))
    print(f"  off-topic flag equal              {found['off_topic_agreement']:.3f}\n")


def show(found: Mapping[str, Any]) -> None:
    """Everything, for people."""
    show_reading("References", found["references"])
    once = found["distinct_references"]
    print(f"Each distinct text once: {once['reports']} reports")
    for key, label in (("features", "micro-F1"), ("localizing", "localizing"), ("sections",) * 2):
        print(line(label, once["measures"][key]))
    itself = found["recorded_against_itself"]
    print(
        "The recorded reading against itself, "
        f"{itself['texts']} texts that occur more than once: "
        + ("-" if itself["micro_f1"] is None else f"micro-F1 {itself['micro_f1']:.3f}")
        + "\n"
    )
    if found["split"] == "dev":
        return
    show_reading("Recorded model reports", found["models"])
    show_reading("References and model reports", found["all"])
    for name, measures in found["by_model"].items():
        print(line(f"{name}, micro-F1", measures["features"]))
    print("\nSeizure-RQI, lexicon against recorded, Spearman over reports")
    for protocol, value in found["rqi_spearman"].items():
        print(line(f"{protocol} ({value['n']} reports)", value, TARGETS["rqi_spearman"]))
    for protocol, value in found["rqi_spearman_same_reference"].items():
        print(line(f"{protocol}, recorded references", value))
    for name, means in found["mean_rqi"].items():
        print(f"  mean {name:<28} lexicon {means['lexicon']:.2f}  recorded {means['recorded']:.2f}")
    show_interpretation(found["interpretation"])


def show_interpretation(found: Mapping[str, Any]) -> None:
    """The interpretation scores of both judges."""
    print(f"\nInterpretation score, {found['cells']} cells, models: {', '.join(found['models'])}")
    names = {
        "mean_feature_spearman": "mean over features of rho over models",
        "cells_spearman": "rho over (feature, model) cells",
        "overall_spearman": "rho over models, overall score",
    }
    for key, label in names.items():
        target = INTERPRETATION_TARGET if key == "mean_feature_spearman" else None
        print(line(label, found["summary"][key], target))
    for feature, one in found["per_feature"].items():
        rho = "-" if one["spearman"] is None else f"{one['spearman']:.2f}"
        values = "  ".join(
            f"{one['lexicon'][m]:.2f}/{one['recorded'][m]:.2f}"
            for m in found["models"]
            if one["lexicon"][m] is not None
        )
        print(f"    {feature:<26} rho {rho:>5}   lexicon/recorded {values}")
    print(
        f"  same score per video {found['same_score_per_video']:.3f}, mean absolute difference "
        f"{found['mean_absolute_difference_per_video']:.3f}"
    )


def main() -> int:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--release", type=Path, help="the public release's folder")
    parser.add_argument("--split", choices=["dev", "test"], default="dev")
    parser.add_argument("--throughput", action="store_true", help="reports a second, one core")
    parser.add_argument("--json", dest="json_file", help="write all numbers, '-' for stdout")
    asked = parser.parse_args()
    found: dict[str, Any] = {}
    if asked.throughput:
        found["throughput"] = throughput()
        print(json.dumps(found["throughput"]))
    if asked.release:
        found |= evaluate(asked.release, asked.split)
        if asked.json_file != "-":
            show(found)
    elif not asked.throughput:
        parser.error("give --release DIR or --throughput")
    if asked.json_file:
        text = json.dumps(found, indent=1, sort_keys=True)
        print(text) if asked.json_file == "-" else Path(asked.json_file).write_text(text + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
