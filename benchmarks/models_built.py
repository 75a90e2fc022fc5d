"""What benchmarks/models.py measures: random models, one clip, twenty questions."""

from __future__ import annotations

import argparse
from typing import Any

import numpy as np

from s3eval import Clip, Footage, ModelSpec, Question, Sampling, discover
from s3eval.testing.architectures import Encoder, Scale

HEARS_ONLY = ("audio_flamingo3", "qwen2_audio")
QUESTIONS, NEW = 20, 4
MODELS = {
    "internvl": "internvl3.5-8b",
    "qwen2_5_vl": "qwen2.5-vl-7b",
    "qwen3_vl": "qwen3-vl-8b",
    "qwen2_5_omni": "qwen2.5-omni-7b",
    "qwen3_omni": "qwen3-omni-30b-a3b",
    "audio_flamingo3": "audio-flamingo-3",
}
SMALL = Scale(hidden=256, layers=4, heads=4, sight=Encoder(64), hearing=Encoder(64), tile=224)
# The published sizes of the 7B and 8B models (text width, depth, heads; the encoders').
_QWEN2_7B = {"hidden": 3584, "layers": 28, "heads": 28, "shared": 4, "inner": 18944}
_QWEN3_8B = {"hidden": 4096, "layers": 36, "heads": 32, "shared": 8, "inner": 12288}
_EARS = Encoder(1280, 32, 20, 5120)
_MORE = {"mels": 128, "rows": 152_064, "weight_scale": 1.0}
REAL = {
    "internvl": Scale(**_QWEN3_8B, **_MORE, sight=Encoder(1024, 24, 16, 4096), tile=448),
    "qwen2_5_vl": Scale(**_QWEN2_7B, **_MORE, sight=Encoder(1280, 32, 16, 3420)),
    "qwen3_vl": Scale(**_QWEN3_8B, **_MORE, sight=Encoder(1152, 27, 16, 4304)),
    "qwen2_5_omni": Scale(**_QWEN2_7B, **_MORE, sight=Encoder(1280, 32, 16, 3420), hearing=_EARS),
    "audio_flamingo3": Scale(**_QWEN2_7B, **_MORE, hearing=_EARS),
}


def spec_of(architecture: str, generic: bool = False) -> ModelSpec:
    """The spec of the model that stands for an architecture."""
    name = "hf" if generic else MODELS[architecture]
    return next(p.spec for p in discover().plugins if p.kind == "model" and p.spec.name == name)


def build(architecture: str, given: argparse.Namespace, **options: Any) -> Any:
    """The adapter around a random model in memory."""
    import torch

    from s3eval.hf.loading import Loaded
    from s3eval.testing.checkpoints import build_model

    scale = SMALL if given.size == "small" else REAL[architecture]
    torch.set_default_dtype(getattr(torch, given.dtype))
    with torch.device(given.device):
        model, processor = build_model(architecture, scale=scale)
    torch.set_default_dtype(torch.float32)
    spec = spec_of(architecture, given.generic)
    kind = spec.load()
    chosen = kind.options_type(min_pixels=0, batch=QUESTIONS, **options)
    adapter = kind(spec, chosen, Loaded(model, processor, given.device, {}))
    if given.generic:
        adapter.check_sharing()
    return adapter


def options_for(way: str) -> dict[str, Any]:
    """The options of a way of asking."""
    if way == "scored":
        return {"score_choices": True}
    return {"sharing": way}


def clip_of(architecture: str) -> Footage:
    """60 frames in 30 s, or 130 s of sound: 3,000 to 5,000 media tokens for the six adapters."""
    rng = np.random.default_rng(0)
    hears_only = architecture in HEARS_ONLY
    # Qwen2-Audio hears 30 s at most.
    seconds = {"audio_flamingo3": 130.0, "qwen2_audio": 25.0}.get(architecture, 30.0)
    # Ten by eleven tokens a pair of frames, at 28 or 32 pixels a token.
    side = 32 if "qwen3" in architecture else 28
    frames = rng.integers(0, 256, (0 if hears_only else 60, 10 * side, 11 * side, 3), np.uint8)
    sound = (0.1 * rng.standard_normal(int(seconds * 16_000))).astype(np.float32)
    times = np.arange(len(frames)) / 2.0
    return Footage(Clip("noise", 0.0, seconds, Sampling()), frames, times, sound, seconds)


def questions_for(architecture: str) -> list[Question]:
    """Twenty questions of about twenty tokens."""
    sense: Any = "hearing" if architecture in HEARS_ONLY else "sight"
    return [
        Question(
            f"q{i}",
            f"{i}: does the head turn left? Answer yes or no.",
            choices=("yes", "no"),
            max_tokens=NEW,
            sense=sense,
        )
        for i in range(QUESTIONS)
    ]
