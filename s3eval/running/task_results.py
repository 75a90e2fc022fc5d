"""What a task gives back beside findings, checked where it enters."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from math import isfinite
from typing import Any

import numpy as np

from s3eval.errors import S3EvalError
from s3eval.facts.clips import Clip, Sampling
from s3eval.facts.tally import Counts, Tally
from s3eval.facts.videos import Dataset
from s3eval.model import Question
from s3eval.plugin_calls import at_most
from s3eval.task import Finding, Inquiry, Item, Task, TruthContext

__all__ = [
    "check_truths",
    "checked_baselines",
    "checked_inquiries",
    "checked_items",
    "checked_tallies",
]

_SENSES = ("sight", "hearing")
_KINDS = ("label", "number", "list", "text")
#: Inquiries about one video, and questions of one of them; more is a loop without an end.
MOST_INQUIRIES = 20_000
MOST_QUESTIONS = 10_000
#: Findings of a baseline, or metrics of a run; more is a loop without an end as well.
MOST_RESULTS = 2_000_000
#: What a row of sums may hold: sums of more, and their squares, are beyond what a float holds.
LARGEST_SUM = 1e100


def checked_inquiries(task: str, video: str, given: Any) -> list[Inquiry]:
    """What a task asks about a video.

    Raises:
        S3EvalError: something in it is no inquiry of that task about that video, or asks what
            is no question.
    """
    try:
        inquiries = at_most(given, MOST_INQUIRIES, "inquiries about one video")
    except S3EvalError as error:  # a clip that ends before it begins
        raise S3EvalError("Expected what can be asked", why=str(error)) from error
    for inquiry in inquiries:
        if not isinstance(inquiry, Inquiry):
            raise _expected(f"inquiries of task '{task}'", inquiry)
        if inquiry.task != task:
            raise S3EvalError(
                f"Expected inquiries of task '{task}', but got one of '{inquiry.task}'"
            )
        if not isinstance(inquiry.clip, Clip) or inquiry.clip.video != video:
            raise S3EvalError("Expected an inquiry about a clip of the video it was asked about")
        _check_clip(inquiry.clip)
        if not isinstance(inquiry.questions, tuple) or len(inquiry.questions) > MOST_QUESTIONS:
            raise _expected(
                f"the questions of an inquiry to be a tuple of at most {MOST_QUESTIONS:,}",
                inquiry.questions,
            )
        if not isinstance(inquiry.detail, Mapping):
            raise _expected("the detail of an inquiry to be a mapping", inquiry.detail)
        for question in inquiry.questions:
            _check_question(question)
    return inquiries


def _check_clip(clip: Clip) -> None:
    if not isinstance(clip.sampling, Sampling):
        raise _expected("the sampling of a clip to be a Sampling", clip.sampling)
    for name in ("start", "end"):
        value: Any = getattr(clip, name)
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not isfinite(value):
            raise S3EvalError(f"Expected the {name} of a clip to be seconds, but got {value!r}")


def _check_question(question: Any) -> None:
    if not isinstance(question, Question):
        raise _expected("a question", question)
    for name in ("key", "text", "system"):
        if not isinstance(getattr(question, name), str):
            raise _expected(f"the {name} of a question to be text", getattr(question, name))
    choices: Any = question.choices
    if not isinstance(choices, tuple) or not all(isinstance(c, str) for c in choices):
        raise _expected("the choices of a question to be a tuple of texts", choices)
    for name, least in (("max_tokens", 1), ("repeat", 0), ("seed", 0)):
        value: Any = getattr(question, name)
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            raise S3EvalError(
                f"Expected the {name} of a question to be a whole number from {least} on, "
                f"but got {value!r}"
            )
    for text in (question.key, question.text, question.system, *choices):
        if not _is_storable(text):
            raise S3EvalError(f"A question holds half a character or NUL: {text[:60]!r}")
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
        _check_item(item)
    named = [item.name for item in items]
    if len(set(named)) != len(named):
        raise S3EvalError(f"Expected items with names of their own, but got {', '.join(named)}")
    return items


def _check_item(item: Item) -> None:
    for name in ("name", "positive", "negative", "unit"):
        if not isinstance(getattr(item, name), str):
            raise _expected(f"the {name} of an item to be text", getattr(item, name))
        if not getattr(item, name).isprintable():
            raise S3EvalError(
                f"Expected the {name} of an item to hold characters that can be shown, "
                f"but got {getattr(item, name)!r}"
            )
    if item.kind not in _KINDS:
        raise S3EvalError(
            f"Expected the kind of item '{item.name}' among {', '.join(_KINDS)}, "
            f"but got {item.kind!r}"
        )
    labels: Any = item.labels
    if not isinstance(labels, (tuple, list)) or not all(isinstance(v, str) for v in labels):
        raise _expected(f"the labels of item '{item.name}' to be a tuple of texts", labels)
    for label in (item.positive, item.negative):
        if label and label not in labels:
            raise S3EvalError(f"'{label}' is no label of item '{item.name}'")


def checked_baselines(task: str, given: Any) -> dict[str, list[Finding]]:
    """A task's baselines by name.

    Raises:
        S3EvalError: it is no mapping of names to findings of that task.
    """
    if not isinstance(given, Mapping):
        raise _expected("baselines by name", given)
    baselines: dict[str, list[Finding]] = {}
    for name, findings in given.items():
        if not isinstance(name, str) or not name.isprintable():
            raise S3EvalError(f"Expected names of baselines that can be shown, but got {name!r}")
        baselines[name] = at_most(findings, MOST_RESULTS, f"findings of the baseline '{name}'")
        for finding in baselines[name]:
            if not isinstance(finding, Finding) or finding.task != task:
                raise _expected(f"findings of task '{task}' from its baseline", finding)
    return baselines


def checked_tallies(task: Task, given: Any, dataset: Dataset) -> list[Tally]:
    """The metrics of a task.

    Raises:
        S3EvalError: something in it is no tally of that task, has rows of another shape than its
            videos, numbers that are none, videos that the dataset does not have, or a formula
            that does not take sums of its rows.
    """
    if isinstance(given, CheckedTallies):
        return given
    if not isinstance(given, Iterable) or isinstance(given, (str, bytes, Mapping)):
        raise _expected("tallies", given)
    known = frozenset(v.name for v in dataset.videos)
    tallies = CheckedTallies(at_most(given, MOST_RESULTS, "tallies"))
    for tally in tallies:
        if not isinstance(tally, Tally):
            raise _expected("tallies", tally)
        _check_tally(task.name, tally, known)
    return tallies


class CheckedTallies(list[Tally]):
    """Tallies that were looked at where they came in."""


def check_truths(task: Task, tallies: Sequence[Tally], dataset: Dataset, by: TruthContext) -> None:
    """The annotated labels that chance levels are made of can be had.

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
    _check_beside(called, tally)
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
    if rows.size and np.abs(rows).max() > LARGEST_SUM:
        raise S3EvalError(f"The rows of {called} hold numbers above {LARGEST_SUM:g}")
    _check_formula(called, tally)


