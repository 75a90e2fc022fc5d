"""The model hears and sees one clip: its sound lies between its frames in time."""

from __future__ import annotations

from typing import Any

import pytest

from s3eval import Question, discover
from s3eval.testing.noise import noise_clip

pytestmark = pytest.mark.torch
pytest.importorskip("torch")
pytest.importorskip("transformers")
PER_SECOND = 25


@pytest.fixture(scope="module")
def model() -> Any:
    from s3eval.testing.checkpoints import shared_checkpoint

    spec = next(p.spec for p in discover().plugins if p.spec.name == "qwen2.5-omni-7b")
    given = {"checkpoint": str(shared_checkpoint("qwen2_5_omni")), "min_pixels": 0}
    return spec.load().load(spec, given)


def kinds(model: Any, footage: Any) -> str:
    """The prefix as letters: v a piece of video, a one of sound, . anything else."""
    config = model.model.config
    names = {config.video_token_id: "v", config.audio_token_id: "a"}
    return "".join(names.get(t, ".") for t in model.watch(footage).prefixes[""].tokens)


def test_sound_lies_between_the_frames_in_time(model: Any) -> None:
    """Eight frames in 4 s: sound follows each stretch of video, none is left to the end."""
    text = kinds(model, noise_clip(frames=8, seconds=4.0)).strip(".")
    assert text.startswith("v") and "av" in text
    half = len(text) // 2
    assert abs(text[:half].count("a") - text[half:].count("a")) <= 0.3 * text.count("a")


def test_sound_has_the_published_rate(model: Any) -> None:
    count = kinds(model, noise_clip(frames=8, seconds=4.0)).count("a")
    assert count == pytest.approx(4.0 * PER_SECOND, abs=2)
    alone = kinds(model, noise_clip(frames=0, seconds=4.0))
    assert alone.count("a") == count and "v" not in alone


def test_no_sound_no_sound_tokens(model: Any) -> None:
    text = kinds(model, noise_clip(frames=8, seconds=4.0, sound=False))
    assert "a" not in text and "v" in text


def test_the_model_is_told_that_the_sound_is_the_video_s(model: Any) -> None:
    """Saying it to the processor alone gives other positions and no error; we say it twice."""
    from dataclasses import replace

    import torch

    from s3eval.hf.prefix import prefill

    watched = model.watch(noise_clip(frames=8, seconds=4.0))
    assert watched.media.forward == {"use_audio_in_video": True}
    once = replace(watched.media, forward={})
    prefix = watched.prefixes[""]
    try:
        with torch.inference_mode():
            forgotten = prefill(model.model, model.inputs(watched.template.head(), once))
    except Exception:  # this transformers notices by itself
        return
    same = forgotten.cache.layers[0].keys.shape == prefix.cache.layers[0].keys.shape
    assert not same or not torch.allclose(
        forgotten.cache.layers[0].keys, prefix.cache.layers[0].keys, atol=1e-4
    )


def test_sharing_equals_independence_with_interleaved_sound(model: Any) -> None:
    from s3eval.hf.prompting import Template

    clip = noise_clip(3, frames=8, seconds=4.0)
    questions = [Question(k, k, max_tokens=4) for k in ("What do you see?", "And hear?")]
    answers = [a.text for a in model.ask(model.watch(clip), questions)]
    media = model.media(clip)
    template = Template(model.processor, media.content, dict(model.media_ends))
    for question, answer in zip(questions, answers, strict=True):
        inputs = model.inputs(template.render(question.text), media)
        made = model.model.generate(**inputs, max_new_tokens=4, do_sample=False)
        tail = made[0, inputs["input_ids"].shape[1] :]
        assert answer == model.processor.tokenizer.decode(tail, skip_special_tokens=True)


def test_sound_that_would_be_cut_is_refused(model: Any) -> None:
    """30 s in the tiny checkpoint, 300 s in the published one."""
    from s3eval import S3EvalError

    with pytest.raises(S3EvalError, match=r"31 s of sound, but 'qwen2.5-omni-7b' hears 30 s"):
        model.watch(noise_clip(frames=2, seconds=31.0))


@pytest.mark.parametrize("name", ["seizure-omni-sft-7b", "seizure-omni-grpo-7b"])
def test_a_tuned_model_is_the_weights_that_are_named(name: str) -> None:
    """The base alone would answer under the tuned model's name; merged weights are taken."""
    from s3eval import S3EvalError
    from s3eval.testing.checkpoints import shared_checkpoint

    spec = next(p.spec for p in discover().plugins if p.spec.name == name)
    for given in ({}, {"checkpoint": "Qwen/Qwen2.5-Omni-7B"}):
        with pytest.raises(S3EvalError, match="needs its tuned weights"):
            spec.load().load(spec, given)
    merged = {"checkpoint": str(shared_checkpoint("qwen2_5_omni")), "min_pixels": 0}
    assert spec.load().load(spec, merged).senses == {"sight", "hearing"}
