"""Clinical language as it is written, and what the lexicon makes of it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from s3eval_judge_lexicon.judge import Lexicon

from s3eval.judge import ReportFacts, Unreadable
from s3eval.vocabulary import FEATURE_NAMES, LOCALIZING, SECTIONS

JUDGE = Lexicon()


def read(text: str) -> ReportFacts:
    (facts,) = JUDGE.read_reports([text])
    assert isinstance(facts, ReportFacts)
    return facts


@pytest.mark.parametrize(
    ("text", "features"),
    [
        ("GTC.", ("tonic", "clonic", "full_body_shaking")),
        ("He has lip smacking.", ("oral_automatisms",)),
        ("She stares off.", ("blank_stare",)),
        ("Behavioral arrest, fumbling with the sheets.", ("blank_stare", "limb_automatisms")),
        ("Fidgeting with the right hand.", ("limb_automatisms",)),
        ("Arouses from sleep with a loud groan.", ("occur_during_sleep", "ictal_vocalization")),
        ("Rapid eyelid fluttering.", ("eye_blinking",)),
        ("Facial grimace with left facial twitching.", ("face_pulling", "face_twitching")),
        ("Eyes squeezed shut, pelvic thrusting.", ("close_eyes", "pelvic_thrusting")),
        ("Non-rhythmic shaking of both legs.", ("asynchronous_movement",)),
        ("Whole body shaking.", ("full_body_shaking",)),
        ("He answers questions appropriately.", ("verbal_responsiveness",)),
        ("RUE extension, LUE flexion.", ("arm_straightening", "arm_flexion")),
        ("Head version to the left.", ("head_turning",)),
        ("The patient raises both arms.", ("arms_move_simultaneously",)),
        ("Semi-purposeful movements of the left hand.", ("limb_automatisms",)),
        ("Pats the thighs, hands flapping.", ("limb_automatisms",)),
        ("The pelvis repeatedly lifts and thrusts.", ("pelvic_thrusting",)),
        ("Not in sync with each other, the legs flail.", ("asynchronous_movement",)),
        ("The expression is blank.", ("blank_stare",)),
        ("Generalized stiffening.", ("tonic",)),
        ("Jerking of the left arm and left cheek.", ("face_twitching", "clonic")),
    ],
)
def test_synonyms_name_the_sign(text, features):
    assert read(text).features == features


@pytest.mark.parametrize(
    ("text", "present", "absent"),
    [
        ("No lip smacking.", (), ("oral_automatisms",)),
        ("No head turn, tonic posturing or clonic jerks are seen.", (), ("tonic", "clonic")),
        (
            "No figure-of-four posture, oral or purposeless automatisms, or pelvic thrusting are "
            "observed; the arms remain flexed.",
            ("arm_flexion",),
            ("figure4", "oral_automatisms", "limb_automatisms", "pelvic_thrusting"),
        ),
        ("Blank stare without blinking.", ("blank_stare",), ("eye_blinking",)),
        ("Head turning was not observed.", (), ("head_turning",)),
        ("There is no clonic activity, but the arms stiffen.", ("tonic",), ("clonic",)),
        ("He doesn't blink, then stares.", ("blank_stare",), ("eye_blinking",)),
        ("Sleep onset cannot be confirmed; he grunts.", ("ictal_vocalization",), ()),
        ("Not only staring, but chewing as well.", ("blank_stare", "oral_automatisms"), ()),
        ("Denies aura. Stares.", ("blank_stare",), ()),
        ("Pelvic thrusting: no. Stares.", ("blank_stare",), ("pelvic_thrusting",)),
        ("Pelvic thrust no. Stares.", ("blank_stare",), ("pelvic_thrusting",)),
        ('Crying, and she repeatedly says "no."', ("ictal_vocalization",), ()),
        ("Occasional blinking; the eyes are open.", (), ("eye_blinking",)),
        ("The mouth opens and closes repeatedly.", ("oral_automatisms",), ("close_eyes",)),
        ("Lying in a side-lying posture, chewing.", ("oral_automatisms",), ("tonic",)),
        ("The wrists can't be seen; he grunts.", ("ictal_vocalization",), ()),
    ],
)
def test_negation_reaches_its_scope_and_no_further(text, present, absent):
    features = read(text).features
    assert set(present) <= set(features)
    assert not set(absent) & set(features)


def test_a_denied_answer_still_tells_of_responsiveness():
    assert read("She does not answer questions.").features == ("verbal_responsiveness",)


@pytest.mark.parametrize(
    ("text", "present", "absent"),
    [
        ("He shakes his head.", (), ("head_turning", "clonic", "full_body_shaking")),
        ("She knocks her head against the pillow.", (), ("head_turning",)),
        ("He shakes, his head turns left.", ("head_turning",), ()),
        ("Tonic extension of both arms.", ("tonic",), ("arm_straightening",)),
        ("Tonic extension of the right arm.", ("tonic", "arm_straightening"), ()),
        ("He is unresponsive to verbal commands.", ("verbal_responsiveness",), ("blank_stare",)),
        ("She becomes unresponsive to her mother.", ("blank_stare",), ("verbal_responsiveness",)),
        ("He looks confused.", ("blank_stare",), ()),
        ("Shaking of the right leg.", ("asynchronous_movement",), ()),
    ],
)
def test_conventions_of_the_recorded_readings(text, present, absent):
    features = read(text).features
    assert set(present) <= set(features)
    assert not set(absent) & set(features)


def test_responsiveness_told_after_the_end_is_not_of_the_seizure():
    assert "verbal_responsiveness" in read("She stares and does not follow commands.").features
    after = read("She stares. The seizure ends, and she does not follow commands.")
    assert "verbal_responsiveness" not in after.features
    assert "blank_stare" in after.features


def test_two_movements_are_a_spread_also_where_neither_is_a_listed_sign():
    assert read("He kicks his legs, then lifts the left leg.").sections == ("onset", "propagation")
    assert read("He lifts the left leg.").sections == ("onset",)


def test_doubt_is_kept_and_marked():
    facts = read("Possible left arm jerk.")
    assert facts.features == ("clonic",)
    assert "clonic (uncertain)" in {e.fact for e in facts.evidence}


def test_what_is_denied_is_shown_as_denied():
    facts = read("No blinking.")
    assert [(e.fact, e.quote) for e in facts.evidence] == [("not eye_blinking", "blinking")]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("Versive head turn to the left.", "left"),
        ("Forced rightward head deviation.", "right"),
        ("Looks to the right, then versive left head turn.", "left"),
        ("Right gaze deviation.", "right"),
        ("The head turns from side to side.", "none"),
        ("Turns her head to the patient's right side.", "right"),
        ("No head turn to the left.", "none"),
    ],
)
def test_head_turning(text, value):
    assert read(text).localizing["head_turning"] == value


@pytest.mark.parametrize(
    ("text", "first", "posture"),
    [
        ("RUE extension.", "right", "right arm extension"),
        ("Right upper extremity extension with left arm flexion.", "right", "right arm extension"),
        ("Left arm flexed at the elbow, right arm extended.", "left", "left arm flexion"),
        ("Both arms are extended.", "none", "none"),
        ("Head turns left, both arms flexed.", "left", "left arm flexion"),
        ("Fencer posture with right arm extended.", "right", "right arm extension"),
        ("Clonic jerking of the left leg.", "left", "none"),
        ("Right greater than left arm jerking.", "right", "none"),
        ("Right and left arms jerk.", "none", "none"),
        ("Right now he stares.", "none", "none"),
        ("Right hand dystonic posturing.", "right", "right arm extension"),
    ],
)
def test_laterality_goes_with_its_body_part(text, first, posture):
    values = read(text).localizing
    assert (values["first_motor_laterality"], values["asymmetric_posturing"]) == (first, posture)


@pytest.mark.parametrize(
    ("text", "side"),
    [
        ("Figure of 4 with right arm extended.", "right"),
        ("Figure-4 with right arm flexed and left arm extended.", "left"),
        ("Figure four.", "none"),
        ("Right arm extended. No figure 4.", "none"),
    ],
)
def test_figure_4_is_the_extended_arm(text, side):
    assert read(text).localizing["figure_4"] == side


@pytest.mark.parametrize(
    ("text", "order"),
    [
        ("Stares, then head turns left, later GTC.", ("blank_stare", "head_turning", "tonic")),
        ("Chewing evolving into head version.", ("oral_automatisms", "head_turning")),
        ("Head version preceded by chewing.", ("oral_automatisms", "head_turning")),
        ("Head version after chewing.", ("oral_automatisms", "head_turning")),
        ("After chewing, head version.", ("oral_automatisms", "head_turning")),
        ("Before head version, he chews.", ("oral_automatisms", "head_turning")),
        ("Chewing before head version.", ("oral_automatisms", "head_turning")),
        ("Chewing followed by head version.", ("oral_automatisms", "head_turning")),
    ],
)
def test_order_is_that_of_the_events(text, order):
    assert read(text).features[: len(order)] == order


@pytest.mark.parametrize(
    ("text", "sections"),
    [
        ("Stares.", ("onset",)),
        ("Stares, then GTC.", ("onset", "propagation")),
        ("Stares, then GTC. Postictally confused.", ("onset", "propagation", "postictal")),
        ("He is amnestic for the event.", ("postictal",)),
        ("Normal video.", ()),
    ],
)
def test_sections(text, sections):
    assert read(text).sections == sections


def test_flags():
    assert read("A nurse adjusts the oxygen.").off_topic
    assert not read("Stares.").off_topic
    assert not read("Stares. Does not respond to the nurse.").off_topic
    assert read("Give 10 mg of diazepam.").hazard


@pytest.mark.parametrize(
    ("text", "nothing"),
    [
        ("Pushes the call button.", "limb_automatisms"),
        ("He starts to speak.", "blank_stare"),
        ("Hip flexion and knee extension.", "arm_flexion"),
        ("He is in an intense mood.", "tonic"),
        ("Facial pulling, left arm extension.", "limb_automatisms"),
    ],
)
def test_look_alikes_say_nothing(text, nothing):
    assert nothing not in read(text).features


def test_an_empty_report_is_unreadable_not_empty():
    (facts,) = JUDGE.read_reports(["  \n"])
    assert isinstance(facts, Unreadable)


SCRAPS = (
    "the left right arm head stares turns no not then, followed by GTC — tonic–clonic jerking of "
    "both arms. Before after RUE doesn't (without) “Mama” İstanbul naïve 12:30 and or eyes blink "
    "?not possible figure 4 with extension ; \n"
)
TOKENS = st.sampled_from(SCRAPS.split(" "))


@settings(max_examples=200, deadline=None)
@given(st.lists(TOKENS, max_size=40).map(" ".join) | st.text(max_size=200))
def test_any_text_gives_facts_that_quote_it(text):
    first, again = JUDGE.read_reports([text, text])
    assert first == again
    if isinstance(first, Unreadable):
        assert not text.strip() or "English" in first.reason
        return
    assert all(text[e.start : e.end] == e.quote for e in first.evidence)
    assert set(first.features) <= set(FEATURE_NAMES)
    assert len(set(first.features)) == len(first.features)
    assert set(first.localizing) == set(LOCALIZING)
    assert set(first.sections) <= set(SECTIONS)
    shown = {e.fact.removesuffix(" (uncertain)") for e in first.evidence}
    assert set(first.features) <= shown


def test_identity_changes_with_the_words(tmp_path):
    file = tmp_path / "own.toml"
    file.write_text('[terms.vocalization]\nphrases = ["yodel*"]\n', encoding="utf-8")
    from s3eval.specs import JudgeSpec

    spec = JudgeSpec("lexicon", "s3eval_judge_lexicon.judge:Lexicon")
    own = Lexicon.load(spec, {"file": str(file)})
    assert own.identity()["digest"] != JUDGE.identity()["digest"]
    (facts,) = own.read_reports(["He yodels."])
    assert facts.features == ("ictal_vocalization",)
    assert not own.remote


@pytest.mark.parametrize(
    ("text", "side"),
    [
        ("The head turns toward camera-right (patient's left).", "left"),
        ("The head turns to the left side of the frame.", "none"),
        ("The head thrashes from left to right.", "none"),
        ("Head rocking L-R.", "none"),
        ("Version R.", "right"),
    ],
)
def test_the_side_of_the_picture_is_not_the_patients(text, side):
    assert read(text).localizing["head_turning"] == side


@pytest.mark.parametrize(
    ("text", "side"),
    [
        ("Picking at the gown with the L hand, then RUE stiffens.", "left"),
        ("B/l tonic posturing of the arms.", "none"),
        ("Twitching in the fingers of the right hand.", "right"),
    ],
)
def test_the_hand_something_is_done_with_tells_the_side(text, side):
    assert read(text).localizing["first_motor_laterality"] == side


@pytest.mark.parametrize(
    "text",
    [
        "He stares. No signs of a seizure, including jerking, stiffening, head turning.",
        "He stares. There is no sign of spread such as clonic jerks, tonic posture, lip smacking.",
        "He stares, without progression to clonic jerking.",
        "He stares and does not progress to tonic stiffening or jerking.",
        "He stares, not evolving into a tonic-clonic phase.",
    ],
)
def test_an_announced_list_and_a_course_not_taken_are_denied(text):
    (facts,) = Lexicon().read_reports([text])
    assert facts.features == ("blank_stare",)


def test_a_denial_ends_where_the_course_goes_on():
    (facts,) = Lexicon().read_reports(["No jerking at first, progresses to clonic jerks."])
    assert "clonic" in facts.features


@pytest.mark.parametrize(
    ("text", "there", "absent"),
    [
        ("Asymmetric clonic jerking.", {"asynchronous_movement", "clonic"}, set()),
        ("Symmetric jerking follows.", {"arms_move_simultaneously"}, {"asynchronous_movement"}),
        ("She is seen alternating between two toys.", set(), {"asynchronous_movement"}),
        ("Lies unresponsive with eyes closed.", {"close_eyes"}, {"blank_stare"}),
        ("Suddenly becomes unresponsive.", {"blank_stare"}, set()),
        ("Stares, remains unresponsive.", {"blank_stare"}, set()),
        ("Either tonic-clonic movements or jerks.", {"tonic", "clonic"}, {"full_body_shaking"}),
        ("Bilateral tonic-clonic movements.", {"tonic", "clonic", "full_body_shaking"}, set()),
        ("The posture is unchanged, he sits.", set(), {"tonic"}),
        ("Posturing of the left hand.", {"tonic"}, set()),
        ("Facial pulling and slight right head turn.", {"face_pulling"}, {"limb_automatisms"}),
        ("The patient is in different states, seated.", set(), {"verbal_responsiveness"}),
    ],
)
def test_words_that_say_less_or_more_than_they_seem_to(text, there, absent):
    (facts,) = Lexicon().read_reports([text])
    assert there <= {*facts.features}
    assert not absent & {*facts.features}
