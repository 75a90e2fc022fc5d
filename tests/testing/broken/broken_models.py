"""A model that conforms, and for each check one that breaks it and nothing else."""

from __future__ import annotations

import hashlib
import itertools
import os
import threading

import numpy as np

from s3eval import Answer, Model, S3EvalError

COUNTER = itertools.count()


def draw(*parts) -> float:
    """In [0, 1], the same for the same parts in every process."""
    digest = hashlib.sha256(repr(parts).encode()).digest()
    return digest[0] / 255


class Good(Model):
    def identity(self):
        return {"version": "1"}

    def share(self, footage, question) -> float:
        return draw(footage.frames.tobytes(), question.key)

    def answer(self, footage, question):
        share = self.share(footage, question)
        if not question.choices:
            return f"Seen: {share:.3f}"
        first, second = question.choices
        text = first if share >= 0.5 else second
        return Answer.of(text, probabilities={first: share, second: 1 - share}, mass=1.0)


class NoModel:
    pass


class LoadsNothing(Good):
    @classmethod
    def load(cls, spec, options):
        if options:
            raise S3EvalError(f"unknown: {', '.join(options)}")
        return Proxy(cls())


class Proxy:
    """Not a model, though it behaves like one."""

    def __init__(self, model):
        self._model = model

    def __getattr__(self, name):
        return getattr(self._model, name)


class TakesAnyOption(Good):
    @classmethod
    def load(cls, spec, options):
        return cls()


class WrongErrorForOptions(Good):
    @classmethod
    def load(cls, spec, options):
        if options:
            raise KeyError(next(iter(options)))
        return cls()


class IdentityOfTheMoment(Good):
    def __init__(self):
        self.made = next(COUNTER)

    def identity(self):
        return {"made": self.made}


class IdentityNoJson(Good):
    def identity(self):
        return {"dtype": np.float32}


class Forgets(Good):
    def ask(self, watched, questions):
        yield from list(super().ask(watched, questions))[:-1]


class OtherType(Good):
    def answer(self, footage, question):
        return Answer.of(3)


class NotNormalised(Good):
    def answer(self, footage, question):
        return Answer.of("?", probabilities=dict.fromkeys(question.choices, 0.9))


class FailsWithoutReason(Good):
    def answer(self, footage, question):
        return Answer("failed")


class HearsInSecret(Good):
    def share(self, footage, question):
        heard = b"" if footage.sound is None else footage.sound.tobytes()
        return draw(heard, question.key)


class LooksInSecret(Good):
    uses_footage = False


class WritesFrames(Good):
    def answer(self, footage, question):
        given = super().answer(footage, question)
        if question.key == "odd":  # the last that is asked: nothing else is changed by it
            footage.frames[:] = 0
        return given


class WritesFramesAlways(Good):
    """Writes what is idempotent, so that all answers stay the same."""

    def watch(self, footage):
        footage.frames[:] = footage.frames & 0xF0
        return footage


class Draws(Good):
    def share(self, footage, question):
        return draw(next(COUNTER))


class SeesOtherQuestions(Good):
    def ask(self, watched, questions):
        keys = [q.key for q in questions]
        for question in questions:
            yield Answer.of(f"{draw(watched.frames.tobytes(), keys, question.key):.3f}")


class PreparesOnItself(Good):
    def __init__(self):
        self.barrier = threading.Barrier(4)

    def prepare(self, footage):
        self.footage = footage
        if threading.current_thread() is not threading.main_thread():
            self.barrier.wait(30)  # until all four have set it
        return self.footage


class OtherInAnotherProcess(Good):
    def share(self, footage, question):
        return draw(os.getpid(), question.key)


class IdentityOfTheProcess(Good):
    def identity(self):
        return {"process": os.getpid()}
