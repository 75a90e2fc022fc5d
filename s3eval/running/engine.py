"""The engine: each clip is decoded and watched once and asked everything still unanswered."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from s3eval.errors import MachineError, S3EvalError, StopRunError
from s3eval.facts.clips import Clip
from s3eval.judging.ahead import ask_ahead
from s3eval.model import Answer, Model, Question
from s3eval.running.plan import Plan, VideoPlan, answer_key
from s3eval.running.store import AnswerStore, StoredAnswer
from s3eval.task import Finding, Piece, Reading, ScoringContext, Task

if TYPE_CHECKING:
    from s3eval.dataset import Dataset
    from s3eval.facts.footage import Footage
    from s3eval.vocabulary import Sense

__all__ = ["Asked", "Session", "ask_all", "collect"]


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

    @classmethod
    def of(
        cls, dataset: Dataset, plan: Plan, store: AnswerStore, model: Model, name: str, senses: Any
    ) -> Session:
        """Prepare a session; media are hashed here (once a file, remembered by the store)."""
        facts = {"name": name, **model.identity()}
        media = {}
        for video in (p.video for p in plan.videos):
            media[video.name] = _media(dataset, store, model, video)
        return cls(dataset, plan, store, model, facts, frozenset(senses), media)

    def key(self, clip: Clip, question: Question) -> str:
        """The key of an answer of this session."""
        return answer_key(self.facts, self.media[clip.video], clip, question)


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
class Asked:
    """What asking came to."""

    reused: int = 0
    answered: int = 0
    failed: int = 0
    skipped: int = 0


Report = Callable[[Answer, bool], None]


def ask_all(
    session: Session, *, retry_failed: bool = False, report: Report = lambda answer, old: None
) -> Asked:
    """Ask what has not been answered; every answer is stored before the next question.

    Args:
        retry_failed: ask again what failed before.
        report: called for every answer, with whether it was already there.

    Raises:
        StopRunError, MachineError, KeyboardInterrupt: asking ended early; answers are kept.
    """
    counts = dict.fromkeys(("reused", "answered", "failed", "skipped"), 0)
    for plan in session.plan.videos:
        open_ones: dict[Clip, list[Question]] = {}
        for clip, questions in plan.questions.items():
            for question in questions:
                known = session.store.get(session.key(clip, question))
                if known is None or (retry_failed and known.status == "failed"):
                    open_ones.setdefault(clip, []).append(question)
                else:
                    counts["reused"] += 1
                    report(known, True)
        for clip, question, answer, seconds in _ask_video(session, plan, open_ones):
            _keep(session, clip, question, answer, seconds)
            counts[answer.status] += 1
            report(answer, False)
    return Asked(**counts)


def _keep(session: Session, clip: Clip, question: Question, answer: Answer, seconds: float) -> None:
    key = session.key(clip, question)
    facts = (key, clip.video, clip.start, clip.end, question.key)
    session.store.put(StoredAnswer(*facts, answer, round(seconds, 4)))


_Given = Iterator[tuple[Clip, Question, Answer, float]]


def _ask_video(
    session: Session, plan: VideoPlan, open_ones: Mapping[Clip, Sequence[Question]]
) -> _Given:
    todo: dict[Clip, list[Question]] = {}
    for clip, questions in open_ones.items():
        for question in questions:
            if session.model.looks and question.sense not in session.senses:
                reason = f"the model has no {question.sense}"
                yield clip, question, Answer.skipped(reason), 0.0
            else:
                todo.setdefault(clip, []).append(question)
    if todo:
        yield from _ask_footage(session, plan, todo)


def _ask_footage(session: Session, plan: VideoPlan, todo: dict[Clip, list[Question]]) -> _Given:
    waiting = dict(todo)
    try:
        for footage in _footage(session, plan, list(todo)):
            clip = footage.clip
            questions = waiting.pop(clip)
            reason = getattr(footage, "reason", None)
            if reason is not None:
                yield from ((clip, q, Answer.failed(reason), 0.0) for q in questions)
            else:
                yield from _ask_what_is_there(session.model, footage, questions)
            # Or this clip's frames would stay in memory while the next clip's are made.
            del footage
    except (StopRunError, MachineError):
        raise
    except (S3EvalError, OSError) as error:
        for clip, questions in waiting.items():
            for question in questions:
                yield clip, question, Answer.failed(_one_line(error)), 0.0


def _footage(session: Session, plan: VideoPlan, clips: list[Clip]) -> Iterable[Any]:
    if not session.model.looks:
        from s3eval.facts.footage import Footage

        duration = plan.video.duration or 0.0
        return (Footage.unseen(clip, duration) for clip in clips)
    from s3eval.footage.decoding import decode

    path = session.dataset.path(plan.video)
    if not path.is_file():
        raise S3EvalError("The video file is missing", where=Path(plan.video.file).name)
    return decode(
        path,
        clips,
        sight="sight" in session.senses,
        sound="hearing" in session.senses,
    )


def _ask_what_is_there(model: Model, footage: Footage, questions: Sequence[Question]) -> _Given:
    """Skip what a clip without frames, or without sound, cannot show; ask the rest."""
    there = []
    for question in questions:
        reason = _nothing_of(question.sense, footage) if model.looks else ""
        if reason:
            yield footage.clip, question, Answer.skipped(reason), 0.0
        else:
            there.append(question)
    if there:
        yield from _ask_clip(model, footage, there)


def _nothing_of(sense: Sense, footage: Footage) -> str:
    if sense == "sight" and not len(footage.frames):
        return "the clip has nothing to see"
    if sense == "hearing" and footage.sound is None:
        return "the clip has nothing to hear"
    return ""


def _ask_clip(model: Model, footage: Footage, questions: Sequence[Question]) -> _Given:
    """Watch once, ask all. A crash fails what is unanswered of this clip, and only that."""
    clip, given = footage.clip, 0
    begun = time.perf_counter()
    try:
        watched = model.watch(footage)
        for question, answer in zip(questions, model.ask(watched, questions), strict=False):
            now = time.perf_counter()
            yield clip, question, answer, now - begun
            begun, given = now, given + 1
        reason = "the model gave fewer answers than questions"
    except (StopRunError, MachineError):
        raise
    except Exception as error:
        reason = _one_line(error)
    for question in questions[given:]:
        yield clip, question, Answer.failed(reason), time.perf_counter() - begun


def _one_line(error: BaseException) -> str:
    text = str(error) if isinstance(error, S3EvalError) else f"{type(error).__name__}: {error}"
    return " ".join(text.split())[:500]


def collect(
    session: Session, tasks: Mapping[str, Task], context: ScoringContext
) -> dict[str, list[Finding]]:
    """Stored answers to findings: read each, combine each video's windows.

    Questions without an answer yet (a run cut short) are left out of the findings' pieces, and
    videos that could not be planned become failed findings of nothing; callers show both.
    """
    ask_ahead(context.judge, lambda: _combined(session, tasks, context))
    return _combined(session, tasks, context)


def _combined(
    session: Session, tasks: Mapping[str, Task], context: ScoringContext
) -> dict[str, list[Finding]]:
    found: dict[str, list[Finding]] = {name: [] for name in tasks}
    for plan in session.plan.videos:
        for name, task in tasks.items():
            pieces = [
                piece
                for inquiry in plan.inquiries
                if inquiry.task == name
                for piece in _pieces(session, task, inquiry)
            ]
            if pieces:
                found[name] += task.combine(plan.video.name, pieces, context)
    return found


def _pieces(session: Session, task: Task, inquiry: Any) -> Iterator[Piece]:
    for question in inquiry.questions:
        answer = session.store.get(session.key(inquiry.clip, question))
        if answer is None:
            continue
        yield Piece(inquiry, question, answer, _reading(task, question, answer))


def _reading(task: Task, question: Question, answer: Answer) -> Reading:
    if answer.status != "answered":
        return Reading(None, answer.reason)
    try:
        return task.read(question, answer)
    except Exception as error:
        return Reading(None, f"the task could not read it: {_one_line(error)}")
