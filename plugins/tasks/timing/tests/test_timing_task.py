"""The timing task on hand-made answers."""

from __future__ import annotations

import pytest
from s3eval_task_timing.questions import DESCRIPTIONS, FEATURES, ITEMS, question
from s3eval_task_timing.task import Timing

from s3eval.dataset import Annotation, Dataset, FeatureAnnotation, Video
from s3eval.errors import S3EvalError
from s3eval.facts.clips import profile
from s3eval.model import Answer
from s3eval.task import Finding, Piece, PlanContext, Reading, ScoringContext

TASK = Timing()
KNOWN = Annotation(
    "v",
    features={
        "tonic": FeatureAnnotation("yes", 50.0, 60.0),
        "clonic": FeatureAnnotation("yes", 10.0),
        "figure4": FeatureAnnotation("no", 10.0),
        "occur_during_sleep": FeatureAnnotation("yes", 0.0),
        "ictal_vocalization": FeatureAnnotation("yes", 5.0),
        "blank_stare": FeatureAnnotation("yes", None),
    },
    seizure_start=10.0,
    seizure_end=190.0,
)


def plan(seed=0, senses=("sight",), name="standard", duration=200.0, **options):
    context = PlanContext(profile(name), frozenset(senses), seed=seed, options=options)
    return list(TASK.inquiries(Video("v", "P", duration=duration), KNOWN, context))


def test_items_are_17_seen_features_and_both_ends():
    assert len(FEATURES) == 17
    assert "occur_during_sleep" not in ITEMS
    assert set(DESCRIPTIONS) == set(FEATURES)
    assert {q.key for q in map(question, ITEMS)}.isdisjoint(FEATURES)
    assert len({question(i).text for i in ITEMS}) == 19


def test_only_present_and_timed_items_are_asked():
    assert [i.detail["item"] for i in plan()] == ["tonic", "clonic", "start", "end"]
    assert plan(senses=("hearing",)) == []


def test_centred_clips_hold_the_event_in_the_middle_unless_cut():
    tonic, clonic, _, end = plan()
    assert (tonic.clip.start, tonic.clip.end, tonic.detail["target"]) == (20.0, 80.0, 30.0)
    assert (clonic.clip.start, clonic.clip.end, clonic.detail["target"]) == (0.0, 40.0, 10.0)
    assert (end.clip.start, end.clip.end) == (160.0, 200.0)
    assert (tonic.clip.sampling.fps, tonic.clip.sampling.max_frames) == (1.0, 60)


def test_random_places_are_seeded_and_hold_the_event():
    first, again, other = (
        plan(1, placement="random"),
        plan(1, placement="random"),
        plan(2, placement="random"),
    )
    assert first == again != other
    for inquiry in [*first, *other]:
        assert 0 <= inquiry.detail["target"] <= inquiry.clip.seconds <= 60.0
    places = [plan(s, placement="random")[0].detail["target"] for s in range(40)]
    assert min(places) < 12
    assert max(places) > 48


def test_full_video_asks_all_items_of_one_clip():
    made = plan(placement="full-video")
    assert {(i.clip.start, i.clip.end) for i in made} == {(0.0, 200.0)}
    assert made[0].clip.sampling.fps is None
    assert [i.detail["target"] for i in made] == [50.0, 10.0, 10.0, 190.0]


def test_an_unknown_placement_is_named():
    with pytest.raises(S3EvalError, match="centred, random, full-video"):
        plan(placement="center")


def test_value_is_in_the_video_and_the_clip_is_told():
    tonic = plan()[0]
    asked = tonic.questions[0]
    answer = Answer.of('{"timestamp": "00:33"}')
    piece = Piece(tonic, asked, answer, TASK.read(asked, answer))
    (found,) = TASK.combine("v", [piece], ScoringContext(Dataset("d", (), {}), "paper"))
    assert (found.item, found.value) == ("tonic", 53.0)
    assert found.detail["predicted_in_clip"] == 33.0
    assert (found.detail["clip_start"], found.detail["clip_end"]) == (20.0, 80.0)
    lost = Piece(tonic, asked, Answer.of("33"), Reading(None, "no MM:SS: '33'"))
    (found,) = TASK.combine("v", [lost], ScoringContext(Dataset("d", (), {}), "paper"))
    assert (found.state, found.value) == ("unreadable", None)


def dataset(**starts: float) -> Dataset:
    made = {n: Annotation(n, {"tonic": FeatureAnnotation("yes", at)}) for n, at in starts.items()}
    return Dataset("d", tuple(Video(n, n[0]) for n in starts), made)


def findings(**said: float | None):
    return [
        Finding("timing", v, "tonic", "answered" if x is not None else "unreadable", x)
        for v, x in said.items()
    ]


def scores(found, data, protocol="paper"):
    return {(t.item, t.metric): t for t in TASK.tallies(found, ScoringContext(data, protocol))}


def test_scores_by_hand():
    made = scores(findings(a=32.0, b=20.0, c=None), dataset(a=30.0, b=30.0, c=30.0))
    assert made["tonic", "mae"].value == 6.0
    assert made["tonic", "median"].value == 6.0
    assert made["tonic", "within_5s"].value == pytest.approx(1 / 3)
    assert made["tonic", "coverage"].value == pytest.approx(2 / 3)
    assert made["mean", "mae"].value == 6.0
    assert made["tonic", "mae"].higher_is_better is False
    assert made["tonic", "mae"].unit == "s"
    assert "1 of 3 unparsed" in made["tonic", "mae"].note


def test_within_the_clip_where_only_that_is_known():
    found = Finding(
        "timing", "a", "tonic", "answered", 99.0, detail={"target": 30.0, "predicted_in_clip": 33.0}
    )
    assert scores([found], dataset(a=30.0))["tonic", "mae"].value == 3.0


def test_nothing_parsed_is_none_in_the_paper_and_zero_in_the_release():
    data = dataset(a=30.0, b=30.0)
    paper = scores(findings(a=None, b=None), data)["tonic", "mae"]
    release = scores(findings(a=None, b=None), data, "release")["tonic", "mae"]
    assert paper.value is None
    assert release.value == 0.0
    assert "nothing parsed" in release.note
    assert release.counts.scored == 0
    assert scores(findings(a=None, b=None), data)["tonic", "coverage"].value == 0.0


def test_the_middle_of_a_centred_clip_is_right_without_looking():
    found = [
        Finding(
            "timing",
            v,
            "tonic",
            "answered",
            1.0,
            detail={"target": 30.0, "clip_start": 20.0, "clip_end": 80.0, "predicted_in_clip": 1.0},
        )
        for v in ("a", "b")
    ]
    data = dataset(a=50.0, b=50.0)
    lines = TASK.baselines(found, ScoringContext(data, "paper"))
    assert scores(lines["middle-of-clip"], data)["tonic", "mae"].value == 0.0
    assert lines["middle-of-clip"][0].value == 50.0


def test_median_time_comes_from_other_patients():
    targets = {"a1": 10.0, "a2": 20.0, "b1": 40.0}
    found = [
        Finding("timing", v, "tonic", "unreadable", detail={"target": t, "clip_start": 0.0})
        for v, t in targets.items()
    ]
    data = dataset(**targets)
    lines = TASK.baselines(found, ScoringContext(data, "paper"))
    said = {f.video: f.detail["predicted_in_clip"] for f in lines["median-time"]}
    assert said == {"a1": 40.0, "a2": 40.0, "b1": 15.0}
