"""Chat judges against a server that misbehaves: nothing lost, made up or overspent."""

import itertools
import json
import multiprocessing
import sqlite3
import threading

import pytest

from s3eval.errors import S3EvalError
from s3eval.judge import (
    AnswerQuestions,
    Extract,
    Extraction,
    FeatureAnswers,
    MergedText,
    MergeTexts,
    ReadReport,
    ReportFacts,
    Unreadable,
)
from s3eval.judging.asking import Ask, Asker
from s3eval.judging.chat import ChatJudge, Service
from s3eval.permission import Permission, permitted_options
from s3eval.privacy import Gate, PhiSpan
from s3eval.remote.budget import BudgetSpent, Prices
from s3eval.remote.cache import ReplyCache
from s3eval.remote.client import ChatClient
from s3eval.remote.endpoint import Endpoint
from s3eval.specs import JudgeSpec
from s3eval.testing.chat_server import Said, scripted, together

FACTS = {
    "structural_completeness": ["onset"],
    "event_sequence": ["head_turning", "tonic"],
    "localizing_features": {
        "head_turning": "left",
        "first_motor_laterality": "left",
        "asymmetric_posturing": "none",
        "figure_4": "none",
    },
    "content_analysis": {"has_safety_issues": False, "includes_non_seizure": False},
}
GOOD = json.dumps(FACTS)
SPEC = JudgeSpec("scripted", adapter="", remote=True)


class Scripted(ChatJudge):
    service = Service(
        "scripted", "https://api.example.org/v1", "m", ("SCRIPTED_KEY",), Prices(1, 2)
    )


def judge_at(server, tmp_path, **more):
    options = {
        "base_url": server.base_url,
        "model": "scripted",
        "cache": str(tmp_path / "judges.sqlite"),
        "first_wait": 0.01,
        "max_wait": 2.0,
        "timeout": 30.0,
        "attempts": 3,
        "concurrency": 4,
        **more,
    }
    return Scripted.load(SPEC, options)


def read(server, tmp_path, texts, **more):
    judge = judge_at(server, tmp_path, **more)
    try:
        return judge.read_reports(texts)
    finally:
        judge.close()


def always(said):
    return lambda text, body, before: said


def in_turn(*said):
    return lambda text, body, before: said[min(before, len(said) - 1)]


def test_a_report_is_read(tmp_path):
    with scripted(always(Said(GOOD))) as server:
        (facts,) = read(server, tmp_path, ["Head turns left, then stiff."])
    assert facts == ReportFacts(
        ("onset",), ("head_turning", "tonic"), FACTS["localizing_features"], words=5
    )
    body = server.asked[0]
    assert body["temperature"] == 0
    assert body["seed"] == 0
    assert body["response_format"]["json_schema"]["strict"] is True


@pytest.mark.parametrize(
    "text",
    [
        f"Sure, here it is:\n```json\n{GOOD}\n```\nAnything else?",
        f"<think>maybe {{\"a\": 1}}</think>{GOOD}",
        f"{{\"note\": \"draft\"}} {GOOD}",
        f"{GOOD}\n{GOOD}",
    ],
    ids=["prose and fence", "thoughts", "another object", "twice the same"],
)  # fmt: skip
def test_json_is_found_in_what_stands_around_it(tmp_path, text):
    with scripted(always(Said(text))) as server:
        (facts,) = read(server, tmp_path, ["a report"])
    assert facts.features == ("head_turning", "tonic")
    assert len(server.asked) == 1


