"""Clips of frames alone, of sound alone, of neither: each model does what it declares."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from s3eval import Question
from s3eval.testing.noise import noise_clip

SEEN = Question("tonic", "Tonic?", ("yes", "no"), max_tokens=3)
HEARD = replace(SEEN, key="ictal_vocalization", text="Groaning?", sense="hearing")
CLIPS = {
    "video and sound": noise_clip(1),
    "video only": noise_clip(1, sound=False),
    "sound only": noise_clip(1, frames=0),
    "neither": noise_clip(1, frames=0, sound=False),
}
# What each kind of model answers (seen question, heard question) about each kind of clip.
ANSWERED = {
    "internvl": {"video and sound": (1, 0), "video only": (1, 0)},
    "audio_flamingo3": {"video and sound": (0, 1), "sound only": (0, 1)},
    "qwen3_omni": {"video and sound": (1, 1), "video only": (1, 0), "sound only": (0, 1)},
}
for alike, other in (
    ("qwen2_5_vl", "internvl"),
    ("qwen3_vl", "internvl"),
    ("qwen2_5_omni", "qwen3_omni"),
):
    ANSWERED[alike] = ANSWERED[other]


@pytest.mark.parametrize("kind", sorted(CLIPS))
def test_a_question_is_answered_only_where_the_sense_has_something(
    architecture: str, kind: str, loaded: Any
) -> None:
    model = loaded(architecture)
    answers = list(model.ask(model.watch(CLIPS[kind]), [SEEN, HEARD]))
    wanted = ANSWERED[architecture].get(kind, (0, 0))
    assert tuple(a.status == "answered" for a in answers) == tuple(map(bool, wanted))
    for question, answer in zip((SEEN, HEARD), answers, strict=True):
        verb = "hear" if question.sense == "hearing" else "see"
        if answer.status == "answered":
            assert answer.text and answer.probabilities
        elif question.sense in model.spec.senses:
            assert answer.reason == f"the clip has nothing to {verb}"
        else:
            assert answer.reason == f"{model.spec.name} does not {verb}"
        assert answer.status in ("answered", "skipped")


def test_skipped_questions_keep_their_place(loaded: Any) -> None:
    model = loaded("internvl")
    answers = list(model.ask(model.watch(CLIPS["video and sound"]), [HEARD, SEEN, HEARD, SEEN]))
    assert [a.status for a in answers] == ["skipped", "answered", "skipped", "answered"]
    assert answers[1] == answers[3]


@pytest.mark.parametrize("name", ["qwen2_5_omni", "qwen3_omni"])
def test_omni_models_use_sound_and_frames(name: str, loaded: Any) -> None:
    """Changing either changes the answers; leaving the sound out does, too."""
    model = loaded(name)

    def probabilities(clip: Any, of: Any = model) -> list[float]:
        answers = of.ask(of.watch(clip), [SEEN])
        return [p for a in answers for p in a.probabilities.values()]

    whole, other = CLIPS["video and sound"], noise_clip(2)
    base = probabilities(whole)
    for changed in (
        replace(whole, sound=other.sound),
        replace(whole, frames=other.frames),
        replace(whole, sound=None),
    ):
        assert max(abs(a - b) for a, b in zip(base, probabilities(changed), strict=True)) > 1e-4
    deaf = loaded(name, sound="false")
    assert probabilities(whole, deaf) == probabilities(replace(whole, sound=None))
    assert deaf.identity()["sound"] is False


@pytest.mark.parametrize("frames", [1, 2, 5])
def test_any_number_of_frames_will_do(architecture: str, frames: int, loaded: Any) -> None:
    model = loaded(architecture)
    question = SEEN if "sight" in model.spec.senses else HEARD
    clip = noise_clip(3, frames=frames, seconds=frames / 2)
    assert [a.status for a in model.ask(model.watch(clip), [question])] == ["answered"]
