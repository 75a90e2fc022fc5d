"""Model architectures at any size, with random weights and everything that goes with them.

Each builder makes a model, its processor (a tokenizer trained here, the family's special tokens
and chat template, its image, video and sound processors) and the tokens that end an answer.
`scale` says how large, `seeing` and `hearing` hold the builders, `parts` what they share.
"""

from __future__ import annotations

from collections.abc import Callable

from s3eval.testing.architectures import images, recent, videos
from s3eval.testing.architectures.hearing import audio_flamingo3, qwen2_5_omni, qwen3_omni
from s3eval.testing.architectures.parts import Parts
from s3eval.testing.architectures.scale import Encoder, Scale
from s3eval.testing.architectures.seeing import internvl, qwen2_5_vl, qwen3_vl

__all__ = ["ARCHITECTURES", "FURTHER", "Encoder", "Parts", "Scale"]

ARCHITECTURES: dict[str, Callable[[Scale], Parts]] = {
    "internvl": internvl,
    "qwen2_5_vl": qwen2_5_vl,
    "qwen3_vl": qwen3_vl,
    "qwen2_5_omni": qwen2_5_omni,
    "qwen3_omni": qwen3_omni,
    "audio_flamingo3": audio_flamingo3,
}
#: Architectures without an adapter of their own, which the generic model takes; by model_type.
FURTHER: dict[str, Callable[[Scale], Parts]] = {
    "aya_vision": images.aya_vision,
    "gemma3": images.gemma3,
    "gemma4": images.gemma4,
    "gemma4_unified": recent.gemma4_unified,
    "glm46v": videos.glm46v,
    "kimi_k25": recent.kimi_k25,
    "lfm2_vl": images.lfm2_vl,
    "llava_onevision": videos.llava_onevision,
    "minicpmv4_6": videos.minicpmv4_6,
    "mistral3": images.mistral3,
    "mllama": images.mllama,
    "molmo2": videos.molmo2,
    "ovis2": recent.ovis2,
    "phi4_multimodal": recent.phi4_multimodal,
    "qwen2_audio": images.qwen2_audio,
    "qwen3_5": videos.qwen3_5,
    "qwen3_vl_moe": recent.qwen3_vl_moe,
    "video_llama_3": videos.video_llama_3,
}
