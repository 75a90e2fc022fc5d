"""The release as a dataset and runs, whole and damaged in every way the requirements name."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from s3eval_paper.release.layout import role_of
from s3eval_paper.release.reading import (
    Release,
    open_release,
    read_release,
    write_release,
)

from s3eval.cli.data_import import command
from s3eval.dataset import open_folder
from s3eval.errors import S3EvalError
from s3eval.running.runs import open_runs

FIXTURES = Path(__file__).parent / "fixtures"
MINI = FIXTURES / "mini-release"
SEES = "test_dataset/vlm_inference_test/InternVL3_5-8B"


@pytest.fixture
def mini(tmp_path: Path) -> Path:
    return Path(shutil.copytree(MINI, tmp_path / "release"))


def edit(path: Path, old: str, new: str, count: int = 1) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, count), encoding="utf-8")


def messages(release: Release) -> list[str]:
    return [str(p) for p in release.problems.all]


def run_of(release: Release, model: str = "InternVL3.5-8B", split: str = "test"):
    return next(r for r in release.runs if r.model == model and r.split == split)


def test_the_fixture_is_what_its_script_makes(tmp_path: Path) -> None:
    script = FIXTURES / "make_mini_release.py"
    subprocess.run([sys.executable, str(script), str(tmp_path)], check=True)
    made = {p.relative_to(tmp_path): p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()}
    kept = {p.relative_to(MINI): p.read_bytes() for p in MINI.rglob("*") if p.is_file()}
    assert made == kept


def test_annotation_and_runs(mini: Path) -> None:
    release = read_release(mini)
    dataset = release.dataset
    assert len(dataset) == 10
    assert [v.diagnosis for v in dataset.videos][-3:] == ["NES", "NES", None], "Sample has none"
    assert dataset.videos[-1].fold is None
    assert {(r.model, r.split) for r in release.runs} == {
        ("InternVL3.5-8B", "test"),
        ("Qwen3-Omni-30B", "test"),
        ("Audio-Flamingo-3", "test"),
        ("InternVL3.5-8B", "all"),
        ("Qwen3-Omni-30B", "all"),
    }
    assert run_of(release, "Qwen3-Omni-30B").senses == ("sight", "hearing")
    assert run_of(release).senses == ("sight",)
    heard = run_of(release, "Audio-Flamingo-3")
    assert heard.senses == ("hearing",) and heard.tasks == ("recognition", "justification")
    assert all(f.video.endswith(".mp4") for f in heard.findings), ".wav pairs with .mp4"
    assert not [p for p in release.problems.all if p.level == "error"]


def test_a_failed_label_is_a_finding_with_its_reason_never_a_value(mini: Path) -> None:
    path = mini / SEES / "Task12_InternVL3_5-8B_all_merged.csv"
    head, first, *rest = path.read_text(encoding="utf-8").splitlines(keepends=True)
    cells = first.split(",")
    cells[1] = "Fail"
    path.write_text("".join([head, ",".join(cells), *rest]), encoding="utf-8")
    release = read_release(mini)
    said = "no answer in 'occur_during_sleep': recorded as 'Fail'"
    assert f"{SEES}/{path.name}:2: {said}" in messages(release)
    failed = [f for f in run_of(release).findings if f.task == "recognition" and f.value is None]
    assert [(f.item, f.state, f.reason) for f in failed] == [
        ("occur_during_sleep", "failed", "recorded as 'Fail'")
    ]


def test_a_video_the_annotation_lacks_is_left_out_and_counted(mini: Path) -> None:
    path = mini / SEES / "Task5_InternVL3_5-8B_all_merge.csv"
    with path.open("a", encoding="utf-8") as handle:
        handle.write("Q9@1-1-2000@X@sz_v1_1.mp4,tonic\n")
    release = read_release(mini)
    shown = f"{SEES}/{path.name}"
    assert f"{shown}:12: 'Q9@1-1-2000@X@sz_v1_1.mp4' is no annotated video" in messages(release)
    run = run_of(release)
    assert run.left_out == {shown: 1}
    assert sum(f.task == "sequence" for f in run.findings) == 10


def test_missing_files_and_a_duplicate_do_not_stop_the_rest(mini: Path) -> None:
    (mini / "result/ground_truth/task6_report_annotation.csv").unlink()
    (mini / "finetune/datasplit/all_folds.csv").write_bytes(b"")
    (mini / SEES / "Task7_InternVL3_5-8B_all.csv").unlink()
    path = mini / SEES / "Task3_HT_InternVL3_5-8B.csv"
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    path.write_text("".join([*lines, lines[1]]), encoding="utf-8")
    release = read_release(mini)
    said = "\n".join(messages(release))
    assert "task6_report_annotation.csv: the file is missing" in said
    assert "all_folds.csv: the file is empty" in said
    assert f"{SEES}: no file with recorded answers: diagnosis" in said
    assert f"{SEES}/{path.name}:12: " in said and "stands in row 2 already" in said
    run = run_of(release)
    assert "diagnosis" not in run.tasks and "recognition" in run.tasks
    assert all(a.report is None for a in release.dataset.annotations.values())
    assert all(v.fold is None for v in release.dataset.videos)


def test_bytes_and_columns_that_do_not_belong(mini: Path) -> None:
    path = mini / SEES / "Task6_InternVL3_5-8B_all_merged.csv"
    raw = path.read_bytes().splitlines(keepends=True)
    raw[3] = raw[3].replace(b"patient", b"pati\xe9nt", 1).replace(b"the", b"th\xe9", 1)
    raw = [line.rstrip(b"\n") + b",x\n" for line in raw]
    raw[0] = raw[0].replace(b",x", b",extra")
    path.write_bytes(b"".join(raw))
    release = read_release(mini)
    said = messages(release)
    shown = f"{SEES}/{path.name}"
    assert any(m.startswith(f"{shown}:1: unknown column 'extra'") for m in said)
    assert f"{shown}:4: bytes that are not UTF-8 in 'report'; it is not read" in said
    reports = [f for f in run_of(release).findings if f.task == "report"]
    assert [f.reason for f in reports if f.value is None] == ["bytes that are not UTF-8"]
    assert sum(f.value is not None for f in reports) == 8


def test_odd_annotation_is_named_and_the_rest_read(mini: Path) -> None:
    truth = mini / "result/ground_truth"
    lines = (truth / "task12_annotation.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    name = lines[1].split(",")[0]
    cells = lines[1].split(",")
    cells[1] = "maybe"
    (truth / "task12_annotation.csv").write_text(
        "".join([lines[0], ",".join(cells), *lines[2:]]), encoding="utf-8"
    )
    edit(truth / "task6_report_modified.csv", '"[""', '"[[""')
    edit(truth / "task7_annotation.csv", ",ES", ",epilepsy")
    edit(truth / "task3_spatial_annotation.csv", "N/A,N/A", "soon,N/A")
    edit(truth / "Task4_time_annotation.csv", ",30,", ",late,")
    release = read_release(mini)
    said = "\n".join(messages(release))
    assert "task12_annotation.csv:2: 'maybe' for occur_during_sleep is not yes, no or na" in said
    assert "the recorded extraction cannot be read" in said
    assert "task7_annotation.csv:2: label 'epilepsy' is neither ES nor NES" in said
    assert "'soon' for arm_movement is no time" in said
    assert "target_time 'late' is no number" in said
    assert release.dataset.annotation(name).presence("occur_during_sleep") is None
    assert release.dataset.annotation(name).presence("tonic") in ("yes", "no")
    assert release.dataset.video(name).diagnosis == "ES", "the split file says it, too"


def test_windows_are_merged_by_any_yes_where_no_merged_file_is(mini: Path) -> None:
    merged = mini / SEES / "Task12_InternVL3_5-8B_all_merged.csv"
    merged.unlink()
    name = open_release(mini).videos[0].name.removesuffix(".mp4")
    windows = merged.with_name("Task1_InternVL3_5-8B_all.csv")
    windows.write_text(
        f"file_name,tonic,clonic\n{name}_segment_0.mp4,no,no\n{name}_segment_1.mp4,yes,fail\n",
        encoding="utf-8",
    )
    release = read_release(mini)
    found = {f.item: f.value for f in run_of(release).findings if f.task == "recognition"}
    assert found == {"tonic": "yes", "clonic": "no"}
    assert any("2 windows merged to 1 videos by any-yes" in m for m in messages(release))


def test_timing_findings_carry_the_clip(mini: Path) -> None:
    release = read_release(mini)
    found = [f for f in run_of(release).findings if f.task == "timing" and f.value is not None]
    for f in found:
        start = release.dataset.annotation(f.video).features.get(f.item)
        if start is not None:
            error = abs(f.value - start.start)
            assert error == abs(f.detail["predicted_in_clip"] - f.detail["target"])
        else:
            assert f.item in ("start", "end") and f.detail["clip_start"] is None


@pytest.mark.parametrize(
    ("name", "role"),
    [
        ("Task12_Lingshu-32B_all_merge.csv", "recognition"),
        ("Task12_X_all_merged_llm_merge.csv", "justification"),
        ("Task12_X_all_merged_llmmerge.csv", "justification"),
        ("Task12_X_all_merged_llmmerge2.csv", ""),
        ("Task12_AF3_features_all.csv", "recognition?"),
        ("Task3_AM_seizure_omni_grpo.csv", "arm_movement"),
        ("Task3_L_Qwen2.5-VL-72B-Instruct.csv", "onset_body_part"),
        ("Task4_X_all.csv", "timing"),
        ("Task5_X_all_merge.csv", "sequence"),
        ("Task5_X_all.csv", ""),
        ("Task6_X_all_merged_modified.csv", "extraction"),
        ("Task7_X_all.csv", "diagnosis"),
        ("notes.txt", ""),
    ],
)
def test_roles_by_file_name(name: str, role: str) -> None:
    found, why = role_of(name)
    assert found == role
    assert bool(why) == (role == "")


def test_what_is_written_opens_again_and_is_the_same_every_time(mini: Path, tmp_path: Path) -> None:
    release = read_release(mini)
    one, two = tmp_path / "one", tmp_path / "two"
    write_release(release, one)
    write_release(read_release(mini), two)

    def content(folder: Path) -> dict[str, bytes]:
        return {
            p.relative_to(folder).as_posix(): p.read_bytes().replace(b"/two", b"/one")
            for p in folder.rglob("*")
            if p.is_file()
        }

    assert content(one) == content(two)
    dataset = open_folder(one)
    assert dict(dataset.annotations) == dict(release.dataset.annotations)
    runs = open_runs([one / "runs" / "test"])
    assert [r.facts.source for r in runs] == ["recorded"] * 3
    read = {r.facts.model: sum(len(f) for f in r.findings.values()) for r in runs}
    assert read == {r.model: len(r.findings) for r in release.runs if r.split == "test"}
    assert all(r.facts.digest == dataset.digest for r in runs)


def test_the_command_names_what_it_found_and_lists_every_problem(
    mini: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    done = CliRunner().invoke(command, ["s3-release", str(mini), str(out)])
    assert done.exit_code == 0, done.output
    assert "InternVL3.5-8B" in done.output and "10 videos, 5 runs" in done.output
    rows = (out / "problems.csv").read_text(encoding="utf-8").splitlines()
    assert rows[0] == "level,file,row,what,fix" and len(rows) > 5
    again = CliRunner().invoke(command, ["s3-release", str(mini), str(out)])
    assert isinstance(again.exception, S3EvalError) and "--force" in str(again.exception)
    done = CliRunner().invoke(
        command, ["s3-release", str(mini), str(out), "--force", "--json", "-"]
    )
    facts = json.loads(done.output)
    assert facts["videos"] == 10 and len(facts["problems"]) == len(rows) - 1


def test_no_release_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(S3EvalError, match="No public release"):
        read_release(tmp_path)
    with pytest.raises(S3EvalError, match="No such folder"):
        read_release(tmp_path / "nowhere")
    (tmp_path / "result").mkdir()
    (tmp_path / "result/ground_truth").mkdir()
    (tmp_path / "result/ground_truth/task12_annotation.csv").write_text("")
    with pytest.raises(S3EvalError, match="no annotated video"):
        open_release(tmp_path)


def test_two_folders_of_one_model_stay_apart(mini: Path) -> None:
    base = mini / "test_dataset/vlm_inference_test"
    shutil.copytree(base / "InternVL3_5-8B", base / "InternVL3_5-8B-Instruct")
    release = read_release(mini, ["test"])
    names = [r.model for r in release.runs]
    assert len(names) == len({*names}) == 4
    assert {"InternVL3.5-8B", "InternVL3_5-8B-Instruct"} <= {*names}
    assert any("this folder keeps its own name" in m for m in messages(release))
