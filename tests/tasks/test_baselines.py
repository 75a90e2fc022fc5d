"""Where baselines learn, and that it is never from the patient they answer about."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from s3eval.dataset import Dataset, Video
from s3eval.task import Finding, ScoringContext
from s3eval.tasks.baselines import answered_alike, majority, training_values
from s3eval.tasks.items import asked_of, by_item

LABELS = {"a1": "x", "a2": "x", "b1": "y", "c1": "z", "c2": None}


def context(**folds: int) -> ScoringContext:
    videos = tuple(Video(v, v[0], fold=folds.get(v[0])) for v in LABELS)
    return ScoringContext(Dataset("d", videos, {}), "paper")


def found(*videos: str) -> list[Finding]:
    return [Finding("t", v, "i", "failed") for v in videos]


def learnt(videos, where):
    return training_values(found(*videos), where, lambda c, video, item: LABELS[video])


def test_training_folds_come_first():
    values = learnt(["a1", "a2"], context(a=0, b=1, c=2))
    assert values == {("a1", "i"): ["y", "z"], ("a2", "i"): ["y", "z"]}


def test_without_training_folds_the_other_patients():
    assert learnt(["a1", "b1", "c1"], context(a=0, b=0, c=0)) == {
        ("a1", "i"): ["y", "z"],
        ("b1", "i"): ["x", "z"],
        ("c1", "i"): ["x", "y"],
    }


def test_a_patient_in_test_and_training_is_not_learnt_from():
    where = context(b=1, c=1)
    videos = tuple(
        Video(v.name, v.patient, fold=0 if v.name == "a1" else 1) for v in where.dataset.videos
    )
    where = ScoringContext(Dataset("d", videos, {}), "paper")
    assert learnt(["a1"], where) == {("a1", "i"): ["y", "z"]}


def test_nobody_to_learn_from():
    assert learnt(["a1", "a2"], context(a=0)) == {("a1", "i"): [], ("a2", "i"): []}
    assert learnt(["stranger"], context()) == {}


@given(
    st.dictionaries(st.sampled_from("abc"), st.integers(0, 2)),
    st.sets(st.sampled_from(list(LABELS))),
)
def test_no_label_of_the_patient_is_ever_seen(folds, videos):
    """Each video's label is its name here, so what was learnt shows where it came from."""
    values = training_values(found(*sorted(videos)), context(**folds), lambda c, v, i: v)
    for (video, _), names in values.items():
        assert all(name[0] != video[0] for name in names)


def test_majority_breaks_ties_by_the_alphabet():
    assert majority(["b", "a"]) == "a" == majority(["a", "b"])


def test_answered_alike_keeps_the_place_and_nothing_else():
    given = Finding("t", "v", "i", "failed", None, "boom", 3, 0, 0.4, {"missing": []})
    said = answered_alike(given, "yes")
    assert (said.task, said.video, said.item) == ("t", "v", "i")
    assert (said.state, said.value, said.reason, said.probability) == ("answered", "yes", "", None)
    assert said.detail == {}


def test_groupings():
    data = Dataset("d", (Video("v", "p"),), {})
    findings = [
        Finding("t", "v", "b", "answered", 1),
        Finding("t", "v", "a", "skipped"),
        Finding("t", "stranger", "a", "answered", 1),
    ]
    assert list(by_item(findings, ["a", "b", "c"])) == ["a", "b"]
    assert asked_of(findings, ScoringContext(data, "paper")) == findings[:1]
