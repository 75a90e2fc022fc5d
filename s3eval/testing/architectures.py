"""The six model architectures at any size, with random weights and everything that goes with them.

Each builder makes a model, its processor (a tokenizer trained here, the family's special tokens
and chat template, its image, video and sound processors) and the tokens that end an answer.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from s3eval.testing import chat_templates

__all__ = ["ARCHITECTURES", "Encoder", "Parts", "Scale"]


@dataclass(frozen=True)
class Encoder:
    """An encoder's width, depth, heads and feed-forward width (twice its width when None)."""

    width: int = 32
    layers: int = 2
    heads: int = 2
    inner: int | None = None

    @property
    def feed_forward(self) -> int:
        """Width of the feed-forward part."""
        return self.inner or 2 * self.width


@dataclass(frozen=True)
class Scale:
    """How large the random model is. Sizes that are None follow from the others.

    ``hidden`` is the text width, ``layers`` its depth, ``heads`` its attention heads, ``shared``
    its key-value heads (half as many), ``inner`` the width of its feed-forward part (twice);
    ``sight`` and ``hearing`` the encoders'; ``tile`` the side in pixels of an InternVL frame;
    ``context`` the longest sequence; ``vocabulary`` the trained tokens, ``rows`` those the
    embedding has room for; ``weight_scale`` multiplies all matrices.
    """

    hidden: int = 64
    layers: int = 2
    heads: int = 4
    shared: int | None = None
    inner: int | None = None
    sight: Encoder = field(default_factory=Encoder)
    hearing: Encoder = field(default_factory=Encoder)
    tile: int = 56
    mels: int = 16
    context: int = 32_768
    vocabulary: int = 480
    rows: int = 0
    weight_scale: float = 3.0

    @property
    def head_dim(self) -> int:
        """Width of an attention head."""
        return self.hidden // self.heads

    @property
    def mrope_section(self) -> list[int]:
        """Rotary pairs for time, height and width; they sum to half a head."""
        half = self.head_dim // 2
        third = half * 3 // 8
        return [half - 2 * third, third, third]


_CORPUS = (
    "Is the patient asleep at the start of the video? Answer yes or no only.",
    "Does the head turn to the left or to the right? left right neither both arms legs",
    "Seizure semiology: tonic posturing, clonic jerks, oral automatisms, blank stare.",
    "yes no Yes No YES NO left right Left Right ES NES epileptic nonepileptic seizure",
    "Describe what you see and hear in the clip in one sentence; give the time as MM:SS.",
    "You are a helpful assistant. The patient does not answer verbally. 0 1 2 3 4 5 6 7 8 9",
    "Frame1: Frame2: <0.5 seconds> system user assistant a an the of and with is are was",
)
# Answers are whole tokens, as in the published tokenizers.
_ANSWERS = " ".join(
    form for word in ("yes", "no", "left", "right") for form in (word, word.title(), word.upper())
)
# The split into words that the Qwen tokenizers use.
_SPLIT = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)
_CHAT_TOKENS = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")


def _tokenizer(scale: Scale, specials: dict[str, str]) -> Any:
    """A byte-level BPE tokenizer trained here; ``specials`` become attributes of that name."""
    from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    raw = Tokenizer(models.BPE())
    raw.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(_SPLIT), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    raw.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=scale.vocabulary,
        show_progress=False,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
    )
    raw.train_from_iterator([*_CORPUS, *[_ANSWERS, *_ANSWERS.split()] * 50], trainer)
    added = dict.fromkeys([*_CHAT_TOKENS, *specials.values()])
    raw.add_special_tokens([AddedToken(t, special=True, normalized=False) for t in added])
    return PreTrainedTokenizerFast(
        tokenizer_object=raw,
        eos_token="<|im_end|>",
        pad_token="<|endoftext|>",
        padding_side="left",
        clean_up_tokenization_spaces=False,
        extra_special_tokens=specials,
    )


def _stops(tokenizer: Any) -> list[int]:
    return [tokenizer.convert_tokens_to_ids(t) for t in ("<|im_end|>", "<|endoftext|>")]


