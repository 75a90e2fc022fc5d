"""Preparing clips in other threads, while questions are answered, changes no answer."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from s3eval import Question, discover
from s3eval.testing.noise import noise_clip

pytestmark = pytest.mark.torch
pytest.importorskip("torch")
pytest.importorskip("transformers")

MODELS = {
    "internvl3.5-8b": "internvl",
    "qwen2.5-vl-7b": "qwen2_5_vl",
    "qwen2.5-omni-7b": "qwen2_5_omni",
    # Its processor pads, which writes into the tokenizer that answers are decoded with.
    "audio-flamingo-3": "audio_flamingo3",
    "hf": "qwen3_vl",
}


@pytest.mark.parametrize("name", MODELS)
def test_prepared_in_other_threads_meanwhile(name: str) -> None:
    from s3eval.testing.checkpoints import shared_checkpoint

    spec = next(p.spec for p in discover().plugins if p.spec.name == name)
    model = spec.load().load(spec, {"checkpoint": str(shared_checkpoint(MODELS[name]))})
    sense: Any = "hearing" if name == "audio-flamingo-3" else "sight"
    asked = [Question(f"q{i}", f"Question {i}?", ("yes", "no"), 3, sense) for i in range(4)]
    clips = [noise_clip(seed) for seed in range(6)]

    def answers(ready: Any) -> list[Any]:
        watched = model.watch(ready)
        return list(model.ask(watched, asked))

    one_by_one = [answers(clip) for clip in clips]
    with ThreadPoolExecutor(3) as pool:
        meanwhile = [answers(ready) for ready in pool.map(model.prepare, clips)]
    assert meanwhile == one_by_one
    assert len({a.text for some in one_by_one for a in some} | {"", "x"}) > 2, "they say something"
    ready = model.prepare(clips[0])
    before = model.usage()
    answers(ready)
    used = {name: count - before[name] for name, count in model.usage().items()}
    assert used["tokens_in"] > len(model.watch(ready).prefixes[""].tokens)
    assert 0 < used["tokens_out"] <= 3 * len(asked)
    assert ready.nbytes > clips[0].nbytes
    model.close()
