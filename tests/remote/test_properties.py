"""What holds whatever the input: no answer from half a JSON, no budget exceeded by concurrency."""

import json
from concurrent.futures import ThreadPoolExecutor

from hypothesis import given, settings
from hypothesis import strategies as st

from s3eval.remote.budget import Budget, BudgetSpent, token_bound
from s3eval.remote.cache import ReplyCache, content_key
from s3eval.remote.capabilities import ServerCapabilities
from s3eval.remote.endpoint import Endpoint
from s3eval.remote.jsontext import json_objects

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=8,
)  # fmt: skip
OBJECTS = st.dictionaries(st.text(max_size=6), VALUES, min_size=1, max_size=4)


@given(OBJECTS, st.data())
def test_an_unfinished_object_is_no_object(value, data):
    text = json.dumps(value)
    cut = data.draw(st.integers(1, len(text) - 1))
    assert json_objects(text[:cut]) == []


@given(
    st.text(alphabet="abc .,:\n*`", max_size=30), OBJECTS, st.text(alphabet="abc .!", max_size=9)
)
def test_a_whole_object_is_found_in_any_prose(before, value, after):
    assert json_objects(before + json.dumps(value) + after) == [value]


@given(st.text(max_size=400))
def test_any_text_is_survived(text):
    assert all(isinstance(found, dict) for found in json_objects(text))


@settings(max_examples=15, deadline=None)
@given(
    st.floats(0.0, 2.0),
    st.integers(0, 30),
    st.lists(st.tuples(st.floats(0.01, 0.3), st.floats(0.0, 1.0)), min_size=1, max_size=40),
)
def test_neither_limit_is_exceeded_by_calls_at_once(dollars, calls, asked):
    budget = Budget(max_calls=calls, max_cost=dollars)

    def call(bound_and_share):
        bound, share = bound_and_share
        try:
            budget.hold(bound).settle(bound * share)
        except BudgetSpent:
            return 0
        return 1

    with ThreadPoolExecutor(8) as pool:
        made = sum(pool.map(call, asked))
    assert made == budget.spent_calls <= calls
    assert budget.spent_cost <= dollars + 1e-9


@given(st.text(max_size=200))
def test_the_token_bound_is_no_less_than_the_bytes(text):
    assert token_bound([{"role": "user", "content": text}]) >= len(text.encode())
    parts = [{"type": "image_url"}, {"type": "text", "text": text}]
    assert token_bound([{"role": "user", "content": parts}], extra=9) >= len(text.encode()) + 9


def test_the_cache_keeps_values_capabilities_and_claims(tmp_path):
    one, other = ReplyCache(tmp_path / "c.sqlite"), ReplyCache(tmp_path / "c.sqlite")
    key = content_key({"text": "a"})
    assert one.claim([key, "free"], 60.0) == {key, "free"}
    assert other.claim([key], 60.0) == set()
    one.put(key, {"state": "read"})
    assert other.get(key) == {"state": "read"}
    one.release(["free"])
    assert other.claim(["free"], 60.0) == {"free"}
    assert one.claim(["stale"], -1.0) == {"stale"}
    assert other.claim(["stale"], 60.0) == {"stale"}, "a claim that ran out is free"
    endpoint = Endpoint("http://localhost/v1", "m")
    one.capabilities().put(endpoint, ServerCapabilities("none", ("seed",), "max_completion_tokens"))
    assert other.capabilities().get(endpoint) == ServerCapabilities(
        "none", ("seed",), "max_completion_tokens"
    )
    assert (tmp_path / "c.sqlite").stat().st_mode & 0o077 == 0
    one.close()
    other.close()
