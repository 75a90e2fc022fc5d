"""InternVL3.5: a tile a frame, numbered."""

from __future__ import annotations

from typing import Any

import pytest

from s3eval import discover
from s3eval.testing.noise import noise_clip

pytestmark = pytest.mark.torch
pytest.importorskip("torch")
pytest.importorskip("transformers")


@pytest.fixture(scope="module")
def model() -> Any:
    from s3eval.testing.checkpoints import shared_checkpoint

    spec = next(p.spec for p in discover().plugins if p.spec.name == "internvl3.5-38b")
    return spec.load().load(spec, {"checkpoint": str(shared_checkpoint("internvl"))})


@pytest.mark.parametrize("frames", [1, 7])
def test_every_frame_is_a_tile_of_its_own(model: Any, frames: int) -> None:
    tokens = model.watch(noise_clip(frames=frames)).prefixes[""].tokens
    image = model.model.config.image_token_id
    assert sum(t == image for t in tokens) == frames * model.processor.image_seq_length
    text = model.processor.tokenizer.decode(tokens)
    assert f"Frame{frames}: <img>" in text and f"Frame{frames + 1}:" not in text


def test_the_prefix_ends_with_the_last_frame(model: Any) -> None:
    tokens = model.watch(noise_clip(frames=3)).prefixes[""].tokens
    assert tokens[-1] == model.processor.tokenizer.convert_tokens_to_ids("</img>")


def test_the_whole_prompt_is_prefix_and_question(model: Any) -> None:
    """Token for token, written out by the processor."""
    watched = model.watch(noise_clip(frames=3))
    question = "Tonic?\n\nAnswer yes or no."
    whole = model.inputs(watched.template.render(question), watched.media)["input_ids"][0]
    tail = watched.template.tokens(watched.template.split(question).tail)
    assert whole.tolist() == [*watched.prefixes[""].tokens, *tail]
