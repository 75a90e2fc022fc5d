"""What a chat judge may spend, what it says before, and what stops it."""

import itertools
import threading

import pytest
from scripted_judge import GOOD, always, judge_at, read, reply_to_all

from s3eval.errors import S3EvalError
from s3eval.judge import MergeTexts, ReadReport, ReportFacts
from s3eval.permission import Permission
from s3eval.remote.budget import BudgetSpent
from s3eval.testing.chat_server import Said, scripted, together


def test_a_budget_of_calls_stops_cleanly_and_resumes_without_repeating(tmp_path):
    texts = [f"report {i}" for i in range(10)]
    with scripted(always(Said(GOOD, wait=0.01))) as server:
        with pytest.raises(BudgetSpent, match="4 calls is spent; 4 of 10") as stopped:
            read(server, tmp_path, texts, permission=Permission(max_calls=4))
        assert stopped.value.exit_code == 3
        assert len(server.asked) == 4
        assert len(read(server, tmp_path, texts, permission=Permission(max_calls=6))) == 10
    assert sorted(server.texts) == sorted(texts), "each was asked exactly once"


def test_a_budget_of_dollars_is_never_exceeded(tmp_path):
    texts = [f"report {i}" for i in range(30)]
    prices = {"prompt_price": 5.0, "completion_price": 20.0, "max_tokens": 200}
    with scripted(always(Said(GOOD, usage=(900, 150), wait=0.01))) as server:
        each = (900 * 5 + 150 * 20) / 1e6
        judge = judge_at(
            server, tmp_path, permission=Permission(max_cost=0.09), concurrency=8, **prices
        )
        with pytest.raises(BudgetSpent):
            judge.read_reports(texts)
        spent = judge.account.cost
        judge.close()
        assert 0 < spent <= 0.09
        assert spent == pytest.approx(len(server.asked) * each)
        done = len(server.asked)
        read(server, tmp_path, texts, permission=Permission(max_cost=1.0), **prices)
        assert len(server.asked) == 30, f"{done} before, the rest after"


def test_a_budget_of_nothing_only_previews(tmp_path):
    with scripted(always(Said(GOOD))) as server:
        judge = judge_at(
            server,
            tmp_path,
            permission=Permission(max_calls=0),
            prompt_price=5.0,
            completion_price=20.0,
            cache="off",
        )
        lines = []
        judge.report_to(lines.append)
        with pytest.raises(BudgetSpent):
            judge.read_reports(["a", "b", "b"])
        assert server.asked == []
        assert "3 texts, 0 already read, 2 calls" in lines[0]
        assert "$" in lines[0]
        preview = judge.preview([ReadReport(t) for t in ("a", "b", "b")])
        assert preview.calls == 2
        assert 0 < preview.cost < preview.cost_bound
        judge.close()


def test_no_access_stops_at_once_and_keeps_what_was_read(tmp_path):
    first_is_asked, refusals = threading.Event(), itertools.count()

    def answer(text, body, before):
        if text == "a":
            first_is_asked.set()
            return Said(GOOD)
        first_is_asked.wait(20)
        if next(refusals):
            # Only the first refusal can be what stops the judge.
            judge._asker._stop.wait(20)
        return Said(status=401, body='{"error": "no"}')

    with scripted(answer) as server:
        judge = judge_at(server, tmp_path)
        with pytest.raises(S3EvalError, match="cannot be asked") as stopped:
            judge.read_reports(["a", *map(str, range(50))])
        judge.close()
        assert stopped.value.exit_code == 4
        assert len(server.asked) < 12
        asked = len(server.asked)
        assert isinstance(read(server, tmp_path, ["a"])[0], ReportFacts)
        assert len(server.asked) == asked


def test_a_server_that_stays_down_is_given_up(tmp_path):
    with scripted(always(Said(status=503, body=""))) as server:
        with pytest.raises(S3EvalError, match="in a row"):
            read(server, tmp_path, [str(i) for i in range(40)])
        assert len(server.asked) < 40


def test_what_was_announced_is_previewed_once(tmp_path):
    merges = [MergeTexts((f"He stares, {i}.", f"Then he jerks, {i}."), "report") for i in range(8)]
    expected = [ReadReport(" ".join(m.texts)) for m in merges]
    with scripted(together(5, reply_to_all)) as server:
        judge = judge_at(server, tmp_path, concurrency=8)
        lines = []
        judge.report_to(lines.append)
        judge.announce([*merges, *expected])
        assert "16 texts, 0 already read, 16 calls" in lines[0]
        assert server.asked == [] and judge.kept(merges) == {}
        merged = judge.answer(merges)
        facts = judge.answer([ReadReport(m.text) for m in merged])
        assert judge.kept(merges) == dict(zip(merges, merged, strict=True))
        judge.answer([ReadReport("This was not announced.")])
        judge.close()
    assert all(isinstance(f, ReportFacts) for f in facts)
    assert len(server.asked) == 17 and server.most_at_once > 4
    previews = [line for line in lines if "about" in line]
    assert len(previews) == 2, "one for all that was announced, one for what was not"


def test_announcing_with_a_budget_of_no_calls_stops_where_something_would_be_asked(tmp_path):
    requests = [ReadReport("a"), ReadReport("b"), ReadReport(" ")]
    with scripted(always(Said(GOOD))) as server:
        judge = judge_at(server, tmp_path, permission=Permission(max_calls=0))
        lines = []
        judge.report_to(lines.append)
        with pytest.raises(BudgetSpent, match="sends nothing; 0 of 2 new texts") as stopped:
            judge.announce(requests)
        judge.close()
        assert stopped.value.exit_code == 3
        assert "2 calls" in lines[0] and server.asked == []
        read(server, tmp_path, ["a", "b"])
        again = judge_at(server, tmp_path, permission=Permission(max_calls=0))
        again.announce(requests)
        assert isinstance(again.answer(requests)[1], ReportFacts), "what is kept needs no call"
        again.close()
    assert len(server.asked) == 2


def test_progress_is_told_text_by_text(tmp_path):
    from contextlib import contextmanager

    told = []

    @contextmanager
    def bar(label, total):
        told.append((label.startswith("scripted at 127.0.0.1"), total))
        yield told.append

    with scripted(always(Said(GOOD))) as server:
        judge = judge_at(server, tmp_path)
        judge.report_to(lambda line: None, bar)
        judge.read_reports(["a", "b", "b", "c"])
        judge.read_reports(["a"])
        judge.close()
    assert told == [(True, 3), 1, 1, 1], "distinct texts, and no bar where nothing is asked"
