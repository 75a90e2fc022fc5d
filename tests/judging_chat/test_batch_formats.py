"""Batches in Anthropic's and Gemini's formats, against scripted local servers, faults included."""

import json
import re
import threading
from contextlib import contextmanager

import pytest

from s3eval.errors import S3EvalError
from s3eval.judge import ReadReport, ReportFacts, Unreadable
from s3eval.judging.batching.anthropic import AnthropicBatches, _path_below
from s3eval.judging.batching.gemini import GeminiBatches
from s3eval.judging.chat import ChatJudge, Service
from s3eval.permission import Permission
from s3eval.remote.budget import BudgetSpent, Prices
from s3eval.remote.cache import ReplyCache
from s3eval.remote.failures import CallError
from s3eval.specs import JudgeSpec
from s3eval.testing.chat_server import report_facts
from s3eval.testing.http_service import http_service

pytest.importorskip("httpx")

SIDES = ("left", "right", "left", "right")
TEXTS = [f"Report {n}: the head turns to the {side}." for n, side in enumerate(SIDES)]
KEY = "sk-a-key-of-some-length-1234567890"


class Scripted(ChatJudge):
    service = Service(
        "scripted", "https://api.example.org/v1", "m", ("SCRIPTED_KEY",), Prices(1, 2)
    )


class BatchService:
    """A service of batches: ``outcome`` says of each request what becomes of it."""

    def __init__(self, looks=2, outcome=None):
        self.looks, self.outcome = looks, outcome or (lambda n, text: "good")
        self.batches, self.looked, self.asked, self.alone = [], {}, [], []
        self.padding, self.noise, self.faults, self.keyless = "", [], {}, False
        self.url, self.results_url = "", None
        self.state, self.twice = "SUCCEEDED", False

    def handle(self, method, path, headers, body):
        self.asked.append((method, path, headers))
        for part, statuses in self.faults.items():
            if part in f"{method} {path}" and statuses:
                status, more = statuses.pop(0)
                return status, {"error": {"message": "busy"}}, more
        status, answer = self.answer(method, path, json.loads(body) if body else None)
        return status, answer, {}

    def begin(self, requests):
        self.batches.append(requests)
        return len(self.batches) - 1

    def has_ended(self, number):
        self.looked[number] = self.looked.get(number, 0) + 1
        return self.looked[number] >= self.looks

    def outcomes(self, number):
        """Key, text and outcome of each request, the last one first."""
        made = [
            (key, self.text_of(body), self.outcome(n, self.text_of(body)))
            for n, (key, body) in enumerate(self.batches[number])
        ]
        return made[::-1] * (2 if self.twice else 1)

    def keys(self, number):
        return [key for key, _ in self.batches[number]]

    def texts(self, number):
        return [self.text_of(body) for _, body in self.batches[number]]


class Anthropic(BatchService):
    format, base, header = "anthropic", "/v1", "x-api-key"

    def text_of(self, body):
        return body["messages"][0]["content"]

    def reply(self, text, outcome="good"):
        words = {"good": json.dumps(report_facts(text)), "prose": "It looks tonic.", "refused": ""}
        return {
            "content": [{"type": "text", "text": words[outcome] + self.padding}],
            "stop_reason": "refusal" if outcome == "refused" else "end_turn",
            "usage": {"input_tokens": 100, "output_tokens": 50},
            "model": "m-1",
        }

    def answer(self, method, path, body):
        if method == "POST" and path == "/v1/messages":
            self.alone.append(self.text_of(body))
            return 200, self.reply(self.text_of(body))
        if method == "POST" and path == "/v1/messages/batches":
            items = [(i["custom_id"], i["params"]) for i in body["requests"]]
            return 200, {"id": f"msgbatch_{self.begin(items)}", "processing_status": "in_progress"}
        number = int(re.search(r"msgbatch_(\d+)", path)[1])
        if path.endswith("/results"):
            return 200, "".join(self.lines(number))
        if method == "DELETE" or not self.has_ended(number):
            return 200, {"id": f"msgbatch_{number}", "processing_status": "in_progress"}
        address = f"{self.url}/messages/batches/msgbatch_{number}/results"
        return 200, {
            "processing_status": "ended",
            "results_url": address if self.results_url is None else self.results_url,
        }

    def lines(self, number):
        for line in self.noise:
            yield line + "\n"
        for key, text, outcome in self.outcomes(number):
            if outcome is not None:
                yield json.dumps({"custom_id": key, "result": self.result(text, outcome)}) + "\n"

    def result(self, text, outcome):
        if outcome in ("expired", "canceled"):
            return {"type": outcome}
        if outcome in ("broken", "no schema"):
            about = "output_config.format is not supported by this model"
            kind, why = {
                "broken": ("api_error", "oops"),
                "no schema": ("invalid_request_error", about),
            }[outcome]
            error = {"type": "error", "error": {"type": kind, "message": why}}
            return {"type": "errored", "error": error}
        return {"type": "succeeded", "message": self.reply(text, outcome)}

    def unknown(self, text):
        result = {"type": "succeeded", "message": self.reply(text)}
        return json.dumps({"custom_id": "of-somebody-else", "result": result})

    def schema_of(self, body):
        return body.get("output_config", {}).get("format", {}).get("schema")


