"""Answers that a task can read, made up for each of its questions and put into its windows."""

from __future__ import annotations

from collections.abc import Iterator

from s3eval.facts.videos import Video
from s3eval.model import Answer, Question
from s3eval.task import Item, Piece, Reading
from s3eval.testing.conformance.task_subject import Subject

__all__ = ["VARIANTS", "answered_pieces", "label_item", "readable_texts"]

#: How many different answers are tried where all windows agree.
VARIANTS = 2
#: For questions about times, lists and texts: what some of them can read.
_PLAIN = (
    "12.5",
    "00:12",
    "Yes. The left arm jerks, then the head turns.",
    "No. Nothing of the kind is seen.",
    "head turning, clonic",
)


def label_item(subject: Subject, question: Question) -> Item | None:
    """The item that a question asks about by name, where its values are labels."""
    item = subject.task.item(question.key)
    return item if item and item.kind == "label" else None


def answered_pieces(subject: Subject, video: Video) -> Iterator[list[Piece]]:
    """The video's questions, answered so that the task can read it.

    First all windows with the same answer, `VARIANTS` times with another; then windows that
    differ, and one window alone. Questions of which no made-up answer can be read are left out.
    """
    same = [_pieces(subject, video, [variant]) for variant in range(VARIANTS)]
    mixed = _pieces(subject, video, list(range(VARIANTS)))
    windows = [piece.inquiry for piece in mixed]
    alone = [piece for piece in mixed if piece.inquiry == windows[0]]
    yield from (pieces for pieces in (*same, mixed, alone) if pieces)


def _pieces(subject: Subject, video: Video, variants: list[int]) -> list[Piece]:
    pieces = []
    for at, inquiry in enumerate(subject.plan(video)):
        variant = variants[at % len(variants)]
        for question in inquiry.questions:
            if readable := readable_texts(subject, question):
                text, reading = readable[variant % len(readable)]
                pieces.append(Piece(inquiry, question, Answer.of(text), reading))
    return pieces


def readable_texts(subject: Subject, question: Question) -> list[tuple[str, Reading]]:
    """Answers to a question that the task can read, each with what it reads."""
    return subject.readable(question, _texts(subject, question))


def _texts(subject: Subject, question: Question) -> tuple[str, ...]:
    item = subject.task.item(question.key)
    if item is None or item.kind == "label":
        known = question.choices or (item.labels if item else ())
        return known or _PLAIN
    return (*_PLAIN, *question.choices)
