"""Reports rated by experts: drawn once for all, blind, kept at once; agreement and the table."""

from __future__ import annotations

import csv
import json

import pytest
from click.testing import CliRunner
from s3eval_view.study.experts import agreement, rater_folders, read_ratings, table_of
from s3eval_view.study.reports import RUBRIC, drawn_reports, without_names

from s3eval.api.datasets import open_dataset
from s3eval.cli import cli
from s3eval.errors import S3EvalError
from s3eval.running.runs import open_runs

from .conftest import MODELS, NAMES


def rate_all(session, values):
    """Rate by run and video: the same report gets the same value whatever the order."""
    for place, report in enumerate(session.reports):
        session.save(place, values[report.run, report.video], f"by {session.rater}", 4.0)


@pytest.fixture
def three(rating_of):
    """Three raters who have rated all nine reports, not quite alike."""
    base = {(f"run-{m}", v): 1 + (m * 2 + i) % 5 for m in range(3) for i, v in enumerate(NAMES)}
    shifted = {k: min(5, v + (k[1] == NAMES[0])) for k, v in base.items()}
    lower = {k: max(1, v - (k[0] == "run-1")) for k, v in base.items()}
    for rater, values in (("E1", base), ("E2", shifted), ("E3", lower)):
        rate_all(rating_of(rater), values)
    return rating_of("E1").folder.parent


def test_all_raters_get_the_same_reports_each_in_an_order_of_their_own(rating_of):
    one, two = rating_of("E1"), rating_of("E2")
    assert sorted(map(repr, one.reports)) == sorted(map(repr, two.reports))
    assert len(one.reports) == 9
    orders = {tuple((r.run, r.video) for r in rating_of(f"E{i}").reports) for i in range(1, 7)}
    assert len(orders) > 3
    assert [r.run for r in rating_of("E1").reports] == [r.run for r in one.reports]


def test_patients_are_drawn_and_only_videos_that_all_have_reports_of(report_runs, films, tmp_path):
    import shutil

    runs = open_runs(report_runs)
    dataset = open_dataset(films)
    drawn = drawn_reports(runs, dataset, 2, seed=0)
    assert len(drawn) == 6 and len({r.patient for r in drawn}) == 2
    others = [drawn_reports(runs, dataset, 2, seed) for seed in range(8)]
    assert len({tuple(sorted({r.video for r in some})) for some in others}) > 1
    shutil.copytree(report_runs[0], tmp_path / "short")
    lines = (tmp_path / "short" / "findings.jsonl").read_text().splitlines()
    (tmp_path / "short" / "findings.jsonl").write_text(lines[0] + "\n")
    short = open_runs([tmp_path / "short", report_runs[1]])
    assert {r.video for r in drawn_reports(short, dataset)} == {json.loads(lines[0])["video"]}
    (tmp_path / "short" / "findings.jsonl").write_text("")
    with pytest.raises(S3EvalError, match="no reports in short"):
        drawn_reports(open_runs([tmp_path / "short"]), dataset)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("As Qwen2.5-VL, I see", "As [a model], I see"),
        ("QWEN 2.5 VL 7B sees", "[a model] sees"),
        ("InternVL3_5-8B: the head", "[a model]: the head"),
        ("qwen: the head", "[a model]: the head"),
        ("the Qwen2.5-Omni-7B saw", "the [a model]-Omni-7B saw"),
        ("The qwenched fire", "The qwenched fire"),
        ("repetitive motion", "repetitive motion"),
    ],
)
def test_names_of_models_are_taken_out_of_reports(text, told):
    names = ["qwen2.5-vl-7b", "internvl3.5-8b", "qwen2.5-vl", "internvl", "qwen"]
    assert without_names(text, names) == told


def test_ratings_are_kept_at_once_and_the_last_counts(rating_of):
    session = rating_of()
    session.save(0, 3, "", 2.0)
    session.save(0, 4, "clear", 1.5)
    report = session.reports[0]
    given = rating_of().given()[report.run, report.video]
    assert (given.rating, given.comment, given.seconds) == (4, "clear", 3.5)
    assert rating_of().progress() == (1, 1)
    for bad in (0, 6, 3.5, "3", None, True):
        with pytest.raises(S3EvalError, match="from 1 to 5"):
            session.save(1, bad, "", 1.0)
    for place in (-1, 9):
        with pytest.raises(S3EvalError, match="no such report"):
            session.save(place, 3, "", 1.0)
    assert rating_of().progress() == (1, 1)


def test_ratings_of_other_reports_in_the_folder_are_refused(rating_of):
    rating_of()
    for change in ({"patients": 1}, {"reference": True}, {"seed": 1}):
        with pytest.raises(S3EvalError, match="other reports"):
            rating_of(**change)


