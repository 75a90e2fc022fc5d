"""Nothing opens but what was named: a regular file, inside its folder, of a listed format."""

from __future__ import annotations

import os
import socket
import threading
from pathlib import Path

import pytest

from s3eval.dataset import Dataset, Video
from s3eval.facts.files import media_file
from s3eval.footage import Clip, Footage, FootageError, Sampling
from s3eval.footage.decoding import content_hash, decode, probe

CLIP = Clip("patient-7", 0.0, 2.0, Sampling(2.0, 60))


def refused(path: Path | str, kind: str) -> FootageError:
    """Every way in refuses the file alike, at once, and none says where it lies."""
    found = []
    for way in (
        lambda: probe(path, name="patient-7"),
        lambda: [*decode(path, [CLIP])],
        lambda: media_file(path, "patient-7"),
        lambda: content_hash(path, "patient-7"),
    ):
        with pytest.raises(FootageError) as caught:
            way()
        assert caught.value.kind == kind
        assert str(caught.value).count("patient-7") == 1
        assert os.path.basename(path)[:9] not in str(caught.value)
        found.append(caught.value)
    return found[0]


def test_pipes_are_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "recording.mp4")
    assert "a pipe" in str(refused(tmp_path / "recording.mp4", "not-a-file"))


def test_devices_sockets_and_folders_are_no_files(tmp_path):
    (tmp_path / "recording.zero").symlink_to("/dev/zero")
    assert "a device" in str(refused(tmp_path / "recording.zero", "not-a-file"))
    (tmp_path / "recording.dir").mkdir()
    assert "a folder" in str(refused(tmp_path / "recording.dir", "not-a-file"))
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind(str(tmp_path / "recording.sock"))
        assert "a socket" in str(refused(tmp_path / "recording.sock", "not-a-file"))


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("recording" * 40, "unreadable"),
        ("recording\0.mp4", "unreadable"),
        ("recording.mp4", "missing"),
        ("recording-dir/x/y.mp4", "missing"),
    ],
)
def test_names_without_a_file(tmp_path, name, kind):
    refused(f"{tmp_path}/{name}", kind)


def test_a_loop_of_links(tmp_path):
    (tmp_path / "recording.mp4").symlink_to("recording.mp4")
    refused(tmp_path / "recording.mp4", "unreadable")


def test_a_folder_named_like_an_address_makes_no_connection(film, tmp_path, monkeypatch):
    contacts: list[object] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

        def listen() -> None:
            try:
                contacts.append(server.accept())
            except OSError:
                return

        threading.Thread(target=listen, daemon=True).start()
        for scheme in ("http:", "tcp:", "ftp:"):
            folder = tmp_path / scheme / f"127.0.0.1:{port}"
            folder.mkdir(parents=True)
            os.link(film("plain.mp4", 120, options={"bf": "3"}), folder / "a.mp4")
            monkeypatch.chdir(tmp_path)
            [footage] = decode(f"{scheme}/127.0.0.1:{port}/a.mp4", [CLIP])
            assert isinstance(footage, Footage), "the file itself is a good video"
            assert not contacts


@pytest.mark.parametrize(
    "name",
    ["concat:a|b.mp4", "file:a.mp4", "-a.mp4", "a b?#%20.mp4", "pipe:0", "data:,x", "a%03d.mp4",
     "neu\nline.mp4", "日本.mp4", "subfile,,start,0,end,9,,:a.mp4", "cache:a"],
)  # fmt: skip
def test_odd_names_are_names(film, tmp_path, name):
    os.link(film("plain.mp4", 120, options={"bf": "3"}), tmp_path / name)
    assert probe(tmp_path / name).duration == pytest.approx(12.0)
    [footage] = decode(tmp_path / name, [CLIP])
    assert isinstance(footage, Footage)


INDIRECT = {
    "hls": "#EXTM3U\n#EXT-X-TARGETDURATION:12\n#EXTINF:12,\n{film}\n#EXT-X-ENDLIST\n",
    "concat": "ffconcat version 1.0\nfile {film}\n",
    "sdp": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\n"
    "m=video 5004 RTP/AVP 96\na=rtpmap:96 H264/90000\n",
    "text": "Stiffens, then jerks.\n" * 50,
    "subtitles": "1\n00:00:01,000 --> 00:00:02,000\nhello\n",
}


