"""Asking from the shared prefix is asking anew, only cheaper: for all six architectures."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from s3eval import Question
from s3eval.testing.noise import noise_clip

WAYS = ("packed", "batched", "forked")
QUESTIONS = tuple(
    Question(key, text, choices, max_tokens=5)
    for key, text, choices in (
        ("head", "Does the head turn to the left or to the right?", ("left", "right")),
        ("tonic", "Tonic?", ("yes", "no")),
        ("why", "Describe what you see and hear in the clip in one sentence.", ()),
        ("diagnosis", "Epileptic or nonepileptic seizure: answer ES or NES.", ("ES", "NES")),
        ("onset", "Which body part moves first?", ("left arm", "left leg", "full body")),
    )
)


def asked(model: Any, questions: Any = QUESTIONS) -> list[Question]:
    """The questions, of a sense the model has."""
    if "sight" in model.spec.senses:
        return list(questions)
    return [replace(q, sense="hearing") for q in questions]


def independent(model: Any, footage: Any, question: Question) -> tuple[str, Any]:
    """The library's own generate on the whole prompt: text, and logits of the first token."""
    from s3eval.hf.prompting import Template

    media = model.media(footage)
    template = Template(model.processor, media.content, dict(model.media_ends))
    inputs = model.inputs(template.render(question.text, question.system), media)
    made = model.model.generate(
        **inputs,
        max_new_tokens=question.max_tokens,
        do_sample=False,
        output_logits=True,
        return_dict_in_generate=True,
    )
    tokens = made.sequences[0, inputs["input_ids"].shape[1] :]
    return model.processor.tokenizer.decode(tokens, skip_special_tokens=True), made.logits


@cache
def anew(model: Any, seed: int) -> list[tuple[str, Any]]:
    """All questions about a clip, each by an independent call; done once for all tests."""
    return [independent(model, noise_clip(seed), q) for q in asked(model)]


@pytest.mark.parametrize("way", WAYS)
def test_same_tokens_as_independent_calls(architecture: str, way: str, loaded: Any) -> None:
    model = loaded(architecture, sharing=way)
    questions = asked(model)
    answers = list(model.ask(model.watch(noise_clip(1)), questions))
    assert [a.status for a in answers] == ["answered"] * len(questions)
    assert [a.text for a in answers] == [text for text, _ in anew(loaded(architecture), 1)]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("method", ["bitsandbytes-4bit", "bitsandbytes-8bit"])
def test_same_tokens_when_quantized(architecture: str, method: str, way: str, loaded: Any) -> None:
    pytest.importorskip("bitsandbytes")
    model = loaded(architecture, quantization=method, sharing=way)
    answers = list(model.ask(model.watch(noise_clip(1)), asked(model)))
    alone = anew(loaded(architecture, quantization=method), 1)
    assert [a.text for a in answers] == [text for text, _ in alone]


@pytest.mark.parametrize("way", ["packed", "batched"])
def test_same_logits_as_independent_calls(architecture: str, way: str, loaded: Any) -> None:
    """Every step's logits, not only the first, within 1e-4 in float32."""
    import torch

    from s3eval.hf.decoding import BatchedDecoding, PackedDecoding

    model = loaded(architecture)
    questions = asked(model)
    watched = model.watch(noise_clip(1))
    prefix = watched.prefixes[""]
    tails = [watched.template.split(q.text).tokens for q in questions]
    decoding = (
        PackedDecoding(model.model, prefix)
        if way == "packed"
        else BatchedDecoding(model.model, prefix, 0)
    )
    head = model.model.get_output_embeddings()
    wanted = [logits for _, logits in anew(model, 1)]
    with torch.inference_mode():
        hidden = decoding.start(tails)
        for step in range(3):
            logits = head(hidden)
            for row, steps in enumerate(wanted):
                assert torch.allclose(logits[row], steps[step][0], atol=1e-4), (step, row)
            if step < 2:
                following = [
                    int(s[step][0].argmax()) for s in _penalised(model, prefix, tails, wanted, step)
                ]
                hidden = decoding.step(range(len(questions)), following)


