"""`motion`, `sound` and `motion+sound`: models that look and listen without being taught words.

They know the 20 features by key and answer each with a probability; the onset of the seizure
and the moving arm are answered too; everything else is skipped with its reason.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from s3eval import Answer, Model, Question
from s3eval.vocabulary import HEARD, SEEN
from s3eval_model_baselines.hearing import features_of_sound
from s3eval_model_baselines.vision import features_of_frames, moving_side, seizure_span
from s3eval_model_baselines.weights import Weights

if TYPE_CHECKING:
    from s3eval import Footage

__all__ = ["Motion", "MotionAndSound", "Sound", "heard_answer"]

# Fewer frames a second than this do not show the rhythms; the window is then not judged.
SLOWEST = 8.0


@dataclass(frozen=True)
class _Watched:
    """What was measured of a clip; None where a sense had nothing to work on, and why."""

    footage: Footage
    seen: Mapping[str, float] | None
    heard: Mapping[str, float] | None
    blind: str = ""


class _Senses(Model):
    """Shared by the three: measure once, answer any number of questions."""

    sees: ClassVar[bool] = False
    hears: ClassVar[bool] = False

    def __init__(self) -> None:
        self.weights = Weights.built_in() if self.sees else None

    def identity(self) -> Mapping[str, Any]:
        """How the judge was fitted."""
        return {"version": 1, "made": dict(self.weights.made) if self.weights else {}}

    def prepare(self, footage: Footage) -> _Watched:
        """Measure the clip; nothing of it needs an accelerator."""
        seen, blind = None, "this model does not see"
        if self.sees:
            blind = _unfit(footage)
            seen = None if blind else features_of_frames(footage.frames, footage.fps)
        heard = None
        if self.hears and footage.sound is not None:
            heard = features_of_sound(footage.sound, footage.sound_rate)
        return _Watched(footage, seen, heard, blind)

    def answer(self, footage: Any, question: Question) -> Answer:
        """Answer from what was measured."""
        watched: _Watched = footage
        if question.key in HEARD:
            if not self.hears:
                return Answer.skipped("this model does not hear")
            if watched.heard is None:
                # A recording without sound: nothing is heard in it.
                return Answer.skipped("the video has no sound")
            return _given(heard_answer(question.key, watched.heard), question)
        if not self.sees:
            return Answer.skipped("this model does not see")
        if watched.seen is None:
            return Answer.skipped(watched.blind)
        if question.key in SEEN and not (question.choices and "yes" not in _lower(question)):
            return self._seen(question, watched)
        return _placed(question, watched)

    def _seen(self, question: Question, watched: _Watched) -> Answer:
        assert self.weights is not None and watched.seen is not None
        if question.key == "occur_during_sleep" and watched.footage.clip.start > 0:
            # Asked is the beginning of the video; later windows do not show it.
            return _given({"yes": 0.0, "no": 1.0}, question)
        chance = self.weights.probability(question.key, watched.seen)
        return _given({"yes": chance, "no": 1 - chance}, question)


class Motion(_Senses):
    """Classical vision on 12 frames a second."""

    sees = True


class Sound(_Senses):
    """Voice activity, groans, question and answer."""

    hears = True


class MotionAndSound(_Senses):
    """Both."""

    sees = True
    hears = True


def heard_answer(feature: str, measured: Mapping[str, float]) -> dict[str, float]:
    """The probabilities of a heard feature's answers.

    A reply is speech that follows speech within 0.3 to 1.6 s; speech without a reply is a
    question nobody answered; no speech at all is "na".
    """
    if feature == "ictal_vocalization":
        # Two thirds of a second of groaning is the even chance.
        chance = min(0.98, max(0.02, 0.5 + 0.3 * (measured["groan_seconds"] - 0.7)))
        return {"yes": chance, "no": 1 - chance}
    if measured["replies"]:
        return {"yes": 0.9, "no": 0.08, "na": 0.02}
    if measured["utterances"]:
        return {"yes": 0.08, "no": 0.84, "na": 0.08}
    return {"yes": 0.02, "no": 0.08, "na": 0.9}


def _unfit(footage: Footage) -> str:
    if len(footage.frames) < 2 * SLOWEST:
        return "too few frames to see movement"
    if footage.fps < SLOWEST:
        return f"{footage.fps:.1f} frames a second do not show rhythms; use the profile 'dense'"
    return ""


def _lower(question: Question) -> tuple[str, ...]:
    return tuple(c.lower() for c in question.choices)


def _given(chances: Mapping[str, float], question: Question) -> Answer:
    """The likeliest answer, spelt as the question offers it."""
    spelt = {c.lower(): c for c in question.choices}
    offered = {spelt.get(a, a): p for a, p in chances.items() if not spelt or a in spelt}
    best = max(chances, key=lambda a: chances[a])
    total = sum(offered.values())
    if not offered or not total:
        return Answer.of(best)
    return Answer.of(
        spelt.get(best, best), probabilities={a: p / total for a, p in offered.items()}, mass=1.0
    )


def _placed(question: Question, watched: _Watched) -> Answer:
    """The moving arm and the seizure's start and end, by movement alone."""
    frames, fps = watched.footage.frames, watched.footage.fps
    if question.key in ("seizure_start", "seizure_end"):
        span = seizure_span(frames, fps)
        if span is None:
            return Answer.skipped("nothing moves more than usual")
        at = span[0] if question.key == "seizure_start" else span[1]
        return Answer.of(f"{int(at) // 60:02d}:{int(at) % 60:02d}")
    if question.key == "arm_movement" and {"left", "right"} <= {*_lower(question)}:
        left = moving_side(frames)
        return _given({"left": left, "right": 1 - left}, question)
    return Answer.skipped("motion has no measure for this question")
