"""Qwen3-VL: every frame pair is shown, under its own time."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest

from s3eval import discover
from s3eval.testing.noise import noise_clip

pytestmark = pytest.mark.torch
pytest.importorskip("torch")
pytest.importorskip("transformers")


def spec() -> Any:
    return next(p.spec for p in discover().plugins if p.spec.name == "qwen3-vl-8b")


@cache
def load(**options: Any) -> Any:
    from s3eval.testing.checkpoints import shared_checkpoint

    given = {"checkpoint": str(shared_checkpoint("qwen3_vl")), "min_pixels": 0, **options}
    return spec().load().load(spec(), given)


def prompt(footage: Any) -> str:
    model = load()
    return str(model.processor.tokenizer.decode(model.watch(footage).prefixes[""].tokens))


def times(footage: Any) -> list[float]:
    return [float(t) for t in re.findall(r"<([\d.]+) seconds>", prompt(footage))]


def test_two_frames_a_second_are_headed_by_their_times() -> None:
    """Pairs at 0 and 0.5 s, 1 and 1.5 s, ...; no frame is dropped, none is added."""
    clip = noise_clip(frames=8, seconds=4.0, start=25.0)
    assert times(clip) == pytest.approx([0.25, 1.25, 2.25, 3.25], abs=0.051)


def test_spread_frames_keep_their_true_times() -> None:
    """Task 7 spreads frames over the whole video, beginning half a step in."""
    clip = noise_clip(frames=4, seconds=40.0, start=0.0)
    shifted = replace(clip, times=clip.times + 5.0)
    assert times(shifted) == pytest.approx([10.0, 30.0])


def test_an_odd_frame_is_shown_twice() -> None:
    clip = noise_clip(frames=5, seconds=2.5)
    assert times(clip) == pytest.approx([0.25, 1.25, 2.0], abs=0.051)


def test_uneven_frames() -> None:
    clip = noise_clip(frames=4, seconds=4.0, start=0.0)
    uneven = replace(clip, times=np.array([0.0, 0.1, 3.0, 3.6]))
    assert times(uneven) == pytest.approx([0.05, 3.3], abs=0.051)


def test_tokens_stay_within_the_budget_of_all_frames() -> None:
    model = load(max_media_tokens=120)
    clip = noise_clip(frames=20, width=320, height=256, seconds=10.0)
    tokens = model.watch(clip).prefixes[""].tokens
    count = sum(t == model.model.config.video_token_id for t in tokens)
    assert 0.6 * 120 < count <= 120


def test_the_published_sampling_is_the_long_one() -> None:
    """60-s windows, 120 frames (paper, Section 3.3.2)."""
    from s3eval.facts.clips import profile

    assert spec().profile == "long"
    assert profile(spec().profile).window_seconds == 60.0
    assert profile(spec().profile).window_frames == 120
