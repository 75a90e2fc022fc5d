"""The example package works as its README says: its hooks, its adapter, its one method."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import numpy as np
import pytest

from s3eval import Clip, Footage, Question, Sampling
from s3eval.testing.plugins import registry_of

PACKAGE = Path(__file__).parents[1] / "examples" / "third-party-plugin"


@pytest.fixture
def registry(monkeypatch):
    monkeypatch.syspath_prepend(str(PACKAGE))
    module = importlib.import_module("s3eval_model_brightness")
    yield registry_of(("brightness", "s3eval-model-brightness", module))
    for name in [n for n in sys.modules if n.startswith("s3eval_model_brightness")]:
        del sys.modules[name]


@pytest.mark.parametrize(("level", "expected"), [(20, "yes"), (150, "no")])
def test_it_answers_from_the_pixels(registry, level, expected):
    model = registry.get("model", "brightness").spec.load().load(None, {})
    clip = Clip("v", 0.0, 2.0, Sampling())
    frames = np.full((4, 8, 8, 3), level, np.uint8)
    footage = Footage(clip, frames, np.arange(4) / 2, None, 2.0)
    asked = [Question("occur_during_sleep", "Asleep?"), Question("tonic", "Tonic?")]
    answers = [a.text for a in model.ask(model.watch(footage), asked)]
    assert answers == [expected, "no"]
