"""The steps that explain a score come out at the score, for every builder of tallies."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from s3eval.metrics import tallies as build
from s3eval.metrics.text import bleu_statistics

LABELS = st.sampled_from(["yes", "no", "na"])
PAIRS = st.lists(st.tuples(LABELS, LABELS), min_size=1, max_size=30)


def ends_at_the_score(tally):
    steps = tally.steps()
    assert steps
    if tally.value is None:
        assert steps[-1].value is None
    else:
        assert steps[-1].value == pytest.approx(tally.value, rel=1e-12, abs=1e-15)
    assert len(tally.columns) == tally.rows.shape[1]


def names(count):
    return [f"v{i}" for i in range(count)]


@given(PAIRS)
def test_labels(pairs):
    truth, told = zip(*pairs, strict=True)
    for tally in build.binary("t", "i", names(len(pairs)), truth, told, "yes"):
        ends_at_the_score(tally)
    for tally in build.macro("t", "i", names(len(pairs)), truth, told, ["yes", "no", "na"]):
        ends_at_the_score(tally)


@given(st.lists(st.floats(-100, 100), min_size=1, max_size=30))
def test_numbers(values):
    videos = names(len(values))
    ends_at_the_score(build.mean("t", "i", "mae", videos, values))
    ends_at_the_score(build.median("t", "i", "median", videos, values))
    above = [abs(v) for v in values]
    ends_at_the_score(build.pooled("t", "i", "share", videos, above, [a + 1 for a in above]))
    ends_at_the_score(build.pooled("t", "i", "share", videos, above, [0.0] * len(above)))


@pytest.mark.parametrize(
    ("answer", "reference"),
    [
        ("the head turns to the right", "the head turns to the left"),
        ("head turns", "the head turns to the left and the arm is raised"),
        ("nothing in common at all", "the patient lies still"),
        ("a", "the patient lies"),
        ("the patient lies still", "the patient lies still"),
    ],
)
def test_bleu(answer, reference):
    statistics = [bleu_statistics(answer, reference), bleu_statistics(reference, reference)]
    ends_at_the_score(build.corpus_bleu("t", "i", ["a", "b"], statistics))
    ends_at_the_score(build.corpus_bleu("t", "i", ["a"], statistics[:1]))


@given(st.lists(PAIRS, min_size=1, max_size=4), st.sampled_from([None, 0.0]))
def test_means_over_items(items, missing):
    made = []
    for place, pairs in enumerate(items):
        truth, told = zip(*pairs, strict=True)
        videos = names(len(pairs))
        made.append(build.binary("t", f"i{place}", videos, truth, told, "yes")[2])
    average = build.mean_over_items(made, missing=missing)
    ends_at_the_score(average)
    assert len(average.steps()) == len(items) + 1


def test_a_tally_without_words_is_walked_by_its_formula():
    from s3eval.facts.tally import Tally, ratio

    tally = Tally("t", "i", "m", ("a",), np.array([[3.0, 2.0]]), ratio)
    assert tally.steps()[-1].value == tally.value == 1.5
    assert Tally("t", "i", "m", (), np.zeros((0, 2)), ratio).steps() == []


@pytest.mark.parametrize("protocol", ["paper", "release"])
@pytest.mark.parametrize("hazard", [False, True])
def test_the_report_index(protocol, hazard):
    from s3eval.judge import ReportFacts
    from s3eval.metrics.arithmetic import rqi_steps
    from s3eval.metrics.rqi import seizure_rqi
    from s3eval.vocabulary import LOCALIZING

    none = dict.fromkeys(LOCALIZING, "none")
    told = ReportFacts(("onset",), ("tonic", "clonic"), none, True, hazard, 180)
    true = ReportFacts(("onset", "propagation"), ("tonic", "blank_stare"), none, words=90)
    index = seizure_rqi(told, true, protocol, ["tonic"])
    steps = rqi_steps(index)
    assert steps[-1].value == pytest.approx(index.score, rel=1e-12)
    assert any(s.value == pytest.approx(index.base) for s in steps)
