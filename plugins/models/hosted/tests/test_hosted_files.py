"""Clips that are sent to a service as files: once, waited for, and deleted."""

from __future__ import annotations

from typing import Any

import pytest
from hosted_clips import KINDS, TONIC, WHY, ask, said

from s3eval import S3EvalError
from s3eval.errors import StopRunError

pytest.importorskip("httpx")
pytestmark = pytest.mark.usefixtures("service_keys")


def uploading(kind: str, states: tuple[str, ...] = ("ACTIVE",), delete: int = 200) -> Any:
    """A service that takes files; Gemini's are processed for a while."""

    def answer(asked: Any, before: int) -> Any:
        if asked.method == "DELETE":
            return delete, {}, {}
        name = f"file-{before}"
        file = {"name": f"files/{name}", "uri": f"https://host/{name}", "mimeType": "video/mp4"}
        if asked.method == "GET":
            looks = len([1 for a in seen if a == "GET"])
            seen.append("GET")
            return 200, {**file, "state": states[min(looks, len(states) - 1)]}, {}
        if asked.path.endswith("/files"):
            first = "PROCESSING" if len(states) > 1 else states[0]
            return 200, {"file": {**file, "state": first}} if kind == "gemini" else {"id": name}, {}
        return 200, said(kind), {}

    seen: list[str] = []
    return answer


@pytest.mark.parametrize("kind", KINDS)
def test_a_large_clip_is_sent_once_as_files_and_deleted(kind: str, service: Any) -> None:
    with service(uploading(kind)) as server:
        answers, _ = ask(kind, server, (TONIC, WHY), files_above=0)
    pieces = 1 if kind == "gemini" else 4
    uploads = server.of("POST", "/files")
    assert len(uploads) == pieces and len(server.of("DELETE")) == pieces
    assert [a.status for a in answers] == ["answered"] * 2
    requests = [a for a in server.of("POST") if not a.path.endswith("/files")]
    for request in requests:
        text = request.body.decode()
        assert "base64" not in text and "inlineData" not in text
        assert text.count("file-") == pieces
    # What the file is called tells nothing of the video.
    assert all(b'"v"' not in u.body and b"v.mp4" not in u.body for u in uploads)
    if kind == "gemini":
        assert uploads[0].path == "/upload/v1beta/files"
        assert uploads[0].headers["x-goog-upload-protocol"] == "multipart"


def test_a_file_is_waited_for_until_it_is_processed(service: Any) -> None:
    states = ("PROCESSING", "PROCESSING", "ACTIVE")
    with service(uploading("gemini", states)) as server:
        (answer,), _ = ask("gemini", server, files_above=0)
    assert answer.text == "yes" and len(server.of("GET", "/files/")) == 3


def test_a_file_that_cannot_be_processed_fails_its_clip(service: Any) -> None:
    with (
        service(uploading("gemini", ("PROCESSING", "FAILED"))) as server,
        pytest.raises(S3EvalError, match=r"cannot be sent as files.*could not process"),
    ):
        ask("gemini", server, files_above=0)
    assert len(server.of("DELETE")) == 1  # nothing is left there


@pytest.mark.parametrize("kind", ["claude", "gpt"])
def test_files_that_were_sent_are_deleted_when_another_fails(kind: str, service: Any) -> None:
    def answer(asked: Any, before: int) -> Any:
        if asked.method == "POST" and before >= 2:
            return 413, {"error": {"message": "too large"}}, {}
        return 200, {"id": f"file-{before}"}, {}

    with service(answer) as server, pytest.raises(S3EvalError, match="cannot be sent as files"):
        ask(kind, server, files_above=0)
    assert len(server.of("DELETE")) == 2


@pytest.mark.parametrize("kind", KINDS)
def test_files_are_deleted_when_asking_ends_early(kind: str, service: Any) -> None:
    def answer(asked: Any, before: int) -> Any:
        if asked.path.endswith("/files") or asked.method == "DELETE":
            return uploading(kind)(asked, before)
        return 401, {"error": {"message": "no"}}, {}

    with service(answer) as server, pytest.raises(StopRunError):
        ask(kind, server, files_above=0)
    assert len(server.of("DELETE")) == len(server.of("POST", "/files")) > 0
