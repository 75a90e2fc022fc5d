"""What services do wrong: each ends as a failure that says so, and nothing is left there."""

from __future__ import annotations

import itertools
import logging
from types import SimpleNamespace
from typing import Any

import pytest
from s3eval_model_hosted import files as files_module

from s3eval import S3EvalError
from s3eval.errors import StopRunError

pytest.importorskip("httpx")
EACH = pytest.mark.parametrize("kind", ["gemini", "claude", "gpt"])
#: How each service says that a reply was cut off at its longest length.
CUT = {"gemini": "MAX_TOKENS", "claude": "max_tokens", "gpt": "max_output_tokens"}


def error(message: str, **more: Any) -> dict[str, Any]:
    return {"error": {"message": message, **more}}


@EACH
def test_a_reply_cut_off_on_its_way_is_asked_for_again(
    kind: str, service: Any, hosted: Any
) -> None:
    with service(lambda asked, n: ("half" if n < 2 else 200, hosted.reply(kind), {})) as server:
        (answer,) = hosted.ask(kind, server)
    assert answer.text == "yes" and len(server.asked) == 3
    with service(lambda asked, n: ("half", hosted.reply(kind), {})) as server:
        (answer,) = hosted.ask(kind, server)
    assert answer.status == "failed" and answer.reason.startswith("connection: ")


@EACH
@pytest.mark.parametrize("thoughts", ["", "The arm rises, so"])
def test_thoughts_that_leave_no_room_for_an_answer_are_told_as_that(
    kind: str, thoughts: str, service: Any, hosted: Any
) -> None:
    reply = hosted.reply(kind, "", thoughts, CUT[kind])
    with service(lambda asked, n: (200, reply, {})) as server:
        (answer,) = hosted.ask(kind, server, thinking="off")
    assert answer.status == "failed" and answer.reason.startswith("empty: ")
    assert "cut off at 16 tokens: a model that thinks needs more room" in answer.reason
    assert ("thoughts alone" in answer.reason) is bool(thoughts)


@EACH
def test_a_reply_without_any_content_is_empty(kind: str, service: Any, hosted: Any) -> None:
    with service(lambda asked, n: (200, hosted.reply(kind, ""), {})) as server:
        (answer,) = hosted.ask(kind, server)
    assert answer.reason.startswith("empty: a reply without words (finish: ")
    assert "room" not in answer.reason


def test_a_reply_cut_off_by_a_full_context_is_one_that_was_cut_off(
    service: Any, hosted: Any
) -> None:
    reply = hosted.reply("claude", "", finish="model_context_window_exceeded")
    with service(lambda asked, n: (200, reply, {})) as server:
        (answer,) = hosted.ask("claude", server)
    assert "cut off at 16 tokens" in answer.reason


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("gpt", error("The requested model 'm' does not exist.", param="model")),
        ("claude", error("Your credit balance is too low to access the Anthropic API.")),
        ("gemini", error("User location is not supported for the API use.", code=400)),
    ],
)
def test_a_400_about_the_model_or_the_account_ends_the_run(
    kind: str, said: Any, service: Any, hosted: Any
) -> None:
    with (
        service(lambda asked, n: (400, said, {})) as server,
        pytest.raises(StopRunError, match="cannot be asked"),
    ):
        hosted.ask(kind, server)
    assert len(server.asked) == 1


@EACH
def test_a_wait_longer_than_max_wait_fails_the_question(
    kind: str, service: Any, hosted: Any
) -> None:
    late = 429, error("slow down"), {"Retry-After": "3600"}
    with service(lambda asked, n: late) as server:
        (answer,) = hosted.ask(kind, server)
    assert answer.reason.startswith("rate-limited: HTTP 429") and len(server.asked) == 1


def files(hosted: Any, kind: str, **scripts: Any) -> Any:
    """A service that takes files; each script says what becomes of a step, by how often it came."""
    count = {"upload": 0, "look": 0, "ask": 0, "delete": 0}

    def answer(asked: Any, before: int) -> Any:
        upload = asked.method == "POST" and asked.path.endswith("/files")
        step = {"GET": "look", "DELETE": "delete"}.get(asked.method, "upload" if upload else "ask")
        number, count[step] = count[step], count[step] + 1
        scripted = scripts.get(step, lambda n: None)(number)
        if scripted is not None:
            return scripted
        if step == "ask":
            return 200, hosted.reply(kind), {}
        name = f"file-{number}"
        facts = {"name": f"files/{name}", "uri": f"https://host/{name}", "state": "ACTIVE"}
        return 200, {"file": facts, **facts} if kind == "gemini" else {"id": name}, {}

    return answer


