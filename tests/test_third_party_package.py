"""A third party's package, from wheels in a clean environment, gets what the built-in ones get.

The example package is copied out of the repository, built, and installed with the core and the
baselines, and nothing else. Its task, model, judge and dataset format then go through every verb.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
import venv
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = (ROOT, ROOT / "plugins" / "models" / "baselines")
EXAMPLE = ROOT / "examples" / "third-party-plugin"

pytestmark = pytest.mark.slow


def draw(path: Path, level: int, seconds: int = 4) -> None:
    """A video of one grey level."""
    with av.open(str(path), "w") as file:
        stream = file.add_stream("mpeg4", rate=5)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for _ in range(seconds * 5):
            picture = np.full((48, 64, 3), level, np.uint8)
            file.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        file.mux(stream.encode())


@pytest.fixture(scope="module")
def ward(tmp_path_factory) -> Path:
    """Eight videos of four patients; the fourth patient's lights are on and the picture dark."""
    folder = tmp_path_factory.mktemp("ward")
    lines = ["file,patient,seconds,light,bed"]
    for i in range(8):
        on, patient = i % 2 == 0, i // 2
        draw(folder / f"v{i}.mp4", 190 if on and patient != 3 else 20)
        lines.append(f"v{i}.mp4,p{patient},4,{'on' if on else 'off'},{i % 3}")
    (folder / "ward.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def command(tmp_path_factory) -> Any:
    """Runs s3eval in a clean environment with the wheels; gives its JSON."""
    folder = tmp_path_factory.mktemp("clean")
    outside = folder / "outside"
    shutil.copytree(EXAMPLE, outside, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
    wheels = folder / "wheels"
    for package in (*PACKAGES, outside):
        copy = folder / f"src-{package.name}"
        if package != outside:
            skipped = shutil.ignore_patterns(
                ".venv", ".git", "plugins", "tests", "demo", "build", "*.egg-info", "docs"
            )
            shutil.copytree(package, copy, ignore=skipped)
        build = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation"]
        source = outside if package == outside else copy
        subprocess.run([*build, "-w", str(wheels), str(source)], check=True)
    venv.create(folder / "env", with_pip=True)
    scripts = folder / "env" / ("Scripts" if os.name == "nt" else "bin")
    install = [str(scripts / "python"), "-m", "pip", "install", "-q"]
    begun = time.monotonic()
    subprocess.run([*install, *map(str, sorted(wheels.glob("*.whl")))], check=True)
    seconds = time.monotonic() - begun
    site = next((folder / "env").glob("**/site-packages"))
    size = sum(f.stat().st_size for f in site.rglob("*") if f.is_file()) / 2**20
    print(
        f"clean install of the core, the baselines and the example: {seconds:.0f} s, {size:.0f} MB"
    )
    assert not (site / "torch").exists()

    def run(*arguments: str, expect: int = 0) -> Any:
        call = [str(scripts / "s3eval"), *arguments]
        done = subprocess.run(call, cwd=folder, capture_output=True, text=True, check=False)
        assert done.returncode == expect, done.stdout + done.stderr
        return json.loads(done.stdout) if "--json" in arguments else done.stdout + done.stderr

    return run


def row(scores: Any, item: str, metric: str = "balanced_accuracy") -> Any:
    return next(s for s in scores["scores"] if (s["item"], s["metric"]) == (item, metric))


def test_everything_is_listed(command):
    found = command("list", "--json", "-")
    names = {kind: [p["name"] for p in found[kind]] for kind in ("models", "tasks", "judges")}
    assert "brightness" in names["models"]
    assert names["tasks"] == ["light"]
    assert names["judges"] == ["words"]
    assert {d["name"] for d in found["datasets"]} >= {"folder", "ward"}


def test_its_task_gets_judge_chance_intervals_and_all_verbs(command, ward, tmp_path):
    data, runs = f"ward:{ward / 'ward.csv'}", str(tmp_path / "runs")
    ask = ("run", "--tasks", "light", "--data", data, "--out", runs, "--judge", "words")
    (mine, simple) = command(*ask, "-m", "brightness", "-m", "always-yes", "--json", "-")
    light, room = row(mine, "light"), row(mine, "room")
    # Seven of eight are right; balanced over on (3 of 4) and off (4 of 4).
    assert light["value"] == pytest.approx((3 / 4 + 1) / 2)
    assert light["low"] is not None
    assert light["low"] <= light["value"] <= light["high"]
    assert set(light["chance"]) == {"always-on", "majority"}
    assert light["chance_value"] == 0.5
    assert light["patients"] == 4
    # The judge reads the descriptions; always-yes describes nothing that says bright or dark.
    assert room["value"] == pytest.approx(light["value"])
    assert row(simple, "light")["value"] == 0.5
    assert row(simple, "room")["scored"] == 0

    shown = command("show", runs, "--json", "-")
    by_model = {s["model"]: row(s, "room")["value"] for s in shown}
    assert by_model == {"brightness": room["value"], "always-yes": None}
    assert all(s["judge"]["judge"] == "words" for s in shown)
    without = command("show", runs, "--judge", "none", "--json", "-")
    assert "needs a judge" in row(without[0], "room")["note"]

    compared = command("compare", runs, "--items", "light", "--json", "-")
    (difference,) = [d for d in compared["differences"] if d["metric"] == "balanced_accuracy"]
    assert abs(difference["difference"]) == pytest.approx(3 / 8)

    (calibrated,) = [
        c
        for c in command("calibrate", runs, "--json", "-")
        if (c["run"], c["item"]) == ("brightness", "light")
    ]
    assert calibrated["positive"] == "on"
    assert calibrated["measures"]["auroc"]["value"] == pytest.approx(14 / 16)


def test_its_task_can_be_swept_and_read_by_people(command, ward, tmp_path):
    data = f"ward:{ward / 'ward.csv'}"
    swept = command(
        "sweep", "-m", "brightness", "-t", "light", "-d", data, "-o", str(tmp_path / "sweep"),
        "--over", "model.threshold=60,5", "--over", "task.light.describe=no", "--judge", "none",
        "--json", "-",
    )  # fmt: skip
    values = [
        s["value"]
        for setting in swept["settings"]
        for s in setting["scores"]
        if s["item"] == "light"
    ]
    assert values == [pytest.approx(7 / 8), 0.5]

    answers = tmp_path / "answers.csv"
    rows = [
        f"{reader},v{i},light,light,{'off' if i % 2 else 'on'}"
        for i in range(8)
        for reader in ("A", "B")
    ]
    answers.write_text("reader,video,task,item,answer\n" + "\n".join(rows), encoding="utf-8")
    read = command("data", "readers", str(answers), data, str(tmp_path / "readers"), "--json", "-")
    kappa = {a["measure"]: a["value"] for a in read["agreement"]}
    assert kappa["cohens_kappa"] == 1.0
    (one, _) = command("show", str(tmp_path / "readers"), "--json", "-")
    assert row(one, "light")["value"] == 1.0


def test_wrong_input_is_named(command, ward, tmp_path):
    data, out = f"ward:{ward / 'ward.csv'}", str(tmp_path / "runs")
    ask = ("run", "-m", "brightness", "-t", "light", "-d", data, "-o", out)
    said = command(*ask, "--judge", "none", "--model-option", "treshold=3", expect=2)
    assert "treshold" in said
    said = command(*ask, "--judge", "none", "--task-option", "light.descibe=no", expect=2)
    assert "takes no option 'descibe'" in said
    assert "light.describe" in said
    # The judge that is used by default is not installed here: which package brings it is told.
    said = command(*ask, expect=2)
    assert "pip install s3eval-judge-lexicon" in said
