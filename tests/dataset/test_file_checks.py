"""What a check says of the files, by video and row: never by a file's name."""

from __future__ import annotations

import json
import os
import wave
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from s3eval.cli import main
from s3eval.dataset.checks import check_files
from s3eval.dataset.folder import open_folder, row_finder


def film(path: Path, seconds: float = 3.0, sound: float | None = None, shade: int = 0) -> Path:
    """A small video, with sound of another length if given."""
    with av.open(str(path), "w") as out:
        video = out.add_stream("mpeg4", rate=10)
        video.width, video.height, video.pix_fmt = 64, 48, "yuv420p"
        track = None if sound is None else out.add_stream("aac", rate=48_000, layout="mono")
        for n in range(round(seconds * 10)):
            image = np.full((48, 64, 3), (n * 5 + shade) % 256, np.uint8)
            frame = av.VideoFrame.from_ndarray(image, format="rgb24")
            frame.pts, frame.time_base = n, Fraction(1, 10)
            out.mux(video.encode(frame))
        out.mux(video.encode(None))
        if track is not None:
            samples = np.zeros((1, round(sound * 48_000)), np.float32)
            heard = av.AudioFrame.from_ndarray(samples, format="fltp", layout="mono")
            heard.rate, heard.pts = 48_000, 0
            out.mux(track.encode(heard))
            out.mux(track.encode(None))
    return path


@pytest.fixture
def folder(tmp_path):
    """A dataset folder to put files into; rows are written by :func:`listed`."""
    (tmp_path / "data" / "videos").mkdir(parents=True)
    (tmp_path / "data" / "dataset.toml").write_text('format = 1\nname = "t"\n')
    return tmp_path / "data"


def listed(folder: Path, *rows: str) -> list[tuple[str, int, str]]:
    """Write videos.csv and check: (level, row, what) of every finding."""
    text = "video,patient,file,fold,duration\n" + "".join(f"{row}\n" for row in rows)
    (folder / "videos.csv").write_text(text)
    found = check_files(open_folder(folder), rows=row_finder(folder))
    assert all(p.file == "videos.csv" for p in found)
    return [(p.level, p.row, p.what) for p in found]


def test_good_files_are_not_mentioned(folder):
    film(folder / "videos" / "Gonzalez.mp4", 3.0)
    film(folder / "videos" / "b.mp4", 3.0, sound=3.0, shade=9)
    assert listed(folder, "a,p1,videos/Gonzalez.mp4,0,", "b,p2,videos/b.mp4,1,3") == []


def test_every_bad_file_is_told_by_video_and_row(folder, tmp_path):
    videos = folder / "videos"
    good = film(videos / "Gonzalez-ok.mp4", 3.0)
    (videos / "Gonzalez-empty.mp4").touch()
    (videos / "Gonzalez-text.mp4").write_text("no video" * 200)
    os.mkfifo(videos / "Gonzalez-pipe.mp4")
    (tmp_path / "Gonzalez-out.mp4").write_bytes(good.read_bytes())
    (videos / "Gonzalez-link.mp4").symlink_to(tmp_path / "Gonzalez-out.mp4")
    names = ["ok", "gone", "empty", "text", "pipe", "link", "x" * 300]
    rows = [f"v{n},p{n},videos/Gonzalez-{name}.mp4,0," for n, name in enumerate(names)]
    found = listed(folder, *rows)
    expected = ["is missing", "is empty", "cannot be opened", "a pipe", "outside", "too long"]
    assert [(level, row) for level, row, _ in found] == [("error", n) for n in range(3, 9)]
    for (_, row, what), words in zip(found, expected, strict=True):
        assert words in what and f"'v{row - 2}'" in what
        assert "Gonzalez" not in what and str(tmp_path) not in what


def test_sound_that_outlasts_the_pictures_or_ends_before_them(folder):
    film(folder / "videos" / "long.mp4", 3.0, sound=9.0)
    film(folder / "videos" / "short.mkv", 4.0, sound=1.0)
    found = listed(folder, "a,p1,videos/long.mp4,0,", "b,p2,videos/short.mkv,0,")
    assert [f[:2] for f in found] == [("warning", 2), ("warning", 3)]
    assert "sound goes on to 9.0 s, its pictures end at 3.0 s" in found[0][2]
    assert "sound ends at 1.0 of 4.0 s" in found[1][2]


