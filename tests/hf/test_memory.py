"""What a model takes: the sizes its spec states are those its configuration adds up to."""

from __future__ import annotations

from typing import Any

import pytest

pytest.importorskip("torch")
pytest.importorskip("transformers")

_EARS = {
    "num_mel_bins": 128,
    "encoder_layers": 32,
    "encoder_attention_heads": 20,
    "encoder_ffn_dim": 5120,
    "d_model": 1280,
}


def _text(width: int, layers: int, heads: int, shared: int, inner: int, **more: Any) -> Any:
    sizes = {"hidden_size": width, "num_hidden_layers": layers, "num_attention_heads": heads}
    sizes |= {"num_key_value_heads": shared, "intermediate_size": inner}
    return {**sizes, "vocab_size": 152_064, "tie_word_embeddings": False, **more}


def _sight(inner: int, out: int) -> Any:
    sizes = {"depth": 32, "hidden_size": 1280, "intermediate_size": inner, "num_heads": 16}
    return {**sizes, "out_hidden_size": out}


def _sight3(out: int) -> Any:
    sizes = {"depth": 27, "hidden_size": 1152, "intermediate_size": 4304, "num_heads": 16}
    sizes |= {"out_hidden_size": out, "num_position_embeddings": 2304}
    return {**sizes, "deepstack_visual_indexes": [8, 16, 24]}


_NEW = {"head_dim": 128, "vocab_size": 151_936}
_7B = _text(3584, 28, 28, 4, 18_944)
_QWEN3_8B = _text(4096, 36, 32, 8, 12_288, **_NEW)
_QWEN3_32B = _text(5120, 64, 64, 8, 25_600, **_NEW)
_TILE = {"image_size": [448, 448], "patch_size": [14, 14]}
_VIT_300M = {**_TILE, "hidden_size": 1024, "num_hidden_layers": 24, "num_attention_heads": 16}
_VIT_6B = {**_TILE, "hidden_size": 3200, "num_hidden_layers": 45, "num_attention_heads": 25}
#: The published configurations as far as they say how large a model is.
PUBLISHED: dict[str, dict[str, Any]] = {
    "qwen2.5-vl-7b": {"text_config": _7B, "vision_config": _sight(3420, 3584)},
    "qwen2.5-vl-32b": {
        "text_config": _text(5120, 64, 40, 8, 27_648),
        "vision_config": _sight(3456, 5120),
    },
    "qwen2.5-vl-72b": {
        "text_config": _text(8192, 80, 64, 8, 29_568),
        "vision_config": _sight(3456, 8192),
    },
    "qwen3-vl-8b": {"text_config": _QWEN3_8B, "vision_config": _sight3(4096)},
    "qwen3-vl-32b": {"text_config": _QWEN3_32B, "vision_config": _sight3(5120)},
    "internvl3.5-8b": {
        "text_config": {"model_type": "qwen3", **_QWEN3_8B},
        "vision_config": {**_VIT_300M, "intermediate_size": 4096},
    },
    "internvl3.5-38b": {
        "text_config": {"model_type": "qwen3", **_QWEN3_32B},
        "vision_config": {**_VIT_6B, "intermediate_size": 12_800, "use_qk_norm": True},
    },
    "qwen2.5-omni-7b": {
        "text_config": _7B,
        "vision_config": _sight(3420, 3584),
        "audio_config": {**_EARS, "output_dim": 3584},
    },
    "qwen3-omni-30b-a3b": {
        "text_config": _text(
            2048, 48, 32, 4, 768, head_dim=128, moe_intermediate_size=768, num_experts=128
        ),
        "vision_config": _sight3(2048),
        "audio_config": {**_EARS, "output_dim": 2048, "downsample_hidden_size": 480},
    },
    "audio-flamingo-3": {
        "text_config": {"model_type": "qwen2", **_7B},
        "audio_config": {
            "model_type": "audioflamingo3_encoder",
            "num_mel_bins": 128,
            "num_hidden_layers": 32,
            "num_attention_heads": 20,
            "intermediate_size": 5120,
            "hidden_size": 1280,
        },
    },
}
PUBLISHED["lingshu-32b"] = PUBLISHED["qwen2.5-vl-32b"]


@pytest.mark.parametrize("name", sorted(PUBLISHED))
def test_the_stated_size_is_what_the_configuration_adds_up_to(name: str, spec: Any) -> None:
    import torch
    import transformers

    from s3eval.hf.memory import estimate_memory, least_memory
    from s3eval.torch_environment import prepare_libraries

    prepare_libraries()
    kind = getattr(transformers, spec(name).load().architecture)
    sizes = {**PUBLISHED[name], "tie_word_embeddings": False}
    # The library fills a configuration in place.
    config = kind.config_class(
        **{k: dict(v) if isinstance(v, dict) else v for k, v in sizes.items()}
    )
    counted = estimate_memory(kind, config, torch.bfloat16)
    assert spec(name).parameters == pytest.approx(counted.parameters, abs=5_000_000)
    for bits in (None, 4.5):
        least = least_memory(spec(name).parameters, torch.bfloat16, bits)
        assert least.total < estimate_memory(kind, config, torch.bfloat16, bits).total


def test_every_model_with_a_checkpoint_states_its_size() -> None:
    from s3eval import discover

    stated = {p.spec.name for p in discover().of("model") if p.spec.parameters}
    assert stated == {p.spec.name for p in discover().of("model") if p.spec.checkpoint}