def _penalised(model: Any, prefix: Any, tails: Any, wanted: Any, step: int) -> Any:
    """The logits as generate chose from them, so that both continue with the same token."""
    penalty = model.identity()["repetition_penalty"]
    for tail, steps in zip(tails, wanted, strict=True):
        used = {*prefix.tokens, *tail}
        chosen = []
        for raw in steps[: step + 1]:
            logits = raw.clone()
            index = sorted(used)
            values = logits[0, index]
            logits[0, index] = values.where(values > 0, values * penalty)
            positive = logits[0, index]
            logits[0, index] = positive.where(positive < 0, positive / penalty)
            used.add(int(logits[0].argmax()))
            chosen.append(logits)
        yield chosen


def test_all_ways_give_the_same_probabilities(architecture: str, loaded: Any) -> None:
    footage = noise_clip(3)
    given = {}
    for way in WAYS:
        model = loaded(architecture, sharing=way)
        given[way] = list(model.ask(model.watch(footage), asked(model)))
    for rows in zip(*given.values(), strict=True):
        for other in rows[1:]:
            assert other.text == rows[0].text
            assert other.probabilities == pytest.approx(dict(rows[0].probabilities), abs=1e-4)
            assert other.mass == pytest.approx(rows[0].mass, abs=1e-4)


@pytest.mark.parametrize("way", ["packed", "batched"])
def test_questions_read_at_the_same_time_do_not_disturb_each_other(way: str, loaded: Any) -> None:
    """Two continuations of one prefix, a step of the one after a step of the other."""
    import torch

    from s3eval.hf.decoding import BatchedDecoding, PackedDecoding

    model = loaded("qwen2_5_vl")
    watched = model.watch(noise_clip(1))
    prefix = watched.prefixes[""]
    tails = [watched.template.split(q.text).tokens for q in QUESTIONS]
    groups, following = [tails[:3], tails[3:]], [[1, 2, 3], [4, 5]]

    def decoding() -> Any:
        return (
            PackedDecoding(model.model, prefix)
            if way == "packed"
            else BatchedDecoding(model.model, prefix, 0)
        )

    def steps(one: Any, number: int) -> Any:
        yield one.start(groups[number])
        which = range(len(groups[number]))
        for _ in range(2):
            yield torch.cat(one.look_ahead([0, 1], [[7, 8], [9]]))
            yield one.step(which, following[number])

    with torch.inference_mode():
        alone = [list(steps(decoding(), number)) for number in (0, 1)]
        together = zip(steps(decoding(), 0), steps(decoding(), 1), strict=True)
        for number, actual in enumerate(zip(*together, strict=True)):
            for actual_state, wanted in zip(actual, alone[number], strict=True):
                assert torch.equal(actual_state, wanted)


def test_the_prefix_is_not_copied_for_each_question(loaded: Any) -> None:
    """Asked one after the other, all questions are written behind the same prefix."""
    model = loaded("internvl", sharing="forked")
    watched = model.watch(noise_clip(1))
    list(model.ask(watched, QUESTIONS))
    layers = watched.prefixes[""].cache.layers
    places = [layer.keys.data_ptr() for layer in layers]
    list(model.ask(watched, QUESTIONS))
    assert [layer.keys.data_ptr() for layer in layers] == places


