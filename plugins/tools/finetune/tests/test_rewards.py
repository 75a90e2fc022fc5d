"""The rewards: bounded, read as evaluations read, and what gaming earns under each."""

from __future__ import annotations

import json
import sys
import types
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from s3eval_finetune.rewards import REWARDS, Solution, better, published, rewards_of
from s3eval_finetune.rewards.gaming import ANSWERS, CASES, gaming_table, markdown
from s3eval_finetune.rewards.guards import brief, distinct, own_words

from s3eval.errors import S3EvalError

PAGE = Path(__file__).parents[4] / "docs" / "finetune.md"
PAID = {(row.answer, row.reward): row.paid for row in gaming_table()}
HONEST = "the annotated answer"


def test_the_page_shows_what_the_command_prints() -> None:
    assert markdown(gaming_table()) in PAGE.read_text(encoding="utf-8")


@pytest.mark.parametrize("reward", REWARDS)
def test_an_honest_answer_earns_all(reward: str) -> None:
    assert PAID[HONEST, reward] == dict.fromkeys(CASES, 1.0)


@pytest.mark.parametrize("answer", [a for a in ANSWERS if a != HONEST])
def test_gaming_earns_no_more_than_half_of_the_better_rewards(answer: str) -> None:
    """But for the shortest right answer where one word is what is asked for."""
    for number, paid in PAID[answer, "seizure_better"].items():
        if answer == "as short as may be" and number in (1, 3, 4, 7):
            assert paid == 1.0
        else:
            assert paid <= 0.5, (answer, number)


def test_what_the_published_rewards_pay_for() -> None:
    """The faults that the better ones mend, by name."""
    assert PAID["as short as may be", "seizure"][5] == 1.0, "one right sign alone"
    assert PAID["both answers, or all", "seizure"][3] == 0.5, "the last side mentioned counts"
    assert PAID["right, ten times over", "seizure"][7] == 1.0
    assert PAID["right, but very long", "seizure"][7] == 1.0
    assert PAID["always the same", "seizure"][4] > 0.4, "the middle of the clip"


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=200), st.sampled_from(sorted(CASES)))
def test_any_text_earns_between_0_and_1(text: str, number: int) -> None:
    for case in CASES[number]:
        for reward in REWARDS.values():
            assert 0.0 <= reward(text, case) <= 1.0


@settings(max_examples=40, deadline=None)
@given(st.integers(2, 30), st.sampled_from([2, 5, 6]))
def test_saying_it_again_never_earns_more(times: int, number: int) -> None:
    for case in CASES[number]:
        once = ANSWERS[HONEST](case)
        again = ", ".join([once] * times) if number == 5 else " ".join([once] * times)
        assert better(again, case) < better(once, case)


def test_a_right_answer_earns_more_the_nearer_it_is() -> None:
    order = Solution(5, "sequence", ("head_turning", "tonic", "clonic"))
    told = ["blank stare", "clonic", "tonic, head turning", "tonic, clonic",
            "head turning, tonic, clonic"]  # fmt: skip
    earned = [better(text, order) for text in told]
    assert earned == sorted(earned) and len({*earned}) == len(earned)
    assert published(told[1], order) == published(told[-1], order) == 1.0
    at = Solution(4, "tonic", 20.0)
    assert better("00:20", at) > better("00:24", at) > better("00:40", at) > 0


def test_one_sign_is_not_right_because_one_was() -> None:
    """The F1 of ordered pairs is 1 where neither side has a pair."""
    only = Solution(5, "sequence", ("tonic",))
    assert better("clonic", only) == 0.0 and better("tonic", only) == 1.0
    nothing = Solution(5, "sequence", ())
    assert better("None", nothing) == 1.0 and better("tonic", nothing) == 0.0


def test_a_reason_for_the_wrong_answer_earns_nothing() -> None:
    yes, no = CASES[2]
    assert better(ANSWERS[HONEST](yes), no) == better(ANSWERS[HONEST](no), yes) == 0.0
    assert published(ANSWERS[HONEST](yes), no) > 0.0


def test_details_of_a_reason_count() -> None:
    case = CASES[2][0]
    other = "Yes. The left leg shows rhythmic jerking that repeats for ten seconds."
    assert 0.7 <= better(other, case) < better(ANSWERS[HONEST](case), case)


def test_the_description_that_task_7_asks_for_is_not_too_long() -> None:
    told = json.dumps({"description": "word " * 60, "answer": "ES"})
    assert better(told, Solution(7, "video_only", "ES", "Respond with one JSON object")) == 1.0
    assert better(told, Solution(7, "with_report", "ES", "ES or NES?")) == 0.0


def test_guards() -> None:
    assert distinct("a b") == 1.0 and distinct("a a a a a a") == 0.25
    assert own_words("it turns left now", "it turns left now") == 0.0
    assert own_words("it turns left now", "it turns left now", "it turns left now") == 1.0
    assert [brief("a " * n, 10) for n in (10, 15, 20, 40)] == [1.0, 0.5, 0.0, 0.0]


def row(value: object = "yes") -> str:
    return json.dumps({"item": "tonic", "value": value, "prompt": "?"})


def test_a_batch_in_and_out() -> None:
    assert rewards_of("seizure", ["yes", "no"], ["recognition"] * 2, [row()] * 2) == [1.0, 0.0]
    assert rewards_of("seizure", [], [], []) == []
    with pytest.raises(S3EvalError, match="as many tasks and solutions as answers"):
        rewards_of("seizure", ["yes"], [], [])
    with pytest.raises(S3EvalError, match="did you mean 'seizure'"):
        rewards_of("siezure", ["yes"], ["recognition"], [row()])
    with pytest.raises(S3EvalError, match="'recognitio'"):
        rewards_of("seizure", ["yes"], ["recognitio"], [row()])
    with pytest.raises(S3EvalError, match="no solution of an export"):
        rewards_of("seizure", ["yes"], ["recognition"], ["yes"])


def test_trl_calls_them() -> None:
    from s3eval_finetune.engines import trl

    said = [[{"role": "assistant", "content": "Yes"}], "no"]
    columns: Any = {"task": ["recognition"] * 2, "solution": [row()] * 2, "prompts": ["", ""]}
    assert trl.seizure(said, **columns) == [1.0, 0.0]
    assert trl.seizure_better(said, **columns) == [1.0, 0.0]
    assert (trl.seizure.__name__, trl.seizure_better.__name__) == ("seizure", "seizure_better")


def test_ms_swift_registers_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """Against the engine's two names alone; `test_engines` loads the plugin in the engine."""
    engine: Any = types.ModuleType("swift.rewards")
    engine.ORM, engine.orms = type("ORM", (), {}), {}
    monkeypatch.setitem(sys.modules, "swift", types.ModuleType("swift"))
    monkeypatch.setitem(sys.modules, "swift.rewards", engine)
    monkeypatch.delitem(sys.modules, "s3eval_finetune.engines.swift_plugin", raising=False)
    import s3eval_finetune.engines.swift_plugin  # noqa: F401

    for name in REWARDS:
        reward = engine.orms[name]()
        assert reward(["yes"], task=["recognition"], solution=[row()], trainer_state=None) == [1.0]
