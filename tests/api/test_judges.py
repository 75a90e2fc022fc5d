"""Which judge reads for a run, and that an odd judge is named before anything is asked."""

from __future__ import annotations

import contextlib

import pytest

from s3eval.api.judges import (
    JudgeChoice,
    close_judge,
    judge_of_run,
    judge_of_scores,
    other_judge,
)
from s3eval.errors import S3EvalError
from s3eval.judge import Judge
from s3eval.running.runs import SCORES_JUDGE, Run, RunFacts
from s3eval.specs import JudgeSpec
from s3eval.testing.plugins import in_place_of_installed, module_with, registry_of


class Odd(Judge):
    told: object = {"judge": "odd"}

    def identity(self):
        return self.told

    def close(self):
        raise SystemExit(0)


def leaving(*_):
    raise SystemExit(0)


def run_by(tmp_path, **facts) -> Run:
    return Run(tmp_path, RunFacts("m", ("sight",), ("report",), "d", **facts), {})


def test_a_run_is_read_by_its_own_judge_unless_another_is_named(tmp_path):
    options = {"judge": {"name": "qwen", "options": {"model": "x"}}}
    own = judge_of_run(run_by(tmp_path, options=options), JudgeChoice())
    assert (own.name, own.options) == ("qwen", {"model": "x"})
    named = JudgeChoice("lexicon", named=True)
    assert judge_of_run(run_by(tmp_path, options=options), named) is named
    assert judge_of_run(run_by(tmp_path, source="recorded"), JudgeChoice()).name == "none"
    assert judge_of_run(run_by(tmp_path), JudgeChoice()).name == "none"


def test_the_judge_of_the_scores_is_the_one_that_score_was_told(tmp_path):
    own = {"name": "qwen", "options": {"model": "x", "cache": "a"}}
    run = run_by(tmp_path, options={"judge": own}, judge={"judge": "qwen"})
    assert judge_of_scores(run).options == own["options"]
    assert other_judge(run, judge_of_run(run, JudgeChoice())) == {}
    elsewhere = JudgeChoice("qwen", True, {"model": "x", "cache": "b"})
    other = other_judge(run, elsewhere)
    assert other == {"name": "qwen", "options": {"model": "x", "cache": "b"}}
    scored = run_by(tmp_path, options={"judge": own, SCORES_JUDGE: other}, judge={"judge": "qwen"})
    assert judge_of_scores(scored) == elsewhere
    # What reads for the run itself stays its own, and is given as before.
    assert judge_of_run(scored, JudgeChoice()).options == own["options"]
    # An earlier version kept the name alone.
    before = run_by(tmp_path, options={"judge": own}, judge={"judge": "lexicon"})
    assert judge_of_scores(before) == JudgeChoice("lexicon")


@pytest.fixture
def installed():
    with contextlib.ExitStack() as replaced:

        def with_adapter(attribute: str) -> None:
            spec = JudgeSpec("odd", adapter=f"{__name__}:{attribute}")
            registry = registry_of(("x", "pkg-x", module_with(s3eval_judges=[spec])))
            replaced.enter_context(in_place_of_installed(registry))

        yield with_adapter


@pytest.mark.parametrize("told", [None, {"a": {1}}, {"a": float("nan")}])
def test_a_judge_whose_identity_cannot_be_written_is_named(installed, monkeypatch, told):
    installed("Odd")
    monkeypatch.setattr(Odd, "told", told)
    with pytest.raises(S3EvalError, match="pkg-x"):
        JudgeChoice("odd", named=True).open()


@pytest.mark.parametrize("load", [leaving, lambda *_: None])
def test_a_judge_that_does_not_load_is_named(installed, monkeypatch, load):
    installed("Odd")
    monkeypatch.setattr(Odd, "load", load)
    with pytest.raises(S3EvalError, match="pkg-x"):
        JudgeChoice("odd", named=True).open()


def test_a_judge_that_cannot_be_closed_costs_nothing():
    said: list[str] = []
    close_judge(Odd(), said.append)
    assert "SystemExit" in said[0]
    close_judge(None, said.append)
    assert len(said) == 1