class Gemini(BatchService):
    format, base, header = "gemini", "/v1beta", "x-goog-api-key"

    def text_of(self, body):
        return body["contents"][0]["parts"][0]["text"]

    def reply(self, text, outcome="good"):
        words = {"good": json.dumps(report_facts(text)), "prose": "It looks tonic.", "refused": ""}
        finish = "SAFETY" if outcome == "refused" else "STOP"
        content = {"parts": [{"text": words[outcome] + self.padding}]}
        return {
            "candidates": [{"content": content, "finishReason": finish}],
            "usageMetadata": {"promptTokenCount": 100, "candidatesTokenCount": 50},
            "modelVersion": "m-1",
        }

    def answer(self, method, path, body):
        if path == "/v1beta/models/scripted:generateContent":
            self.alone.append(self.text_of(body))
            return 200, self.reply(self.text_of(body))
        if path == "/v1beta/models/scripted:batchGenerateContent":
            listed = body["batch"]["inputConfig"]["requests"]["requests"]
            items = [(i["metadata"]["key"], i["request"]) for i in listed]
            return 200, {"name": f"batches/b{self.begin(items)}", "metadata": {}}
        number = int(path.rpartition("/b")[2])
        operation = {"name": f"batches/b{number}", "metadata": {"state": "BATCH_STATE_RUNNING"}}
        if method == "DELETE" or not self.has_ended(number):
            return 200, operation
        operation = {**operation, "metadata": {"state": f"BATCH_STATE_{self.state}"}, "done": True}
        if self.state == "FAILED":
            return 200, {**operation, "error": {"code": 8, "message": "no quota"}}
        if self.state == "EXPIRED":
            return 200, operation
        listed = [json.loads(line) for line in self.noise]
        made = self.outcomes(number)
        for key, text, outcome in made[::-1] if self.keyless else made:
            if outcome is not None:
                metadata = {} if self.keyless else {"metadata": {"key": key}}
                listed.append({**metadata, **self.result(text, outcome)})
        return 200, {**operation, "response": {"inlinedResponses": {"inlinedResponses": listed}}}

    def result(self, text, outcome):
        errors = {
            "expired": {"code": 1, "message": "The operation was cancelled."},
            "broken": {"code": 13, "message": "oops"},
            "no schema": {"code": 3, "message": "responseJsonSchema is not supported"},
        }
        if outcome in errors:
            return {"error": errors[outcome]}
        return {"response": self.reply(text, outcome)}

    def unknown(self, text):
        return json.dumps({"metadata": {"key": "of-somebody-else"}, "response": self.reply(text)})

    def schema_of(self, body):
        return body["generationConfig"].get("responseJsonSchema")


BOTH = pytest.mark.parametrize("kind", [Anthropic, Gemini])


@contextmanager
def serving(service):
    with http_service(service.handle) as address:
        service.url = f"{address}{service.base}"
        yield service


@pytest.fixture(autouse=True)
def _key(monkeypatch):
    monkeypatch.setenv("A_KEY", KEY)


def judge_at(service, tmp_path, **more):
    options = {
        "base_url": service.url, "model": "scripted", "format": service.format,
        "cache": str(tmp_path / "judges.sqlite"), "key_variable": "A_KEY",
        "first_wait": 0.01, "timeout": 5.0, "attempts": 3, "max_wait": 1.0,
        "batch": True, "batch_poll": 0.02,
        "prompt_price": 1000.0, "completion_price": 1000.0, **more,
    }  # fmt: skip
    return Scripted.load(JudgeSpec("scripted", adapter="", remote=True), options)


