"""Qwen2.5-Omni, 7 billion parameters: sees and hears; and the two models tuned from it."""

from __future__ import annotations

from s3eval import ModelSpec, hookimpl

_NEEDS = ("torch", "transformers", "torchvision")
_CHECKPOINT = "Qwen/Qwen2.5-Omni-7B"
_PARAMETERS = 8_930_000_000
_INSTALL = 'pip install torch==2.13.0 && pip install "s3eval-core[transformers]"'


def _tuned(way: str) -> ModelSpec:
    return ModelSpec(
        f"seizure-omni-{way}-7b",
        adapter="s3eval_model_qwen25_omni.tuned:SeizureOmni",
        summary=f"Qwen2.5-Omni 7B tuned on seizures by {way.upper()} (adapter=… or checkpoint=…)",
        checkpoint=_CHECKPOINT,
        parameters=_PARAMETERS,
        needs=_NEEDS,
        install=_INSTALL,
        sees=True,
        hears=True,
    )


@hookimpl
def s3eval_models() -> list[ModelSpec]:
    """The models of this package."""
    return [
        ModelSpec(
            "qwen2.5-omni-7b",
            adapter="s3eval_model_qwen25_omni.adapter:Qwen25Omni",
            tokens="s3eval_model_qwen25_omni.tokens:media_tokens",
            summary="Qwen2.5-Omni 7B",
            checkpoint=_CHECKPOINT,
            parameters=_PARAMETERS,
            needs=_NEEDS,
            install=_INSTALL,
            sees=True,
            hears=True,
        ),
        _tuned("sft"),
        _tuned("grpo"),
    ]
