"""Tiny checkpoints and the models on them, each loaded once."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import pytest

NAMES = {
    "internvl": "internvl3.5-8b",
    "qwen2_5_vl": "qwen2.5-vl-7b",
    "qwen3_vl": "qwen3-vl-8b",
    "qwen2_5_omni": "qwen2.5-omni-7b",
    "qwen3_omni": "qwen3-omni-30b-a3b",
    "audio_flamingo3": "audio-flamingo-3",
}


def pytest_collection_modifyitems(items: list[Any]) -> None:
    for item in items:
        if "hf" in str(item.path):
            item.add_marker(pytest.mark.torch)


@cache
def spec_of(name: str) -> Any:
    from s3eval import discover

    return next(p.spec for p in discover().plugins if p.kind == "model" and p.spec.name == name)


@cache
def load(architecture: str, *options: tuple[str, Any], seed: int = 0) -> Any:
    import torch

    from s3eval.testing.checkpoints import shared_checkpoint

    torch.set_num_threads(1)
    spec = spec_of(NAMES[architecture])
    folder = shared_checkpoint(architecture, seed)
    given = {"checkpoint": str(folder), "min_pixels": 0, **dict(options)}
    return spec.load().load(spec, given)


@pytest.fixture(params=sorted(NAMES))
def architecture(request: pytest.FixtureRequest) -> str:
    pytest.importorskip("torch")
    pytest.importorskip("transformers")
    return str(request.param)


@pytest.fixture
def loaded() -> Callable[..., Any]:
    """``loaded(architecture, option=value)``: a model on its tiny checkpoint, loaded once."""
    pytest.importorskip("torch")
    pytest.importorskip("transformers")

    def of(architecture: str, seed: int = 0, **options: Any) -> Any:
        return load(architecture, *sorted(options.items()), seed=seed)

    return of


@pytest.fixture
def spec() -> Callable[[str], Any]:
    """``spec(name)``: a listed model's spec."""
    return spec_of
