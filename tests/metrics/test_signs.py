"""Signs of a report against its reference's, by hand and by their properties."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import precision_recall_fscore_support

from s3eval.judge import ReportFacts
from s3eval.metrics.rqi import seizure_rqi
from s3eval.metrics.signs import SignCounts, penalised_recall, sided_signs, sign_counts
from s3eval.vocabulary import FEATURE_NAMES, LOCALIZING

VALUES = st.sampled_from(
    ["none", "left", "right", "yes", "Left arm extension", "right arm flexion", "bilateral"]
)
FACTS = st.builds(
    ReportFacts,
    st.just(()),
    st.lists(st.sampled_from(FEATURE_NAMES), max_size=8).map(tuple),
    st.fixed_dictionaries(dict.fromkeys(LOCALIZING, VALUES)),
)


def read(*signs: str, **sides: str) -> ReportFacts:
    return ReportFacts((), signs, {**dict.fromkeys(LOCALIZING, "none"), **sides})


def test_signs_by_hand() -> None:
    found = sign_counts(read("tonic", "clonic", "blank_stare"), read("tonic", "face_pulling"))
    assert found == SignCounts(matched=1, invented=2, missed=1)
    assert found.precision == pytest.approx(1 / 3)
    assert found.recall == pytest.approx(1 / 2)
    assert found.f1 == pytest.approx(2 / 5)


def test_what_is_undefined_is_none() -> None:
    nothing = sign_counts(read(), read())
    assert (nothing.precision, nothing.recall, nothing.f1) == (None, None, None)
    silent = sign_counts(read(), read("tonic"))
    assert (silent.precision, silent.recall, silent.f1) == (None, 0.0, 0.0)
    made_up = sign_counts(read("tonic"), read())
    assert (made_up.precision, made_up.recall, made_up.f1) == (0.0, None, 0.0)


def test_each_side_is_that_of_its_own_sign() -> None:
    extended = read("arm_straightening", "arm_flexion", asymmetric_posturing="LEFT arm extension")
    assert sided_signs(extended) == {("arm_straightening", "left"), ("arm_flexion", "")}
    flexed = read("arm_flexion", "figure4", asymmetric_posturing="left flexion", figure_4="right")
    assert sided_signs(flexed) == {("arm_flexion", "left"), ("figure4", "right")}
    both = read("head_turning", "figure4", head_turning="left then right", figure_4="bilateral")
    assert sided_signs(both) == {("head_turning", "both"), ("figure4", "both")}
    assert sided_signs(read("head_turning", head_turning="yes")) == {("head_turning", "")}
    assert sided_signs(ReportFacts((), ("figure4",), {})) == {("figure4", "")}


def test_the_first_motor_side_is_no_sign_s_side() -> None:
    told, true = read("tonic", first_motor_laterality="left"), read("tonic")
    assert sign_counts(told, true, with_side=True) == SignCounts(1, 0, 0)


def test_a_side_that_is_not_told_is_not_the_side_that_is() -> None:
    told, true = read("head_turning"), read("head_turning", head_turning="left")
    assert sign_counts(told, true) == SignCounts(1, 0, 0)
    assert sign_counts(told, true, with_side=True) == SignCounts(0, 1, 1)


@settings(deadline=None)
@given(FACTS, FACTS)
def test_they_are_scikit_learn_s(told: ReportFacts, true: ReportFacts) -> None:
    found = sign_counts(told, true)
    wanted, said = ([f in facts.features for f in FEATURE_NAMES] for facts in (true, told))
    precision, recall, f1, _ = precision_recall_fscore_support(
        wanted, said, average="binary", zero_division=0
    )
    assert (found.precision or 0.0) == pytest.approx(precision)
    assert (found.recall or 0.0) == pytest.approx(recall)
    assert (found.f1 or 0.0) == pytest.approx(f1)


@settings(deadline=None)
@given(FACTS, FACTS, st.booleans())
def test_turned_round_precision_and_recall_change_places(
    one: ReportFacts, other: ReportFacts, with_side: bool
) -> None:
    there = sign_counts(one, other, with_side=with_side)
    back = sign_counts(other, one, with_side=with_side)
    assert (there.precision, there.recall, there.f1) == (back.recall, back.precision, back.f1)


@settings(deadline=None)
@given(FACTS, FACTS)
def test_the_side_can_only_take_matches_away(told: ReportFacts, true: ReportFacts) -> None:
    plain, sided = sign_counts(told, true), sign_counts(told, true, with_side=True)
    assert sided.matched <= plain.matched
    assert sided.matched + sided.invented == plain.matched + plain.invented
    assert sided.matched + sided.missed == plain.matched + plain.missed


@settings(deadline=None)
@given(FACTS)
def test_a_report_equals_itself(facts: ReportFacts) -> None:
    for with_side in (False, True):
        found = sign_counts(facts, facts, with_side=with_side)
        assert (found.invented, found.missed) == (0, 0)


@settings(deadline=None)
@given(FACTS, FACTS, st.sampled_from(["paper", "release"]))
def test_recall_and_its_penalty_are_parts_of_the_index(
    told: ReportFacts, true: ReportFacts, protocol: str
) -> None:
    index = seizure_rqi(told, true, protocol, ("tonic",))
    counts = sign_counts(told, true)
    if counts.recall is not None:
        assert counts.recall == pytest.approx(index.coverage)
        penalised = penalised_recall(counts.recall, len(index.hallucinated))
        assert penalised == pytest.approx(index.coverage * index.p_hall)
        assert 0 <= penalised <= counts.recall
    if protocol == "paper":
        assert len(index.hallucinated) == counts.invented
