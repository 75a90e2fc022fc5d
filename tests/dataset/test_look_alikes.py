"""Names that only look like two, and links that lead round in a circle, are told by the check."""

from __future__ import annotations

import os

import pytest

from s3eval.cli import main
from s3eval.dataset.checks import check
from s3eval.facts.videos import Dataset, Video


@pytest.mark.parametrize(
    ("one", "other"), [("Good", "good"), ("\u00e9", "e\u0301"), ("v1", "v\u200b1"), ("v1", "ｖ１")]
)
def test_names_that_differ_in_what_nobody_sees_are_told(one, other):
    videos = (Video(one, "p1"), Video(other, "p2"))
    (told,) = [str(p) for p in check(Dataset("d", videos, {}))]
    assert "looks like video" in told
    patients = (Video("a", one), Video("b", other))
    (told,) = [str(p) for p in check(Dataset("d", patients, {}))]
    assert "looks like patient" in told


def test_names_that_differ_are_not_told():
    videos = (Video("v1", "p1"), Video("v10", "p1"), Video("v2", "p2"))
    assert check(Dataset("d", videos, {})) == []


def test_a_link_that_leads_round_in_a_circle_is_one_bad_file(tmp_path, capsys):
    (tmp_path / "videos").mkdir()
    os.symlink("loop.mp4", tmp_path / "videos" / "loop.mp4")
    os.symlink("features.csv", tmp_path / "features.csv")
    (tmp_path / "dataset.toml").write_text('format = 1\nname = "d"\n')
    (tmp_path / "videos.csv").write_text("video,patient,file\nv,p,videos/loop.mp4\n")
    with pytest.raises(SystemExit) as done:
        main(["data", "check", str(tmp_path)])
    said = capsys.readouterr().out
    assert done.value.code == 1
    assert "video 'v'" in said and "features.csv" in said