def read(service, tmp_path, texts=TEXTS, **more):
    """The readings, and the judge (closed) that made them."""
    judge = judge_at(service, tmp_path, **more)
    try:
        return judge.read_reports(texts), judge
    finally:
        judge.close()


def sides(readings):
    return [r.localizing["head_turning"] if isinstance(r, ReportFacts) else None for r in readings]


@BOTH
def test_results_in_any_order_reach_their_texts_at_half_the_price(kind, tmp_path):
    with serving(kind()) as service:
        readings, judge = read(service, tmp_path)
    assert sides(readings) == [*SIDES]
    assert len(service.batches) == 1 and not service.alone
    assert judge.account.calls == 4
    assert judge.account.cost == pytest.approx(0.5 * 4 * 150 * 1000 / 1e6)
    assert judge._client.budget.spent_cost == pytest.approx(judge.account.cost)
    assert all(headers[service.header] == KEY for _, _, headers in service.asked)
    assert all("authorization" not in headers for _, _, headers in service.asked)
    # What a request is called tells nothing of its text, and the batch is not left there.
    assert all(re.fullmatch("[0-9a-f]{64}", key) for key in service.keys(0))
    assert [m for m, _, _ in service.asked].count("DELETE") == 1
    assert all(service.schema_of(body) for _, body in service.batches[0])


@BOTH
def test_the_record_says_that_it_was_a_batch_and_what_it_cost(kind, tmp_path):
    with serving(kind()) as service:
        read(service, tmp_path)
    cache = ReplyCache(tmp_path / "judges.sqlite")
    records = [cache.get(key)["record"] for key in service.keys(0)]
    cache.close()
    assert {(r["batch"], r["price_factor"]) for r in records} == {(service.format, 0.5)}
    assert {(r["structured"], r["temperature"]) for r in records} == {("json_schema", 0.0)}
    assert {r["format"] for r in records} == {service.format}


@BOTH
def test_only_what_expired_is_sent_again_and_an_error_is_asked_by_itself(kind, tmp_path):
    first = ["good", "expired", "broken", "good"]
    with serving(kind()) as service:
        service.outcome = lambda n, text: first[n] if len(service.batches) == 1 else "good"
        readings, judge = read(service, tmp_path)
    assert sides(readings) == [*SIDES]
    assert service.texts(1) == [TEXTS[1]] and service.alone == [TEXTS[2]]
    assert len(service.batches) == 2
    # What expired was not charged: three by batches, one alone.
    assert judge.account.cost == pytest.approx((0.5 * 3 + 1) * 150 * 1000 / 1e6)
    assert judge._client.budget.spent_cost == pytest.approx(judge.account.cost)


def test_a_canceled_request_is_sent_again(tmp_path):
    with serving(Anthropic()) as service:
        service.outcome = lambda n, text: "canceled" if len(service.batches) == 1 else "good"
        readings, _ = read(service, tmp_path)
    assert sides(readings) == [*SIDES] and len(service.batches) == 2 and not service.alone


@BOTH
def test_what_cannot_be_read_or_is_missing_is_asked_by_itself(kind, tmp_path):
    outcomes = ["prose", None, "good", "good"]
    with serving(kind(outcome=lambda n, text: outcomes[n])) as service:
        readings, _ = read(service, tmp_path)
    assert sides(readings) == [*SIDES] and sorted(service.alone) == TEXTS[:2]


@BOTH
def test_a_refused_text_stays_unread_and_is_charged(kind, tmp_path):
    outcomes = ["refused", "good", "good", "good"]
    with serving(kind(outcome=lambda n, text: outcomes[n])) as service:
        readings, judge = read(service, tmp_path)
        read(service, tmp_path)
    assert isinstance(readings[0], Unreadable) and sides(readings[1:]) == [*SIDES[1:]]
    assert readings[0].record["failure"] in ("refusal", "moderation")
    assert judge._client.budget.spent_cost == pytest.approx(0.5 * 4 * 150 * 1000 / 1e6)
    assert len(service.batches) == 1 and not service.alone  # nor asked about again


