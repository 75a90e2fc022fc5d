"""What is fuzzed: each target takes bytes and raises nothing but what it documents.

Dataset and release are small valid ones of which a piece of one file is replaced, so that what is
behind the first check is reached too.
"""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path

from s3eval import answers
from s3eval.dataset.folder import open_folder
from s3eval.errors import S3EvalError
from s3eval.plugins import installed

__all__ = ["TARGETS"]

ROOT = Path(__file__).resolve().parents[2]
MINI = ROOT / "plugins" / "tools" / "paper" / "tests" / "fixtures" / "mini-release"
READERS: tuple[Callable[[str], object], ...] = (
    answers.read_yes_no,
    partial(answers.read_yes_no, na=True),
    answers.read_side,
    partial(answers.read_side, protocol="release"),
    answers.read_diagnosis,
    partial(answers.read_diagnosis, protocol="release"),
    answers.read_time,
    answers.read_sequence,
    partial(answers.read_sequence, protocol="release"),
    answers.read_body_part,
    answers.parse_clock,
    answers.find_json,
    answers.without_thinking,
    answers.split_yes_no,
    answers.split_sequence,
)
TABLES = {
    "dataset.toml": 'format = 1\nname = "small"\n',
    "videos.csv": "video,patient,diagnosis,fold,duration\n"
    "a,p1,ES,0,70\nb,p1,ES,0,30\nc,p2,NES,1,\n",
    "features.csv": "video,feature,present,start,end,justification\n"
    'a,tonic,yes,5,20,"stiff, all limbs"\na,clonic,yes,0:22,1:00,jerks\nb,tonic,no,,,\n',
    "lateralization.csv": "video,item,value,start,end\na,arm_movement,left,5,20\n",
    "sequences.csv": "video,position,feature\na,1,tonic\na,2,clonic\n",
    "reports.csv": 'video,report\na,"Stiffens, then jerks."\n',
}


def answer_readers(data: bytes) -> None:
    """Any text is read or refused with a reason; nothing is raised."""
    text = data.decode("utf-8", "surrogateescape")
    for read in READERS:
        read(text)


def spliced(folder: Path, files: list[Path], data: bytes) -> None:
    """Replace a piece of one file: which, where, how much and by what is in the bytes."""
    if len(data) < 4:
        return
    file = folder / files[data[0] % len(files)]
    before = file.read_bytes()
    at = (data[1] << 8 | data[2]) % (len(before) + 1)
    file.write_bytes(before[:at] + data[4:] + before[at + data[3] :])


def dataset_folder(data: bytes) -> None:
    """A folder opens, or what is wrong with it is an S3EvalError."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        for name, text in TABLES.items():
            (folder / name).write_text(text)
        spliced(folder, [Path(name) for name in TABLES], data)
        with contextlib.suppress(S3EvalError):
            open_folder(folder)


@cache
def _release_files() -> list[Path]:
    return sorted(p.relative_to(MINI) for p in MINI.rglob("*") if p.is_file())


def release_importer(data: bytes) -> None:
    """A release is imported as far as it can be read, or refused with an S3EvalError."""
    convert = installed().get("importer", "s3-release").spec.load()
    with tempfile.TemporaryDirectory() as place:
        source = Path(place) / "release"
        shutil.copytree(MINI, source)
        spliced(source, _release_files(), data)
        with contextlib.suppress(S3EvalError):
            convert(source, Path(place) / "out")


TARGETS: dict[str, Callable[[bytes], None]] = {
    "answer_readers": answer_readers,
    "dataset_folder": dataset_folder,
    "release_importer": release_importer,
}
