"""Qwen2.5-VL, 7, 32 and 72 billion parameters."""

from __future__ import annotations

from s3eval import ModelSpec, hookimpl

_NEEDS = ("torch", "transformers", "torchvision")
_INSTALL = 'pip install torch==2.13.0 && pip install "s3eval-core[transformers]"'


@hookimpl
def s3eval_models() -> list[ModelSpec]:
    """The models of this package."""
    return [
        ModelSpec(
            "qwen2.5-vl-7b",
            adapter="s3eval_model_qwen25_vl.adapter:Qwen25VL",
            tokens="s3eval_model_qwen25_vl.tokens:media_tokens",
            summary="Qwen2.5-VL 7B Instruct",
            checkpoint="Qwen/Qwen2.5-VL-7B-Instruct",
            parameters=8_290_000_000,
            needs=_NEEDS,
            install=_INSTALL,
            sees=True,
        ),
        ModelSpec(
            "qwen2.5-vl-32b",
            adapter="s3eval_model_qwen25_vl.adapter:Qwen25VL",
            tokens="s3eval_model_qwen25_vl.tokens:media_tokens",
            summary="Qwen2.5-VL 32B Instruct",
            checkpoint="Qwen/Qwen2.5-VL-32B-Instruct",
            parameters=33_450_000_000,
            needs=_NEEDS,
            install=_INSTALL,
            sees=True,
        ),
        ModelSpec(
            "qwen2.5-vl-72b",
            adapter="s3eval_model_qwen25_vl.adapter:Qwen25VL",
            tokens="s3eval_model_qwen25_vl.tokens:media_tokens",
            summary="Qwen2.5-VL 72B Instruct",
            checkpoint="Qwen/Qwen2.5-VL-72B-Instruct",
            parameters=73_410_000_000,
            needs=_NEEDS,
            install=_INSTALL,
            sees=True,
        ),
    ]
