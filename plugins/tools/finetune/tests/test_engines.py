"""Exports in the engines' own loaders. Optional: each runs in an environment that holds its engine.

No engine is installed with this project (their versions of transformers clash). To run these:

    python3 -m venv swift && swift/bin/pip install torch==2.13.0
    swift/bin/pip install ms-swift==4.6.0 s3eval-finetune    (or both trees, editable)
    S3EVAL_SWIFT=swift/bin/python pytest -m engine plugins/tools/finetune

likewise S3EVAL_TRL (trl==1.16.0) and S3EVAL_LLAMA_FACTORY (llamafactory==0.9.5). In CI they are
skipped; what the loaders ask for is held there by `faults_of` (test_export.py).
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from s3eval.cli import main

pytestmark = pytest.mark.engine
LOADERS = Path(__file__).parent / "loaders"


def loaded(engine: str, folder: Path, tmp_path: Path) -> dict[str, Any]:
    """What the engine's loader says of an export, in the environment that a variable names."""
    python = os.environ.get(f"S3EVAL_{engine.upper()}")
    if not python:
        pytest.skip(f"S3EVAL_{engine.upper()} names no Python with the engine")
    done = subprocess.run(
        [python, str(LOADERS / f"{engine}_loader.py"), str(folder), str(tmp_path)],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(LOADERS), "HF_HUB_OFFLINE": "1"},
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


def exported_for(form: str, drawn: Path, out: Path) -> tuple[Path, list[dict[str, Any]]]:
    with pytest.raises(SystemExit) as ended:
        main(["finetune", "export", str(drawn), str(out), "--format", form, "--limit", "4"])
    assert ended.value.code == 0
    return out, [json.loads(line) for line in (out / "train.jsonl").open(encoding="utf-8")]


def test_ms_swift(drawn: Path, tmp_path: Path) -> None:
    from s3eval_finetune.planning import WAYS, Settings, make_plan

    folder, rows = exported_for("swift", drawn, tmp_path / "out")
    found = loaded("swift", folder, tmp_path)
    assert found["rows"] == len(rows) and len(found["videos"]) == 1
    assert found["messages"][0]["content"].startswith("<video>")
    assert len(found["rewards"]) == len(rows) and all(0 <= r <= 1 for r in found["rewards"])
    assert sum(found["rewards"]) > 0.8 * len(rows), "the annotated answers are worth most"
    for way in WAYS:
        command = make_plan("swift", way, Settings(str(folder))).command
        flags = {word.removeprefix("--") for word in command if word.startswith("--")}
        assert flags <= {*found[way]}, f"the engine has no {flags - {*found[way]}}"


def test_trl(drawn: Path, tmp_path: Path) -> None:
    folder, rows = exported_for("trl", drawn, tmp_path / "out")
    found = loaded("trl", folder, tmp_path)
    assert found["rows"] == len(rows) and found["conversational"]
    assert len(found["pictures"]) == 8 and found["pictures"][0] == [320, 240]
    assert sum(found["rewards"]) > 0.8 * len(rows)


def test_llama_factory(drawn: Path, tmp_path: Path) -> None:
    folder, rows = exported_for("llama-factory", drawn, tmp_path / "out")
    found = loaded("llama_factory", folder, tmp_path)
    assert found["rows"] == len(rows)
    assert found["_prompt"][0]["content"] == rows[0]["messages"][0]["content"]
    assert found["_response"][0]["content"] == rows[0]["messages"][1]["content"]
    assert found["_videos"] == rows[0]["videos"]
