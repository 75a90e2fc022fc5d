"""Confusion counts in the terminal: against scikit-learn, and how they read at 80 columns."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from s3eval import Annotation, Dataset, FeatureAnnotation, Video
from s3eval.cli import cli
from s3eval.dataset import write_folder
from s3eval.reporting.confusion import confusion_tables
from s3eval.running.runs import RunFacts, write_run
from s3eval.task import Finding

TRUE = ["yes", "yes", "yes", "no", "no", "no", "no", "no", "yes", "no"]
SAID = ["yes", "no", "yes", "yes", "no", "no", "no", "yes", "-", "no"]


@pytest.fixture
def run(tmp_path):
    videos = tuple(Video(f"v{i}", f"p{i}", duration=30.0) for i in range(len(TRUE)))
    notes = {
        f"v{i}": Annotation(f"v{i}", {"tonic": FeatureAnnotation(true)})
        for i, true in enumerate(TRUE)
    }
    data = write_folder(Dataset("d", videos, notes), tmp_path / "data")
    findings = [
        Finding("recognition", f"v{i}", "tonic", "answered", said)
        if said != "-"
        else Finding("recognition", f"v{i}", "tonic", "unreadable", None, "nonsense", 1, 0)
        for i, said in enumerate(SAID)
    ]
    facts = RunFacts("m", ("sight",), ("recognition",), str(data), source="recorded")
    return write_run(tmp_path / "run", facts, findings)


def test_counts_are_those_of_scikit_learn(run):
    from sklearn.metrics import confusion_matrix

    done = CliRunner().invoke(cli, ["show", str(run), "--confusion", "--json", "-"])
    (document,) = json.loads(done.stdout)
    (found,) = document["confusion"]
    pairs = [(t, s) for t, s in zip(TRUE, SAID, strict=True) if s != "-"]
    tn, fp, fn, tp = confusion_matrix(*zip(*pairs, strict=True), labels=["no", "yes"]).ravel()
    names = ("true_positive", "false_positive", "false_negative", "true_negative", "unanswered")
    assert [found[n] for n in names] == [tp, fp, fn, tn, 1] == [2, 2, 1, 4, 1]
    assert found["sensitivity"] == pytest.approx(2 / 3)
    assert found["specificity"] == pytest.approx(4 / 6)
    assert (found["positive_predictive"], found["negative_predictive"]) == (0.5, 0.8)
    assert found["prevalence"] == pytest.approx(3 / 9)


def test_the_table_says_so(run):
    done = CliRunner().invoke(cli, ["show", str(run), "--confusion"], catch_exceptions=False)
    assert done.exit_code == 0
    header, row = done.output.splitlines()[1:3]
    assert header.split() == [
        "item",
        "TP",
        "FP",
        "FN",
        "TN",
        "none",
        "sens",
        "spec",
        "PPV",
        "NPV",
        "said",
        "prev",
    ]
    assert row.split() == [
        "tonic",
        "2",
        "2",
        "1",
        "4",
        "1",
        "0.67",
        "0.67",
        "0.50",
        "0.80",
        "0.44",
        "0.33",
    ]


def test_it_fits_eighty_columns(run, monkeypatch, capsys):
    from s3eval import api
    from s3eval.api.judges import JudgeChoice
    from s3eval.api.runs import score_runs
    from s3eval.reporting import tables

    findings = [
        Finding("recognition", f"v{i}", "tonic", "answered", said.replace("-", "no"))
        for i, said in enumerate(SAID)
    ]
    (opened,) = api.open_runs(run)
    write_run(run, opened.facts, findings)
    scored = score_runs(api.open_runs(run), JudgeChoice(), resamples=20, evidence=True)
    (table,) = confusion_tables(scored.scored)
    rows = [["arms_move_simultaneously", *row[1:]] for row in table.rows]
    monkeypatch.setattr(tables, "on_terminal", lambda stream: True)
    monkeypatch.setenv("COLUMNS", "80")
    tables.print_table(table.title, table.columns, rows, table.right)
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 80
    assert sum("arms_move_simultaneously" in line for line in lines) == 1


def test_a_number_and_its_interval_stay_on_a_line(monkeypatch, capsys):
    from s3eval.reporting import tables

    monkeypatch.setattr(tables, "on_terminal", lambda stream: True)
    monkeypatch.setenv("COLUMNS", "80")
    columns = ["item", "f1", "", "chance", "precision", "recall", "n"]
    row = ["arms_move_simultaneously", "0.67 [0.50, 1.00]", "≤ chance"]
    row += ["0.30 prevalence-matched random", "0.50", "1.00", "438/438"]
    tables.print_table("t", columns, [row], ["precision", "recall", "n"])
    out = capsys.readouterr().out
    assert "0.67 [0.50, 1.00]" in out
    assert max(map(len, out.splitlines())) <= 80
