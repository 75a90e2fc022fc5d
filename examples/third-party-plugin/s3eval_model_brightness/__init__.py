"""A model in one method: it says "asleep" when the picture is dark."""

from __future__ import annotations

from s3eval import ModelSpec, hookimpl


@hookimpl
def s3eval_models() -> list[ModelSpec]:
    """One model that sees."""
    return [
        ModelSpec(
            "brightness",
            adapter="s3eval_model_brightness.adapter:Brightness",
            summary="asleep when it is dark",
            sees=True,
        )
    ]
