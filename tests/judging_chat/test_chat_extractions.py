"""What any task has a chat judge extract from a text."""

import pytest
from scripted_judge import GAIT, always, in_turn, judge_at, reply_to_all

from s3eval.judge import (
    AnswerQuestions,
    Extract,
    FeatureAnswers,
    MergedText,
    MergeTexts,
    ReadReport,
    ReportFacts,
    Unreadable,
)
from s3eval.testing.chat_server import Said, scripted, together


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
