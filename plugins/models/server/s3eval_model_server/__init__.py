"""Models behind an OpenAI-compatible server: one that sees, one that also hears, one that hears."""

from __future__ import annotations

from s3eval import ModelSpec, hookimpl

_NEEDS = ("httpx", "tenacity", "platformdirs")


def _spec(name: str, summary: str, sees: bool = False, hears: bool = False) -> ModelSpec:
    return ModelSpec(
        name,
        adapter="s3eval_model_server.adapter:ServerModel",
        summary=summary,
        needs=_NEEDS,
        install="pip install s3eval-model-server",
        remote=True,
        argument="model",
        tokens="s3eval_model_server.tokens:media_tokens",
        sees=sees,
        hears=hears,
    )


@hookimpl
def s3eval_models() -> list[ModelSpec]:
    """The models of this package."""
    return [
        _spec("server", "a model that sees, on an OpenAI-compatible server", sees=True),
        _spec("server-omni", "one that sees and hears, on such a server", sees=True, hears=True),
        _spec("server-audio", "one that hears, on such a server", hears=True),
    ]