BAD = {
    "half a JSON": Said(GOOD[: len(GOOD) // 2]),
    "cut off": Said(GOOD, finish="length"),
    "no JSON": Said("The patient stares."),
    "wrong schema": Said('{"features": ["tonic"]}'),
    "unknown feature": Said(GOOD.replace("tonic", "levitation")),
    "wrong value": Said(GOOD.replace('"left"', '"leftish"')),
    "missing field": Said(json.dumps({k: v for k, v in FACTS.items() if k != "event_sequence"})),
    "two readings": Said(GOOD + GOOD.replace("tonic", "clonic")),
    "a list": Said("[1, 2]"),
    "refusal": Said(message={"content": None, "refusal": "I cannot help with that."}),
    "moderation": Said(status=400, body='{"error": {"code": "data_inspection_failed"}}'),
    "empty choice": Said(body='{"choices": [], "usage": {"prompt_tokens": 9}}'),
    "blank": Said("  "),
    "500": Said(status=500, body="oops"),
    "too long": Said(status=400, body='{"error": {"message": "maximum context length"}}'),
    "dropped": Said(drop="before"),
    "half a body": Said(GOOD, drop="half"),
}


@pytest.mark.parametrize("name", [*BAD])
def test_what_cannot_be_read_is_unreadable_and_never_a_default(tmp_path, name):
    with scripted(lambda t, b, n: BAD[name] if t == "bad" else Said(GOOD)) as server:
        first, bad, last = read(server, tmp_path, ["good one", "bad", "good two"])
    assert isinstance(bad, Unreadable)
    assert bad.reason
    assert bad.record["prompt_version"]
    assert bad.record["model"] == "scripted"
    assert first.features == last.features == ("head_turning", "tonic")
    if name in ("half a JSON", "no JSON", "wrong schema", "unknown feature", "two readings"):
        assert bad.raw == BAD[name].text, "what the judge said is kept"


def test_the_model_is_told_what_is_wrong_and_may_repair_it(tmp_path):
    with scripted(in_turn(Said("not JSON"), Said(GOOD))) as server:
        (facts,) = read(server, tmp_path, ["a report"])
    assert facts.features == ("head_turning", "tonic")
    told = server.asked[1]["messages"][-1]["content"]
    assert "no complete JSON object" in told


def test_a_cut_off_reply_gets_more_room(tmp_path):
    with scripted(in_turn(Said(GOOD[:40], finish="length"), Said(GOOD))) as server:
        (facts,) = read(server, tmp_path, ["a report"], max_tokens=100)
    assert isinstance(facts, ReportFacts)
    assert [b["max_tokens"] for b in server.asked] == [100, 200]


def test_servers_without_structured_output_still_judge(tmp_path):
    def plain(text, body, before):
        if "response_format" in body:
            return Said(status=400, body='{"error": {"message": "response_format unsupported"}}')
        return Said(f"Here: {GOOD}")

    with scripted(plain) as server:
        assert isinstance(read(server, tmp_path, ["one"])[0], ReportFacts)
        refused = sum("response_format" in b for b in server.asked)
        assert isinstance(read(server, tmp_path, ["two"])[0], ReportFacts)
    assert sum("response_format" in b for b in server.asked) == refused, "remembered across runs"


def test_no_identical_text_is_asked_twice(tmp_path):
    texts = ["a", "b", "a", "a ", "b"]
    with scripted(always(Said(GOOD, wait=0.02))) as server:
        assert len(read(server, tmp_path, texts)) == 5
        assert sorted(server.texts) == ["a", "b"]
        again = judge_at(server, tmp_path)
        again.read_reports(texts)
        assert len(server.asked) == 2, "neither in one run nor in the next"
        assert again.account.calls == 0
        assert again.account.cached == 5
        again.close()


def test_unreadable_verdicts_are_kept_but_failures_are_asked_again(tmp_path):
    with scripted(in_turn(Said("nonsense"))) as server:
        read(server, tmp_path, ["a"])
        calls = len(server.asked)
        assert isinstance(read(server, tmp_path, ["a"])[0], Unreadable)
        assert len(server.asked) == calls
    with scripted(in_turn(*[Said(status=500, body="")] * 3, Said(GOOD))) as server:
        assert isinstance(read(server, tmp_path, ["b"])[0], Unreadable)
        assert isinstance(read(server, tmp_path, ["b"])[0], ReportFacts)


def test_another_model_prompt_or_setting_is_another_question(tmp_path):
    with scripted(always(Said(GOOD))) as server:
        read(server, tmp_path, ["a"])
        read(server, tmp_path, ["a"], model="other")
        read(server, tmp_path, ["a"], seed=1)
        read(server, tmp_path, ["a"], temperature=0.5)
    assert len(server.asked) == 4


def test_a_text_is_the_same_question_redacted_or_not_where_nothing_was_to_redact(tmp_path):
    class Finds:
        name = "finds Anna 1"

        def find(self, text):
            return (PhiSpan("name", 0, 4),) if text.startswith("Anna") else ()

    away = Endpoint("https://api.example.org/v1", "m")
    cache = ReplyCache(tmp_path / "c.sqlite")
    with scripted(always(Said(GOOD))) as server:
        client = ChatClient(Endpoint(server.base_url, "m"))
        for phi in ("redact", "block", "off"):
            gate = Gate(away, Permission(True, phi), detector=Finds, record=tmp_path / "sent.jsonl")
            asker = Asker(client, gate, cache, {"judge": "j", **gate.identity})
            texts = ["He stares.", "Anna stares."]
            read = asker.ask(
                [Ask("report", t, Extraction("report", "1", "Read.", {}), 9) for t in texts]
            )
            assert isinstance(read[0], dict)
        client.close()
    assert sorted(server.texts) == ["Anna stares.", "He stares.", "[NAME] stares."]


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


def test_questions_of_a_feature(tmp_path):
    reply = '{"stiff": "yes", "body_parts": ["arm"], "sides": ["left arm"]}'
    with scripted(always(Said(reply))) as server:
        judge = judge_at(server, tmp_path)
        found = judge.answer_questions(
            [("tonic", "The left arm is stiff."), ("occur_during_sleep", "x"), ("tonic", " ")]
        )
        judge.close()
    assert found[0] == FeatureAnswers(
        "tonic", {"stiff": "yes", "body_parts": ("arm",), "sides": ("left arm",)}
    )
    assert found[1] == FeatureAnswers("occur_during_sleep", {})
    assert isinstance(found[2], Unreadable)
    assert len(server.asked) == 1


def test_a_first_no_ends_the_chain(tmp_path):
    with scripted(always(Said('{"stiff": "no", "body_parts": ["arm"], "sides": []}'))) as server:
        judge = judge_at(server, tmp_path)
        (found,) = judge.answer_questions([("tonic", "No stiffness.")])
        judge.close()
    assert found.answers == {"stiff": "no"}


def test_merging(tmp_path):
    with scripted(always(Said('{"text": "He stares, then shakes."}'))) as server:
        judge = judge_at(server, tmp_path)
        found = judge.merge([["He stares.", "He shakes."], ["Alone", "Alone "], ["", ""]], "report")
        judge.close()
    assert found == [MergedText("He stares, then shakes."), MergedText("Alone"), MergedText("")]
    assert server.texts == ["[1] He stares.\n\n[2] He shakes."]


def test_an_empty_report_says_nothing_and_is_not_sent(tmp_path):
    with scripted(always(Said(GOOD))) as server:
        (facts,) = read(server, tmp_path, ["  "])
    assert facts.features == ()
    assert facts.words == 0
    assert server.asked == []


def test_identity_and_records_name_model_prompt_and_sampling(tmp_path):
    with scripted(always(Said(GOOD))) as server:
        judge = judge_at(server, tmp_path)
        judge.read_reports(["a"])
        identity = dict(judge.identity())
        judge.close()
    assert {"judge", "model", "base_url", "prompt_version", "temperature", "seed"} <= {*identity}
    db = sqlite3.connect(tmp_path / "judges.sqlite")
    (value,) = db.execute("SELECT value FROM replies").fetchone()
    record = json.loads(value)["record"]
    assert record["prompt_version"] == identity["prompt_version"]
    assert record["temperature"] == 0.0
    assert record["answered_by"] == "scripted-0001"


def test_unknown_options_name_the_nearest():
    with pytest.raises(S3EvalError, match="did you mean 'temperature'"):
        Scripted.load(SPEC, {"temprature": 1})
    with pytest.raises(S3EvalError, match="'seed'"):
        Scripted.load(SPEC, {"seed": "x"})


def test_nothing_leaves_without_permission(monkeypatch):
    monkeypatch.setenv("SCRIPTED_KEY", "k")
    with pytest.raises(S3EvalError, match="allow-remote"):
        Scripted.load(SPEC, {"cache": "off"})


def test_a_service_key_is_not_sent_to_another_host(monkeypatch, tmp_path):
    monkeypatch.setenv("SCRIPTED_KEY", "sk-of-the-service")
    with scripted(always(Said(GOOD))) as server:
        read(server, tmp_path, ["a"])
        assert "Authorization" not in server.headers[0]
        monkeypatch.setenv("MY_KEY", "sk-mine")
        read(server, tmp_path, ["b"], key_variable="MY_KEY")
        assert server.headers[1]["Authorization"] == "Bearer sk-mine"
    with pytest.raises(S3EvalError, match="No key"):
        Scripted.load(
            SPEC, {"base_url": "https://other.example.org/v1", "permission": Permission(True)}
        )


def _read_slowly(base_url, folder):
    from pathlib import Path

    class Address:
        pass

    Address.base_url = base_url
    read(Address, Path(folder), [f"text {i}" for i in range(6)], concurrency=2)


def test_two_processes_share_the_work(tmp_path):
    with scripted(always(Said(GOOD, wait=0.2))) as server:
        context = multiprocessing.get_context("fork")
        others = [
            context.Process(target=_read_slowly, args=(server.base_url, str(tmp_path)))
            for _ in range(2)
        ]
        for process in others:
            process.start()
        for process in others:
            process.join(120)
        assert [p.exitcode for p in others] == [0, 0]
    assert sorted(server.texts) == [f"text {i}" for i in range(6)]


def test_a_killed_run_is_resumed_without_repeating(tmp_path):
    arrived, killed = itertools.count(), threading.Event()

    def answer(text, body, before):
        if next(arrived) >= 2:
            killed.wait(30)
        return Said(GOOD)

    with scripted(answer) as server:
        process = multiprocessing.get_context("fork").Process(
            target=_read_slowly, args=(server.base_url, str(tmp_path))
        )
        process.start()
        # Two were answered, and two are asked about.
        while len(server.asked) < 4 and process.is_alive():
            process.join(0.02)
        process.kill()
        process.join()
        killed.set()
        db = sqlite3.connect(tmp_path / "judges.sqlite")
        (kept,) = db.execute("SELECT COUNT(*) FROM replies").fetchone()
        db.execute("UPDATE claims SET until = 0")  # ten seconds later
        db.commit()
        db.close()
        before = len(server.asked)
        assert kept >= 2
        found = read(server, tmp_path, [f"text {i}" for i in range(6)])
        assert all(isinstance(f, ReportFacts) for f in found)
        assert len(server.asked) - before == 6 - kept


def test_permission_reaches_judges_that_are_remote_and_is_no_option():
    from s3eval.specs import ModelSpec

    allowed = Permission(allow_remote=True, max_calls=3)
    local = JudgeSpec("lexicon", adapter="")
    assert permitted_options(local, {"file": "x"}, allowed) == {"file": "x"}
    assert permitted_options(SPEC, {"seed": 1}, allowed) == {"seed": 1, "permission": allowed}
    for name in ("allow_remote", "Allow-Remote", "phi", "max_cost", "permission"):
        with pytest.raises(S3EvalError, match="not an option"):
            permitted_options(SPEC, {name: True}, allowed)
    model = ModelSpec("server", adapter="", remote=True)
    given = permitted_options(model, {"max_calls": 5}, allowed)
    assert given == {"max_calls": 5, "permission": Permission(allow_remote=True)}
    with pytest.raises(S3EvalError, match="allow_remote"):
        permitted_options(model, {"allow_remote": True}, Permission())


@pytest.mark.parametrize("value", [{"allow_remote": True}, True, "Permission(allow_remote=True)"])
def test_a_permission_is_an_instance_and_nothing_a_file_can_hold(value):
    away = {"base_url": "https://other.example.org/v1", "permission": value}
    with pytest.raises(S3EvalError, match="permission"):
        Scripted.load(SPEC, away)


def test_block_leaves_a_text_unsent_and_unreadable(tmp_path, monkeypatch):
    from s3eval.privacy import PhiSpan

    class Finds:
        name = "finds Anna"

        def find(self, text):
            return (PhiSpan("name", 0, 4),) if text.startswith("Anna") else ()

    with scripted(always(Said(GOOD))) as server:
        judge = judge_at(server, tmp_path)
        judge._asker.gate._detector, judge._asker.gate.phi = Finds(), "block"
        blocked, read_ = judge.read_reports(["Anna stiffens.", "She stiffens."])
        judge.close()
        judge = judge_at(server, tmp_path)
        judge._asker.gate._detector = Finds()
        judge.read_reports(["Anna stiffens."])
        judge.close()
    assert isinstance(blocked, Unreadable)
    assert "1 name" in blocked.reason
    assert isinstance(read_, ReportFacts)
    assert sorted(server.texts) == ["She stiffens.", "[NAME] stiffens."]


def reply_to_all(text, body, before):
    """A merge as "merged ...", a gait as walking, anything else as the report above."""
    instructions = body["messages"][0]["content"]
    if "overlapping windows" in instructions:
        return Said(json.dumps({"text": f"merged {text}"}), wait=0.05)
    if "walk" in instructions:
        return Said(json.dumps({"walks": "runs" not in text, "seconds": 3}), wait=0.05)
    if "tonic" in instructions and "body_parts" in instructions:
        reply = {"stiff": "yes", "body_parts": ["arm"], "sides": ["left arm"]}
        return Said(json.dumps(reply), wait=0.05)
    return Said(GOOD, wait=0.05)


def gait(reply):
    if not isinstance(reply["walks"], bool):
        raise S3EvalError("Expected 'walks' to be true or false.")
    return {"walks": reply["walks"]}


GAIT = Extraction(
    "gait",
    "1",
    'Does the patient walk? One field, "walks", true or false.',
    {"properties": {"walks": {"type": "boolean"}}},
    gait,
    max_tokens=64,
)


def test_requests_of_every_kind_go_as_one_batch_in_parallel(tmp_path):
    texts = [f"The left arm is stiff, {i}." for i in range(4)]
    requests = [request for t in texts for request in (ReadReport(t), AnswerQuestions("tonic", t))]
    requests += [MergeTexts((t, "He stares."), "report") for t in texts]
    requests += [Extract(t, GAIT) for t in texts]
    with scripted(together(4, reply_to_all)) as server:
        judge = judge_at(server, tmp_path, concurrency=16)
        lines = []
        judge.report_to(lines.append)
        facts = judge.answer(requests)
        judge.close()
    assert [type(f) for f in facts[:2]] == [ReportFacts, FeatureAnswers]
    assert facts[8] == MergedText(f"merged [1] {texts[0]}\n\n[2] He stares.")
    assert facts[12:] == [{"walks": True}] * 4
    assert len(server.asked) == 16 and server.most_at_once > 3
    assert "16 texts, 0 already read, 16 calls" in lines[0] and len(lines) == 2, "and what was used"


def test_an_extraction_of_any_task_is_asked_validated_and_kept(tmp_path):
    with scripted(reply_to_all) as server:
        judge = judge_at(server, tmp_path)
        assert judge.extract(["He walks.", "He runs.", " "], GAIT) == [
            {"walks": True},
            {"walks": False},
            Unreadable("there is no text to read"),
        ]
        assert judge.extract(["He walks."], GAIT) == [{"walks": True}]
        judge.close()
    assert len(server.asked) == 2, "nothing is asked twice"
    body = server.asked[0]
    assert [m["content"] for m in body["messages"]] in (
        [GAIT.instructions, "He walks."],
        [GAIT.instructions, "He runs."],
    )
    assert body["max_tokens"] == 64
    named = body["response_format"]["json_schema"]
    assert (named["name"], named["strict"]) == ("gait", True)
    assert named["schema"] == {
        "properties": {"walks": {"type": "boolean"}},
        "type": "object",
        "required": ["walks"],
        "additionalProperties": False,
    }


@pytest.mark.parametrize("reply", ['{"walks": "perhaps"}', "{}"], ids=["refused", "missing"])
def test_a_reply_that_build_refuses_is_sent_back_with_the_reason(tmp_path, reply):
    with scripted(in_turn(Said(reply), Said('{"walks": true}'))) as server:
        judge = judge_at(server, tmp_path)
        assert judge.extract(["He walks."], GAIT) == [{"walks": True}]
        judge.close()
    assert "'walks'" in server.asked[1]["messages"][-1]["content"]


def test_an_extraction_whose_code_fails_costs_one_call_and_is_read_once_it_is_mended(tmp_path):
    from dataclasses import replace

    broken = replace(GAIT, build=lambda reply: reply.nonsense)
    with scripted(always(Said('{"walks": true}'))) as server:
        judge = judge_at(server, tmp_path)
        (result,) = judge.extract(["He walks."], broken)
        assert isinstance(result, Unreadable)
        assert "extraction 'gait' failed on a reply: AttributeError" in result.reason
        assert judge.extract(["He walks."], GAIT) == [{"walks": True}]
        judge.close()
    assert len(server.asked) == 1


def test_another_version_is_asked_anew(tmp_path):
    from dataclasses import replace

    with scripted(always(Said('{"walks": true}'))) as server:
        judge = judge_at(server, tmp_path)
        judge.extract(["He walks."], GAIT)
        judge.extract(["He walks."], replace(GAIT, version="2"))
        judge.close()
    assert len(server.asked) == 2


# What a reading is kept under. Another key would have every user's readings paid for again.
KEYS = {
    ReadReport(" He stares. "): "3504f2e89af20537d0a0ea9ddbc441221e0411e333a8ae20e781ebbfd405868b",
    AnswerQuestions("tonic", "The left arm is stiff."): (
        "35c19f303e037de9a768f4d7dffbb97371cd6d33e3bde8215078ae6048fa3917"
    ),
    MergeTexts(("He stares.", "He shakes.", "He stares. "), "report"): (
        "50ee36239c0c4e623f12b27eaea6365e0a87636d77c594351df645145671a992"
    ),
    MergeTexts(("He stares.", "He shakes."), "justification"): (
        "9c42fe88b08e4ae7554a4ffe5f336477ac25b114fea590463f7e54ca0f380a5c"
    ),
}
REPLIES = {
    ReadReport: FACTS,
    AnswerQuestions: {"stiff": "no"},
    MergeTexts: {"text": "He stares, then shakes."},
}


def test_readings_that_users_keep_stay_valid(tmp_path):
    cache = ReplyCache(tmp_path / "judges.sqlite")
    for request, key in KEYS.items():
        reply = {"state": "read", "json": REPLIES[type(request)], "raw": "", "record": {}}
        cache.put(key, reply)
    cache.close()
    # Nobody listens there: what is not found in the cache could not be read.
    options = {"base_url": "http://127.0.0.1:1/v1", "cache": str(tmp_path / "judges.sqlite")}
    judge = Scripted.load(SPEC, options)
    facts = judge.answer([*KEYS])
    assert judge.account.calls == 0 and judge.account.cached == 4
    judge.close()
    assert facts[0].features == ("head_turning", "tonic") and facts[0].words == 2
    assert facts[1] == FeatureAnswers("tonic", {"stiff": "no"})
    assert facts[2] == facts[3] == MergedText("He stares, then shakes.")


def test_the_key_of_a_feature_s_questions_is_what_it_was(tmp_path):
    import hashlib

    from s3eval.vocabulary import FEATURE_NAMES

    judge = Scripted.load(SPEC, {"base_url": "http://127.0.0.1:1/v1", "cache": "off"})
    # The paper's own questions were added to these two, whose cached replies lack the answers.
    unchanged = [f for f in FEATURE_NAMES if f not in ("clonic", "figure4")]
    asks = [judge._ask_of(AnswerQuestions(feature, "x")) for feature in unchanged]
    keys = "".join(judge._asker._job(ask).key for ask in asks)
    judge.close()
    assert hashlib.sha256(keys.encode()).hexdigest() == (
        "cd072309916e35469cb7938399641649bc6b26352b72b0af7f803e1573e81035"
    )


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


def test_an_announced_text_is_searched_for_names_once(tmp_path):
    searched = []

    class Finds:
        name = "finds nothing"

        def find(self, text):
            searched.append(text)
            return ()

    with scripted(always(Said(GOOD))) as server:
        judge = judge_at(server, tmp_path)
        judge._asker.gate._detector = Finds()
        judge.announce([ReadReport("a")])
        judge.answer([ReadReport("a")])
        judge.close()
    assert searched == ["a"]


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