@BOTH
def test_an_interrupted_batch_is_collected_by_the_next_start_and_not_sent_twice(kind, tmp_path):
    with serving(kind(looks=10**6)) as service:
        judge = judge_at(service, tmp_path)
        stopped = threading.Timer(0.3, judge._batches.stop)
        stopped.start()
        with pytest.raises(S3EvalError, match="stopped while a batch was under way"):
            judge.read_reports(TEXTS)
        judge.close()
        service.looks = 1
        readings, judge = read(service, tmp_path)
    assert sides(readings) == [*SIDES]
    assert len(service.batches) == 1 and judge.account.calls == 4


@BOTH
def test_a_start_that_wants_some_of_a_batch_leaves_the_others_to_be_collected(kind, tmp_path):
    with serving(kind(looks=10**6)) as service:
        with pytest.raises(S3EvalError, match="has not ended within"):
            read(service, tmp_path, batch_wait=0.1)
        service.looks = 1
        some, _ = read(service, tmp_path, TEXTS[1:2])
        others, _ = read(service, tmp_path)
        last = service.asked[-1][0]
    assert sides(some) == ["right"] and sides(others) == [*SIDES]
    assert len(service.batches) == 1 and not service.alone and last == "DELETE"


@BOTH
def test_a_batch_that_never_ends_is_not_waited_for_without_limit(kind, tmp_path):
    with serving(kind(looks=10**6)) as service:
        with pytest.raises(S3EvalError, match=r"has not ended within 0.2 s.*batch_wait") as caught:
            read(service, tmp_path, batch_wait=0.2)
        assert caught.value.exit_code == 4
        assert service.looked[0] > 1
        service.looks = 1
        assert sides(read(service, tmp_path)[0]) == [*SIDES]
    assert len(service.batches) == 1


@BOTH
def test_results_longer_than_any_replies_are_not_read(kind, tmp_path):
    with serving(kind()) as service:
        service.padding = " " * 4_000_000
        with pytest.raises(S3EvalError, match="longer than any replies to its 4 texts"):
            read(service, tmp_path, max_tokens=600)
        service.padding = ""
        readings, _ = read(service, tmp_path, max_tokens=600)
    assert sides(readings) == [*SIDES] and len(service.batches) == 1


@BOTH
def test_unknown_and_repeated_results_and_noise_are_passed_over(kind, tmp_path):
    with serving(kind()) as service:
        wrong = json.dumps({"custom_id": ["a", "list"], "result": 7, "metadata": 3})
        service.noise = [service.unknown(TEXTS[1]), wrong, service.unknown(TEXTS[0])]
        if kind is Anthropic:
            service.noise += ["{no json", "[1]", ""]
        service.twice = True
        readings, judge = read(service, tmp_path)
    assert sides(readings) == [*SIDES] and judge.account.calls == 4


@BOTH
def test_failures_that_pass_are_waited_over_while_a_batch_is_under_way(kind, tmp_path):
    with serving(kind()) as service:
        busy = [(503, {}), (429, {"Retry-After": "0.1"})]
        part = "GET /v1/messages/batches" if kind is Anthropic else "GET /v1beta/batches"
        service.faults = {part: busy, "/results": [(502, {})]}
        readings, _ = read(service, tmp_path)
    assert sides(readings) == [*SIDES] and len(service.batches) == 1
    assert service.faults[part] == []


@BOTH
def test_a_service_that_keeps_failing_is_told_and_the_batch_is_kept(kind, tmp_path):
    with serving(kind()) as service:
        service.faults = {"GET ": [(503, {})] * 3}
        with pytest.raises(S3EvalError, match="HTTP 503"):
            read(service, tmp_path)
        assert sides(read(service, tmp_path)[0]) == [*SIDES]
    assert len(service.batches) == 1


@BOTH
def test_a_batch_that_is_gone_is_sent_anew_instead_of_never(kind, tmp_path):
    """Deleted at the service, or kept no longer than it keeps batches."""
    with serving(kind(looks=10**6)) as service:
        with pytest.raises(S3EvalError, match="has not ended within"):
            read(service, tmp_path, batch_wait=0.1)
        service.looks = 1
        first = "msgbatch_0" if kind is Anthropic else "batches/b0"
        service.faults = {first: [(404, {})] * 9}
        readings, judge = read(service, tmp_path)
    assert sides(readings) == [*SIDES] and len(service.batches) == 2 and not service.alone
    assert judge.account.cost == pytest.approx(0.5 * 4 * 150 * 1000 / 1e6)


