"""Claim 9: what the report adds to the diagnosis, in the print and in the recorded answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from s3eval_paper.claims.claim import (
    CONTRADICTED,
    PRINT_FIRST,
    SUPPORTED,
    UNTESTABLE,
    Claim,
    Table,
    Verdict,
    around,
    by_interval,
    print_first,
)
from s3eval_paper.claims.drawing import Drawn, mean_change
from s3eval_paper.claims.margins import SEVERAL
from s3eval_paper.claims.tuning import tuned_and_base
from s3eval_paper.tables import Cell, cells

if TYPE_CHECKING:
    from s3eval.dataset import Dataset
    from s3eval.task import Finding
    from s3eval_paper.claims.rediagnosis import Depth
    from s3eval_paper.release.runs import Recorded

__all__ = ["Printed", "mean_printed", "printed_changes", "report_gain"]

Floats = NDArray[np.float64]
#: The improvement that Section 4.3 states.
CLAIMED = 0.2112
_WITH, _WITHOUT = (("diagnosis", item, "f1") for item in ("with_report", "video_only"))


@dataclass(frozen=True)
class Printed:
    """A relative change of printed scores, and the ends of what their rounding allows."""

    value: float
    low: float
    high: float

    @property
    def holds_claimed(self) -> bool:
        """Whether the printed scores allow the claimed figure."""
        return self.low <= CLAIMED <= self.high

    def __str__(self) -> str:
        return f"{self.value:.1%} ({self.low:.1%} to {self.high:.1%} as their rounding allows)"


def printed_changes() -> dict[str, Printed]:
    """By model of Table 2 the relative change of F1 (ES) with the report.

    >>> all(change.low < change.value < change.high for change in printed_changes().values())
    True
    """
    f1 = {(c.model, c.item): c for c in cells("2") if c.metric == "f1"}
    return {
        model: _change(cell, f1[model, "video_only"])
        for (model, item), cell in f1.items()
        if item == "with_report" and (model, "video_only") in f1
    }


def _change(first: Cell, second: Cell) -> Printed:
    a, b = 0.5 * 10.0**-first.decimals, 0.5 * 10.0**-second.decimals
    return Printed(
        first.value / second.value - 1,
        (first.value - a) / (second.value + b) - 1,
        (first.value + a) / (second.value - b) - 1,
    )


def mean_printed(changes: Sequence[Printed]) -> Printed:
    """The mean of changes, and of their ends.

    >>> mean_printed([Printed(0.25, 0.0, 0.5), Printed(0.75, 0.5, 1.0)])
    Printed(value=0.5, low=0.25, high=0.75)
    """
    n = len(changes)
    return Printed(
        sum(c.value for c in changes) / n,
        sum(c.low for c in changes) / n,
        sum(c.high for c in changes) / n,
    )


def _print_itself(tuned: Sequence[str]) -> tuple[bool, str]:
    """Whether Table 2 allows no mean as claimed, and what it gives."""
    changes = printed_changes()
    untuned = [c for model, c in changes.items() if model not in tuned]
    groups = {
        f"its {len(untuned)} untuned models": untuned,
        f"all {len(changes)}": [*changes.values()],
    }
    means = {words: mean_printed(of) for words, of in groups.items()}
    listed = " and ".join(f"{mean} over {words}" for words, mean in means.items())
    text = f"Table 2 itself prints a mean relative change of {listed}"
    if any(mean.holds_claimed for mean in means.values()):
        return False, f"{text}; the text says {CLAIMED:.2%}."
    text += f", not the {CLAIMED:.2%} of the text."
    for words, of in groups.items():
        rising = [c for c in of if c.value > 0]
        if rising and (mean := mean_printed(rising)).holds_claimed:
            text += (
                f" The figure comes out only where the models that fall are left out: "
                f"{mean.value:.1%} over the {len(rising)} of {words} that rise."
            )
    return True, text


def report_gain(dataset: Dataset, test: Sequence[Recorded], depth: Depth) -> Claim:
    """Claim 9: how much better a diagnosis is with the report, on average."""
    tuned, _ = tuned_and_base()
    changes, pairs = {}, []
    for run in test:
        pair = _on_shared_videos(run)
        if run.model in tuned or pair is None:
            continue
        change = _mean(dataset, [pair], depth)
        if change is not None:
            changes[run.model] = change
            pairs.append(pair)
    mean = _mean(dataset, pairs, depth)
    contradicted, finding = _print_itself(tuned)
    if mean:
        finding = f"{finding} {_recorded(mean, [*changes.values()])}"
    columns = ("model", "relative change of F1 (ES)", "videos", "patients")
    rows = [(m, around(c), str(c.videos), str(c.patients)) for m, c in changes.items()]
    return Claim(
        "9",
        f"Reports improve the diagnosis by {CLAIMED * 100:.2f} %",
        "“Report-augmented inputs yield an average F1 improvement of 21.12%” (Section 4.3, Table "
        "2)",
        print_first(contradicted, _answers_say(mean, len(pairs))),
        f"{PRINT_FIRST}if the mean relative change that Table 2 prints can be the claimed figure "
        "neither over its untuned models nor over all of them, within what the rounding of its "
        "cells allows. Otherwise supported if the interval of the mean relative improvement over "
        "the untuned models is above 0 and does not lie below the claimed figure; contradicted if "
        "it lies below the claimed figure or below 0; not testable with the recorded answers of "
        f"fewer than {SEVERAL.value:.0f} such models: {SEVERAL.source}.",
        finding,
        (Table("F1 with the report against without, same videos", columns, tuple(rows)),)
        if rows
        else (),
    )


def _on_shared_videos(run: Recorded) -> tuple[list[Finding], list[Finding]] | None:
    """The answers with and without the report on the videos that both ways answered."""
    answered = [f for f in run.findings if f.task == "diagnosis" and f.value is not None]
    with_report, without = ([f for f in answered if f.item == way[1]] for way in (_WITH, _WITHOUT))
    common = {f.video for f in with_report} & {f.video for f in without}
    if not common:
        return None
    first, second = ([f for f in of if f.video in common] for of in (with_report, without))
    return first, second


def _mean(
    dataset: Dataset, pairs: Sequence[tuple[list[Finding], list[Finding]]], depth: Depth
) -> Drawn | None:
    return mean_change(dataset, pairs, _WITH, _WITHOUT, depth.resamples, depth.seed, _relative)


def _relative(first: Floats, second: Floats) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(second > 0, first / second - 1, np.nan)


def _answers_say(mean: Drawn | None, models: int) -> Verdict:
    if mean is None or models < SEVERAL.value:
        return UNTESTABLE
    if mean.high is not None and mean.high < CLAIMED:
        return CONTRADICTED
    return by_interval(mean.low, mean.high)


def _recorded(mean: Drawn, changes: Sequence[Drawn]) -> str:
    """What the recorded answers give, of one model or on average."""
    basis = f"{around(mean)} ({mean.videos} videos, {mean.patients} patients)"
    if len(changes) < SEVERAL.value:
        return (
            f"The recorded answers are of one untuned model, whose change is {basis}; an average "
            "over models is not told by one."
        )
    shown = sum(by_interval(c.low, c.high) == SUPPORTED for c in changes)
    return (
        f"On the recorded answers the mean change of {len(changes)} untuned models is {basis}; "
        f"{shown} of them are shown to gain."
    )
