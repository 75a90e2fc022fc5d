"""Qwen2.5-Omni, 7 billion parameters: sees and hears."""

from __future__ import annotations

from s3eval import ModelSpec, hookimpl

_NEEDS = ("torch", "transformers", "torchvision")
_INSTALL = 'pip install torch==2.13.0 && pip install "s3eval-core[transformers]"'


@hookimpl
def s3eval_models() -> list[ModelSpec]:
    """The models of this package."""
    return [
        ModelSpec(
            "qwen2.5-omni-7b",
            adapter="s3eval_model_qwen25_omni.adapter:Qwen25Omni",
            tokens="s3eval_model_qwen25_omni.tokens:media_tokens",
            summary="Qwen2.5-Omni 7B",
            checkpoint="Qwen/Qwen2.5-Omni-7B",
            parameters=8_930_000_000,
            needs=_NEEDS,
            install=_INSTALL,
            sees=True,
            hears=True,
        ),
    ]
