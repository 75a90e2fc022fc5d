"""The report task on hand-made answers, with a judge that is made by hand too."""

from __future__ import annotations

import pytest
from s3eval_task_report.scores import TEMPLATE_FACTS
from s3eval_task_report.task import PROMPT, TEMPLATE, Report, extractive

from s3eval.dataset import Annotation, Dataset, Video
from s3eval.facts.clips import profile
from s3eval.judge import Judge, MergedText, ReportFacts, Unreadable
from s3eval.metrics.rqi import seizure_rqi
from s3eval.model import Answer
from s3eval.task import Finding, Piece, PlanContext, Reading, ScoringContext
from s3eval.testing.judging import served
from s3eval.vocabulary import FEATURE_NAMES, LOCALIZING, SECTIONS

TASK = Report()
NONE = dict.fromkeys(LOCALIZING, "none")


class HandJudge(Judge):
    """Reads feature names that stand in a text literally; fails on texts with "?"."""

    def __init__(self):
        self.asked = []

    def identity(self):
        return {"name": "hand"}

    def read_reports(self, texts):
        self.asked += texts
        return [
            Unreadable("cannot")
            if "?" in t
            else ReportFacts(
                ("onset",), tuple(f for f in FEATURE_NAMES if f in t), NONE, words=len(t.split())
            )
            for t in texts
        ]

    def answer_questions(self, items):
        raise AssertionError("not asked here")

    def merge(self, groups, kind):
        assert kind == "report"
        return [
            Unreadable("cannot") if "?" in "".join(g) else MergedText(" + ".join(g)) for g in groups
        ]


def combined(answers, judge=None):
    context = PlanContext(profile("standard"), frozenset({"sight"}))
    video = Video("v", "P", duration=25.0 * len(answers) + 5)
    pieces = []
    for inquiry, given in zip(
        TASK.inquiries(video, Annotation("v"), context), answers, strict=True
    ):
        answer = Answer.of(given) if isinstance(given, str) else given
        asked = inquiry.questions[0]
        assert asked.text == PROMPT
        reading = TASK.read(asked, answer) if answer.status == "answered" else Reading()
        pieces.append(Piece(inquiry, asked, answer, reading))
    context = ScoringContext(Dataset("d", (), {}))
    context = served(context, judge, TASK.merge_requests("v", pieces[::-1], context))
    (found,) = TASK.combine("v", pieces[::-1], context)
    return found


def test_one_window_s_report_is_the_report():
    assert combined(["  Blank\nstare. "]).value == "Blank stare."
    assert combined(["Same.", "Same."]).value == "Same."


def test_without_a_judge_sentences_follow_each_other_once():
    found = combined(["He stares. He turns left.", "He turns left. He jerks."])
    assert found.value == "He stares. He turns left. He jerks."
    assert found.detail["merged_by"] == "extractive"
    assert extractive([]) == ""


def test_a_judge_merges_and_its_failure_is_a_failure():
    found = combined(["A.", "B."], HandJudge())
    assert (found.value, found.detail["merged_by"]) == ("A. + B.", "judge")
    failed = combined(["A?", "B."], HandJudge())
    assert (failed.state, failed.value) == ("failed", None)
    assert failed.detail["texts"] == ["A?", "B."]


def test_a_failure_word_is_no_report():
    found = combined(["Fail", "He jerks."])
    assert (found.value, found.readable, found.pieces) == ("He jerks.", 1, 2)
    assert combined(["none"]).state == "unreadable"
    assert combined([Answer.failed("boom")]).reason == "1 of 1 failed: boom"


def dataset(**reports) -> Dataset:
    return Dataset(
        "d",
        tuple(Video(v, v) for v in reports),
        {v: Annotation(v, report=r, sequence=("tonic",)) for v, r in reports.items()},
    )


def said(video, text, **detail):
    return Finding("report", video, "report", "answered" if text else "failed", text, detail=detail)


def scores(found, data, protocol="paper", judge=None):
    context = ScoringContext(data, protocol)
    context = served(context, judge, TASK.read_requests(found, context))
    return {t.metric: t for t in TASK.tallies(found, context)}


def test_text_scores():
    data = dataset(a="The head  turns left.", b="He jerks.", c=None)
    found = [said("a", "the head turns left."), said("b", None), said("c", "x y z")]
    made = scores(found, data)
    assert made["bleu"].value == pytest.approx(100.0)
    assert made["rouge1"].value == made["rouge_l"].value == pytest.approx(1.0)
    assert made["bleu"].videos == ("a",)
    assert made["coverage"].value == 0.5
    assert "1 of 2 without a report" in made["bleu"].note


