"""Scripted services of batches in Anthropic's and Gemini's formats, and a judge at one of them."""

import json
import re
from contextlib import contextmanager

import pytest
from scripted_judge import SPEC, Scripted

from s3eval.judge import ReportFacts
from s3eval.testing.chat_server import report_facts
from s3eval.testing.http_service import http_service

SIDES = ("left", "right", "left", "right")
TEXTS = [f"Report {n}: the head turns to the {side}." for n, side in enumerate(SIDES)]
KEY = "sk-a-key-of-some-length-1234567890"


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


def judge_at(service, tmp_path, **more):
    options = {
        "base_url": service.url, "model": "scripted", "format": service.format,
        "cache": str(tmp_path / "judges.sqlite"), "key_variable": "A_KEY",
        "first_wait": 0.01, "timeout": 30.0, "attempts": 3, "max_wait": 1.0,
        "batch": True, "batch_poll": 0.02,
        "prompt_price": 1000.0, "completion_price": 1000.0, **more,
    }  # fmt: skip
    return Scripted.load(SPEC, options)


def read(service, tmp_path, texts=TEXTS, **more):
    """The readings, and the judge (closed) that made them."""
    judge = judge_at(service, tmp_path, **more)
    try:
        return judge.read_reports(texts), judge
    finally:
        judge.close()


def sides(readings):
    return [r.localizing["head_turning"] if isinstance(r, ReportFacts) else None for r in readings]
