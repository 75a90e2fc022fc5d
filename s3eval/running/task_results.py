"""What a task gives back beside findings, checked where it enters."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from s3eval.errors import S3EvalError
from s3eval.facts.clips import Clip
from s3eval.facts.tally import Counts, Tally
from s3eval.facts.videos import Dataset
from s3eval.model import Question
from s3eval.task import Finding, Inquiry, Item, Task, TruthContext

__all__ = [
    "check_truths",
    "checked_baselines",
    "checked_inquiries",
    "checked_items",
    "checked_tallies",
]

_SENSES = ("sight", "hearing")


def checked_inquiries(task: str, video: str, given: Any) -> list[Inquiry]:
    """What a task asks about a video.

    Raises:
        S3EvalError: something in it is no inquiry of that task about that video, or asks what
            is no question.
    """
    inquiries = list(given)
    for inquiry in inquiries:
        if not isinstance(inquiry, Inquiry):
            raise _expected(f"inquiries of task '{task}'", inquiry)
        if inquiry.task != task:
            raise S3EvalError(
                f"Expected inquiries of task '{task}', but got one of '{inquiry.task}'"
            )
        if not isinstance(inquiry.clip, Clip) or inquiry.clip.video != video:
            raise S3EvalError("Expected an inquiry about a clip of the video it was asked about")
        for question in inquiry.questions:
            _check_question(question)
    return inquiries


def _check_question(question: Any) -> None:
    if not isinstance(question, Question):
        raise _expected("a question", question)
    for name in ("key", "text", "system"):
        if not isinstance(getattr(question, name), str):
            raise _expected(f"the {name} of a question to be text", getattr(question, name))
    if not isinstance(question.choices, tuple):
        raise _expected("the choices of a question to be a tuple", question.choices)
    if question.sense not in _SENSES:
        raise S3EvalError(f"Expected a question of sight or hearing, but got {question.sense!r}")


def checked_items(task: Task) -> Sequence[Item]:
    """The items a task lists.

    Raises:
        S3EvalError: something in it is no item.
    """
    items: Any = task.items()
    if not isinstance(items, Sequence) or isinstance(items, str):
        raise _expected("items", items)
    for item in items:
        if not isinstance(item, Item):
            raise _expected("an item", item)
    return items


def checked_baselines(task: str, given: Any) -> dict[str, list[Finding]]:
    """A task's baselines by name.

    Raises:
        S3EvalError: it is no mapping of names to findings of that task.
    """
    if not isinstance(given, Mapping):
        raise _expected("baselines by name", given)
    baselines: dict[str, list[Finding]] = {}
    for name, findings in given.items():
        baselines[str(name)] = list(findings)
        for finding in baselines[str(name)]:
            if not isinstance(finding, Finding) or finding.task != task:
                raise _expected(f"findings of task '{task}' from its baseline", finding)
    return baselines


def checked_tallies(task: Task, given: Iterable[Any], dataset: Dataset) -> list[Tally]:
    """The metrics of a task.

    Raises:
        S3EvalError: something in it is no tally of that task, has rows of another shape than its
            videos, numbers that are none, videos that the dataset does not have, or a formula
            that does not take sums of its rows.
    """
    known = frozenset(v.name for v in dataset.videos)
    tallies = list(given)
    for tally in tallies:
        if not isinstance(tally, Tally):
            raise _expected("tallies", tally)
        _check_tally(task.name, tally, known)
    return tallies


def check_truths(task: Task, tallies: Sequence[Tally], dataset: Dataset, by: TruthContext) -> None:
    """The annotated labels that chance lines are made of can be had.

    Raises:
        S3EvalError: one is no label; or whatever the task raises.
    """
    labels = {item.name for item in checked_items(task) if item.kind == "label"}
    asked = {(t.item, t.videos) for t in tallies if t.item in labels}
    videos = {v.name: v for v in dataset.videos}
    for item, named in sorted(asked):
        for name in named:
            truth: Any = task.truth(videos[name], dataset.annotation(name), item, by)
            if truth is not None and not isinstance(truth, str):
                raise _expected(f"the truth of '{item}' to be a label", truth)


def _check_tally(task: str, tally: Tally, known: frozenset[str]) -> None:
    if tally.task != task:
        raise S3EvalError(f"Expected tallies of task '{task}', but got one of '{tally.task}'")
    for name in ("item", "metric", "unit", "note"):
        if not isinstance(getattr(tally, name), str):
            raise _expected(f"the {name} of a tally to be text", getattr(tally, name))
    called = f"'{tally.item}' {tally.metric}"
    if not isinstance(tally.counts, Counts):
        raise _expected(f"the counts of {called}", tally.counts)
    if not isinstance(tally.videos, tuple) or not known.issuperset(tally.videos):
        raise S3EvalError(f"{called} is of videos that the dataset does not have")
    if len(set(tally.videos)) != len(tally.videos):
        raise S3EvalError(f"{called} counts a video twice")
    rows: Any = tally.rows
    if not isinstance(rows, np.ndarray) or rows.dtype != np.float64:
        raise _expected(f"the rows of {called} to be an array of float64", rows)
    if rows.ndim != 2 or len(rows) != len(tally.videos):
        raise S3EvalError(
            f"Expected a row for each of the {len(tally.videos)} videos of {called}, "
            f"but got the shape {rows.shape}"
        )
    if not np.isfinite(rows).all():
        raise S3EvalError(f"The rows of {called} hold what is no number")
    _check_formula(called, tally)


def _check_formula(called: str, tally: Tally) -> None:
    """Formulas are given one sum, and many: resampled ones, zeros among them."""
    if not len(tally.videos):
        return
    total = tally.rows.sum(axis=0)
    many: Any = tally.formula(np.stack([total, total]))
    if np.shape(many) != (2,) or np.shape(tally.formula(total)) != ():
        raise S3EvalError(
            f"Expected the formula of {called} to take sums of shape (..., k) to values (...)"
        )
    if np.isinf(np.asarray(many, dtype=np.float64)).any():
        raise S3EvalError(f"The formula of {called} gives an infinite value")


def _expected(what: str, got: object) -> S3EvalError:
    return S3EvalError(f"Expected {what}, but got {type(got).__name__}")
