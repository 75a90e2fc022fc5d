"""The engine: each clip is decoded and watched once and asked everything still unanswered."""

from __future__ import annotations

import time
from collections.abc import (
    Callable,
    Collection,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
    Set,
    Sized,
)
from dataclasses import dataclass, field
from functools import cached_property
from itertools import starmap
from typing import TYPE_CHECKING, Any

from s3eval.errors import MachineError, S3EvalError, StopRunError
from s3eval.facts.clips import Clip
from s3eval.facts.footage import Footage, FootageFailure
from s3eval.model import Answer, Model, Question
from s3eval.permission import LOCAL_ONLY, Permission
from s3eval.plugin_calls import call_plugin, is_out_of_memory, no_memory, plugin_output
from s3eval.running.boundary import checked_answer, checked_identity
from s3eval.running.executing import Asked, Executor, Local, VideoWork
from s3eval.running.keys import AnswerKeys
from s3eval.running.plan import Plan, VideoPlan
from s3eval.running.reasons import reason_of
from s3eval.running.store import AnswerStore, StoredAnswer
from s3eval.task import Piece, Reading, Task

if TYPE_CHECKING:
    from s3eval.facts.videos import Dataset
    from s3eval.running.settings import Settings
    from s3eval.vocabulary import Protocol, Sense

__all__ = ["AskCounts", "Session", "ask_all", "ask_video", "identity_of", "pieces_of"]


@dataclass(frozen=True)
class Session:
    """One model in front of one dataset: what asking needs.

    ``facts`` is the model's name and identity, part of every answer's key.
    """

    dataset: Dataset
    plan: Plan
    store: AnswerStore
    model: Model
    facts: Mapping[str, Any]
    senses: frozenset[Sense]
    media: Mapping[str, str] = field(default_factory=dict)
    settings: Settings | None = None
    permission: Permission = LOCAL_ONLY

    @cached_property
    def _keys(self) -> AnswerKeys:
        return AnswerKeys(self.facts)

    @classmethod
    def of(
        cls,
        dataset: Dataset,
        plan: Plan,
        store: AnswerStore,
        model: Model,
        name: str,
        senses: Collection[Sense],
        package: str = "",
        settings: Settings | None = None,
        permission: Permission = LOCAL_ONLY,
        identity: Mapping[str, Any] | None = None,
    ) -> Session:
        """Prepare a session; media are hashed here (once a file, remembered by the store).

        Args:
            identity: the model's, checked, where it was asked already.

        Raises:
            S3EvalError: the model's identity is not JSON-able.
        """
        if identity is None:
            identity = identity_of(model, name, package)
        facts = {"name": name, **identity}
        media = {}
        for video in (p.video for p in plan.videos):
            media[video.name] = _media(dataset, store, model, video)
        return cls(
            dataset, plan, store, model, facts, frozenset(senses), media, settings, permission
        )

    def key(self, clip: Clip, question: Question) -> str:
        """The key of an answer of this session."""
        return self._keys.of(self.media[clip.video], clip, question)

    def keys(self, plan: VideoPlan) -> dict[tuple[Clip, Question], str]:
        """The keys of all answers about a video."""
        return {
            (c, q): self.key(c, q) for c, questions in plan.questions.items() for q in questions
        }

    def answers(self, plan: VideoPlan) -> dict[tuple[Clip, Question], Answer]:
        """The stored answers about a video."""
        keys = self.keys(plan)
        stored = self.store.get_many(keys.values())
        return {asked: stored[key] for asked, key in keys.items() if key in stored}


def identity_of(model: Model, name: str, package: str = "") -> dict[str, Any]:
    """A loaded model's identity, checked.

    Raises:
        S3EvalError: it cannot be had, or is not JSON-able.
    """
    given = call_plugin(f"identity() of model '{name}'", package, model.identity)
    return checked_identity(given, name, package)


def _media(dataset: Dataset, store: AnswerStore, model: Model, video: Any) -> str:
    # A model that does not look answers by name; a file that is not there has no content yet,
    # and will have another key once it has.
    if not model.looks:
        return f"name:{video.name}"
    try:
        return store.media_hash(dataset.path(video))
    except (OSError, S3EvalError):
        return f"missing:{video.name}"


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

    for asked in (executor or Local()).ask(session, works()):
        clip, question, answer = asked.clip, asked.question, asked.answer
        facts = (session.key(clip, question), clip.video, clip.start, clip.end, question.key)
        session.store.put(StoredAnswer(*facts, answer, round(asked.seconds, 4)))
        counts[answer.status] += 1
        report(answer, False)
    return AskCounts(**counts)


_Asked = Iterator[tuple[Clip, Question, Answer, float]]


