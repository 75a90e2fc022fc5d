"""A dataset that a plugin opened: its facts are checked where they enter, and get a digest.

The folder format checks its cells while it reads them; what another format hands over is checked
here, by the same rules.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, replace
from numbers import Integral, Real
from pathlib import Path
from typing import Any

from s3eval.dataset.lateral_values import fault_of
from s3eval.dataset.problems import Problem
from s3eval.errors import S3EvalError, nearest
from s3eval.facts.videos import Annotation, Dataset, Lateralization, Video
from s3eval.vocabulary import DIAGNOSES, FEATURE_NAMES

__all__ = ["check_facts", "checked", "digest_of", "unlisted_videos", "unusual_places"]

PRESENCE = ("yes", "no", "na")
#: Characters of a video's name; no table and no file system takes longer ones.
LONGEST_NAME = 500


def checked(opened: object, kind: str, where: str = "") -> Dataset:
    """What the format ``kind`` opened, if it is a dataset; with a digest if it brought none.

    Raises:
        S3EvalError: it is something else; names the format and ``where`` it comes from.

    >>> checked(Dataset("d", (Video("v", "p"),), {}), "mine").digest_covers
    'videos and annotation as opened'
    """
    if not isinstance(opened, Dataset):
        raise S3EvalError(
            f"Expected the dataset format '{kind}' to give a Dataset, "
            f"but got {type(opened).__name__}",
            where=where,
        )
    for what, is_right in (
        ("the videos to be a tuple of Video", _are_videos(opened.videos)),
        ("annotations by video", all(isinstance(a, Annotation) for a in _values(opened))),
        ("the root to be a Path or None", opened.root is None or isinstance(opened.root, Path)),
        ("the name to be text", isinstance(opened.name, str)),
        ("the digest to be text that can be stored", _is_storable(opened.digest)),
    ):
        if not is_right:
            raise S3EvalError(f"Expected {what} in a dataset of format '{kind}'", where=where)
    opened = with_plain_numbers(opened)
    if opened.digest:
        return opened
    return replace(
        opened, digest=digest_of(opened), digest_covers="videos and annotation as opened"
    )


def with_plain_numbers(dataset: Dataset) -> Dataset:
    """The dataset with Python's numbers where tables of NumPy and pandas gave theirs.

    >>> import numpy as np
    >>> video = Video("v", "p", fold=np.int64(1), duration=np.float32(2.5))
    >>> with_plain_numbers(Dataset("d", (video,), {})).videos[0].duration
    2.5
    """
    videos = tuple(_plain(video, "duration", "fold") for video in dataset.videos)
    notes = {name: _plain_note(note) for name, note in dataset.annotations.items()}
    if all(a is b for a, b in zip(videos, dataset.videos, strict=True)) and all(
        note is dataset.annotations[name] for name, note in notes.items()
    ):
        return dataset
    return replace(dataset, videos=videos, annotations=notes)


def _plain_note(note: Annotation) -> Annotation:
    features, lateral = _plain_times(note.features), _plain_times(note.lateralization)
    if features is not note.features or lateral is not note.lateralization:
        note = replace(note, features=features, lateralization=lateral)
    plain: Annotation = _plain(note, "seizure_start", "seizure_end")
    return plain


def _plain_times(given: Any) -> Any:
    if not isinstance(given, Mapping):  # what is none is told by `check_facts`
        return given
    plain = {name: _plain(one, "start", "end") for name, one in given.items()}
    return given if all(plain[name] is one for name, one in given.items()) else plain


def _plain(facts: Any, *names: str) -> Any:
    """A dataclass with Python's numbers in these fields; itself where they are that already."""
    given = {name: getattr(facts, name, None) for name in names}
    numbers = {
        name: float(value) if isinstance(value, Real) and not isinstance(value, Integral)
        else int(value)
        for name, value in given.items()
        if isinstance(value, Real) and not isinstance(value, (int, float))
    }  # fmt: skip
    return replace(facts, **numbers) if numbers else facts


def _is_storable(given: Any) -> bool:
    if not isinstance(given, str):
        return False
    try:
        given.encode()
    except UnicodeEncodeError:
        return False
    return "\x00" not in given


def _are_videos(given: Any) -> bool:
    return isinstance(given, tuple) and all(isinstance(v, Video) for v in given)


def _values(dataset: Dataset) -> Iterable[Any]:
    return dataset.annotations.values()


def digest_of(dataset: Dataset) -> str:
    """SHA-256 of everything a dataset says about its videos; their files are not read."""
    digest = hashlib.sha256()
    for video in dataset.videos:
        note = dataset.annotations[video.name]
        facts = {
            "video": asdict(video),
            "features": {k: asdict(v) for k, v in note.features.items()},
            "lateralization": {k: asdict(v) for k, v in note.lateralization.items()},
            "sequence": note.sequence,
            "report": note.report,
            "seizure": (note.seizure_start, note.seizure_end),
        }
        digest.update(json.dumps(facts, sort_keys=True, default=repr).encode() + b"\n")
    return digest.hexdigest()


