"""`s3eval look`: the picture and the sound are what a model is handed."""

from __future__ import annotations

import json
import wave
from pathlib import Path

import pytest
from PIL import Image
from s3eval_synth.testing import tiny_dataset

from s3eval.cli import main


@pytest.fixture(scope="module")
def drawn(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("look") / "data"
    tiny_dataset(folder, videos=1, seconds=6.0)
    return folder


def look(*arguments: object) -> int:
    with pytest.raises(SystemExit) as done:
        main(["look", *map(str, arguments)])
    return int(done.value.code or 0)


def test_clips_are_listed_as_the_task_asks_them(drawn, capsys):
    windows = ("--sampling", "window_seconds=4", "--sampling", "overlap_seconds=1")
    assert look(drawn, "T0001", *windows, "--model", "always-yes") == 0
    rows = [line.split()[:3] for line in capsys.readouterr().out.splitlines()[2:4]]
    assert rows == [["1", "0.0", "4.0"], ["2", "3.0", "6.0"]]


def test_the_sheet_has_a_frame_for_each_time_and_the_wav_the_sound(drawn, tmp_path, capsys):
    out = tmp_path / "seen.png"
    assert look(drawn, "T0001", "--start", 1, "--end", 5, "--out", out) == 0
    assert "8 frames" in capsys.readouterr().out
    width, height = Image.open(out).size
    # Two rows of up to six frames of 200 pixels.
    assert width == 6 * 208 + 8
    assert height > 2 * 150
    with wave.open(str(tmp_path / "seen.wav")) as sound:
        assert (sound.getframerate(), sound.getnchannels()) == (16_000, 1)
        assert sound.getnframes() == 4 * 16_000


def test_times_are_written_as_in_tables(drawn, tmp_path, capsys):
    pictures = []
    for start, end in (("1", "5"), ("0:01", "0:05"), ("0:00:01.0", "00:05")):
        out = tmp_path / f"{len(pictures)}.png"
        assert look(drawn, "T0001", "--start", start, "--end", end, "--out", out) == 0
        pictures.append(out.read_bytes())
    assert len({*pictures}) == 1


def test_what_was_written_is_told_as_json_too(drawn, tmp_path, capsys):
    out = tmp_path / "seen.png"
    assert look(drawn, "T0001", "--start", "0:01", "--end", 5, "--out", out, "--json", "-") == 0
    assert json.loads(capsys.readouterr().out) == {
        "picture": str(out), "sound": str(tmp_path / "seen.wav"), "frames": 8, "start": 1.0,
        "end": 5.0,
    }  # fmt: skip


def test_a_model_that_only_sees_gets_no_sound(drawn, tmp_path):
    out = tmp_path / "seen.png"
    assert look(drawn, "T0001", "--model", "motion", "--clip", 1, "--out", out) == 0
    assert not (tmp_path / "seen.wav").exists()


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["T0002"], "Unknown video 'T0002'"),
        (["T0001", "--clip", "7", "--out", "x.png"], "There are 1 clips"),
        (["T0001", "--clip", "1", "--start", "2", "--out", "x.png"], "--clip and --start"),
        (["T0001", "--clip", "1", "--end", "2"], "exclude each other"),
        (["T0001", "--clip", "1"], "--out seen.png"),
        (["T0001", "--start", "2", "--end", "90", "--out", "x.png"], "cannot be shown"),
        (["T0001", "--clip", "1", "--out", "x.tiff"], ".png or .jpg file (x.tiff). Try: x.png"),
        (["T0001", "--clip", "1", "--out", "x"], ".png or .jpg"),
        # Before anything is listed or decoded.
        (["T0001", "--out", "x.xyz"], ".png or .jpg"),
        (["T0001", "--out", "x.png"], "Which clip should the picture show?"),
        (["T0001", "--start", "0:75", "--out", "x.png"], "'0:75' is no time in a video"),
        (["T0001", "--end", "1,5", "--out", "x.png"], "write a decimal point: 1.5"),
        (["T0001", "--start", "soon", "--out", "x.png"], "seconds, or MM:SS"),
        (["T0001", "--start", "-1", "--out", "x.png"], "'-1' is no time in a video"),
    ],
)
def test_wrong_input_is_named(drawn, tmp_path, monkeypatch, capsys, arguments, expected):
    monkeypatch.chdir(tmp_path)
    assert look(drawn, *arguments) == 2
    assert expected in capsys.readouterr().err
