"""Reasons name no media file, whatever a file is called and whoever raised the error."""

import pytest

from s3eval.errors import S3EvalError
from s3eval.running.reasons import reason_of, without_name

FILE = "videos/ward 3/Thandeka Dube.mp4"


@pytest.mark.parametrize(
    "error",
    [
        S3EvalError("The video file is empty", where="Thandeka Dube.mp4"),
        S3EvalError("Cannot be opened", why="/mnt/v/videos/ward 3/Thandeka Dube.mp4: no video"),
        FileNotFoundError(2, "No such file or directory", "/mnt/v/Thandeka Dube.mp4"),
        RuntimeError("decoder: 'Thandeka Dube.mp4' has no frames"),
        RuntimeError("decoder: C:\\videos\\Thandeka Dube.mp4 has no frames"),
    ],
)
def test_no_file_name_in_a_reason(error):
    reason = reason_of(error, FILE)
    assert "Thandeka" not in reason and "Dube" not in reason
    assert reason


@pytest.mark.parametrize("name", ["v", "file", "is", "a", "Video"])
def test_a_video_named_like_a_word_leaves_sentences_whole(name):
    reason = "The video file cannot be opened: it is no video, or a file cut off in view."
    assert without_name(reason, name) == reason


def test_the_same_reason_of_two_videos_counts_as_one():
    both = {without_name(f"No frames of video '{v}' ({v}): none", v) for v in ("v", "p01-s2")}
    assert both == {"No frames of video 'VIDEO' (VIDEO): none"}
