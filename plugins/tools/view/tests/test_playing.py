"""What browsers play, and what a conversion keeps: times, uprightness, sound."""

from __future__ import annotations

import time
from types import SimpleNamespace

import av
import numpy as np
import pytest
from s3eval_view.server import playing
from s3eval_view.server.converting import convert
from s3eval_view.server.playing import Conversion, Conversions, why_not_played

from s3eval.facts.footage import FootageError


@pytest.fixture(scope="module")
def files(filmed, tmp_path_factory):
    """Recordings of several kinds, by name."""
    folder = tmp_path_factory.mktemp("kinds")
    found = {
        "mp4": filmed.data / "videos" / "one.mp4",
        "mpeg-2": filmed.data / "videos" / "old.mpg",
    }
    for name, codec, container in (
        ("avi", "mpeg4", "avi"), ("hevc", "libx265", "mp4"), ("h264 in ts", "libx264", "mpegts"),
        ("webm", "libvpx", "webm"), ("motion jpeg", "mjpeg", "avi"),
    ):  # fmt: skip
        path = folder / f"{name.replace(' ', '-')}.{container}"
        with av.open(str(path), "w", format=container) as out:
            video = out.add_stream(codec, rate=10)
            video.width, video.height = 96, 64
            video.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
            if codec == "libx265":
                video.options = {"x265-params": "log-level=none"}
            for n in range(40):
                picture = np.full((64, 96, 3), 6 * n, np.uint8)
                out.mux(video.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
            out.mux(video.encode(None))
        found[name] = path
    return found


@pytest.mark.parametrize("name", ["mp4", "webm"])
def test_what_browsers_play(files, name):
    assert why_not_played(files[name], "v") == ""


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("mpeg-2", "MPEG-2"), ("avi", "AVI"), ("hevc", "HEVC"), ("h264 in ts", "MPEG-TS"),
        ("motion jpeg", "MJPEG"),
    ],
)  # fmt: skip
def test_what_they_do_not_is_said_and_converted_at_the_same_times(files, name, said, tmp_path):
    assert said in why_not_played(files[name], "v")
    told = []
    words = convert(files[name], tmp_path / "out.mp4", "v", told.append)
    assert "H.264" in words and told == sorted(told)
    assert why_not_played(tmp_path / "out.mp4", "v") == ""
    with av.open(str(tmp_path / "out.mp4")) as made:
        frames = list(made.decode(video=0))
        times = [f.pts * made.streams.video[0].time_base for f in frames]
        assert (len(made.streams.audio) == 1) == (name == "mpeg-2")
    assert float(times[0]) == pytest.approx(0.0, abs=0.05)
    if name != "mpeg-2":
        assert len(frames) == 40
        steps = np.diff([float(t) for t in times])
        assert steps == pytest.approx(0.1, abs=0.002)
        # Frame 20 is shown at 2 s: its grey tells which it is.
        grey = frames[20].to_ndarray(format="rgb24").mean()
        assert grey == pytest.approx(120, abs=6)


def test_sound_stays_beside_its_picture(files, tmp_path):
    convert(files["mpeg-2"], tmp_path / "out.mp4", "v", lambda done: None)
    with av.open(str(tmp_path / "out.mp4")) as made:
        lengths = [float(s.duration * s.time_base) for s in made.streams]
    assert lengths == pytest.approx([8.0, 8.0], abs=0.25)


def test_what_is_no_video_is_told_without_its_path(tmp_path):
    (tmp_path / "secret.mp4").write_text("no video")
    for work in (
        lambda: why_not_played(tmp_path / "secret.mp4", "v"),
        lambda: convert(tmp_path / "secret.mp4", tmp_path / "o.mp4", "v", lambda done: None),
    ):
        with pytest.raises(FootageError) as caught:
            work()
        assert "secret" not in str(caught.value)


def test_a_playlist_that_names_another_file_is_not_followed(tmp_path, filmed):
    other = filmed.data / "videos" / "one.mp4"
    (tmp_path / "list.mp4").write_text(f"#EXTM3U\n#EXTINF:10,\n{other}\n#EXT-X-ENDLIST\n")
    with pytest.raises(FootageError):
        convert(tmp_path / "list.mp4", tmp_path / "o.mp4", "v", lambda done: None)


def test_a_mistake_in_what_follows_a_conversion_is_no_damage_of_the_recording(files, tmp_path):
    with pytest.raises(TypeError):
        convert(files["avi"], tmp_path / "o.mp4", "v", lambda done: done + "%")


def test_a_conversion_that_breaks_has_failed_and_says_what_broke(monkeypatch, tmp_path):
    def broken(path, target, name, report_progress):
        return None + 1

    monkeypatch.setattr(playing, "convert", broken)
    recording = SimpleNamespace(path=lambda: tmp_path / "a.mp4", video=SimpleNamespace(name="v"))
    conversions = Conversions()
    conversions.start("v", recording)
    deadline = time.monotonic() + 20
    while conversions.state("v").state == "working" and time.monotonic() < deadline:
        time.sleep(0.01)
    state: Conversion = conversions.state("v")
    assert state.state == "failed"
    assert state.words.startswith("TypeError: unsupported operand")
    conversions.close()
