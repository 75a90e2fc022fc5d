"""Qwen3-Omni: 13 tokens a second of sound, each frame pair at its time among them."""

from __future__ import annotations

from s3eval.hf.omni import OmniModel


class Qwen3Omni(OmniModel):
    """The thinker of Qwen3-Omni, a mixture of experts; its voice is not loaded."""

    architecture = "Qwen3OmniMoeThinkerForConditionalGeneration"
    model_types = ("qwen3_omni_moe", "qwen3_omni_moe_thinker")
    media_ends = (("<|vision_end|>", "<|vision_end|>"), ("<|audio_end|>", "<|audio_end|>"))
    pixels_per_token = 32
