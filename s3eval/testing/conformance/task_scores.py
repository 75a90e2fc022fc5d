"""What is checked of a task's scores: that they reward the truth, whole and by the same rule."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from s3eval.task import Finding
from s3eval.tasks.counts import counts_of
from s3eval.testing.conformance.task_subject import Subject

if TYPE_CHECKING:
    from s3eval.facts.tally import Tally

__all__ = ["counts", "order", "scores", "tallies"]

#: Scores are sums of floating-point numbers.
_ROUNDING = 1e-9


def tallies(subject: Subject) -> Iterator[tuple[str, str]]:
    """Possible rows and counts, the same of the same findings, the headline among them."""
    for words, findings in (
        ("no findings", []),
        ("the truth", subject.findings()),
        ("wrong answers", subject.findings(wrong=True)),
    ):
        given, again = (list(subject.scored(findings).tallies) for _ in range(2))
        problem = next((p for t in given for p in _tally(subject, t)), None)
        problem = problem or next(_again(given, again), None)
        if problem:
            yield f"{problem[0]} (scored: {words})", problem[1]
            return
        if findings and subject.task.headline not in {t.metric for t in given}:
            yield (
                f"tallies() gives no metric '{subject.task.headline}', the headline",
                "name one of its metrics as headline",
            )
            return


def _again(given: Sequence[Tally], again: Sequence[Tally]) -> Iterator[tuple[str, str]]:
    import numpy as np

    def facts(tallies: Sequence[Tally]) -> list[object]:
        return [(t.item, t.metric, t.videos, t.counts, t.note) for t in tallies]

    same = facts(given) == facts(again) and all(
        np.array_equal(a.rows, b.rows) and a.value == b.value
        for a, b in zip(given, again, strict=True)
    )
    if not same:
        yield (
            "tallies() gives other scores of the same findings",
            "let them follow from the findings and the annotation alone, nothing from chance",
        )


def _tally(subject: Subject, tally: Tally) -> Iterator[tuple[str, str]]:
    import numpy as np

    name = f"'{tally.metric}' of '{tally.item}'"
    if tally.task != subject.spec.name:
        yield f"{name} names the task '{tally.task}'", "use self.name"
    unknown = {*tally.videos}.difference(subject.data.annotations)
    if unknown or len({*tally.videos}) < len(tally.videos):
        yield f"{name} has unknown or repeated videos", "give one row for each scored video"
    if np.ndim(tally.rows) != 2 or len(tally.rows) != len(tally.videos):
        shape = np.shape(tally.rows)
        yield f"{name} has rows of shape {shape} for {len(tally.videos)} videos", "give (n, k)"
    elif not np.isfinite(tally.rows).all():
        yield (
            f"{name} has rows that are not finite",
            "leave videos out that cannot be scored; undefined is what the formula makes NaN",
        )
    counts = tally.counts
    if not counts.scored <= counts.readable <= counts.answered <= counts.asked:
        yield f"the counts of {name} contradict each other", "count with s3eval.tasks.counts"


def order(subject: Subject) -> Iterator[tuple[str, str]]:
    """Nothing scores better on the headline than the truth."""
    right = subject.scored(subject.findings(), baselines=True)
    lines = {f"the baseline '{name}'": some for name, some in right.baselines.items()}
    lines["wrong answers"] = subject.scored(subject.findings(wrong=True)).tallies
    headline = subject.task.headline
    leading = _leading(subject, right.tallies)
    best = {(t.item, t.metric): t for t in leading if t.value is not None}
    # What a judge scores may rest on more than the text (a stated yes or no).
    if not subject.spec.judged and not any(metric == headline for _, metric in best):
        yield f"'{headline}' is undefined for the truth itself", "score what truth() gives"
    for words, tallies in lines.items():
        for tally in tallies:
            truth = best.get((tally.item, tally.metric))
            if truth is not None and _is_better(tally, truth):
                yield (
                    f"{words} score {tally.value:.3g} on '{tally.metric}' of '{tally.item}', "
                    f"the truth {truth.value:.3g}",
                    "set higher_is_better, or compare with what truth() gives",
                )
                return


def _gain(other: Tally, truth: Tally) -> float | None:
    """How much better than the truth; None where a value, or the direction, is missing."""
    if other.value is None or truth.value is None or truth.higher_is_better is None:
        return None
    gain = other.value - truth.value
    return gain if truth.higher_is_better else -gain


def _is_better(other: Tally, truth: Tally) -> bool:
    gain = _gain(other, truth)
    return gain is not None and gain > _ROUNDING


def counts(subject: Subject) -> Iterator[tuple[str, str]]:
    """Failed answers are counted, and wrong answers are scored where right ones are."""
    right, wrong = subject.findings(), subject.findings(wrong=True)
    some = _partly_failed(right)
    tallies = subject.scored(right).tallies
    for words, findings in (("the truth", right), ("failed answers among them", some)):
        for tally in tallies if findings is right else subject.scored(findings).tallies:
            if problem := _denominators(tally, findings):
                yield (
                    f"{problem} (scored: {words})",
                    "count with s3eval.tasks.counts.counts_of(findings, scored)",
                )
                return
    if failed := next(_scored_failures(subject, right), None):
        yield failed
        return
    texts = {item.name for item in subject.task.items() if item.kind == "text"}
    scored = {t.item: {*t.videos} for t in _headline(subject, wrong) if t.item not in texts}
    for tally in _leading(subject, tallies):
        if tally.item in scored and (lost := {*tally.videos} - scored[tally.item]):
            yield (
                f"{len(lost)} of {len(tally.videos)} videos are not scored on '{tally.metric}' of "
                f"'{tally.item}' where the answer is wrong",
                "score every readable answer: what is wrong lowers the score, it is not left out",
            )
            return


def _scored_failures(subject: Subject, right: Sequence[Finding]) -> Iterator[tuple[str, str]]:
    """A failure is never a score: the answers that are missing are counted beside it."""
    failed = [replace(_lost(f), state="failed") for f in right]
    for tally in _headline(subject, failed):
        if tally.value is not None:
            yield (
                f"'{tally.metric}' of '{tally.item}' is {tally.value:.3g} where all answers failed",
                "score findings with state 'answered' alone, never a default in place of a value",
            )
            return


def _lost(finding: Finding) -> Finding:
    return replace(finding, value=None, readable=0, probability=None, reason="for a test")


def _partly_failed(findings: Sequence[Finding]) -> list[Finding]:
    """Of each item every third finding failed, and every third unreadable."""
    before: dict[str, int] = {}
    made = []
    for finding in findings:
        before[finding.item] = place = before.get(finding.item, -1) + 1
        lost = _lost(finding)
        failed, unreadable = replace(lost, state="failed"), replace(lost, state="unreadable")
        made.append((finding, failed, unreadable)[place % 3])
    return made


def _denominators(tally: Tally, findings: Sequence[Finding]) -> str:
    """What is wrong with the counts of one item's tally, "" where nothing is."""
    of_item = [f for f in findings if f.item == tally.item]
    if not of_item:
        return ""
    expected = counts_of(of_item)
    for name in ("asked", "answered", "readable", "failed"):
        given, right = getattr(tally.counts, name), getattr(expected, name)
        if given != right:
            return (
                f"'{tally.metric}' of '{tally.item}' counts {given} {name}, but {right} of "
                f"{len(of_item)} findings are"
            )
    return ""


