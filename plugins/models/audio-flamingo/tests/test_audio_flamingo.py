"""Audio Flamingo 3 hears, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from s3eval_model_audio_flamingo.tokens import media_tokens

from s3eval import Question, S3EvalError, discover
from s3eval.facts.tokens import ClipSize
from s3eval.testing.noise import noise_clip

pytestmark = pytest.mark.torch
pytest.importorskip("torch")
pytest.importorskip("transformers")


@pytest.fixture(scope="module")
def model() -> Any:
    from s3eval.testing.checkpoints import shared_checkpoint

    spec = next(p.spec for p in discover().plugins if p.spec.name == "audio-flamingo-3")
    return spec.load().load(spec, {"checkpoint": str(shared_checkpoint("audio_flamingo3"))})


def test_frames_do_not_matter_sound_does(model: Any) -> None:
    question = Question("ictal_vocalization", "Groaning?", ("yes", "no"), 3, sense="hearing")

    def yes(clip: Any) -> float:
        return float(next(iter(model.ask(model.watch(clip), [question]))).probabilities["yes"])

    clip = noise_clip(1)
    assert yes(clip) == yes(replace(clip, frames=noise_clip(2).frames))
    assert abs(yes(clip) - yes(replace(clip, sound=noise_clip(2).sound))) > 1e-4
    assert abs(yes(clip) - yes(replace(clip, sound=np.zeros_like(clip.sound)))) > 1e-4


@pytest.mark.parametrize(("seconds", "tokens"), [(4.0, 100), (30.0, 750), (45.0, 1125)])
def test_twenty_five_tokens_a_second(model: Any, seconds: float, tokens: int) -> None:
    token_ids = model.watch(noise_clip(frames=0, seconds=seconds)).prefixes[""].tokens
    assert sum(t == model.model.config.audio_token_id for t in token_ids) == tokens
    assert media_tokens(ClipSize(0, 0, 0, seconds), {}) == tokens, "planning reckons the same"


def test_more_sound_than_it_hears_is_refused(model: Any) -> None:
    clip = noise_clip(frames=0, seconds=2.0)
    long = replace(clip, sound=np.zeros(601 * 16_000, np.float32))
    with pytest.raises(S3EvalError, match="601 s of sound, but 'audio-flamingo-3' hears 600 s"):
        model.watch(long)
