"""A model that conforms, and for each check one that breaks it and nothing else."""

from __future__ import annotations

import dataclasses
import hashlib
import itertools
import os
import threading
from pathlib import Path
from typing import Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from s3eval import Answer, Model, S3EvalError

COUNTER = itertools.count()
LOADED = itertools.count()


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


class LoadsOnce(Good):
    def __init__(self):
        if next(LOADED):
            raise RuntimeError("only once")


class CloseRaises(Good):
    def close(self):
        raise RuntimeError("nothing to close")


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


class WatchRaises(Good):
    def watch(self, footage):
        raise RuntimeError("too bright")


class WatchRaisesUnseen(WatchRaises):
    uses_footage = False


class ReleaseRaises(Good):
    def release(self, watched):
        raise RuntimeError("nothing to free")


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


class WritesTimes(Good):
    def watch(self, footage):
        footage.times[:] -= footage.times[0]
        return footage


class Draws(Good):
    def share(self, footage, question):
        return draw(next(COUNTER))


class SeesOtherQuestions(Good):
    def ask(self, watched, questions):
        keys = [q.key for q in questions]
        for question in questions:
            yield Answer.of(f"{draw(watched.frames.tobytes(), keys, question.key):.3f}")


class OutOfPlace(Good):
    def ask_as_completed(self, watched, questions):
        return zip(reversed(range(len(questions))), self.ask(watched, questions), strict=True)


class LeavesOneOut(Good):
    def ask_as_completed(self, watched, questions):
        yield from list(enumerate(self.ask(watched, questions)))[1:]


class PreparesOnItself(Good):
    def __init__(self):
        self.barrier = threading.Barrier(4)

    def prepare(self, footage):
        self.footage = footage
        if threading.current_thread() is not threading.main_thread():
            self.barrier.wait(30)  # until all four have set it
        return self.footage


class KeepsTheFirstClip(Good):
    kept = None

    def watch(self, footage):
        self.kept = footage if self.kept is None else self.kept
        return self.kept


class AnswersAboutTheLastClip(Good):
    last = None

    def watch(self, footage):
        last, self.last = self.last, footage
        return footage if last is None else last


class NoConcurrency(Good):
    concurrency = 0


class WatchesOnItself(Good):
    concurrency = 4

    def watch(self, footage):
        self.current = footage

    def ask(self, watched, questions):
        return super().ask(self.current, questions)


class AsksOnItself(Good):
    """The clip is on the model only from its first question to its last."""

    concurrency = 2

    def ask(self, watched, questions):
        self.current = watched
        for question in questions:
            yield self.answer(self.current, question)


class ReleasesAll(Good):
    """With one clip the others are gone too."""

    concurrency = 2

    def __init__(self):
        self.clips = {}

    def watch(self, footage):
        self.clips[id(footage)] = footage
        return id(footage)

    def ask(self, watched, questions):
        for question in questions:
            clip = self.clips.get(watched)
            yield self.answer(clip, question) if clip else Answer.failed("no clip")

    def release(self, watched):
        self.clips.clear()


class OneAfterTheOther(WatchesOnItself):
    """Conforms: where several are asked about, they wait for each other."""

    def __init__(self):
        self.free = threading.Lock()

    def watch(self, footage):
        self.free.acquire()
        return super().watch(footage)

    def release(self, watched):
        self.free.release()


class KeepsClipsApart(Good):
    """Conforms."""

    concurrency = 2


class OtherInAnotherProcess(Good):
    def share(self, footage, question):
        return draw(os.getpid(), question.key)


class IdentityOfTheProcess(Good):
    def identity(self):
        return {"process": os.getpid()}


class RaisesForFreeText(Good):
    def answer(self, footage, question):
        if not question.choices:
            raise KeyError(question.key)
        return super().answer(footage, question)


class YesWhateverIsOffered(Good):
    def answer(self, footage, question):
        return "yes" if self.share(footage, question) >= 0.5 else "no"


def only(options, *known):
    unknown = sorted(set(options) - set(known))
    if unknown:
        raise S3EvalError(f"unknown: {', '.join(unknown)}")
    return dict(options)


class OptionOutsideIdentity(Good):
    def __init__(self, threshold: float = 0.5):
        self.threshold = threshold

    @classmethod
    def load(cls, spec, options):
        return cls(**only(options, "threshold"))

    def share(self, footage, question):
        return draw(self.threshold, footage.frames.tobytes(), question.key)


class OptionInIdentity(OptionOutsideIdentity):
    """Conforms."""

    def identity(self):
        return {"threshold": self.threshold}


class ChecksWithDefaults(OptionInIdentity):
    @classmethod
    def checked_options(cls, spec, options):
        return {"threshold": 0.5, **only(options, "threshold")}


class ChecksToAPath(OptionInIdentity):
    @classmethod
    def checked_options(cls, spec, options):
        return {name: Path(str(value)) for name, value in only(options, "threshold").items()}


class ChecksTwiceOtherwise(OptionInIdentity):
    @classmethod
    def checked_options(cls, spec, options):
        return {name: value / 100 for name, value in only(options, "threshold").items()}


class ChecksNoName(OptionInIdentity):
    @classmethod
    def checked_options(cls, spec, options):
        return dict(options)


class OptionWithoutEffect(OptionOutsideIdentity):
    """Conforms: what changes no answer stays out of the identity."""

    def share(self, footage, question):
        return draw(footage.frames.tobytes(), question.key)


@dataclasses.dataclass
class Options:
    device: Literal["cpu", "gpu"] = "cpu"
    steps: int = 3


class FieldOutsideIdentity(Good):
    def __init__(self, options: Options):
        self.options = options

    @classmethod
    def load(cls, spec, options):
        return cls(Options(**only(options, "device", "steps")))

    def share(self, footage, question):
        return draw(self.options.steps, footage.frames.tobytes(), question.key)


class TypedOptions(BaseModel):
    model_config = ConfigDict(extra="forbid")
    precision: Literal["full", "half"] = "full"
    threshold: float = Field(0.0, ge=0, le=1)


class ChoiceOutsideIdentity(Good):
    def __init__(self, options: TypedOptions):
        self.options = options

    @classmethod
    def load(cls, spec, options):
        return cls(TypedOptions(**only(options, "precision", "threshold")))

    def share(self, footage, question):
        return draw(self.options.precision, footage.frames.tobytes(), question.key)


class BoundOutsideIdentity(ChoiceOutsideIdentity):
    """Of a default of 0 only the bound is another valid value that does something."""

    def share(self, footage, question):
        return draw(self.options.threshold == 1, footage.frames.tobytes(), question.key)


class NeedsAFile(Good):
    @classmethod
    def load(cls, spec, options):
        raise S3EvalError("it needs a file", fix="--model-option file=a.csv")
