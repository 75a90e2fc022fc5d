"""The spatial task on hand-made answers."""

from __future__ import annotations

import pytest
from s3eval_task_spatial.task import ITEMS, QUESTIONS, Spatial

from s3eval.dataset import Annotation, Dataset, FeatureAnnotation, Lateralization, Video
from s3eval.facts.clips import profile
from s3eval.model import Answer, Question
from s3eval.plugins import installed
from s3eval.running.loading import load_task
from s3eval.task import Finding, Piece, PlanContext, ScoringContext

TASK = Spatial()


def plan(annotation: Annotation, duration=120.0, senses=("sight",), name="standard"):
    context = PlanContext(profile(name), frozenset(senses))
    return list(TASK.inquiries(Video("v", "P", duration=duration), annotation, context))


def lateral(**items) -> Annotation:
    return Annotation("v", lateralization={k: Lateralization(*v) for k, v in items.items()})


def test_clips_are_the_annotated_events():
    known = lateral(head_turning=("left", 12.0, 42.0), arm_movement=("right", 100.0, 130.0))
    head, arm = plan(known)
    assert (head.clip.start, head.clip.end) == (12.0, 42.0)
    assert (arm.clip.start, arm.clip.end) == (100.0, 120.0)  # cut at the video's end
    assert (head.clip.sampling.fps, head.clip.sampling.max_frames) == (1.0, 60)
    long = plan(known, name="long")[0].clip.sampling
    assert (long.fps, long.max_frames) == (2.0, 120)


def test_the_onset_clip_starts_with_the_seizure():
    known = Annotation(
        "v",
        features={"tonic": FeatureAnnotation("yes", 20.0, 30.0)},
        lateralization={"onset_body_part": Lateralization("head")},
        seizure_start=8.0,
    )
    (asked,) = plan(known)
    assert (asked.clip.start, asked.clip.end) == (8.0, 38.0)
    from dataclasses import replace

    assert plan(replace(known, seizure_start=None))[0].clip.start == 20.0
    assert plan(replace(known, seizure_start=None, features={}))[0].clip.start == 0.0


@pytest.mark.parametrize(
    ("times", "clip"),
    [
        ((None, None), (0.0, 120.0)),
        ((50.0, None), (50.0, 80.0)),
        ((50.0, 40.0), (50.0, 80.0)),
        ((500.0, 510.0), (0.0, 120.0)),
    ],
)
def test_missing_or_wrong_times(times, clip):
    (asked,) = plan(lateral(head_turning=("left", *times)))
    assert (asked.clip.start, asked.clip.end) == clip


def test_nothing_is_asked_without_an_annotated_side_or_without_sight():
    assert plan(lateral(head_turning=("N/A", 1.0, 2.0), arm_movement=("both", 1.0, 2.0))) == []
    assert plan(lateral(head_turning=("left", 1.0, 2.0)), senses=("hearing",)) == []
    assert plan(Annotation("v")) == []


def test_questions_offer_their_answers():
    assert QUESTIONS["head_turning"].choices == ("left", "right")
    assert len(QUESTIONS["onset_body_part"].choices) == 11
    for question in QUESTIONS.values():
        assert all(choice in question.text for choice in question.choices)
    assert tuple(QUESTIONS) == ITEMS


def combined(text: str | Answer, item="head_turning", value="left"):
    (asked,) = plan(lateral(**{item: (value, 1.0, 5.0)}))
    answer = Answer.of(text) if isinstance(text, str) else text
    from s3eval.task import Reading

    question = asked.questions[0]
    reading = TASK.read(question, answer) if answer.status == "answered" else Reading()
    dataset = Dataset("d", (), {})
    (found,) = TASK.combine(
        "v", [Piece(asked, question, answer, reading)], ScoringContext(dataset, "paper")
    )
    return found


