"""``s3eval reproduce`` on the invented release: same code as on the real one."""

from __future__ import annotations

import csv
import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from s3eval_paper import reproduction as module
from s3eval_paper.release.reading import read_release
from s3eval_paper.reproduce_verb import command
from s3eval_paper.reproduction import equal_as_printed, reproduce
from s3eval_paper.tables import Cell, cells

from s3eval.cli import main
from s3eval.errors import S3EvalError
from s3eval.metrics import sequence
from s3eval.plugins import Registry
from s3eval.testing.oracles import classification, timing
from s3eval.testing.plugins import in_place_of_installed

MINI = Path(__file__).parent / "fixtures" / "mini-release"
SEES = "test_dataset/vlm_inference_test/InternVL3_5-8B"
KEYS = {"table", "split", "model", "item", "metric", "published", "computed", "n", "match"}


@pytest.fixture
def mini(tmp_path: Path) -> Path:
    return Path(shutil.copytree(MINI, tmp_path / "release"))


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


def run(*arguments: object) -> tuple[int, list[dict], str]:
    done = CliRunner().invoke(command, [*map(str, arguments), "--json", "-"])
    if isinstance(done.exception, S3EvalError):
        raise done.exception
    return done.exit_code, json.loads(done.stdout), done.stderr


def value(found: list[dict], table: str, item: str, metric: str, model="InternVL3.5-8B") -> dict:
    (cell,) = (
        c
        for c in found
        if (c["table"], c["model"], c["item"], c["metric"]) == (table, model, item, metric)
    )
    return cell


@pytest.fixture(scope="module")
def found() -> list[dict]:
    code, cells, _ = run(MINI)
    assert code == 1, "invented answers do not give the published figures"
    return cells


def test_the_json_is_a_list_of_cells(found: list[dict]) -> None:
    assert all({*c} >= KEYS for c in found)
    for c in found:
        assert (c["match"] is None) == (c["computed"] is None) == (c["status"] == "skipped")
        assert c["status"] != "skipped" or c["reason"]


def test_cells_equal_what_the_files_say(found: list[dict]) -> None:
    truth = {r["file_name"]: r for r in rows(MINI / "result/ground_truth/task12_annotation.csv")}
    said = rows(MINI / SEES / "Task12_InternVL3_5-8B_all_merged.csv")
    expected = classification.binary_scores(
        [truth[r["file_name"]]["tonic"] for r in said], [r["tonic"] for r in said], "yes"
    )
    cell = value(found, "19", "tonic", "f1")
    assert cell["computed"] == pytest.approx(expected.f1) and cell["n"] == 10

    targets = {
        r["file_name"]: float(r["target_time"])
        for r in rows(MINI / "result/ground_truth/Task4_time_annotation.csv")
    }
    clips = [r for r in rows(MINI / SEES / "Task4_InternVL3_5-8B_all.csv") if r["feature"] == "end"]
    predicted = [float(r["timestamp"][3:]) if r["timestamp"] else None for r in clips]
    scores = timing.timing_scores(predicted, [targets[r["file_name"]] for r in clips])
    cell = value(found, "22", "end", "mae")
    assert cell["computed"] == pytest.approx(scores.mae)
    assert (cell["n"], cell["left_out"]) == (scores.parsed, scores.n - scores.parsed)

    seen = {
        r["file_name"]: [
            t
            for t in r["event_sequence"].split(", ")
            if t not in ("verbal_responsiveness", "ictal_vocalization")
        ]
        for r in rows(MINI / "result/ground_truth/task5_sequence_annotation.csv")
    }
    lists = rows(MINI / SEES / "Task5_InternVL3_5-8B_all_merge.csv")
    pairs = [(r["feature_list"].split(","), seen[r["file_name"]]) for r in lists]
    pairs = [(p, t) for p, t in pairs if t]
    cell = value(found, "23", "sequence", "temporal_f1")
    assert cell["computed"] == pytest.approx(
        sum(sequence.temporal_f1_release(*p) for p in pairs) / len(pairs)
    )
    assert cell["paper_protocol"] == pytest.approx(
        sum(sequence.temporal_f1_paper(*p) for p in pairs) / len(pairs)
    )

    scores = rows(
        MINI / "test_dataset/metrics_test/middle_results/"
        "InternVL3_5-8B__per_video_feature_scores.csv"
    )
    cell = value(found, "20", "clonic", "interpretation")
    assert cell["computed"] == pytest.approx(sum(float(r["clonic"]) for r in scores) / len(scores))


