"""Tiny random checkpoints are held to the structural lines; each fails after its fault."""

from __future__ import annotations

import atexit
import copy
import shutil
import tempfile
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from s3eval_check_model.asking import Subject, shown
from s3eval_check_model.checking import _structural
from s3eval_check_model.measuring import largest_clip
from s3eval_check_model.scenes import still_scenes
from s3eval_check_model.structure import budget_line, examine

from s3eval import discover
from s3eval.facts.clips import profile

pytestmark = pytest.mark.torch
torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

STRUCTURAL = {"template", "sharing", "batch", "footage", "reversal", "sound"}
#: Small frames: what they show is not what these lines are about.
OPTIONS = {"min_pixels": 0, "max_pixels": 20_000}


@cache
def drawn() -> Path:
    folder = tempfile.mkdtemp()
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return Path(folder)


def load(architecture: str, **options: Any) -> Subject:
    from s3eval.testing.checkpoints import shared_checkpoint

    torch.set_num_threads(1)
    spec = next(p.spec for p in discover().of("model") if p.spec.name == "hf")
    given = {"checkpoint": str(shared_checkpoint(architecture)), **OPTIONS, **options}
    model = spec.load().load(spec, given)
    return Subject(spec, model, model.senses)


def structural(subject: Subject) -> dict[str, Any]:
    answered = [a for some in shown(subject, still_scenes()[:3], drawn()) for a in some]
    examined, why = examine(subject, drawn())
    return {line.name: line for line in _structural(subject, drawn(), answered, examined, why)}


def failing(lines: dict[str, Any]) -> set[str]:
    return {name for name in STRUCTURAL if lines[name].verdict == "fail"}


@cache
def healthy(architecture: str) -> dict[str, Any]:
    return structural(load(architecture))


SLOW = [pytest.param(name, marks=pytest.mark.slow) for name in ("gemma4", "qwen3_5")]


@pytest.mark.parametrize("architecture", ["qwen3_vl", *SLOW])
def test_a_healthy_checkpoint_fails_no_structural_line(architecture: str) -> None:
    lines = healthy(architecture)
    expected = STRUCTURAL if architecture == "gemma4" else STRUCTURAL - {"sound"}
    assert {name for name in STRUCTURAL if lines[name].verdict == "pass"} == expected
    assert failing(lines) == set()


@pytest.mark.slow
def test_a_state_that_questions_leave_behind_fails_sharing_and_batch(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A shallow copy of a recurrent state, which the next question continues."""
    from s3eval.hf import kv_cache

    def shallow(cache: Any) -> Any:
        copied = copy.copy(cache)
        copied.layers = [copy.copy(layer) for layer in cache.layers]
        return copied

    subject = load("qwen3_5")
    assert subject.model.sharing.way == "forked"
    # After loading: the comparison there would have refused this way.
    monkeypatch.setattr(kv_cache, "snapshot", shallow)
    lines = structural(subject)
    assert failing(lines) == {"sharing", "batch"}
    assert "leaves something behind" in lines["sharing"].cause


def test_wrong_positions_after_the_clip_fail_the_sharing_line_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from s3eval.hf import model as base

    subject, kept = load("qwen3_vl"), base.prefill

    def shifted(*args: Any) -> Any:
        return replace(kept(*args), next_position=kept(*args).next_position + 7)

    monkeypatch.setattr(base, "prefill", shifted)
    assert failing(structural(subject)) == {"sharing"}


def planted(subject: Subject, monkeypatch: pytest.MonkeyPatch, change: Any) -> dict[str, Any]:
    """The lines with every clip changed before the model takes it in."""
    media = subject.model.media
    monkeypatch.setattr(subject.model, "media", lambda footage: media(change(footage)))
    return structural(subject)


def test_frames_that_are_sorted_fail_the_reversal_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def by_redness(footage: Any) -> Any:
        order = np.argsort(footage.frames[..., 0].mean(axis=(1, 2)), kind="stable")
        return replace(footage, frames=footage.frames[order])

    assert failing(planted(load("qwen3_vl"), monkeypatch, by_redness)) == {"reversal"}


@pytest.mark.slow
def test_sound_that_is_left_out_fails_the_sound_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def without(footage: Any) -> Any:
        return replace(footage, sound=None)

    def silent(footage: Any) -> Any:
        return replace(footage, sound=np.zeros_like(footage.sound))

    assert failing(planted(load("gemma4"), monkeypatch, silent)) == {"sound"}
    assert failing(planted(load("gemma4"), monkeypatch, without)) == {"sound"}


def test_the_same_clip_each_time_fails_the_footage_line(monkeypatch: pytest.MonkeyPatch) -> None:
    kept: list[Any] = []

    def first(footage: Any) -> Any:
        kept.append(footage)
        return kept[0]

    assert failing(planted(load("qwen3_vl"), monkeypatch, first)) == {"footage"}


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("{%- if add_generation_prompt %}", "{%- if false %}", "does not begin the model's turn"),
        ("<|im_end|>", "<|turn_over|>", "does not know the template's <|turn_over|>"),
    ],
)
def test_a_template_that_is_not_the_checkpoint_s_fails_the_template_line(
    before: str, after: str, said: str
) -> None:
    subject = load("qwen3_vl")
    template = subject.model.processor.chat_template
    changed = template.replace(before, after)
    if changed == template:  # the tiny template spells the blocks of Jinja otherwise
        changed = template.replace("add_generation_prompt", "false")
    subject.model.processor.chat_template = changed
    lines = structural(subject)
    assert lines["template"].verdict == "fail"
    assert said in lines["template"].found


def test_a_budget_that_is_not_kept_fails_the_budget_line(monkeypatch: pytest.MonkeyPatch) -> None:
    small = profile("standard").changed(window_seconds=4.0, overlap_seconds=0, window_frames=8)

    def line(subject: Subject) -> Any:
        footage, _ = largest_clip(small, drawn(), subject)
        return budget_line(subject.model.examine(footage, ()), "", "a window")

    subject = load("qwen3_vl", max_pixels=200_000, max_media_tokens=600)
    assert line(subject).verdict == "pass"
    less = subject.model.options.model_copy(update={"max_media_tokens": 300})
    monkeypatch.setattr(subject.model, "options", less)
    monkeypatch.setattr(subject.model, "_affordable_pixels", lambda footage: 200_000.0)
    assert line(subject).verdict == "fail"
