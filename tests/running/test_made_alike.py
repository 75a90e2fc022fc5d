"""A run claims no settings that the findings in it were not made with."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import s3eval
from s3eval import Annotation, Dataset, FeatureAnnotation, Model, S3EvalError, Video
from s3eval.cli import main
from s3eval.dataset import write_folder
from s3eval.plugins import Plugin
from s3eval.running.continuing import changes_of
from s3eval.running.made_alike import SettingDifference, later_identity_keys, refuse_other_settings
from s3eval.running.runs import RunFacts, open_run
from s3eval.specs import ModelSpec
from s3eval.testing.plugins import beside_installed


class Threshold(Model):
    """Answers the first choice; what it is depends on its options."""

    uses_footage = False
    asked = 0
    fails = False

    def __init__(self, options: dict[str, Any]) -> None:
        self.options = options

    @classmethod
    def load(cls, spec: ModelSpec, options: Any) -> Threshold:
        return cls(dict(options))

    def identity(self) -> dict[str, Any]:
        return {"threshold": 0.5, **self.options}

    def watch(self, footage: Any) -> Any:
        if Threshold.fails:
            raise KeyboardInterrupt
        return footage

    def answer(self, watched: Any, question: Any) -> str:
        Threshold.asked += 1
        return str(question.choices[0]) if question.choices else "yes"


@pytest.fixture(autouse=True)
def model():
    Threshold.asked, Threshold.fails = 0, False
    spec = ModelSpec("threshold", adapter=f"{__name__}:Threshold", sees=True, hears=True)
    with beside_installed(Plugin("model", spec, "threshold-models", "1.0")):
        yield


@pytest.fixture
def data(tmp_path) -> Path:
    videos = tuple(Video(f"v{i}", f"p{i}", duration=20.0, diagnosis="ES") for i in range(2))
    notes = {
        v.name: Annotation(v.name, {"tonic": FeatureAnnotation("yes", 3.0)}, seizure_start=2.0)
        for v in videos
    }
    return write_folder(Dataset("d", videos, notes), tmp_path / "data")


def run_of(data: Path, task: Any, **settings: Any) -> Any:
    out = data.parent / "runs"
    return s3eval.evaluate(
        "threshold", task, str(data), out, resamples=20, progress=False, **settings
    )


def command(data: Path, task: str, *more: object) -> int:
    words = ["run", "-m", "threshold", "-t", task, "-d", data, "-o", data.parent / "runs"]
    try:
        return int(main([str(w) for w in (*words, "--resamples", 20, *more)]) or 0)
    except SystemExit as end:
        return int(end.code or 0)


def facts_of(data: Path) -> dict[str, Any]:
    text = (data.parent / "runs" / "threshold" / "run.json").read_text(encoding="utf-8")
    facts: dict[str, Any] = json.loads(text)
    return facts


def test_tasks_that_another_model_answered_are_not_kept(data, capsys):
    assert command(data, "recognition", "--model-option", "threshold=0.4") == 0
    before, asked = facts_of(data), Threshold.asked
    capsys.readouterr()
    assert command(data, "diagnosis", "--model-option", "threshold=0.3") == 2
    error = " ".join(capsys.readouterr().err.split())
    assert "identity.threshold is 0.4 there and 0.3 now" in error
    for way_out in ("--tasks recognition,diagnosis", "another --out", "--replace"):
        assert way_out in error
    assert (Threshold.asked, facts_of(data)) == (asked, before), "nothing was asked or written"


def test_with_all_tasks_named_again_all_is_asked_anew(data):
    run_of(data, "recognition", model_options={"threshold": 0.4})
    asked = Threshold.asked
    run_of(data, ["recognition", "diagnosis"], model_options={"threshold": 0.3})
    assert Threshold.asked > 2 * asked
    assert facts_of(data)["identity"]["threshold"] == 0.3
    assert set(facts_of(data)["tasks"]) == {"recognition", "diagnosis"}


def test_equal_settings_go_on_as_ever(data):
    run_of(data, "recognition", model_options={"threshold": 0.4}, sampling={"window_seconds": 10})
    asked = Threshold.asked
    same = {"model_options": {"threshold": 0.4}, "sampling": {"window_seconds": 10.0}}
    runs = run_of(data, "diagnosis", **same)
    assert set(runs[0].run.findings) == {"recognition", "diagnosis"}
    new = Threshold.asked
    run_of(data, "recognition", **same)
    assert (new > asked, Threshold.asked) == (True, new)


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"protocol": "release"}, "protocol is paper there and release now"),
        ({"seed": 1}, "seed is 0 there and 1 now"),
        ({"sampling": {"window_seconds": 10}}, "sampling.window_seconds is none there and 10 now"),
        ({"profile": "long"}, "profile is standard there and long now"),
    ],
)
def test_each_setting_that_is_recorded_once_is_named(data, settings, named):
    run_of(data, "recognition")
    with pytest.raises(S3EvalError, match=named):
        run_of(data, "diagnosis", **settings)
    # And the other way: what was set before and is not set now.
    run_of(data, "recognition", **settings)
    with pytest.raises(S3EvalError, match=named.split(" is ")[0]):
        run_of(data, "diagnosis")


def test_options_of_kept_tasks_stay_recorded(data):
    run_of(data, "timing", task_options={"timing": {"placement": "random"}})
    run_of(data, "diagnosis")
    assert facts_of(data)["options"]["tasks"] == {"timing": {"placement": "random"}}


@pytest.mark.parametrize("more", [{}, {"replace": True}])
def test_an_interrupted_run_claims_no_findings_of_other_settings(data, more):
    run_of(data, "recognition", model_options={"threshold": 0.4})
    Threshold.fails = True
    with pytest.raises(KeyboardInterrupt):
        run_of(data, "recognition", model_options={"threshold": 0.3}, **more)
    assert facts_of(data)["identity"]["threshold"] == 0.3
    assert not open_run(data.parent / "runs" / "threshold").findings
    Threshold.fails = False
    runs = run_of(data, "diagnosis", model_options={"threshold": 0.3})
    assert set(runs[0].run.findings) == {"diagnosis"}


def test_an_interruption_with_equal_settings_keeps_the_findings(data):
    run_of(data, "recognition")
    Threshold.fails = True
    with pytest.raises(KeyboardInterrupt):
        run_of(data, ["recognition", "diagnosis"])
    assert set(open_run(data.parent / "runs" / "threshold").findings) == {"recognition"}


FACTS = RunFacts(
    "m",
    ("sight",),
    ("recognition",),
    "data",
    identity={"checkpoint": "a"},
    options={"model": {}, "profile": "standard"},
    versions={"s3eval-core": "0.1.0", "python": "3.11"},
)
LATER = replace(
    FACTS,
    tasks=("diagnosis",),
    identity={"checkpoint": "a", "frames": {"order": "time"}},
    versions={"s3eval-core": "0.2.0", "python": "3.12", "pkg": "1"},
)


def test_what_an_earlier_version_did_not_record_is_no_difference():
    refuse_other_settings(FACTS, LATER, ["recognition"], "run")
    assert later_identity_keys(FACTS, LATER) == ["identity.frames.order"]
    without = replace(FACTS, options={"model": {}}, versions={})
    refuse_other_settings(without, LATER, ["recognition"], "run")


@pytest.mark.parametrize(
    "now",
    [
        replace(LATER, versions=FACTS.versions),
        replace(LATER, options={**FACTS.options, "model": {"frames": "time"}}),
        replace(LATER, identity={"frames": 1}),
        replace(LATER, identity={"checkpoint": "b"}),
        replace(LATER, senses=("hearing", "sight")),
    ],
)
def test_but_what_the_versions_do_not_explain_is_one(now):
    with pytest.raises(S3EvalError, match="made with other settings"):
        refuse_other_settings(FACTS, now, ["recognition"], "run")


def test_an_entry_that_an_earlier_version_did_not_record_is_named(data, capsys):
    run_of(data, "recognition")
    file = data.parent / "runs" / "threshold" / "run.json"
    facts = json.loads(file.read_text(encoding="utf-8"))
    facts["identity"], facts["versions"] = {}, {"s3eval-core": "0.1.0"}
    file.write_text(json.dumps(facts), encoding="utf-8")
    capsys.readouterr()
    assert command(data, "diagnosis") == 0
    error = " ".join(capsys.readouterr().err.split())
    assert "not recorded when recognition was asked: identity.threshold" in error
    assert "--tasks recognition,diagnosis" in error
    kept = open_run(data.parent / "runs" / "threshold").findings
    assert set(kept) == {"recognition", "diagnosis"}


@pytest.mark.parametrize(
    ("name", "value", "hidden"),
    [
        ("identity.api_key", "sk-123", "sk-123"),
        ("identity.token", "abc-def", "abc-def"),
        ("identity.base_url", "https://ann:pass@host/v1", "pass"),
        ("identity.base_url", "https://host/v1?key=abc-def", "abc-def"),
        ("identity.name", "a\x1b[31m", "\x1b"),
    ],
)
def test_no_secret_and_no_control_character_is_shown(name, value, hidden):
    shown = SettingDifference(name, value, "x").in_words()
    assert hidden not in shown
    assert hidden not in str(SettingDifference(name, "x", value))
    assert "4096" in str(SettingDifference("identity.max_tokens", 512, 4096))


def test_the_judge_that_scores_were_read_by_later_is_no_changed_setting():
    judge = {"name": "qwen", "options": {"cache": "/home/alice/kept.sqlite"}}
    scored = replace(FACTS, options={**FACTS.options, "judge_of_scores": judge})
    assert changes_of(scored, FACTS) == changes_of(FACTS, scored) == []
    (line,) = changes_of(scored, replace(FACTS, options={**FACTS.options, "profile": "other"}))
    assert "options.profile" in line and "kept.sqlite" not in line


def test_a_judge_of_kept_findings_is_compared_where_one_read():
    read = replace(FACTS, options={**FACTS.options, "judge": {"name": "lexicon"}})
    other = replace(LATER, options={**FACTS.options, "judge": {"name": "chat"}})
    with pytest.raises(S3EvalError, match="judge is lexicon there and chat now"):
        refuse_other_settings(read, other, ["report"], "run", is_judged=True)
    refuse_other_settings(read, other, ["recognition"], "run")
    refuse_other_settings(read, LATER, ["report"], "run", is_judged=True)
