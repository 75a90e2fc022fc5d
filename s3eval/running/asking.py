"""Asking a model about one clip: prepare, watch, ask, release.

A crash fails what is unanswered of the clip, and only that.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set, Sized
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from s3eval.errors import MachineError, S3EvalError, StopRunError
from s3eval.facts.clips import Clip
from s3eval.facts.footage import Footage
from s3eval.model import Answer, FailureKind, Model, Question
from s3eval.plugin_calls import is_out_of_memory, plugin_output
from s3eval.running.boundary import checked_answer
from s3eval.running.executing import Asked
from s3eval.running.reasons import reason_of
from s3eval.vocabulary import NOTHING_THERE

if TYPE_CHECKING:
    from s3eval.running.limits import StageSeconds
    from s3eval.vocabulary import Sense

__all__ = ["PreparedClip", "ask_prepared", "positioned_answers", "prepared_clip"]


@dataclass
class PreparedClip:
    """A clip that is decoded and prepared, on its way to the model.

    Attributes:
        clip: which; ``file`` its video's, which reasons must not name.
        known: what needs no model: questions that the clip has nothing for, or that failed.
        questions: those for the model, none where nothing is left to ask.
        prepared: what `Model.prepare` returned.
        size: bytes that it counts for.
    """

    clip: Clip
    file: str
    known: Sequence[Asked] = ()
    questions: Sequence[Question] = ()
    prepared: Any = None
    size: int = 0


def prepared_clip(
    model: Model,
    footage: Footage,
    questions: Sequence[Question],
    file: str,
    seconds: StageSeconds,
) -> PreparedClip:
    """Skip what a clip without frames, or without sound, cannot show; prepare it for the rest.

    Raises:
        MachineError, StopRunError: those end more than a clip.
    """
    clip, known, there = footage.clip, list[Asked](), list[Question]()
    for question in questions:
        reason = _nothing_of(question.sense, footage) if model.uses_footage else ""
        if reason:
            known.append(Asked(clip, question, Answer.skipped(reason)))
        else:
            there.append(question)
    if not there:
        return PreparedClip(clip, file, known)
    begun = time.perf_counter()
    try:
        with seconds.measured("preparing"), plugin_output():
            prepared = model.prepare(footage)
            size = _size(prepared, footage)
    except BaseException as error:
        failed = _failed_or_raise(error, file)
        spent = (time.perf_counter() - begun) / len(there)
        known += [Asked(clip, q, failed, spent) for q in there]
        return PreparedClip(clip, file, known)
    return PreparedClip(clip, file, known, there, prepared, size)


def _nothing_of(sense: Sense, footage: Footage) -> str:
    if sense == "sight" and not len(footage.frames):
        return NOTHING_THERE[sense]
    if sense == "hearing" and footage.sound is None:
        return NOTHING_THERE[sense]
    return ""


def _size(prepared: Any, footage: Footage) -> int:
    """What a prepared clip counts for: its own ``nbytes``, else as much as the footage."""
    size = None if prepared is footage else getattr(prepared, "nbytes", None)
    return size if isinstance(size, int) and size > 0 else footage.nbytes


def ask_prepared(model: Model, ready: PreparedClip, seconds: StageSeconds) -> Iterator[Asked]:
    """What is known of a clip already; then watch it once and ask the rest.

    Raises:
        MachineError, StopRunError: those end more than a clip.
    """
    yield from ready.known
    if not ready.questions:
        return
    clip, questions = ready.clip, ready.questions
    unanswered = dict(enumerate(questions))
    begun = time.perf_counter()
    try:
        # What a plugin prints would stand in the middle of what a command writes.
        with plugin_output():
            with seconds.measured("watching"):
                watched = model.watch(ready.prepared)
            # Or the frames would stay in memory as long as the questions take.
            ready.prepared = None
            with seconds.measured("asking"):
                answers = positioned_answers(model, watched, questions)
        while unanswered:
            with seconds.measured("asking"), plugin_output():
                given = next(answers, None)
            if given is None:
                break
            now, question = time.perf_counter(), unanswered.pop(given[0])
            yield Asked(clip, question, checked_answer(given[1], question), now - begun)
            begun = time.perf_counter()
        failed = Answer.failed("the model gave fewer answers than questions", "model")
        with plugin_output():
            model.release(watched)
    except GeneratorExit:
        raise
    except BaseException as error:
        failed = _failed_or_raise(error, ready.file)
    for question in unanswered.values():
        yield Asked(clip, question, failed, time.perf_counter() - begun)


def _failed_or_raise(error: BaseException, file: str) -> Answer:
    """The answer to what is unanswered of a clip.

    Raises:
        MachineError, StopRunError, KeyboardInterrupt: those end more than a clip.
    """
    # A plugin may raise anything, SystemExit included.
    if isinstance(error, (StopRunError, MachineError, KeyboardInterrupt)):
        raise error
    # What becomes of it is the writer's decision (`running.recording.FailurePolicy`).
    kind: FailureKind = "memory" if is_out_of_memory(error) else "model"
    return Answer.failed(reason_of(error, file), kind)


def positioned_answers(
    model: Model, watched: Any, questions: Sequence[Question]
) -> Iterator[tuple[int, Any]]:
    """What a model gives for questions about a clip, each with its question's position.

    Raises:
        S3EvalError: it is no sequence of answers (text, a mapping, a set), or longer than the
            questions, so that nobody knows which answer belongs to which; or not one answer each.
    """
    # A list of its own: a model may empty the one that it is handed.
    if _answers_as_completed(type(model)):
        given: Any = model.ask_as_completed(watched, list(questions))
        if given is not None:
            return _each_once(given, len(questions))
    return enumerate(_in_order(model.ask(watched, list(questions)), len(questions)))


def _answers_as_completed(kind: type[Model]) -> bool:
    """Whether the class that says how it is asked last, from the base on, says it in any order."""
    names = ("ask", "ask_as_completed")
    last = next(c for c in kind.__mro__ if any(name in vars(c) for name in names))
    return last is not Model and "ask_as_completed" in vars(last)


def _each_once(given: Any, count: int) -> Iterator[tuple[int, Any]]:
    """Pairs of a position and an answer, checked as they come."""
    seen = set[int]()
    for pair in given:
        if not isinstance(pair, tuple) or len(pair) != 2 or type(pair[0]) is not int:
            got = type(pair).__name__
            raise S3EvalError(f"the model gave {got} instead of a position and an answer")
        place = pair[0]
        if not 0 <= place < count or place in seen:
            again = " again" if place in seen else ""
            raise S3EvalError(f"the model answered question {place} of {count}{again}")
        seen.add(place)
        yield pair


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
