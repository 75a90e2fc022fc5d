"""The recognition task on hand-made answers."""

from __future__ import annotations

import pytest
from s3eval_task_recognition.prompts import prompts, question, questions
from s3eval_task_recognition.task import Recognition

from s3eval.dataset import Annotation, Dataset, FeatureAnnotation, Video
from s3eval.facts.clips import profile
from s3eval.model import Answer
from s3eval.task import Piece, PlanContext, ScoringContext
from s3eval.vocabulary import FEATURE_NAMES, HEARD, SEEN

TASK = Recognition()
BOTH = frozenset({"sight", "hearing"})


def dataset(truth: dict[str, dict[str, str]], **folds: int) -> Dataset:
    videos = tuple(
        Video(n, n.split("@")[0], duration=70.0, fold=folds.get(n.split("@")[0])) for n in truth
    )
    annotations = {
        n: Annotation(n, {k: FeatureAnnotation(v) for k, v in labels.items()})
        for n, labels in truth.items()
    }
    return Dataset("d", videos, annotations)


def plan(video: Video, senses=BOTH, provided=("features",), name="standard"):
    context = PlanContext(profile(name), frozenset(senses), provided=frozenset(provided))
    return list(TASK.inquiries(video, Annotation(video.name), context))


def findings(video: str, answers: list[Answer | str], feature: str = "tonic", protocol="paper"):
    """One window after the other answered so."""
    made = plan(Video(video, "P", duration=25.0 * len(answers) + 5))
    assert len(made) == len(answers)
    pieces = []
    for inquiry, given in zip(made, answers, strict=True):
        answer = Answer.of(given) if isinstance(given, str) else given
        asked = next(q for q in inquiry.questions if q.key == feature)
        reading = TASK.read(asked, answer) if answer.status == "answered" else None
        from s3eval.task import Reading

        pieces.append(Piece(inquiry, asked, answer, reading or Reading(reason=answer.reason)))
    return list(TASK.combine(video, pieces, ScoringContext(dataset({}), protocol)))


def test_every_feature_has_its_prompt_and_no_other():
    assert set(prompts()) == set(FEATURE_NAMES)
    for name, text in prompts().items():
        assert "yes" in text and "no" in text, name


def test_windows_are_the_profile_s():
    video = Video("P@v", "P", duration=70.0)
    assert [(i.clip.start, i.clip.end) for i in plan(video)] == [(0, 30), (25, 55), (50, 70)]
    long = plan(video, name="long")
    assert [(i.clip.start, i.clip.end) for i in long] == [(0, 60), (55, 70)]
    assert long[0].clip.sampling.max_frames == 120
    assert plan(video)[0].clip.sampling.fps == 2.0


@pytest.mark.parametrize(
    ("senses", "expected"),
    [({"sight"}, SEEN), ({"hearing"}, HEARD), ({"sight", "hearing"}, FEATURE_NAMES), ((), ())],
)
def test_only_what_the_senses_allow_is_asked(senses, expected):
    made = plan(Video("P@v", "P", duration=10.0), senses)
    assert tuple(q.key for i in made for q in i.questions) == tuple(expected)


def test_with_justification_the_same_question_carries_both():
    alone = plan(Video("v", "P", duration=10.0))[0].questions
    both = plan(Video("v", "P", duration=10.0), provided=("features", "justification"))[0].questions
    assert both == questions(BOTH, justified=True)
    assert all(b.text.startswith(a.text) for a, b in zip(alone, both, strict=True))
    assert all("one or two sentences" in q.text for q in both)
    assert {q.choices for q in both} == {("yes", "no"), ("yes", "no", "na")}


@pytest.mark.parametrize(
    ("answers", "value", "readable"),
    [
        (["no", "Yes.", "no"], "yes", 3),
        (["no", "no", "no"], "no", 3),
        ([Answer.failed("out of memory"), "yes", "?"], "yes", 1),
        ([Answer.failed("out of memory"), "no", "?"], "no", 1),
    ],
)
def test_any_yes_over_the_windows_that_could_be_read(answers, value, readable):
    (found,) = findings("P@v", answers)
    assert (found.state, found.value, found.pieces, found.readable) == (
        "answered",
        value,
        3,
        readable,
    )
    assert len(found.detail.get("missing", [])) == 3 - readable


@pytest.mark.parametrize(
    ("answers", "state", "says"),
    [
        ([Answer.failed("out of memory")] * 2, "failed", "2 of 2 failed: out of memory"),
        (["perhaps", "perhaps"], "unreadable", "neither yes nor no"),
        ([Answer.failed("boom"), "perhaps"], "failed", "boom"),
        ([Answer.skipped("deaf")] * 2, "skipped", "deaf"),
    ],
)
def test_a_failure_is_never_an_answer(answers, state, says):
    (found,) = findings("P@v", answers)
    assert found.state == state
    assert found.value is None
    assert says in found.reason


@pytest.mark.parametrize(
    ("answers", "value"),
    [(["NA", "no", "NA"], "no"), (["NA", "yes", "no"], "yes"), (["N/A", "NA"], "na")],
)
def test_verbal_responsiveness_has_three_values(answers, value):
    (found,) = findings("P@v", answers, "verbal_responsiveness")
    assert found.value == value


