"""For every architecture tried, sharing a clip is asking anew, only cheaper."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from s3eval import Question, S3EvalError, discover
from s3eval.testing.architectures import ARCHITECTURES, FURTHER
from s3eval.testing.noise import noise_clip

pytestmark = pytest.mark.torch
torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

#: What each architecture is asked by, and what it perceives.
EXPECTED = {
    "internvl": ("packed", "video", False),
    "qwen2_5_omni": ("packed", "video", True),
    "qwen2_5_vl": ("packed", "video", False),
    "qwen3_omni": ("packed", "video", True),
    "qwen3_vl": ("packed", "video", False),
    "aya_vision": ("forked", "images", False),
    "gemma3": ("forked", "images", False),
    "gemma4": ("forked", "video", True),
    "gemma4_unified": ("forked", "video", True),
    "glm46v": ("packed", "video", False),
    "kimi_k25": ("packed", "video", False),
    "lfm2_vl": ("forked", "images", False),
    "llava_onevision": ("packed", "video", False),
    "minicpmv4_6": ("forked", "video", False),
    "mistral3": ("packed", "images", False),
    # Cross-attention to the images: no way of sharing gives the logits of independent calls.
    "mllama": ("independent", "images", False),
    "molmo2": ("packed", "video", False),
    "ovis2": ("packed", "images", False),
    "phi4_multimodal": ("packed", "images", True),
    "qwen2_audio": ("packed", "", True),
    "qwen3_5": ("forked", "video", False),
    "qwen3_vl_moe": ("packed", "video", False),
    "video_llama_3": ("packed", "video", False),
}
QUICK = ("gemma3", "qwen3_5")
QUESTIONS = tuple(
    Question(key, text, choices, max_tokens=5)
    for key, text, choices in (
        ("head", "Does the head turn to the left or to the right?", ("left", "right")),
        ("tonic", "Tonic?", ("yes", "no")),
        ("why", "Describe what you see and hear in the clip in one sentence.", ()),
        ("diagnosis", "Epileptic or nonepileptic seizure: answer ES or NES.", ("ES", "NES")),
    )
)


@cache
def load(architecture: str, **options: Any) -> Any:
    from s3eval.testing.checkpoints import shared_checkpoint

    torch.set_num_threads(1)
    spec = next(p.spec for p in discover().of("model") if p.spec.name == "hf")
    folder = shared_checkpoint(architecture)
    return spec.load().load(spec, {"checkpoint": str(folder), **options})


def questions(model: Any) -> list[Question]:
    sense = "sight" if "sight" in model.senses else "hearing"
    return [replace(q, sense=sense) for q in QUESTIONS]


def further(quick: bool) -> list[str]:
    return [name for name in sorted(EXPECTED) if (name in QUICK) == quick]


def check(architecture: str) -> None:
    model = load(architecture)
    way, frames, sound = EXPECTED[architecture]
    assert (model.sharing.way, model.format.frames, model.format.sound) == (way, frames, sound)
    assert way == "independent" or model.sharing.difference < 1e-4
    independent = load(architecture, sharing="independent")
    perceived = []
    for clip in (noise_clip(1), noise_clip(2, frames=9, seconds=4.5)):
        asked = questions(model)
        watched = model.watch(clip)
        shared = list(model.ask(watched, asked))
        expected = list(independent.ask(independent.watch(clip), asked))
        assert [a.status for a in expected] == ["answered"] * len(asked)
        assert [a.text for a in shared] == [a.text for a in expected]
        for one, other in zip(shared, expected, strict=True):
            assert one.probabilities == pytest.approx(dict(other.probabilities), abs=1e-4)
            assert one.mass == pytest.approx(other.mass, abs=1e-4)
        # And again from the same prefix: nothing was left behind in it.
        turned = list(model.ask(watched, asked[::-1]))[::-1]
        assert [a.text for a in turned] == [a.text for a in shared]
        assert list(model.ask(watched, asked)) == shared
        if way != "independent":
            logits(model, independent, clip, way)
        perceived.append([p for a in shared for p in a.probabilities.values()])
    assert max(abs(a - b) for a, b in zip(*perceived, strict=True)) > 1e-4


def logits(model: Any, independent: Any, clip: Any, way: str) -> None:
    """Every step's logits, within 1e-4 in float32."""
    from s3eval.hf.independent import IndependentGenerator
    from s3eval.hf.sharing import largest_difference, reference_answers

    asked = questions(model)[:2]
    watched, whole = model.watch(clip), independent.watch(clip)
    prefix = watched.prefixes[""]
    generator = IndependentGenerator(independent.model, independent.processor.tokenizer, 1.0, False)
    tails = [model.tail(watched, prefix, question) for question in asked]
    prompts = [independent.whole_prompt(whole, question) for question in asked]
    references = reference_answers(generator, tails, prompts)
    assert largest_difference(model.model, prefix, way, references, 0) < 1e-4  # type: ignore[arg-type]


