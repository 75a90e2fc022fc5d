"""What is checked of a task: its plan, its reading, and that its scores reward the truth."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import product
from typing import TYPE_CHECKING, Any

from s3eval.facts.clips import PROFILES
from s3eval.model import Answer, Question
from s3eval.running.boundary import checked_findings
from s3eval.specs import TaskSpec
from s3eval.task import (
    Inquiry,
    Item,
    Piece,
    Reading,
    ScoringContext,
    Task,
)
from s3eval.testing.conformance.invented import invented_dataset
from s3eval.testing.conformance.problems import Check, Problem, package_of, run_checks, shown_error
from s3eval.testing.conformance.specs import adapter_is, spec_fields
from s3eval.testing.conformance.task_subject import SENSES, Subject
from s3eval.vocabulary import Sense

if TYPE_CHECKING:
    from s3eval.facts.tally import Tally
    from s3eval.facts.videos import Dataset, Video
    from s3eval.judge import Judge

__all__ = ["ODD_TEXTS", "check_task"]

#: What models say when they do not answer.
ODD_TEXTS = (
    *("", " \n\t", "\x00", "yes and no", "I cannot help with that.", "{", '{"answer": ', "[]"),
    *(
        "null",
        "NaN",
        "-1e999",
        "00:99:99",
        "\U0001f642 é \u202e",
        "yes " * 5000,
        "```json\n{}\n```",
    ),
)
#: Of these, what says nothing at all, and what says something else than an answer.
_NOTHING = ("", " \n\t")
_ELSE = ("I cannot help with that.", "\U0001f642 é \u202e")
#: Scores are sums of floating-point numbers.
_ROUNDING = 1e-9


class _Noting(dict[str, Any]):
    """Options that note which names were asked for; there are none in it."""

    def __init__(self) -> None:
        super().__init__()
        self.wanted: set[str] = set()

    def get(self, key: str, default: Any = None) -> Any:
        self.wanted.add(key)
        return default

    def __contains__(self, key: object) -> bool:
        self.wanted.add(str(key))
        return False


def check_task(
    spec: TaskSpec, data: Dataset | None = None, judge: Judge | None = None
) -> list[Problem]:
    """Everything that is wrong with a task, an empty list where nothing is.

    Args:
        spec: the spec, as the hook returns it.
        data: a dataset in which the task has a truth, with durations; files are not opened.
            None where the paper's annotation (features, sides, sequence, report) serves.
        judge: reads for scores; without one, scores that need it are not checked.
    """
    return run_checks(_CHECKS, Subject(spec, data or invented_dataset(), judge))


def _items(subject: Subject) -> Iterator[tuple[str, str]]:
    items = list(subject.task.items())
    names = [item.name for item in items]
    if not items:
        yield "items() is empty", "list what the task finds out about a video"
    for name in sorted({n for n in names if names.count(n) > 1}):
        yield f"items() lists '{name}' twice", "name each item once"
    for item in items:
        yield from _one_item(item)
    if not subject.task.headline:
        yield "there is no headline", "name the metric to show when only one number fits"


def _one_item(item: Item) -> Iterator[tuple[str, str]]:
    if item.kind == "label" and len({*item.labels}) < 2:
        yield f"the label '{item.name}' has fewer than two labels", "list its values in labels="
    if item.kind == "number" and not item.unit:
        yield f"the number '{item.name}' has no unit", 'state it, e.g. unit="s"'
    for role, label in (("positive", item.positive), ("negative", item.negative)):
        if label and label not in item.labels:
            listed = ", ".join(item.labels)
            yield f"{role} of '{item.name}' is '{label}'", f"use one of its labels: {listed}"


def _plan(subject: Subject) -> Iterator[tuple[str, str]]:
    asked = 0
    for video in subject.data.videos:
        for sampling, senses in product(PROFILES, SENSES):
            plan = subject.plan(video, senses, sampling)
            asked += len(plan)
            if plan != subject.plan(video, senses, sampling):
                yield (
                    "inquiries() gives another plan when it is called again",
                    "draw nothing at random but from context.seed and the video's name",
                )
                return
            problem = next((p for i in plan for p in _inquiry(subject, video, senses, i)), None)
            if problem:
                yield problem
                return
    if not asked:
        yield (
            "inquiries() asks nothing about any video of the data",
            "pass data= with videos (and durations) that the task asks about",
        )


def _inquiry(
    subject: Subject, video: Video, senses: frozenset[Sense], inquiry: Inquiry
) -> Iterator[tuple[str, str]]:
    clip, keys = inquiry.clip, [q.key for q in inquiry.questions]
    if inquiry.task != subject.spec.name:
        yield f"an inquiry names the task '{inquiry.task}'", "use self.name"
    if clip.video != video.name or clip.end > (video.duration or math.inf):
        yield "a clip leaves its video", "end clips at video.duration"
    if not keys or len({*keys}) < len(keys):
        yield "the questions about a clip have no keys of their own", "give each another key"
    for question in inquiry.questions:
        if question.sense not in senses:
            yield (
                f"'{question.key}' takes {question.sense}, which the model has not",
                "ask only what context.senses allows",
            )
        if not question.text.strip() or question.max_tokens < 1:
            yield f"'{question.key}' has no text or no tokens to answer", "give it both"


def _options(subject: Subject) -> Iterator[tuple[str, str]]:
    declared = subject.task.options
    for name, text in declared.items():
        if not str(text).strip():
            yield f"the option '{name}' has no line of help", "say what it does and what it takes"
    noting = _Noting()
    for video in subject.data.videos:
        subject.plan(video, options=noting)
    for name in sorted(noting.wanted.difference(declared)):
        yield (
            f"inquiries() looks for the option '{name}', which is not declared",
            "add it to the class attribute options: what is not there is refused",
        )


def _read(subject: Subject) -> Iterator[tuple[str, str]]:
    for _, question in subject.questions():
        for text in ODD_TEXTS:
            shown = f"{text[:20]!r} to '{question.key}'"
            try:
                readings = [subject.task.read(question, Answer.of(text)) for _ in range(2)]
            except Exception as error:
                raised = shown_error(error, package_of(subject.spec))
                yield (
                    f"read() raised {raised} for the answer {shown}",
                    "return Reading(reason=...) for whatever cannot be read",
                )
                return
            if not all(isinstance(reading, Reading) for reading in readings):
                yield f"read() gave no Reading for the answer {shown}", "return Reading(...)"
                return
            if readings[0] != readings[1]:
                yield f"read() reads the answer {shown} differently again", "make it a function"
                return
            if not readings[0].readable and not readings[0].reason:
                yield f"read() gives no reason why {shown} cannot be read", "give reason=..."
                return
            if readings[0].readable and text in _unreadable(subject, question):
                yield (
                    f"read() makes {readings[0].value!r:.40} of the answer {shown}",
                    "return Reading(reason=...) where the answer names none of the values",
                )
                return


def _unreadable(subject: Subject, question: Question) -> tuple[str, ...]:
    """The odd texts that no task can read as an answer to this question."""
    kinds = {item.name: item.kind for item in subject.task.items()}
    if not question.choices and kinds.get(question.key) != "label":
        return _NOTHING
    return (*_NOTHING, *_ELSE)


def _combine(subject: Subject) -> Iterator[tuple[str, str]]:
    context = ScoringContext(subject.data)
    for video in subject.data.videos:
        failed = [
            Piece(i, q, Answer.failed("out of memory"), Reading(reason="out of memory"))
            for i in subject.plan(video)
            for q in i.questions
        ]
        given = list(subject.task.combine(video.name, failed, context))
        findings = checked_findings(subject.spec.name, video.name, given)
        if failed and not findings:
            yield "combine() gives no finding where all answers failed", "give failed findings"
        if wrong := [f for f in findings if f.state != "failed" or not f.reason]:
            yield (
                f"where all answers failed, the finding of '{wrong[0].item}' is {wrong[0].state}",
                "give state 'failed' and the reason, never a default value",
            )
        if wrong or (failed and not findings):
            return
    if list(subject.task.combine(subject.data.videos[0].name, [], context)):
        yield "combine() makes a finding of no answers", "give none where there are no pieces"


def _truth(subject: Subject) -> Iterator[tuple[str, str]]:
    if not subject.known:
        yield (
            "truth() is None for every item of every video of the data",
            "implement truth(), or pass data= in which the task has a truth",
        )
    for video, item, value in subject.known:
        if subject.truth(video, item.name) != value:
            yield f"truth() of '{item.name}' is another when asked again", "make it a function"
            return
        if wrong := _wrong_kind(item, value):
            yield f"truth() of '{item.name}' is {value!r:.60}, {wrong}", "give None or a value"
            return


def _wrong_kind(item: Item, value: Any) -> str:
    if item.kind == "label":
        return "" if value in item.labels else f"none of its labels {', '.join(item.labels)}"
    if item.kind == "number":
        is_number = isinstance(value, (int, float)) and math.isfinite(value)
        return "" if is_number else "no finite number"
    kinds = (list, tuple) if item.kind == "list" else (str,)
    return "" if isinstance(value, kinds) else f"no {item.kind}"


def _tallies(subject: Subject) -> Iterator[tuple[str, str]]:
    for words, findings in (
        ("no findings", []),
        ("the truth", subject.findings()),
        ("wrong answers", subject.findings(wrong=True)),
    ):
        tallies = list(subject.scored(findings).tallies)
        problem = next((p for t in tallies for p in _tally(subject, t)), None)
        if problem:
            yield f"{problem[0]} (scored: {words})", problem[1]
            return
        if findings and subject.task.headline not in {t.metric for t in tallies}:
            yield (
                f"tallies() gives no metric '{subject.task.headline}', the headline",
                "name one of its metrics as headline",
            )
            return


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


def _baselines(subject: Subject) -> Iterator[tuple[str, str]]:
    findings = subject.findings()
    asked = {(f.video, f.item) for f in findings}
    given = subject.task.baselines(findings, ScoringContext(subject.data))
    for name, some in given.items():
        if {(f.video, f.item) for f in some} - asked:
            yield (
                f"the baseline '{name}' answers about other videos or items than the run",
                "answer exactly where findings are",
            )
        elif any(f.task != subject.spec.name for f in some):
            yield f"the baseline '{name}' names another task", "use self.name"


def _order(subject: Subject) -> Iterator[tuple[str, str]]:
    right = subject.scored(subject.findings(), baselines=True)
    lines = {f"the baseline '{name}'": some for name, some in right.baselines.items()}
    lines["wrong answers"] = subject.scored(subject.findings(wrong=True)).tallies
    headline = subject.task.headline
    best = {t.item: t for t in right.tallies if t.metric == headline and t.value is not None}
    # What a judge scores may rest on more than the text (a stated yes or no).
    if not best and not subject.spec.judged:
        yield f"'{headline}' is undefined for the truth itself", "score what truth() gives"
    for words, tallies in lines.items():
        for tally in tallies:
            truth = best.get(tally.item) if tally.metric == headline else None
            if truth is not None and _is_better(tally, truth):
                yield (
                    f"{words} score {tally.value:.3g} on '{headline}' of '{tally.item}', "
                    f"the truth {truth.value:.3g}",
                    "set higher_is_better, or compare with what truth() gives",
                )
                return


def _is_better(other: Tally, truth: Tally) -> bool:
    if other.value is None or truth.value is None or truth.higher_is_better is None:
        return False
    gain = other.value - truth.value
    return (gain if truth.higher_is_better else -gain) > _ROUNDING


def _adapter(subject: Subject) -> Iterator[tuple[str, str]]:
    yield from adapter_is(subject.spec, Task)  # type: ignore[type-abstract]


_USABLE = ("adapter", "items")
_KNOWN = (*_USABLE, "truth")
_CHECKS: Sequence[Check[Subject]] = (
    Check("spec", lambda subject: spec_fields(subject.spec)),
    Check("adapter", _adapter),
    Check("items", _items, ("adapter",)),
    Check("plan", _plan, ("adapter",)),
    Check("options", _options, ("adapter", "plan")),
    Check("read", _read, ("adapter", "plan")),
    Check("combine", _combine, ("adapter", "plan")),
    Check("truth", _truth, _USABLE),
    Check("tallies", _tallies, _KNOWN),
    Check("baselines", _baselines, _KNOWN),
    Check("order", _order, (*_KNOWN, "tallies", "baselines")),
)
