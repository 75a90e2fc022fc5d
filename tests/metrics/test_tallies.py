"""Every tally equals the library or pure function it stands for, also under weights."""

from __future__ import annotations

import statistics
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from s3eval.errors import S3EvalError
from s3eval.facts.tally import Counts
from s3eval.metrics import tallies as build
from s3eval.metrics.text import bleu, bleu_statistics
from s3eval.testing.oracles.classification import binary_scores, macro_scores

LABELS = st.sampled_from(["head", "face", "arms", "legs"])
PAIRS = st.lists(st.tuples(LABELS, LABELS), min_size=1, max_size=25)
YES_NO = st.sampled_from(["yes", "no"])
BINARY = st.lists(st.tuples(YES_NO, YES_NO), min_size=1, max_size=25)
SENTENCES = st.lists(
    st.tuples(
        *[st.lists(st.sampled_from(["the", "head", "turns", "left", "right", "arm"]), max_size=9)]
        * 2
    ),
    min_size=1,
    max_size=8,
)


def names(n: int) -> list[str]:
    return [f"v{i}" for i in range(n)]


def by_metric(tallies):
    return {t.metric: t for t in tallies}


def same(tally_value, expected):
    if expected is None:
        return tally_value is None
    return tally_value == pytest.approx(expected, abs=1e-12)


@given(BINARY)
@settings(deadline=None)
def test_binary_equals_scikit_learn(pairs):
    truth, said = zip(*pairs, strict=True)
    found = by_metric(build.binary("t", "i", names(len(pairs)), truth, said, "yes"))
    expected = binary_scores(truth, said, "yes")
    for metric in build.BINARY:
        assert same(found[metric].value, getattr(expected, metric)), metric


def test_a_macro_average_over_no_label_is_undefined():
    for metric in build.BINARY:
        assert np.isnan(build.macro_formula(metric, 0)(np.zeros((5, 0)))).all()


@given(PAIRS)
@settings(deadline=None)
def test_macro_equals_scikit_learn(pairs):
    truth, said = zip(*pairs, strict=True)
    found = by_metric(build.macro("t", "i", names(len(pairs)), truth, said, ["head", "never_seen"]))
    expected = macro_scores(truth, said)
    for metric in build.BINARY:
        assert same(found[metric].value, getattr(expected, metric)), metric


@given(BINARY, st.data())
@settings(deadline=None)
def test_weights_are_repetitions(pairs, data):
    """A resample's score is the score of the repeated videos: what the bootstrap relies on."""
    weights = data.draw(
        st.lists(st.integers(0, 3), min_size=len(pairs), max_size=len(pairs)).filter(any)
    )
    repeated = [p for p, w in zip(pairs, weights, strict=True) for _ in range(w)]
    truth, said = zip(*pairs, strict=True)
    again_truth, again_said = zip(*repeated, strict=True)
    for make in (
        lambda v, t, s: build.binary("t", "i", v, t, s, "yes"),
        lambda v, t, s: build.macro("t", "i", v, t, s),
    ):
        tallies = by_metric(make(names(len(pairs)), truth, said))
        again = by_metric(make(names(len(repeated)), again_truth, again_said))
        for metric, tally in tallies.items():
            resampled = tally.resampled(np.array([weights, weights], float))
            assert resampled.shape == (2,)
            assert resampled[0] == resampled[1] == pytest.approx(again[metric].value)


@given(SENTENCES)
@settings(deadline=None)
def test_bleu_equals_sacrebleu(pairs):
    texts = [(" ".join(a), " ".join(b)) for a, b in pairs]
    rows = [bleu_statistics(*p) for p in texts]
    found = build.corpus_bleu("t", "i", names(len(pairs)), rows).value
    expected = bleu([a for a, _ in texts], [b for _, b in texts])
    if any(a or b for a, b in texts):
        assert found == pytest.approx(expected, abs=1e-9)
    else:
        assert found is None


@given(st.lists(st.floats(0, 500), min_size=1, max_size=20))
def test_mean_and_median_are_the_plain_ones(values):
    mean = build.mean("t", "i", "mae", names(len(values)), values)
    median = build.median("t", "i", "median", names(len(values)), values)
    assert mean.value == pytest.approx(statistics.fmean(values))
    assert median.value == pytest.approx(statistics.median(values))


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 4)), min_size=1, max_size=12))
def test_weighted_median_is_the_median_of_repetitions(pairs):
    values, weights = [float(v) for v, _ in pairs], [w for _, w in pairs]
    repeated = [v for v, w in zip(values, weights, strict=True) for _ in range(w)]
    tally = build.median("t", "i", "median", names(len(values)), values)
    found = tally.resampled(np.array([weights], float))[0]
    if repeated:
        assert found == pytest.approx(statistics.median(repeated))
    else:
        assert np.isnan(found)