def _headline(subject: Subject, findings: Sequence[Finding]) -> list[Tally]:
    return _leading(subject, subject.scored(findings).tallies)


def _leading(subject: Subject, tallies: Sequence[Tally]) -> list[Tally]:
    """Of each item the headline, or its own first metric where it has no headline."""
    leading: dict[str, Tally] = {}
    for tally in tallies:
        if tally.metric != "coverage" and tally.item not in leading:
            leading[tally.item] = tally
    leading |= {t.item: t for t in tallies if t.metric == subject.task.headline}
    return [*leading.values()]


def scores(subject: Subject) -> Iterator[tuple[str, str]]:
    """The headline of the truth differs from that of wrong answers."""
    wrong = {t.item: t for t in _headline(subject, subject.findings(wrong=True))}
    values: dict[str, list[object]] = {}
    for _, item, value in subject.known:
        values.setdefault(item.name, []).append(value)
    kinds = {item.name: item.kind for item in subject.task.items()}
    for truth in _headline(subject, subject.findings()):
        known = values.get(truth.item, [])
        # Where a label never varies, F1 of a label that is not there is 0 either way.
        if kinds.get(truth.item) == "label" and all(value == known[0] for value in known):
            continue
        other = wrong.get(truth.item)
        if other is not None and _is_as_good(other, truth):
            yield (
                f"wrong answers score {other.value:.3g} on '{truth.metric}' of '{truth.item}', "
                "as the truth does",
                "compare each finding's value with what truth() gives",
            )
            return


def _is_as_good(other: Tally, truth: Tally) -> bool:
    gain = _gain(other, truth)
    return gain is not None and abs(gain) <= _ROUNDING
