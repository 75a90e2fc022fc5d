"""What requests may cost, and what they did."""

import threading

import pytest
from scripted_client import ASK, client_of, in_turn

from s3eval.errors import S3EvalError
from s3eval.remote.budget import Budget, BudgetSpent, Prices
from s3eval.remote.client import ChatClient, RetryPolicy
from s3eval.remote.endpoint import Endpoint
from s3eval.remote.failures import CallError
from s3eval.testing.chat_server import Said, scripted


def test_budget_counts_every_try_and_is_never_exceeded():
    with scripted(in_turn(Said(status=500, body=""))) as server:
        client = client_of(server, budget=Budget(max_calls=2))
        with pytest.raises(BudgetSpent):
            client.complete(ASK)
    assert len(server.asked) == 2
    assert client.budget.spent_calls == 2


def test_cost_is_settled_at_what_the_server_counts():
    prices = Prices(10.0, 100.0)
    with scripted(in_turn(Said("hi", usage=(1000, 10)))) as server:
        client = client_of(server, prices=prices)
        client.complete(ASK)
    assert client.account.cost == pytest.approx(0.011)
    assert (client.account.prompt_tokens, client.account.completion_tokens) == (1000, 10)


def test_a_call_that_may_cost_more_than_is_left_is_not_made():
    with scripted(in_turn(Said("hi"))) as server:
        bound = client_of(server, prices=Prices(10.0, 100.0)).bound(ASK)
        budget = Budget(max_cost=bound * 0.99)
        client = client_of(server, prices=Prices(10.0, 100.0), budget=budget)
        with pytest.raises(BudgetSpent):
            client.complete(ASK)
    assert server.asked == []


def test_what_may_have_been_billed_without_a_reply_counts_at_its_bound():
    quick, ended = RetryPolicy(timeout=3.0, attempts=1), threading.Event()

    def answer(text, body, before):
        ended.wait(30)
        return Said("late")

    with scripted(answer) as server:
        client = client_of(server, prices=Prices(10.0, 100.0), retry=quick)
        with pytest.raises(CallError):
            client.complete(ASK)
        ended.set()
    assert client.account.cost == pytest.approx(client.bound(ASK))


def test_a_cost_limit_needs_prices():
    with pytest.raises(S3EvalError, match="prices"):
        ChatClient(Endpoint("https://api.example.org/v1", "m"), budget=Budget(max_cost=1.0))