@given(BINARY, st.randoms())
def test_order_of_videos_does_not_matter(pairs, random):
    shuffled = pairs[:]
    random.shuffle(shuffled)
    for one, other in zip(_f1(pairs), _f1(shuffled), strict=True):
        assert one.value == other.value


def _f1(pairs):
    truth, said = zip(*pairs, strict=True)
    return build.binary("t", "i", names(len(pairs)), truth, said, "yes")


@pytest.mark.parametrize(
    "tallies",
    [
        build.binary("t", "i", [], [], [], "yes"),
        build.macro("t", "i", [], [], []),
        [build.mean("t", "i", "m", [], [])],
        [build.median("t", "i", "m", [], [])],
        [build.corpus_bleu("t", "i", [], [])],
        [build.coverage("t", "i", [], [])],
    ],
)
def test_nothing_is_none_and_never_zero(tallies):
    for tally in tallies:
        assert tally.value is None
        assert tally.counts.scored == 0


def test_all_weights_zero_is_undefined():
    for tally in [*_f1([("yes", "yes")]), build.mean("t", "i", "m", ["a"], [3.0])]:
        assert np.isnan(tally.resampled(np.zeros((1, 1)))[0])


def test_zero_division_is_zero_where_something_was_scored():
    found = by_metric(_f1([("no", "no"), ("no", "no")]))
    assert (found["precision"].value, found["recall"].value, found["f1"].value) == (0, 0, 0)
    assert found["accuracy"].value == 1


def test_mean_over_items_averages_values_over_the_union_of_videos():
    one = build.binary("t", "a", ["v1", "v2"], ["yes", "no"], ["yes", "yes"], "yes")[2]
    other = build.binary("t", "b", ["v2", "v3"], ["yes", "no"], ["yes", "no"], "yes")[2]
    average = build.mean_over_items([one, other])
    assert average is not None
    assert average.value == pytest.approx((one.value + other.value) / 2)
    assert (average.item, average.metric, average.videos) == ("mean", "f1", ("v1", "v2", "v3"))
    # v2 belongs to both items and moves them together.
    weights = np.array([[1.0, 2.0, 1.0]])
    expected = (one.resampled(weights[:, :2]) + other.resampled(weights[:, 1:])) / 2
    assert average.resampled(weights) == pytest.approx(expected)


def test_mean_over_items_leaves_undefined_items_out_or_counts_them():
    known = build.mean("t", "a", "m", ["v1"], [4.0])
    empty = build.mean("t", "b", "m", [], [])
    assert build.mean_over_items([known, empty]).value == 4.0
    assert build.mean_over_items([known, empty]).note == "mean over 1 item"
    assert build.mean_over_items([known, known]).note == "mean over 2 items"
    assert build.mean_over_items([empty]) is None
    lost = replace(known, item="c", rows=np.zeros_like(known.rows))
    assert build.mean_over_items([known, lost]).value == 4.0
    assert build.mean_over_items([known, lost], missing=0.0).value == 2.0


def test_mean_of_a_median_item_still_resamples():
    parts = [
        build.median("t", "a", "median", ["v1", "v2"], [1.0, 3.0]),
        build.median("t", "b", "median", ["v2"], [10.0]),
    ]
    average = build.mean_over_items(parts)
    assert average.value == pytest.approx((2.0 + 10.0) / 2)
    assert average.resampled(np.array([[0.0, 1.0]])) == pytest.approx([(3.0 + 10.0) / 2])


def test_counts_say_what_was_scored():
    counts = Counts(asked=5, answered=4, readable=3, failed=1)
    tally = build.mean("t", "i", "m", ["a", "b"], [1.0, 2.0], counts=counts)
    assert (tally.counts.asked, tally.counts.scored, tally.counts.failed) == (5, 2, 1)


def test_coverage_is_the_share_scored():
    assert build.coverage("t", "i", ["a", "b", "c"], [True, True, False]).value == pytest.approx(
        2 / 3
    )


@pytest.mark.parametrize("make", [build.binary_formula, lambda m: build.macro_formula(m, 2)])
def test_unknown_metric_is_refused(make):
    with pytest.raises(S3EvalError, match="Expected metric"):
        make("auc")