def ask_video(session: Session, work: VideoWork) -> Iterator[Asked]:
    """Ask what is unanswered about a video: decode it once, watch each clip once."""
    todo: dict[Clip, list[Question]] = {}
    for clip, questions in work.unanswered.items():
        for question in questions:
            if session.model.looks and question.sense not in session.senses:
                reason = f"the model has no {question.sense}"
                yield Asked(clip, question, Answer.skipped(reason))
            else:
                todo.setdefault(clip, []).append(question)
    if todo:
        yield from starmap(Asked, _ask_footage(session, work.plan, todo))


def _ask_footage(session: Session, plan: VideoPlan, todo: dict[Clip, list[Question]]) -> _Asked:
    waiting = dict(todo)
    try:
        for footage in _footage(session, plan, list(todo)):
            clip = footage.clip
            questions = waiting.pop(clip)
            if isinstance(footage, FootageFailure):
                yield from ((clip, q, Answer.failed(footage.reason), 0.0) for q in questions)
            else:
                yield from _ask_what_is_there(session.model, footage, questions, plan.video.file)
            # Or this clip's frames would stay in memory while the next clip's are made.
            del footage
    except (StopRunError, MachineError):
        raise
    except (S3EvalError, OSError) as error:
        reason = reason_of(error, plan.video.file)
        for clip, questions in waiting.items():
            for question in questions:
                yield clip, question, Answer.failed(reason), 0.0


def _footage(
    session: Session, plan: VideoPlan, clips: list[Clip]
) -> Iterable[Footage | FootageFailure]:
    if not session.model.looks:
        duration = plan.video.duration or 0.0
        return (Footage.unseen(clip, duration) for clip in clips)
    from s3eval.footage.decoding import decode

    path = session.dataset.path(plan.video)
    if not path.is_file():
        raise S3EvalError("The video file is missing", where=plan.video.name)
    return decode(
        path,
        clips,
        sight="sight" in session.senses,
        sound="hearing" in session.senses,
    )


def _ask_what_is_there(
    model: Model, footage: Footage, questions: Sequence[Question], file: str
) -> _Asked:
    """Skip what a clip without frames, or without sound, cannot show; ask the rest."""
    there = []
    for question in questions:
        reason = _nothing_of(question.sense, footage) if model.looks else ""
        if reason:
            yield footage.clip, question, Answer.skipped(reason), 0.0
        else:
            there.append(question)
    if there:
        yield from _ask_clip(model, footage, there, file)


def _nothing_of(sense: Sense, footage: Footage) -> str:
    if sense == "sight" and not len(footage.frames):
        return "the clip has nothing to see"
    if sense == "hearing" and footage.sound is None:
        return "the clip has nothing to hear"
    return ""


def _ask_clip(model: Model, footage: Footage, questions: Sequence[Question], file: str) -> _Asked:
    """Watch once, ask all. A crash fails what is unanswered of this clip, and only that."""
    clip, given = footage.clip, 0
    begun = time.perf_counter()
    try:
        # What a plugin prints would stand in the middle of what a command writes.
        with plugin_output():
            watched = model.watch(model.prepare(footage))
            answers = _in_order(model.ask(watched, questions), len(questions))
        while given < len(questions):
            with plugin_output():
                answer = next(answers, _NOTHING)
            if answer is _NOTHING:
                break
            now = time.perf_counter()
            question = questions[given]
            yield clip, question, checked_answer(answer, question), now - begun
            begun, given = now, given + 1
        reason = "the model gave fewer answers than questions"
        with plugin_output():
            model.release(watched)
    except (StopRunError, MachineError, KeyboardInterrupt, GeneratorExit):
        raise
    except BaseException as error:  # a plugin may raise anything, SystemExit included
        if is_out_of_memory(error):
            raise no_memory() from error
        reason = reason_of(error, file)
    for question in questions[given:]:
        yield clip, question, Answer.failed(reason), time.perf_counter() - begun


_NOTHING = object()


def _in_order(given: Any, count: int) -> Iterator[Any]:
    """What `Model.ask` gave, one answer after the other.

    Raises:
        S3EvalError: it is no sequence of answers (text, a mapping, a set), or longer than the
            questions, so that nobody knows which answer belongs to which.
    """
    if not isinstance(given, Iterable) or isinstance(given, (str, bytes, Mapping, Set)):
        raise S3EvalError(f"the model gave {type(given).__name__} instead of answers in order")
    if isinstance(given, Sized) and len(given) > count:
        raise S3EvalError(f"the model gave {len(given)} answers to {count} questions")
    return iter(given)


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
        with plugin_output():  # once a video: what each reading would do again costs more than it
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
