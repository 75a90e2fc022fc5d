"""Seizure-RQI against the paper's formulas, by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from s3eval.judge import ReportFacts
from s3eval.metrics.rqi import HAZARD_CAP, length_penalty, seizure_rqi
from s3eval.vocabulary import FEATURE_NAMES, LOCALIZING, SECTIONS

NONE = dict.fromkeys(LOCALIZING, "none")
REFERENCE = ReportFacts(
    ("onset", "propagation"),
    ("head_turning", "tonic", "clonic", "face_pulling"),
    {**NONE, "head_turning": "right", "first_motor_laterality": "right"},
    words=40,
)
REPORT = ReportFacts(
    ("onset", "postictal"),
    ("tonic", "clonic", "blank_stare"),
    {**NONE, "head_turning": "Right "},
    words=30,
)


def test_components_and_base_by_hand() -> None:
    found = seizure_rqi(REPORT, REFERENCE)
    assert found.structure == pytest.approx(1 / 2)
    assert found.coverage == pytest.approx(2 / 4)
    assert found.localizing == pytest.approx(3 / 4), "none is a value, case and blanks are not"
    # Predicted pairs: tc tb cb; true: 6 pairs; common: tc.
    assert found.temporal == pytest.approx(2 * 1 / (3 + 6))
    assert found.base == pytest.approx(15 / 2 + 35 / 2 + 25 * 3 / 4 + 25 * 2 / 9)
    assert found.hallucinated == ("blank_stare",)
    assert found.score == pytest.approx(found.base * 0.95)


def test_release_counts_every_mention_that_the_annotated_sequence_lacks() -> None:
    twice = replace(REPORT, features=("tonic", "blank_stare", "tonic", "occur_during_sleep"))
    found = seizure_rqi(twice, REFERENCE, "release", annotated=["tonic"])
    assert found.hallucinated == ("blank_stare", "occur_during_sleep")
    found = seizure_rqi(twice, REFERENCE, "release", annotated=["clonic"])
    assert found.p_hall == pytest.approx(0.95**4)
    for nothing in (None, (), frozenset()):
        assert seizure_rqi(twice, REFERENCE, "release", annotated=nothing).p_hall == 1


def test_an_empty_reference() -> None:
    empty = ReportFacts((), (), NONE)
    assert seizure_rqi(empty, empty).score == pytest.approx(100)
    # The release gives no points for sections and features nobody could miss.
    assert seizure_rqi(empty, empty, "release").score == pytest.approx(50)
    told = replace(REPORT, localizing=NONE)
    assert seizure_rqi(told, empty).base == pytest.approx(25), "only localizing agrees"


def test_penalties() -> None:
    plain = seizure_rqi(REPORT, REFERENCE).score
    assert seizure_rqi(replace(REPORT, off_topic=True), REFERENCE).score == pytest.approx(
        0.8 * plain
    )
    long = replace(REPORT, words=205)
    assert seizure_rqi(long, REFERENCE).score == pytest.approx(0.8**2 * plain)
    assert seizure_rqi(long, REFERENCE, "release", ["tonic"]).p_len == pytest.approx(0.6)
    assert [length_penalty(w, "release") for w in (100, 149, 150, 350, 9999)] == [1, 1, 0.8, 0, 0]
    assert [length_penalty(w) for w in (0, 100, 149, 150)] == [1, 1, 1, 0.8]


def test_a_hazard_caps_the_score_and_does_not_zero_it() -> None:
    perfect = replace(REFERENCE, hazard=True)
    found = seizure_rqi(perfect, REFERENCE)
    assert found.hazard and found.score == HAZARD_CAP
    poor = replace(REPORT, hazard=True)
    assert seizure_rqi(poor, REFERENCE).score == seizure_rqi(REPORT, REFERENCE).score


FACTS = st.builds(
    ReportFacts,
    st.lists(st.sampled_from(SECTIONS), unique=True).map(tuple),
    st.lists(st.sampled_from(FEATURE_NAMES), max_size=8).map(tuple),
    st.fixed_dictionaries({k: st.sampled_from(["left", "right", "none"]) for k in LOCALIZING}),
    st.booleans(),
    st.booleans(),
    st.integers(0, 600),
)


@given(FACTS, FACTS, st.sampled_from(["paper", "release"]))
@settings(deadline=None)
def test_bounds(report, reference, protocol) -> None:
    found = seizure_rqi(report, reference, protocol, reference.features)
    for part in (found.structure, found.coverage, found.localizing, found.temporal):
        assert 0 <= part <= 1
    for factor in (found.p_hall, found.p_off, found.p_len):
        assert 0 <= factor <= 1
    assert 0 <= found.score <= found.base <= 100 + 1e-9


@given(FACTS)
@settings(deadline=None)
def test_a_report_that_says_what_the_reference_says_is_perfect(facts) -> None:
    plain = replace(facts, off_topic=False, hazard=False, words=50)
    assert seizure_rqi(plain, plain).score == pytest.approx(100)
