"""What a model is shown of a video, without the command line."""

from __future__ import annotations

import numpy as np
import pytest
from s3eval_synth.testing import tiny_dataset

from s3eval.api.datasets import open_dataset
from s3eval.api.looking import Viewing, clip_of, clips_shown, footage_of, save_seen, video_of
from s3eval.errors import S3EvalError


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    folder = tmp_path_factory.mktemp("looking") / "data"
    tiny_dataset(folder, videos=2, seconds=6.0)
    return open_dataset(folder)


def test_a_video_is_named_by_its_beginning_where_that_is_enough(drawn):
    first = drawn.videos[0]
    assert video_of(drawn, first.name[:5]) is first
    with pytest.raises(S3EvalError, match="2 videos begin with 'T000'"):
        video_of(drawn, "T000")


def test_the_clips_are_those_that_the_task_asks_about(drawn):
    viewing = Viewing(task="recognition", sampling={"window_seconds": 4.0, "overlap_seconds": 1.0})
    shown = clips_shown(drawn, drawn.videos[0], viewing)
    assert shown.task == "recognition"
    assert [(c["clip"], c["start"], c["end"]) for c in shown.clips] == [
        (1, 0.0, 4.0),
        (2, 3.0, 6.0),
    ]
    second = clip_of(drawn, drawn.videos[0], viewing, number=2)
    assert (second.start, second.end) == (3.0, 6.0)
    with pytest.raises(S3EvalError, match="There are 2 clips"):
        clip_of(drawn, drawn.videos[0], viewing, number=3)
    for time in ({"start": 1.0}, {"end": 3.0}, {"start": 0.0}):
        with pytest.raises(S3EvalError, match="exclude each other"):
            clip_of(drawn, drawn.videos[0], viewing, number=2, **time)


def test_footage_has_the_senses_of_the_model(drawn, tmp_path):
    video = drawn.videos[0]
    everything, seen = Viewing(), Viewing(model="motion")
    clip = clip_of(drawn, video, everything, start=1.0, end=3.0)
    both = footage_of(drawn, video, clip, everything)
    only = footage_of(drawn, video, clip, seen)
    assert np.array_equal(both.frames, only.frames)
    assert both.sound is not None and only.sound is None
    assert save_seen(both, drawn, video, everything, tmp_path / "a.png") == tmp_path / "a.wav"
    assert save_seen(only, drawn, video, seen, tmp_path / "b.png") is None
    assert (tmp_path / "b.png").stat().st_size > 1000