PROCESSING = 200, {"name": "files/file-0", "uri": "https://host/file-0", "state": "PROCESSING"}, {}


def test_a_file_that_is_never_ready_fails_its_clip_and_is_deleted(
    service: Any, hosted: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A clock of its own: ten seconds pass between two looks, and no exchange takes too long.
    clock = SimpleNamespace(monotonic=itertools.count(0, 10).__next__, sleep=lambda seconds: None)
    monkeypatch.setattr(files_module, "time", clock)
    script = files(hosted, "gemini", upload=lambda n: PROCESSING, look=lambda n: PROCESSING)
    with (
        service(script) as server,
        pytest.raises(S3EvalError, match="did not process the clip's file in time") as caught,
    ):
        hosted.ask("gemini", server, files_above=0)
    assert not isinstance(caught.value, StopRunError)
    assert len(server.of("DELETE")) == 1


def test_failures_that_pass_while_a_file_is_waited_for_do_not_fail_it(
    service: Any, hosted: Any
) -> None:
    looks = [(503, error("busy"), {}), ("drop", "", {}), PROCESSING]
    script = files(
        hosted,
        "gemini",
        upload=lambda n: PROCESSING,
        look=lambda n: looks[n] if n < len(looks) else None,
    )
    with service(script) as server:
        (answer,) = hosted.ask("gemini", server, files_above=0)
    assert answer.text == "yes" and len(server.of("GET")) == 4


GONE = {
    "gemini": (403, "You do not have permission to access the File file-0 or it may not exist."),
    "claude": (404, "File not found: file-0"),
    "gpt": (404, "No such File object: file-0"),
}


@EACH
def test_a_file_that_is_gone_fails_the_clip_s_questions_and_not_the_run(
    kind: str, service: Any, hosted: Any
) -> None:
    status, message = GONE[kind]
    script = files(hosted, kind, ask=lambda n: (status, error(message), {}) if n else None)
    with service(script) as server:
        answers = hosted.ask(kind, server, [hosted.tonic] * 3, files_above=0)
    assert [a.status for a in answers] == ["answered", "failed", "failed"]
    assert answers[1].reason.startswith("bad-request: the clip's file is not there any more")
    assert len(server.of("DELETE")) == len(server.of("POST", "/files"))


@EACH
def test_a_file_is_deleted_although_the_service_is_busy_at_first(
    kind: str, service: Any, hosted: Any, caplog: pytest.LogCaptureFixture
) -> None:
    busy = [(503, error("busy"), {}), (429, error("slow"), {"Retry-After": "0.05"})]
    script = files(hosted, kind, delete=lambda n: busy[n] if n < len(busy) else None)
    with service(script) as server:
        (answer,) = hosted.ask(kind, server, files_above=0)
    assert answer.text == "yes" and not caplog.records
    assert len(server.of("DELETE")) == len(server.of("POST", "/files")) + 2


@EACH
def test_files_that_cannot_be_deleted_are_tried_once_more_and_told_of(
    kind: str, service: Any, hosted: Any, caplog: pytest.LogCaptureFixture
) -> None:
    script = files(hosted, kind, delete=lambda n: (500, error("oops"), {}))
    with caplog.at_level(logging.WARNING), service(script) as server:
        (answer,) = hosted.ask(kind, server, files_above=0)
    left = len(server.of("POST", "/files"))
    assert answer.text == "yes" and len(server.of("DELETE")) == 2 * 4
    (record,) = caplog.records
    host = server.root.removeprefix("http://")
    told = f"{left} files of clips could not be deleted at {host}; delete them there"
    assert record.getMessage() == told


def test_a_file_of_gpt_would_end_by_itself(service: Any, hosted: Any) -> None:
    """One whose upload got no answer is not known here, and OpenAI keeps files for good."""
    with service(files(hosted, "gpt")) as server:
        hosted.ask("gpt", server, files_above=0)
    upload = server.of("POST", "/files")[0].body
    for name, value in (("purpose", "vision"), ("expires_after[anchor]", "created_at")):
        assert f'name="{name}"\r\n\r\n{value}\r\n'.encode() in upload
    assert b'name="expires_after[seconds]"\r\n\r\n86400\r\n' in upload
