"""The justification task on hand-made answers, with a judge that is made by hand too."""

from __future__ import annotations

import pytest
from s3eval_task_justification.task import Justification
from s3eval_task_recognition.task import Recognition

from s3eval.dataset import Annotation, Dataset, FeatureAnnotation, Video
from s3eval.facts.clips import profile
from s3eval.judge import FeatureAnswers, Judge, MergedText, Unreadable
from s3eval.model import Answer
from s3eval.task import Finding, Piece, PlanContext, Reading, ScoringContext
from s3eval.testing.judging import served

TASK = Justification()


class HandJudge(Judge):
    """Merges by "+", reads "stiff" as yes; fails on texts with "?"."""

    def __init__(self):
        self.asked = []

    def identity(self):
        return {"name": "hand"}

    def read_reports(self, texts):
        raise AssertionError("not asked here")

    def answer_questions(self, items):
        self.asked += items
        return [
            Unreadable("cannot")
            if "?" in text
            else FeatureAnswers(
                feature,
                {"stiff": "yes", "body_parts": ("arm",), "sides": ("left arm",)}
                if "stiff" in text
                else {"stiff": "no"},
            )
            for feature, text in items
        ]

    def merge(self, groups, kind):
        assert kind == "justification"
        return [
            Unreadable("cannot") if "?" in "".join(g) else MergedText("+".join(g)) for g in groups
        ]


def dataset(**truth: tuple[str, str]) -> Dataset:
    videos = tuple(Video(n, n.split("@")[0], duration=70.0) for n in truth)
    made = {
        n: Annotation(n, {"tonic": FeatureAnnotation(p, None, None, j)})
        for n, (p, j) in truth.items()
    }
    return Dataset("d", videos, made)


def findings(answers, judge=None, feature="tonic"):
    video = Video("v", "P", duration=25.0 * len(answers) + 5)
    context = PlanContext(
        profile("standard"), frozenset({"sight", "hearing"}), provided=frozenset({"justification"})
    )
    pieces = []
    made = list(TASK.inquiries(video, Annotation("v"), context))
    assert len(made) == len(answers)
    for inquiry, given in zip(made, answers, strict=True):
        answer = Answer.of(given) if isinstance(given, str) else given
        asked = next(q for q in inquiry.questions if q.key == feature)
        reading = TASK.read(asked, answer) if answer.status == "answered" else Reading()
        pieces.append(Piece(inquiry, asked, answer, reading))
    # Answers may come in any order; time decides.
    context = ScoringContext(dataset())
    wanted = TASK.merge_requests("v", pieces[::-1], context)
    return list(TASK.combine("v", pieces[::-1], served(context, judge, wanted)))


def test_it_asks_recognition_s_question_and_no_other():
    senses, offered = frozenset({"sight"}), frozenset({"features", "justification"})
    context = PlanContext(profile("standard"), senses, provided=offered)
    video = Video("v", "P", duration=70.0)
    mine = list(TASK.inquiries(video, Annotation("v"), context))
    theirs = list(Recognition().inquiries(video, Annotation("v"), context))
    assert [(i.clip, i.questions) for i in mine] == [(i.clip, i.questions) for i in theirs]
    alone = PlanContext(profile("standard"), senses, provided=frozenset({"justification"}))
    assert [i.questions for i in TASK.inquiries(video, Annotation("v"), alone)] == [
        i.questions for i in mine
    ]


def test_one_window_s_reason_is_the_finding():
    (found,) = findings(["yes. Both arms stiffen."])
    assert (found.value, found.detail["presence"]) == ("Both arms stiffen.", "yes")
    assert "merged_by" not in found.detail


def test_yes_windows_are_kept_and_joined_without_a_judge():
    (found,) = findings(["no. Lies still.", "yes. Arm stiff.", "yes. Leg stiff."])
    assert found.value == "Arm stiff. || Leg stiff."
    assert found.detail["merged_by"] == "joined"
    assert (found.pieces, found.readable) == (3, 3)


def test_a_judge_merges_and_its_failure_is_a_failure():
    (found,) = findings(["yes. Arm stiff.", "yes. Leg stiff."], HandJudge())
    assert (found.value, found.detail["merged_by"]) == ("Arm stiff.+Leg stiff.", "judge")
    (failed,) = findings(["yes. Arm stiff?", "yes. Leg stiff."], HandJudge())
    assert (failed.state, failed.value) == ("failed", None)
    assert "did not merge 2 texts: cannot" in failed.reason
    assert failed.detail["texts"] == ["Arm stiff?", "Leg stiff."]


def test_sleep_keeps_the_first_window():
    (found,) = findings(["no. Awake.", "yes. Asleep."], feature="occur_during_sleep")
    assert (found.value, found.detail["presence"]) == ("Awake.", "yes")


@pytest.mark.parametrize(
    ("answers", "state", "says"),
    [
        (["yes"], "unreadable", "says yes, but not why"),
        (["Arms move."], "unreadable", "neither yes nor no"),
        ([Answer.failed("boom"), Answer.failed("boom")], "failed", "2 of 2 failed: boom"),
    ],
)
def test_no_reason_no_value(answers, state, says):
    (found,) = findings(answers)
    assert (found.state, found.value) == (state, None)
    assert says in found.reason


