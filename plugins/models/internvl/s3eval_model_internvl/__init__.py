"""InternVL3.5, 8 and 38 billion parameters."""

from __future__ import annotations

from s3eval import ModelSpec, hookimpl

_NEEDS = ("torch", "transformers", "torchvision")
_INSTALL = 'pip install torch==2.13.0 && pip install "s3eval-core[transformers]"'


@hookimpl
def s3eval_models() -> list[ModelSpec]:
    """The models of this package."""
    return [
        ModelSpec(
            "internvl3.5-8b",
            adapter="s3eval_model_internvl.adapter:InternVL",
            tokens="s3eval_model_internvl.tokens:media_tokens",
            summary="InternVL3.5 8B",
            checkpoint="OpenGVLab/InternVL3_5-8B-HF",
            parameters=8_530_000_000,
            needs=_NEEDS,
            install=_INSTALL,
            sees=True,
        ),
        ModelSpec(
            "internvl3.5-38b",
            adapter="s3eval_model_internvl.adapter:InternVL",
            tokens="s3eval_model_internvl.tokens:media_tokens",
            summary="InternVL3.5 38B",
            checkpoint="OpenGVLab/InternVL3_5-38B-HF",
            parameters=38_390_000_000,
            needs=_NEEDS,
            install=_INSTALL,
            sees=True,
        ),
    ]