@BOTH
def test_a_collected_batch_is_deleted_although_the_service_is_busy_at_first(kind, tmp_path, caplog):
    with serving(kind()) as service:
        service.faults = {"DELETE ": [(503, {}), (429, {"Retry-After": "0.05"})]}
        readings, _ = read(service, tmp_path)
        assert not caplog.records
        deleted = [m for m, _, _ in service.asked].count("DELETE")
        service.faults = {"DELETE ": [(500, {})] * 9}
        read(service, tmp_path, ["Report 9: he turns to the right."])
    assert sides(readings) == [*SIDES] and deleted == 3
    (record,) = caplog.records
    assert "texts could not be deleted at the service (server: HTTP 500" in record.getMessage()


@BOTH
def test_a_batch_is_submitted_once_even_where_that_fails(kind, tmp_path):
    with serving(kind()) as service:
        service.faults = {"atch": [(503, {})]}
        with pytest.raises(S3EvalError, match="HTTP 503"):
            read(service, tmp_path)
        posts = [path for method, path, _ in service.asked if method == "POST"]
        assert len(posts) == 1 and not service.batches
        judge = judge_at(service, tmp_path)
        assert judge._client.budget.spent_calls == 0
        judge.close()


@BOTH
def test_a_schema_that_is_refused_is_left_out_in_another_batch(kind, tmp_path):
    with serving(kind()) as service:
        service.outcome = lambda n, text: (
            "no schema" if service.schema_of(service.batches[-1][n][1]) else "good"
        )
        readings, _ = read(service, tmp_path)
        more, _ = read(service, tmp_path, ["Report 9: he turns to the right."])
    assert sides(readings) == [*SIDES] and sides(more) == ["right"] and not service.alone
    assert [len(batch) for batch in service.batches] == [4, 4, 1]


@BOTH
def test_a_batch_that_does_not_fit_the_budget_is_not_sent(kind, tmp_path):
    with serving(kind()) as service:
        for limit in ({"max_calls": 3}, {"max_cost": 0.01}):
            with pytest.raises(BudgetSpent):
                read(service, tmp_path, permission=Permission(**limit))
        assert service.asked == []
        readings, _ = read(service, tmp_path, permission=Permission(max_calls=4))
    assert sides(readings) == [*SIDES]


@BOTH
def test_the_preview_is_at_half_the_price(kind, tmp_path):
    with serving(kind()) as service:
        costs = {}
        for batch in (True, False):
            judge = judge_at(service, tmp_path, batch=batch)
            costs[batch] = judge.preview([ReadReport(text) for text in TEXTS]).cost
            judge.close()
    assert costs[True] == pytest.approx(costs[False] / 2) and service.asked == []


@BOTH
@pytest.mark.parametrize("limit", ["most_requests", "most_bytes"])
def test_many_texts_go_as_several_batches(kind, limit, tmp_path, monkeypatch):
    form = {Anthropic: AnthropicBatches, Gemini: GeminiBatches}[kind]
    with serving(kind()) as service:
        monkeypatch.setattr(form, limit, 3 if limit == "most_requests" else 1)
        readings, _ = read(service, tmp_path)
    sizes = [len(batch) for batch in service.batches]
    assert sizes == ([3, 1] if limit == "most_requests" else [1, 1, 1, 1])
    assert sides(readings) == [*SIDES]


@BOTH
def test_texts_are_read_one_by_one_in_that_format_too_and_repaired(kind, tmp_path):
    with serving(kind()) as service:
        replies = iter([service.reply(TEXTS[0], "prose"), service.reply(TEXTS[0])])
        bodies = []

        def answer(method, path, body):
            bodies.append(body)
            return 200, next(replies)

        service.answer = answer
        readings, _ = read(service, tmp_path, TEXTS[:1], batch=False)
    assert sides(readings) == ["left"]
    turns = bodies[1]["messages" if kind is Anthropic else "contents"]
    other = "assistant" if kind is Anthropic else "model"
    assert [turn["role"] for turn in turns] == ["user", other, "user"]


def test_results_at_another_host_are_not_asked_for(tmp_path):
    with serving(Anthropic()) as elsewhere, serving(Anthropic()) as service:
        service.results_url = f"{elsewhere.url}/messages/batches/msgbatch_0/results"
        with pytest.raises(S3EvalError, match=r"the results of the batch lie at 127\.0\.0\.1:"):
            read(service, tmp_path)
        assert elsewhere.asked == []
        service.results_url = None
        assert sides(read(service, tmp_path)[0]) == [*SIDES]
    assert len(service.batches) == 1