def test_reading_and_reasons():
    assert combined("Left.").value == "left"
    both = combined("not left but right")
    assert both.state == "unreadable"
    assert "names right and denies left" in both.reason
    assert combined("neither").state == "unreadable"
    assert combined(Answer.failed("boom")).state == "failed"
    assert combined("The eyes.", "onset_body_part", "head").value == "eyes"
    probable = combined(Answer.of("right", probabilities={"left": 0.2, "right": 0.8}))
    assert probable.probability == 0.8


def findings(item, **said):
    return [
        Finding(
            "spatial",
            v,
            item,
            "answered" if x else "failed",
            x,
            detail={"raw": ""} if x == "" else {},
        )
        for v, x in said.items()
    ]


def data(item, **truth):
    videos = tuple(Video(v, v) for v in truth)
    return Dataset(
        "d",
        videos,
        {v: Annotation(v, lateralization={item: Lateralization(t)}) for v, t in truth.items()},
    )


def scores(found, dataset, protocol):
    return {(t.item, t.metric): t for t in TASK.tallies(found, ScoringContext(dataset, protocol))}


def test_sides_by_hand_with_what_was_dropped():
    item = "head_turning"
    truth = data(item, a="right", b="right", c="left", d="left", e="N/A")
    found = findings(item, a="right", b="left", c="left", d=None, e="left")
    for protocol in ("paper", "release"):
        made = scores(found, truth, protocol)
        assert made[item, "precision"].value == 1.0
        assert made[item, "recall"].value == 0.5
        assert made[item, "accuracy"].value == pytest.approx(2 / 3)
        assert made[item, "coverage"].value == 0.75
        assert "1 of 4 unparsed dropped" in made[item, "f1"].note


def test_failed_body_parts_are_wrong_in_the_release_and_dropped_in_the_paper():
    item = "onset_body_part"
    truth = data(item, a="head", b="eyes", c="arms", d="arms")
    found = findings(item, a="head", b="fail", c=None, d="")
    release, paper = (scores(found, truth, p) for p in ("release", "paper"))
    assert release[item, "accuracy"].value == pytest.approx(1 / 3)
    assert release[item, "f1"].videos == ("a", "b", "c")
    # head 1, eyes 0, arms 0, fail 0
    assert release[item, "f1"].value == pytest.approx(1 / 4)
    assert paper[item, "accuracy"].value == 1.0
    assert release[item, "coverage"].value == paper[item, "coverage"].value == 0.25


def test_a_body_part_that_is_no_choice_is_a_truth_that_no_answer_meets():
    """The public annotation holds one ("leg"), and the published tables count it."""
    item = "onset_body_part"
    truth = data(item, a="head", b="leg")
    task = load_task("spatial", installed())
    context = ScoringContext(truth, "paper")
    assert task.truth(truth.video("b"), truth.annotation("b"), item, context.truth) == "leg"
    made = {
        t.metric: t for t in task.tallies(findings(item, a="head", b="head"), context)
        if t.item == item
    }  # fmt: skip
    assert made["accuracy"].value == 0.5 and made["accuracy"].videos == ("a", "b")


def test_trivial_answerers():
    truth = data("head_turning", a="right", b="right", c="left")
    found = findings("head_turning", a="left", b="left", c=None)
    lines = TASK.baselines(found, ScoringContext(truth, "paper"))
    assert {f.value for f in lines["always-left"]} == {"left"}
    assert {f.video: f.value for f in lines["majority"]} == {"a": "left", "b": "left", "c": "right"}
    parts = data("onset_body_part", a="head", b="head", c="eyes")
    lines = TASK.baselines(
        findings("onset_body_part", a="eyes", b="eyes", c="eyes"), ScoringContext(parts, "paper")
    )
    assert lines["always-left"] == lines["majority"]  # all means over the same items
    assert {f.value for f in lines["majority"]} == {"eyes", "head"}


def test_the_protocol_decides_what_several_sides_say():
    question = Question("head_turning", "?", choices=("left", "right"))
    answer = Answer.of("Not left but right")
    assert TASK.read(question, answer, "release").value == "right"
    assert TASK.read(question, answer, "paper").value is None