@pytest.mark.parametrize("architecture", further(True))
def test_sharing_equals_independent_calls(architecture: str) -> None:
    check(architecture)


@pytest.mark.slow
@pytest.mark.parametrize("architecture", further(False))
def test_sharing_equals_independent_calls_other_architectures(architecture: str) -> None:
    check(architecture)


def test_every_tiny_architecture_is_expected_to_be_something() -> None:
    """All but Audio Flamingo 3, which the library maps elsewhere."""
    assert sorted(EXPECTED) == sorted({*FURTHER, *ARCHITECTURES} - {"audio_flamingo3"})


def test_the_further_architectures_have_seventeen_different_processors() -> None:
    """Qwen3-VL with experts and Qwen3.5 have the same one."""
    from s3eval_model_hf.support import support_of

    rows = [support_of(architecture) for architecture in FURTHER]
    assert (len({row.processor for row in rows}), len(rows)) == (17, 18)


@pytest.mark.parametrize("architecture", QUICK)
def test_packing_what_cannot_be_packed_is_found_out(
    architecture: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the list of cache layers out of order the comparison still finds the fault."""
    from s3eval.hf import kv_cache

    monkeypatch.setattr(kv_cache, "ways", lambda cache: ("packed", "forked"))
    checkpoint = load(architecture).options.checkpoint
    spec = load(architecture).spec
    model = spec.load().load(spec, {"checkpoint": checkpoint})
    assert model.sharing.way == "forked"
    assert "packed differs from independent calls" in model.sharing.reason or (
        "packed fails" in model.sharing.reason
    )
    with pytest.raises(S3EvalError, match="sharing=packed is not exact") as caught:
        spec.load().load(spec, {"checkpoint": checkpoint, "sharing": "packed"})
    assert "sharing=auto" in str(caught.value)


def test_a_state_that_forks_share_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """As it was: a shallow copy of a recurrent state, which the next question then continues."""
    import copy

    from s3eval.hf import kv_cache

    def shallow(cache: Any) -> Any:
        copied = copy.copy(cache)
        copied.layers = [copy.copy(layer) for layer in cache.layers]
        return copied

    healthy = load("qwen3_5")
    clip, asked = noise_clip(1), questions(healthy)
    expected = list(healthy.ask(healthy.watch(clip), asked))
    monkeypatch.setattr(kv_cache, "snapshot", shallow)
    model = healthy.spec.load().load(healthy.spec, {"checkpoint": healthy.options.checkpoint})
    assert model.sharing.way == "independent"
    assert "forked differs from independent calls" in model.sharing.reason
    answers = list(model.ask(model.watch(clip), asked))
    assert [a.text for a in answers] == [a.text for a in expected]


def test_positions_that_are_wrong_are_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    from s3eval.hf import model as base

    kept = base.prefill

    def shifted(*args: Any) -> Any:
        return replace(kept(*args), next_position=kept(*args).next_position + 7)

    monkeypatch.setattr(base, "prefill", shifted)
    healthy = load("mistral3")
    model = healthy.spec.load().load(healthy.spec, {"checkpoint": healthy.options.checkpoint})
    assert model.sharing.way == "independent"


def test_score_choices_agrees_with_the_probabilities_when_nothing_is_shared() -> None:
    model = load("gemma3", sharing="independent", score_choices=True)
    answers = list(model.ask(model.watch(noise_clip(1)), questions(model)))
    for answer in answers:
        if answer.probabilities:
            best = max(answer.probabilities, key=answer.probabilities.__getitem__)
            assert answer.text == best
