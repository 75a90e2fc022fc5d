"""Both ways through the real lmms-eval, in its own environment: every number is the same.

Runs where S3EVAL_LMMS_EVAL_PYTHON names the interpreter of an environment with lmms-eval 0.7.3
(docs/lmms-eval.md), as `make test-outside` sets it; skipped elsewhere, in CI too: the environment
takes several gigabytes.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

PYTHON = os.environ.get("S3EVAL_LMMS_EVAL_PYTHON", "")
MODEL = Path(__file__).parent / "footage_model"
pytestmark = [
    pytest.mark.slow,
    pytest.mark.outside,
    pytest.mark.skipif(not PYTHON, reason="S3EVAL_LMMS_EVAL_PYTHON names no lmms-eval"),
]
TASKS = {"recognition", "justification", "spatial", "timing", "sequence", "report", "diagnosis"}
# Questions with this word get no text.
FAIL = "blinking"


def run(command: list[str], folder: Path, python_path: bool = False) -> str:
    here = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    here |= {"HF_HUB_OFFLINE": "1", "HF_DATASETS_CACHE": str(folder / "hf")}
    here |= {"PYTHONPATH": str(MODEL)} if python_path else {}
    done = subprocess.run(
        command, cwd=folder, env=here, capture_output=True, text=True, check=False
    )
    assert done.returncode in (0, 3), done.stdout[-2000:] + done.stderr[-4000:]
    return done.stdout + done.stderr


def s3eval(folder: Path, *arguments: str) -> str:
    return run([str(Path(sys.executable).parent / "s3eval"), *arguments], folder, True)


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    """Scores of one model: run by lmms-eval, and run here, by (task, item, metric)."""
    folder = tmp_path_factory.mktemp("both")
    s3eval(folder, "data", "synth", "data", "--videos", "2", "--seed", "7")
    s3eval(folder, "data", "lmms-eval-tasks", "data", "tasks")
    said = run(
        [
            *(PYTHON, "-m", "lmms_eval", "--model", "footage", "--model_args", f"fail={FAIL}"),
            *("--batch_size", "1", "--include_path", str(folder / "tasks"), "--tasks", "s3"),
            *("--output_path", "results"),
        ],
        folder,
        python_path=True,
    )
    model = f"lmms-eval:footage?fail={FAIL}"
    s3eval(folder, "run", "--model", model, "--tasks", "all", "--data", "data", "--out", "here")
    there = {}
    for path in (folder / "tasks" / "runs").glob("*/lmms-eval-answers/scores.json"):
        there |= scores(path)
    (path,) = (folder / "here").glob("*/scores.json")
    return there, scores(path), said, folder


def scores(path: Path) -> dict[tuple[str, str, str], tuple[object, ...]]:
    rows = json.loads(path.read_text(encoding="utf-8"))["scores"]
    facts = ("value", "asked", "answered", "failed", "scored")
    return {(r["task"], r["item"], r["metric"]): tuple(r[f] for f in facts) for r in rows}


def test_every_number_is_the_same(both):
    there, here, _, _ = both
    assert {task for task, _, _ in here} == TASKS
    assert any(value[0] not in (None, 0.0) for value in here.values())
    assert there == here


def test_failures_are_told_as_failures(both):
    _, here, _, _ = both
    assert here["recognition", "eye_blinking", "coverage"][3] == 2
    assert here["recognition", "tonic", "coverage"][3] == 0


def test_lmms_eval_prints_these_scores(both):
    _, here, said, folder = both
    (path,) = (folder / "results").rglob("*_results.json")
    printed = json.loads(path.read_text(encoding="utf-8"))["results"]
    assert printed["s3_recognition"]["f1,none"] == pytest.approx(
        here["recognition", "mean", "f1"][0]
    )
    assert "s3_diagnosis" in said
