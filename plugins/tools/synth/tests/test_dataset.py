"""Files: encoded, decoded, repeated, resumed, refused."""

from __future__ import annotations

import dataclasses
import errno
import hashlib
import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import av
import numpy as np
import pytest
from click.testing import CliRunner
from s3eval_synth import dataset as synth_dataset
from s3eval_synth import encoding, open_or_draw, s3eval_commands, s3eval_datasets
from s3eval_synth.cli.sheet import command as sheet_command
from s3eval_synth.cli.synth import command as synth_command
from s3eval_synth.encoding import write_video
from s3eval_synth.generate import make_scripts, single_sign
from s3eval_synth.renderer import FrameRenderer, render_frames
from s3eval_synth.testing import tiny_dataset, tiny_scripts

from s3eval.cli import cli
from s3eval.dataset import open_folder
from s3eval.dataset.checks import check_files
from s3eval.errors import S3EvalError
from s3eval.plugins import installed

TABLES = ("videos.csv", "features.csv", "lateralization.csv", "sequences.csv", "reports.csv",
          "scenes.csv", "dataset.toml")  # fmt: skip


def decoded(path: Path) -> tuple[str, str]:
    """Hashes of all decoded frames and of all decoded sound."""
    seen, heard = hashlib.sha256(), hashlib.sha256()
    with av.open(str(path)) as box:
        for frame in box.decode(video=0):
            seen.update(f"{frame.pts}".encode() + frame.to_ndarray().tobytes())
    with av.open(str(path)) as box:
        for piece in box.decode(audio=0):
            heard.update(piece.to_ndarray().tobytes())
    return seen.hexdigest(), heard.hexdigest()


