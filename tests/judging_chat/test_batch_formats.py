"""Batches in Anthropic's and Gemini's formats, against scripted servers: what is sent and read."""

import re

import pytest
from batch_services import (
    BOTH,
    KEY,
    SIDES,
    TEXTS,
    Anthropic,
    Gemini,
    Scripted,
    judge_at,
    read,
    serving,
    sides,
)

from s3eval.errors import S3EvalError
from s3eval.judge import ReadReport, Unreadable
from s3eval.judging.batching.anthropic import AnthropicBatches
from s3eval.judging.batching.gemini import GeminiBatches
from s3eval.permission import Permission
from s3eval.remote.budget import BudgetSpent
from s3eval.remote.cache import ReplyCache
from s3eval.specs import JudgeSpec

pytest.importorskip("httpx")
pytestmark = pytest.mark.usefixtures("batch_key")


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