@pytest.mark.parametrize("suffix", ["mp4", "m3u8", "ffconcat", "sdp", "srt", "ans"])
@pytest.mark.parametrize("kind", INDIRECT)
def test_what_refers_to_other_files_is_no_video(film, tmp_path, kind, suffix):
    text = INDIRECT[kind].format(film=film("plain.mp4", 120, options={"bf": "3"}))
    file = tmp_path / f"recording.{suffix}"
    file.write_text(text)
    for way in (lambda: probe(file, name="v"), lambda: [*decode(file, [CLIP])]):
        with pytest.raises(FootageError) as caught:
            way()
        assert caught.value.kind == "not-media" and "recording" not in str(caught.value)


def test_pictures_with_numbered_names_are_not_looked_for(tmp_path):
    from PIL import Image

    for name in ("p001.png", "p002.png", "p%03d.png"):
        Image.new("RGB", (64, 64)).save(tmp_path / name)
        with pytest.raises(FootageError, match="cannot be opened"):
            probe(tmp_path / name)


def test_a_file_with_a_great_hole_is_not_hashed_for_hours(film, tmp_path):
    file = tmp_path / "v.mp4"
    file.write_bytes(film("plain.mp4", 120, options={"bf": "3"}).read_bytes())
    whole = content_hash(file)
    os.truncate(file, 2**40)
    if file.stat().st_blocks * 512 > 2**30:
        pytest.skip("this file system writes holes")
    with pytest.raises(FootageError, match="never written in full"):
        content_hash(file)
    os.truncate(file, file.stat().st_blocks * 512)
    assert content_hash(file) != whole, "small holes are read as the zeros they are"


def dataset(root: Path, file: str, outside: bool = False) -> Dataset:
    return Dataset("d", (Video("v", "p", file),), {}, root=root, outside=outside)


@pytest.mark.parametrize("how", ["link", "linked folder", "dots", "absolute"])
def test_a_dataset_reads_its_own_folder_unless_told_otherwise(film, tmp_path, how):
    root, elsewhere = tmp_path / "data", tmp_path / "elsewhere"
    (root / "videos").mkdir(parents=True)
    elsewhere.mkdir()
    target = elsewhere / "a.mp4"
    os.link(film("plain.mp4", 120, options={"bf": "3"}), target)
    (root / "videos" / "a.mp4").symlink_to(target)
    (root / "more").symlink_to(elsewhere)
    file = {
        "link": "videos/a.mp4",
        "linked folder": "more/a.mp4",
        "dots": "../elsewhere/a.mp4",
        "absolute": str(target),
    }[how]
    closed = dataset(root, file)
    with pytest.raises(FootageError, match="--allow-outside") as caught:
        closed.path(closed.videos[0])
    assert caught.value.kind == "outside" and "a.mp4" not in str(caught.value)
    opened = dataset(root, file, outside=True)
    assert opened.path(opened.videos[0]).samefile(target)


def test_links_and_absolute_paths_inside_are_inside(film, tmp_path, monkeypatch):
    root = tmp_path / "data"
    root.mkdir()
    os.link(film("plain.mp4", 120, options={"bf": "3"}), root / "a.mp4")
    (root / "b.mp4").symlink_to("a.mp4")
    (tmp_path / "door").symlink_to(root)
    monkeypatch.chdir(tmp_path)
    for at, file in ((root, "b.mp4"), (root, str(root / "a.mp4")), (Path("door"), "x/../a.mp4")):
        inside = dataset(at, file)
        found = inside.path(inside.videos[0])
        assert found.is_absolute() and found.samefile(root / "a.mp4")


def test_a_device_stays_refused_whatever_is_allowed(tmp_path):
    opened = dataset(tmp_path, "/dev/zero", outside=True)
    with pytest.raises(FootageError, match="a device"):
        opened.path(opened.videos[0])
