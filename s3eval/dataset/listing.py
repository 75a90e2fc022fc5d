"""What lies in a dataset folder beside what its tables name: files that nobody would miss."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from pathlib import Path, PurePosixPath

from s3eval.dataset.problems import Problem
from s3eval.errors import nearest
from s3eval.facts.videos import Dataset

__all__ = ["check_media", "check_tables"]

#: Endings of video and sound files, lower case; other files are nobody's business here.
MEDIA = frozenset(
    (
        *(".3gp", ".asf", ".avi", ".flv", ".m2ts", ".m4v", ".mkv", ".mov", ".mp4", ".mpeg"),
        *(".mpg", ".mts", ".mxf", ".ogv", ".ts", ".vob", ".webm", ".wmv"),
        *(".aac", ".flac", ".m4a", ".mp3", ".ogg", ".opus", ".wav", ".wma"),
    )
)
#: Files that are listed at most; a folder with more holds other things than a dataset.
MAX_FILES = 200_000


def check_media(
    dataset: Dataset, rows: Callable[[str, str, str], int] | None = None
) -> list[Problem]:
    """Video and sound files that no row names, and rows that name another ending than is there.

    Messages hold names of videos, endings and counts; the names of files may identify patients.

    Args:
        dataset: its files are looked for in ``videos/`` and where its rows name files.
        rows: finds the row of (file, video, item), for messages; unknown rows are 0.

    Returns:
        warnings; that a named file is missing is an error of the files' own check.
    """
    if dataset.root is None:
        return []
    row = rows or (lambda file, video, item: 0)
    named = {PurePosixPath(v.file).as_posix() for v in dataset.videos if v.file}
    folders = {"videos", *(PurePosixPath(name).parent.as_posix() for name in named)}
    unnamed = {name for name in _media(dataset.root, folders) if name not in named}
    by_stem: dict[str, list[str]] = {}
    for name in sorted(unnamed):
        by_stem.setdefault(_stem(name), []).append(name)
    problems = []
    for video in dataset.videos:
        beside = by_stem.get(_stem(video.file or f"videos/{video.name}"), [])
        if not beside:
            continue
        unnamed.difference_update(beside)
        endings = " and ".join(sorted({PurePosixPath(name).suffix for name in beside}))
        if not video.file:
            what = f"video '{video.name}' has no file, but one that ends in {endings} is there"
            fix = "name it in the column 'file'"
        elif os.path.isfile(dataset.root / video.file):
            what = f"beside the file of video '{video.name}' lies one that ends in {endings}"
            fix = "no row names it, it is not used"
        else:
            ending = PurePosixPath(video.file).suffix or "nothing"
            what = (
                f"the file of video '{video.name}' is named with {ending}, "
                f"but the one that is there ends in {endings}"
            )
            fix = "write the ending as the file has it"
        number = row("videos.csv", video.name, "")
        problems.append(Problem("warning", "videos.csv", number, what, fix))
    if unnamed:
        counts = Counter(PurePosixPath(name).suffix for name in unnamed)
        by_ending = ", ".join(f"{n} {ending}" for ending, n in sorted(counts.items()))
        several = len(unnamed) > 1
        what = (
            f"{len(unnamed)} video or sound file{'s are' if several else ' is'} there "
            f"that no row names: {by_ending}"
        )
        problems.append(Problem("warning", "videos.csv", 0, what, "they are not used"))
    return problems


def _stem(name: str) -> str:
    """A path without its media ending, in one case: what two files of one event share.

    >>> _stem("videos/A.1.MP4"), _stem("videos/a.1")
    ('videos/a.1', 'videos/a.1')
    """
    path = PurePosixPath(name)
    return (path.with_suffix("") if path.suffix.lower() in MEDIA else path).as_posix().lower()


def _media(root: Path, folders: Collection[str]) -> Iterator[str]:
    """Media files in these folders, relative to the root; hidden ones are left out."""
    listed = 0
    for folder in sorted(folders):
        parts = PurePosixPath(folder)
        if parts.is_absolute() or ".." in parts.parts or not (root / folder).is_dir():
            continue
        with os.scandir(root / folder) as entries:
            for entry in entries:
                listed += 1
                if listed > MAX_FILES:
                    return
                ending = PurePosixPath(entry.name).suffix
                is_media = ending.lower() in MEDIA and not entry.name.startswith(".")
                # Not `entry.is_file`, which raises for a link that leads round in a circle.
                if is_media and os.path.isfile(entry.path):
                    yield (parts / entry.name).as_posix()


#: What file managers add to the name of a copy; a backup is meant to lie unread.
_COPY = re.compile(
    r"(?:(?:copy of|kopie von|copie de|copia de) )?"
    r"(?P<name>[a-z]+?)"
    r"(?:(?: - |[ _-]?)(?:copy|kopie|copie|copia))?"
    r"(?:[ _-]?(?:\(\d{1,3}\)|\d{1,3}))?"
)


def _copied(stem: str, tables: Collection[str]) -> str | None:
    """The table that a file with this name, in lower case, looks like a copy of.

    >>> _copied("features (1)", ["features.csv"]), _copied("copy of videos", ["videos.csv"])
    ('features.csv', 'videos.csv')
    >>> _copied("features_by_ward", ["features.csv"]) is None
    True
    """
    match = _COPY.fullmatch(stem)
    return next((t for t in tables if match and t.removesuffix(".csv") == match["name"]), None)


def check_tables(folder: Path, tables: Collection[str]) -> list[Problem]:
    """Files that are probably meant as one of the tables but are called otherwise.

    >>> import tempfile; folder = Path(tempfile.mkdtemp())
    >>> _ = (folder / "Features.csv").write_text(""), (folder / "split.csv").write_text("")
    >>> [str(p) for p in check_tables(folder, ["features.csv"])]
    ["Features.csv: the file is not read (did you mean 'features.csv'?)"]
    """
    problems = []
    with os.scandir(folder) as entries:
        names = sorted(e.name for e in entries if not e.name.startswith(".") and os.path.isfile(e))
    for name in names[:1000]:
        stem, _, ending = name.lower().partition(".")
        if name in tables or ending not in ("csv", "csv.txt", "txt", "tsv", "xls", "xlsx", "ods"):
            continue
        fix = _meant(stem, ending, tables)
        if fix:
            problems.append(Problem("warning", name, 0, "the file is not read", fix))
    return problems


def _meant(stem: str, ending: str, tables: Collection[str]) -> str:
    """What a file was probably meant as; "" where it is nobody's business."""
    meant = next((t for t in tables if t.removesuffix(".csv") == stem), None)
    if meant is None and ending == "csv":
        close = nearest(stem, [t.removesuffix(".csv") for t in tables])
        # A split or a table of one's own is not a mistake; one letter more or less is.
        meant = f"{close}.csv" if close and abs(len(close) - len(stem)) < 2 else None
        meant = meant if close and close[:4] == stem[:4] else None
    if meant is not None:
        return f"did you mean '{meant}'?"
    copied = _copied(stem, tables)
    return f"it looks like a copy, only '{copied}' is read" if copied else ""