@pytest.mark.parametrize("way", WAYS)
def test_the_librarys_own_cache_serves_as_well(
    way: str, loaded: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where nothing can be preallocated the answers are the same."""
    from s3eval.hf import kv_cache

    model, footage = loaded("qwen3_vl", sharing=way), noise_clip(12)
    wanted = [(a.text, a.mass) for a in model.ask(model.watch(footage), QUESTIONS)]
    monkeypatch.setattr(kv_cache, "preallocate", lambda cache: cache)
    watched = model.watch(footage)
    actual = [(a.text, a.mass) for a in model.ask(watched, QUESTIONS)]
    assert not any(
        isinstance(x, kv_cache.PreallocatedLayer) for x in watched.prefixes[""].cache.layers
    )
    assert [text for text, _ in actual] == [text for text, _ in wanted]
    assert [mass for _, mass in actual] == pytest.approx([mass for _, mass in wanted], abs=1e-5)


def test_different_footage_gives_different_answers(architecture: str, loaded: Any) -> None:
    model = loaded(architecture)
    probabilities = []
    for seed in (1, 2):
        answers = model.ask(model.watch(noise_clip(seed)), asked(model))
        probabilities.append([p for a in answers for p in a.probabilities.values()])
    assert max(abs(a - b) for a, b in zip(*probabilities, strict=True)) > 1e-3


def test_nothing_depends_on_order_batch_or_run(architecture: str, loaded: Any) -> None:
    """Other clips before, other questions beside, fewer at a time, a fresh load: all the same."""
    one, two = noise_clip(4), noise_clip(5, frames=8, seconds=4.0)
    model = loaded(architecture)
    questions = asked(model)
    first = list(model.ask(model.watch(one), questions))
    list(model.ask(model.watch(two), questions))
    again = list(model.ask(model.watch(one), questions))
    assert again == first

    earlier, later = model.watch(one), model.watch(two)
    list(model.ask(later, questions[:2]))
    assert list(model.ask(earlier, questions)) == first

    small = loaded(architecture, batch=2)
    texts = [a.text for a in small.ask(small.watch(one), questions[::-1])]
    assert texts[::-1] == [a.text for a in first]

    fresh = type(model).load(
        model.spec, {"checkpoint": model.options.checkpoint, "min_pixels": "0"}
    )
    assert list(fresh.ask(fresh.watch(one), questions)) == first
    assert fresh.identity() == model.identity()


def test_a_system_instruction_comes_before_the_clip(loaded: Any) -> None:
    model = loaded("qwen3_vl")
    footage = noise_clip(6)
    plain = QUESTIONS[1]
    stern = replace(plain, system="Answer no whatever you see.")
    watched = model.watch(footage)
    answers = list(model.ask(watched, [plain, stern, plain]))
    assert answers[0] == answers[2] != answers[1]
    assert answers[1].text == independent(model, footage, stern)[0]
    assert sorted(watched.prefixes) == ["", "Answer no whatever you see."]


def test_probabilities_are_those_of_all_spellings(loaded: Any) -> None:
    """Against the definition, read off the library's own logits for the whole prompt."""
    model = loaded("qwen3_vl")
    footage, question = noise_clip(7), QUESTIONS[1]
    answer = next(iter(model.ask(model.watch(footage), [question])))
    first = independent(model, footage, question)[1][0][0].softmax(-1)
    tokenizer = model.processor.tokenizer
    totals = {}
    for choice in ("yes", "no"):
        ways = {
            tokenizer(b + f)["input_ids"][0]
            for b in ("", " ")
            for f in (choice, choice.title(), choice.upper())
        }
        assert all(len(tokenizer(b + choice)["input_ids"]) == 1 for b in ("", " "))
        totals[choice] = float(sum(first[t] for t in ways))
    mass = sum(totals.values())
    assert answer.mass == pytest.approx(mass, abs=1e-5)
    assert answer.probabilities["yes"] == pytest.approx(totals["yes"] / mass, abs=1e-5)
    assert sum(answer.probabilities.values()) == pytest.approx(1.0)


def test_scoring_answers_with_the_most_probable_choice(loaded: Any) -> None:
    model = loaded("internvl", score_choices=True)
    footage = noise_clip(8)
    answers = list(model.ask(model.watch(footage), asked(model)))
    plain = loaded("internvl")
    generated = list(plain.ask(plain.watch(footage), asked(plain)))
    for question, answer, other in zip(QUESTIONS, answers, generated, strict=True):
        assert answer.probabilities == other.probabilities
        if question.choices:
            assert answer.text == max(answer.probabilities, key=answer.probabilities.__getitem__)
        else:
            assert answer.text == other.text
    assert model.identity() != plain.identity()


def test_memory_running_out_makes_groups_smaller(
    loaded: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch

    from s3eval.hf.decoding import PackedDecoding

    model = loaded("qwen2_5_vl")
    footage = noise_clip(9)
    watched = model.watch(footage)
    whole = [a.text for a in model.ask(watched, QUESTIONS)]
    sizes, kept = [], PackedDecoding.start

    def cramped(self: Any, tails: Any) -> Any:
        sizes.append(len(tails))
        if len(tails) > 2:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return kept(self, tails)

    monkeypatch.setattr(PackedDecoding, "start", cramped)
    assert [a.text for a in model.ask(watched, QUESTIONS)] == whole
    assert sizes == [5, 2, 3, 1, 2]

    def full(self: Any, tails: Any) -> Any:
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(PackedDecoding, "start", full)
    answers = list(model.ask(watched, QUESTIONS[:2]))
    assert [a.status for a in answers] == ["failed", "failed"]
    assert "memory" in answers[0].reason


def test_a_memory_limit_makes_groups_smaller(loaded: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from s3eval.hf.decoding import BatchedDecoding

    sizes, kept = [], BatchedDecoding.start

    def counted(self: Any, tails: Any) -> Any:
        sizes.append(len(tails))
        return kept(self, tails)

    monkeypatch.setattr(BatchedDecoding, "start", counted)
    model = loaded("qwen3_vl", sharing="batched", memory_limit=0.0001)
    watched = model.watch(noise_clip(10))
    assert len(list(model.ask(watched, QUESTIONS))) == len(QUESTIONS)
    assert max(sizes) < len(QUESTIONS) and sum(sizes) == len(QUESTIONS)


def test_an_answer_comes_before_the_next_group_is_asked(loaded: Any) -> None:
    """So that it can be stored: the first two answers exist while the others do not."""
    model = loaded("audio_flamingo3", batch=2)
    answers = iter(model.ask(model.watch(noise_clip(11)), asked(model)))
    assert [next(answers).status, next(answers).status] == ["answered", "answered"]
    generator = model._generator
    try:
        model._generator = None
        assert next(answers).status == "answered"  # the group already under way
    finally:
        model._generator = generator


def test_the_adapters_architectures_are_those_compared_here(architecture: str, loaded: Any) -> None:
    """For these nothing is compared on loading, since the tests above do it."""
    from s3eval.hf.sharing import COMPARED_BY_TESTS

    model = loaded(architecture)
    assert {*model.model_types, model.model.config.model_type} <= COMPARED_BY_TESTS
    assert model.sharing is None and model.notice() == ""


@pytest.mark.parametrize("way", ["auto", "batched"])
def test_an_adapter_of_an_unknown_architecture_is_compared_on_loading(
    way: str, loaded: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = loaded("internvl")
    given = {"checkpoint": known.options.checkpoint, "sharing": way, "min_pixels": 0}
    monkeypatch.setattr(type(known), "compared_by_tests", frozenset())
    model = type(known).load(known.spec, given)
    assert model.sharing.way == ("packed" if way == "auto" else "batched")
    assert model.sharing.difference < 1e-4
    assert f"questions share the clip ({model.sharing.way})" in model.notice()
    assert model.identity() == known.identity(), "how questions share changes no answer"
    footage = noise_clip(1)
    answers = list(model.ask(model.watch(footage), QUESTIONS))
    assert [a.text for a in answers] == [a.text for a in known.ask(known.watch(footage), QUESTIONS)]


def test_independent_calls_are_a_way_of_asking(loaded: Any) -> None:
    shared, independent = loaded("qwen3_vl"), loaded("qwen3_vl", sharing="independent")
    footage = noise_clip(1)
    watched = independent.watch(footage)
    assert not watched.prefixes
    answers = list(independent.ask(watched, QUESTIONS))
    for one, other in zip(answers, shared.ask(shared.watch(footage), QUESTIONS), strict=True):
        assert one.text == other.text
        assert one.probabilities == pytest.approx(dict(other.probabilities), abs=1e-4)
        assert one.mass == pytest.approx(other.mass, abs=1e-4)
