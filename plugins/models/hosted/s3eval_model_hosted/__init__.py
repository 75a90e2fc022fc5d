"""Hosted models in their services' own formats: Gemini, Claude, GPT.

>>> [spec.name for spec in s3eval_models()]
['gemini', 'claude', 'gpt']
"""

from __future__ import annotations

from s3eval import ModelSpec, hookimpl

_NEEDS = ("httpx", "tenacity", "platformdirs")


def _spec(name: str, adapter: str, summary: str, hears: bool = False) -> ModelSpec:
    return ModelSpec(
        name,
        adapter=f"s3eval_model_hosted.adapter:{adapter}",
        summary=summary,
        needs=_NEEDS,
        install="pip install s3eval-model-hosted",
        remote=True,
        argument="model",
        sees=True,
        hears=hears,
    )


@hookimpl
def s3eval_models() -> list[ModelSpec]:
    """The models of this package; which one of a service is asked says the option ``model``."""
    return [
        _spec("gemini", "Gemini", "a model of Google's Gemini service, clips as video", True),
        _spec("claude", "Claude", "a model of Anthropic's service, clips as images"),
        _spec("gpt", "Gpt", "a model of OpenAI's service, clips as images"),
    ]
