"""Scores of runs whose videos are gone or changed, and of runs that were cut short."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

import av
import numpy as np
import pytest

import s3eval
from s3eval import Annotation, Dataset, FeatureAnnotation, Model, ModelSpec, S3EvalError, Video
from s3eval.cli import main
from s3eval.dataset import write_folder
from s3eval.plugins import Plugin
from s3eval.testing.plugins import beside_installed


def write_video(path: Path, seconds: int, shade: int) -> None:
    """Grey pictures, two a second."""
    with av.open(str(path), "w") as out:
        stream = out.add_stream("mpeg4", rate=2)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        picture = np.full((48, 64, 3), shade, np.uint8)
        for _ in range(2 * seconds):
            out.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        out.mux(stream.encode())


class Looking(Model):
    """Looks at the video's content only, so that its answers' keys hold it."""

    def answer(self, footage, question):
        return "yes" if footage.clip.video < "v2" else "no"


@pytest.fixture
def looked_at(tmp_path) -> Dataset:
    videos = tuple(
        Video(f"v{i}", f"p{i}", f"videos/v{i}.mp4", duration=3.0 if i else None) for i in range(3)
    )
    notes = {
        v.name: Annotation(v.name, {"tonic": FeatureAnnotation("yes" if i % 2 else "no")})
        for i, v in enumerate(videos)
    }
    folder = write_folder(Dataset("d", videos, notes), tmp_path / "seen")
    (folder / "videos").mkdir(exist_ok=True)
    for i in range(3):
        write_video(folder / "videos" / f"v{i}.mp4", 3 + i % 2, 50 * i)
    return s3eval.open_dataset(folder)


@pytest.fixture
def looking():
    spec = ModelSpec("looking", adapter=f"{__name__}:Looking", sees=True)
    with beside_installed(Plugin("model", spec, "their-package", "1")):
        yield


def test_scores_stay_when_the_videos_are_gone(looked_at, looking, tmp_path):
    out = tmp_path / "runs"
    made = s3eval.evaluate("looking", "recognition", looked_at, out, progress=False)
    before = (out / "looking" / "findings.jsonl").read_bytes()
    shutil.rmtree(tmp_path / "seen" / "videos")
    again = s3eval.score(out, write=True)
    assert [r.value for r in again[0].rows] == [r.value for r in made[0].rows]
    assert (out / "looking" / "findings.jsonl").read_bytes() == before


def test_scoring_drops_no_findings_of_videos_that_changed(looked_at, looking, tmp_path, capsys):
    out = tmp_path / "runs"
    s3eval.evaluate("looking", "recognition", looked_at, out, progress=False)
    before = (out / "looking" / "findings.jsonl").read_bytes()
    write_video(tmp_path / "seen" / "videos" / "v1.mp4", 4, 200)
    with pytest.raises(S3EvalError, match=r"drop findings: 18 questions .* without an answer"):
        s3eval.score(out, write=True)
    assert (out / "looking" / "findings.jsonl").read_bytes() == before
    with pytest.raises(SystemExit):
        main(["show", str(out)])
    assert "looking: 18 questions of this run without an answer" in capsys.readouterr().err


def test_a_run_that_was_cut_short_says_what_its_scores_leave_out(looked_at, tmp_path, capsys):
    out = tmp_path / "runs"
    s3eval.evaluate("always-yes", "recognition", looked_at, out, progress=False)
    run = out / "always-yes"
    for name in ("findings.jsonl", "scores.json", "scores.fingerprint"):
        (run / name).unlink()
    with sqlite3.connect(run / "answers.sqlite") as db:
        db.execute("DELETE FROM answers WHERE video = 'v1'")
    left = "always-yes: 20 questions of this run without an answer, left out here"
    for verb in ("show", "score", "score", "show"):
        with pytest.raises(SystemExit):
            main([verb, str(out)])
        assert left in capsys.readouterr().err
    (run / "findings.jsonl").unlink()
    with pytest.raises(S3EvalError, match="has no findings yet"):
        s3eval.compare(
            [run, s3eval.evaluate("always-no", "recognition", looked_at, out)[0].run.path]
        )
