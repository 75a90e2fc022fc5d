"""The shared questions and shapes every judge's answers are held to."""

from __future__ import annotations

import json

import pytest

from s3eval.errors import S3EvalError, UnknownNameError
from s3eval.judging.schemas import (
    ReportReply,
    answers_schema,
    canonical_feature,
    feature_answers,
    report_facts,
    report_row,
)
from s3eval.tasks.questions import QUESTIONS, UNKNOWN, questions, scored_keys, tidy
from s3eval.testing.paths import release_dir
from s3eval.vocabulary import FEATURE_NAMES, FEATURES

REPLY = {
    "structural_completeness": ["onset"],
    "event_sequence": ["tonic"],
    "localizing_features": {
        "head_turning": "left",
        "first_motor_laterality": "right",
        "asymmetric_posturing": "right arm extension",
        "figure_4": "none",
    },
    "content_analysis": {"has_safety_issues": False, "includes_non_seizure": False},
}


def with_(**changes):
    return {**json.loads(json.dumps(REPLY)), **changes}


def test_every_feature_has_a_chain_that_leads_with_yes_or_no():
    assert tuple(QUESTIONS) == FEATURE_NAMES
    for name, chain in QUESTIONS.items():
        assert len({q.key for q in chain}) == len(chain)
        if name == "occur_during_sleep":
            assert chain == ()
        else:
            assert chain[0].form == "yes_no"


# Details behind each feature's first question: the steps of 0.3/n in the recorded scores.
DETAILS = {"arm_flexion": 3, "arm_straightening": 3, "asynchronous_movement": 4, "clonic": 2}


@pytest.mark.parametrize(("feature", "count"), DETAILS.items())
def test_number_of_details(feature, count):
    assert len(scored_keys(feature, "release")) - 1 == count


# How many questions Tables 6-8 of the paper list.
LISTED = {
    "face_twitching": 2,
    "face_pulling": 2,
    "tonic": 3,
    "clonic": 3,
    "occur_during_sleep": 0,
    "arm_flexion": 2,
    "arm_straightening": 2,
    "figure4": 3,
    "head_turning": 2,
    "blank_stare": 2,
    "oral_automatisms": 1,
    "limb_automatisms": 2,
    "pelvic_thrusting": 1,
    "asynchronous_movement": 4,
    "arms_move_simultaneously": 1,
    "full_body_shaking": 1,
    "close_eyes": 1,
    "eye_blinking": 2,
    "verbal_responsiveness": 2,
    "ictal_vocalization": 2,
}


def test_the_paper_compares_the_questions_it_lists():
    assert {f: len(scored_keys(f, "paper")) for f in FEATURE_NAMES} == LISTED
    for feature in FEATURE_NAMES:
        asked = {q.key for q in questions(feature)}
        for protocol in ("paper", "release"):
            assert asked.issuperset(scored_keys(feature, protocol))


@pytest.mark.release
def test_recorded_scores_move_in_steps_of_these_details():
    import csv

    root = release_dir()
    if root is None:
        pytest.skip("the public release is not here")
    scores = sorted((root / "test_dataset/metrics_test/middle_results").glob("*.csv"))
    for path in scores:
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                for feature in FEATURE_NAMES:
                    if (row.get(feature) or "") == "":
                        continue
                    details = max(1, len(scored_keys(feature, "release")) - 1)
                    steps = {0.0} | {0.7 + 0.3 * n / details for n in range(details + 1)}
                    value = float(row[feature])
                    assert any(abs(value - s) < 1e-6 for s in steps), (path.name, feature, value)


def test_tidy():
    yes_no, parts, sides = questions("tonic")
    assert tidy(yes_no, " YES. ") == "yes"
    assert tidy(yes_no, False) == "no"
    assert tidy(parts, ["leg", "arm", "leg"]) == ("arm", "leg")
    assert tidy(parts, "full_body") == ("full body",)
    assert tidy(sides, []) == UNKNOWN
    assert tidy(sides, ["unknown"]) == UNKNOWN
    for wrong in ("perhaps", ["yes", "no"], None, 3):
        with pytest.raises(S3EvalError, match="stiff"):
            tidy(yes_no, wrong)
    with pytest.raises(S3EvalError):
        tidy(questions("head_turning")[1], "unknown")


