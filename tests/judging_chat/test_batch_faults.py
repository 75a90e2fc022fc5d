"""Batches in Anthropic's and Gemini's formats: waits, interruptions and faults of the service."""

import itertools
import json
from types import SimpleNamespace

import pytest
from batch_services import BOTH, SIDES, TEXTS, Anthropic, Gemini, judge_at, read, serving, sides

from s3eval.errors import S3EvalError
from s3eval.judging.batching import batches
from s3eval.judging.batching.anthropic import _path_below
from s3eval.remote.failures import CallError

pytest.importorskip("httpx")
pytestmark = pytest.mark.usefixtures("batch_key")


@BOTH
def test_an_interrupted_batch_is_collected_by_the_next_start_and_not_sent_twice(kind, tmp_path):
    with serving(kind(looks=10**6)) as service:
        judge = judge_at(service, tmp_path)
        has_ended = service.has_ended

        def looked_at(number):
            judge._batches.stop()
            return has_ended(number)

        service.has_ended = looked_at
        with pytest.raises(S3EvalError, match="stopped while a batch was under way"):
            judge.read_reports(TEXTS)
        judge.close()
        service.has_ended, service.looks = has_ended, 1
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
def test_a_batch_that_never_ends_is_not_waited_for_without_limit(kind, tmp_path, monkeypatch):
    # A clock of its own: it goes on with each look, however long that takes on this machine.
    clock = SimpleNamespace(monotonic=itertools.count(0.0, 0.06).__next__)
    monkeypatch.setattr(batches, "time", clock)
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
