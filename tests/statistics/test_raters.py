"""Agreement of readers and annotators, held against scikit-learn, statsmodels and Krippendorff."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from s3eval.dataset import Annotation, Dataset, FeatureAnnotation
from s3eval.errors import S3EvalError
from s3eval.statistics.groups import distributions, feature_agreement
from s3eval.statistics.raters import agreement_tallies, cohen, fleiss, krippendorff
from s3eval.statistics.readers import agreement, differences_of_numbers, findings_of, read_csv


def ratings(raters: int, seed: int = 0, n: int = 50, gaps: float = 0.0):
    rng = np.random.default_rng(seed)
    truth = rng.choice(["yes", "no", "na"], size=n, p=[0.5, 0.4, 0.1])
    made = {}
    for i, t in enumerate(truth):
        said = [t if rng.random() < 0.7 else rng.choice(["yes", "no", "na"]) for _ in range(raters)]
        made[f"v{i:02d}"] = tuple(None if rng.random() < gaps else str(x) for x in said)
    return made


def test_cohen_is_scikit_learns():
    from sklearn.metrics import cohen_kappa_score

    made = ratings(2)
    one, two = zip(*made.values(), strict=True)
    assert cohen("r", "x", made).value == pytest.approx(cohen_kappa_score(one, two))


@pytest.mark.parametrize("raters", [2, 3, 5])
def test_fleiss_is_statsmodels(raters):
    from statsmodels.stats.inter_rater import aggregate_raters, fleiss_kappa

    made = ratings(raters, seed=raters)
    table, _ = aggregate_raters(np.array(list(made.values())))
    assert fleiss("r", "x", made).value == pytest.approx(fleiss_kappa(table))


def test_krippendorffs_own_example():
    """Krippendorff (2011), section C: four observers, twelve units, nominal alpha 0.743."""
    rows = ["1 2 3 3 2 1 4 1 2 . . .", "1 2 3 3 2 2 4 1 2 5 . 3",
            ". 3 3 3 2 3 4 2 2 5 1 .", "1 2 3 3 2 4 4 1 2 5 1 ."]  # fmt: skip
    table = [[None if x == "." else x for x in r.split()] for r in rows]
    made = {f"u{i:02d}": tuple(r[i] for r in table) for i in range(12)}
    assert krippendorff("r", "x", made).value == pytest.approx(0.743, abs=0.0005)


def test_the_measures_that_fit_are_chosen():
    assert [t.metric for t in agreement_tallies("r", "x", ratings(2))] == ["cohens_kappa"]
    three = [t.metric for t in agreement_tallies("r", "x", ratings(3))]
    assert three == ["fleiss_kappa", "krippendorff_alpha"]
    with_gaps = [t.metric for t in agreement_tallies("r", "x", ratings(2, gaps=0.2))]
    assert with_gaps == ["cohens_kappa", "krippendorff_alpha"]
    assert agreement_tallies("r", "x", ratings(1)) == []


def test_one_label_throughout_has_no_kappa():
    assert cohen("r", "x", {"a": ("no", "no"), "b": ("no", "no")}).value is None
    assert fleiss("r", "x", {"a": ("no",) * 3, "b": ("no",) * 3}).value is None
    assert krippendorff("r", "x", {"a": ("no",) * 3}).value is None


def changed(dataset: Dataset, share: float, seed: int = 0) -> Dataset:
    rng = np.random.default_rng(seed)
    turn = {"yes": "no", "no": "yes"}
    annotations = {
        v: Annotation(
            v,
            {
                f: FeatureAnnotation(turn[x.presence] if rng.random() < share else x.presence)
                for f, x in a.features.items()
            },
        )
        for v, a in dataset.annotations.items()
    }
    return replace(dataset, name="second", annotations=annotations)


def test_two_annotations_of_the_same_videos(dataset):
    from sklearn.metrics import cohen_kappa_score

    other = changed(dataset, 0.1)
    found = {k.feature: k for k in feature_agreement(dataset, other, resamples=200)}
    tonic = found["tonic"]
    one, two = (
        [d.annotation(v.name).presence("tonic") for v in dataset.videos] for d in (dataset, other)
    )
    assert tonic.kappa == pytest.approx(cohen_kappa_score(one, two))
    assert tonic.low < tonic.kappa < tonic.high
    assert (tonic.videos, tonic.patients) == (len(dataset.videos), 40)
    same = feature_agreement(dataset, dataset, resamples=100)
    assert all(k.kappa == 1.0 and k.agreement == 1.0 for k in same)


def test_distributions_are_scipys(dataset):
    from scipy.spatial.distance import cosine
    from scipy.stats import pearsonr, wasserstein_distance

    es, nes, both = distributions(dataset, changed(dataset, 0.2))
    assert (es.group, nes.group, both.group) == ("ES", "NES", "both")
    a, b = np.array(es.first), np.array(es.second)
    assert es.pearson == pytest.approx(pearsonr(a, b).statistic)
    assert es.p == pytest.approx(pearsonr(a, b).pvalue)
    assert es.cosine == pytest.approx(1 - cosine(a, b))
    assert es.emd == pytest.approx(wasserstein_distance(a / a.sum(), b / b.sum()))
    assert list(both.first) == [*es.first, *nes.first]
    same = distributions(dataset, dataset)[0]
    assert (same.pearson, same.emd) == (pytest.approx(1.0), 0.0)


def test_the_picture_is_the_same_again(dataset, tmp_path):
    from s3eval.statistics.group_figure import draw

    alike = distributions(dataset, changed(dataset, 0.2))
    for name in ("one.png", "two.png"):
        draw(alike, ("first", "second"), tmp_path / name)
    one, two = ((tmp_path / n).read_bytes() for n in ("one.png", "two.png"))
    assert one[:4] == b"\x89PNG"
    assert one == two


def csv_of(dataset: Dataset, tmp_path, rows: list[str]):
    path = tmp_path / "readers.csv"
    names = [v.name for v in dataset.videos]
    text = "\n".join(r.format(*names[:4]) for r in rows)
    path.write_text("reader,video,task,item,answer\n" + text + "\n")
    return path


ROWS = [
    "A,{0},recognition,tonic,yes",
    "B,{0},recognition,tonic,Yes.",
    "A,{1},recognition,tonic,no",
    "B,{1},recognition,tonic,yes",
    "A,{2},recognition,tonic,no",
    "B,{2},recognition,tonic,no",
    "C,{2},recognition,tonic,",
    "A,{0},timing,start,0:12",
    "B,{0},timing,start,0:15",
    "A,{0},diagnosis,,NES",
    "A,{1},spatial,head_turning,the left",
    'A,{1},sequence,,"tonic, clonic"',
    "A,{1},recognition,clonic,mumble",
]


def readings(dataset, tasks, tmp_path):
    rows = read_csv(csv_of(dataset, tmp_path, ROWS), dataset, tasks.by_name)
    return findings_of(rows, tasks.by_name)


def test_readers_are_read_as_models_are(dataset, tasks, tmp_path):
    readers = readings(dataset, tasks, tmp_path)
    mine = {(f.task, f.item): f for f in readers["A"] if f.video == dataset.videos[1].name}
    assert mine["spatial", "head_turning"].value == "left"
    assert mine["sequence", "sequence"].value == ["tonic", "clonic"]
    assert mine["recognition", "clonic"].state == "unreadable"
    assert readers["C"][0].state == "skipped"
    first = {(f.task, f.item): f.value for f in readers["A"] if f.video == dataset.videos[0].name}
    assert first["diagnosis", "video_only"] == "NES"
    assert first["timing", "start"] == 12.0


def test_reader_agreement(dataset, tasks, tmp_path):
    readers = readings(dataset, tasks, tmp_path)
    found = {(t.task, t.item, t.metric): t for t in agreement(readers, tasks.by_name)}
    kappa = found["recognition", "tonic", "cohens_kappa"]  # C never said anything
    assert kappa.value == pytest.approx(0.4)
    (gap,) = differences_of_numbers(readers, tasks.by_name)
    assert (gap.value, gap.unit) == (3.0, "s")


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ("A,nobody@1,recognition,tonic,yes", "Unknown video"),
        ("A,{0},recogniton,tonic,yes", "did you mean 'recognition'"),
        ("A,{0},recognition,tonix,yes", "did you mean 'tonic'"),
        (",{0},recognition,tonic,yes", "no reader"),
        ("A,{0},recognition,tonic,no", "already in row 2"),
    ],
)
def test_a_wrong_row_is_told_with_its_line(dataset, tasks, tmp_path, row, why):
    path = csv_of(dataset, tmp_path, ["A,{0},recognition,tonic,yes", row])
    with pytest.raises(S3EvalError) as raised:
        read_csv(path, dataset, tasks.by_name)
    assert "readers.csv:3" in str(raised.value)
    assert why in str(raised.value)


def test_a_missing_column_is_told(dataset, tasks, tmp_path):
    path = tmp_path / "r.csv"
    path.write_text("reader,video,answer\na,b,c\n")
    with pytest.raises(S3EvalError, match="'task', 'item'"):
        read_csv(path, dataset, tasks.by_name)