def test_one_recording_under_several_names(folder):
    videos = folder / "videos"
    one = film(videos / "one.mp4", 3.0)
    for name in ("fold", "patient", "again"):
        (videos / f"{name}.mp4").write_bytes(one.read_bytes())
    film(videos / "other.mp4", 3.0, shade=77)
    found = listed(
        folder,
        "a,p1,videos/one.mp4,0,",
        "b,p2,videos/fold.mp4,1,",
        "c,p3,videos/patient.mp4,0,",
        "d,p1,videos/again.mp4,0,",
        "e,p1,videos/one.mp4,0,",
        "f,p9,videos/other.mp4,0,",
    )
    assert [f[:2] for f in found] == [
        ("error", 3), ("warning", 4), ("warning", 5), ("warning", 6),
    ]  # fmt: skip
    assert "'b' is the same recording as 'a', in folds 0 and 1" in found[0][2]
    assert "of patients 'p1' and 'p3'" in found[1][2]
    assert not any("'f'" in what for *_, what in found)


def test_only_files_of_equal_size_are_hashed(folder, monkeypatch):
    from s3eval.footage import decoding

    film(folder / "videos" / "a.mp4", 3.0)
    film(folder / "videos" / "b.mp4", 4.0)

    def hashed(*_):
        raise AssertionError("files of different size cannot be equal")

    monkeypatch.setattr(decoding, "content_hash", hashed)
    assert listed(folder, "a,p1,videos/a.mp4,0,", "b,p2,videos/b.mp4,1,") == []


def command(*arguments: object) -> int:
    with pytest.raises(SystemExit) as done:
        main([str(a) for a in arguments])
    return int(done.value.code or 0)


def test_files_outside_are_refused_or_allowed_and_told(folder, tmp_path, capsys):
    film(tmp_path / "Gonzalez.mp4", 3.0)
    (folder / "videos" / "a.mp4").symlink_to(tmp_path / "Gonzalez.mp4")
    (folder / "videos.csv").write_text("video,patient\na,p1\n")
    report = tmp_path / "found.json"
    assert command("data", "check", folder, "--json", report) == 1
    [refused] = json.loads(report.read_text())
    assert "outside its dataset folder" in refused["what"] and refused["row"] == 2
    assert "--allow-outside" in refused["fix"]
    assert command("data", "check", folder, "--allow-outside", "--json", report) == 0
    [told] = json.loads(report.read_text())
    assert told["level"] == "warning" and "outside the dataset folder" in told["what"]
    out = tmp_path / "seen.png"
    asked = ("look", folder, "a", "--profile", "standard", "--clip", "1", "--out", out)
    assert command(*asked) == 2 and not out.exists()
    assert "Gonzalez" not in capsys.readouterr().err
    assert command(*asked, "--allow-outside") == 0 and out.exists()


def test_a_run_remembers_that_outside_was_allowed(folder, tmp_path, capsys):
    film(tmp_path / "Gonzalez.mp4", 3.0)
    (folder / "videos" / "a.mp4").symlink_to(tmp_path / "Gonzalez.mp4")
    (folder / "videos.csv").write_text("video,patient\na,p1\n")
    (folder / "features.csv").write_text("video,feature,present\na,tonic,no\n")
    run = ("run", "-m", "motion", "-t", "recognition", "-d", folder, "--resamples", "20")
    assert command(*run, "-o", tmp_path / "with", "--allow-outside") == 0
    scored = ("score", tmp_path / "with" / "motion")
    assert command(*scored) == 0
    findings = (tmp_path / "with" / "motion" / "findings.jsonl").read_text().splitlines()
    states = {json.loads(line)["state"] for line in findings if '"tonic"' in line}
    assert states == {"answered"}
    assert "Gonzalez" not in capsys.readouterr().err


def test_a_sound_file_is_checked_as_what_it_is(folder):
    with wave.open(str(folder / "videos" / "a.wav"), "wb") as out:
        out.setparams((1, 2, 16_000, 0, "NONE", ""))
        out.writeframes(bytes(64_000))
    assert listed(folder, "a,p1,videos/a.wav,0,2") == []
