"""The engine: what is asked about a video, and stored answers as pieces.

Answers are written by `s3eval.running.recording`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from s3eval.errors import MachineError, StopRunError
from s3eval.model import Answer, Question
from s3eval.plugin_calls import fault_of, plugin_output
from s3eval.running.executing import Asked, VideoWork
from s3eval.running.pipeline import ask_videos
from s3eval.running.reasons import reason_of
from s3eval.running.repeats import combined_answer
from s3eval.running.session import Session, identity_of
from s3eval.task import Piece, Reading, Task

if TYPE_CHECKING:
    from s3eval.running.guard import Guard
    from s3eval.task import Inquiry
    from s3eval.vocabulary import Protocol

__all__ = ["Pieces", "Session", "ask_video", "identity_of", "pieces_of", "repeated_pieces"]

#: By task and video.
Pieces = dict[str, dict[str, list[Piece]]]


def ask_video(session: Session, work: VideoWork) -> Iterator[Asked]:
    """Ask what is unanswered about one video; `ask_videos` reads the next ones meanwhile."""
    return ask_videos(session, [work])


def pieces_of(
    session: Session, tasks: Mapping[str, Task], protocol: Protocol, guard: Guard | None = None
) -> Pieces:
    """Stored answers as pieces: by task and video, each read once.

    Args:
        guard: is told of tasks whose own code could not read an answer.

    Of a question that was asked several times the answers are combined into one.

    Questions without an answer yet (a run cut short) are left out. A video that could not be
    planned has failed answers to everything that would have been asked.
    """
    pieces, repeats = _unplanned(session, tasks), session.plan.repeats
    for name, video, inquiry, question, given in _given(session, tasks, protocol, guard):
        answer, reading = combined_answer(given, repeats.combination)
        piece = Piece(inquiry, question, answer, reading)
        pieces[name].setdefault(video, []).append(piece)
    return pieces


def repeated_pieces(
    session: Session, tasks: Mapping[str, Task], protocol: Protocol
) -> tuple[Pieces, ...]:
    """The pieces of each repetition by itself; () where every question was asked once."""
    count = session.plan.repeats.count
    if count == 1:
        return ()
    alone = tuple(_unplanned(session, tasks) for _ in range(count))
    for name, video, inquiry, question, given in _given(session, tasks, protocol):
        for pieces, (answer, reading) in zip(alone, given, strict=False):
            piece = Piece(inquiry, question, answer, reading)
            pieces[name].setdefault(video, []).append(piece)
    return alone


def _unplanned(session: Session, tasks: Mapping[str, Task]) -> Pieces:
    """Failed answers about the videos that could not be planned."""
    pieces: Pieces = {name: {} for name in tasks}
    for video, lost in session.plan.unplanned.items():
        failed, unread = Answer.failed(lost.reason), Reading(None, lost.reason)
        for inquiry in lost.inquiries:
            some = pieces[inquiry.task].setdefault(video, [])
            some += [Piece(inquiry, question, failed, unread) for question in inquiry.questions]
    return pieces


def _given(
    session: Session,
    tasks: Mapping[str, Task],
    protocol: Protocol,
    guard: Guard | None = None,
) -> Iterator[tuple[str, str, Inquiry, Question, list[tuple[Answer, Reading]]]]:
    """Task, video, inquiry and question with its stored answers, in the order of repetitions."""
    for plan in session.plan.videos:
        answers = session.answers(plan)
        rows = []
        with plugin_output():  # once a video: what each reading would do again costs more than it
            for inquiry in plan.inquiries:
                task = tasks[inquiry.task]
                for question in inquiry.questions:
                    given = []
                    for asked in session.plan.repeats.questions(question):
                        answer = answers.get((inquiry.clip, asked))
                        if answer is not None:
                            reading = _reading(task, question, answer, protocol, guard)
                            given.append((answer, reading))
                    if given:
                        rows.append((inquiry.task, plan.video.name, inquiry, question, given))
        yield from rows


def _reading(
    task: Task, question: Question, answer: Answer, protocol: Protocol, guard: Guard | None
) -> Reading:
    """What a task reads; called where `plugin_output` diverts what it prints."""
    if answer.status != "answered":
        return Reading(None, answer.reason)
    try:
        reading = task.read(question, answer, protocol)
    except (MachineError, StopRunError, KeyboardInterrupt, MemoryError):
        raise
    except BaseException as error:  # a plugin may raise anything, SystemExit included
        fault, why = fault_of(error), reason_of(error)
    else:
        if isinstance(reading, Reading):
            return reading
        fault = why = f"it gave {type(reading).__name__}"
    if guard is not None:
        guard.note_once(task.name, "reading an answer", fault)
    return Reading(None, f"the task could not read it: {why}")
