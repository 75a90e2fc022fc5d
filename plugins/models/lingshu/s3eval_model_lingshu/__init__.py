"""Lingshu, 32 billion parameters: Qwen2.5-VL trained on medical images."""

from __future__ import annotations

from s3eval import ModelSpec, hookimpl

_NEEDS = ("torch", "transformers", "torchvision", "s3eval_model_qwen25_vl")
_INSTALL = 'pip install torch==2.13.0 && pip install "s3eval-core[transformers]"'


@hookimpl
def s3eval_models() -> list[ModelSpec]:
    """The models of this package."""
    return [
        ModelSpec(
            "lingshu-32b",
            adapter="s3eval_model_lingshu.adapter:Lingshu",
            tokens="s3eval_model_lingshu.tokens:media_tokens",
            summary="Lingshu 32B",
            checkpoint="lingshu-medical-mllm/Lingshu-32B",
            parameters=33_450_000_000,
            needs=_NEEDS,
            install=_INSTALL,
            sees=True,
        ),
    ]