def check_facts(dataset: Dataset) -> list[Problem]:
    """What no dataset may say: the errors that the folder format finds in its cells.

    >>> [str(p) for p in check_facts(Dataset("d", (Video("v", ""), Video("v", "p")), {}))]
    ["videos: video 'v' has no patient", "videos: video 'v' is listed twice"]
    """
    problems = []
    if not dataset.videos:
        problems.append(Problem("error", "videos", 0, "it lists no video"))
    seen: set[str] = set()
    for video in dataset.videos:
        for what in _video(video, seen):
            problems.append(Problem("error", "videos", 0, what))
        for table, what in _annotation(dataset.annotations.get(video.name)):
            text = f"{what} (video '{video.name}')"
            problems.append(Problem("error", table, 0, text))
        seen.add(video.name)
    return problems


def unusual_places(dataset: Dataset) -> list[Problem]:
    """Warnings for values of lateralization that keep no dataset from opening.

    >>> from s3eval.facts.videos import Lateralization
    >>> note = Annotation("v", lateralization={"onset_body_part": Lateralization("left arms")})
    >>> [p.fix for p in unusual_places(Dataset("d", (Video("v", "p"),), {"v": note}))]
    ["did you mean 'left arm'?"]
    """
    problems: list[Problem] = []
    for video in dataset.videos:
        note = dataset.annotations.get(video.name)
        if not isinstance(note, Annotation) or not isinstance(note.lateralization, Mapping):
            continue
        for item, where in note.lateralization.items():
            fault = fault_of(item, where.value) if isinstance(where.value, str) else None
            if fault is not None and fault[0] == "warning":
                what = f"{fault[1]} (video '{video.name}')"
                problems.append(Problem("warning", "lateralization", 0, what, fault[2]))
    return problems


def unlisted_videos(dataset: Dataset) -> list[Problem]:
    """Warnings for annotation of what is no video: a misspelt name loses a video's annotation.

    >>> data = Dataset("d", (Video("v1", "p"),), {"V1": Annotation("V1")})
    >>> [str(p) for p in unlisted_videos(data)]
    ["annotations: 'V1' is annotated, but is no video of the dataset (did you mean 'v1'?)"]
    """
    names = [v.name for v in dataset.videos]
    problems = []
    for name in dataset.unlisted:
        close = nearest(str(name), names)
        fix = f"did you mean '{close}'?" if close else "what is annotated of it is not used"
        what = f"'{name}' is annotated, but is no video of the dataset"
        problems.append(Problem("warning", "annotations", 0, what, fix))
    return problems


def _video(video: Video, seen: set[str]) -> Iterator[str]:
    name = f"video '{video.name}'"
    if not isinstance(video.name, str) or not video.name:
        yield f"{name}: its name must be text, and not empty"
        return
    if not video.name.isprintable():
        yield f"{name}: its name holds characters that cannot be shown"
    if len(video.name) > LONGEST_NAME:
        yield f"{name[:60]}...': its name has {len(video.name):,} characters"
    if video.name in seen:
        yield f"{name} is listed twice"
    if not isinstance(video.patient, str) or not video.patient:
        yield f"{name} has no patient"
    elif not video.patient.isprintable():
        yield f"{name}: its patient's name holds characters that cannot be shown"
    if not _is_storable(video.file):
        yield f"{name}: its file is no path"
    if not isinstance(video.facts, Mapping):
        yield f"{name}: its facts must be a mapping by name"
    if video.diagnosis is not None and video.diagnosis not in DIAGNOSES:
        yield f"{name} has the unknown diagnosis '{video.diagnosis}'"
    if video.fold is not None and (type(video.fold) is not int or video.fold < 0):
        yield f"{name}: fold '{video.fold}' is no whole number from 0 on"
    if not _is_time(video.duration):
        yield f"{name}: duration '{video.duration}' is no time"


def _annotation(note: object) -> Iterator[tuple[str, str]]:
    if not isinstance(note, Annotation):
        yield "annotations", f"expected an Annotation, but got {type(note).__name__}"
        return
    if not all(isinstance(m, Mapping) for m in (note.features, note.lateralization, note.items)):
        yield "annotations", "features, lateralization and items must be mappings by name"
        return
    for name, feature in note.features.items():
        if name not in FEATURE_NAMES:
            yield "features", f"unknown feature '{name}'"
        if feature.presence not in PRESENCE:
            yield "features", f"unknown presence '{feature.presence}' of '{name}'"
        if not _is_time(feature.start) or not _is_time(feature.end):
            yield "features", f"'{name}' has a start or end that is no time"
    for item, where in note.lateralization.items():
        for what in _lateral(item, where):
            yield "lateralization", what
    for name in note.sequence or ():
        if name not in FEATURE_NAMES:
            yield "sequences", f"unknown feature '{name}'"
    if note.report is not None and not isinstance(note.report, str):
        yield "reports", f"the report is {type(note.report).__name__}, not text"
    if not _is_time(note.seizure_start) or not _is_time(note.seizure_end):
        yield "videos", "the seizure has a start or end that is no time"


def _lateral(item: str, where: Lateralization) -> Iterator[str]:
    if not _is_time(where.start) or not _is_time(where.end):
        yield f"'{item}' has a start or end that is no time"
    if not isinstance(where.value, str):
        yield f"the value of '{item}' is no text"
    elif (fault := fault_of(item, where.value)) is not None and fault[0] == "error":
        yield f"{fault[1]}, {fault[2]}"


def _is_time(value: object) -> bool:
    """Whether it is None or seconds from the beginning."""
    if value is None:
        return True
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return number and math.isfinite(value) and value >= 0  # type: ignore[arg-type,operator]
