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

__all__ = ["PreparedClip", "ask_prepared", "prepared_clip"]


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
    clip, questions, given = ready.clip, ready.questions, 0
    begun = time.perf_counter()
    try:
        # What a plugin prints would stand in the middle of what a command writes.
        with plugin_output():
            with seconds.measured("watching"):
                watched = model.watch(ready.prepared)
            # Or the frames would stay in memory as long as the questions take.
            ready.prepared = None
            with seconds.measured("asking"):
                # A list of its own: a model may empty the one that it is handed.
                answers = _in_order(model.ask(watched, list(questions)), len(questions))
        while given < len(questions):
            with seconds.measured("asking"), plugin_output():
                answer = next(answers, _NOTHING)
            if answer is _NOTHING:
                break
            now = time.perf_counter()
            question = questions[given]
            yield Asked(clip, question, checked_answer(answer, question), now - begun)
            begun, given = time.perf_counter(), given + 1
        failed = Answer.failed("the model gave fewer answers than questions", "model")
        with plugin_output():
            model.release(watched)
    except GeneratorExit:
        raise
    except BaseException as error:
        failed = _failed_or_raise(error, ready.file)
    for question in questions[given:]:
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
