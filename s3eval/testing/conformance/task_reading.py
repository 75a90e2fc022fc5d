"""What is checked of a task's reading of answers, and of what it combines of them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from s3eval.errors import S3EvalError
from s3eval.model import Answer, Question
from s3eval.running.boundary import checked_findings
from s3eval.task import Finding, Piece, Reading, ScoringContext
from s3eval.testing.conformance.problems import package_of, shown_error
from s3eval.testing.conformance.task_answers import (
    VARIANTS,
    answered_pieces,
    label_item,
    readable_texts,
)
from s3eval.testing.conformance.task_subject import Subject, wrong_kind

if TYPE_CHECKING:
    from s3eval.facts.videos import Video

__all__ = ["ODD_TEXTS", "combine", "read"]

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


def read(subject: Subject) -> Iterator[tuple[str, str]]:
    """Anything may be said, and what says nothing is not read; a label is read as itself."""
    for _, question in subject.questions():
        problem = next(_of_odd_texts(subject, question), None)
        problem = problem or next(_of_labels(subject, question), None)
        if problem:
            yield problem
            return


def _of_odd_texts(subject: Subject, question: Question) -> Iterator[tuple[str, str]]:
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
        value = readings[0].value
        if isinstance(value, float) and not math.isfinite(value):
            yield (
                f"read() makes {value} of the answer {shown}",
                "return Reading(reason=...) where the answer names no finite number",
            )
        elif readings[0] != readings[1]:
            yield f"read() reads the answer {shown} differently again", "make it a function"
        if not readings[0].readable and not readings[0].reason:
            yield f"read() gives no reason why {shown} cannot be read", "give reason=..."
        if readings[0].readable and text in _unreadable(subject, question):
            yield (
                f"read() makes {readings[0].value!r:.40} of the answer {shown}",
                "return Reading(reason=...) where the answer names none of the values",
            )


def _unreadable(subject: Subject, question: Question) -> tuple[str, ...]:
    """The odd texts that no task can read as an answer to this question."""
    if not question.choices and label_item(subject, question) is None:
        return _NOTHING
    return (*_NOTHING, *_ELSE)


def _of_labels(subject: Subject, question: Question) -> Iterator[tuple[str, str]]:
    """What a model that keeps to the choices answers, and what a label says of itself.

    A text, a list or a time has no form that every task must read, whatever choices come first.
    """
    item = subject.task.item(question.key)
    if item is not None and item.kind != "label":
        return
    labels = item.labels if item else ()
    for text in question.choices or labels:
        reading = subject.task.read(question, Answer.of(text))
        if not reading.readable:
            yield (
                f"read() cannot read {text!r} in answer to '{question.key}', "
                f"which is one of its {'choices' if question.choices else 'labels'}: "
                f"{reading.reason}"[:300],
                "read each choice of a question and each label of its item, or offer others",
            )
        elif text in labels and reading.value != text:
            yield (
                f"read() reads the label {text!r} of '{question.key}' as {reading.value!r:.40}",
                "read each label as itself",
            )


def combine(subject: Subject) -> Iterator[tuple[str, str]]:
    """Failed answers make failed findings, unreadable ones no value, readable ones a possible."""
    for video in subject.data.videos:
        try:
            problem = next(_of_failed(subject, video), None)
            problem = problem or next(_of_unreadable(subject, video), None)
            problem = problem or next(_of_readable(subject, video), None)
        except _RefusedError as refused:
            problem = (
                f"combine() gives findings that a run refuses: {refused}",
                "give the fields of each Finding as its docstring describes them",
            )
        if problem:
            yield problem
            return
    context = ScoringContext(subject.data)
    if list(subject.task.combine(subject.data.videos[0].name, [], context)):
        yield "combine() makes a finding of no answers", "give none where there are no pieces"


class _RefusedError(Exception):
    """A run would not take what combine() gave: why."""


def _combined(subject: Subject, video: Video, pieces: Sequence[Piece]) -> list[Finding]:
    given = list(subject.task.combine(video.name, pieces, ScoringContext(subject.data)))
    try:
        return checked_findings(subject.spec.name, video.name, given)
    except S3EvalError as error:
        raise _RefusedError(str(error)) from error


def _of_failed(subject: Subject, video: Video) -> Iterator[tuple[str, str]]:
    failed = [
        Piece(i, q, Answer.failed("out of memory"), Reading(reason="out of memory"))
        for i in subject.plan(video)
        for q in i.questions
    ]
    findings = _combined(subject, video, failed)
    if failed and not findings:
        yield "combine() gives no finding where all answers failed", "give failed findings"
    if wrong := [f for f in findings if f.state != "failed" or not f.reason]:
        yield (
            f"where all answers failed, the finding of '{wrong[0].item}' is {wrong[0].state}",
            "give state 'failed' and the reason, never a default value",
        )


def _of_unreadable(subject: Subject, video: Video) -> Iterator[tuple[str, str]]:
    pieces = [
        Piece(i, q, Answer.of(""), subject.task.read(q, Answer.of("")))
        for i in subject.plan(video)
        for q in i.questions
    ]
    if wrong := [f for f in _combined(subject, video, pieces) if f.state == "answered"]:
        yield (
            f"where no answer could be read, the finding of '{wrong[0].item}' has the value "
            f"{wrong[0].value!r:.40}",
            "give state 'unreadable' and the reason (s3eval.tasks.combining.finding_of_windows)",
        )


def _of_readable(subject: Subject, video: Video) -> Iterator[tuple[str, str]]:
    """One window, and several that agree or do not."""
    by_answer: list[dict[str, Finding]] = []
    for pieces in answered_pieces(subject, video):
        try:
            findings, again = (_combined(subject, video, pieces) for _ in range(2))
        except _RefusedError:
            raise
        except Exception as error:
            raised = shown_error(error, package_of(subject.spec))
            yield (
                f"combine() raised {raised} where answers could be read "
                f"({len({p.inquiry.clip for p in pieces})} windows)",
                "combine whatever read() gives, in one window or in several",
            )
            return
        if findings != again:
            yield "combine() gives other findings of the same pieces", "make it a function"
        yield from _possible(subject, findings)
        by_answer.append({f.item: f for f in findings})
    yield from _whatever(subject, by_answer[:VARIANTS])


def _possible(subject: Subject, findings: Sequence[Finding]) -> Iterator[tuple[str, str]]:
    items = {item.name: item for item in subject.task.items()}
    if not any(f.item in items for f in findings):
        named = f"a finding of '{findings[0].item}'" if findings else "no finding"
        yield (
            f"combine() makes {named} of answers that could be read, none of an item that "
            "items() lists",
            f"name the items as items() does: {', '.join(items)}"[:300],
        )
    for finding in findings:
        item = items.get(finding.item)
        if finding.state != "answered" and not finding.reason:
            yield f"the finding of '{finding.item}' has no value and no reason", "give reason=..."
        if item and finding.value is not None and (wrong := wrong_kind(item, finding.value)):
            yield (
                f"combine() gives '{item.name}' the value {finding.value!r:.60}, {wrong}",
                "give one of the item's values, or a finding without one and the reason",
            )


def _whatever(
    subject: Subject, by_answer: Sequence[dict[str, Finding]]
) -> Iterator[tuple[str, str]]:
    """A label that is the same whichever answer all windows agree on."""
    for _, question in subject.questions():
        item = label_item(subject, question)
        if item is None or len(readable_texts(subject, question)) < VARIANTS:
            continue
        values = [by_item[item.name].value for by_item in by_answer if item.name in by_item]
        if len(values) == VARIANTS and values[0] is not None and values == values[:1] * VARIANTS:
            yield (
                f"combine() makes {values[0]!r} of '{item.name}' whatever all windows say",
                "let the value follow from the readings of the pieces",
            )
