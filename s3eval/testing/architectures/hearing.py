"""The architectures that hear: Qwen2.5-Omni and Qwen3-Omni, which see as well, Audio Flamingo 3."""

from __future__ import annotations

from typing import Any

from s3eval.testing import chat_templates
from s3eval.testing.architectures.parts import (
    Parts,
    last_layers,
    mrope,
    qwen_sight,
    stops,
    text_sizes,
    token_ids,
    tokenizer_of,
)
from s3eval.testing.architectures.scale import Scale

__all__ = ["audio_flamingo3", "qwen2_5_omni", "qwen3_omni"]

_QWEN2_5_OMNI = {
    "image_token": "<|IMAGE|>",
    "audio_token": "<|AUDIO|>",
    "video_token": "<|VIDEO|>",
    "vision_bos_token": "<|vision_bos|>",
    "vision_eos_token": "<|vision_eos|>",
    "audio_bos_token": "<|audio_bos|>",
    "audio_eos_token": "<|audio_eos|>",
}
_QWEN3_OMNI = {
    "image_token": "<|image_pad|>",
    "audio_token": "<|audio_pad|>",
    "video_token": "<|video_pad|>",
    "vision_bos_token": "<|vision_start|>",
    "vision_eos_token": "<|vision_end|>",
    "audio_bos_token": "<|audio_start|>",
    "audio_eos_token": "<|audio_end|>",
}


def qwen2_5_omni(scale: Scale) -> Parts:
    """Qwen2.5-Omni's thinker: frames and sound, interleaved in time."""
    from transformers import (
        Qwen2_5OmniProcessor,
        Qwen2_5OmniThinkerConfig,
        Qwen2_5OmniThinkerForConditionalGeneration,
    )

    tokenizer = tokenizer_of(scale, _QWEN2_5_OMNI)
    ids = token_ids(tokenizer, _QWEN2_5_OMNI)
    config = Qwen2_5OmniThinkerConfig(
        text_config=text_sizes(scale, tokenizer, rope_parameters=mrope(scale)),
        vision_config=qwen_sight(
            scale, 14, window_size=112, fullatt_block_indexes=last_layers(scale)
        ),
        audio_config=_ears(scale, n_window=100),
        audio_token_index=ids["audio_token"],
        image_token_index=ids["image_token"],
        video_token_index=ids["video_token"],
        **_ends(tokenizer, ids),
    )
    processor = _omni_processor(
        Qwen2_5OmniProcessor, tokenizer, scale, 14, chat_templates.QWEN2_5_OMNI, chunk_length=30
    )
    return Qwen2_5OmniThinkerForConditionalGeneration(config), processor, stops(tokenizer)


def qwen3_omni(scale: Scale) -> Parts:
    """Qwen3-Omni's thinker: a mixture of four experts that sees and hears."""
    from transformers import (
        Qwen3OmniMoeProcessor,
        Qwen3OmniMoeThinkerConfig,
        Qwen3OmniMoeThinkerForConditionalGeneration,
    )

    tokenizer = tokenizer_of(scale, _QWEN3_OMNI)
    ids = token_ids(tokenizer, _QWEN3_OMNI)
    config = Qwen3OmniMoeThinkerConfig(
        text_config=text_sizes(
            scale,
            tokenizer,
            head_dim=scale.head_dim,
            moe_intermediate_size=scale.hidden,
            num_experts=4,
            num_experts_per_tok=2,
            rope_parameters=mrope(scale, mrope_interleaved=True, interleaved=True),
        ),
        vision_config=qwen_sight(
            scale,
            16,
            # As published; the library needs neither, vLLM both.
            image_size=256,
            apply_vit_abs_pos_embed=True,
            num_position_embeddings=256,
            deepstack_visual_indexes=[0, 1],
        ),
        audio_config=_ears(scale, n_window=50, n_window_infer=100, downsample_hidden_size=8),
        audio_token_id=ids["audio_token"],
        image_token_id=ids["image_token"],
        video_token_id=ids["video_token"],
        position_id_per_seconds=13,
        seconds_per_chunk=2,
        **_ends(tokenizer, ids),
    )
    processor = _omni_processor(
        Qwen3OmniMoeProcessor, tokenizer, scale, 16, chat_templates.QWEN3_OMNI
    )
    return Qwen3OmniMoeThinkerForConditionalGeneration(config), processor, stops(tokenizer)


def audio_flamingo3(scale: Scale) -> Parts:
    """Audio Flamingo 3: it only hears."""
    from transformers import (
        AudioFlamingo3Config,
        AudioFlamingo3ForConditionalGeneration,
        AudioFlamingo3Processor,
        WhisperFeatureExtractor,
    )

    tokenizer = tokenizer_of(scale, {"audio_token": "<sound>"})
    config = AudioFlamingo3Config(
        text_config={"model_type": "qwen2", **text_sizes(scale, tokenizer)},
        audio_config={
            "model_type": "audioflamingo3_encoder",
            "num_mel_bins": scale.mels,
            "num_hidden_layers": scale.hearing.layers,
            "num_attention_heads": scale.hearing.heads,
            "intermediate_size": scale.hearing.feed_forward,
            "hidden_size": scale.hearing.width,
        },
        audio_token_id=tokenizer.convert_tokens_to_ids("<sound>"),
    )
    processor = AudioFlamingo3Processor(
        feature_extractor=WhisperFeatureExtractor(
            feature_size=scale.mels, return_attention_mask=True
        ),
        tokenizer=tokenizer,
        chat_template=chat_templates.AUDIO_FLAMINGO3,
    )
    model = AudioFlamingo3ForConditionalGeneration(config)
    model.generation_config.repetition_penalty = 1.05
    return model, processor, stops(tokenizer)


def _ears(scale: Scale, **more: Any) -> dict[str, Any]:
    return {
        "num_mel_bins": scale.mels,
        "encoder_layers": scale.hearing.layers,
        "encoder_attention_heads": scale.hearing.heads,
        "encoder_ffn_dim": scale.hearing.feed_forward,
        "d_model": scale.hearing.width,
        "output_dim": scale.hidden,
        **more,
    }


def _ends(tokenizer: Any, ids: dict[str, int]) -> dict[str, int]:
    """The tokens around sound and frames, and the one a user's turn starts with."""
    return {
        "audio_start_token_id": ids["audio_bos_token"],
        "audio_end_token_id": ids["audio_eos_token"],
        "vision_start_token_id": ids["vision_bos_token"],
        "vision_end_token_id": ids["vision_eos_token"],
        "user_token_id": tokenizer("user")["input_ids"][0],
    }


def _omni_processor(
    kind: Any, tokenizer: Any, scale: Scale, patch: int, template: str, **hearing: Any
) -> Any:
    from transformers import (
        Qwen2VLImageProcessor,
        Qwen2VLVideoProcessor,
        WhisperFeatureExtractor,
    )

    return kind(
        image_processor=Qwen2VLImageProcessor(patch_size=patch),
        video_processor=Qwen2VLVideoProcessor(patch_size=patch),
        feature_extractor=WhisperFeatureExtractor(
            feature_size=scale.mels, return_attention_mask=True, **hearing
        ),
        tokenizer=tokenizer,
        chat_template=template,
    )