@pytest.mark.parametrize(
    "address",
    [
        "https://evil.example.org/v1/messages/batches/b/results",
        "http://api.example.org/v1/messages/batches/b/results",
        "https://api.example.org:8443/v1/messages/batches/b/results",
        "https://api.example.org.evil.org/v1/messages/batches/b/results",
        "https://a@api.example.org/v1/messages/batches/b/results",
        "https://api.example.org/v1/../admin",
        "https://api.example.org/v1/%2e%2e/admin",
        "https://api.example.org/v2/messages/batches/b/results",
        "https://api.example.org/v1/messages/batches/b/results?to=https://evil.example.org",
        "https://api.example.org:port/v1/messages/batches/b/results",
        "/v1/messages/batches/b/results",
        "",
    ],
)
def test_addresses_of_results_that_are_refused(address):
    with pytest.raises(CallError, match="not asked for"):
        _path_below("https://api.example.org/v1", address)


def test_results_that_are_kept_no_longer_are_asked_for_by_another_batch(tmp_path):
    with serving(Anthropic()) as service:
        service.results_url = ""
        begin = service.begin

        def began(items):
            service.results_url = "" if not service.batches else None
            return begin(items)

        service.begin = began
        readings, _ = read(service, tmp_path)
    assert sides(readings) == [*SIDES] and len(service.batches) == 2


def test_a_failed_operation_says_why_and_the_next_command_sends_anew(tmp_path):
    with serving(Gemini()) as service:
        service.state = "FAILED"
        with pytest.raises(S3EvalError, match="the batch failed: no quota"):
            read(service, tmp_path)
        service.state = "SUCCEEDED"
        readings, _ = read(service, tmp_path)
    assert sides(readings) == [*SIDES] and len(service.batches) == 2


def test_an_operation_that_expired_is_sent_again(tmp_path):
    with serving(Gemini()) as service:
        begin = service.begin

        def began(items):
            service.state = "SUCCEEDED" if service.batches else "EXPIRED"
            return begin(items)

        service.begin = began
        readings, _ = read(service, tmp_path)
    assert sides(readings) == [*SIDES] and len(service.batches) == 2 and not service.alone


def test_results_without_keys_go_by_their_order_only_when_none_is_missing(tmp_path):
    with serving(Gemini()) as service:
        service.keyless = True
        readings, _ = read(service, tmp_path)
        assert sides(readings) == [*SIDES] and not service.alone
        service.outcome = lambda n, text: None if n == 0 else "good"
        more = [f"Report 1{n}: he turns to the {side}." for n, side in enumerate(SIDES)]
        readings, _ = read(service, tmp_path, more)
    assert sides(readings) == [*SIDES] and sorted(service.alone) == more


@pytest.mark.parametrize(
    ("name", "variable", "host"),
    [
        ("anthropic", "ANTHROPIC_API_KEY", "api.anthropic.com"),
        ("gemini", "GEMINI_API_KEY", "generativelanguage.googleapis.com"),
    ],
)
def test_a_format_goes_to_its_own_service_with_that_service_s_key(
    name, variable, host, monkeypatch
):
    spec = JudgeSpec("scripted", adapter="", remote=True)
    monkeypatch.setenv("SCRIPTED_KEY", "sk-of-another-service")
    for other in ("ANTHROPIC_API_KEY", "GEMINI_API_KEY", "GOOGLE_API_KEY"):
        monkeypatch.delenv(other, raising=False)
    options = {"format": name, "cache": "off", "model": "m"}
    with pytest.raises(S3EvalError, match=f"{host} is not this machine"):
        Scripted.load(spec, options)
    allowed = {**options, "permission": Permission(allow_remote=True, phi="off")}
    with pytest.raises(S3EvalError, match="No key for judge 'scripted'") as caught:
        Scripted.load(spec, allowed)
    assert variable in str(caught.value) and "SCRIPTED_KEY" not in str(caught.value)
    monkeypatch.setenv(variable, KEY)
    judge = Scripted.load(spec, allowed)
    assert judge._client.endpoint.host == host and judge._client.endpoint.key.reveal() == KEY
    assert judge.identity()["format"] == name and judge.remote
    judge.close()
    with pytest.raises(S3EvalError, match="Which model"):
        Scripted.load(spec, {"format": name, "cache": "off"})
    with pytest.raises(S3EvalError, match="format"):
        Scripted.load(spec, {"format": "telex", "cache": "off"})
