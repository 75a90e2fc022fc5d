"""The engine: each clip is decoded and watched once and asked everything still unanswered."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, closing, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from s3eval.errors import MachineError, StopRunError
from s3eval.facts.clips import Clip
from s3eval.model import Answer, Question
from s3eval.plugin_calls import plugin_output
from s3eval.running.executing import Asked, Executor, Local, VideoWork
from s3eval.running.pipeline import ask_videos
from s3eval.running.reasons import reason_of
from s3eval.running.session import Session, identity_of
from s3eval.running.store import StoredAnswer
from s3eval.task import Piece, Reading, Task

if TYPE_CHECKING:
    from s3eval.vocabulary import Protocol

__all__ = ["AskCounts", "Session", "ask_all", "ask_video", "identity_of", "pieces_of"]


@dataclass(frozen=True)
class AskCounts:
    """What asking came to."""

    reused: int = 0
    answered: int = 0
    failed: int = 0
    skipped: int = 0


Report = Callable[[Answer, bool], None]


def ask_all(
    session: Session,
    *,
    retry_failed: bool = False,
    report: Report = lambda answer, old: None,
    executor: Executor | None = None,
) -> AskCounts:
    """Ask what has not been answered; every answer is stored before the next question.

    Args:
        retry_failed: ask again what failed before.
        report: called for every answer, with whether it was already there.
        executor: where videos are asked about, default one after the other in this process.

    Raises:
        StopRunError, MachineError, KeyboardInterrupt: asking ended early; answers are kept.
    """
    counts = dict.fromkeys(("reused", "answered", "failed", "skipped"), 0)

    def works() -> Iterator[VideoWork]:
        for plan in session.plan.videos:
            keys = session.keys(plan)
            stored = session.store.get_many(keys.values())
            unanswered: dict[Clip, list[Question]] = {}
            for (clip, question), key in keys.items():
                known = stored.get(key)
                if known is None or (retry_failed and known.status == "failed"):
                    unanswered.setdefault(clip, []).append(question)
                else:
                    counts["reused"] += 1
                    report(known, True)
            if unanswered:
                yield VideoWork(plan, unanswered)

    given = (executor or Local()).ask(session, works())
    with _ended_early(given):
        for asked in given:
            clip, question, answer = asked.clip, asked.question, asked.answer
            facts = (session.key(clip, question), clip.video, clip.start, clip.end, question.key)
            session.store.put(StoredAnswer(*facts, answer, round(asked.seconds, 4)))
            counts[answer.status] += 1
            report(answer, False)
    return AskCounts(**counts)


def _ended_early(given: Iterator[Asked]) -> AbstractContextManager[object]:
    """Ends the executor's work when writing fails or is interrupted; else it would go on."""
    return closing(cast(Any, given)) if hasattr(given, "close") else nullcontext()


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
