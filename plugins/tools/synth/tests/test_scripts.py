"""Scripts: counts, rules and the annotation that is read from them."""

from __future__ import annotations

import dataclasses

import pytest
from s3eval_synth.annotation import annotation_of, presence_of
from s3eval_synth.contents import patients_of
from s3eval_synth.dataset import dataset_of
from s3eval_synth.frequencies import CHANNELS
from s3eval_synth.generate import make_scripts, single_sign
from s3eval_synth.script import Script, Sign

from s3eval.dataset.checks import check
from s3eval.errors import S3EvalError
from s3eval.vocabulary import BODY_PARTS, FEATURE_NAMES

SEEDS = range(6)


@pytest.fixture(scope="module")
def sets() -> dict[int, tuple[Script, ...]]:
    return {seed: make_scripts(8, 24, seed) for seed in SEEDS}


def test_same_seed_same_scripts_other_seed_others():
    assert make_scripts(8, 24, 3) == make_scripts(8, 24, 3)
    assert {s.name for s in make_scripts(8, 24, 3)}.isdisjoint(
        s.name for s in make_scripts(8, 24, 4)
    )


def test_shape_of_the_default_set(sets):
    for scripts in sets.values():
        assert len(scripts) == 24 and len({s.patient.name for s in scripts}) == 8
        assert all(30 <= s.duration <= 150 for s in scripts)
        assert {(s.width, s.height) for s in scripts} == {(640, 480), (1280, 720)}
        assert {s.fps for s in scripts} == {25, 30}
        assert {s.diagnosis for s in scripts} == {"ES", "NES"}
        assert {s.setting.camera for s in scripts} >= {"foot"}
        assert any(s.setting.camera != "foot" for s in scripts)


def test_every_feature_is_there_and_absent(sets):
    for scripts in sets.values():
        for feature in FEATURE_NAMES:
            found = [presence_of(s, feature) for s in scripts]
            least = 1 if feature == "verbal_responsiveness" else 3
            assert found.count("yes") >= least, feature
            assert found.count("no") >= 3, feature


def test_signs_distinguish_the_diagnoses(sets):
    def share(feature: str, diagnosis: str) -> float:
        group = [s for scripts in sets.values() for s in scripts if s.diagnosis == diagnosis]
        found = [s.of(feature) is not None for s in group]
        return sum(found) / len(found)

    for feature in ("tonic", "clonic", "head_turning", "figure4"):
        assert share(feature, "ES") > share(feature, "NES") + 0.15
    for feature in ("asynchronous_movement", "close_eyes", "pelvic_thrusting"):
        assert share(feature, "NES") > share(feature, "ES") + 0.10


def test_folds_go_by_patient_and_the_test_fold_has_both_diagnoses(sets):
    for seed in SEEDS:
        people = patients_of(8, seed)
        assert {kind for _, kind, fold in people if fold == 0} == {"ES", "NES"}
        assert len({p.name for p, _, _ in people}) == 8


def test_annotation_passes_the_papers_checks(sets):
    for seed, scripts in sets.items():
        folds = {p.name: fold for p, _, fold in patients_of(8, seed)}
        assert check(dataset_of(scripts, folds, "x")) == []


def test_signs_that_share_a_part_of_the_body_follow_one_another(sets):
    posture = {"arm_straightening", "arm_flexion", "figure4", "tonic"}
    for script in (s for scripts in sets.values() for s in scripts):
        timed = [x for x in script.signs if x.feature in CHANNELS]
        for a, b in ((a, b) for a in timed for b in timed if a is not b):
            if {a.feature, b.feature} <= posture:
                continue
            if CHANNELS[a.feature] & CHANNELS[b.feature]:
                assert a.end <= b.start or b.end <= a.start, (script.name, a, b)


def _arm_starts(script: Script) -> list[tuple[float, float]]:
    """For every sign of both arms, when each starts."""
    both = ("clonic", "asynchronous_movement", "full_body_shaking", "arm_flexion",
            "arm_straightening", "arms_move_simultaneously")  # fmt: skip
    return [(s.start + max(0.0, -s.lag), s.start + max(0.0, s.lag))
            for s in script.signs if s.feature in both and s.side == "both"]  # fmt: skip


def test_arms_start_apart_unless_annotated_together(sets):
    for script in (s for scripts in sets.values() for s in scripts):
        together = any(abs(a - b) < 0.3 for a, b in _arm_starts(script))
        assert together == (script.of("arms_move_simultaneously") is not None), script.name


