"""Judging by batches of the service: paid once, waited for again, half the price, nothing lost."""

import json
import re
from contextlib import contextmanager

import pytest
from scripted_judge import FACTS, SPEC, Scripted

from s3eval.errors import S3EvalError
from s3eval.judge import ReportFacts, Unreadable
from s3eval.permission import Permission
from s3eval.remote.budget import BudgetSpent
from s3eval.testing.http_service import http_service

pytest.importorskip("httpx")

TEXTS = [f"Report {n}: the head turns to the left, then tonic." for n in range(4)]


class BatchService:
    """A service of batches: each ends after so many looks, with one outcome for each request."""

    def __init__(self, looks=2, outcome=None, ends="completed"):
        self.looks, self.ends, self.outcome = looks, ends, outcome or (lambda n, text: "good")
        self.files, self.batches, self.asked, self.alone = {}, {}, [], 0
        self.refuses_batches = False

    def handle(self, method, path, body):
        self.asked.append((method, path))
        if path == "/v1/chat/completions":
            self.alone += 1
            return 200, completion()
        if method == "POST" and path == "/v1/files":
            name = f"file-{len(self.files)}"
            lines = re.search(rb"jsonl\r\n\r\n(.*)\r\n--", body, re.S)[1].decode()
            self.files[name] = lines
            return 200, {"id": name}
        if method == "POST" and path == "/v1/batches":
            if self.refuses_batches:
                return 404, {"error": {"message": "no batches here"}}
            facts = json.loads(body)
            assert facts["endpoint"] == "/v1/chat/completions"
            name = f"batch-{len(self.batches)}"
            self.batches[name] = {"input": facts["input_file_id"], "looked": 0}
            return 200, {"id": name, "status": "validating"}
        if method == "GET" and path.startswith("/v1/batches/"):
            return 200, self.look(path.rsplit("/", 1)[1])
        if method == "GET":
            return 200, self.files[path.split("/")[-2]]
        return 200, {}

    def look(self, name):
        batch = self.batches[name]
        batch["looked"] += 1
        if batch["looked"] < self.looks:
            return {"id": name, "status": "in_progress"}
        if self.ends == "failed":
            return {"id": name, "status": "failed", "errors": {"data": [{"message": "quota"}]}}
        lines = [json.loads(line) for line in self.files[batch["input"]].splitlines()]
        out = f"out-{name}"
        self.files[out] = "".join(filter(None, map(self.line, range(len(lines)), lines)))
        return {"id": name, "status": self.ends, "output_file_id": out}

    def line(self, n, request):
        outcome = self.outcome(n, request["body"]["messages"][-1]["content"])
        if outcome is None:
            return ""
        bodies = {
            "good": (200, completion()),
            "prose": (200, completion("The seizure looks tonic.")),
            "filtered": (400, {"error": {"message": "content_filter"}}),
            "broken": (500, {"error": {"message": "oops"}}),
        }
        if outcome == "noise":
            return "{no json\n"
        status, body = bodies[outcome]
        response = {"status_code": status, "body": body}
        return json.dumps({"custom_id": request["custom_id"], "response": response}) + "\n"