def said(video, text, presence="yes", **detail):
    state = "answered" if text else "failed"
    return Finding(
        "justification", video, "tonic", state, text, detail={"presence": presence, **detail}
    )


def scores(found, data, protocol="paper", judge=None, **more):
    context = ScoringContext(data, protocol, provided=more)
    context = served(context, judge, TASK.read_requests(found, context))
    return {(t.item, t.metric): t for t in TASK.tallies(found, context)}


def test_text_scores_leave_out_what_is_no_text():
    data = dataset(
        **{
            "a": ("yes", "the left arm is stiff"),
            "b": ("yes", "n/a"),
            "c": ("yes", "the leg is stiff"),
            "d": ("no", "he sits"),
        }
    )
    found = [said("a", "The left arm is stiff"), said("b", "x"), said("c", "Fail"), said("d", None)]
    made = scores(found, data)
    assert made["tonic", "rouge"].value == pytest.approx(1.0)
    assert made["tonic", "bleu"].value == pytest.approx(100.0)
    assert made["tonic", "rouge"].videos == ("a",)
    assert "2 of 3 without a text" in made["tonic", "rouge"].note
    assert made["tonic", "coverage"].value == pytest.approx(1 / 3)


def test_rouge_is_the_protocol_s():
    data = dataset(a=("yes", "stiff left arm"))
    found = [said("a", "arm left stiff")]
    assert scores(found, data, "release")["tonic", "rouge"].value == pytest.approx(1.0)
    assert scores(found, data, "paper")["tonic", "rouge"].value == pytest.approx(1 / 3)
    assert "ROUGE-1" in scores(found, data, "release")["tonic", "rouge"].note


def test_interpretation_needs_a_judge_or_a_record():
    data = dataset(a=("yes", "stiff"))
    made = scores([said("a", "stiff")], data)
    assert made["tonic", "interpretation"].value is None
    assert "needs a judge" in made["tonic", "interpretation"].note
    recorded = scores([said("a", "stiff", interpretation=0.85)], data)
    assert recorded["mean", "interpretation"].value == 0.85
    assert recorded["tonic", "interpretation"].note == "as recorded"


def test_interpretation_by_the_judge():
    data = dataset(
        a=("yes", "arm is stiff"), b=("no", "lies"), c=("yes", "arm is stiff"), d=("yes", "why?")
    )
    judge = HandJudge()
    found = [said("a", "stiff arm"), said("b", "stiff"), said("c", "moves"), said("d", "stiff arm")]
    tally = scores(found, data, judge=judge)["tonic", "interpretation"]
    assert dict(zip(tally.videos, tally.rows[:, 0], strict=True)) == {"a": 1.0, "b": 0.0, "c": 0.0}
    assert "1 of 4 without a text or not read" in tally.note
    texts = [text for _, text in judge.asked]
    assert "lies" not in texts  # yes and no differ: 0 without asking
    assert len(texts) == len(set(texts))


class JerkJudge(HandJudge):
    """Reads jerks of the left arm, their duration from the text; "still" is a leading no."""

    def answer_questions(self, items):
        jerks = {"rhythmic": "yes", "body_parts": ("arm",), "sides": ("left arm",)}
        return [
            FeatureAnswers("clonic", {"rhythmic": "no"})
            if text == "still"
            else FeatureAnswers("clonic", {**jerks, "extent": "unilateral", "duration": text})
            for _, text in items
        ]


def test_each_protocol_compares_its_own_questions():
    texts = {"a": ("brief", "sustained"), "b": ("brief", "still"), "c": ("still", "still")}
    annotated = {
        n: {"clonic": FeatureAnnotation("yes", None, None, t[1])} for n, t in texts.items()
    }
    videos = tuple(Video(n, n, duration=70.0) for n in texts)
    data = Dataset("d", videos, {n: Annotation(n, f) for n, f in annotated.items()})
    found = [
        Finding("justification", n, "clonic", "answered", t[0], detail={"presence": "yes"})
        for n, t in texts.items()
    ]
    for protocol, first in (("paper", 0.85), ("release", 1.0)):
        tally = scores(found, data, judge=JerkJudge(), protocol=protocol)[
            "clonic", "interpretation"
        ]
        assert dict(zip(tally.videos, tally.rows[:, 0], strict=True)) == pytest.approx(
            {"a": first, "b": 0.0, "c": 1.0}
        )


def test_no_text_is_left_out_even_where_yes_and_no_differ():
    data = dataset(a=("no", "lies still"), b=("no", "lies still"))
    found = [said("a", None), said("b", "n/a")]
    assert scores(found, data, judge=HandJudge())["tonic", "interpretation"].value is None


def test_the_yes_or_no_may_come_from_the_recognition_run():
    data = dataset(a=("yes", "arm is stiff"))
    found = Finding("justification", "a", "tonic", "answered", "stiff arm")
    recognised = [Finding("recognition", "a", "tonic", "answered", "yes")]
    made = scores([found], data, judge=HandJudge(), features=recognised)
    assert made["tonic", "interpretation"].value == 1.0


def test_the_trivial_answer_denies_everything():
    data = dataset(a=("yes", "stiff"), b=("no", "still"))
    lines = TASK.baselines([said("a", "stiff"), said("b", None)], ScoringContext(data, "paper"))
    assert [f.value for f in lines["never-there"]] == ["The patient does not show tonic."] * 2
    assert lines["never-there"][0].detail == {"presence": "no"}
