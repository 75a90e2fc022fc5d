"""Lingshu answers as the Qwen2.5-VL it is, under its own name and checkpoint."""

from __future__ import annotations

import pytest

from s3eval import Question, discover
from s3eval.testing.noise import noise_clip

pytestmark = pytest.mark.torch
pytest.importorskip("torch")
pytest.importorskip("transformers")


def test_lingshu_is_a_qwen25_vl() -> None:
    from s3eval.testing.checkpoints import shared_checkpoint

    specs = {p.spec.name: p.spec for p in discover().plugins if p.kind == "model"}
    assert specs["lingshu-32b"].checkpoint == "lingshu-medical-mllm/Lingshu-32B"
    given = {"checkpoint": str(shared_checkpoint("qwen2_5_vl")), "min_pixels": 0}
    question = Question("tonic", "Tonic?", ("yes", "no"), max_tokens=3)
    answers = []
    for name in ("lingshu-32b", "qwen2.5-vl-32b"):
        model = specs[name].load().load(specs[name], given)
        assert model.identity()["text_positions"] == "trained"
        answers.append(list(model.ask(model.watch(noise_clip(1)), [question])))
    assert answers[0] == answers[1]
