"""A check of the model, kept with the run, stands in its report."""

from __future__ import annotations

import shutil

import pytest
from s3eval_view.report.checks import check_table
from s3eval_view.report.evidence import gather
from s3eval_view.report.writing import Choices, write_report

from s3eval import api
from s3eval.errors import S3EvalError
from s3eval.running.model_check import FILE, CheckLine, ModelCheck, write_model_check


@pytest.fixture
def run(made, tmp_path):
    return shutil.copytree(made.runs[0], tmp_path / "checked")


def check_of(run, **changes):
    facts = api.open_runs([run])[0].facts
    lines = (
        CheckLine("order", "does it know which came first?", "fail", "0 of 12 right", "reversed"),
        CheckLine("speed", "how long?", "measured", "1.0 s"),
    )
    return ModelCheck(
        **{"model": facts.model, "identity": facts.identity, "lines": lines} | changes
    )


def test_a_check_is_shown_with_verdict_finding_and_cause(run, tmp_path):
    evidence = gather(api.score([run], resamples=50))
    assert check_table(evidence, "t").rows == ()
    write_model_check(run, check_of(run))
    table = check_table(evidence, "t")
    assert [row[0].text for row in table.rows] == ["order", "speed"]
    assert table.rows[0][2].text == "fail"
    assert table.rows[0][2].small == ("0 of 12 right", "likely: reversed")
    assert table.note == ""
    write_report(evidence, tmp_path / "out", Choices(resamples=50))
    page = (tmp_path / "out" / "index.html").read_text()
    assert "Whether the model really watches" in page and "0 of 12 right" in page
    assert (tmp_path / "out" / "tables" / "model-check.csv").is_file()


def test_a_check_of_other_settings_is_said_to_be_one(run):
    evidence = gather(api.score([run], resamples=50))
    write_model_check(run, check_of(run, identity={"dtype": "bfloat16"}))
    assert "checked with other settings" in check_table(evidence, "t").note
    write_model_check(run, check_of(run, model="another"))
    assert "another model was checked (another)" in check_table(evidence, "t").note


@pytest.mark.parametrize("text", ["{}", "[]", "no", '{"format": 99}'])
def test_a_check_that_cannot_be_read_is_an_error_that_names_it(run, text):
    (run / FILE).write_text(text)
    with pytest.raises(S3EvalError, match="cannot be read"):
        check_table(gather(api.score([run], resamples=50)), "t")
