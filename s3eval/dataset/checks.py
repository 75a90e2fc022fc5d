"""Checks of a dataset beyond its tables' form: the paper's rule-based checks (Section 3.1, v).

>>> from s3eval.dataset import Annotation, Dataset, FeatureAnnotation, Video
>>> bad = Annotation("v", features={"tonic": FeatureAnnotation("yes", 9.0, 4.0)})
>>> [str(p) for p in check(Dataset("d", (Video("v", "p"),), {"v": bad}))]
["features.csv: 'tonic' of video 'v' ends at 4 s before it starts at 9 s"]
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Literal

from s3eval.dataset.tables import Problem
from s3eval.errors import S3EvalError
from s3eval.facts.files import is_outside
from s3eval.facts.videos import Annotation, Dataset, Video

__all__ = ["check", "check_files"]

# Features that need no times: sleep is a state at the beginning, an answer is an event.
UNTIMED = ("occur_during_sleep", "verbal_responsiveness")
# Annotators write whole seconds; a label may pass the end of the recording by their rounding.
ROUNDING = 1.0


def check(dataset: Dataset, rows: Callable[[str, str, str], int] | None = None) -> list[Problem]:
    """Everything the annotation says that cannot be so.

    Args:
        dataset: what to check.
        rows: finds the row of (file, video, item), for messages; unknown rows are 0.

    Returns:
        problems: starts after ends, times outside the video, present features without times,
        absent ones with them, sequences that disagree with the onsets or name absent features,
        patients with two diagnoses or in two folds.
    """
    row = rows or (lambda file, video, item: 0)
    found: list[Problem] = []
    for video in dataset.videos:
        note = dataset.annotations[video.name]
        for file, item, level, what in (
            *_times(video, note),
            *_sequence(video, note),
            *_seizure(video, note),
        ):
            number = row(file, video.name, item)
            found.append(Problem("error" if level == "error" else "warning", file, number, what))
    return found + _patients(dataset)


_Found = Iterator[tuple[str, str, str, str]]


def _spans(note: Annotation) -> Iterator[tuple[str, str, float | None, float | None]]:
    for name, f in note.features.items():
        yield "features.csv", name, f.start, f.end
    for item, where in note.lateralization.items():
        yield "lateralization.csv", item, where.start, where.end


def _times(video: Video, note: Annotation) -> _Found:
    of = f"of video '{video.name}'"
    for file, item, start, end in _spans(note):
        if start is not None and end is not None and end < start:
            what = f"'{item}' {of} ends at {end:g} s before it starts at {start:g} s"
            yield file, item, "error", what
        for label, time in (("starts", start), ("ends", end)):
            if time is not None and video.duration and time > video.duration + ROUNDING:
                what = f"'{item}' {of} {label} at {time:g} s, after its end ({video.duration:g} s)"
                yield file, item, "error", what
    for name, f in note.features.items():
        if f.presence == "yes" and f.start is None and name not in UNTIMED:
            yield "features.csv", name, "warning", f"'{name}' {of} is present but has no start"
        if f.presence == "no" and (f.start is not None or f.end is not None):
            yield "features.csv", name, "warning", f"'{name}' {of} is absent but has times"


def _sequence(video: Video, note: Annotation) -> _Found:
    if note.sequence is None:
        return
    of = f"of video '{video.name}'"
    before: tuple[str, float] | None = None
    for name in note.sequence:
        f = note.features.get(name)
        if f is None:
            continue
        if f.presence != "yes":
            what = f"the sequence {of} names '{name}', annotated '{f.presence}'"
            yield "sequences.csv", name, "warning", what
        if f.start is None:
            continue
        if before is not None and f.start < before[1]:
            what = (
                f"the sequence {of} has '{before[0]}' (onset {before[1]:g} s) "
                f"before '{name}' (onset {f.start:g} s)"
            )
            yield "sequences.csv", name, "warning", what
        before = (name, f.start)
    for name in sorted({n for n in note.sequence if note.sequence.count(n) > 1}):
        yield "sequences.csv", name, "warning", f"the sequence {of} names '{name}' twice"


def _seizure(video: Video, note: Annotation) -> _Found:
    of = f"of video '{video.name}'"
    start, end = note.seizure_start, note.seizure_end
    if start is not None and end is not None and end < start:
        what = f"the seizure {of} ends at {end:g} s before it starts at {start:g} s"
        yield "videos.csv", "", "error", what
    for label, time in (("starts", start), ("ends", end)):
        if time is not None and video.duration and time > video.duration + ROUNDING:
            what = f"the seizure {of} {label} at {time:g} s, after its end ({video.duration:g} s)"
            yield "videos.csv", "", "error", what


def _patients(dataset: Dataset) -> list[Problem]:
    folds: dict[str, set[int]] = {}
    diagnoses: dict[str, set[str]] = {}
    for v in dataset.videos:
        if v.fold is not None:
            folds.setdefault(v.patient, set()).add(v.fold)
        if v.diagnosis:
            diagnoses.setdefault(v.patient, set()).add(v.diagnosis)
    found = []
    for patient, values in sorted(folds.items()):
        if len(values) > 1:
            what = f"patient '{patient}' stands in folds {', '.join(map(str, sorted(values)))}"
            fix = "videos of a patient must not be on both sides of a split"
            found.append(Problem("error", "videos.csv", 0, what, fix))
    for patient, names in sorted(diagnoses.items()):
        if len(names) > 1:
            what = f"patient '{patient}' has videos of {' and '.join(sorted(names))}"
            fix = "possible, but rare: check the labels"
            found.append(Problem("warning", "videos.csv", 0, what, fix))
    return found


def check_files(
    dataset: Dataset,
    progress: Callable[[], None] = lambda: None,
    rows: Callable[[str, str, str], int] | None = None,
) -> list[Problem]:
    """Problems of the video files, each by the video's name and row, never by a file's name.

    Missing, outside the dataset folder, no regular file, unreadable, cut off, of another length
    than stated, with sound that outlasts the pictures or ends before them, the same recording
    twice. The packets of every file are read, none is decoded; ``progress`` is called once a
    video. Files of equal size are read again for their content hash.

    Args:
        dataset: what to check.
        progress: called once a video.
        rows: finds the row of (file, video, item), for messages; unknown rows are 0.
    """
    row = rows or (lambda file, video, item: 0)
    found = []
    by_size: dict[int, list[tuple[Video, Path]]] = {}
    for video in dataset.videos:
        progress()
        number = row("videos.csv", video.name, "")
        for level, what, fix in _file(dataset, video):
            told = f"video '{video.name}': {what}"
            found.append(Problem(level, "videos.csv", number, told, fix))
        try:
            path = dataset.path(video)
            by_size.setdefault(path.stat().st_size, []).append((video, path))
        except (S3EvalError, OSError):
            continue
    return found + _twice(by_size, row)


_Told = Iterator[tuple[Literal["error", "warning"], str, str]]


def _file(dataset: Dataset, video: Video) -> _Told:
    """(level, what, fix) of everything wrong with one video's file."""
    from s3eval.footage.decoding import probe
    from s3eval.footage.index import index_of

    if not video.file:
        yield "warning", "it has no file", "annotation only"
        return
    try:
        path = dataset.path(video)
        if dataset.root is not None and is_outside(path, dataset.root):
            yield "warning", "its file lies outside the dataset folder", "as --allow-outside allows"
        facts = probe(path, name=video.name)
        index = index_of(path, video.name) if facts.has_pictures else None
    except S3EvalError as error:
        why = f": {error.why}" if error.why else ""
        fix = "" if getattr(error, "kind", "") == "missing" else error.fix
        yield "error", f"{error.what}{why}", fix
        return
    if index is not None and index.end < facts.duration - ROUNDING:
        what = f"cut off: its pictures end at {index.end:.1f} of {facts.duration:.1f} s"
        yield "error", what, "copy the file again"
    if index is not None and index.damaged:
        yield "warning", f"{len(index.damaged)} of {index.packets} packets are marked damaged", ""
    if video.duration and abs(facts.duration - video.duration) > ROUNDING:
        what = f"its file lasts {facts.duration:.1f} s, the table says {video.duration:g} s"
        yield "warning", what, ""
    if index is not None and facts.has_sound:
        yield from _sound(path, video, index.end)


