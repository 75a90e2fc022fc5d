"""Qwen3-VL, 8 and 32 billion parameters."""

from __future__ import annotations

from s3eval import ModelSpec, hookimpl

_NEEDS = ("torch", "transformers", "torchvision")
_INSTALL = 'pip install torch==2.13.0 && pip install "s3eval-core[transformers]"'


@hookimpl
def s3eval_models() -> list[ModelSpec]:
    """The models of this package."""
    return [
        ModelSpec(
            "qwen3-vl-8b",
            adapter="s3eval_model_qwen3_vl.adapter:Qwen3VL",
            tokens="s3eval_model_qwen3_vl.tokens:media_tokens",
            summary="Qwen3-VL 8B Instruct",
            checkpoint="Qwen/Qwen3-VL-8B-Instruct",
            parameters=8_770_000_000,
            needs=_NEEDS,
            install=_INSTALL,
            sees=True,
            profile="long",
        ),
        ModelSpec(
            "qwen3-vl-32b",
            adapter="s3eval_model_qwen3_vl.adapter:Qwen3VL",
            tokens="s3eval_model_qwen3_vl.tokens:media_tokens",
            summary="Qwen3-VL 32B Instruct",
            checkpoint="Qwen/Qwen3-VL-32B-Instruct",
            parameters=33_360_000_000,
            needs=_NEEDS,
            install=_INSTALL,
            sees=True,
            profile="long",
        ),
    ]
