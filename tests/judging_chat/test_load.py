"""A judge's plugin that is wrong is named, whatever it does."""

from __future__ import annotations

import pytest

from s3eval.errors import S3EvalError
from s3eval.judge import Judge
from s3eval.judging.load import load_judge
from s3eval.permission import LOCAL_ONLY, Permission
from s3eval.plugins import Plugin, Registry
from s3eval.specs import JudgeSpec
from s3eval.testing.plugins import in_place_of_installed


class Good(Judge):
    def identity(self):
        return {"judge": "mine"}


class Remote(Good):
    def __init__(self):
        self.remote = True


class NoJudge(Good):
    @classmethod
    def load(cls, spec, options):
        return "ready"


class Raises(Good):
    @classmethod
    def load(cls, spec, options):
        raise RuntimeError("no such model")


class Exits(Good):
    @classmethod
    def load(cls, spec, options):
        raise SystemExit(3)


class Secretive(Good):
    def identity(self):
        return {"judge": object()}


def adapter_that_is_no_class():
    pass


@pytest.fixture
def load(monkeypatch):
    def load(adapter, options=None, permission=LOCAL_ONLY, **flags):
        spec = JudgeSpec("mine", adapter="my_judges:Mine")
        monkeypatch.setattr(JudgeSpec, "load", lambda self: adapter)
        registry = Registry((Plugin("judge", spec, "s3eval-judge-mine", "1"),))
        with in_place_of_installed(registry):
            return load_judge("mine", options or {}, permission, **flags)

    return load


def test_a_judge_is_loaded_and_none_where_none_is_needed(load):
    assert isinstance(load(Good), Good)
    assert load(Good, needed=False) is None


@pytest.mark.parametrize(
    ("adapter", "says"),
    [
        (adapter_that_is_no_class, "subclass of Judge, but got function"),
        (dict, "subclass of Judge, but got dict"),
        (NoJudge, "give a Judge, but got str"),
        (Raises, "RuntimeError: no such model"),
        (Exits, "SystemExit: 3"),
        (Secretive, "not JSON-able"),
    ],
)
def test_what_is_wrong_is_said_with_the_plugin_s_name(load, adapter, says):
    with pytest.raises(S3EvalError, match=says) as caught:
        load(adapter)
    assert "s3eval-judge-mine" in str(caught.value) and "mine" in str(caught.value)


def test_options_nobody_takes_are_refused(load):
    with pytest.raises(S3EvalError, match="takes no options, but got words"):
        load(Good, {"words": 3})


def test_a_judge_that_forgets_the_gate_does_not_pass_it(load):
    with pytest.raises(S3EvalError, match="sends text off this machine"):
        load(Remote)
    assert load(Remote, permission=Permission(allow_remote=True)).remote
