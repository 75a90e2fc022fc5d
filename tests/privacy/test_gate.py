"""What leaves, in which form, and what is written down about it."""

import json

import pytest

from s3eval.errors import S3EvalError
from s3eval.permission import Permission
from s3eval.privacy import Blocked, Gate, PhiSpan
from s3eval.remote.endpoint import Endpoint

HERE = Endpoint("http://127.0.0.1:8000/v1", "m")
AWAY = Endpoint("https://api.example.org/v1", "m")


class Finds:
    """A detector that knows one name."""

    name = "finds Anna"

    def find(self, text):
        start = text.find("Anna")
        return (PhiSpan("name", start, start + 4),) if start >= 0 else ()


def gate(endpoint=AWAY, **more):
    permission = Permission(more.pop("allow_remote", True), more.pop("phi", "redact"))
    return Gate(endpoint, permission, detector=Finds, **more)


def test_this_machine_needs_no_permission_and_sees_the_text_as_it_is(tmp_path):
    here = Gate(HERE, record=tmp_path / "sent.jsonl", detector=pytest.fail)
    assert here.clear("Anna is awake").text == "Anna is awake"
    here.sending("text", "Anna is awake", {})
    assert not (tmp_path / "sent.jsonl").exists()
    assert here.identity == {}


def test_nothing_leaves_without_permission():
    with pytest.raises(S3EvalError, match=r"api\.example\.org is not this machine") as caught:
        Gate(AWAY, detector=Finds)
    assert "--allow-remote" in str(caught.value)


def test_redact_replaces_and_counts():
    cleared = gate().clear("Anna is awake")
    assert cleared.text == "[NAME] is awake"
    assert cleared.redactions == {"name": 1}
    assert gate().identity == {"phi": "redact", "detector": "finds Anna"}


def test_block_refuses_the_text_without_repeating_it():
    with pytest.raises(Blocked) as caught:
        gate(phi="block").clear("Anna is awake")
    assert "1 name" in str(caught.value)
    assert "Anna" not in str(caught.value)
    assert gate(phi="block").clear("She is awake").text == "She is awake"


def test_off_sends_as_it_is_and_says_so():
    off = Gate(AWAY, Permission(True, "off"), detector=pytest.fail)
    assert off.clear("Anna is awake").text == "Anna is awake"
    assert off.identity == {"phi": "off"}


def test_a_missing_detector_refuses_rather_than_passes(monkeypatch):
    import importlib.util

    from s3eval.privacy import detector

    detector.find_detector.cache_clear()
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(S3EvalError, match="pip install"):
        Gate(AWAY, Permission(True))
    detector.find_detector.cache_clear()


def test_the_record_holds_no_content(tmp_path):
    path = tmp_path / "sent.jsonl"
    sender = gate(record=path)
    cleared = sender.clear("Anna is awake")
    sender.sending("text", cleared.text, cleared.redactions)
    sender.sending("frames", b"\xff\xd8 jpeg", {})
    first, second = [json.loads(line) for line in path.read_text().splitlines()]
    assert first["host"] == "api.example.org"
    assert first["redactions"] == {"name": 1}
    assert first["length"] == len("[NAME] is awake")
    assert len(first["sha256"]) == 64
    assert second["kind"] == "frames"
    assert "awake" not in path.read_text()
    assert path.stat().st_mode & 0o077 == 0


def test_block_stops_media_too():
    with pytest.raises(S3EvalError, match="faces and voices"):
        gate(phi="block").clear_media("frames")
    gate().clear_media("frames")
    Gate(HERE, Permission(phi="block")).clear_media("frames")


def test_unknown_modes_are_refused():
    with pytest.raises(S3EvalError, match="redact, block, off"):
        Gate(AWAY, Permission(True, "maybe"))


@pytest.mark.parametrize("needs_key", [True, False])
def test_consent_is_asked_for_before_a_key_and_a_server_of_ones_own_may_have_none(
    needs_key, monkeypatch
):
    from s3eval.remote.options import ServerOptions

    monkeypatch.delenv("SOME_KEY", raising=False)
    there = {"base_url": "http://10.0.0.7:8000/v1", "model": "m"}
    with pytest.raises(S3EvalError, match="allow-remote"):
        ServerOptions(**there).endpoint("server", ("SOME_KEY",), needs_key=needs_key)
    allowed = ServerOptions(**there, permission=Permission(True))
    if needs_key:
        with pytest.raises(S3EvalError, match="No key"):
            allowed.endpoint("server", ("SOME_KEY",), needs_key=True)
    else:
        assert allowed.endpoint("server", ("SOME_KEY",)).key is None
    named = ServerOptions(**there, permission=Permission(True), key_variable="SOME_KEY")
    with pytest.raises(S3EvalError, match="No key"):
        named.endpoint("server", (), needs_key=needs_key)
