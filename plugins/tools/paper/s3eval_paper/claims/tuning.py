"""Claims 3a to 3c: what fine-tuning changes, for every tuned model of Table 3."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from s3eval.facts.tally import Tally
from s3eval_paper.claims.claim import (
    CONTRADICTED,
    PRINT_FIRST,
    SUPPORTED,
    UNTESTABLE,
    UNTOLD,
    Claim,
    Table,
    Verdict,
    around,
    by_interval,
    by_majority,
    print_first,
)
from s3eval_paper.claims.drawing import Drawn, Draws, tallies_of
from s3eval_paper.tables import cells

if TYPE_CHECKING:
    from s3eval.dataset import Dataset
    from s3eval.task import Finding
    from s3eval_paper.claims.rediagnosis import Depth
    from s3eval_paper.release.runs import Recorded

__all__ = ["fine_tuning", "printed_events", "tuned_and_base"]

Floats = NDArray[np.float64]
#: The tasks of Table 3's average ("excluding Task 3"): name, (task, item, metric) of each part.
_TASKS: Mapping[str, tuple[tuple[str, str, str], ...]] = {
    "task1": (("recognition", "mean", "f1"),),
    "task2": (("justification", "mean", "interpretation"),),
    "task4": (("timing", "mean", "mae"),),
    "task5": (("sequence", "sequence", "lcs_ratio"),),
    "task6": (("report", "report", "rqi"),),
    # Once, as the mean of the ways of asking that were recorded.
    "task7": (("diagnosis", "video_only", "f1"), ("diagnosis", "with_report", "f1")),
}


_STRICT = "non-answers counted as wrong"
#: How many events Section 4.5 says are timed better after fine-tuning.
CLAIMED_EVENTS = 18
_NAMES: Mapping[str, str] = {
    "task1": "Task 1, F1",
    "task2": "Task 2, interpretation",
    "task4": "Task 4, error in seconds",
    "task5": "Task 5, LCS ratio",
    "task6": "Task 6, Seizure-RQI",
    "task7": "Task 7, F1 (ES)",
}


def tuned_and_base() -> tuple[tuple[str, ...], str]:
    """The fine-tuned models and their base: Table 3 prints an improvement for the former only.

    >>> tuned_and_base()[1]
    'Qwen2.5-Omni-7B'
    """
    printed = cells("3")
    tuned = dict.fromkeys(c.model for c in printed if c.metric == "improvement")
    (base,) = dict.fromkeys(c.model for c in printed if c.model not in tuned)
    return tuple(tuned), base


@dataclass(frozen=True)
class _Change:
    """What tuning changes in one model: by task, and on average, each with both readings.

    Attributes:
        tasks: how many of the average's tasks are in it.
    """

    model: str
    rows: tuple[tuple[str, Drawn, Drawn, Drawn], ...]
    average: Drawn
    counted_wrong: Drawn
    printed: float
    patients: str
    tasks: int

    @property
    def complete(self) -> bool:
        """Whether all tasks of the average could be compared."""
        return self.tasks == len(_TASKS)


def fine_tuning(dataset: Dataset, test: Sequence[Recorded], depth: Depth) -> list[Claim]:
    """Claims 3a (the average), 3b (every task) and 3c (every event's timing)."""
    tuned, base = tuned_and_base()
    runs = {r.model: r for r in test}
    there = [m for m in tuned if m in runs] if base in runs else []
    made = (_change(dataset, runs[m], runs[base], depth) for m in there)
    changes = [c for c in made if c is not None]
    return [
        _average(changes, tuned, base),
        _consistent(changes, tuned, base),
        _events(dataset, [runs[m] for m in there], runs.get(base), depth),
    ]


def _change(dataset: Dataset, tuned: Recorded, base: Recorded, depth: Depth) -> _Change | None:
    """What tuning changes; None where the two share no task of the average."""
    tuned_tallies, base_tallies = (tallies_of(dataset, r.findings) for r in (tuned, base))
    strict = [_non_answers_wrong(dataset, r.findings) for r in (tuned, base)]
    usable = {
        name: parts
        for name, parts in _TASKS.items()
        if all(p in tuned_tallies and p in base_tallies for p in parts)
    }
    if not usable:
        return None
    every = [t for of in (tuned_tallies, base_tallies) for t in of.values()]
    draws = Draws.of(dataset, every, depth.resamples, depth.seed)
    gains, wrong_gains, rows, used = [], [], [], []
    for name, parts in usable.items():
        first, second = [tuned_tallies[p] for p in parts], [base_tallies[p] for p in parts]
        a, b = (draws.values(ts).mean(axis=0) for ts in (first, second))
        gain = _relative(a, b, bool(first[0].higher_is_better))
        gains.append(gain)
        used += first + second
        row = (draws.around(a, first), draws.around(b, second), draws.around(gain, first + second))
        rows.append((_NAMES[name], *row))
        if name == "task7":
            a, b = (draws.values([of[p] for p in parts]).mean(axis=0) for of in strict)
            gain = _relative(a, b, True)
            ours, base_ = ([of[p] for p in parts] for of in strict)
            row = (draws.around(a, ours), draws.around(b, base_), draws.around(gain, ours + base_))
            rows.append((f"{_NAMES[name]}, {_STRICT}", *row))
        wrong_gains.append(gain)
    (printed,) = (c.value for c in cells("3", tuned.model) if c.metric == "improvement")
    fewest = min((d.patients for _, a, b, _ in rows for d in (a, b)), default=0)
    return _Change(
        tuned.model,
        tuple(rows),
        draws.around(np.mean(gains, axis=0), used),
        draws.around(np.mean(wrong_gains, axis=0), used),
        printed,
        f"{fewest} to {len(draws.cohort)} patients behind a task",
        len(usable),
    )


def _relative(first: Floats, second: Floats, higher: bool) -> Floats:
    """The improvement of the first over the second, relative to the second."""
    with np.errstate(divide="ignore", invalid="ignore"):
        gain: Floats = (first - second if higher else second - first) / second
    return np.where(np.isfinite(gain), gain, np.nan)


def _non_answers_wrong(
    dataset: Dataset, findings: Iterable[Finding]
) -> dict[tuple[str, str, str], Tally]:
    """F1 (ES) of Task 7 in which an answer that says neither is a wrong one."""
    labels = {v.name: v.diagnosis for v in dataset.videos}
    by_item: dict[str, list[tuple[str, list[float]]]] = {}
    for f in findings:
        truth = labels.get(f.video)
        if f.task == "diagnosis" and truth in ("ES", "NES"):
            predicted_es = f.value == "ES" or (f.value is None and truth == "NES")
            is_es = truth == "ES"
            row = [predicted_es and is_es, predicted_es and not is_es, is_es and not predicted_es]
            by_item.setdefault(f.item, []).append((f.video, [float(x) for x in row]))
    made = {}
    for item, of in by_item.items():
        videos, rows = [v for v, _ in of], np.array([r for _, r in of])
        made["diagnosis", item, "f1"] = Tally(
            "diagnosis", item, "f1", tuple(videos), rows, _f1, note="non-answers counted as wrong"
        )
    return made


def _f1(sums: Floats) -> Floats:
    below = 2 * sums[..., 0] + sums[..., 1] + sums[..., 2]
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(below > 0, 2 * sums[..., 0] / below, np.nan)


def _average(changes: Sequence[_Change], tuned: Sequence[str], base: str) -> Claim:
    verdicts = [_holds(c.average, c.printed) for c in changes if c.complete]
    finding = " ".join(
        f"{c.model}: average relative improvement {around(c.average)}"
        f"{'' if c.complete else f' over {c.tasks} of the {len(_TASKS)} tasks'}, "
        f"printed {c.printed:.2f}; "
        f"with non-answers of Task 7 counted as wrong {around(c.counted_wrong)} ({c.patients})."
        for c in changes
    )
    if not all(c.complete for c in changes):
        finding += " An average over fewer tasks than the print's does not tell."
    missing = [m for m in tuned if m not in {c.model for c in changes}]
    if missing:
        finding += (
            f" Not compared: {', '.join(missing)}, whose answers and the base's ({base}) to the "
            "same task are not both in this part of the release."
        )
    tables = [
        Table(
            f"{c.model} against {base}, as Table 3 measures",
            (*("task", "tuned", "base", "improvement"), "tuned: videos, patients", "base"),
            tuple(
                (
                    name,
                    around(a),
                    around(b),
                    around(gain),
                    *(f"{d.videos}, {d.patients}" for d in (a, b)),
                )
                for name, a, b, gain in c.rows
            ),
        )
        for c in changes
    ]
    return Claim(
        "3a",
        "Fine-tuning improves the six tasks on average",
        "“an average relative improvement of 12% (SFT) and 15% (GRPO)” (Section 4.5, Table 3)",
        by_majority(verdicts),
        "For every tuned model: supported if the interval of the average relative improvement "
        "over its base (six tasks, Task 7 once, patients drawn for all tasks together) is above 0 "
        "and holds the printed figure; contradicted if the whole interval is below the printed "
        "figure or below 0; not testable without answers of both to all six tasks. The verdict is "
        "that of more than half of the tuned models that can be tested.",
        finding.strip(),
        tuple(tables),
    )


def _holds(average: Drawn, printed: float) -> Verdict:
    if average.low is None or average.high is None:
        return UNTOLD
    if average.high < printed or average.high < 0:
        return CONTRADICTED
    return SUPPORTED if average.low > 0 and average.low <= printed else UNTOLD


def _consistent(changes: Sequence[_Change], tuned: Sequence[str], base: str) -> Claim:
    """“Consistent improvements across all six tasks”: the print itself, then the answers."""
    printed = {(c.model, c.item): c for c in cells("3")}
    falls = []
    for model in tuned:
        for task, parts in _TASKS.items():
            tuned_cell, base_cell = printed.get((model, task)), printed.get((base, task))
            if tuned_cell and base_cell:
                lower = parts[0][2] == "mae"
                if (
                    (tuned_cell.value > base_cell.value)
                    if lower
                    else (tuned_cell.value < base_cell.value)
                ):
                    change = f"{base_cell.printed} to {tuned_cell.printed}"
                    falls.append(f"{_NAMES[task]} of {model}, {change}")
    gains = [
        (f"{name} of {c.model}", gain)
        for c in changes
        for name, _, _, gain in c.rows
        if not name.endswith(_STRICT)
    ]
    shown = [name for name, gain in gains if gain.low is not None and gain.low > 0]
    verdict: Verdict = UNTESTABLE
    if any(c.complete for c in changes):
        verdict = SUPPORTED if len(shown) == len(gains) else UNTOLD
    recorded = (
        f"On the recorded answers {len(shown)} of {len(gains)} improvements have an interval above "
        f"0{': ' + '; '.join(shown) if shown else ''}."
        if gains
        else "What the recorded answers show is not testable from the release: answers of a "
        f"tuned model and of its base ({base}) to the same task are needed."
    )
    return Claim(
        "3b",
        "Fine-tuning improves every one of the six tasks",
        "“consistent improvements across all remaining six tasks” (Section 4.5, Table 3)",
        print_first(bool(falls), verdict),
        f"{PRINT_FIRST}if Table 3 prints a worse figure for a tuned model than for its base. "
        "Otherwise supported if every task's improvement has its interval above 0; not testable "
        "without a tuned model whose answers, and its base's, to all six tasks are recorded.",
        f"Table 3 prints a fall: {'; '.join(falls) or 'none'}. {recorded}",
    )


def _events(
    dataset: Dataset, tuned: Sequence[Recorded], base: Recorded | None, depth: Depth
) -> Claim:
    """“Across all 19 events, 18 show reduced MAE”: how many, under draws of patients."""
    rows, verdicts, sentences = [], [], []
    base_tallies = tallies_of(dataset, _timing(base.findings)) if base else {}
    for run in tuned:
        tuned_tallies = tallies_of(dataset, _timing(run.findings))
        keys = [k for k in tuned_tallies if k[2] == "mae" and k[1] != "mean" and k in base_tallies]
        if not keys:
            continue
        first, second = [tuned_tallies[k] for k in keys], [base_tallies[k] for k in keys]
        draws = Draws.of(dataset, first + second, depth.resamples, depth.seed)
        fewer = (draws.values(first) < draws.values(second)).sum(axis=0).astype(np.float64)
        low, high = np.quantile(fewer[1 : 1 + depth.resamples], [0.025, 0.975])
        verdicts.append(by_interval(float(low), float(high), len(keys) / 2))
        videos = {v for t in first + second for v in t.videos}
        counts = f"{fewer[0]:.0f} of {len(keys)}"
        drawn = f"[{low:.0f}, {high:.0f}] under draws of patients"
        sentences.append(f"Recorded answers of {run.model}: {counts} smaller, {drawn}.")
        span = f"[{low:.0f}, {high:.0f}]"
        rows.append((run.model, counts, span, str(len(videos)), str(len(draws.cohort))))
    printed = printed_events()
    fewer_printed = [smaller < CLAIMED_EVENTS for smaller, _, _ in printed.values()]
    contradicted = bool(printed) and all(fewer_printed)
    table = "; ".join(
        f"{m}: {smaller} smaller, {equal} equal, {larger} larger"
        for m, (smaller, equal, larger) in printed.items()
    )
    sentences.insert(0, f"Table 22 itself prints, against the base model, {table}.")
    if any(smaller + equal >= CLAIMED_EVENTS for smaller, equal, _ in printed.values()):
        sentences.insert(
            1, f"{CLAIMED_EVENTS} come out only where equal errors are counted as reduced."
        )
    return Claim(
        "3c",
        "Fine-tuning reduces the timing error of 18 of 19 events",
        "“Across all 19 events, 18 show reduced MAE after finetuning” (Section 4.5)",
        print_first(contradicted, by_majority(verdicts)),
        f"{PRINT_FIRST}if Table 22 prints a smaller error for fewer events than claimed with every "
        "tuned model. Otherwise, for every tuned model: supported if more than half of the "
        "events have a smaller error in at least 97.5 % of the draws of patients, contradicted if "
        "fewer than half have; the verdict is that of more than half of the tuned models. Answers "
        "that are no time are dropped, as in the paper, and clips have the event in their middle: "
        "a smaller error is no better localization than the middle would be.",
        " ".join(sentences),
        (
            (
                Table(
                    "Events with a smaller mean error than the base model's",
                    ("model", "events", "95 % of draws", "videos", "patients"),
                    tuple(rows),
                ),
            )
            if rows
            else ()
        ),
    )


def printed_events() -> dict[str, tuple[int, int, int]]:
    """By tuned model how many of Table 22's errors are smaller, equal and larger than the base's.

    >>> all(sum(counts) == 19 for counts in printed_events().values())
    True
    """
    tuned, base = tuned_and_base()
    errors = {(c.model, c.item): c.value for c in cells("22")}
    counts = {}
    for model in tuned:
        pairs = [
            (errors[model, item], value)
            for (of, item), value in errors.items()
            if of == base and (model, item) in errors
        ]
        if pairs:
            smaller, equal = sum(a < b for a, b in pairs), sum(a == b for a, b in pairs)
            counts[model] = (smaller, equal, len(pairs) - smaller - equal)
    return counts


def _timing(findings: Iterable[Finding]) -> list[Finding]:
    return [f for f in findings if f.task == "timing"]
