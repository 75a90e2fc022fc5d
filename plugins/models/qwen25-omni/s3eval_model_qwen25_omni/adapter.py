"""Qwen2.5-Omni: 25 tokens a second of sound, laid in chunks of 2 s between the frames."""

from __future__ import annotations

from s3eval.hf.omni import OmniModel


class Qwen25Omni(OmniModel):
    """The thinker of Qwen2.5-Omni; its voice is not loaded."""

    architecture = "Qwen2_5OmniThinkerForConditionalGeneration"
    model_types = ("qwen2_5_omni", "qwen2_5_omni_thinker")
    media_ends = (("<|vision_eos|>", "<|vision_eos|>"), ("<|audio_eos|>", "<|audio_eos|>"))
    pixels_per_token = 28
    # At 300 s in the published checkpoint.
    cuts_sound = True
