"""What the documents' commands find: two drawn videos, runs on them, small tables."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tools"))

TABLES = {
    "reports.csv": "video,report\na,The left arm stiffens. Then both arms jerk.\n",
    "predicted.csv": "video,report\na,The left arm stiffens.\n",
    "reference.csv": "video,report\na,The left arm stiffens. Then both arms jerk.\n",
    "features.csv": "video,feature,present\na,tonic,yes\na,clonic,yes\n",
    "ratings.csv": "model,video_id,rqi,bleu,expert\n"
    + "".join(
        f"m{m},v{v},{40 + v * m},{v + m},{1 + (v * m) % 5}\n" for m in (1, 2) for v in range(6)
    ),
}


def verb(*arguments: object) -> None:
    from s3eval.cli import cli

    cli.main([str(a) for a in arguments], standalone_mode=False)


@pytest.fixture(scope="session")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two drawn videos of two patients."""
    pytest.importorskip("s3eval_synth")
    folder = tmp_path_factory.mktemp("drawn") / "data"
    verb("data", "synth", folder, "--patients", 2, "--videos", 2, "--seed", 0)
    return folder


@pytest.fixture(scope="session")
def prepared(drawn: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what the pages speak of: demo/data, small, mine, runs, videos, tables."""
    folder = tmp_path_factory.mktemp("prepared")
    shutil.copytree(drawn, folder / "small")  # `data synth` keeps what is drawn already.
    for name in ("demo/data", "mine"):
        shutil.copytree(drawn, folder / name)
        table = folder / name / "videos.csv"  # A patient of each side of a split.
        rows = table.read_text(encoding="utf-8")
        table.write_text(rows.replace(",NES,0,", ",NES,1,"), encoding="utf-8")
    first, second = sorted((drawn / "videos").glob("*.mp4"))
    for target in ("videos/a.mp4", "to/night-1.mp4"):
        (folder / target).parent.mkdir(exist_ok=True)
        shutil.copy(first, folder / target)
    shutil.copy(second, folder / "to" / "night-2.mp4")
    for name, text in TABLES.items():
        (folder / name).write_text(text, encoding="utf-8")
    ask = ("--tasks", "recognition,report", "--data", folder / "mine", "--out", folder / "runs")
    verb("run", "-m", "always-yes", "-m", "prevalence", *ask, "--resamples", 50)
    (folder / "runs" / "always-yes").rename(folder / "runs" / "a")
    (folder / "runs" / "prevalence").rename(folder / "runs" / "b")
    shutil.copytree(folder / "runs" / "b", folder / "runs" / "qwen3-vl-8b")
    return folder