def test_unknown_feature_has_no_questions():
    with pytest.raises(UnknownNameError, match="tonic"):
        questions("tonik")


def test_names_are_mapped():
    assert {canonical_feature(f.label) for f in FEATURES} == set(FEATURE_NAMES)
    assert canonical_feature("Arm Extension") == "arm_straightening"
    assert canonical_feature("dancing") is None


def test_unknown_features_are_refused_dropped_or_kept():
    reply = with_(event_sequence=["tonic", "open_eyes", "Tonic"])
    with pytest.raises(S3EvalError, match="open_eyes"):
        report_facts(reply, words=3)
    assert report_facts(reply, words=3, unknown="drop").features == ("tonic",)
    assert report_facts(reply, words=3, unknown="keep").features == ("tonic", "open_eyes")


@pytest.mark.parametrize(
    "reply",
    [
        {},
        with_(structural_completeness=["beginning"]),
        with_(event_sequence="tonic"),
        with_(localizing_features={"head_turning": "left"}),
        with_(localizing_features={**REPLY["localizing_features"], "head_turning": "up"}),
        with_(content_analysis={"has_safety_issues": "maybe", "includes_non_seizure": False}),
    ],
)
def test_what_does_not_validate_is_refused(reply):
    with pytest.raises(S3EvalError, match="shape"):
        report_facts(reply, words=1)


def test_reply_becomes_facts():
    facts = report_facts(ReportReply.model_validate(with_(comment="extra")), words=7)
    assert facts.words == 7
    assert facts.localizing["asymmetric_posturing"] == "right arm extension"
    assert facts.evidence == ()
    none = {**REPLY["localizing_features"], "head_turning": None}
    assert (
        report_facts(with_(localizing_features=none), words=1).localizing["head_turning"] == "none"
    )


def test_a_row_of_the_release():
    row = {key: json.dumps(value) for key, value in REPLY.items()} | {"report_length": "12"}
    assert report_row(row).words == 12
    assert report_row(row, words=3).words == 3
    with pytest.raises(S3EvalError, match="no JSON"):
        report_row({**row, "event_sequence": "[tonic"})
    with pytest.raises(S3EvalError, match="missing"):
        report_row({k: v for k, v in row.items() if k != "content_analysis"})
    with pytest.raises(S3EvalError, match="report_length"):
        report_row({**row, "report_length": ""})


@pytest.mark.release
def test_every_recorded_reading_of_the_release_is_read():
    import csv

    root = release_dir()
    if root is None:
        pytest.skip("the public release is not here")
    paths = [root / "result/ground_truth/task6_report_modified.csv"]
    paths += sorted((root / "test_dataset/vlm_inference_test").glob("*/*_modified.csv"))
    assert len(paths) > 1
    for path in paths:
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                report_row(row)


def test_answers_are_validated_and_cut_after_a_no():
    assert feature_answers("tonic", {"stiff": "no", "body_parts": ["arm"]}).answers == {
        "stiff": "no"
    }
    full = feature_answers("head_turning", {"forced": True, "side": "Left"})
    assert full.answers == {"forced": "yes", "side": "left"}
    with pytest.raises(S3EvalError, match="extended"):
        feature_answers("figure4", {"posture": "yes", "flexed": "left arm"})
    assert feature_answers("occur_during_sleep", {}).answers == {}


def test_the_json_schema_allows_what_is_accepted():
    for feature in FEATURE_NAMES:
        schema = answers_schema(feature)
        assert list(schema["properties"]) == [q.key for q in questions(feature)]
        assert schema["required"] == [q.key for q in questions(feature)][:1]
    parts = answers_schema("tonic")["properties"]["body_parts"]
    assert parts["type"] == "array" and "unknown" in parts["items"]["enum"]
