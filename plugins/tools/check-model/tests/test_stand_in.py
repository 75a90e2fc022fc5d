"""A model that reads the drawn scenes passes; each planted fault fails its own line alone."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from s3eval_check_model.asking import Subject
from s3eval_check_model.checking import check_loaded
from s3eval_check_model.perception import LINES
from s3eval_check_model.testing import StandIn

from s3eval import Answer, ModelSpec
from s3eval.facts.clips import profile
from s3eval.facts.footage import Footage
from s3eval.vocabulary import NOTHING_THERE

SPEC = ModelSpec("stand-in", adapter="s3eval_check_model.testing:StandIn", sees=True, hears=True)
# The largest clip is not what these tests are about.
SMALL = profile("standard").changed(window_seconds=2.0, overlap_seconds=0, window_frames=4)


def checked(model, spec=SPEC):
    return check_loaded(Subject(spec, model, spec.senses), SMALL, folder=drawn())


@cache
def drawn() -> Path:
    """The drawn videos, once for all tests."""
    folder = tempfile.mkdtemp()
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return Path(folder)


def verdicts(model) -> dict[str, str]:
    return {line.name: line.verdict for line in checked(model)}


def failing(model) -> set[str]:
    return {name for name, verdict in verdicts(model).items() if verdict == "fail"}


def test_a_model_that_reads_the_scenes_passes_every_perceptual_line():
    found = verdicts(StandIn())
    assert {found[name] for name in LINES} == {"pass"}
    assert {found[n] for n in ("batch", "footage", "reversal", "sound", "mass")} == {"pass"}
    # It tells nothing of its prompt, of sharing and of tokens: that is no pass.
    assert {found[n] for n in ("template", "sharing", "budget")} == {"cannot tell"}


def reversed_frames(footage: Footage) -> Footage:
    return replace(footage, frames=footage.frames[::-1])


def swapped_neighbours(footage: Footage) -> Footage:
    turned = np.arange(len(footage.frames)) ^ 1
    return replace(footage, frames=footage.frames[turned])


def averaged(footage: Footage) -> Footage:
    mean = footage.frames.mean(axis=0, keepdims=True).astype(np.uint8)
    return replace(footage, frames=mean.repeat(len(footage.frames), 0))


def black(footage: Footage) -> Footage:
    return replace(footage, frames=np.zeros_like(footage.frames))


def rotated(footage: Footage) -> Footage:
    return replace(footage, frames=np.rot90(footage.frames, axes=(1, 2)).copy())


def without_times(footage: Footage) -> Footage:
    return replace(footage, times=np.full_like(footage.times, footage.clip.start))


def same_frame(footage: Footage) -> Footage:
    return replace(footage, frames=footage.frames[:1].repeat(len(footage.frames), 0))


def late_by_a_frame(footage: Footage) -> Footage:
    return replace(footage, times=footage.times + 0.5)


def early_by_a_frame(footage: Footage) -> Footage:
    return replace(footage, times=footage.times - 0.5)


def twice_the_rate(footage: Footage) -> Footage:
    return replace(footage, times=footage.times / 2)


def flipped(footage: Footage) -> Footage:
    return replace(footage, frames=footage.frames[:, :, ::-1])


def without_sound(footage: Footage) -> Footage:
    return replace(footage, sound=None)


def silenced(footage: Footage) -> Footage:
    return replace(footage, sound=np.zeros_like(footage.sound))


def swapped_channels(footage: Footage) -> Footage:
    return replace(footage, frames=footage.frames[..., ::-1])


FAULTS: dict[Callable[[Footage], Footage], str] = {
    reversed_frames: "order",
    swapped_neighbours: "order",
    averaged: "reversal",
    black: "footage",
    rotated: "side",
    without_times: "times",
    same_frame: "change",
    late_by_a_frame: "times",
    early_by_a_frame: "times",
    twice_the_rate: "times",
    flipped: "side",
    without_sound: "sound",
    silenced: "sound",
    swapped_channels: "colour",
}


@pytest.mark.parametrize("fault", FAULTS, ids=lambda f: f.__name__)
def test_a_planted_fault_fails_exactly_its_own_line(fault):
    assert failing(StandIn(fault)) == {FAULTS[fault]}


def test_what_rests_on_a_failed_line_is_not_told():
    found = verdicts(StandIn(reversed_frames))
    assert found["times"] == "cannot tell"
    assert verdicts(StandIn(without_sound))["hearing"] == "cannot tell"


class FirstClip(StandIn):
    """Keeps the first clip for all others."""

    kept: Footage | None = None

    def watch(self, footage):
        self.kept = self.kept or footage
        return self.kept


def test_a_clip_kept_for_all_others_fails_the_footage_line():
    assert failing(FirstClip()) == {"footage"}


class Leaking(StandIn):
    """The answer to a question stands in the way of the next one about the same clip."""

    def ask(self, watched, questions):
        before = None
        for question in questions:
            answer = self.answer(watched, question)
            if before is not None and before.choices == question.choices:
                answer = replace(answer, text="red", probabilities={})
            before = question
            yield answer


def test_an_answer_that_depends_on_the_question_before_fails_the_batch_line():
    assert "batch" in failing(Leaking())


class Blind(StandIn):
    """Says the same word, sure of itself."""

    def _text(self, footage, question):
        return question.choices[0] if question.choices else "3"


def test_a_model_that_says_the_same_of_every_clip_never_passes():
    found = verdicts(Blind())
    assert found["footage"] == "fail"
    assert all(found[name] != "pass" for name in (*LINES, "reversal", "sound"))


class Silent(StandIn):
    """Answers that cannot be read, without probabilities."""

    def answer(self, footage, question):
        return f"I see a picture of brightness {footage.frames.mean():.1f}."


def test_answers_that_cannot_be_read_are_not_judged():
    found = verdicts(Silent())
    assert {found[name] for name in LINES} == {"cannot tell"}


class Declining(StandIn):
    """Has no measure for what it is asked."""

    def answer(self, footage, question):
        return Answer.skipped("no measure for this question")


def test_a_model_that_declines_is_not_judged_and_its_reason_is_said():
    lines = checked(Declining())
    assert {line.verdict for line in lines} <= {"cannot tell", "measured"}
    for name in (*LINES, "footage", "reversal", "sound", "batch"):
        (line,) = (one for one in lines if one.name == name)
        assert "no measure for this question" in line.found, name


class Deaf(StandIn):
    """Says of a clip with sound that there is none: an answer, and a wrong one."""

    def answer(self, footage, question):
        if question.sense == "hearing":
            return Answer.skipped(NOTHING_THERE["hearing"])
        return super().answer(footage, question)


def test_a_model_that_finds_no_sound_in_a_clip_with_sound_fails_the_sound_line():
    assert failing(Deaf()) == {"sound"}


class Omni(StandIn):
    """What it hears colours what it says it is sure of, as in one prompt with both."""

    def answer(self, footage, question):
        answer = super().answer(footage, question)
        if question.sense == "hearing" or not question.choices:
            return answer
        loud = float(np.abs(footage.sound).mean()) if footage.sound is not None else 0.0
        moved = {c: 0.9 * p + 0.1 * loud for c, p in answer.probabilities.items()}
        total = sum(moved.values())
        return replace(answer, probabilities={c: p / total for c, p in moved.items()})


def test_a_sound_that_moves_what_is_seen_does_not_stand_for_the_frames():
    assert failing(Omni(black)) == {"footage"}
    assert failing(Omni()) == set()


class CannotSayWhatReturns(StandIn):
    """Always says that no colour comes back."""

    def _text(self, footage, question):
        return "no" if question.key == "returns" else super()._text(footage, question)


def test_a_model_that_cannot_say_what_comes_back_is_judged_by_first_and_last():
    assert verdicts(CannotSayWhatReturns())["order"] == "pass"
    assert failing(CannotSayWhatReturns(reversed_frames)) == {"order"}


class Broken(StandIn):
    """Fails on every clip."""

    def watch(self, footage):
        raise RuntimeError("no kernel image is available")


def test_a_model_that_fails_is_not_judged_and_says_why():
    lines = checked(Broken())
    assert {line.verdict for line in lines} == {"cannot tell"}
    assert any("no kernel image" in line.found for line in lines)


def test_a_model_that_sees_alone_is_not_asked_what_it_would_hear():
    lines = checked(StandIn(), replace(SPEC, hears=False))
    found = {line.name: line.verdict for line in lines}
    assert (found["sound"], found["hearing"]) == ("cannot tell", "cannot tell")
    assert found["colour"] == "pass"