def completion(text=None):
    content = json.dumps(FACTS) if text is None else text
    message = {"role": "assistant", "content": content}
    return {
        "model": "m-1",
        "choices": [{"message": message, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 100, "completion_tokens": 50},
    }


@contextmanager
def serving(service):
    def handle(method, path, headers, body):
        return (*service.handle(method, path, body), {})

    with http_service(handle) as address:
        yield f"{address}/v1"


def judge_at(url, tmp_path, **more):
    options = {
        "base_url": url, "model": "scripted", "cache": str(tmp_path / "judges.sqlite"),
        "first_wait": 0.01, "timeout": 30.0, "attempts": 2, "batch": True, "batch_poll": 0.02,
        "prompt_price": 1000.0, "completion_price": 1000.0, **more,
    }  # fmt: skip
    return Scripted.load(SPEC, options)


def read(url, tmp_path, texts=TEXTS, **more):
    judge = judge_at(url, tmp_path, **more)
    lines = []
    judge.report_to(lines.append)
    try:
        return judge.read_reports(texts), judge.account, lines
    finally:
        judge.close()


def test_one_batch_reads_all_at_half_the_price(tmp_path):
    service = BatchService()
    with serving(service) as url:
        found, account, lines = read(url, tmp_path)
    assert all(isinstance(f, ReportFacts) for f in found)
    assert len(service.batches) == 1 and service.alone == 0
    assert account.calls == 4
    assert account.cost == pytest.approx(0.5 * 4 * 150 * 1000 / 1e6)
    assert any("a batch of 4 texts was sent" in line for line in lines)
    # The files are not left there, and what a request is called tells nothing of its text.
    assert ("DELETE", "/v1/files/file-0") in service.asked
    names = [json.loads(line)["custom_id"] for line in service.files["file-0"].splitlines()]
    assert all(re.fullmatch("[0-9a-f]{64}", name) for name in names)


def test_what_was_read_is_not_sent_again(tmp_path):
    service = BatchService()
    with serving(service) as url:
        read(url, tmp_path)
        _, account, _ = read(url, tmp_path, [*TEXTS, "Report 9: clonic jerks of both arms."])
    assert len(service.batches) == 2 and account.cached == 4
    assert len(service.files[service.batches["batch-1"]["input"]].splitlines()) == 1


def test_a_batch_that_is_under_way_is_waited_for_again(tmp_path):
    service = BatchService(looks=10**6)
    with serving(service) as url:
        judge = judge_at(url, tmp_path)
        look = service.look

        def looked_at(name):
            judge._batches.stop()
            return look(name)

        service.look = looked_at
        with pytest.raises(S3EvalError, match="stopped while a batch was under way"):
            judge.read_reports(TEXTS)
        judge.close()
        service.look, service.looks = look, 1
        found, account, _ = read(url, tmp_path)
    assert all(isinstance(f, ReportFacts) for f in found)
    assert len(service.batches) == 1 and account.calls == 4


def test_what_a_batch_leaves_open_is_asked_by_itself(tmp_path):
    outcomes = ["good", None, "prose", "noise"]
    service = BatchService(outcome=lambda n, text: outcomes[n])
    with serving(service) as url:
        found, _, _ = read(url, tmp_path)
    assert all(isinstance(f, ReportFacts) for f in found)
    assert service.alone == 3


def test_an_expired_batch_keeps_what_it_brought_and_the_rest_is_sent_as_another(tmp_path):
    service = BatchService(outcome=lambda n, text: "good" if n < 2 else None, ends="expired")
    with serving(service) as url:
        found, account, _ = read(url, tmp_path)
    assert all(isinstance(f, ReportFacts) for f in found) and service.alone == 0
    sizes = [len(service.files[b["input"]].splitlines()) for b in service.batches.values()]
    assert sizes == [4, 2] and account.calls == 4


def test_what_expires_again_and_again_is_asked_by_itself(tmp_path):
    service = BatchService(outcome=lambda n, text: None, ends="expired")
    with serving(service) as url:
        found, _, _ = read(url, tmp_path)
    assert all(isinstance(f, ReportFacts) for f in found)
    assert len(service.batches) == 3 and service.alone == 4


def test_a_filtered_text_stays_unread_and_others_are_read(tmp_path):
    outcomes = ["filtered", "good", "broken", "good"]
    service = BatchService(outcome=lambda n, text: outcomes[n])
    with serving(service) as url:
        found, _, _ = read(url, tmp_path)
    assert isinstance(found[0], Unreadable) and "content_filter" in found[0].reason
    assert all(isinstance(f, ReportFacts) for f in found[1:]) and service.alone == 1


def test_a_failed_batch_says_why_and_the_next_command_sends_anew(tmp_path):
    service = BatchService(ends="failed")
    with serving(service) as url:
        with pytest.raises(S3EvalError, match="the batch failed: quota"):
            read(url, tmp_path)
        service.ends = "completed"
        found, _, _ = read(url, tmp_path)
    assert len(service.batches) == 2 and all(isinstance(f, ReportFacts) for f in found)


def test_a_service_without_batches_is_told_as_that(tmp_path):
    service = BatchService()
    service.refuses_batches = True
    with serving(service) as url, pytest.raises(S3EvalError, match="no batches here"):
        read(url, tmp_path)
    assert service.alone == 0
    # The texts that were sent for it do not stay there.
    assert ("DELETE", "/v1/files/file-0") in service.asked


def test_a_batch_that_does_not_fit_the_budget_is_not_sent(tmp_path):
    service = BatchService()
    with serving(service) as url:
        for limit in ({"max_calls": 3}, {"max_cost": 0.01}):
            judge = judge_at(url, tmp_path, permission=Permission(**limit))
            with pytest.raises(BudgetSpent):
                judge.read_reports(TEXTS)
            judge.close()
        assert service.asked == []
        judge = judge_at(url, tmp_path, permission=Permission(max_calls=4))
        assert len(judge.read_reports(TEXTS)) == 4
        judge.close()


def test_the_preview_is_at_half_the_price(tmp_path):
    service = BatchService()
    with serving(service) as url:
        costs = {}
        for batch in (True, False):
            judge = judge_at(url, tmp_path, batch=batch)
            from s3eval.judge import ReadReport

            costs[batch] = judge.preview([ReadReport(t) for t in TEXTS]).cost
            judge.close()
    assert costs[True] == pytest.approx(costs[False] / 2) and service.asked == []


def test_batches_need_a_cache(tmp_path):
    with pytest.raises(S3EvalError, match="without a cache"):
        judge_at("http://127.0.0.1:9/v1", tmp_path, cache="off")
