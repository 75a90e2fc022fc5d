"""The engine: each clip is decoded and watched once and asked everything still unanswered.

What it yields is written by `s3eval.running.recording`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from s3eval.errors import MachineError, StopRunError
from s3eval.model import Answer, Question
from s3eval.plugin_calls import plugin_output
from s3eval.running.executing import Asked, VideoWork
from s3eval.running.pipeline import ask_videos
from s3eval.running.reasons import reason_of
from s3eval.running.session import Session, identity_of
from s3eval.task import Piece, Reading, Task

if TYPE_CHECKING:
    from s3eval.vocabulary import Protocol

__all__ = ["Session", "ask_video", "identity_of", "pieces_of"]


def ask_video(session: Session, work: VideoWork) -> Iterator[Asked]:
    """Ask what is unanswered about one video; `ask_videos` reads the next ones meanwhile."""
    return ask_videos(session, [work])


def pieces_of(
    session: Session, tasks: Mapping[str, Task], protocol: Protocol
) -> dict[str, dict[str, list[Piece]]]:
    """Stored answers as pieces: by task and video, each read once.

    Questions without an answer yet (a run cut short) are left out. A video that could not be
    planned has failed answers to everything that would have been asked.
    """
    pieces: dict[str, dict[str, list[Piece]]] = {name: {} for name in tasks}
    for video, lost in session.plan.unplanned.items():
        failed, unread = Answer.failed(lost.reason), Reading(None, lost.reason)
        for inquiry in lost.inquiries:
            some = pieces[inquiry.task].setdefault(video, [])
            some += [Piece(inquiry, question, failed, unread) for question in inquiry.questions]
    for plan in session.plan.videos:
        answers = session.answers(plan)
        for inquiry in plan.inquiries:
            task, mine = tasks[inquiry.task], pieces[inquiry.task]
            for question in inquiry.questions:
                answer = answers.get((inquiry.clip, question))
                if answer is not None:
                    reading = _reading(task, question, answer, protocol)
                    piece = Piece(inquiry, question, answer, reading)
                    mine.setdefault(plan.video.name, []).append(piece)
    return pieces


def _reading(task: Task, question: Question, answer: Answer, protocol: Protocol) -> Reading:
    if answer.status != "answered":
        return Reading(None, answer.reason)
    try:
        with plugin_output():
            reading = task.read(question, answer, protocol)
    except (MachineError, StopRunError, KeyboardInterrupt, MemoryError):
        raise
    except BaseException as error:  # a plugin may raise anything, SystemExit included
        return Reading(None, f"the task could not read it: {reason_of(error)}")
    if not isinstance(reading, Reading):
        return Reading(None, f"the task could not read it: it gave {type(reading).__name__}")
    return reading
