"""A small dataset with everything an annotation may hold, and a run on it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from s3eval import Annotation, Dataset, FeatureAnnotation, Video
from s3eval.dataset.folder_writing import write_folder
from s3eval.facts.videos import Lateralization


@pytest.fixture
def data(tmp_path: Path) -> Dataset:
    (tmp_path / "videos").mkdir()
    (tmp_path / "videos" / "first.MP4").write_bytes(b"a video")
    videos = (
        Video("a/1", "p1", "videos/first.MP4", "ES", 0, 70.0, {"camera": "side"}),
        Video("b", "p2", "", "NES", 2, 30.0),
        Video("c", "p3"),
    )
    annotations = {
        "a/1": Annotation(
            "a/1",
            {
                "tonic": FeatureAnnotation("yes", 5.0, 20.5, "stiff"),
                "clonic": FeatureAnnotation("no"),
            },
            {"head_turning": Lateralization("left", 3.0, 4.0)},
            ("tonic",),
            "Stiffens.",
            2.0,
            60.0,
            {"light": "on", "beds": 3},
        ),
        "b": Annotation("b", {"tonic": FeatureAnnotation("no")}, sequence=()),
    }
    return Dataset("ward study", videos, annotations, tmp_path, "d1", "Two wards.")


@pytest.fixture(scope="session")
def run_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of a scripted model on six videos, three of them with the sign."""
    pytest.importorskip("s3eval_model_baselines")
    pytest.importorskip("s3eval_task_recognition")
    folder = tmp_path_factory.mktemp("hub")
    videos = tuple(Video(f"v{i}", f"p{i // 2}", duration=70.0) for i in range(6))
    signs = {
        v.name: Annotation(v.name, {"tonic": FeatureAnnotation(("yes", "no")[i % 2])})
        for i, v in enumerate(videos)
    }
    write_folder(Dataset("six videos", videos, signs), folder / "data")
    call = [sys.executable, "-m", "s3eval", "run", "-m", "always-yes", "-m", "always-no"]
    call += ["-t", "recognition", "-d", str(folder / "data"), "-o", str(folder / "runs")]
    subprocess.run([*call, "--resamples", "50"], check=True, capture_output=True)
    return folder / "runs"


@pytest.fixture
def other_python():
    """Gives a Python that has a library: this one, or that of ``S3EVAL_PYTHON_<NAME>``."""

    def find(name: str, module: str) -> str:
        chosen = os.environ.get(f"S3EVAL_PYTHON_{name}", "")
        if chosen:
            program = shutil.which(chosen)
            assert program, f"S3EVAL_PYTHON_{name} names no program"
            return program
        pytest.importorskip(module, reason=f"make test-outside runs it with {module}")
        return sys.executable

    return find
