"""The judges of services with formats of their own: plain and in batches, against scripted ones."""

from __future__ import annotations

import json
import re
import sqlite3
from contextlib import closing, contextmanager

import pytest

from s3eval import discover
from s3eval.judge import ReportFacts, Unreadable
from s3eval.judging.load import load_judge
from s3eval.permission import Permission
from s3eval.remote.client import ChatRequest
from s3eval.testing.chat_server import report_facts
from s3eval.testing.http_service import http_service

pytest.importorskip("httpx")
JUDGES = ("claude", "gemini")
pytestmark = pytest.mark.skipif(
    not {*JUDGES} <= {*discover().names("judge")}, reason="the judge packages are not installed"
)
MODELS = {"claude": "claude-sonnet-5-5", "gemini": "gemini-3.5-flash-lite"}
VARIABLES = ("ANTHROPIC_API_KEY", "GEMINI_API_KEY", "GOOGLE_API_KEY")
TEXTS = [f"Report {n}: the head turns to the {side}." for n, side in enumerate(("left", "right"))]


class Model:
    """Both services' model as documented: what it refuses, how it replies, how it takes batches."""

    def __init__(self, judge, refuses=True, room=0, way="between_tools"):
        self.judge, self.refuses, self.room, self.way = judge, refuses, room, way
        self.asked, self.batch, self.refused = [], [], []

    def handle(self, method, path, headers, body):
        self.asked.append((method, path, headers, json.loads(body) if body else None))
        return (*self.answer(method, path, json.loads(body) if body else None), {})

    def answer(self, method, path, body):
        if method == "DELETE":
            return 200, {}
        if path.endswith(("/messages", ":generateContent")):
            return self.one(body)
        if method == "POST" and "requests" in body:
            self.batch = [(item["custom_id"], item["params"]) for item in body["requests"]]
            return 200, {"id": "msgbatch_1", "processing_status": "in_progress"}
        if method == "POST":
            items = body["batch"]["inputConfig"]["requests"]["requests"]
            self.batch = [(item["metadata"]["key"], item["request"]) for item in items]
            return 200, {"name": "batches/b1", "metadata": {}}
        outcomes = [(key, *self.one(request)) for key, request in self.batch]
        if path.endswith("/results"):
            return 200, "\n".join(
                json.dumps({"custom_id": key, "result": {"type": "succeeded", "message": reply}}
                           if status == 200 else
                           {"custom_id": key, "result": {"type": "errored", "error": reply}})
                for key, status, reply in outcomes
            )  # fmt: skip
        if self.judge == "claude":
            return 200, {"processing_status": "ended", "results_url": f"{self.url}{path}/results"}
        listed = [
            {"metadata": {"key": key}, **({"response": reply} if status == 200 else reply)}
            for key, status, reply in outcomes
        ]
        response = {"inlinedResponses": {"inlinedResponses": listed}}
        return 200, {"done": True, "metadata": {}, "response": response}

    def one(self, body):
        problem = self.problem(body) if self.refuses else ""
        if problem:
            self.refused.append(problem)
            return 400, {"error": {"code": 3, "type": "invalid_request_error", "message": problem}}
        if self.judge == "claude":
            text = body["messages"][0]["content"]
            cut = body["max_tokens"] < self.room
            blocks = [{"type": "thinking", "thinking": ""}]
            blocks += [] if cut else [{"type": "text", "text": json.dumps(report_facts(text))}]
            usage = {"input_tokens": 900, "output_tokens": 50}
            stop = "max_tokens" if cut else "end_turn"
            return 200, {"content": blocks, "stop_reason": stop, "usage": usage, "model": "c-1"}
        text = body["contents"][0]["parts"][0]["text"]
        cut = body["generationConfig"]["maxOutputTokens"] < self.room
        content = {} if cut else {"parts": [{"text": json.dumps(report_facts(text))}]}
        usage = {"promptTokenCount": 900, "candidatesTokenCount": 40, "thoughtsTokenCount": 10}
        candidate = {"content": content, "finishReason": "MAX_TOKENS" if cut else "STOP"}
        return 200, {"candidates": [candidate], "usageMetadata": usage, "modelVersion": "g-1"}

    def problem(self, body):
        if self.judge == "claude":
            if "temperature" in body:
                return "`temperature` is deprecated for this model."
            way = body.get("thinking", {}).get("type", self.way)
            other = 'Use "thinking.type.adaptive" and "output_config.effort"'
            named = f'"thinking.type.{way}" is not supported for this model. {other}'
            return "" if way == self.way else named
        thinking = body["generationConfig"].get("thinkingConfig", {})
        refused = "Budget 0 is invalid. This model only works in thinking mode."
        return refused if "thinkingBudget" in thinking else ""


