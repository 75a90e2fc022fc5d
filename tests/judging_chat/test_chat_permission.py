"""What a chat judge may send, where, and with which key."""

import pytest
from scripted_judge import GOOD, SPEC, Scripted, always, judge_at, read

from s3eval.errors import S3EvalError
from s3eval.judge import Extraction, ReadReport, ReportFacts, Unreadable
from s3eval.judging.asking import Ask, Asker
from s3eval.permission import Permission, permitted_options
from s3eval.privacy import Gate, PhiSpan
from s3eval.remote.cache import ReplyCache
from s3eval.remote.client import ChatClient
from s3eval.remote.endpoint import Endpoint
from s3eval.specs import JudgeSpec
from s3eval.testing.chat_server import Said, scripted


def test_a_text_is_the_same_question_redacted_or_not_where_nothing_was_to_redact(tmp_path):
    class Finds:
        name = "finds Anna 1"

        def find(self, text):
            return (PhiSpan("name", 0, 4),) if text.startswith("Anna") else ()

    away = Endpoint("https://api.example.org/v1", "m")
    cache = ReplyCache(tmp_path / "c.sqlite")
    with scripted(always(Said(GOOD))) as server:
        client = ChatClient(Endpoint(server.base_url, "m"))
        for phi in ("redact", "block", "off"):
            gate = Gate(away, Permission(True, phi), detector=Finds, record=tmp_path / "sent.jsonl")
            asker = Asker(client, gate, cache, {"judge": "j", **gate.identity})
            texts = ["He stares.", "Anna stares."]
            read = asker.ask(
                [Ask("report", t, Extraction("report", "1", "Read.", {}), 9) for t in texts]
            )
            assert isinstance(read[0], dict)
        client.close()
    assert sorted(server.texts) == ["Anna stares.", "He stares.", "[NAME] stares."]


def test_unknown_options_name_the_nearest():
    with pytest.raises(S3EvalError, match="did you mean 'temperature'"):
        Scripted.load(SPEC, {"temprature": 1})
    with pytest.raises(S3EvalError, match="'seed'"):
        Scripted.load(SPEC, {"seed": "x"})


def test_nothing_leaves_without_permission(monkeypatch):
    monkeypatch.setenv("SCRIPTED_KEY", "k")
    with pytest.raises(S3EvalError, match="allow-remote"):
        Scripted.load(SPEC, {"cache": "off"})


def test_a_service_key_is_not_sent_to_another_host(monkeypatch, tmp_path):
    monkeypatch.setenv("SCRIPTED_KEY", "sk-of-the-service")
    with scripted(always(Said(GOOD))) as server:
        read(server, tmp_path, ["a"])
        assert "Authorization" not in server.headers[0]
        monkeypatch.setenv("MY_KEY", "sk-mine")
        read(server, tmp_path, ["b"], key_variable="MY_KEY")
        assert server.headers[1]["Authorization"] == "Bearer sk-mine"
    with pytest.raises(S3EvalError, match="No key"):
        Scripted.load(
            SPEC, {"base_url": "https://other.example.org/v1", "permission": Permission(True)}
        )


def test_permission_reaches_judges_that_are_remote_and_is_no_option():
    from s3eval.specs import ModelSpec

    allowed = Permission(allow_remote=True, max_calls=3)
    local = JudgeSpec("lexicon", adapter="")
    assert permitted_options(local, {"file": "x"}, allowed) == {"file": "x"}
    assert permitted_options(SPEC, {"seed": 1}, allowed) == {"seed": 1, "permission": allowed}
    for name in ("allow_remote", "Allow-Remote", "phi", "max_cost", "permission"):
        with pytest.raises(S3EvalError, match="not an option"):
            permitted_options(SPEC, {name: True}, allowed)
    model = ModelSpec("server", adapter="", remote=True)
    given = permitted_options(model, {"max_calls": 5}, allowed)
    assert given == {"max_calls": 5, "permission": Permission(allow_remote=True)}
    with pytest.raises(S3EvalError, match="allow_remote"):
        permitted_options(model, {"allow_remote": True}, Permission())


@pytest.mark.parametrize("value", [{"allow_remote": True}, True, "Permission(allow_remote=True)"])
def test_a_permission_is_an_instance_and_nothing_a_file_can_hold(value):
    away = {"base_url": "https://other.example.org/v1", "permission": value}
    with pytest.raises(S3EvalError, match="permission"):
        Scripted.load(SPEC, away)


def test_block_leaves_a_text_unsent_and_unreadable(tmp_path, monkeypatch):
    from s3eval.privacy import PhiSpan

    class Finds:
        name = "finds Anna"

        def find(self, text):
            return (PhiSpan("name", 0, 4),) if text.startswith("Anna") else ()

    with scripted(always(Said(GOOD))) as server:
        judge = judge_at(server, tmp_path)
        judge._asker.gate._detector, judge._asker.gate.phi = Finds(), "block"
        blocked, read_ = judge.read_reports(["Anna stiffens.", "She stiffens."])
        judge.close()
        judge = judge_at(server, tmp_path)
        judge._asker.gate._detector = Finds()
        judge.read_reports(["Anna stiffens."])
        judge.close()
    assert isinstance(blocked, Unreadable)
    assert "1 name" in blocked.reason
    assert isinstance(read_, ReportFacts)
    assert sorted(server.texts) == ["She stiffens.", "[NAME] stiffens."]


def test_an_announced_text_is_searched_for_names_once(tmp_path):
    searched = []

    class Finds:
        name = "finds nothing"

        def find(self, text):
            searched.append(text)
            return ()

    with scripted(always(Said(GOOD))) as server:
        judge = judge_at(server, tmp_path)
        judge._asker.gate._detector = Finds()
        judge.announce([ReadReport("a")])
        judge.answer([ReadReport("a")])
        judge.close()
    assert searched == ["a"]