def test_agreement_is_that_of_the_ratings(three):
    ratings = read_ratings(rater_folders([three]))
    assert ratings.raters == ("E1", "E2", "E3")
    found = {(t.item, t.metric): t.value for t, _ in agreement(ratings, resamples=50)}
    from sklearn.metrics import cohen_kappa_score

    numbers = [*ratings.numbers().values()]
    expected = cohen_kappa_score(
        [n[0] for n in numbers], [n[1] for n in numbers], labels=[1, 2, 3, 4, 5],
        weights="quadratic",
    )  # fmt: skip
    assert found["E1 and E2", "quadratic_kappa"] == pytest.approx(expected)
    assert 0.5 < found["all raters", "icc_single"] < found["all raters", "icc_mean"] < 1


def test_raters_who_did_not_rate_alike_are_refused(rating_of, tmp_path):
    one, two = rating_of("E1"), rating_of("E2", out=tmp_path / "b", reference=True)
    with pytest.raises(S3EvalError, match="annotated reports"):
        read_ratings([one.folder, two.folder])
    with pytest.raises(S3EvalError, match="Two folders"):
        read_ratings([one.folder, one.folder])
    with pytest.raises(S3EvalError, match="No ratings"):
        read_ratings([tmp_path])


def test_the_table_is_what_judge_validate_takes(three, report_runs, tmp_path):
    table = tmp_path / "ratings.csv"
    arguments = ["judge", "ratings", str(three), "--csv", str(table), "--judge", "lexicon"]
    arguments += ["--resamples", "50"]
    for run in report_runs:
        arguments += ["--runs", str(run)]
    done = CliRunner().invoke(cli, arguments, catch_exceptions=False)
    assert done.exit_code == 0
    assert "ICC(2,1)" in done.output and "E1 and E2" in done.output
    rows = list(csv.DictReader(table.open(encoding="utf-8")))
    assert len(rows) == 9
    assert {*rows[0]} >= {"model", "video_id", "patient", "rqi", "rouge_l", "expert", "rater_E1"}
    for row in rows:
        mine = [int(row[f"rater_E{i}"]) for i in (1, 2, 3)]
        assert float(row["expert"]) == pytest.approx(sum(mine) / 3, abs=1e-3)
    assert {row["model"] for row in rows} == {*MODELS}
    # The report that says what is annotated has the best words.
    best = max(rows, key=lambda row: float(row["rouge_l"]))
    assert best["model"] == MODELS[0]
    checked = CliRunner().invoke(
        cli, ["judge", "validate", str(table), "--json", "-", "--resamples", "50"]
    )
    assert checked.exit_code == 0
    document = json.loads(checked.output)
    assert document["rated"] == 9 and document["problems"] == []
    names = {m["metric"] for m in document["metrics"]}
    assert names >= {"rqi", "rouge_l"} and not any("rater" in name for name in names)
    one = CliRunner().invoke(cli, ["judge", "validate", str(table), "--expert", "rater_E1",
                                   "--json", "-", "--resamples", "50"])  # fmt: skip
    assert {m["metric"] for m in json.loads(one.output)["metrics"]} == names


def test_the_metrics_of_the_table_average_to_the_scores(three, report_runs, tmp_path):
    from s3eval import api

    table = tmp_path / "ratings.csv"
    arguments = ["judge", "ratings", str(three), "--csv", str(table), "--judge", "lexicon"]
    arguments += ["--resamples", "20"]
    arguments += [x for run in report_runs for x in ("--runs", str(run))]
    assert CliRunner().invoke(cli, arguments, catch_exceptions=False).exit_code == 0
    rows = list(csv.DictReader(table.open(encoding="utf-8")))
    for place, run in enumerate(report_runs):
        scores = {r.metric: r.value for r in api.score(run, judge="lexicon", resamples=20)[0].rows}
        mine = [row for row in rows if row["model"] == MODELS[place]]
        for metric in ("rqi", "rouge_l"):
            mean = sum(float(row[metric]) for row in mine) / len(mine)
            assert mean == pytest.approx(scores[metric], abs=1e-3), metric


def test_a_report_that_somebody_has_not_rated_is_left_out(rating_of):
    for rater, count in (("E1", 9), ("E2", 4)):
        session = rating_of(rater)
        for place in range(count):
            session.save(place, 3, "", 1.0)
    ratings = read_ratings(rater_folders([rating_of().folder.parent]))
    rows = list(csv.DictReader(table_of(ratings, {}).splitlines()))
    assert len(rows) == 4 and [*rows[0]] == [
        "model", "video_id", "patient", "expert", "rater_E1", "rater_E2",
    ]  # fmt: skip


def test_the_rubric_has_five_steps_in_order():
    assert [value for value, _, _ in RUBRIC] == [5, 4, 3, 2, 1]
