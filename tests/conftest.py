"""Fixtures shared by the core's tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def dataset_folder(tmp_path: Path) -> Iterator[Path]:
    """A small, correct dataset folder without video files."""
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "dataset.toml").write_text('format = 1\nname = "small"\n')
    (folder / "videos.csv").write_text(
        "video,patient,diagnosis,fold,duration\n"
        "a,p1,ES,0,70\nb,p1,ES,0,30\nc,p2,NES,1,45\nd,p3,NES,1,20\n"
    )
    (folder / "features.csv").write_text(
        "video,feature,present,start,end,justification\n"
        'a,tonic,yes,5,20,"stiff, all limbs"\na,clonic,yes,22,60,jerks\na,figure4,no,,,\n'
        "b,tonic,no,,,\nc,pelvic_thrusting,yes,0:03,0:30,hips\nc,tonic,no,,,\nd,tonic,no,,,\n"
    )
    (folder / "sequences.csv").write_text(
        "video,position,feature\na,1,tonic\na,2,clonic\nc,1,pelvic_thrusting\n"
    )
    (folder / "reports.csv").write_text('video,report\na,"Stiffens, then jerks."\n')
    yield folder
