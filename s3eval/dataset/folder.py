"""The folder format: dataset.toml, tidy CSV tables and videos/ (docs/datasets.md).

Only ``videos.csv`` is required; every other table adds what is known.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, Literal

from s3eval.dataset.tables import Problem, Row, Table, number, read_table
from s3eval.errors import S3EvalError, Suggestions
from s3eval.facts.videos import Annotation, Dataset, FeatureAnnotation, Lateralization, Video
from s3eval.toml_file import read_toml
from s3eval.vocabulary import DIAGNOSES, FEATURE_NAMES

__all__ = ["FORMAT", "LATERALIZATION_ITEMS", "TABLES", "open_folder", "read_folder", "row_finder"]

FORMAT = 1
# file -> (required columns, optional columns)
TABLES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "videos.csv": (
        ("video", "patient"),
        ("file", "diagnosis", "fold", "duration", "seizure_start", "seizure_end"),
    ),
    "features.csv": (("video", "feature", "present"), ("start", "end", "justification")),
    "lateralization.csv": (("video", "item", "value"), ("start", "end")),
    "sequences.csv": (("video", "position", "feature"), ()),
    "reports.csv": (("video", "report"), ()),
    # What further tasks ask about, and what subgroups go by: kept as it is, never interpreted.
    "items.csv": (("video", "item", "value"), ()),
    "facts.csv": (("video", "fact", "value"), ()),
    "patients.csv": (("patient", "fact", "value"), ()),
}
LATERALIZATION_ITEMS = ("head_turning", "arm_movement", "onset_body_part")
PRESENCE = ("yes", "no", "na")
#: Problems that are kept; a table of a million wrong rows is known to be wrong after these.
MAX_PROBLEMS = 20_000
MAX_VIDEOS = 100_000


@dataclass
class _Reading:
    """What is being put together while a folder is read."""

    folder: Path
    videos: dict[str, Video]
    features: dict[str, dict[str, FeatureAnnotation]]
    lateralization: dict[str, dict[str, Lateralization]]
    sequences: dict[str, dict[int, str]]
    reports: dict[str, str]
    seizure: dict[str, tuple[float | None, float | None]]
    problems: list[Problem]
    unlisted: dict[tuple[Literal["error", "warning"], str], int] = field(default_factory=dict)
    suggestions: dict[str, Suggestions] = field(default_factory=dict)
    items: dict[str, dict[str, str]] = field(default_factory=dict)
    facts: dict[str, dict[str, str]] = field(default_factory=dict)
    patient_facts: dict[str, dict[str, str]] = field(default_factory=dict)

    _listed: frozenset[str] | None = None

    def listed(self) -> frozenset[str]:
        """The files in videos/, by name: one look instead of one a row."""
        if self._listed is None:
            path = self.folder / "videos"
            names = []
            if path.is_dir():
                with os.scandir(path) as entries:
                    names = [entry.name for entry in entries if entry.is_file()]
            self._listed = frozenset(names)
        return self._listed

    def nearest(self, column: str, name: str, known: Iterable[str]) -> str | None:
        """A suggestion for an unknown name, as long as problems are told one by one."""
        if len(self.problems) >= MAX_PROBLEMS:
            return None
        return self.suggestions.setdefault(column, Suggestions(known))(name)

    def add(self, problem: Problem) -> None:
        """Keep a problem, or count it where there are very many already."""
        if len(self.problems) < MAX_PROBLEMS:
            self.problems.append(problem)
        else:
            key = problem.level, problem.file
            self.unlisted[key] = self.unlisted.get(key, 0) + 1


def open_folder(path: str | Path) -> Dataset:
    """Read a dataset folder.

    Raises:
        S3EvalError: there is no dataset, or its tables have errors (the first is told, with
            the command that lists all).
    """
    dataset, problems = read_folder(path)
    errors = [p for p in problems if p.level == "error"]
    if errors:
        more = f" and {len(errors) - 1} more" if len(errors) > 1 else ""
        raise S3EvalError(
            f"The dataset has {len(errors)} error{'s' * (len(errors) > 1)}",
            where=path,
            why=f"{errors[0]}{more}",
            fix=f"s3eval data check {path}",
        )
    return dataset


def read_folder(path: str | Path) -> tuple[Dataset, list[Problem]]:
    """Read a dataset folder as far as it can be read, with all that is wrong in its tables.

    Raises:
        S3EvalError: the folder or its ``videos.csv`` does not exist.
    """
    folder = Path(path)
    if not (folder / "videos.csv").is_file():
        if folder.exists() and not folder.is_dir():
            fix = "the folder that holds videos.csv (docs/datasets.md)"
            raise S3EvalError("A dataset is a folder, and this is a file", where=path, fix=fix)
        what = "No dataset here, videos.csv is missing" if folder.is_dir() else "No such folder"
        raise S3EvalError(
            what, where=path, fix=f"s3eval data synth {path}, or docs/datasets.md for your own"
        )
    facts, problems = _read_toml(folder)
    state = _Reading(folder, {}, {}, {}, {}, {}, {}, problems)
    digest = hashlib.sha256()
    for file in TABLES:
        if (folder / file).is_file():
            _read_one(state, file, digest)
        elif os.path.lexists(folder / file):
            state.add(Problem("error", file, 0, "it is no regular file, or a link to none"))
    for (level, file), count in state.unlisted.items():
        state.problems.append(Problem(level, file, 0, f"{count} more problems, not listed"))
    if not state.videos:
        state.problems.append(Problem("error", "videos.csv", 0, "it lists no video"))
    annotations = {name: _annotation(state, name) for name in state.videos}
    dataset = Dataset(
        name=str(facts.get("name", folder.resolve().name)),
        videos=tuple(replace(v, facts=state.facts.get(v.name, {})) for v in state.videos.values()),
        annotations=annotations,
        root=folder,
        digest=digest.hexdigest(),
        digest_covers=", ".join(file for file in TABLES if (folder / file).is_file()),
        description=str(facts.get("description", "")),
        patient_facts=state.patient_facts,
    )
    return dataset, state.problems


def _read_one(state: _Reading, file: str, digest: hashlib._Hash) -> None:
    readers: dict[str, Callable[[_Reading, Table, Row], None]] = {
        "videos.csv": _video,
        "features.csv": _feature,
        "lateralization.csv": _lateral,
        "sequences.csv": _step,
        "reports.csv": _report,
        "items.csv": partial(_further, "video", "item"),
        "facts.csv": partial(_further, "video", "fact"),
        "patients.csv": partial(_further, "patient", "fact"),
    }
    read = readers[file]
    patients = {v.patient for v in state.videos.values()}
    table = read_table(state.folder, file, *TABLES[file])
    for row in table:
        if file == "videos.csv" and len(state.videos) >= MAX_VIDEOS:
            what = f"more than {MAX_VIDEOS:,} videos; those from here on are not read"
            state.add(table.problem(row, what, "split the dataset"))
            break
        if file == "patients.csv":
            if row["patient"] not in patients:
                what = f"patient '{row['patient']}' has no video in videos.csv"
                state.add(table.problem(row, what))
                continue
        elif file != "videos.csv" and row["video"] not in state.videos:
            _unknown_video(state, table, row)
            continue
        read(state, table, row)
    for problem in table.problems:
        state.add(problem)
    digest.update(file.encode() + b"\0" + (state.folder / file).read_bytes())


def row_finder(path: str | Path) -> Callable[[str, str, str], int]:
    """Where things stand in a folder's tables: (file, video, item or "") to the row, 0 unknown.

    ``item`` is a feature or a lateralization item; tables without one ignore it. The tables are
    read when the first row is asked for.
    """
    index: dict[tuple[str, str, str], int] = {}
    read: set[str] = set()

    def find(file: str, video: str, item: str) -> int:
        if file not in read:
            read.add(file)
            if file in TABLES and (Path(path) / file).is_file():
                for row in read_table(Path(path), file, *TABLES[file]):
                    name = row["feature"] or row["item"]
                    index.setdefault((file, row["video"], name), row.number)
                    index.setdefault((file, row["video"], ""), row.number)
        return index.get((file, video, item), 0)

    return find


def _read_toml(folder: Path) -> tuple[dict[str, Any], list[Problem]]:
    file = "dataset.toml"
    if not (folder / file).is_file():
        fix = 'write one with: format = 1 and name = "..."'
        return {}, [Problem("warning", file, 0, "the file is missing", fix)]
    try:
        facts = read_toml(folder / file)
    except S3EvalError as error:
        return {}, [Problem("error", file, 0, f"not TOML: {error.why or error.what}")]
    version = facts.get("format", FORMAT)
    if version != FORMAT:
        what = f"format {version!r}, but this version reads format {FORMAT}"
        return facts, [Problem("error", file, 0, what)]
    wrong = [key for key in ("name", "description") if not isinstance(facts.get(key, ""), str)]
    return facts, [Problem("error", file, 0, f"'{key}' must be text in quotes") for key in wrong]


def _unknown_video(state: _Reading, table: Table, row: Row) -> None:
    close = state.nearest("video", row["video"], state.videos)
    fix = f"did you mean '{close}'?" if close else "add it to videos.csv"
    state.add(table.problem(row, f"video '{row['video']}' is not in videos.csv", fix))


def _seconds(state: _Reading, table: Table, row: Row, column: str) -> float | None:
    try:
        return number(row[column])
    except ValueError:
        what = f"{column} '{row[column]}' is no time"
        state.add(table.problem(row, what, "seconds, or MM:SS"))
        return None


def _whole(text: str) -> int | None:
    """A whole number as people write it, else None (Python's own also takes 1_0)."""
    return int(text) if re.fullmatch(r"[+-]?[0-9]{1,9}", text) else None


def _choice(
    state: _Reading, table: Table, row: Row, column: str, allowed: tuple[str, ...]
) -> str | None:
    value = row[column]
    if value in allowed:
        return value
    close = state.nearest(column, value, allowed)
    fix = f"did you mean '{close}'?" if close else f"one of {', '.join(allowed)}"
    state.add(table.problem(row, f"unknown {column} '{value}'", fix))
    return None


def _video(state: _Reading, table: Table, row: Row) -> None:
    name = row["video"]
    if not name or not row["patient"]:
        what = "video and patient must not be empty"
        state.add(table.problem(row, what, "the split goes by patient"))
        return
    if name in state.videos:
        state.add(table.problem(row, f"video '{name}' is listed twice"))
        return
    diagnosis = _choice(state, table, row, "diagnosis", DIAGNOSES) if row["diagnosis"] else None
    fold = None
    if row["fold"]:
        fold = _whole(row["fold"])
        if fold is None:
            what = f"fold '{row['fold']}' is no whole number"
            state.add(table.problem(row, what, "0 for the test set, 1, 2, ..."))
    duration = _seconds(state, table, row, "duration")
    file = row["file"]
    if not file and f"{name}.mp4" in state.listed():
        file = f"videos/{name}.mp4"
    state.videos[name] = Video(name, row["patient"], file, diagnosis, fold, duration)
    state.seizure[name] = (
        _seconds(state, table, row, "seizure_start"),
        _seconds(state, table, row, "seizure_end"),
    )


def _feature(state: _Reading, table: Table, row: Row) -> None:
    name = _choice(state, table, row, "feature", FEATURE_NAMES)
    presence = _choice(state, table, row, "present", PRESENCE)
    if name is None or presence is None:
        return
    mine = state.features.setdefault(row["video"], {})
    if name in mine:
        what = f"'{name}' of video '{row['video']}' is given twice"
        state.add(table.problem(row, what))
        return
    start, end = (_seconds(state, table, row, c) for c in ("start", "end"))
    mine[name] = FeatureAnnotation(presence, start, end, row["justification"])


def _lateral(state: _Reading, table: Table, row: Row) -> None:
    item = _choice(state, table, row, "item", LATERALIZATION_ITEMS)
    if item is None:
        return
    mine = state.lateralization.setdefault(row["video"], {})
    if item in mine:
        what = f"'{item}' of video '{row['video']}' is given twice"
        state.add(table.problem(row, what))
        return
    start, end = (_seconds(state, table, row, c) for c in ("start", "end"))
    mine[item] = Lateralization(row["value"], start, end)


def _step(state: _Reading, table: Table, row: Row) -> None:
    steps = state.sequences.setdefault(row["video"], {})
    # A row without a feature says: this video's sequence is known, and it is empty.
    if not row["feature"]:
        return
    name = _choice(state, table, row, "feature", FEATURE_NAMES)
    position = _whole(row["position"])
    if position is None:
        what = f"position '{row['position']}' is no whole number"
        state.add(table.problem(row, what, "1, 2, 3, ..."))
        return
    if position in steps:
        what = f"position {position} of video '{row['video']}' is given twice"
        state.add(table.problem(row, what))
    elif name:
        steps[position] = name


def _report(state: _Reading, table: Table, row: Row) -> None:
    if row["video"] in state.reports:
        what = f"a second report for video '{row['video']}'"
        state.add(table.problem(row, what))
        return
    state.reports[row["video"]] = row["report"]


def _further(owner: str, kind: str, state: _Reading, table: Table, row: Row) -> None:
    """A row of items.csv, facts.csv or patients.csv: a value by its owner and name."""
    kept = {"items.csv": state.items, "facts.csv": state.facts, "patients.csv": state.patient_facts}
    mine = kept[table.file].setdefault(row[owner], {})
    name = row[kind]
    if not name:
        state.add(table.problem(row, f"{kind} must not be empty"))
    elif name in mine:
        state.add(table.problem(row, f"'{name}' of {owner} '{row[owner]}' is given twice"))
    else:
        mine[name] = row["value"]


def _annotation(state: _Reading, name: str) -> Annotation:
    steps = state.sequences.get(name)
    start, end = state.seizure.get(name, (None, None))
    return Annotation(
        video=name,
        features=state.features.get(name, {}),
        lateralization=state.lateralization.get(name, {}),
        sequence=None if steps is None else tuple(steps[p] for p in sorted(steps)),
        report=state.reports.get(name),
        seizure_start=start,
        seizure_end=end,
        items=state.items.get(name, {}),
    )
