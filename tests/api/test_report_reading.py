"""Reports are read and scored from Python as `s3eval judge read` and `judge rqi` do it."""

from __future__ import annotations

import csv
import io
import json

import pytest
from click.testing import CliRunner

from s3eval.api import JudgeChoice
from s3eval.api.report_reading import read_reports, score_reports
from s3eval.cli import cli
from s3eval.errors import S3EvalError
from s3eval.judge import Extract, Judge
from s3eval.plugins import Plugin
from s3eval.specs import JudgeSpec
from s3eval.testing.plugins import beside_installed

PREDICTED = """file_name,report
a.mp4,"Blank stare, then clonic jerking of the left arm."
b.mp4,"Blank stare."
c.mp4,
d.mp4,Tonic stiffening.
,a row without a name
"""
REFERENCE = """file_name,report
a.wav,"Blank stare, then clonic jerking of the left arm."
b.mp4,"Tonic stiffening, then clonic jerking."
c.mp4,Blank stare.
z.mp4,Blank stare.
"""


@pytest.fixture
def tables(tmp_path):
    predicted, reference = tmp_path / "p.csv", tmp_path / "r.csv"
    predicted.write_text(PREDICTED)
    reference.write_text(REFERENCE)
    return predicted, reference


def test_reading_counts_every_row_once(tables):
    read = read_reports(tables[0])
    assert read.counts == {"rows": 5, "read": 3, "unreadable": 1, "left_out": 1}
    assert not read.is_complete
    assert [*read.problem_lines()] == [str(p) for p in read.problems]
    shown = CliRunner().invoke(cli, ["judge", "read", str(tables[0]), "--json", "-"])
    assert shown.exit_code == 3
    assert json.loads(shown.stdout) == json.loads(json.dumps(read.as_json()))


def test_a_table_that_is_read_whole_is_complete(tables):
    read = read_reports(tables[1])
    assert read.is_complete and not read.problems
    assert read.judge["judge"] == "lexicon"


def test_scores_are_those_of_the_verb(tables):
    scores = score_reports(*tables)
    arguments = ["judge", "rqi", *map(str, tables)]
    shown = CliRunner().invoke(cli, [*arguments, "--json", "-"])
    assert shown.exit_code == 3
    assert json.loads(shown.stdout) == json.loads(json.dumps(scores.as_json()))
    assert CliRunner().invoke(cli, [*arguments, "--csv", "-"]).stdout == scores.to_csv()


def test_what_has_no_score_has_a_reason_and_is_in_no_mean(tables):
    scores = score_reports(*tables)
    by_name = {row["file_name"]: row for row in scores.rows}
    assert by_name["a.mp4"]["rqi"] == 100
    assert "empty" in by_name["c.mp4"]["not_scored"]
    assert by_name["d.mp4"]["not_scored"] == "no reference report"
    assert (scores.summary["predicted"], scores.summary["scored"]) == (4, 2)
    assert scores.summary["mean"]["rqi"] == (100 + by_name["b.mp4"]["rqi"]) / 2
    assert (scores.unpaired, scores.left_out, scores.is_complete) == (1, 1, False)
    (last,) = [r for r in csv.DictReader(io.StringIO(scores.to_csv())) if r["file_name"] == "d.mp4"]
    assert last["rqi"] == ""


def test_annotation_has_no_effect_under_paper_and_that_is_reported(tables, tmp_path):
    marked = tmp_path / "marked.csv"
    marked.write_text("file_name,tonic,clonic,blank_stare\na.mp4,yes,no,no\nb.mp4,no,no,no\n")
    lines: list[str] = []
    assert score_reports(*tables, annotation=marked, notify=lines.append) == score_reports(*tables)
    assert len(lines) == 1 and "--protocol release" in lines[0]
    release = score_reports(*tables, protocol="release", annotation=marked, notify=lines.append)
    assert len(lines) == 1
    assert release.rows[0]["hallucinations_against"] == "annotation"
    assert release.rows[0]["n_hallucinated"] > 0


@pytest.mark.parametrize(
    "function", [read_reports, lambda table, j: score_reports(table, table, j)]
)
def test_somebody_must_read(tables, function):
    with pytest.raises(S3EvalError, match="needs a judge"):
        function(tables[1], JudgeChoice("none", named=True))


class ReadsNoReport(Judge):
    serves = (Extract,)

    def identity(self):
        return {"judge": "narrow"}


@pytest.mark.parametrize(
    "function", [read_reports, lambda table, j: score_reports(table, table, j)]
)
def test_a_judge_that_reads_no_reports_is_named(tables, function):
    spec = JudgeSpec("narrow", adapter=f"{__name__}:ReadsNoReport")
    with (
        beside_installed(Plugin("judge", spec, "narrow-package", "1.0")),
        pytest.raises(S3EvalError, match=r"'narrow' cannot read 'ReadReport'.*--judge lexicon"),
    ):
        function(tables[1], JudgeChoice("narrow", named=True))