def _text(scale: Scale, tokenizer: Any, **more: Any) -> dict[str, Any]:
    """The sizes every text model takes."""
    return {
        "vocab_size": max(len(tokenizer), scale.rows),
        "hidden_size": scale.hidden,
        "intermediate_size": scale.inner or 2 * scale.hidden,
        "num_hidden_layers": scale.layers,
        "num_attention_heads": scale.heads,
        "num_key_value_heads": scale.shared or max(1, scale.heads // 2),
        "max_position_embeddings": scale.context,
        "tie_word_embeddings": False,
        "bos_token_id": None,
        "eos_token_id": tokenizer.eos_token_id,
        "pad_token_id": tokenizer.pad_token_id,
        **more,
    }


def _mrope(scale: Scale, **more: Any) -> dict[str, Any]:
    return {
        "rope_type": "default",
        "rope_theta": 1_000_000.0,
        "mrope_section": scale.mrope_section,
        **more,
    }


Parts = tuple[Any, Any, list[int]]


def _internvl(scale: Scale) -> Parts:
    from transformers import (
        GotOcr2ImageProcessor,
        InternVLConfig,
        InternVLForConditionalGeneration,
        InternVLProcessor,
        InternVLVideoProcessor,
        Qwen3Config,
    )

    specials = {
        "start_image_token": "<img>",
        "end_image_token": "</img>",
        "context_image_token": "<IMG_CONTEXT>",
        "video_token": "<video>",
    }
    tokenizer = _tokenizer(scale, specials)
    # 4 x 4 patches of 14 pixels, folded 2 x 2: four tokens a frame (published: 448 and 256).
    side, tokens = scale.tile, (scale.tile // 28) ** 2
    config = InternVLConfig(
        text_config=Qwen3Config(**_text(scale, tokenizer, head_dim=scale.head_dim)),
        vision_config={
            "hidden_size": scale.sight.width,
            "num_hidden_layers": scale.sight.layers,
            "num_attention_heads": scale.sight.heads,
            "intermediate_size": scale.sight.feed_forward,
            "image_size": [side, side],
            "patch_size": [14, 14],
        },
        image_token_id=tokenizer.convert_tokens_to_ids("<IMG_CONTEXT>"),
        image_seq_length=tokens,
        tie_word_embeddings=False,
    )
    size = {"height": side, "width": side}
    processor = InternVLProcessor(
        image_processor=GotOcr2ImageProcessor(size=size),
        tokenizer=tokenizer,
        video_processor=InternVLVideoProcessor(size=size),
        image_seq_length=tokens,
        chat_template=chat_templates.INTERNVL,
    )
    return InternVLForConditionalGeneration(config), processor, _stops(tokenizer)


_QWEN_VISION = {
    "image_token": "<|image_pad|>",
    "video_token": "<|video_pad|>",
    "vision_start_token": "<|vision_start|>",
    "vision_end_token": "<|vision_end|>",
}


def _qwen_ids(tokenizer: Any) -> dict[str, int]:
    return {f"{name}_id": tokenizer.convert_tokens_to_ids(t) for name, t in _QWEN_VISION.items()}


def _qwen_vision(scale: Scale, patch: int, **more: Any) -> dict[str, Any]:
    return {
        "depth": scale.sight.layers,
        "hidden_size": scale.sight.width,
        "intermediate_size": scale.sight.feed_forward,
        "num_heads": scale.sight.heads,
        "patch_size": patch,
        "spatial_merge_size": 2,
        "temporal_patch_size": 2,
        "out_hidden_size": scale.hidden,
        **more,
    }


def _last(scale: Scale) -> list[int]:
    """The layers that attend to whole frames: every eighth, and at least the last."""
    return [*range(7, scale.sight.layers - 1, 8), scale.sight.layers - 1]


def _qwen2_5_vl(scale: Scale) -> Parts:
    from transformers import (
        Qwen2_5_VLConfig,
        Qwen2_5_VLForConditionalGeneration,
        Qwen2_5_VLProcessor,
        Qwen2VLImageProcessor,
        Qwen2VLVideoProcessor,
    )

    tokenizer = _tokenizer(scale, _QWEN_VISION)
    config = Qwen2_5_VLConfig(
        text_config=_text(scale, tokenizer, rope_parameters=_mrope(scale)),
        vision_config=_qwen_vision(
            scale, 14, window_size=112, fullatt_block_indexes=_last(scale), tokens_per_second=4
        ),
        **_qwen_ids(tokenizer),
    )
    processor = Qwen2_5_VLProcessor(
        image_processor=Qwen2VLImageProcessor(),
        tokenizer=tokenizer,
        video_processor=Qwen2VLVideoProcessor(),
        chat_template=chat_templates.QWEN2_5_VL,
    )
    model = Qwen2_5_VLForConditionalGeneration(config)
    # As published: greedy decoding then still discounts repeated tokens.
    model.generation_config.repetition_penalty = 1.05
    return model, processor, _stops(tokenizer)


def _qwen3_vl(scale: Scale) -> Parts:
    from transformers import (
        Qwen2VLImageProcessor,
        Qwen3VLConfig,
        Qwen3VLForConditionalGeneration,
        Qwen3VLProcessor,
        Qwen3VLVideoProcessor,
    )

    tokenizer = _tokenizer(scale, _QWEN_VISION)
    config = Qwen3VLConfig(
        text_config=_text(
            scale,
            tokenizer,
            head_dim=scale.head_dim,
            rope_parameters=_mrope(scale, mrope_interleaved=True),
        ),
        vision_config=_qwen_vision(
            scale, 16, num_position_embeddings=256, deepstack_visual_indexes=[0, 1]
        ),
        **_qwen_ids(tokenizer),
    )
    processor = Qwen3VLProcessor(
        image_processor=Qwen2VLImageProcessor(patch_size=16),
        tokenizer=tokenizer,
        video_processor=Qwen3VLVideoProcessor(),
        chat_template=chat_templates.QWEN3_VL,
    )
    return Qwen3VLForConditionalGeneration(config), processor, _stops(tokenizer)


def _ears(scale: Scale, **more: Any) -> dict[str, Any]:
    return {
        "num_mel_bins": scale.mels,
        "encoder_layers": scale.hearing.layers,
        "encoder_attention_heads": scale.hearing.heads,
        "encoder_ffn_dim": scale.hearing.feed_forward,
        "d_model": scale.hearing.width,
        **more,
    }


def _qwen2_5_omni(scale: Scale) -> Parts:
    from transformers import (
        Qwen2_5OmniProcessor,
        Qwen2_5OmniThinkerConfig,
        Qwen2_5OmniThinkerForConditionalGeneration,
        Qwen2VLImageProcessor,
        Qwen2VLVideoProcessor,
        WhisperFeatureExtractor,
    )

    specials = {
        "image_token": "<|IMAGE|>",
        "audio_token": "<|AUDIO|>",
        "video_token": "<|VIDEO|>",
        "vision_bos_token": "<|vision_bos|>",
        "vision_eos_token": "<|vision_eos|>",
        "audio_bos_token": "<|audio_bos|>",
        "audio_eos_token": "<|audio_eos|>",
    }
    tokenizer = _tokenizer(scale, specials)
    ids = {name: tokenizer.convert_tokens_to_ids(token) for name, token in specials.items()}
    config = Qwen2_5OmniThinkerConfig(
        text_config=_text(scale, tokenizer, rope_parameters=_mrope(scale)),
        vision_config=_qwen_vision(scale, 14, window_size=112, fullatt_block_indexes=_last(scale)),
        audio_config=_ears(scale, n_window=100, output_dim=scale.hidden),
        audio_token_index=ids["audio_token"],
        image_token_index=ids["image_token"],
        video_token_index=ids["video_token"],
        audio_start_token_id=ids["audio_bos_token"],
        audio_end_token_id=ids["audio_eos_token"],
        vision_start_token_id=ids["vision_bos_token"],
        vision_end_token_id=ids["vision_eos_token"],
        user_token_id=tokenizer("user")["input_ids"][0],
    )
    processor = Qwen2_5OmniProcessor(
        image_processor=Qwen2VLImageProcessor(),
        video_processor=Qwen2VLVideoProcessor(),
        feature_extractor=WhisperFeatureExtractor(
            feature_size=scale.mels, chunk_length=30, return_attention_mask=True
        ),
        tokenizer=tokenizer,
        chat_template=chat_templates.QWEN2_5_OMNI,
    )
    return Qwen2_5OmniThinkerForConditionalGeneration(config), processor, _stops(tokenizer)


def _qwen3_omni(scale: Scale) -> Parts:
    from transformers import (
        Qwen2VLImageProcessor,
        Qwen2VLVideoProcessor,
        Qwen3OmniMoeProcessor,
        Qwen3OmniMoeThinkerConfig,
        Qwen3OmniMoeThinkerForConditionalGeneration,
        WhisperFeatureExtractor,
    )

    specials = {
        "image_token": "<|image_pad|>",
        "audio_token": "<|audio_pad|>",
        "video_token": "<|video_pad|>",
        "vision_bos_token": "<|vision_start|>",
        "vision_eos_token": "<|vision_end|>",
        "audio_bos_token": "<|audio_start|>",
        "audio_eos_token": "<|audio_end|>",
    }
    tokenizer = _tokenizer(scale, specials)
    ids = {name: tokenizer.convert_tokens_to_ids(token) for name, token in specials.items()}
    config = Qwen3OmniMoeThinkerConfig(
        text_config=_text(
            scale,
            tokenizer,
            head_dim=scale.head_dim,
            moe_intermediate_size=scale.hidden,
            num_experts=4,
            num_experts_per_tok=2,
            rope_parameters=_mrope(scale, mrope_interleaved=True, interleaved=True),
        ),
        vision_config=_qwen_vision(
            scale,
            16,
            # As published; the library needs neither, vLLM both.
            image_size=256,
            apply_vit_abs_pos_embed=True,
            num_position_embeddings=256,
            deepstack_visual_indexes=[0, 1],
        ),
        audio_config=_ears(
            scale,
            n_window=50,
            n_window_infer=100,
            downsample_hidden_size=8,
            output_dim=scale.hidden,
        ),
        audio_token_id=ids["audio_token"],
        image_token_id=ids["image_token"],
        video_token_id=ids["video_token"],
        audio_start_token_id=ids["audio_bos_token"],
        audio_end_token_id=ids["audio_eos_token"],
        vision_start_token_id=ids["vision_bos_token"],
        vision_end_token_id=ids["vision_eos_token"],
        position_id_per_seconds=13,
        seconds_per_chunk=2,
        user_token_id=tokenizer("user")["input_ids"][0],
    )
    processor = Qwen3OmniMoeProcessor(
        image_processor=Qwen2VLImageProcessor(patch_size=16),
        video_processor=Qwen2VLVideoProcessor(patch_size=16),
        feature_extractor=WhisperFeatureExtractor(
            feature_size=scale.mels, return_attention_mask=True
        ),
        tokenizer=tokenizer,
        chat_template=chat_templates.QWEN3_OMNI,
    )
    return Qwen3OmniMoeThinkerForConditionalGeneration(config), processor, _stops(tokenizer)


def _audio_flamingo3(scale: Scale) -> Parts:
    from transformers import (
        AudioFlamingo3Config,
        AudioFlamingo3ForConditionalGeneration,
        AudioFlamingo3Processor,
        WhisperFeatureExtractor,
    )

    tokenizer = _tokenizer(scale, {"audio_token": "<sound>"})
    config = AudioFlamingo3Config(
        text_config={"model_type": "qwen2", **_text(scale, tokenizer)},
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
    return model, processor, _stops(tokenizer)


ARCHITECTURES: dict[str, Callable[[Scale], Parts]] = {
    "internvl": _internvl,
    "qwen2_5_vl": _qwen2_5_vl,
    "qwen3_vl": _qwen3_vl,
    "qwen2_5_omni": _qwen2_5_omni,
    "qwen3_omni": _qwen3_omni,
    "audio_flamingo3": _audio_flamingo3,
}