def test_what_cannot_be_computed_is_skipped_with_its_reason(found: list[dict]) -> None:
    skipped = {c["reason"] for c in found if c["status"] == "skipped"}
    assert any("two-stage" in r for r in skipped)
    assert any("judge" in r for r in skipped), "no recorded scores of Qwen3-Omni-30B"
    assert any("clinicians" in r for r in skipped)
    bert = [c for c in found if c["metric"] == "bertscore" and c["model"] in ("InternVL3.5-8B",)]
    assert bert and all(
        c["reason"].startswith("encoder not available") or c["computed"] for c in bert
    )


def test_table_10_is_computed_from_table_11(found: list[dict]) -> None:
    ten = [c for c in found if c["table"] == "10"]
    assert len(ten) == 20 and all(c["match"] for c in ten)


def test_the_text_shows_tables_notes_and_the_closing_line() -> None:
    done = CliRunner().invoke(command, [str(MINI), "--models", "InternVL3_5-8B"])
    lines = done.stdout.splitlines()
    assert lines[-1].startswith("matched ") and " of " in lines[-1]
    assert "Table 23: Task 5, sequence, test set (protocol release)" in lines
    text = done.stdout
    assert "endless" in text and "repetition scores high" in text
    assert "ROUGE-1" in text and "always scores F1" in text
    assert "!=" in text and "left out" in text
    assert "Not recomputed" in text
    assert "Qwen3-Omni-30B" not in text.split("Not recomputed")[0]


def test_split_all_uses_the_other_folder_and_tables() -> None:
    _, found, _ = run(MINI, "--split", "all")
    computed = {c["table"] for c in found if c["computed"] is not None}
    assert computed == {"13", "14", "15", "16", "17", "18"}


def test_two_processes_give_the_same_cells(found: list[dict]) -> None:
    _, again, _ = run(MINI, "--jobs", "2")
    assert again == found


