"""The rows of a folder's tables, each read into what is known of its video, or a problem."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Literal

from s3eval.dataset.lateral_values import as_listed, fault_of
from s3eval.dataset.tables import Problem, Row, Table, number, time_fix
from s3eval.errors import Suggestions
from s3eval.facts.videos import FeatureAnnotation, Lateralization, Video
from s3eval.vocabulary import DIAGNOSES, FEATURE_NAMES, LATERALIZATION

__all__ = ["MAX_VIDEOS", "READERS", "FolderReading", "read_rows"]

PRESENCE = ("yes", "no", "na")
#: Problems that are kept; a table of a million wrong rows is known to be wrong after these.
MAX_PROBLEMS = 20_000
MAX_VIDEOS = 100_000


@dataclass
class FolderReading:
    """What is being put together while a folder is read.

    Attributes:
        refused, refused_patients: names in rows of videos.csv that were refused; what other
            tables say of them is checked, and kept by nobody.
        has_nameless: whether a row of videos.csv was refused whose name cannot be told.
        is_incomplete: whether videos.csv was not read to its end, or no row of it could be.
    """

    folder: Path
    problems: list[Problem]
    videos: dict[str, Video] = field(default_factory=dict)
    features: dict[str, dict[str, FeatureAnnotation]] = field(default_factory=dict)
    lateralization: dict[str, dict[str, Lateralization]] = field(default_factory=dict)
    sequences: dict[str, dict[int, str]] = field(default_factory=dict)
    reports: dict[str, str] = field(default_factory=dict)
    seizure: dict[str, tuple[float | None, float | None]] = field(default_factory=dict)
    unlisted: dict[tuple[Literal["error", "warning"], str], int] = field(default_factory=dict)
    suggestions: dict[str, Suggestions] = field(default_factory=dict)
    items: dict[str, dict[str, str]] = field(default_factory=dict)
    facts: dict[str, dict[str, str]] = field(default_factory=dict)
    patient_facts: dict[str, dict[str, str]] = field(default_factory=dict)
    refused: set[str] = field(default_factory=set)
    refused_patients: set[str] = field(default_factory=set)
    has_nameless: bool = False
    is_incomplete: bool = False

    _listed: frozenset[str] | None = None

    def listed(self) -> frozenset[str]:
        """The files in videos/, by name: one look instead of one a row."""
        if self._listed is None:
            path = self.folder / "videos"
            names = []
            if path.is_dir():
                with os.scandir(path) as entries:
                    names = [entry.name for entry in entries if os.path.isfile(entry)]
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


def read_rows(state: FolderReading, table: Table) -> None:
    """Read every row of a table into ``state``, and the table's problems with it.

    ``videos.csv`` comes first: of the other tables each row must be about one of its videos. A
    row about a video whose own row was refused is checked like any other and is no problem in
    itself; where ``videos.csv`` cannot be read, every name might stand in it.
    """
    is_first = table.file == "videos.csv"
    if is_first:
        table.when_refused = partial(_refused, state)
        state.is_incomplete = not table.columns
    patients = {v.patient for v in state.videos.values()} | state.refused_patients
    for row in table:
        if is_first and len(state.videos) >= MAX_VIDEOS:
            what = f"more than {MAX_VIDEOS:,} videos; those from here on are not read"
            state.add(table.problem(row, what, "split the dataset"))
            state.is_incomplete = True
            break
        if is_first or _is_known(state, table, row, patients):
            READERS[table.file](state, table, row)
    if is_first and not state.videos:
        state.is_incomplete |= state.has_nameless
    for problem in table.problems:
        state.add(problem)


def _refused(state: FolderReading, row: Row) -> None:
    """Keep the names in a row of videos.csv that cannot be used."""
    state.has_nameless |= not row["video"]
    state.refused |= {row["video"]} - {""}
    state.refused_patients |= {row["patient"]} - {""}


def _is_known(state: FolderReading, table: Table, row: Row, patients: set[str]) -> bool:
    """Whether a row is about a video or patient of videos.csv; a problem where it is not."""
    if state.is_incomplete:
        return True
    refused = "its row there may be one that was refused, see above"
    if table.file == "patients.csv":
        if row["patient"] in patients:
            return True
        what = f"patient '{row['patient']}' has no video in videos.csv"
        has_refused = bool(state.has_nameless or state.refused)
        state.add(table.problem(row, what, refused if has_refused else ""))
        return False
    name = row["video"]
    if name in state.videos or name in state.refused:
        return True
    close = state.nearest("video", name, state.videos)
    fix = f"did you mean '{close}'?" if close else "add it to videos.csv"
    fix = refused if state.has_nameless else fix
    state.add(table.problem(row, f"video '{name}' is not in videos.csv", fix))
    return False


def _seconds(state: FolderReading, table: Table, row: Row, column: str) -> float | None:
    try:
        return number(row[column])
    except ValueError:
        what = f"{column} '{row[column]}' is no time"
        state.add(table.problem(row, what, time_fix(row[column])))
        return None


def _whole(text: str) -> int | None:
    """A whole number from 0 on as people and pandas (1.0) write it, else None."""
    written = re.fullmatch(r"\+?([0-9]{1,9})(?:\.0+)?", text)
    return int(written[1]) if written else None


def _choice(
    state: FolderReading, table: Table, row: Row, column: str, allowed: tuple[str, ...]
) -> str | None:
    value = row[column]
    if value in allowed:
        return value
    close = state.nearest(column, value, allowed)
    fix = f"did you mean '{close}'?" if close else f"one of {', '.join(allowed)}"
    state.add(table.problem(row, f"unknown {column} '{value}'", fix))
    return None


def _video(state: FolderReading, table: Table, row: Row) -> None:
    name = row["video"]
    if not name or not row["patient"]:
        what = "video and patient must not be empty"
        state.add(table.problem(row, what, "the split goes by patient"))
        _refused(state, row)
        return
    if name in state.videos:
        state.add(table.problem(row, f"video '{name}' is listed twice"))
        return
    diagnosis = _choice(state, table, row, "diagnosis", DIAGNOSES) if row["diagnosis"] else None
    fold = None
    if row["fold"]:
        fold = _whole(row["fold"])
        if fold is None:
            what = f"fold '{row['fold']}' is no whole number from 0 on"
            fix = "0 for the test set, 1, 2, ..., or an empty cell for no fold"
            state.add(table.problem(row, what, fix))
    duration = _seconds(state, table, row, "duration")
    if duration == 0:
        what = f"the duration of video '{name}' is 0, which no video lasts"
        fix = "leave the cell empty where it is not known"
        state.add(table.problem(row, what, fix, level="warning"))
        duration = None
    file = row["file"]
    if not file and f"{name}.mp4" in state.listed():
        file = f"videos/{name}.mp4"
    state.videos[name] = Video(name, row["patient"], file, diagnosis, fold, duration)
    state.seizure[name] = (
        _seconds(state, table, row, "seizure_start"),
        _seconds(state, table, row, "seizure_end"),
    )


def _feature(state: FolderReading, table: Table, row: Row) -> None:
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


def _lateral(state: FolderReading, table: Table, row: Row) -> None:
    item = _choice(state, table, row, "item", tuple(LATERALIZATION))
    if item is None:
        return
    mine = state.lateralization.setdefault(row["video"], {})
    if item in mine:
        what = f"'{item}' of video '{row['video']}' is given twice"
        state.add(table.problem(row, what))
        return
    start, end = (_seconds(state, table, row, c) for c in ("start", "end"))
    value = as_listed(row["value"], LATERALIZATION[item])
    if (fault := fault_of(item, value)) is not None:
        level, what, fix = fault
        state.add(table.problem(row, f"{what} (video '{row['video']}')", fix, level))
        if level == "error":
            return
    mine[item] = Lateralization(value, start, end)


def _step(state: FolderReading, table: Table, row: Row) -> None:
    steps = state.sequences.setdefault(row["video"], {})
    # A row without a feature says: this video's sequence is known, and it is empty.
    if not row["feature"]:
        return
    name = _choice(state, table, row, "feature", FEATURE_NAMES)
    position = _whole(row["position"])
    if position is None:
        what = f"position '{row['position']}' is no whole number from 0 on"
        state.add(table.problem(row, what, "1, 2, 3, ..."))
        return
    if position in steps:
        what = f"position {position} of video '{row['video']}' is given twice"
        state.add(table.problem(row, what))
    elif name:
        steps[position] = name


def _report(state: FolderReading, table: Table, row: Row) -> None:
    if row["video"] in state.reports:
        what = f"a second report for video '{row['video']}'"
        state.add(table.problem(row, what))
        return
    state.reports[row["video"]] = row["report"]


def _further(owner: str, kind: str, state: FolderReading, table: Table, row: Row) -> None:
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


READERS: dict[str, Callable[[FolderReading, Table, Row], None]] = {
    "videos.csv": _video,
    "features.csv": _feature,
    "lateralization.csv": _lateral,
    "sequences.csv": _step,
    "reports.csv": _report,
    "items.csv": partial(_further, "video", "item"),
    "facts.csv": partial(_further, "video", "fact"),
    "patients.csv": partial(_further, "patient", "fact"),
}
