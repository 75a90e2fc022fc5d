"""Metrics are held against ratings from Python as `s3eval judge validate` does it."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from s3eval.api import metric_validating
from s3eval.api.metric_validating import validate_metrics
from s3eval.cli import cli
from s3eval.errors import S3EvalError, UnknownNameError
from s3eval.plugins import Registry
from s3eval.testing.plugins import in_place_of_installed


@pytest.fixture
def ratings(tmp_path):
    table = tmp_path / "ratings.csv"
    rows = [f"m,p{i // 2}@{i},{i},{12 - i},words,{i // 3},{i // 4}" for i in range(12)]
    rows += ["m,p0@0,1,1,words,1,1", "m,p9@9,many,1,words,2,1"]
    header = "model,video_id,rqi,rouge1,comment,expert,rater_1"
    table.write_text("\n".join([header, *rows]) + "\n")
    return table


def test_the_verb_prints_what_the_function_gives(ratings):
    done = validate_metrics(ratings, resamples=100)
    arguments = ["judge", "validate", str(ratings), "--resamples", "100", "--json", "-"]
    shown = CliRunner().invoke(cli, arguments)
    assert shown.exit_code == 3, "a row is left out"
    assert json.loads(shown.stdout) == json.loads(json.dumps(done.as_json()))


def test_metrics_are_the_columns_of_numbers_that_are_no_expert_s(ratings):
    done = validate_metrics(ratings, resamples=0)
    assert [a.metric for a in done.agreements] == ["rqi", "rouge1"]
    assert (done.rated, done.left_out, len(done.problems)) == (13, 1, 2)
    assert done.remarks == ("ratings.csv: 'comment' holds no numbers; not compared",)
    assert done.publication is None
    rqi, rouge = done.agreements
    assert rqi.missing == 1 and rqi.values["pearson"] > 0.9
    assert rouge.values["pearson"] < -0.8


def test_another_expert_and_metrics_that_are_named(ratings):
    done = validate_metrics(ratings, "rater_1", ["rqi"], resamples=0)
    assert [a.metric for a in done.agreements] == ["rqi"]
    with pytest.raises(UnknownNameError, match="did you mean 'rqi'"):
        validate_metrics(ratings, metrics=["rqqi"])


def test_more_ratings_than_memory_has_room_for_are_refused(ratings, monkeypatch):
    monkeypatch.setattr(metric_validating, "MAX_RATINGS", 12)
    with pytest.raises(S3EvalError, match="More than 12 rated reports"):
        validate_metrics(ratings)


def test_without_a_publication_a_file_is_asked_for():
    with in_place_of_installed(Registry(())), pytest.raises(S3EvalError, match="No published"):
        validate_metrics()
