"""The report of two runs: its numbers are those of ``score``, its texts stay texts."""

from __future__ import annotations

import csv
import json
import random
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from click.testing import CliRunner
from s3eval_view.report.as_wrong import as_wrong
from s3eval_view.report.beside import align, choose_videos
from s3eval_view.report.cells import latex_text, number
from s3eval_view.report.confusion import confusion_of
from s3eval_view.report.evidence import gather, words
from s3eval_view.report.quality import quality_table
from s3eval_view.report.timing import errors_of
from s3eval_view.report.writing import Choices, write_report

from s3eval import api
from s3eval.api.runs import score_runs
from s3eval.cli import cli
from s3eval.errors import S3EvalError
from s3eval.testing.paths import release_dir


class Page(HTMLParser):
    """Elements, addresses, visible text, and the cells of each table by (row, column)."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.addresses: list[str] = []
        self.handlers: list[str] = []
        self.text: list[str] = []
        self.cells: dict[str, list[list[str]]] = {}
        self._rows: list[list[str]] = []
        self._in: list[str] = []
        self._shown = False
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        known = dict(attrs)
        self.tags.append(tag)
        self.addresses += [v for k, v in attrs if k in ("src", "href", "data", "action")]
        self.handlers += [k for k, _ in attrs if k.startswith("on")]
        if tag == "table":
            self._rows = self.cells.setdefault(known.get("id", ""), [])
        elif tag == "tr":
            self._rows.append([])
        elif tag in ("td", "th"):
            self._rows[-1].append("")
        self._in.append(tag)

    def handle_endtag(self, tag):
        while self._in and self._in.pop() != tag:
            pass

    def handle_data(self, data):
        self.text.append(data)
        if "small" not in self._in and {"td", "th"} & {*self._in} and self._rows:
            self._rows[-1][-1] += data


@pytest.fixture(scope="module")
def scored(made):
    return api.score(made.runs, resamples=50)


@pytest.fixture(scope="module")
def evidence(scored):
    return gather(scored)


@pytest.fixture(scope="module")
def out(made, tmp_path_factory):
    folder = tmp_path_factory.mktemp("report") / "out"
    arguments = ["report", *map(str, made.runs), "-o", str(folder), "--resamples", "50"]
    arguments += ["--videos", made.video, "--videos", "v01"]
    done = CliRunner().invoke(cli, arguments, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return folder


def ten_cells(out: Path, scores: list[dict], labels: list[str], seed: int) -> None:
    """Ten scores drawn by a seed stand in page, CSV and LaTeX as ``score --json`` has them."""
    page = Page((out / "index.html").read_text())
    every = [
        (label, row)
        for label, one in zip(labels, scores, strict=True)
        for row in one["scores"]
        if row["value"] is not None
    ]
    for label, row in random.Random(seed).sample(every, 10):
        name = re.sub(r"[^a-z0-9]+", "-", f"{row['task']} {row['metric']}".lower())
        shown = number(row["value"])
        lines = page.cells[f"table-{name}"]
        column = lines[0].index(label)
        (line,) = [x for x in lines[1:] if x[0] == words(row["item"])]
        assert line[column].split(" ")[0] == shown
        with (out / "tables" / f"{name}.csv").open(newline="") as file:
            (found,) = [r for r in csv.DictReader(file) if r["item"] == row["item"]]
        assert float(found[label]) == row["value"]
        assert int(found[f"{label} scored"]) == row["scored"]
        latex = (out / "tables" / f"{name}.tex").read_text().splitlines()
        (line,) = [x for x in latex if x.startswith(latex_text(words(row["item"])) + " &")]
        cell = line.removesuffix(r" \\").split(" & ")[column]
        assert cell.split(" ")[0] == latex_text(shown)


def test_ten_cells_of_page_csv_and_latex_are_what_score_says(made, out, evidence):
    done = CliRunner().invoke(
        cli, ["score", *map(str, made.runs), "--resamples", "50", "--json", "-"]
    )
    labels = [run.label for run in evidence.runs]
    for seed in range(3):
        ten_cells(out, json.loads(done.stdout), labels, seed)


def test_the_same_runs_give_the_same_bytes(evidence, tmp_path):
    first, second = (
        {p.relative_to(folder): p.read_bytes() for p in write_report(evidence, folder, Choices())}
        for folder in (tmp_path / "a", tmp_path / "b")
    )
    assert first == second and len(first) > 40
    assert {p.suffix for p in first} == {".html", ".csv", ".tex", ".md", ".svg", ".pdf"}


def test_the_page_needs_nothing_else(out):
    page = Page((out / "index.html").read_text())
    assert page.addresses and all(a.startswith(("#", "data:")) for a in page.addresses)
    assert "link" not in page.tags and "iframe" not in page.tags
    assert "url(" not in (out / "index.html").read_text()


def test_json_names_the_files_and_says_the_headlines(made, tmp_path):
    arguments = ["report", str(made.runs[1]), "-o", str(tmp_path / "o"), "--resamples", "20"]
    done = CliRunner().invoke(cli, [*arguments, "--json", "-"], catch_exceptions=False)
    facts = json.loads(done.stdout)
    assert "index.html" in facts["files"]
    assert all((tmp_path / "o" / name).is_file() for name in facts["files"])
    assert "F1" in facts["headlines"]["Task 1, recognition"]


def test_hostile_text_is_shown_as_text(out):
    text = (out / "index.html").read_text()
    page = Page(text)
    assert page.tags.count("script") == 1 and not page.handlers
    assert "b" not in page.tags
    shown = "".join(page.text)
    assert "<script>alert(1)</script>" in shown and "v00<b>&_$#|%" in shown
    assert "\x1b" not in text and "\u202e" not in text and "\\x1b[31m" in shown


@pytest.mark.parametrize("part", ["headlines", "task-recognition", "confusion-recognition",
                                  "errors-timing", "quality-report", "calibration", "coverage",
                                  "arithmetic",
                                  "videos", "made"])  # fmt: skip
def test_every_part_is_there(out, part):
    assert f'<section id="{part}"' in (out / "index.html").read_text()


def test_no_two_elements_share_an_identifier(out):
    found = re.findall(r' id="([^"]*)"', (out / "index.html").read_text())
    assert len(found) == len({*found})


def test_how_it_was_made_is_told(out):
    shown = "".join(Page((out / "index.html").read_text()).text)
    assert "revision: abc123" in shown and "temperature: 0" in shown
    assert "window seconds 30" in shown


def test_counting_non_answers_as_wrong_by_hand(evidence):
    run = evidence.runs[0]
    for item in ("tonic", "head_turning"):
        known = [k for k in run.known("recognition") if k.finding.item == item]
        if not known:
            continue
        right = sum(k.finding.value == k.truth for k in known)
        found = as_wrong(run)["recognition", item, "accuracy"]
        assert found == pytest.approx(right / len(known))
        assert found < run.rows["recognition", item, "accuracy"].value


def test_a_mean_counts_a_missing_video_as_nothing(scored):
    run = gather(scored).runs[0]
    kept = list(run.findings("sequence"))
    lost = replace(kept[0], state="failed", value=None)
    material = replace(run.material, findings={"sequence": [lost, *kept[1:]]})
    from s3eval.statistics.scored import score_all

    (again,) = score_all([run.scored.run], [material], resamples=20)
    other = replace(run, scored=again)
    known = [k for k in other.known("sequence") if k.truth is not None]
    row = other.rows["sequence", "sequence", "lcs_ratio"]
    assert as_wrong(other)["sequence", "sequence", "lcs_ratio"] == pytest.approx(
        row.value * row.videos / len(known)
    )
    assert ("sequence", "sequence", "edit_distance") not in as_wrong(other)


def test_confusion_counts_lead_to_the_stored_f1(evidence):
    for run in evidence.runs:
        for item, one in confusion_of(run, "recognition").items():
            row = run.rows["recognition", item, "f1"]
            assert one.scored == row.videos
            hits = 2 * one.true_positive
            f1 = hits / (hits + one.false_positive + one.false_negative)
            assert f1 == pytest.approx(row.value)
            assert one.sensitivity == pytest.approx(run.rows["recognition", item, "recall"].value)


def test_what_penalties_take_leads_from_the_base_to_the_index(out):
    with (out / "tables" / "rqi-report.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            parts = [float(v) for k, v in row.items() if "(of " in k]
            assert len(parts) == 4 and sum(parts) == pytest.approx(float(row["base"]))
            left = float(row["base"]) - float(row["taken by penalties"])
            assert left == pytest.approx(float(row["RQI"]))
            assert 0 < float(row["p off-topic"]) < 1 and 0 < float(row["p length"]) < 1


def test_penalties_of_asked_runs_are_those_of_the_readings_made_for_the_scores(filmed):
    opened = api.open_runs([*filmed.runs])
    scored = score_runs(opened, api.JudgeChoice(), resamples=50, evidence=True)
    table = quality_table(gather(scored), "report", "rqi-report")
    first = dict(zip(table.columns, (c.values.get("") for c in table.rows[0]), strict=True))
    penalties = [first[f"p {name}"] for name in ("hallucination", "off-topic", "length")]
    assert first["capped as hazard"] == 0
    assert all(0 < p <= 1 for p in penalties)
    assert (min(penalties) < 1) == (first["taken by penalties"] > 0)


def test_errors_in_seconds_lead_to_the_stored_mean(evidence):
    run = evidence.runs[0]
    rows = [r for r in run.scored.rows if r.metric == "mae" and r.item != "mean"]
    total = sum(r.value * r.videos for r in rows if r.value is not None)
    errors = errors_of(run, "timing")
    assert len(errors) == sum(r.videos for r in rows)
    assert abs(errors).sum() == pytest.approx(total)


def test_the_steps_of_every_task_end_at_the_stored_score(evidence, out):
    from s3eval_view.report.arithmetic import walked

    assert len(evidence.specs) == 7
    for run in evidence.runs:
        for task in evidence.specs:
            tally = walked(run, task, evidence.headline(task))
            assert tally is not None and tally.value is not None, task
            assert tally.value == run.rows[task, tally.item, tally.metric].value
        for tally in run.tallies:
            stored = run.rows[tally.task, tally.item, tally.metric].value
            steps = tally.steps()
            if stored is not None:
                assert steps[-1].value == pytest.approx(stored, rel=1e-12, abs=1e-15)
    for task in evidence.specs:
        with (out / "tables" / f"arithmetic-{task}.csv").open(newline="") as file:
            rows = list(csv.DictReader(file))
        for run in evidence.runs:
            mine = [r for r in rows if r["run"] == run.label]
            assert mine[-1]["step"].startswith("stored score: ")
            assert float(mine[-2]["value"]) == pytest.approx(float(mine[-1]["value"]), rel=1e-12)


def test_an_alignment_names_each_kind_of_difference():
    steps = align(["a", "x", "c", "d"], ["a", "b", "c"])
    assert [s.kind for s in steps] == ["both", "extra", "missing", "both", "extra"]
    assert [s.kind for s in align([], ["a"])] == ["missing"]
    endless = align(["a"] * 1000, ["a"])
    assert endless[-1].kind == "more" and "960" in endless[-1].text


def test_the_videos_with_most_disagreement_come_first(evidence):
    chosen = choose_videos(evidence, 24)
    shares = []
    for video in chosen:
        differ, pairs = 0, 0
        for task in ("recognition", "diagnosis"):
            said: dict[str, list[str]] = {}
            for run in evidence.runs:
                for k in run.known(task):
                    if k.finding.video == video and k.finding.state == "answered":
                        said.setdefault(k.finding.item, []).append(k.finding.value)
            for values in said.values():
                pairs += len(values) == 2
                differ += len({*values}) == 2
        shares.append(differ / pairs)
    assert sum(shares[:6]) > sum(shares[-6:])
    assert choose_videos(evidence, 3, 0) == chosen[:3]


def test_two_stage_only_where_it_is_asked_for(evidence, tmp_path):
    plain = write_report(evidence, tmp_path / "plain", Choices())
    asked = write_report(
        evidence, tmp_path / "asked", Choices(two_stage="logistic-regression", resamples=50)
    )
    names = {p.name for p in asked} - {p.name for p in plain}
    assert "two-stage.csv" in names and "two-stage-importances-1.tex" in names


def test_an_unknown_video_and_a_full_folder_are_refused(made, out):
    run = str(made.runs[0])
    with pytest.raises(S3EvalError, match="did you mean"):
        CliRunner().invoke(
            cli, ["report", run, "-o", f"{out}-2", "--videos", "v0l"], catch_exceptions=False
        )
    with pytest.raises(S3EvalError, match="exists already"):
        CliRunner().invoke(cli, ["report", run, "-o", str(out)], catch_exceptions=False)


@pytest.mark.release
@pytest.mark.slow
def test_the_recorded_test_split_is_reported_as_it_is_scored(tmp_path):
    source = release_dir()
    if source is None:
        pytest.skip("the public release is not here")
    runner = CliRunner()
    data = tmp_path / "data"
    runner.invoke(cli, ["data", "import", "s3-release", str(source), str(data)])
    runs = sorted(map(str, (data / "runs" / "test").iterdir()))
    done = runner.invoke(cli, ["report", *runs, "-o", str(tmp_path / "out"), "--resamples", "50"])
    assert done.exit_code == 0, done.output
    assert (tmp_path / "out" / "index.html").stat().st_size <= 8_000_000
    scores = runner.invoke(cli, ["score", *runs, "--resamples", "50", "--json", "-"])
    ten_cells(tmp_path / "out", json.loads(scores.stdout), [Path(r).name for r in runs], 0)
