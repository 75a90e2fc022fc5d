"""Whether a model keeps clips apart: one after the other, and several at the same time."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import islice
from typing import Any

from s3eval.errors import S3EvalError
from s3eval.model import Model, Question
from s3eval.running.session import concurrency_of
from s3eval.testing.conformance.model_subject import Subject, ask_all, checked_answers, differing

__all__ = ["concurrency", "second_clip", "threads"]

_THREADS = 4
#: Seconds that one clip waits for the other. A model that answers one after the other by a lock
#: is not wrong: its clips then go on without each other.
_PATIENCE = 5.0


def second_clip(subject: Subject) -> Iterator[tuple[str, str]]:
    """A model that is asked about one clip after another answers the later like a fresh one."""
    first, second = subject.clip(), subject.clip(8)
    with subject.loaded() as model:
        asked = subject.questions(model)
        ask_all(model, first, asked)
        after = checked_answers(ask_all(model, second, asked), asked)
    with subject.loaded() as fresh:
        alone = checked_answers(ask_all(fresh, second, asked), asked)
    if changed := differing(after, alone, asked):
        yield (
            f"about a second clip {changed} is answered differently than by a model just loaded",
            "keep nothing of a clip on the model: hand it on in what watch() returns, and let "
            "release() free it",
        )


def threads(subject: Subject) -> Iterator[tuple[str, str]]:
    """Clips that are prepared at the same time are answered like those prepared one by one."""
    with subject.loaded() as model:
        asked = subject.questions(model)
        clips = [subject.clip(seed) for seed in range(_THREADS)]
        one_by_one = [checked_answers(ask_all(model, clip, asked), asked) for clip in clips]
        with ThreadPoolExecutor(_THREADS) as pool:
            prepared = [*pool.map(model.prepare, clips)]
        for seen, expected in zip(prepared, one_by_one, strict=True):
            watched = model.watch(seen)
            given = checked_answers(list(model.ask(watched, asked)), asked)
            model.release(watched)
            if differing(given, expected, asked):
                yield (
                    "clips prepared at the same time in several threads are answered differently",
                    "keep what prepare() makes in what it returns, not on the model",
                )
                return


def concurrency(subject: Subject) -> Iterator[tuple[str, str]]:
    """The number is one that a run takes; above 1, two clips at once are answered as alone."""
    with subject.loaded() as model:
        try:
            most = concurrency_of(model, subject.spec.name)
        except S3EvalError as error:
            yield (
                f"a run refuses its concurrency: {error.why}",
                "state a whole number: 1 for one clip after the other, more for that many "
                "questions at once",
            )
            return
        asked = subject.questions(model)
        if most == 1 or not asked:
            return
        clips = [subject.clip(seed) for seed in range(2)]
        # One clip has a question less, and is released while the other is still asked about.
        counts = (max(len(asked) - 1, 1), len(asked))
        alone = [
            checked_answers(ask_all(model, clip, asked[:n]), asked[:n])
            for clip, n in zip(clips, counts, strict=True)
        ]
        prepared = [model.prepare(clip) for clip in clips]
        together = _together(model, prepared, [asked[:n] for n in counts])
        for given, expected, n in zip(together, alone, counts, strict=True):
            questions = asked[:n]
            if len(given) != n:
                changed = f"{len(given)} of {n} questions are answered"
            elif keys := differing(checked_answers(given, questions), expected, questions):
                changed = f"{keys} is answered differently"
            else:
                continue
            yield (
                f"concurrency is {most}, but where two clips are asked about at the same time, "
                f"{changed}",
                "hand a clip on in what watch() returns instead of keeping it on the model, or "
                "set concurrency = 1",
            )
            return


def _together(
    model: Model, prepared: Sequence[Any], questions: Sequence[Sequence[Question]]
) -> list[list[Any]]:
    """The answers about clips that are watched and asked about in step, a thread for each."""
    barrier = threading.Barrier(len(prepared))
    steps = min(len(asked) for asked in questions)

    def wait() -> None:
        with suppress(threading.BrokenBarrierError):
            barrier.wait(_PATIENCE)

    def answers(seen: Any, asked: Sequence[Question]) -> list[Any]:
        try:
            return _in_step(model, seen, asked, steps, wait)
        except BaseException:
            barrier.abort()  # or the other clip would wait for this one
            raise

    with ThreadPoolExecutor(len(prepared)) as pool:
        return [*pool.map(answers, prepared, questions)]


def _in_step(
    model: Model, seen: Any, asked: Sequence[Question], steps: int, wait: Callable[[], None]
) -> list[Any]:
    """A clip's answers; it waits for the other clip after watching and after every answer."""
    watched = model.watch(seen)
    wait()
    coming, given = iter(model.ask(watched, asked)), list[Any]()
    for _ in range(steps):
        given += islice(coming, 1)
        wait()
    if len(asked) > steps:
        wait()  # until the clip with fewer questions has been released
        given += coming
    model.release(watched)
    if len(asked) == steps:
        wait()
    return given