@pytest.fixture(scope="module")
def tiny(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("tiny") / "set"
    tiny_dataset(folder, videos=3, seconds=3.0)
    return folder


def test_a_real_file_of_the_promised_kind(tmp_path):
    script = dataclasses.replace(
        single_sign("ictal_vocalization", start=0.5, end=2.0, duration=2.4),
        width=640,
        height=480,
        fps=30,
    )
    write_video(script, tmp_path / "a.mp4")
    with av.open(str(tmp_path / "a.mp4")) as box:
        video, audio = box.streams.video[0], box.streams.audio[0]
        assert (video.codec_context.name, audio.codec_context.name) == ("h264", "aac")
        assert (video.width, video.height, video.average_rate) == (640, 480, 30)
        frames = [(f.time, f.to_ndarray(format="rgb24")) for f in box.decode(video)]
    assert len(frames) == script.frame_count == 72
    assert [t for t, _ in frames] == pytest.approx([n / 30 for n in range(72)], abs=1e-6)
    drawn = render_frames(script, [1.0])[0].astype(float)
    error = np.mean((frames[30][1].astype(float) - drawn) ** 2)
    assert 10 * np.log10(255**2 / error) > 28, "what is decoded is what was drawn"
    assert [p.name for p in tmp_path.iterdir()] == ["a.mp4"], "no partial file is left"


def test_decoded_groan_is_where_it_should_be(tmp_path):
    script = single_sign("ictal_vocalization", start=1.0, end=2.2, duration=3.2)
    script = dataclasses.replace(script, width=160, height=120, lines=script.lines[:1])
    write_video(script, tmp_path / "a.mp4")
    with av.open(str(tmp_path / "a.mp4")) as box:
        stream = box.streams.audio[0]
        pieces = [(p.time, p.to_ndarray()[0]) for p in box.decode(stream)]
    sound = np.concatenate([p for _, p in pieces])
    times = pieces[0][0] + np.arange(len(sound)) / stream.rate
    loud = times[np.abs(sound) > 0.05]
    line = script.lines[0]
    assert loud.min() == pytest.approx(line.start, abs=0.2)
    assert loud.max() == pytest.approx(line.end, abs=0.3)


def test_same_seed_same_tables_and_decoded_frames(tiny, tmp_path):
    tiny_dataset(tmp_path / "again", videos=3, seconds=3.0)
    for table in TABLES:
        assert (tiny / table).read_bytes() == (tmp_path / "again" / table).read_bytes(), table
    for video in open_folder(tiny).videos:
        assert decoded(tiny / video.file) == decoded(tmp_path / "again" / video.file)


def test_another_seed_is_another_set():
    assert tiny_scripts(2, 3.0, seed=0) != tiny_scripts(2, 3.0, seed=1)


def test_frames_do_not_depend_on_the_order_they_are_asked_for():
    script = dataclasses.replace(make_scripts(2, 4, 1)[1], width=160, height=120)
    renderer = FrameRenderer(script)
    forward = [renderer.frame(t) for t in (8.0, 8.04, 9.0, 12.0)]
    for time, frame in zip((12.0, 8.04, 9.0, 8.0), [forward[k] for k in (3, 1, 2, 0)], strict=True):
        assert np.array_equal(FrameRenderer(script).frame(time), frame)
        assert np.array_equal(renderer.frame(time), frame)


def test_tiny_dataset_is_a_sound_dataset(tiny):
    dataset = open_folder(tiny)
    assert [v.diagnosis for v in dataset.videos] == ["ES", "NES", "ES"]
    assert check_files(dataset) == []
    assert dataset.annotation(dataset.videos[0].name).presence("clonic") == "yes"


def test_running_again_draws_only_what_is_missing(tiny, monkeypatch):
    videos = [tiny / v.file for v in open_folder(tiny).videos]
    times = [v.stat().st_mtime_ns for v in videos]
    videos[1].unlink()
    drawn = []
    monkeypatch.setattr(
        encoding,
        "write_video",
        lambda script, path: (drawn.append(script.name), write_video(script, path)),
    )
    tiny_dataset(tiny, videos=3, seconds=3.0)
    assert drawn == [videos[1].stem]
    assert [v.stat().st_mtime_ns for v in (videos[0], videos[2])] == [times[0], times[2]]


def test_other_arguments_or_strangers_files_are_refused(tiny, tmp_path):
    with pytest.raises(S3EvalError, match="other arguments"):
        tiny_dataset(tiny, videos=2, seconds=3.0)
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(S3EvalError, match="something else"):
        tiny_dataset(tmp_path)
    with pytest.raises(S3EvalError, match="A file of this name"):
        tiny_dataset(tmp_path / "notes.txt")
    assert (tmp_path / "notes.txt").read_text() == "mine"


def test_a_full_disk_is_said_and_nothing_is_lost(tmp_path, monkeypatch):
    scripts = tiny_scripts(2, 1.5)
    real = encoding._fill

    def full(box: object, script: object) -> None:
        if script == scripts[1]:
            raise OSError(errno.ENOSPC, "No space left on device")
        real(box, script)

    monkeypatch.setattr(encoding, "_fill", full)
    with pytest.raises(S3EvalError, match="The disk is full") as caught:
        synth_dataset.draw_scripts(scripts, {}, tmp_path / "set", "x")
    assert caught.value.exit_code == 4
    kept = [p.name for p in (tmp_path / "set" / "videos").iterdir()]
    assert kept == [f"{scripts[0].name}.mp4"]
    monkeypatch.undo()
    assert len(synth_dataset.draw_scripts(scripts, {}, tmp_path / "set", "x")) == 2


def test_a_real_write_failure_is_said_and_leaves_no_partial_file(tmp_path):
    resource = pytest.importorskip("resource")
    program = (
        "from s3eval_synth.testing import tiny_dataset; from s3eval.errors import S3EvalError\n"
        f"try: tiny_dataset({str(tmp_path / 'set')!r}, videos=1, seconds=3.0)\n"
        "except S3EvalError as error: print(error)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000)),
    )  # fmt: skip
    assert "The disk is full" in done.stdout and "are kept" in done.stdout
    assert [*(tmp_path / "set" / "videos").iterdir()] == []


def test_without_opencv_the_way_out_is_named(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    (synth, _), (dataset,) = s3eval_commands(), s3eval_datasets()
    for spec in (synth, dataset):
        with pytest.raises(S3EvalError, match=r"needs cv2.*pip install s3eval-synth"):
            spec.load()


def test_hooks_import_nothing_that_draws():
    program = "import sys, s3eval_synth; print({'cv2', 'av', 'numpy'} & set(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.strip() == "set()"


def test_the_format_and_the_verbs_come_through_hooks():
    assert installed().get("dataset", "synthetic").package == "s3eval-synth"
    shown = CliRunner().invoke(cli, ["data", "--help"]).output
    assert "draw synthetic seizures with exact annotation" in shown
    assert CliRunner().invoke(cli, ["data", "synth", "--help"]).exit_code == 0


def test_open_or_draw_opens_what_is_there(tiny):
    assert open_or_draw(tiny).name == "tiny"


def test_the_verb_draws_checks_and_counts(tmp_path, monkeypatch):
    def short(patients: int, videos: int, seed: int) -> tuple:
        return tuple(dataclasses.replace(s, duration=30.0, width=64, height=48, fps=2)
                     for s in make_scripts(patients, videos, seed))  # fmt: skip

    monkeypatch.setattr(synth_dataset, "make_scripts", short)
    arguments = [str(tmp_path / "d"), "--patients", "2", "--videos", "2", "--jobs", "1"]
    result = CliRunner().invoke(synth_command, [*arguments, "--json", "-"], catch_exceptions=False)
    facts = json.loads(result.stdout)
    assert (facts["videos"], facts["patients"]) == (2, 2)
    assert sum(facts["features"]["tonic"].values()) == 2
    record = json.loads((tmp_path / "d" / "synth.json").read_text())
    assert record["complete"] is True
    assert record["arguments"] == {"patients": 2, "seed": 0, "videos": 2}


def test_sheets_of_a_dataset(tiny, tmp_path):
    from PIL import Image

    arguments = [str(tiny), "--out", str(tmp_path), "--frames", "4"]
    result = CliRunner().invoke(sheet_command, arguments, catch_exceptions=False)
    assert "wrote 3 sheets" in result.output
    sheets = sorted(tmp_path.glob("*.jpg"))
    assert len(sheets) == 3
    with Image.open(sheets[0]) as page:
        assert page.width > 900


def test_overview_of_signs_has_a_row_for_every_feature_asked():
    from s3eval_synth.contact_sheets import signs_overview

    from s3eval.vocabulary import feature

    chosen = [feature("full_body_shaking"), feature("eye_blinking"), feature("ictal_vocalization")]
    page = np.asarray(signs_overview(2, 60, chosen)).astype(float)
    assert page.shape[0] == 3 * 66 + 6
    rows = [page[6 + 66 * n : 66 + 66 * n, 240:] for n in range(3)]
    assert all(row.std() > 20 for row in rows)
    one, two = rows[0][:, 2:70], rows[0][:, 85:153]
    assert np.abs(one - two).mean() > 0.5, "consecutive frames differ"


def test_sheet_needs_something_to_show():
    assert CliRunner().invoke(sheet_command, []).exit_code == 2
