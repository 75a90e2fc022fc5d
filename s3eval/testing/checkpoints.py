"""Tiny random checkpoints of every model architecture, saved like published ones.

Each has 0.1-0.5 million random parameters (hidden 64, two layers), a byte-level BPE tokenizer
trained on the spot, the family's special tokens, its chat template and its processor. A plugin
loads the folder exactly as a real checkpoint. The answers are noise; that they depend on the
clip is ensured by weights three times as large as usual.

    python -m s3eval.testing.checkpoints qwen3_vl tiny-qwen3-vl
    s3eval run --model qwen3-vl-8b --model-option checkpoint=tiny-qwen3-vl ...
"""

from __future__ import annotations

import argparse
import json
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from s3eval.errors import UnknownNameError
from s3eval.testing import chat_templates

__all__ = ["ARCHITECTURES", "Scale", "build_checkpoint"]


@dataclass(frozen=True)
class Scale:
    """How large the random model is.

    ``hidden`` is the text width, ``layers`` its depth, ``heads`` its attention heads (half as
    many key-value heads), ``vision`` the width of the vision and audio encoders, ``context``
    the longest sequence, ``weight_scale`` multiplies all matrices.
    """

    hidden: int = 64
    layers: int = 2
    heads: int = 4
    vision: int = 32
    context: int = 32_768
    weight_scale: float = 3.0
    vocabulary: int = 480

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


def build_checkpoint(
    architecture: str, folder: str | Path, *, seed: int = 0, scale: Scale | None = None
) -> Path:
    """Build a tiny random checkpoint of an architecture into a folder.

    Args:
        architecture: one of `ARCHITECTURES`.
        folder: made if need be; a checkpoint already in it is overwritten.
        seed: of the random weights; the same seed gives the same weights.
        scale: sizes other than the tiny ones.

    Returns:
        the folder.

    Raises:
        UnknownNameError: no such architecture; the nearest is suggested.
    """
    if architecture not in ARCHITECTURES:
        raise UnknownNameError("architecture", architecture, ARCHITECTURES, fix="--help")
    from s3eval.transformers.environment import prepare_libraries, quiet_library

    prepare_libraries()
    import torch

    path = Path(folder)
    path.mkdir(parents=True, exist_ok=True)
    with quiet_library(), warnings.catch_warnings(), torch.random.fork_rng(devices=[]):
        warnings.simplefilter("ignore")
        torch.manual_seed(seed)
        model, processor, stops = ARCHITECTURES[architecture](scale or Scale())
        _enlarge(model, (scale or Scale()).weight_scale)
        model.generation_config.eos_token_id = stops
        model.generation_config.pad_token_id = stops[-1]
        model.save_pretrained(path)
        processor.save_pretrained(path)
    if architecture in _NESTED:
        _nest(path, _NESTED[architecture])
    return path


def _enlarge(model: Any, factor: float) -> None:
    """Multiply all matrices, so that what is seen moves the logits."""
    import torch

    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.ndim > 1:
                parameter.mul_(factor)


# Published omni checkpoints hold a talker beside the thinker: the thinker's weights carry a
# prefix and its configuration is nested. The tiny ones are laid out likewise.
_NESTED = {
    "qwen2_5_omni": ("qwen2_5_omni", "Qwen2_5OmniForConditionalGeneration"),
    "qwen3_omni": ("qwen3_omni_moe", "Qwen3OmniMoeForConditionalGeneration"),
}


def _nest(path: Path, names: tuple[str, str]) -> None:
    from safetensors.torch import load_file, save_file

    weights = load_file(path / "model.safetensors")
    save_file(
        {f"thinker.{key}": value for key, value in weights.items()},
        path / "model.safetensors",
        metadata={"format": "pt"},
    )
    thinker = json.loads((path / "config.json").read_text(encoding="utf-8"))
    whole = {
        "model_type": names[0],
        "architectures": [names[1]],
        "enable_audio_output": False,
        "thinker_config": thinker,
    }
    (path / "config.json").write_text(json.dumps(whole, indent=1), encoding="utf-8")


_CORPUS = (
    "Is the patient asleep at the start of the video? Answer yes or no only.",
    "Does the head turn to the left or to the right? left right neither both arms legs",
    "Seizure semiology: tonic posturing, clonic jerks, oral automatisms, blank stare.",
    "yes no Yes No YES NO left right Left Right ES NES epileptic nonepileptic seizure",
    "Describe what you see and hear in the clip in one sentence; give the time as MM:SS.",
    "You are a helpful assistant. The patient does not answer verbally. 0 1 2 3 4 5 6 7 8 9",
    "Frame1: Frame2: <0.5 seconds> system user assistant a an the of and with is are was",
)
# The split into words that the Qwen tokenizers use.
_SPLIT = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)
_CHAT_TOKENS = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")


def _tokenizer(scale: Scale, specials: dict[str, str], more: tuple[str, ...] = ()) -> Any:
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
    raw.train_from_iterator(_CORPUS, trainer)
    added = dict.fromkeys([*_CHAT_TOKENS, *specials.values(), *more])
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
        "vocab_size": len(tokenizer),
        "hidden_size": scale.hidden,
        "intermediate_size": 2 * scale.hidden,
        "num_hidden_layers": scale.layers,
        "num_attention_heads": scale.heads,
        "num_key_value_heads": max(1, scale.heads // 2),
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
    tokenizer = _tokenizer(scale, specials, ("<image>",))
    # 4 x 4 patches of 14 pixels, folded 2 x 2: four tokens a frame (the published: 256).
    side, tokens = 56, 4
    config = InternVLConfig(
        text_config=Qwen3Config(**_text(scale, tokenizer, head_dim=scale.head_dim)),
        vision_config={
            "hidden_size": scale.vision,
            "num_hidden_layers": 2,
            "num_attention_heads": 2,
            "intermediate_size": 2 * scale.vision,
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
        "depth": 2,
        "hidden_size": scale.vision,
        "intermediate_size": 2 * scale.vision,
        "num_heads": 2,
        "patch_size": patch,
        "spatial_merge_size": 2,
        "temporal_patch_size": 2,
        "out_hidden_size": scale.hidden,
        **more,
    }


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
            scale, 14, window_size=112, fullatt_block_indexes=[1], tokens_per_second=4
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
        "num_mel_bins": 16,
        "encoder_layers": 2,
        "encoder_attention_heads": 2,
        "encoder_ffn_dim": 2 * scale.vision,
        "d_model": scale.vision,
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
        vision_config=_qwen_vision(scale, 14, window_size=112, fullatt_block_indexes=[1]),
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
            feature_size=16, chunk_length=300, return_attention_mask=True
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
            scale, 16, num_position_embeddings=256, deepstack_visual_indexes=[0, 1]
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
        feature_extractor=WhisperFeatureExtractor(feature_size=16, return_attention_mask=True),
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
            "num_mel_bins": 16,
            "num_hidden_layers": 2,
            "num_attention_heads": 2,
            "intermediate_size": 2 * scale.vision,
            "hidden_size": scale.vision,
        },
        audio_token_id=tokenizer.convert_tokens_to_ids("<sound>"),
    )
    processor = AudioFlamingo3Processor(
        feature_extractor=WhisperFeatureExtractor(feature_size=16, return_attention_mask=True),
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


def _main() -> None:
    parser = argparse.ArgumentParser(description="Build a tiny random checkpoint.")
    parser.add_argument("architecture", choices=sorted(ARCHITECTURES))
    parser.add_argument("folder")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    print(build_checkpoint(given.architecture, given.folder, seed=given.seed))


if __name__ == "__main__":
    _main()