def test_exit_0_when_every_cell_matches(monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    ours = reproduce(read_release(MINI, ["test"]), "test")
    printed = {
        (c.cell.table, c.cell.model, c.cell.item, c.cell.metric): replace(
            c.cell, printed=f"{c.computed:.{c.cell.decimals}f}"
        )
        for c in ours.compared
        if c.computed is not None
    }

    def as_computed(table: str) -> tuple[Cell, ...]:
        return tuple(printed.get((c.table, c.model, c.item, c.metric), c) for c in cells(table))

    monkeypatch.setattr(module, "cells", as_computed)
    with pytest.raises(SystemExit) as stopped:
        main(["reproduce", str(MINI)])
    assert stopped.value.code == 0
    last = capsys.readouterr().out.splitlines()[-1]
    assert last == f"matched {len(printed)} of {len(printed)}"


def test_bad_input_is_told_and_the_rest_scored(mini: Path) -> None:
    _, before, _ = run(mini)
    path = mini / SEES / "Task5_InternVL3_5-8B_all_merge.csv"
    content = path.read_bytes().splitlines(keepends=True)
    content[1] = content[1].replace(b",", b",t\xf6nic,", 1).replace(b'"', b"")
    content.append(content[3])
    content.append(b"X1@1-1-2000@Y@sz_v1_1.mp4,tonic\n")
    path.write_bytes(b"".join(content))
    (mini / SEES / "Task7_InternVL3_5-8B_all.csv").unlink()
    (mini / SEES / "Task3_AM_InternVL3_5-8B.csv").write_bytes(b"")
    _, found, told = run(mini)
    shown = f"{SEES}/{path.name}"
    assert f"{shown}:2: " in told
    assert f"{shown}:12: " in told and "stands in row 4 already" in told
    assert f"{shown}:13: 'X1@1-1-2000@Y@sz_v1_1.mp4' is no annotated video" in told
    assert f"{SEES}/Task3_AM_InternVL3_5-8B.csv: the file is empty" in told
    assert "no file with recorded answers: diagnosis" in told
    sequence_cell = value(found, "23", "sequence", "lcs_ratio")
    whole = value(before, "23", "sequence", "lcs_ratio")
    assert sequence_cell["n"] == whole["n"] - 1
    assert sequence_cell["left_out"] == whole["left_out"] + 3
    assert value(found, "2", "video_only", "f1")["reason"] == "no recorded answers"
    assert value(found, "21", "arm_movement", "f1")["computed"] is None
    assert value(found, "19", "tonic", "f1") == value(before, "19", "tonic", "f1")


def test_a_model_of_any_other_name_is_found_by_the_pattern_of_its_files(mini: Path) -> None:
    base = mini / "test_dataset/vlm_inference_test"
    new = base / "Qwen2.5-VL-72B-Instruct"
    (base / "InternVL3_5-8B").rename(new)
    for path in sorted(new.iterdir()):
        path.rename(new / path.name.replace("InternVL3_5-8B", "Qwen2.5-VL-72B-Instruct"))
    _, found, _ = run(mini, "--models", "qwen2.5-vl-72b")
    cell = value(found, "19", "tonic", "f1", "Qwen2.5-VL-72B")
    assert cell["computed"] is not None
    assert {c["model"] for c in found if c["table"] == "19"} == {"Qwen2.5-VL-72B"}


def test_unknown_models_and_missing_splits_are_wrong_input(mini: Path) -> None:
    with pytest.raises(S3EvalError, match="Unknown model of this release"):
        run(mini, "--models", "InternVL3.5-9B")
    shutil.rmtree(mini / "result/vlm_inference")
    with pytest.raises(S3EvalError, match="No recorded answers"):
        run(mini, "--split", "all")
    base = mini / "test_dataset/vlm_inference_test"
    for path in sorted(base.iterdir())[1:]:
        shutil.rmtree(path)
    next(base.iterdir()).rename(base / "somebody-else")
    shutil.rmtree(base / "somebody-else")
    (base / "somebody-else").mkdir()
    _, found, told = run(mini)
    assert {c["table"] for c in found if c["computed"] is not None} == {"10"}
    assert "no recorded answers in this folder" in told


def test_equal_as_printed_takes_either_rounding_of_a_half() -> None:
    def printed(text: str) -> Cell:
        return Cell("1", "", "", "", "", text)

    assert equal_as_printed(0.125, printed("0.12")) and equal_as_printed(0.125, printed("0.13"))
    assert equal_as_printed(38.4349999, printed("38.43"))
    assert not equal_as_printed(0.1251, printed("0.12"))
    assert not equal_as_printed(874.67, printed("874.66"))


def test_missing_task_plugins_are_named_with_the_command_that_brings_them() -> None:
    none = in_place_of_installed(Registry(()))
    with none, pytest.raises(S3EvalError, match="not installed: recognition") as error:
        run(MINI)
    assert "pip install s3eval-task-recognition" in str(error.value)


def test_bertscore_cells_are_computed_where_the_encoder_is(monkeypatch) -> None:
    from s3eval.metrics import bertscore

    def half(predicted, references):
        kept = [None if r == "" else 0.5 for r in references]
        return bertscore.BertScores(tuple(kept), "tiny", 9)

    monkeypatch.setattr(bertscore, "encoder_state", lambda encoder="": "available")
    monkeypatch.setattr(bertscore, "bert_scores", half)
    found = reproduce(read_release(MINI, ["test"]), "test").compared
    cells_ = [c for c in found if c.cell.metric == "bertscore" and c.computed is not None]
    assert {c.cell.table for c in cells_} == {"20", "24"}
    assert {c.computed for c in cells_} == {0.5}
    assert all(c.reason == "tiny, layer 9" for c in cells_)
    report = next(c for c in cells_ if c.cell.table == "24")
    assert report.n == 9 and report.left_out == 0
