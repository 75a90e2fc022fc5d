"""Checks of a dataset's recordings: each file by itself, and whether two are one.

Everything is told by the video's name and row; a file's name may be a patient's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal

from s3eval.dataset.tables import Problem
from s3eval.errors import S3EvalError
from s3eval.facts.files import is_outside
from s3eval.facts.footage import FootageError, MediaFacts
from s3eval.facts.videos import Dataset, Video

__all__ = ["file_problems", "same_recordings"]

# Tables hold whole seconds.
ROUNDING = 1.0

_Faults = Iterator[tuple[Literal["error", "warning"], str, str]]


def file_problems(
    dataset: Dataset, video: Video, row: int = 0
) -> tuple[list[Problem], MediaFacts | None]:
    """What is wrong with a video's file, and what the file says of itself.

    Args:
        dataset: whose folder the file must lie in.
        video: one that names a file.
        row: its row in videos.csv, for messages.

    Returns:
        the problems; the facts, None where the file cannot be read.
    """
    from s3eval.footage.decoding import probe

    faults: list[tuple[Literal["error", "warning"], str, str]] = []
    facts = None
    try:
        path = dataset.path(video)
        if dataset.root is not None and is_outside(path, dataset.root):
            fix = "as --allow-outside allows"
            faults.append(("warning", "its file lies outside the dataset folder", fix))
        facts = probe(path, name=video.name)
        faults += _content(path, video, facts)
    except S3EvalError as error:
        missing = isinstance(error, FootageError) and error.kind == "missing"
        why = f": {error.why}" if error.why else ""
        faults.append(("error", f"{error.what}{why}", "" if missing else error.fix))
    problems = [
        Problem(level, "videos.csv", row, f"video '{video.name}': {what}", fix)
        for level, what, fix in faults
    ]
    return problems, facts


def _content(path: Path, video: Video, facts: MediaFacts) -> _Faults:
    from s3eval.footage.index import index_of

    if video.duration and abs(facts.duration - video.duration) > ROUNDING:
        what = f"its file lasts {facts.duration:.1f} s, the table says {video.duration:g} s"
        yield "warning", what, ""
    if not facts.has_pictures:
        return
    index = index_of(path, video.name)
    if index.end < facts.duration - ROUNDING:
        what = f"cut off: its pictures end at {index.end:.1f} of {facts.duration:.1f} s"
        yield "error", what, "copy the file again"
    if index.damaged:
        yield "warning", f"{len(index.damaged)} of {index.packets} packets are marked damaged", ""
    if facts.has_sound:
        yield from _sound(path, video, index.end)


def _sound(path: Path, video: Video, pictures_end: float) -> _Faults:
    from s3eval.footage.stated import sound_span

    span = sound_span(path, video.name)
    if span is None:
        yield "warning", "it has a sound track, but no sound in it", "what is heard is silence"
    elif span[1] > pictures_end + ROUNDING:
        what = f"its sound goes on to {span[1]:.1f} s, its pictures end at {pictures_end:.1f} s"
        yield "warning", what, "sound behind the last picture is not heard"
    elif span[1] < pictures_end - ROUNDING:
        what = f"its sound ends at {span[1]:.1f} of {pictures_end:.1f} s"
        yield "warning", what, "the rest is heard as silence"


def same_recordings(
    dataset: Dataset, rows: Callable[[str, str, str], int] = lambda file, video, item: 0
) -> list[Problem]:
    """The same recording under several names, by the files' content.

    An error between two folds, where it would be on both sides of a split; else a warning, one
    that says so where it counts as two patients. Only files of equal size are read.
    """
    from s3eval.footage.decoding import content_hash

    same: dict[str, list[Video]] = {}
    for files in _by_size(dataset):
        for video, path in files if len(files) > 1 else ():
            try:
                same.setdefault(content_hash(path, video.name), []).append(video)
            except S3EvalError:
                continue  # told where files are checked one by one
    problems = []
    for first, *others in same.values():
        for other in others:
            number = rows("videos.csv", other.name, "")
            problems.append(_same(first, other, number))
    return problems


def _by_size(dataset: Dataset) -> list[list[tuple[Video, Path]]]:
    by_size: dict[int, list[tuple[Video, Path]]] = {}
    for video in dataset.videos:
        try:
            path = dataset.path(video)
            by_size.setdefault(path.stat().st_size, []).append((video, path))
        except (S3EvalError, OSError):
            continue
    return [*by_size.values()]


def _same(first: Video, other: Video, row: int) -> Problem:
    what = f"video '{other.name}' is the same recording as '{first.name}'"
    if None not in (first.fold, other.fold) and first.fold != other.fold:
        folds = f"{first.fold} and {other.fold}"
        fix = "a recording must not be on both sides of a split"
        return Problem("error", "videos.csv", row, f"{what}, in folds {folds}", fix)
    if first.patient != other.patient:
        patients = f"of patients '{first.patient}' and '{other.patient}'"
        fix = "splits and intervals go by patient"
        return Problem("warning", "videos.csv", row, f"{what}, {patients}", fix)
    return Problem("warning", "videos.csv", row, what)
