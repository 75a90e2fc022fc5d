"""What a chat judge makes of replies, wrong ones too: nothing lost, nothing made up."""

import json

import pytest
from scripted_judge import FACTS, GOOD, always, in_turn, judge_at, read

from s3eval.judge import FeatureAnswers, MergedText, ReportFacts, Unreadable
from s3eval.testing.chat_server import Said, scripted


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
