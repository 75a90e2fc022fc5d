"""Qwen3-Omni, 30 billion parameters of which 3 are active: sees and hears."""

from __future__ import annotations

from s3eval import ModelSpec, hookimpl

_NEEDS = ("torch", "transformers", "torchvision")
_INSTALL = 'pip install torch==2.13.0 && pip install "s3eval-core[transformers]"'


@hookimpl
def s3eval_models() -> list[ModelSpec]:
    """The models of this package."""
    return [
        ModelSpec(
            "qwen3-omni-30b-a3b",
            adapter="s3eval_model_qwen3_omni.adapter:Qwen3Omni",
            tokens="s3eval_model_qwen3_omni.tokens:media_tokens",
            summary="Qwen3-Omni 30B-A3B Instruct",
            checkpoint="Qwen/Qwen3-Omni-30B-A3B-Instruct",
            parameters=31_720_000_000,
            needs=_NEEDS,
            install=_INSTALL,
            sees=True,
            hears=True,
            profile="long",
        ),
    ]
