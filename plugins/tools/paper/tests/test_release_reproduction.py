"""The real release, where it is on the machine: every cell that it allows."""

from __future__ import annotations

from collections import Counter

import pytest

from s3eval.testing.paths import release_dir

pytestmark = [
    pytest.mark.release,
    pytest.mark.skipif(release_dir() is None, reason="the public release is not on this machine"),
]
MODELS = 4  # with all tasks; a fifth only hears


@pytest.fixture(scope="module")
def reproduction():
    from s3eval_paper.release.reading import read_release
    from s3eval_paper.reproduction import reproduce

    return reproduce(read_release(release_dir(), ["test"]), "test")


def test_every_recomputed_cell_equals_the_print(reproduction) -> None:
    differs = [c for c in reproduction.compared if c.status in ("explained", "unexplained")]
    assert not differs
    assert reproduction.matched == reproduction.total


def test_the_cells_that_must_be_among_them(reproduction) -> None:
    found = Counter(c.cell.table for c in reproduction.compared if c.status == "match")
    assert found["19"] == 2 * 72 + 2 * 80 + 8
    assert found["20"] == found["19"] // 4 * 3, "all but BERTScore"
    assert found["21"] == 12 * MODELS
    assert found["22"] == 19 * MODELS
    assert found["23"] == 3 * MODELS
    assert found["24"] >= 4 * MODELS
    assert found["2"] == 9 * MODELS, "RQI and Task 7 without and with the report"
    assert found["10"] == 20


def test_every_report_has_the_recorded_rqi(reproduction) -> None:
    assert len(reproduction.rqi_reports) == MODELS
    assert all(equal == n for equal, n in reproduction.rqi_reports.values())


def test_the_papers_temporal_f1_is_another_figure(reproduction) -> None:
    published = {
        c.cell.model: c.cell.value
        for c in reproduction.compared
        if c.cell.table == "23" and c.cell.metric == "temporal_f1"
    }
    for model, value in reproduction.paper_f1.items():
        if value is not None:
            assert 0.03 <= value <= 0.13 < published[model]


def test_texts_equal_the_release_to_full_precision() -> None:
    import csv

    from s3eval_paper.recompute import score_run
    from s3eval_paper.release.reading import read_release
    from s3eval_paper.tables import model_name

    root = release_dir()
    release = read_release(root, ["test"], lambda name: name == "Audio-Flamingo-3")
    found = score_run(release.dataset, release.runs[0])
    path = root / "test_dataset/metrics_test/Task2_feature_metrics/AF3_feature_summary.csv"
    assert model_name(path.name.split("_")[0]) == "Audio-Flamingo-3"
    with path.open(encoding="utf-8-sig", newline="") as handle:
        rows = [r for r in csv.DictReader(handle) if not r["feature"].startswith("AVG")]
    assert len(rows) == 2
    for row in rows:
        bleu = found.scores["justification", row["feature"], "bleu"]
        rouge = found.scores["justification", row["feature"], "rouge"]
        assert bleu.value == pytest.approx(float(row["bleu_corpus"]), abs=1e-9)
        assert rouge.value == pytest.approx(float(row["rouge1_f1_mean"]), abs=1e-9)
        assert bleu.scored == int(row["n_pairs"])


@pytest.fixture(scope="module")
def whole():
    from s3eval_paper.release.reading import read_release
    from s3eval_paper.reproduction import reproduce

    return reproduce(read_release(release_dir(), ["all"]), "all")


def test_every_cell_of_the_whole_dataset_matches_or_is_explained(whole) -> None:
    found = whole
    assert found.count("unexplained") == 0
    assert found.matched >= 424
    causes = Counter((c.cell.table, c.cause) for c in found.compared if c.cause)
    assert causes["13", "shifted row"] == 33
    assert causes["15", "one video left out"] == 3
    assert causes["18", "stale total"] == causes["18", "rounded twice"] == 1
    assert causes["14", "one video left out"] + causes["14", "edited later"] == 36
    assert causes["14", "other texts then"] == 22
    assert all(c.reason and c.match is False for c in found.compared if c.cause)
    interpretation = [c for c in found.compared if c.cell.metric == "interpretation"]
    assert sum(c.status == "match" for c in interpretation) == 2 * 18 + 20 + 2


@pytest.mark.parametrize("model", ["InternVL3.5-38B", "Qwen3-VL-8B"])
def test_a_model_alone_is_explained_by_the_answers_of_all(whole, model: str) -> None:
    from s3eval_paper.release.reading import read_release
    from s3eval_paper.reproduction import NOT_RECOMPUTABLE, reproduce

    alone = reproduce(read_release(release_dir(), ["all"], lambda n: n == model), "all", [model])
    elsewhere = [c for c in whole.compared if c.cell.table in NOT_RECOMPUTABLE]
    mine = [
        c for c in whole.compared if c.cell.model == model and c.cell.table not in NOT_RECOMPUTABLE
    ]
    assert [*alone.compared] == mine + elsewhere
    assert {*alone.paper_f1} == {model}