def _check_beside(called: str, tally: Tally) -> None:
    """What stands beside a score: counts, its direction, its columns."""
    if not isinstance(tally.counts, Counts):
        raise _expected(f"the counts of {called}", tally.counts)
    for field in fields(Counts):
        count: Any = getattr(tally.counts, field.name)
        if isinstance(count, bool) or not isinstance(count, (int, np.integer)) or count < 0:
            raise S3EvalError(
                f"Expected the {field.name} of {called} to be a count, but got {count!r}"
            )
    if tally.higher_is_better not in (True, False, None):
        raise _expected(
            f"higher_is_better of {called} to be a bool or None", tally.higher_is_better
        )
    if not isinstance(tally.columns, tuple) or not all(isinstance(c, str) for c in tally.columns):
        raise _expected(f"the columns of {called} to be a tuple of texts", tally.columns)
    if not isinstance(tally.detail, Mapping):
        raise _expected(f"the detail of {called} to be a mapping", tally.detail)


def _check_formula(called: str, tally: Tally) -> None:
    """Formulas are given one sum, and many: resampled ones, zeros among them."""
    if not len(tally.videos):
        return
    total = tally.rows.sum(axis=0)
    many: Any = tally.formula(np.stack([total, total]))
    one: Any = tally.formula(total)
    with np.errstate(all="ignore"):  # nothing may be left of what was drawn
        tally.formula(np.stack([total, np.zeros_like(total)]))
    if any(np.asarray(given).dtype.kind not in "fiub" for given in (many, one)):
        raise S3EvalError(f"Expected the formula of {called} to give numbers")
    if np.shape(many) != (2,) or np.shape(one) != ():
        raise S3EvalError(
            f"Expected the formula of {called} to take sums of shape (..., k) to values (...)"
        )
    if np.isinf(np.asarray(many, dtype=np.float64)).any():
        raise S3EvalError(f"The formula of {called} gives an infinite value")


def _is_storable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return "\x00" not in text


def _expected(what: str, got: object) -> S3EvalError:
    return S3EvalError(f"Expected {what}, but got {type(got).__name__}")
