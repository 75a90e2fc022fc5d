"""Models of lmms-eval in a process of their own: a stand-in toolkit, real files, real faults."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from s3eval_model_lmms_eval import s3eval_models
from s3eval_model_lmms_eval.adapter import LmmsEvalModel
from s3eval_model_lmms_eval.installing import PYTHON_VARIABLE

from s3eval import Clip, Footage, Question, S3EvalError, Sampling
from s3eval.permission import OPTION, Permission
from s3eval.plugins import Plugin, installed

STAND_IN = Path(__file__).parent / "stand_in"


@pytest.fixture(autouse=True)
def stand_in(monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(STAND_IN))
    monkeypatch.delenv("S3EVAL_LMMS_EVAL_PYTHON", raising=False)


@pytest.fixture
def model():
    made = []

    def make(name, permission=None, **options):
        spec = installed().get("model", "lmms-eval").spec
        given = {"model": name, **options, OPTION: permission or Permission()}
        made.append(LmmsEvalModel.load(spec, given))
        return made[-1]

    yield make
    for one in made:
        one.close()


def footage(level: int = 100, frames: int = 4, sound: bool = True) -> Footage:
    clip = Clip("v", 10.0, 12.0, Sampling())
    pictures = np.full((frames, 35, 46, 3), level, np.uint8)
    wave = np.sin(np.arange(32_000) / 20).astype(np.float32) if sound else None
    return Footage(clip, pictures, 10.0 + np.arange(frames) * 0.5, wave, 20.0)


def asked(model, shown, *texts, **more):
    watched = model.watch(shown)
    try:
        return list(model.ask(watched, [Question(t, t, **more) for t in texts]))
    finally:
        model.release(watched)
        assert not watched.folder.exists()


@pytest.mark.parametrize("media", ["video", "images"])
def test_a_model_answers_by_the_frames_that_were_sampled(model, media):
    loaded = model("footage", media=media, words="seen: ")
    dark, light = asked(loaded, footage(40), "a")[0], asked(loaded, footage(200), "a")[0]
    assert dark.text.startswith("seen: 4 frames, level ") and "sound 0" in dark.text
    levels = [int(a.text.split("level ")[1].split(",")[0]) for a in (dark, light)]
    assert levels == pytest.approx([40, 200], abs=3)
    assert dark.text.endswith("64 tokens")


@pytest.mark.parametrize("media", ["video", "images"])
def test_sound_goes_along_where_it_is_asked_for(model, media):
    loaded = model("footage", media=media, sound=True)
    assert "sound 1" in asked(loaded, footage(), "a")[0].text
    assert "sound 0" in asked(loaded, footage(sound=False), "a")[0].text
    assert loaded.senses == {"sight", "hearing"}
    assert model("footage").senses == {"sight"}


def test_chat_models_get_messages(model):
    (answer,) = asked(model("chat"), footage(), "what?", system="be brief")
    assert answer.text == "video text be brief\n\nwhat?"


def test_only_the_question_that_fails_is_failed(model):
    good, bad, also = asked(model("footage"), footage(), "a", "fail", "b")
    assert good.status == also.status == "answered"
    assert bad.status == "failed"
    assert bad.reason.startswith("ValueError: cannot read") and "s3eval-clip" not in bad.reason


def test_a_process_that_ends_costs_its_clip_and_starts_again(model):
    loaded = model("quits")
    lost = asked(loaded, footage(), "a", "quit")
    assert [a.status for a in lost] == ["failed", "failed"]
    assert "ended with 7" in lost[0].reason
    assert asked(loaded, footage(), "a")[0].text == "still there"


def test_a_clip_that_takes_too_long_fails(model):
    (answer,) = asked(model("slow", seconds=1), footage(), "a")
    assert answer.reason == "no answer within 1 s"


def test_what_is_no_text_is_no_answer(model):
    (answer,) = asked(model("numbers"), footage(), "a")
    assert answer.status == "failed" and "int instead of text" in answer.reason


def test_nothing_is_sent_to_another_machine_without_permission(model):
    (answer,) = asked(model("sends"), footage(), "a")
    assert answer.status == "failed" and "--allow-remote" in answer.reason
    with pytest.raises(S3EvalError, match="sends clips to another machine"):
        model("gemini")
    model("gemini", permission=Permission(allow_remote=True))


def test_what_cannot_be_loaded_is_told(model, tmp_path):
    with pytest.raises(S3EvalError, match="Which model of lmms-eval"):
        model("")
    with pytest.raises(S3EvalError, match="not found in available models"):
        model("fotage")
    with pytest.raises(S3EvalError, match="no weights in nowhere"):
        model("absent")
    with pytest.raises(S3EvalError, match="does not start"):
        model("footage", python=str(tmp_path / "python"))
    with pytest.raises(S3EvalError, match="'seconds' of 'lmms-eval' cannot be"):
        model("footage", seconds=-1)


def test_without_lmms_eval_the_command_says_so(model, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", "")
    with pytest.raises(S3EvalError, match="No module named 'lmms_eval'") as caught:
        model("footage")
    assert "Try: python -m venv lmms" in str(caught.value)


def test_what_is_missing_is_shown_unless_another_environment_is_named(monkeypatch):
    def plugin():
        (spec,) = s3eval_models()
        return Plugin("model", spec, "s3eval-model-lmms-eval", "0")

    monkeypatch.delenv(PYTHON_VARIABLE, raising=False)
    # Wherever these tests run: the stand-in's folder is not on this process's path.
    monkeypatch.setattr("s3eval.specs._is_installed", lambda module: module != "lmms_eval")
    assert plugin().status == "missing: lmms_eval"
    # The option `python` may name its environment, so that it is loaded all the same.
    assert plugin().spec.load().__name__ == "LmmsEvalModel"
    monkeypatch.setenv(PYTHON_VARIABLE, sys.executable)
    assert plugin().status == "ready"


def test_the_identity_holds_what_changes_answers(model):
    assert model("footage", words="a", seconds=5).identity() == {
        "lmms_eval": "0.0.1",
        "class": "lmms_eval.models.Footage",
        "model": "footage",
        "arguments": {"words": "a"},
        "media": "video",
        "sound": False,
    }