def test_nothing_annotated_is_hidden(sets):
    for script in (s for scripts in sets.values() for s in scripts):
        setting = script.setting
        moving = [s for s in script.signs if "arms" in CHANNELS.get(s.feature, ())]
        if setting.covered:
            assert all(s.side not in (setting.covered, "both") for s in moving if s.side)
            assert all(act.side != setting.covered for act in script.acts)
        legs = [s for s in script.signs if "leg" in s.parts or s.feature == "pelvic_thrusting"]
        if legs:
            assert setting.blanket in ("off", "knees")
        for sign in script.signs:
            if sign.feature in ("head_turning", "face_pulling", "face_twitching"):
                assert setting.camera in ("foot", f"side-{sign.side}")


def test_eyes_cannot_be_closed_and_stare(sets):
    for script in (s for scripts in sets.values() for s in scripts):
        shown = {s.feature for s in script.signs}
        assert not ("close_eyes" in shown and shown & {"blank_stare", "eye_blinking"})
        closed = script.of("close_eyes")
        if closed is not None:
            assert closed.end - closed.start > 0.75 * script.duration


def test_figure4_brings_its_parts(sets):
    for script in (s for scripts in sets.values() for s in scripts):
        four = script.of("figure4")
        if four is None:
            continue
        straight, bent = script.of("arm_straightening"), script.of("arm_flexion")
        assert straight is not None and bent is not None and script.of("tonic") is not None
        assert (straight.side, bent.side) in (("left", "right"), ("right", "left"))
        assert four.start == max(straight.start, bent.start) and four.side == straight.side


def test_onset_body_part_is_an_answer_of_the_task(sets):
    for script in (s for scripts in sets.values() for s in scripts):
        onset = annotation_of(script).lateralization["onset_body_part"].value
        assert onset in BODY_PARTS


def test_reports_tell_the_signs_in_order_without_room_or_staff(sets):
    for script in (s for scripts in sets.values() for s in scripts):
        note = annotation_of(script)
        text = (note.report or "").lower()
        assert not any(w in text for w in ("blanket", "camera", "nurse", "staff", "monitor"))
        assert ("clonic jerking" in text) == (script.of("clonic") is not None)
        assert ("pelvic thrusting" in text) == (script.of("pelvic_thrusting") is not None)


def test_annotated_side_is_the_scripts_side():
    note = annotation_of(single_sign("head_turning", side="right"))
    assert note.lateralization["head_turning"].value == "right"
    assert "patient's right" in note.features["head_turning"].justification
    note = annotation_of(single_sign("limb_automatisms", side="left"))
    assert note.lateralization["arm_movement"].value == "left"
    assert note.lateralization["onset_body_part"].value == "left arm"


def test_clonic_jerks_are_sustained_or_brief_and_said_to_be(sets):
    said = {"brief": 0, "sustained": 0}
    for script in (s for scripts in sets.values() for s in scripts):
        sign = script.of("clonic")
        if sign is None:
            continue
        word = "brief" if sign.end - sign.start - abs(sign.lag) < 5 else "sustained"
        assert f"and {word}" in annotation_of(script).features["clonic"].justification
        said[word] += 1
    assert min(said.values()) >= 2


def test_verbal_responsiveness_is_three_valued():
    import random

    from s3eval_synth.schedule import lines_for

    answered = single_sign("verbal_responsiveness")
    lines = lines_for("verbal_responsiveness", 3, 11, answered.patient, "no", random.Random(0))
    silent = dataclasses.replace(single_sign(""), lines=lines)
    found = [presence_of(s, "verbal_responsiveness") for s in (answered, silent, single_sign(""))]
    assert found == ["yes", "no", "na"]


@pytest.mark.parametrize(("patients", "videos"), [(1, 1), (3, 2), (5, 40), (30, 30)])
def test_any_size(patients, videos):
    scripts = make_scripts(patients, videos, 5)
    assert len(scripts) == videos
    assert len({s.name for s in scripts}) == videos
    assert len({s.patient.name for s in scripts}) == min(patients, videos)


def test_wrong_input_is_named():
    with pytest.raises(S3EvalError, match="at least one patient"):
        make_scripts(0, 3, 0)
    with pytest.raises(ValueError, match="one of the 20"):
        Sign("jumping", 0, 1)
    with pytest.raises(ValueError, match="start < end"):
        Sign("tonic", 3, 3)
