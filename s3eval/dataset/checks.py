"""Checks of a dataset beyond its tables' form: the paper's rule-based checks (Section 3.1, v).

>>> from s3eval.dataset import Annotation, Dataset, FeatureAnnotation, Video
>>> bad = Annotation("v", features={"tonic": FeatureAnnotation("yes", 9.0, 4.0)})
>>> [str(p) for p in check(Dataset("d", (Video("v", "p"),), {"v": bad}))]
["features.csv: 'tonic' of video 'v' ends at 4 s before it starts at 9 s"]
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import replace

from s3eval.dataset.tables import Problem
from s3eval.facts.videos import Annotation, Dataset, Video

__all__ = ["check", "check_files"]

# Features that need no times: sleep is a state at the beginning, an answer is an event.
UNTIMED = ("occur_during_sleep", "verbal_responsiveness")
# Annotators write whole seconds; a label may pass the end of the recording by their rounding.
ROUNDING = 1.0
#: Videos without a file that are told one by one.
MAX_WITHOUT_FILE = 10_000


def check(dataset: Dataset, rows: Callable[[str, str, str], int] | None = None) -> list[Problem]:
    """Everything the annotation says that cannot be so.

    Args:
        dataset: what to check.
        rows: finds the row of (file, video, item), for messages; unknown rows are 0.

    Returns:
        problems: starts after ends, times outside the video, present features without times,
        absent ones with them, sequences that disagree with the onsets or name absent features,
        patients with two diagnoses or in two folds, names that only look like two.
    """
    row = rows or (lambda file, video, item: 0)
    problems: list[Problem] = []
    for video in dataset.videos:
        note = dataset.annotations[video.name]
        for file, item, level, what in (
            *_times(video, note),
            *_past_end(video, note),
            *_sequence(video, note),
            *_seizure(video, note),
        ):
            problems.append(_problem(row, video, file, item, level, what))
    return problems + _patients(dataset) + _look_alikes(dataset, row)


_Rows = Callable[[str, str, str], int]


def _problem(row: _Rows, video: Video, file: str, item: str, level: str, what: str) -> Problem:
    number = row(file, video.name, item)
    return Problem("error" if level == "error" else "warning", file, number, what)


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


def _past_end(video: Video, note: Annotation) -> _Found:
    """Times after the end of a video whose duration is known."""
    end_of_video = video.duration
    if not end_of_video:
        return
    of = f"of video '{video.name}'"
    seizure = ("videos.csv", "", note.seizure_start, note.seizure_end)
    for file, item, start, end in (*_spans(note), seizure):
        subject = f"'{item}' {of}" if item else f"the seizure {of}"
        for label, time in (("starts", start), ("ends", end)):
            if time is not None and time > end_of_video + ROUNDING:
                what = f"{subject} {label} at {time:g} s, after its end ({end_of_video:g} s)"
                yield file, item, "error", what


def _patients(dataset: Dataset) -> list[Problem]:
    folds: dict[str, set[int]] = {}
    diagnoses: dict[str, set[str]] = {}
    for v in dataset.videos:
        if v.fold is not None:
            folds.setdefault(v.patient, set()).add(v.fold)
        if v.diagnosis:
            diagnoses.setdefault(v.patient, set()).add(v.diagnosis)
    problems = []
    for patient, values in sorted(folds.items()):
        if len(values) > 1:
            what = f"patient '{patient}' stands in folds {', '.join(map(str, sorted(values)))}"
            fix = "videos of a patient must not be on both sides of a split"
            problems.append(Problem("error", "videos.csv", 0, what, fix))
    for patient, names in sorted(diagnoses.items()):
        if len(names) > 1:
            what = f"patient '{patient}' has videos of {' and '.join(sorted(names))}"
            fix = "possible, but rare: check the labels"
            problems.append(Problem("warning", "videos.csv", 0, what, fix))
    return problems


def _look_alikes(dataset: Dataset, row: _Rows) -> list[Problem]:
    """Names of videos, and of patients, that differ in capitals or in how they are written only."""
    problems = []
    first: dict[tuple[str, str], str] = {}
    for video in dataset.videos:
        for what, name in (("video", video.name), ("patient", video.patient)):
            known = first.setdefault((what, _as_seen(name)), name)
            if known == name:
                continue
            text = f"{what} '{name}' looks like {what} '{known}'"
            fix = "capitals, accents or characters without width differ: one name or two?"
            number = row("videos.csv", video.name, "")
            problems.append(Problem("warning", "videos.csv", number, text, fix))
    return problems


def _as_seen(name: str) -> str:
    r"""A name without what people do not see: capitals, composition, characters without width.

    >>> _as_seen("P\u200b01") == _as_seen("p01")
    True
    """
    plain = unicodedata.normalize("NFKC", name).casefold()
    return "".join(c for c in plain if unicodedata.category(c) != "Cf").strip()


def check_files(
    dataset: Dataset,
    progress: Callable[[], None] = lambda: None,
    rows: Callable[[str, str, str], int] | None = None,
) -> list[Problem]:
    """Problems of the video files, each by the video's name and row, never by a file's name.

    Missing, outside the dataset folder, no regular file, unreadable, cut off, of another length
    than stated, with sound that outlasts the pictures or ends before them, the same recording
    twice; annotated times past a file's end, where the table states no duration or a longer one.
    The packets of every file are read, none is decoded. Files of equal size are read again for
    their content hash.

    Args:
        dataset: what to check.
        progress: called once a video.
        rows: finds the row of (file, video, item), for messages; unknown rows are 0.
    """
    from s3eval.dataset.recordings import file_problems, same_recordings

    row = rows or (lambda file, video, item: 0)
    problems = []
    without = 0
    for video in dataset.videos:
        progress()
        number = row("videos.csv", video.name, "")
        if not video.file:
            without += 1
            if without <= MAX_WITHOUT_FILE:
                what, fix = f"video '{video.name}' has no file", "annotation only"
                problems.append(Problem("warning", "videos.csv", number, what, fix))
            continue
        of_video, facts = file_problems(dataset, video, number)
        problems += of_video
        if facts is not None:
            problems += _past_file_end(dataset, video, facts.duration, row)
    if without > MAX_WITHOUT_FILE:
        what = f"{without - MAX_WITHOUT_FILE} more videos have no file"
        problems.append(Problem("warning", "videos.csv", 0, what, "annotation only"))
    return problems + same_recordings(dataset, row)


def _past_file_end(
    dataset: Dataset, video: Video, seconds: float, row: Callable[[str, str, str], int]
) -> list[Problem]:
    """Annotated times after the file's end, unless `check` has told them by the table."""
    if video.duration and seconds >= video.duration:
        return []
    note = dataset.annotations[video.name]
    reported = {what.partition(", after")[0] for *_, what in _past_end(video, note)}
    return [
        _problem(row, video, file, item, level, what)
        for file, item, level, what in _past_end(replace(video, duration=seconds), note)
        if what.partition(", after")[0] not in reported
    ]
