"""What a task plans and scores is checked where it enters."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from s3eval.errors import S3EvalError
from s3eval.facts.clips import Clip, Sampling
from s3eval.facts.tally import Counts, Tally, ratio
from s3eval.facts.videos import Dataset, Video
from s3eval.model import Question
from s3eval.running.task_results import (
    check_truths,
    checked_baselines,
    checked_inquiries,
    checked_items,
    checked_tallies,
)
from s3eval.task import Finding, Inquiry, Item, TruthContext

DATASET = Dataset("d", (Video("a", "p1"), Video("b", "p2")), {})
TALLY = Tally("gait", "step", "acc", ("a", "b"), np.ones((2, 2)), ratio, counts=Counts(2, 2, 2, 2))


class Gait:
    name = "gait"

    def __init__(self, items=(), truth=None):
        self._items, self._truth = items, truth

    def items(self):
        return self._items

    def truth(self, *_):
        return self._truth


def leaving(*_):
    raise SystemExit(0)


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"task": "recognition"}, "recognition"),
        ({"metric": None}, "metric"),
        ({"counts": None}, "counts"),
        ({"counts": Counts("a", 1, 1, 1)}, "count"),
        ({"counts": Counts(2, -1, 0, 0)}, "count"),
        ({"higher_is_better": "yes"}, "higher_is_better"),
        ({"columns": (1, 2)}, "columns"),
        ({"detail": None}, "detail"),
        ({"formula": lambda sums: sums[..., 0] * 1j}, "numbers"),
        ({"formula": lambda sums: "x"}, "numbers"),
        ({"videos": ("a", "z")}, "does not have"),
        ({"videos": ("a", "a")}, "twice"),
        ({"rows": [[1, 1], [1, 1]]}, "list"),
        ({"rows": np.ones(2)}, "shape"),
        ({"rows": np.ones((7, 2))}, "shape"),
        ({"rows": np.array([["a"], ["b"]])}, "float64"),
        ({"rows": np.full((2, 2), np.nan)}, "no number"),
        ({"formula": lambda sums: None}, "formula"),
        ({"formula": lambda sums: sums}, "formula"),
        ({"formula": lambda sums: sums[..., 0] * np.inf}, "infinite"),
    ],
)
def test_a_tally_that_cannot_be_scored_says_what_is_wrong(changes, word):
    with pytest.raises(S3EvalError, match=word):
        checked_tallies(Gait(), [replace(TALLY, **changes)], DATASET)


def test_right_tallies_pass_and_other_things_do_not():
    assert checked_tallies(Gait(), iter([TALLY]), DATASET) == [TALLY]
    with pytest.raises(S3EvalError, match="str"):
        checked_tallies(Gait(), ["acc"], DATASET)


def test_a_truth_is_a_label_or_none():
    items = (Item("step", labels=("yes", "no")),)
    for right in ("yes", None):
        check_truths(Gait(items, right), [TALLY], DATASET, TruthContext())
    with pytest.raises(S3EvalError, match="dict"):
        check_truths(Gait(items, {}), [TALLY], DATASET, TruthContext())


@pytest.mark.parametrize(
    "items",
    [
        None,
        "step",
        ["step"],
        [Item(5)],
        [Item("step", kind="odd")],
        [Item("step", labels="yes")],
        [Item("step", labels=(1, 0))],
        [Item("step", labels=("a", "b"), positive="c")],
        [Item("step"), Item("step")],
    ],
)
def test_items_are_items(items):
    with pytest.raises(S3EvalError, match="item"):
        checked_items(Gait(items))


@pytest.mark.parametrize(
    "given", [None, [1], {"b": ["x"]}, {"b": [Finding("other", "a", "step", "skipped")]}]
)
def test_baselines_are_findings_by_name(given):
    with pytest.raises(S3EvalError):
        checked_baselines("gait", given)


CLIP = Clip("a", 0.0, 1.0, Sampling())


@pytest.mark.parametrize(
    ("inquiry", "word"),
    [
        ("step", "str"),
        (Inquiry("other", CLIP, ()), "other"),
        (Inquiry("gait", replace(CLIP, video="z"), ()), "video"),
        (Inquiry("gait", CLIP, ("step",)), "question"),
        (Inquiry("gait", CLIP, (Question("step", None),)), "text"),
        (Inquiry("gait", CLIP, (Question("step", "?", choices=["a"]),)), "choices"),
        (Inquiry("gait", CLIP, (Question("step", "?", sense="smell"),)), "smell"),
    ],
)
def test_what_is_no_inquiry_is_refused_before_anything_is_asked(inquiry, word):
    with pytest.raises(S3EvalError, match=word):
        checked_inquiries("gait", "a", [inquiry])
