"""What is checked of a dataset format: what it reads, and how it refuses what it cannot."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from s3eval.dataset.checks import check
from s3eval.dataset.validity import check_facts, checked, unlisted_videos
from s3eval.errors import S3EvalError
from s3eval.facts.clips import check_duration
from s3eval.facts.footage import FootageError
from s3eval.facts.videos import Dataset
from s3eval.specs import DatasetSpec
from s3eval.testing.conformance.problems import Check, Problem, package_of, run_checks, shown_error
from s3eval.testing.conformance.specs import spec_fields
from s3eval.vocabulary import DIAGNOSES, FEATURE_NAMES

__all__ = ["check_dataset"]


#: Problems of one kind come by the hundred.
_MOST_TOLD = 5


@dataclass(frozen=True)
class _Subject:
    spec: DatasetSpec
    path: str

    def opened(self) -> Dataset:
        dataset: Dataset = self.spec.load()(self.path)
        return dataset


def check_dataset(spec: DatasetSpec, path: str | Path) -> list[Problem]:
    """Everything that is wrong with a dataset format, an empty list where nothing is.

    Args:
        spec: the spec, as the hook returns it.
        path: a small dataset in that format, what stands behind ``NAME:``.
    """
    return run_checks(_CHECKS, _Subject(spec, str(path)))


def _adapter(subject: _Subject) -> Iterator[tuple[str, str]]:
    if not callable(subject.spec.load()):
        yield "the adapter cannot be called", "name a function open(path: str) -> Dataset"


def _opens(subject: _Subject) -> Iterator[tuple[str, str]]:
    data = subject.opened()
    if not isinstance(data, Dataset):
        yield f"the adapter returned {type(data).__name__}", "return s3eval.Dataset"
    elif not data.videos:
        yield "the dataset has no videos", "give the check a path with at least one"


def _refusal(subject: _Subject) -> Iterator[tuple[str, str]]:
    missing = str(Path(subject.path).parent / "no-such-dataset")
    try:
        subject.spec.load()(missing)
    except S3EvalError:
        return
    except Exception as error:
        yield (
            f"a path that is not there raises {shown_error(error, package_of(subject.spec))}",
            "raise S3EvalError(what, where=path, fix=...)",
        )
    else:
        yield "a path that is not there is opened", "raise S3EvalError(what, where=path, fix=...)"


def _videos(subject: _Subject) -> Iterator[tuple[str, str]]:
    videos = subject.opened().videos
    if len({v.name for v in videos}) < len(videos):
        yield "two videos have the same name", "make names unique, or refuse the second by row"
    for video in videos:
        if not video.name or not video.patient:
            yield (
                "a video has no name or no patient",
                "give both: splits and intervals go by the patient",
            )
            return
        if video.diagnosis not in (*DIAGNOSES, None):
            yield f"a diagnosis is '{video.diagnosis}'", f"use {', '.join(DIAGNOSES)} or None"
            return
        try:
            if video.duration is not None:
                check_duration(video.name, video.duration)
        except TypeError:
            yield (
                f"the duration of a video is {video.duration!r:.60}, no number",
                "give the seconds that the video lasts, or None where unknown",
            )
            return
        except S3EvalError as error:
            yield error.what, "give the seconds that the video lasts, or None where unknown"
            return


def _facts(subject: _Subject) -> Iterator[tuple[str, str]]:
    data = subject.opened()
    try:
        json.dumps([dict(data.facts(v.name)) for v in data.videos], allow_nan=False)
        json.dumps([dict(a.items) for a in data.annotations.values()], allow_nan=False)
    except (TypeError, ValueError) as error:
        yield (
            f"facts or items cannot be written as JSON: {error}",
            "give text, numbers, true, false, lists and mappings of those",
        )


def _annotation(subject: _Subject) -> Iterator[tuple[str, str]]:
    for note in subject.opened().annotations.values():
        named = {*note.features, *(note.sequence or ())}
        if unknown := sorted(named.difference(FEATURE_NAMES)):
            yield (
                f"'{unknown[0]}' is annotated, which is none of the 20 features",
                "use the names of `s3eval list features`; others belong into Annotation.items",
            )
            return
        for name, feature in note.features.items():
            if feature.presence not in ("yes", "no", "na"):
                yield f"the presence of '{name}' is '{feature.presence}'", "use yes, no or na"
                return
            if None not in (times := (feature.start, feature.end)) and times[0] > times[1]:  # type: ignore[operator]
                yield f"'{name}' ends before it starts", "refuse such a row by its number"
                return


def _rules(subject: _Subject) -> Iterator[tuple[str, str]]:
    """The errors for which a run refuses a dataset, and those that `s3eval data check` finds."""
    try:
        data = checked(subject.opened(), subject.spec.name)
    except S3EvalError as error:
        yield error.what, "give the fields the types that s3eval.Dataset states"
        return
    # The rules of `check` need facts of the right types.
    problems = check_facts(data) or [p for p in check(data) if p.level == "error"]
    for problem in (*problems, *unlisted_videos(data))[:_MOST_TOLD]:
        more = f" ({problem.fix})" if problem.fix else ""
        yield (
            f"{problem.file.removesuffix('.csv')}: {problem.what}{more}",
            "correct it, or refuse the row with an S3EvalError that names it",
        )


def _files(subject: _Subject) -> Iterator[tuple[str, str]]:
    data = subject.opened()
    for video in data.videos:
        if data.root is not None and video.file:
            try:
                data.path(video)
            except FootageError as error:
                yield (
                    f"the file of a video is refused: {error}",
                    "give paths relative to root, and files that are there",
                )
                return


def _digest(subject: _Subject) -> Iterator[tuple[str, str]]:
    first, second = subject.opened(), subject.opened()
    if not first.digest:
        yield "there is no digest", "give a SHA-256 of the files that the truth is read from"
    elif first.digest != second.digest:
        yield "the digest is another when the same is opened again", "digest only the files"
    if first.digest and not first.digest_covers:
        yield (
            "the dataset does not say what its digest covers",
            'name the files in words, e.g. digest_covers="ward.csv"',
        )


def _same(subject: _Subject) -> Iterator[tuple[str, str]]:
    first, second = subject.opened(), subject.opened()
    if first.videos != second.videos or first.annotations != second.annotations:
        yield "opened twice, videos or annotation differ", "keep the order of the files"


_OPEN = ("adapter", "opens")
_CHECKS: Sequence[Check[_Subject]] = (
    Check("spec", lambda subject: spec_fields(subject.spec)),
    Check("adapter", _adapter),
    Check("opens", _opens, ("adapter",)),
    Check("refusal", _refusal, ("adapter",)),
    Check("videos", _videos, _OPEN),
    Check("facts", _facts, (*_OPEN, "videos")),
    Check("annotation", _annotation, _OPEN),
    Check("rules", _rules, (*_OPEN, "videos", "annotation")),
    Check("files", _files, (*_OPEN, "videos")),
    Check("digest", _digest, _OPEN),
    Check("same again", _same, _OPEN),
)