def test_rqi_needs_a_judge_or_a_record():
    data = dataset(a="tonic clonic")
    made = scores([said("a", "tonic")], data)
    assert made["rqi"].value is None
    assert "needs a judge" in made["rqi"].note
    facts = {"sections": ["onset"], "features": ["tonic"], "localizing": NONE, "words": 5}
    recorded = scores([said("a", "tonic", extraction=facts, reference_extraction=facts)], data)
    assert recorded["rqi"].value == pytest.approx(100.0)
    assert recorded["rqi"].note == "as recorded"


@pytest.mark.parametrize("protocol", ["paper", "release"])
def test_rqi_is_the_metric_s(protocol):
    data = dataset(a="tonic then clonic", b="clonic?")
    judge = HandJudge()
    made = scores([said("a", "tonic and figure4"), said("b", "clonic")], data, protocol, judge)
    ours, theirs = judge.read_reports(["tonic and figure4", "tonic then clonic"])
    expected = seizure_rqi(ours, theirs, protocol, ("tonic",))
    assert made["rqi"].value == pytest.approx(expected.score)
    assert made["rqi_coverage"].value == expected.coverage
    assert made["hallucinated"].value == 1.0
    assert "1 of 2 not scored" in made["rqi"].note
    assert made["rqi"].unit == "points"


SIGNS = ("signs_precision", "signs_recall", "signs_f1", "sided_f1", "signs_penalised")


@pytest.mark.parametrize("protocol", ["paper", "release"])
def test_signs_are_counted_over_all_reports(protocol):
    data = dataset(a="tonic then clonic", b="face_pulling", c="nothing")
    found = [said("a", "tonic and figure4"), said("b", "quiet"), said("c", "figure4")]
    made = scores(found, data, protocol, HandJudge())
    assert tuple(made)[-5:] == SIGNS, "after all rows that were there before"
    # a: tonic right, figure4 invented, clonic missed; b: face_pulling missed; c: figure4 invented
    assert made["signs_precision"].value == pytest.approx(1 / 3)
    assert made["signs_recall"].value == pytest.approx(1 / 3)
    assert made["signs_f1"].value == made["sided_f1"].value == pytest.approx(2 / 6)
    # c's reference has no sign to find; under both protocols a's figure4 is not there
    assert made["signs_penalised"].videos == ("a", "b")
    assert made["signs_penalised"].value == pytest.approx((0.5 * 0.95 + 0) / 2)


def test_the_annotated_sequence_says_what_is_invented_under_release():
    data = dataset(a="tonic clonic")  # annotated: tonic
    found = [said("a", "tonic and clonic")]
    paper, release = (scores(found, data, p, HandJudge()) for p in ("paper", "release"))
    assert paper["signs_penalised"].value == pytest.approx(1.0)
    assert release["signs_penalised"].value == pytest.approx(0.95)
    assert paper["signs_f1"].value == release["signs_f1"].value == 1.0


def test_recorded_readings_give_the_side_and_no_reading_gives_no_score():
    right = {**NONE, "head_turning": "right"}
    facts = {"sections": ["onset"], "features": ["head_turning"], "localizing": right, "words": 5}
    other = {**facts, "localizing": {**NONE, "head_turning": "left"}}
    data = dataset(a="x")
    made = scores([said("a", "y", extraction=other, reference_extraction=facts)], data)
    assert (made["signs_f1"].value, made["sided_f1"].value) == (1.0, 0.0)
    made = scores([said("a", "y")], data)
    assert [made[name].value for name in SIGNS] == [None] * 5
    assert "needs a judge" in made["signs_f1"].note


def test_each_text_is_read_once():
    data = dataset(a="tonic", b="tonic")
    judge = HandJudge()
    scores([said("a", "clonic"), said("b", "clonic")], data, judge=judge)
    assert sorted(judge.asked) == ["clonic", "tonic"]


def test_the_template_needs_no_judge():
    data = dataset(a="tonic")
    facts = {"sections": ["onset"], "features": ["tonic"], "localizing": NONE, "words": 5}
    found = [said("a", "x y", reference_extraction=facts)]
    (line,) = TASK.baselines(found, ScoringContext(data, "paper"))["template-report"]
    assert line.value == TEMPLATE
    made = scores([line], data)
    assert 0 < made["rqi"].value < 100
    assert made["signs_f1"].value == pytest.approx(2 / 5), "one of four, the one that is there"
    assert TEMPLATE_FACTS["words"] == len(TEMPLATE.split())
    assert set(TEMPLATE_FACTS["sections"]) == set(SECTIONS)
    assert set(TEMPLATE_FACTS["features"]) <= set(FEATURE_NAMES)
    assert set(TEMPLATE_FACTS["localizing"]) == set(LOCALIZING)
    assert ReportFacts.from_recorded(None) is None