def _sound(path: Path, video: Video, pictures_end: float) -> _Told:
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


def _twice(
    by_size: Mapping[int, Sequence[tuple[Video, Path]]], row: Callable[[str, str, str], int]
) -> list[Problem]:
    """The same recording under several names: only files of equal size need to be compared."""
    from s3eval.footage.decoding import content_hash

    same: dict[str, list[Video]] = {}
    for files in by_size.values():
        for video, path in files if len(files) > 1 else ():
            try:
                same.setdefault(content_hash(path, video.name), []).append(video)
            except S3EvalError:
                continue  # already told: it could not be read
    found = []
    for videos in same.values():
        first = videos[0]
        for other in videos[1:]:
            apart = first.fold != other.fold or first.patient != other.patient
            what = f"video '{other.name}' is the same recording as '{first.name}'"
            fix = ""
            if first.fold != other.fold:
                what += f", in folds {_named(first.fold)} and {_named(other.fold)}"
                fix = "a recording must not be on both sides of a split"
            elif apart:
                what += f", of patients '{first.patient}' and '{other.patient}'"
                fix = "splits and intervals go by patient"
            level: Literal["error", "warning"] = "error" if apart else "warning"
            number = row("videos.csv", other.name, "")
            found.append(Problem(level, "videos.csv", number, what, fix))
    return found


def _named(fold: int | None) -> str:
    return "none" if fold is None else str(fold)
