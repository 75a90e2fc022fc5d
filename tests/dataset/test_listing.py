"""What the check tells beyond the tables: other files, other formats, times past a file's end."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest

from s3eval.api.checking import check_dataset
from s3eval.cli import main
from s3eval.dataset import Dataset, FeatureAnnotation, Video
from s3eval.dataset.checks import check_files
from s3eval.dataset.folder import read_folder, row_finder
from s3eval.dataset.listing import check_media
from s3eval.dataset.validity import check_facts, checked, digest_of
from s3eval.errors import S3EvalError
from s3eval.facts.videos import Annotation
from s3eval.plugins import Plugin
from s3eval.specs import DatasetSpec
from s3eval.testing.plugins import beside_installed


def film(path: Path, seconds: int = 4) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w", format="mp4") as file:
        stream = file.add_stream("libx264", rate=5)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for shade in range(seconds * 5):
            picture = np.full((48, 64, 3), shade, np.uint8)
            file.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        file.mux(stream.encode())
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "dataset.toml").write_text('format = 1\nname = "t"\n')
    (tmp_path / "videos.csv").write_text("video,patient,file\nv1,p1,\nv2,p2,videos/v2.mp4\n")
    film(tmp_path / "videos" / "v1.mp4")
    film(tmp_path / "videos" / "v2.mp4")
    return tmp_path


def said(folder: Path) -> list[str]:
    dataset, _ = read_folder(folder)
    return [str(p) for p in check_media(dataset, row_finder(folder))]


def test_a_folder_in_order_has_nothing_to_tell(folder: Path) -> None:
    (folder / "videos" / "notes.txt").write_text("")
    (folder / "videos" / "._v1.mp4").write_text("")
    assert said(folder) == []


def test_endings_that_differ_and_files_beside_are_told_without_their_names(folder: Path) -> None:
    videos = folder / "videos"
    (videos / "v1.mp4").rename(videos / "v1.MP4")
    (videos / "v2.mkv").write_bytes(b"")
    (videos / "Smith, John.mp4").write_bytes(b"")
    found = said(folder)
    assert found == [
        "videos.csv:2: video 'v1' has no file, but one that ends in .MP4 is there "
        "(name it in the column 'file')",
        "videos.csv:3: beside the file of video 'v2' lies one that ends in .mkv "
        "(no row names it, it is not used)",
        "videos.csv: 1 video or sound file is there that no row names: 1 .mp4 (they are not used)",
    ]
    assert "Smith" not in "".join(found)


def test_a_named_file_that_is_there_with_another_ending_is_told(folder: Path) -> None:
    (folder / "videos" / "v2.mp4").rename(folder / "videos" / "v2.MP4")
    assert "is named with .mp4, but the one that is there ends in .MP4" in said(folder)[0]


def test_times_are_held_against_the_file_where_the_table_states_no_duration(folder: Path) -> None:
    (folder / "features.csv").write_text(
        "video,feature,present,start,end\nv1,tonic,yes,0:02:00,0:05:00\nv2,tonic,yes,1,2\n"
    )
    dataset, _ = read_folder(folder)
    # The two files are one recording under two names, which is told too.
    problems = [str(p) for p in check_files(dataset, rows=row_finder(folder))]
    found = [p for p in problems if "same recording" not in p]
    assert len(found) == len(problems) - 1
    assert found == [
        "features.csv:2: 'tonic' of video 'v1' starts at 120 s, after its end (4 s)",
        "features.csv:2: 'tonic' of video 'v1' ends at 300 s, after its end (4 s)",
    ]


def check_verb(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[object, str]:
    with pytest.raises(SystemExit) as done:
        main(["data", "check", *map(str, arguments)])
    return done.value.code, capsys.readouterr().out


def test_problems_of_one_kind_are_shown_by_the_first_five(tmp_path: Path, capsys) -> None:
    names = [f"v{n}" for n in range(40)]
    (tmp_path / "videos.csv").write_text("video,patient\n" + "".join(f"{n},p\n" for n in names))
    code, out = check_verb(capsys, tmp_path)
    assert code == 0
    assert out.count("has no file") == 5
    assert "... and 35 more like these, rows 7 to 41" in out and "--all" in out
    assert check_verb(capsys, tmp_path, "--all")[1].count("has no file") == 40
    assert check_verb(capsys, tmp_path, "--json", "-")[1].count("has no file") == 40


def test_a_folder_says_what_its_digest_covers(folder: Path, capsys) -> None:
    out = check_verb(capsys, folder)[1].splitlines()
    assert out[-2].startswith("digest ") and out[-2].endswith(" covers videos.csv")


def test_tables_under_another_name_are_told(folder: Path, capsys) -> None:
    for name in ("Features.csv", "reports.csv.txt", "split.csv", "features_backup.csv"):
        (folder / name).write_text("")
    out = check_verb(capsys, folder)[1]
    assert "Features.csv: the file is not read (did you mean 'features.csv'?)" in out
    assert "reports.csv.txt: the file is not read (did you mean 'reports.csv'?)" in out
    assert "split.csv" not in out and "backup" not in out


def test_a_table_that_is_a_folder_or_a_broken_link_is_an_error(folder: Path, capsys) -> None:
    (folder / "features.csv").mkdir()
    (folder / "reports.csv").symlink_to("nowhere")
    code, out = check_verb(capsys, folder)
    assert code == 1
    assert out.count("it is no regular file, or a link to none") == 2


def test_what_another_format_hands_over_is_checked_where_it_enters() -> None:
    bad = Annotation("a", {"tonik": FeatureAnnotation("maybe", -1.0)}, report=5)  # type: ignore[arg-type]
    videos = (Video("a", "p"), Video("a", "p", diagnosis="XX"), Video("b", "p", duration=1e400))
    what = "\n".join(str(p) for p in check_facts(Dataset("d", videos, {"a": bad})))
    for part in ("listed twice", "'XX'", "'inf' is no time", "'tonik'", "'maybe'", "not text"):
        assert part in what
    with pytest.raises(S3EvalError, match="format 'odd' to give a Dataset, but got NoneType"):
        checked(None, "odd")


def test_a_dataset_without_a_digest_gets_one_that_follows_its_annotation() -> None:
    def opened(start: float) -> Dataset:
        note = Annotation("v", {"tonic": FeatureAnnotation("yes", start)})
        return Dataset("d", (Video("v", "p"),), {"v": note})

    assert checked(opened(1.0), "odd").digest == digest_of(opened(1.0)) != digest_of(opened(2.0))


@pytest.mark.parametrize(
    "changes",
    [
        {"videos": [Video("v", "p")]},
        {"annotations": {"v": "x"}},
        {"root": "/somewhere"},
        {"name": None},
        {"digest": None},
    ],
)
def test_a_dataset_of_wrong_types_is_refused_with_its_package(changes):
    opened = Dataset(**{"name": "d", "videos": (Video("v", "p"),), "annotations": {}, **changes})
    with pytest.raises(S3EvalError, match="pkg: opener"):
        checked(opened, "mine", "pkg: opener")


@pytest.mark.parametrize("name", ["a\x1b[31m", "a\nb", "\ud83d", "x" * 5_000])
def test_a_video_has_a_name_that_can_be_shown(name):
    (problem,) = check_facts(Dataset("d", (Video(name, "p"),), {}))
    assert "its name" in problem.what


def test_annotation_of_a_name_that_is_no_video_is_a_warning(tmp_path, monkeypatch) -> None:
    (tmp_path / "annotating.py").write_text(
        "from s3eval import Annotation, Dataset, Video\n"
        "def opened(path):\n"
        "    notes = {n: Annotation(n) for n in ('v1', 'V2')}\n"
        "    videos = (Video('v1', 'p'), Video('v2', 'p'))\n"
        "    return Dataset('d', videos, notes, digest='x', digest_covers='it')\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    spec = DatasetSpec("annotating", "annotating:opened", "for a test")
    with beside_installed(Plugin("dataset", spec, "annotating", "1")):
        problems = check_dataset("annotating:x", files=False).problems
    assert [(p.level, p.file, p.what, p.fix) for p in problems] == [
        (
            "warning",
            "annotations",
            "'V2' is annotated, but is no video of the dataset",
            "did you mean 'v2'?",
        )
    ]


def test_what_is_selected_lacks_videos_on_purpose() -> None:
    data = Dataset("d", (Video("v", "p"), Video("w", "p")), {"w": Annotation("w")})
    assert data.unlisted == data.select(videos=["v"]).unlisted == ()
    wrong = Dataset("d", data.videos, {"x": Annotation("x")})
    assert wrong.unlisted == wrong.select(videos=["v"]).unlisted == ("x",)
