"""All tasks through the command line, on real video files, by models on tiny checkpoints."""

from __future__ import annotations

import io
import json
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest

pytest.importorskip("torch")
pytest.importorskip("transformers")

QUICK = {"qwen3_omni": "qwen3-omni-30b-a3b"}
SLOW = {
    "internvl": "internvl3.5-8b",
    "qwen2_5_vl": "lingshu-32b",
    "qwen3_vl": "qwen3-vl-32b",
    "qwen2_5_omni": "qwen2.5-omni-7b",
    "audio_flamingo3": "audio-flamingo-3",
}
TASKS = ["recognition", "justification", "spatial", "timing", "sequence", "report", "diagnosis"]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from s3eval_synth.testing import tiny_dataset

    folder = tmp_path_factory.mktemp("clips") / "data"
    tiny_dataset(folder, videos=2, seconds=6.0)
    return folder


def run(model: str, checkpoint: Path, data: Path, out: Path, *more: str) -> tuple[int, str]:
    """The exit code and what was printed, by a process's own ``main``."""
    from s3eval.cli import main

    options = {
        "checkpoint": checkpoint,
        "min_pixels": 0,
        "max_pixels": 16_384,
        "max_new_tokens": 4,
        "score_choices": "true",
    }
    tasks = () if "-t" in more else ("-t", "all")
    arguments = ["run", "-m", model, *tasks, "-d", str(data), "-o", str(out)]
    for key, value in options.items():
        arguments += ["--model-option", f"{key}={value}"]
    text = io.StringIO()
    with redirect_stdout(text), redirect_stderr(text), pytest.raises(SystemExit) as ended:
        main([*arguments, "--resamples", "20", *more])
    return int(ended.value.code or 0), text.getvalue()


def check(architecture: str, model: str, data: Path, out: Path) -> None:
    from s3eval.running.runs import open_runs
    from s3eval.testing.checkpoints import shared_checkpoint

    code, text = run(model, shared_checkpoint(architecture), data, out)
    assert code == 0, text
    (run_,) = open_runs([out])
    hears, sees = "hearing" in run_.facts.senses, "sight" in run_.facts.senses
    assert sorted(run_.facts.tasks) == sorted(TASKS)
    states = [f.state for findings in run_.findings.values() for f in findings]
    assert "failed" not in states
    answered = [f for f in run_.findings["recognition"] if f.state == "answered"]
    assert len(answered) == 2 * (18 * sees + 2 * hears)
    probabilities = [round(f.probability, 6) for f in answered if f.probability is not None]
    assert len(probabilities) == len(answered) and len(set(probabilities)) > len(probabilities) / 2

    before = (run_.path / "findings.jsonl").read_bytes()
    code, text = run(model, shared_checkpoint(architecture), data, out)
    assert code == 0, text
    assert (run_.path / "findings.jsonl").read_bytes() == before


@pytest.mark.parametrize("architecture", sorted(QUICK))
def test_all_tasks_on_real_videos(architecture: str, data: Path, tmp_path: Path) -> None:
    check(architecture, QUICK[architecture], data, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("architecture", sorted(SLOW))
def test_all_tasks_on_real_videos_other_models(
    architecture: str, data: Path, tmp_path: Path
) -> None:
    check(architecture, SLOW[architecture], data, tmp_path)


def test_a_checkpoint_that_is_not_there_is_one_line(data: Path, tmp_path: Path) -> None:
    code, text = run("qwen3-vl-8b", tmp_path / "nowhere", data, tmp_path / "runs")
    assert code == 2
    lines = [line for line in text.splitlines() if "nowhere" in line]
    assert len(lines) == 1 and "checkpoint=FOLDER" in lines[0]
    assert "Traceback" not in text


def test_a_clip_over_the_budget_fails_by_name_and_the_others_go_on(
    data: Path, tmp_path: Path
) -> None:
    """Not a score, not a crash: the answers are failed, with the reason."""
    from s3eval.testing.checkpoints import shared_checkpoint

    code, text = run(
        "qwen3-vl-8b",
        shared_checkpoint("qwen3_vl"),
        data,
        tmp_path / "runs",
        "-t",
        "recognition",
        "--limit",
        "1",
        "--model-option",
        "max_frames=3",
        "--json",
        str(tmp_path / "out.json"),
    )
    assert code == 3, text
    (findings,) = (tmp_path / "runs").glob("*/findings.jsonl")
    rows = [json.loads(line) for line in findings.read_text().splitlines()]
    reasons = {row["reason"] for row in rows if row["state"] == "failed"}
    assert any("over the budget of 3" in reason for reason in reasons)
