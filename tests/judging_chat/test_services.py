"""The hosted services: what each plugin says, and that none is reached by accident."""

import pytest

from s3eval import discover
from s3eval.errors import S3EvalError
from s3eval.judge import ReadReport
from s3eval.judging.load import load_judge
from s3eval.permission import Permission
from s3eval.testing.chat_server import Said, scripted

SERVICES = {
    "qwen": ("qwen-plus", "DASHSCOPE_API_KEY", "dashscope-intl.aliyuncs.com"),
    "kimi": ("kimi-k2.5", "MOONSHOT_API_KEY", "api.moonshot.ai"),
    "gpt": ("gpt-5.4", "OPENAI_API_KEY", "api.openai.com"),
    "claude": ("claude-sonnet-5-5", "ANTHROPIC_API_KEY", "api.anthropic.com"),
    "gemini": ("gemini-3.5-flash-lite", "GEMINI_API_KEY", "generativelanguage.googleapis.com"),
}
#: Those that speak OpenAI's format; the others are in test_own_formats.
CHAT = ("qwen", "kimi", "gpt")
pytestmark = pytest.mark.skipif(
    not {*SERVICES} <= {*discover().names("judge")}, reason="the judge packages are not installed"
)


@pytest.mark.parametrize("name", [*SERVICES])
def test_ready_remote_and_named(name):
    spec = discover().get("judge", name).spec
    assert spec.remote
    assert spec.model == SERVICES[name][0] == spec.load().service.model


@pytest.mark.parametrize("name", [*SERVICES])
def test_without_permission_or_key_nothing_is_reached(name, monkeypatch):
    _, variable, host = SERVICES[name]
    monkeypatch.setenv(variable, "sk-none")
    with pytest.raises(S3EvalError, match="is not this machine") as caught:
        load_judge(name, {"cache": "off"})
    assert host in str(caught.value)
    assert "sk-none" not in str(caught.value)


@pytest.mark.parametrize("name", [*SERVICES])
def test_with_permission_text_is_redacted_by_default_and_priced(name, monkeypatch):
    pytest.importorskip("presidio_analyzer")
    monkeypatch.setenv(SERVICES[name][1], "sk-none")
    judge = load_judge(name, {"cache": "off"}, Permission(allow_remote=True, max_cost=1.0))
    identity = judge.identity()
    texts = ("He stares.", "He stares.", "The left arm jerks.")
    preview = judge.preview([ReadReport(text) for text in texts])
    judge.close()
    assert judge.remote
    assert (identity["phi"], identity["temperature"]) == ("redact", 0.0)
    told = identity["extra_body"] if name in CHAT else identity["thinking"] == "least"
    assert told, "told to answer without thinking aloud"
    assert preview.calls == 2
    assert 0 < preview.cost < preview.cost_bound < 1


@pytest.mark.parametrize("name", CHAT)
def test_on_a_server_of_this_machine_the_service_s_own_switches_stay_at_home(name, monkeypatch):
    monkeypatch.setenv(SERVICES[name][1], "sk-of-the-service")
    with scripted(lambda t, b, n: Said('{"text": "merged"}')) as server:
        judge = load_judge(name, {"base_url": server.base_url, "model": "m", "cache": "off"})
        assert not judge.remote
        assert judge.merge([["a", "b"]], "report")[0].text == "merged"
        judge.close()
    assert "Authorization" not in server.headers[0]
    known = {"model", "messages", "max_tokens", "temperature", "seed", "response_format"}
    assert {*server.asked[0]} == known
