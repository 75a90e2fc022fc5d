"""Thoughts have a budget of their own, are kept beside the answer and never read as one."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from s3eval import Question, S3EvalError, discover
from s3eval.answers.thoughts import without_thinking
from s3eval.hf.thinking import answer_text, special_marks
from s3eval.testing.noise import noise_clip

QUESTIONS = (
    Question("tonic", "Tonic?", ("yes", "no"), max_tokens=3),
    Question("why", "Describe what you see in the clip.", (), max_tokens=4),
    Question("head", "Does the head turn to the left or right?", ("left", "right"), max_tokens=3),
)
#: A switch that opens a thought, as a hybrid model's template has it.
SWITCH = (
    "<|im_start|>assistant\n"
    "{% if enable_thinking is not defined or enable_thinking %}<think>\n{% endif %}"
)
#: A model that always begins with a thought.
ALWAYS = "<|im_start|>assistant\n<think>\n"


@cache
def checkpoint(opening: str = SWITCH, likely: int = -1) -> str:
    """A tiny checkpoint whose tokenizer knows thoughts.

    Args:
        opening: how its template begins the model's turn.
        likely: a token; where the model would write it, it writes the end of the thought instead.
    """
    import atexit
    import shutil
    import tempfile

    import torch

    from s3eval.testing.checkpoints import build_model

    model, processor = build_model("qwen3_vl")
    tokenizer = processor.tokenizer
    tokenizer.add_special_tokens(
        {"additional_special_tokens": ["<think>", "</think>"]}, replace_extra_special_tokens=False
    )
    torch.manual_seed(0)
    model.resize_token_embeddings(len(tokenizer), mean_resizing=False)
    if likely >= 0:
        weight = model.get_output_embeddings().weight
        with torch.no_grad():
            weight[tokenizer.convert_tokens_to_ids("</think>")] = weight[likely] * 1.01
    processor.chat_template = processor.chat_template.replace("<|im_start|>assistant\n", opening)
    folder = Path(tempfile.mkdtemp(prefix="s3eval-thinking-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    model.save_pretrained(folder)
    processor.save_pretrained(folder)
    return str(folder)


def load(folder: str, **options: Any) -> Any:
    import torch

    torch.set_num_threads(1)
    spec = next(p.spec for p in discover().of("model") if p.spec.name == "qwen3-vl-8b")
    return spec.load().load(spec, {"checkpoint": folder, "min_pixels": 0, **options})


def answers(model: Any, clip: Any = None) -> list[Any]:
    return list(model.ask(model.watch(clip or noise_clip(1)), QUESTIONS))


def test_a_thought_has_a_budget_apart_from_the_answer_s(monkeypatch: pytest.MonkeyPatch) -> None:
    model = load(checkpoint(), thinking=7, sharing="forked")
    assert model.thinking.opened and model.thinking.budget == 7
    tokenizer, decoded = model.processor.tokenizer, list[int]()
    decode = tokenizer.decode

    def counted(ids: Any, **options: Any) -> str:
        decoded.append(len(ids))
        return str(decode(ids, **options))

    monkeypatch.setattr(tokenizer, "decode", counted)
    for question in QUESTIONS:
        decoded.clear()
        (answer,) = model.ask(model.watch(noise_clip(1)), [question])
        assert answer.status == "answered"
        assert answer.thoughts and "think>" not in answer.thoughts + answer.text
        # The thought, then the answer; both as long as they may be, since nothing ends them.
        assert decoded[-2:] == [7, question.max_tokens]


@pytest.mark.parametrize("way", ["packed", "batched", "forked"])
@pytest.mark.parametrize("options", [{}, {"repetition_penalty": 1.3}, {"score_choices": True}])
def test_shared_questions_are_thought_about_as_independent_ones(
    way: str, options: dict[str, Any]
) -> None:
    shared = answers(load(checkpoint(), thinking=6, sharing=way, **options))
    alone = answers(load(checkpoint(), thinking=6, sharing="independent", **options))
    for one, other in zip(shared, alone, strict=True):
        assert (one.text, one.thoughts) == (other.text, other.thoughts)
        assert one.probabilities == pytest.approx(dict(other.probabilities), abs=1e-4)
        assert one.mass == pytest.approx(other.mass, abs=1e-4)


def test_a_thought_that_ends_by_itself_is_as_long_as_it_is() -> None:
    model = load(checkpoint(), thinking=12)
    full = answers(model)[0].thoughts
    written = model.processor.tokenizer(full, add_special_tokens=False)["input_ids"]
    folder = checkpoint(SWITCH, written[4])
    for way in ("packed", "independent"):
        ended = answers(load(folder, thinking=12, sharing=way))[0]
        assert ended.status == "answered"
        assert len(ended.thoughts) < len(full) and full.startswith(ended.thoughts)
    assert answers(load(folder, thinking=12)) == answers(load(folder, thinking=12))


def test_switched_off_the_template_is_told_so_and_nothing_is_thought() -> None:
    model = load(checkpoint(), thinking="off")
    prompt = model.template(model.media(noise_clip(1))).render("Tonic?")
    assert prompt.endswith("<|im_start|>assistant\n")
    assert {a.thoughts for a in answers(model)} == {""}


def test_a_thought_that_the_template_always_begins_is_closed_when_switched_off() -> None:
    model = load(checkpoint(ALWAYS), thinking="off")
    prompt = model.template(model.media(noise_clip(1))).render("Tonic?")
    assert prompt.endswith("<think>\n\n\n</think>\n\n")
    shared = answers(model)
    alone = answers(load(checkpoint(ALWAYS), thinking="off", sharing="independent"))
    assert [a.text for a in shared] == [a.text for a in alone]
    assert {a.thoughts for a in shared} == {""}


@pytest.mark.parametrize("way", ["packed", "independent"])
def test_marks_that_are_special_tokens_stay_in_what_a_model_says_by_itself(way: str) -> None:
    """Nobody asked for a thought; the model writes its end where it would write another token."""
    plain = "<|im_start|>assistant\n"
    folder = checkpoint(plain)
    before = answers(load(folder, sharing="independent"))[1].text
    tokens = load(folder).processor.tokenizer(before, add_special_tokens=False)["input_ids"]
    model = load(checkpoint(plain, tokens[0]), sharing=way)
    assert not model.processor.tokenizer.decode(
        model.processor.tokenizer.convert_tokens_to_ids(["</think>"]), skip_special_tokens=True
    ), "decoding leaves the mark out"
    said = answers(model)[1].text
    assert "</think>" in said
    assert without_thinking(said) == said.rpartition("</think>")[2].strip()


def test_text_between_special_marks_is_decoded_as_ever() -> None:
    tokenizer = load(checkpoint()).processor.tokenizer
    marks = special_marks(tokenizer)
    assert sorted(marks.values()) == ["</think>", "<think>"]
    opening, closing = tokenizer.convert_tokens_to_ids(["<think>", "</think>"])
    words = tokenizer("The head turns", add_special_tokens=False)["input_ids"]
    end = tokenizer.eos_token_id
    plain = tokenizer.decode(words, skip_special_tokens=True)
    assert answer_text(tokenizer, [*words, end], marks) == plain
    assert answer_text(tokenizer, [], marks) == ""
    assert answer_text(tokenizer, [opening, *words, closing, *words, end], marks) == (
        f"<think>{plain}</think>{plain}"
    )
    assert answer_text(tokenizer, [closing], marks) == "</think>"


def test_without_the_option_nothing_is_new_but_a_notice() -> None:
    """Keys of answers that were given before the option existed must stay."""
    model = load(checkpoint())
    assert "thinking" not in model.identity()
    assert "thinking=off" in model.notice()
    assert load(checkpoint(), thinking=5).identity()["thinking"] == 5
    assert load(checkpoint(), thinking="on").identity()["thinking"] == "on"
    assert "thinking" not in load(checkpoint(), thinking="on").notice()


def test_answers_of_a_thought_that_was_taken_for_the_answer_are_not_found_again() -> None:
    """A prompt that begins a thought: such answers were recorded under the keys of before."""
    assert load(checkpoint(ALWAYS)).identity()["thought"] == "apart"
    ordinary = load(checkpoint("<|im_start|>assistant\n"))
    for model in (ordinary, load(checkpoint(), thinking="off"), load(checkpoint(), thinking=5)):
        assert "thought" not in model.identity()


WAYS = ["packed", "batched", "forked", "independent"]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("options", [{}, {"score_choices": True}])
def test_a_thought_that_the_template_began_and_nothing_ended_is_no_answer(
    way: str, options: dict[str, Any]
) -> None:
    """It used to be taken as the answer, with probabilities measured within the thought."""
    for opening in (SWITCH, ALWAYS):
        model = load(checkpoint(opening), sharing=way, **options)
        for question, answer in zip(QUESTIONS, answers(model), strict=True):
            most = question.max_tokens
            assert (answer.status, answer.text) == ("failed", "")
            assert f"did not end within {most} tokens" in answer.reason
            assert "thinking=off" in answer.reason and "thinking=TOKENS" in answer.reason
            assert not answer.probabilities and answer.mass is None
            assert answer.thoughts


@pytest.mark.parametrize("options", [{}, {"repetition_penalty": 1.3}, {"score_choices": True}])
def test_a_thought_that_ends_within_the_answer_s_tokens_is_apart_from_the_answer(
    options: dict[str, Any],
) -> None:
    asked = [replace(q, max_tokens=24) for q in QUESTIONS]
    model = load(checkpoint(), thinking=12)
    full = answers(model)[0].thoughts
    written = model.processor.tokenizer(full, add_special_tokens=False)["input_ids"]
    folder, given = checkpoint(SWITCH, written[4]), {}
    for way in WAYS:
        model = load(folder, sharing=way, **options)
        given[way] = list(model.ask(model.watch(noise_clip(1)), asked))
    ended = [a for a in given["forked"] if a.status == "answered"]
    assert ended and all(a.thoughts and "think>" not in a.thoughts for a in ended)
    for way in WAYS:
        for one, other in zip(given[way], given["forked"], strict=True):
            assert (one.text, one.thoughts, one.reason) == (
                other.text, other.thoughts, other.reason
            )  # fmt: skip
            assert one.probabilities == pytest.approx(dict(other.probabilities), abs=1e-4)
    # The same as with a budget, but for the length of the answer.
    apart = load(folder, thinking=24, **options)
    for one, other in zip(
        given["forked"], apart.ask(apart.watch(noise_clip(1)), asked), strict=True
    ):
        if one.status == "answered":
            assert one.thoughts == other.thoughts and other.text.startswith(one.text)
            assert one.probabilities == pytest.approx(dict(other.probabilities), abs=1e-4)


def test_a_checkpoint_without_marks_cannot_be_let_think() -> None:
    from s3eval.testing.checkpoints import shared_checkpoint

    plain = str(shared_checkpoint("qwen3_vl"))
    with pytest.raises(S3EvalError, match="no marks for thoughts"):
        load(plain, thinking=100)
    assert [a.text for a in answers(load(plain, thinking="off"))] == [
        a.text for a in answers(load(plain))
    ]
    assert load(plain).notice() == ""


@pytest.mark.parametrize("value", ["maybe", 0, -1, 2.5])
def test_other_values_are_refused(value: Any) -> None:
    with pytest.raises(S3EvalError, match="thinking"):
        load("nowhere", thinking=value)


def test_the_generic_model_thinks_too() -> None:
    spec = next(p.spec for p in discover().of("model") if p.spec.name == "hf")
    model = spec.load().load(spec, {"checkpoint": checkpoint(), "thinking": 6})
    asked = [replace(q, sense="sight") for q in QUESTIONS]
    given = list(model.ask(model.watch(noise_clip(1)), asked))
    assert all(a.thoughts and a.status == "answered" for a in given)
    left = spec.load().load(spec, {"checkpoint": checkpoint()})
    given = list(left.ask(left.watch(noise_clip(1)), asked))
    assert all(a.thoughts and a.status == "failed" for a in given)
    assert "fails where the thought does not end" in left.notice()


@pytest.mark.parametrize("options", [{}, {"thinking": 5}, {"repetition_penalty": 1.3}])
def test_drawn_answers_are_the_same_shared_and_alone(options: dict[str, Any]) -> None:
    """Each draw follows from the question alone: its seed, repetition and text."""
    asked = [replace(q, repeat=n) for q in QUESTIONS[:2] for n in range(3)]
    warm = {"temperature": 1.5, **options}
    given = {}
    for way in ("packed", "forked", "independent"):
        model = load(checkpoint(), sharing=way, **warm)
        found = list(model.ask(model.watch(noise_clip(1)), asked))
        turned = list(model.ask(model.watch(noise_clip(1)), asked[::-1]))[::-1]
        assert [a.text for a in turned] == [a.text for a in found]
        given[way] = [(a.text, a.thoughts, a.reason) for a in found]
    assert given["packed"] == given["forked"] == given["independent"]
    assert len({(text or thoughts) for text, thoughts, _ in given["packed"]}) > 2
    assert model.temperature == 1.5 and model.identity()["temperature"] == 1.5
    cold = load(checkpoint(), temperature=0)
    assert cold.temperature == 0 and "temperature" not in cold.identity()
