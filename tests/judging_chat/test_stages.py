"""What a judge gives back is checked once, where it enters, and named by judge when wrong."""

from __future__ import annotations

from dataclasses import replace

import pytest

from s3eval.errors import S3EvalError
from s3eval.judge import (
    AnswerQuestions,
    Extract,
    Extraction,
    FeatureAnswers,
    Judge,
    MergedText,
    MergeTexts,
    ReadReport,
    ReportFacts,
    Unreadable,
)
from s3eval.judging.stages import announce, known_merges, serve
from s3eval.vocabulary import LOCALIZING

NOTHING = ReportFacts((), (), dict.fromkeys(LOCALIZING, "none"))
REPORT = ReadReport("He stares.")
MERGE = MergeTexts(("He stares.", "He jerks."), "report")
GAIT = Extraction("gait", "1", "Does he walk?", {"properties": {"walks": {"type": "boolean"}}})


class Gives(Judge):
    """Gives what it was made with, or raises it."""

    serves = (ReadReport, AnswerQuestions, MergeTexts, Extract)

    def __init__(self, *results):
        self.results = results

    def identity(self):
        return {"judge": "odd"}

    def answer(self, requests):
        if isinstance(self.results[0], BaseException):
            raise self.results[0]
        return list(self.results)

    announce = answer
    kept = answer


@pytest.mark.parametrize(
    ("request_", "result", "says"),
    [
        (REPORT, MergedText("x"), "expected ReportFacts, but got MergedText"),
        (REPORT, replace(NOTHING, features="tonic"), "'features' to be a tuple of names"),
        (REPORT, replace(NOTHING, sections=(1,)), "'sections' to be a tuple of names"),
        (REPORT, replace(NOTHING, localizing={}), "'localizing' to hold a word for each"),
        (REPORT, replace(NOTHING, words=None), "'words' to be a whole number"),
        (MERGE, MergedText(None), "expected the merged text, but got NoneType"),
        (
            AnswerQuestions("tonic", "x"),
            FeatureAnswers("clonic", {}),
            "answers about 'tonic', but got 'clonic'",
        ),
        (AnswerQuestions("tonic", "x"), FeatureAnswers("tonic", {"stiff": 1}), "a word"),
    ],
)
def test_a_wrong_result_is_unreadable_with_the_judge_named(request_, result, says):
    served = serve(Gives(result), [request_])[request_]
    assert isinstance(served, Unreadable)
    assert says in served.reason and "judge 'odd'" in served.reason


def test_right_results_pass_and_requests_are_served_once():
    assert serve(Gives(NOTHING, MergedText("x")), [REPORT, MERGE, REPORT]) == {
        REPORT: NOTHING,
        MERGE: MergedText("x"),
    }


@pytest.mark.parametrize("failure", [RuntimeError("no memory"), SystemExit(2)])
def test_a_judge_that_raises_leaves_texts_unread_but_stops_where_it_announces(failure):
    served = serve(Gives(failure), [REPORT])[REPORT]
    assert served.reason.startswith(f"judge 'odd' failed: {type(failure).__name__}")
    for call in (announce, known_merges):
        with pytest.raises(S3EvalError, match=f"Judge 'odd' failed .*{type(failure).__name__}"):
            call(Gives(failure), [MERGE])


def test_a_feature_without_questions_is_not_asked_about():
    request = AnswerQuestions("sneezing", "He sneezes.")
    served = serve(Gives(RuntimeError("was asked")), [request])
    assert served[request].reason == "there are no questions about 'sneezing'"


def test_two_wordings_under_one_name_and_version_are_refused():
    other = replace(GAIT, instructions="Does she run?")
    requests = [Extract("He walks.", GAIT), Extract("He walks.", other)]
    with pytest.raises(S3EvalError, match="Two extractions are called 'gait', version 1"):
        serve(Gives({}), requests)
