"""Splits by patient: a test set and folds, stratified by diagnosis, frozen with seed and hash.

A patient on both sides of a split lets a classifier recognise the patient instead of the
seizure; every split is therefore made, and every given split checked, by patient.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from s3eval.errors import S3EvalError
from s3eval.running.runs import write_text

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from s3eval.dataset import Dataset, Video

__all__ = [
    "FoldFacts",
    "Leak",
    "Split",
    "check_split",
    "fold_facts",
    "leaks",
    "make_split",
    "patient_folds",
    "read_split",
    "refuse_leaks",
    "write_split",
]

COLUMNS = ("video", "patient", "diagnosis", "fold")


@dataclass(frozen=True)
class Split:
    """Which fold each video is in; 0 is the test set, 1..k the training folds.

    Attributes:
        folds: by video name.
        seed: of the shuffle; None for a split made elsewhere.
        digest: SHA-256 of the (video, fold) pairs, sorted.
    """

    folds: Mapping[str, int]
    seed: int | None = None

    @property
    def digest(self) -> str:
        """SHA-256 over the sorted (video, fold) pairs: the same split, the same hash."""
        text = "".join(f"{video}\t{fold}\n" for video, fold in sorted(self.folds.items()))
        return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True)
class Leak:
    """A patient with videos in several folds."""

    patient: str
    folds: tuple[int, ...]
    videos: int


@dataclass(frozen=True)
class FoldFacts:
    """What a fold holds; ``es_share`` is the share of ES among its diagnosed videos."""

    fold: int
    videos: int
    patients: int
    es: int
    nes: int
    es_share: float | None


def patient_folds(
    labels: Sequence[Any], patients: Sequence[str], parts: int, seed: int
) -> list[tuple[NDArray[np.intp], NDArray[np.intp]]]:
    """Cut videos into parts with whole patients and labels in like shares.

    scikit-learn's StratifiedGroupKFold without its own shuffling, which loses the stratification
    before scikit-learn 1.8 (the last for Python 3.10 is 1.7); the patients are put in a seeded
    order instead, which decides between cuts that are equally good.

    Args:
        labels: of each video; ``patients`` whose it is.
        parts: how many.

    Returns:
        for each part the places of the others and its own, ascending.

    >>> cuts = patient_folds(["ES", "NES"] * 3, ["a", "b", "c", "d", "e", "f"], 3, seed=0)
    >>> [len(held) for _, held in cuts]
    [2, 2, 2]
    """
    from sklearn.model_selection import StratifiedGroupKFold

    names = sorted(set(patients))
    order = np.random.default_rng(seed).permutation(len(names))
    place = {name: int(order[i]) for i, name in enumerate(names)}
    groups = np.array([place[p] for p in patients])
    return list(StratifiedGroupKFold(parts).split(np.zeros(len(groups)), list(labels), groups))


def make_split(dataset: Dataset, folds: int = 4, test: float = 0.2, seed: int = 0) -> Split:
    """A test set and ``folds`` training folds, patients whole, diagnosis in like shares.

    `patient_folds` cuts the diagnosed videos into 1/test parts, the first of which is the test
    set, and the rest into the folds. Videos without a diagnosis get no fold.

    Args:
        folds: how many training folds, at least 2.
        test: about which share of the videos is the test set, in (0, 0.5].
        seed: of the shuffle.

    Raises:
        S3EvalError: too few patients of a diagnosis for so many folds.
    """
    if not 0 < test <= 0.5 or folds < 2:
        raise S3EvalError(f"Expected test in (0, 0.5] and folds >= 2, but got {test} and {folds}")
    known = sorted((v for v in dataset.videos if v.diagnosis), key=lambda v: v.name)
    _enough(known, max(folds + 1, round(1 / test)))
    chosen: dict[str, int] = {}
    rest = known
    for parts, first in ((round(1 / test), 0), (folds, 1)):
        labels, patients = [v.diagnosis for v in rest], [v.patient for v in rest]
        cuts = [held for _, held in patient_folds(labels, patients, parts, seed)]
        for fold, places in enumerate(cuts[:1] if first == 0 else cuts, first):
            chosen.update({rest[i].name: fold for i in places})
        rest = [v for v in rest if v.name not in chosen]
    split = Split(chosen, seed)
    refuse_leaks(split.folds, dataset.patients)
    return split


def _enough(videos: Sequence[Video], parts: int) -> None:
    for diagnosis in sorted({v.diagnosis for v in videos if v.diagnosis}):
        patients = len({v.patient for v in videos if v.diagnosis == diagnosis})
        if patients < parts:
            raise S3EvalError(
                f"Only {patients} patients are diagnosed {diagnosis}, fewer than the {parts} parts",
                fix="fewer --folds or a larger --test",
            )
    if not videos:
        raise S3EvalError("No video has a diagnosis, so nothing can be stratified")


def leaks(folds: Mapping[str, int], patients: Mapping[str, str]) -> list[Leak]:
    """The patients with videos in more than one fold, by name.

    >>> leaks({"a": 0, "b": 1, "c": 1}, {"a": "P1", "b": "P1", "c": "P2"})
    [Leak(patient='P1', folds=(0, 1), videos=2)]
    """
    seen: dict[str, list[int]] = {}
    for video, fold in folds.items():
        seen.setdefault(patients[video], []).append(fold)
    return [
        Leak(patient, tuple(sorted(set(mine))), len(mine))
        for patient, mine in sorted(seen.items())
        if len(set(mine)) > 1
    ]


def refuse_leaks(folds: Mapping[str, int], patients: Mapping[str, str], where: str = "") -> None:
    """Raise unless every patient's videos are in one fold.

    Raises:
        S3EvalError: naming how many patients leak and one of them.
    """
    split_patients = leaks(folds, patients)
    if split_patients:
        first = split_patients[0]
        raise S3EvalError(
            f"This split has {len(split_patients)} patient(s) on both sides",
            where=where,
            why=f"patient {first.patient} is in folds {', '.join(map(str, first.folds))}",
            fix="s3eval data split DATASET FILE",
        )


def fold_facts(folds: Mapping[str, int], dataset: Dataset) -> list[FoldFacts]:
    """What each fold holds, by fold."""
    facts = []
    for fold in sorted(set(folds.values())):
        mine = [v for v in dataset.videos if folds.get(v.name) == fold]
        es, nes = (sum(v.diagnosis == d for v in mine) for d in ("ES", "NES"))
        share = es / (es + nes) if es + nes else None
        facts.append(FoldFacts(fold, len(mine), len({v.patient for v in mine}), es, nes, share))
    return facts


def write_split(split: Split, dataset: Dataset, path: Path) -> None:
    """Freeze a split: CSV with the seed and the hash in comment lines before the header."""
    import csv
    import io

    by_name = {v.name: v for v in dataset.videos}
    out = io.StringIO()
    out.write(f"# s3eval split; seed {split.seed}; sha256 {split.digest}\n")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for name, fold in sorted(split.folds.items(), key=lambda pair: (pair[1], pair[0])):
        writer.writerow([name, by_name[name].patient, by_name[name].diagnosis or "", fold])
    write_text(path, out.getvalue())


def read_split(path: Path) -> Split:
    """Read a split file: ours, or any CSV with a video and a fold column.

    Accepted names are video or file_name, and fold; comment lines start with "#".

    Raises:
        S3EvalError: unreadable, or it does not match the hash it was frozen with.
    """
    import re

    from s3eval.dataset.csv_file import read_csv_file
    from s3eval.dataset.problems import Problem, refuse

    read = read_csv_file(path, path.name, (*COLUMNS, "file_name"), resume=True, comments=True)
    key = "video" if "video" in read.columns else "file_name"
    problems = [*read.problems]
    already = len(problems)
    if not problems and not {key, "fold"} <= {*read.columns}:
        raise S3EvalError("Expected columns video and fold", where=path)
    folds: dict[str, int] = {}
    for record in read:
        cells = record.cells
        name = cells.get(key, "").removesuffix(".mp4" if key == "file_name" else "")
        fold = re.fullmatch(r"[+-]?[0-9]{1,9}", cells.get("fold", ""))
        wrong = record.fault or next((f"{what}, in '{c}'" for c, what in record.broken), "")
        if not wrong and not name:
            wrong = f"nothing in column '{key}'"
        elif not wrong and name in folds:
            wrong = f"video '{name}' stands twice in this split"
        elif not wrong and not fold:
            wrong = f"expected a whole number as fold, but got '{cells.get('fold', '')}'"
        if wrong:
            problems.append(Problem("error", path.name, record.number, wrong, record.fix))
        elif fold:
            folds[name] = int(fold[0])
    refuse("This split cannot be read", [*problems, *read.problems[already:]])
    if not folds:
        raise S3EvalError("No video in this split", where=path)
    comments = [line for line in _first_lines(path) if line.startswith("#")]
    frozen = re.search(r"seed (\S+); sha256 ([0-9a-f]{64})", "\n".join(comments))
    seed = int(frozen[1]) if frozen and frozen[1].lstrip("-").isdigit() else None
    split = Split(folds, seed)
    if frozen and frozen[2] != split.digest:
        raise S3EvalError(
            "This split was changed after it was frozen",
            where=path,
            why=f"its hash is {split.digest[:12]}, not {frozen[2][:12]}",
            fix="s3eval data split DATASET FILE --seed N, to make it again",
        )
    return split


def _first_lines(path: Path) -> list[str]:
    with path.open(encoding="utf-8-sig", errors="replace") as lines:
        return [line[:1000] for line in islice(lines, 100)]


def check_split(split: Split, dataset: Dataset) -> list[str]:
    """Everything wrong with a split for a dataset, in words; empty when it is fine."""
    patients = dataset.patients
    strangers = sorted(v for v in split.folds if v not in patients)
    known = {v: f for v, f in split.folds.items() if v in patients}
    problems = [
        f"patient {leak.patient} is in folds {', '.join(map(str, leak.folds))} "
        f"({leak.videos} videos)"
        for leak in leaks(known, patients)
    ]
    if strangers:
        problems.append(f"{len(strangers)} videos of the split are not in the dataset")
    missing = sum(v.name not in split.folds and v.diagnosis is not None for v in dataset.videos)
    if missing:
        problems.append(f"{missing} diagnosed videos of the dataset are in no fold")
    for facts in fold_facts(known, dataset):
        if not facts.es or not facts.nes:
            problems.append(f"fold {facts.fold} has {facts.es} ES and {facts.nes} NES videos")
    return problems