@pytest.fixture(autouse=True)
def _keys(monkeypatch):
    for name in VARIABLES:
        monkeypatch.setenv(name, f"sk-of-{name}-0123456789")


@contextmanager
def serving(model):
    with http_service(model.handle) as model.url:
        yield model


def read(model, tmp_path, texts=TEXTS, **options):
    """The readings, and the judge (closed)."""
    version = "/v1" if model.judge == "claude" else "/v1beta"
    judge = load_judge(
        model.judge,
        {"base_url": f"{model.url}{version}", "cache": str(tmp_path / "judges.sqlite"),
         "first_wait": 0.01, "batch_poll": 0.01, "timeout": 30.0, **options},
    )  # fmt: skip
    try:
        return judge.read_reports(texts), judge
    finally:
        judge.close()


def records(tmp_path):
    with closing(sqlite3.connect(tmp_path / "judges.sqlite")) as cache:
        values = [json.loads(value) for (value,) in cache.execute("SELECT value FROM replies")]
    return [value["record"] for value in values if "record" in value]


def sides(readings):
    return [r.localizing["head_turning"] if isinstance(r, ReportFacts) else None for r in readings]


@pytest.mark.parametrize("name", JUDGES)
@pytest.mark.parametrize("batch", [False, True])
def test_texts_are_read_in_the_service_s_own_format(name, batch, tmp_path):
    with serving(Model(name)) as model:
        readings, judge = read(model, tmp_path, batch=batch)
    assert sides(readings) == ["left", "right"]
    assert judge.identity()["thinking"] == "least"
    assert judge.identity()["model"] == MODELS[name]
    for record in records(tmp_path):
        assert record["structured"] == "json_schema"
        assert record.get("batch") == (judge.identity()["format"] if batch else None)
        assert record["thinking"] == {"claude": "between_tools", "gemini": "minimal"}[name]
    posts = [path for method, path, *_ in model.asked if method == "POST"]
    assert any(re.search("batch", path) for path in posts) is batch
    if batch:
        # One batch for each thing that the model was found to refuse, and none is left there.
        learned = len(set(model.refused))
        assert [m for m, *_ in model.asked].count("DELETE") == len(posts) == 1 + learned


@pytest.mark.parametrize("name", JUDGES)
def test_at_its_own_service_nothing_is_offered_that_its_model_refuses(name):
    """What the model takes is known there, so that a batch is not lost on learning it."""
    judge = load_judge(
        name, {"cache": "off"}, Permission(allow_remote=True, phi="off", max_cost=1.0)
    )
    client = judge._client
    body = client.body_of(ChatRequest(({"role": "user", "content": "x"},), 16, schema={}))
    judge.close()
    assert not Model(name).problem(body)
    assert body.get("output_config") or body["generationConfig"]["responseJsonSchema"] == {}
    assert client.endpoint.key.reveal() == f"sk-of-{VARIABLES[JUDGES.index(name)]}-0123456789"


@pytest.mark.parametrize("name", JUDGES)
@pytest.mark.parametrize("batch", [False, True])
def test_a_reply_whose_thoughts_left_no_room_is_asked_for_with_more(name, batch, tmp_path):
    with serving(Model(name, refuses=False, room=2000)) as model:
        readings, _ = read(model, tmp_path, TEXTS[:1], max_tokens=600, batch=batch)
    assert sides(readings) == ["left"]


@pytest.mark.parametrize("name", JUDGES)
def test_a_reply_that_never_had_room_is_told_so_and_is_asked_for_once_it_has(name, tmp_path):
    with serving(Model(name, refuses=False, room=5000)) as model:
        for _ in range(2):
            ((reading,), _) = read(model, tmp_path, TEXTS[:1], max_tokens=600)
            assert isinstance(reading, Unreadable)
            assert "cut off at 2400 tokens: a model that thinks needs more room" in reading.reason
        assert len(model.asked) == 3  # not asked about again with the same room
        readings, _ = read(model, tmp_path, TEXTS[:1], max_tokens=5000)
    assert sides(readings) == ["left"]


def test_a_model_that_always_thinks_is_read_at_low_effort_and_the_record_says_so(tmp_path):
    with serving(Model("claude", way="adaptive")) as model:
        readings, _ = read(model, tmp_path)
    assert sides(readings) == ["left", "right"]
    assert [record["thinking"] for record in records(tmp_path)] == ["low", "low"]
    last = model.asked[-1][-1]
    assert "thinking" not in last and {*last["output_config"]} == {"effort", "format"}
