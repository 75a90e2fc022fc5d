"""Reasons name no media file, whatever a file is called and whoever raised the error."""

import re

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


@pytest.mark.parametrize(
    "text",
    [
        "FileNotFoundError: [Errno 2] No such file: '/data/ward 3/Thandeka Dube.mp4'",
        'cannot open "C:\\\\Users\\\\Thandeka\\\\a.mp4"',
        r"cannot open C:\ward\Thandeka Dube.mp4: damaged",
        r"\\nas01\ward$\Thandeka Dube\seizure.avi is gone",
        "~/Thandeka/a.mkv, ../ward/Thandeka Dube.MOV and Thandeka_1957.mp4",
        "file:///mnt/v/Thandeka/clip.webm cannot be reached",
        "see /home/u/ward/Thandeka/notes",
        "decoder at D:/ward/Thandeka/frame",
    ],
)
def test_paths_of_whatever_system_are_no_part_of_what_is_kept(text):
    from s3eval.model import Answer, Question
    from s3eval.running.boundary import checked_answer, checked_findings
    from s3eval.task import Finding

    answer = checked_answer(Answer("failed", reason=text, note=text), Question("q", "?"))
    (finding,) = checked_findings("t", "v", [Finding("t", "v", "q", "failed", None, text, 1)])
    for kept in (reason_of(RuntimeError(text)), answer.reason, answer.note, finding.reason):
        assert kept and not {"Thandeka", "Dube", "ward", "nas01"} & {*re.split(r"\W|_", kept)}, kept


@pytest.mark.parametrize(
    "text",
    ["POST /v1/chat/completions: 404", "2 and/or 3 of n/a (model.py:41)", "yes/no: 'left / right'"],
)
def test_what_is_no_path_stays(text):
    assert reason_of(RuntimeError(text)) == f"RuntimeError: {text}"


@pytest.mark.parametrize("name", ["v", "file", "is", "a", "Video"])
def test_a_video_named_like_a_word_leaves_sentences_whole(name):
    reason = "The video file cannot be opened: it is no video, or a file cut off in view."
    assert without_name(reason, name) == reason


def test_the_same_reason_of_two_videos_counts_as_one():
    both = {without_name(f"No frames of video '{v}' ({v}): none", v) for v in ("v", "p01-s2")}
    assert both == {"No frames of video 'VIDEO' (VIDEO): none"}


@pytest.mark.parametrize(
    "text",
    [
        "Incorrect API key provided: sk-proj-0123456789abcdefghij",
        "Authorization: Bearer 0123456789abcdefghij",
        "GET https://host/x?api_key=0123456789abcdefghij failed",
        "GET https://me:0123456789abcdefghij@host/x failed",
        "{'api_key': '0123456789abcdefghij'}",
        "hf_0123456789abcdefghij is not allowed",
        "GET https://0123456789abcdefghij@host/x?token=0123456789abcdefghij failed",
    ],
)
def test_no_key_in_a_reason(text):
    assert "0123456789abcdefghij" not in reason_of(ValueError(text))


@pytest.mark.parametrize(
    "text",
    [
        "https://host:8000/v1/models is not there",
        "unexpected token: <html>",
        "sk-learn is missing",
        "hf_checkpoint_loading_failed",
        "basic checks failed",
    ],
)
def test_what_is_no_key_stays(text):
    assert reason_of(ValueError(text)) == f"ValueError: {text}"
