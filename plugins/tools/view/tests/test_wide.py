"""The wide export: what each run said of each video and item, beside the truth."""

from __future__ import annotations

import csv
import shutil

import pytest
from click.testing import CliRunner
from s3eval_view import wide

from s3eval import api
from s3eval.cli import cli
from s3eval.errors import S3EvalError


def export(made, out, *runs):
    arguments = ["export", *map(str, runs or made.runs), "--to", "wide", "-o", str(out)]
    CliRunner().invoke(cli, arguments, catch_exceptions=False)
    return out


def test_each_finding_is_in_one_row_with_its_truth(made, tmp_path):
    with export(made, tmp_path / "wide.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    first, _ = api.open_runs(made.runs)
    dataset = api.open_dataset(made.data)
    by_key = {(r["task"], r["item"], r["video"]): r for r in rows}
    assert len(by_key) == len(rows)
    for f in first.findings["recognition"]:
        row = by_key["recognition", f.item, f.video]
        assert row["state one"] == f.state and row["value one"] == (f.value or "")
        assert row["probability one"] == ("" if f.probability is None else str(f.probability))
        assert row["truth"] == dataset.annotation(f.video).presence(f.item)
        assert row["patient"] == dataset.patients[f.video]
    assert {r["state two & <co>"] for r in rows} >= {"answered", "unreadable"}
    lists = [r for r in rows if r["task"] == "sequence"]
    assert lists and all(r["value one"].startswith("[") for r in lists)


def test_parquet_has_the_same_rows(made, tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet", reason="pyarrow is not installed")
    table = parquet.read_table(export(made, tmp_path / "wide.parquet")).to_pylist()
    with export(made, tmp_path / "wide.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(table) == len(rows)
    for mine, other in zip(rows, table, strict=True):
        assert {k: "" if v is None else str(v) for k, v in other.items()} == mine


def test_another_suffix_is_refused(made, tmp_path):
    with pytest.raises(S3EvalError, match=r"\.csv or \.parquet"):
        export(made, tmp_path / "wide.xlsx")


def test_runs_on_older_tables_are_named(made, tmp_path):
    data = tmp_path / "data"
    shutil.copytree(made.data, data)
    out = tmp_path / "runs"
    models = ("always-yes", "always-no")
    for model in models:
        arguments = ["run", "-m", model, "-t", "recognition", "-d", str(data), "-o", str(out)]
        CliRunner().invoke(cli, [*arguments, "--limit", "1"], catch_exceptions=False)
    table = data / "videos.csv"
    table.write_text(table.read_text() + "\n")
    with pytest.raises(S3EvalError) as caught:
        wide.write(api.open_runs([out / model for model in models]), tmp_path / "wide.csv")
    assert "tables changed since these runs" in str(caught.value)
    assert "always-yes, always-no" in str(caught.value)