def test_probabilities_combine_to_maximum_and_noisy_or():
    answers = [
        Answer.of("no", probabilities={"yes": 0.25, "no": 0.75}),
        Answer.of("yes", probabilities={"yes": 0.6, "no": 0.4}),
    ]
    (found,) = findings("P@v", answers)
    assert found.probability == 0.6
    assert found.detail["noisy_or"] == pytest.approx(1 - 0.75 * 0.4)


def made_findings(values: dict[str, str | None], item="tonic"):
    from s3eval.task import Finding

    return [
        Finding("recognition", v, item, "answered" if value else "failed", value, pieces=2)
        for v, value in values.items()
    ]


def value_of(tallies, item, metric):
    return next(t.value for t in tallies if (t.item, t.metric) == (item, metric))


def test_scores_by_hand():
    truth = {"a@1": "yes", "b@1": "yes", "c@1": "no", "d@1": "no", "e@1": "yes"}
    data = dataset({v: {"tonic": label} for v, label in truth.items()})
    said = made_findings({"a@1": "yes", "b@1": "no", "c@1": "yes", "d@1": "no", "e@1": None})
    scores = list(TASK.tallies(said, ScoringContext(data, "paper")))
    assert value_of(scores, "tonic", "precision") == 0.5
    assert value_of(scores, "tonic", "recall") == 0.5
    assert value_of(scores, "tonic", "f1") == 0.5
    assert value_of(scores, "tonic", "accuracy") == 0.5
    assert value_of(scores, "tonic", "coverage") == 0.8
    f1 = next(t for t in scores if t.metric == "f1")
    assert (f1.counts.asked, f1.counts.failed, f1.counts.scored) == (5, 1, 4)
    assert "1 of 5 without an answer" in f1.note


def test_verbal_responsiveness_by_both_protocols():
    """Release: blank ("na") annotations dropped, missing answers "na". Paper: the other way."""
    item = "verbal_responsiveness"
    data = dataset({"a@1": {item: "yes"}, "b@1": {item: "na"}, "c@1": {item: "no"}})
    said = made_findings({"a@1": "yes", "b@1": "na", "c@1": None}, item)
    release = list(TASK.tallies(said, ScoringContext(data, "release")))
    paper = list(TASK.tallies(said, ScoringContext(data, "paper")))
    assert next(t for t in release if t.metric == "f1").videos == ("a@1", "c@1")
    assert next(t for t in paper if t.metric == "f1").videos == ("a@1", "b@1")
    assert value_of(release, item, "accuracy") == 0.5
    assert value_of(release, item, "f1") == pytest.approx(1 / 3)  # yes 1, no 0, na 0
    assert value_of(paper, item, "f1") == 1.0
    assert value_of(release, item, "coverage") == 0.5
    assert value_of(paper, item, "coverage") == pytest.approx(2 / 3)


def test_videos_the_annotation_lacks_are_not_scored():
    data = dataset({"a@1": {"tonic": "yes"}})
    said = made_findings({"a@1": "yes", "stranger@1": "yes"})
    scores = list(TASK.tallies(said, ScoringContext(data, "paper")))
    assert next(t for t in scores if t.metric == "f1").videos == ("a@1",)


def test_mean_f1_is_the_mean_of_the_features():
    data = dataset(
        {"a@1": {"tonic": "yes", "clonic": "no"}, "b@1": {"tonic": "no", "clonic": "no"}}
    )
    said = made_findings({"a@1": "yes", "b@1": "no"}) + made_findings(
        {"a@1": "yes", "b@1": "no"}, "clonic"
    )
    scores = list(TASK.tallies(said, ScoringContext(data, "paper")))
    assert value_of(scores, "tonic", "f1") == 1.0
    assert value_of(scores, "clonic", "f1") == 0.0
    assert value_of(scores, "mean", "f1") == 0.5


def test_trivial_answerers_learn_from_other_patients_only():
    truth = {"a@1": "yes", "b@1": "no", "c@1": "no", "t@1": "yes", "t@2": "yes", "t@3": "no"}
    said = made_findings({"a@1": "no", "b@1": "no", "c@1": None})
    data = dataset({v: {"tonic": label} for v, label in truth.items()}, a=0, b=0, c=0, t=1)
    lines = TASK.baselines(said, ScoringContext(data, "paper"))
    assert {f.value for f in lines["majority"]} == {"yes"}  # of patient t's three
    assert [f.video for f in lines["always-yes"]] == ["a@1", "b@1", "c@1"]
    without = dataset({v: {"tonic": truth[v]} for v in ("a@1", "b@1", "c@1")})
    left_out = TASK.baselines(said, ScoringContext(without, "paper"))["majority"]
    assert {f.video: f.value for f in left_out} == {"a@1": "no", "b@1": "no", "c@1": "no"}


def test_question_text_is_asked_verbatim():
    from s3eval.vocabulary import feature

    assert question(feature("blank_stare")).text == (
        "Does the patient exhibit a blank stare? Answer with 'yes' or 'no'."
    )
