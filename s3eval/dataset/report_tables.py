"""Tables of reports as people bring them: file_name (or video), report; faults named by row."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from s3eval.dataset.csv_file import read_csv_file
from s3eval.dataset.sheets import Problems, Sheet, read_sheet
from s3eval.errors import S3EvalError
from s3eval.vocabulary import FEATURE_NAMES

__all__ = ["Annotated", "annotated_features", "partners", "read_reports", "read_table", "stem"]

#: What the column of names may be called: as in the release, or as in a dataset folder.
KEYS = ("file_name", "video", "video_name")


def stem(file_name: str) -> str:
    """A video's name without its ending, so that sound and video files of one event pair.

    >>> stem("P1@v1.wav") == stem("P1@v1.mp4")
    True
    """
    name, dot, ending = file_name.rpartition(".")
    return (
        name if dot and ending.lower() in ("mp4", "wav", "avi", "mov", "mkv", "mp3") else file_name
    )


def partners(ours: Collection[str], others: Collection[str]) -> dict[str, str]:
    """For each of our file names the one it pairs with: the same, else the only one of its stem.

    >>> partners(["a.wav", "b.wav", "c.mp4"], ["a.mp4", "b.mp4", "b.wav"])
    {'a.wav': 'a.mp4', 'b.wav': 'b.wav'}
    """
    by_stem: dict[str, list[str]] = {}
    for name in others:
        by_stem.setdefault(stem(name), []).append(name)
    pairs = {}
    for name in ours:
        same = by_stem.get(stem(name), [])
        if name in same or len(same) == 1:
            pairs[name] = name if name in same else same[0]
    return pairs


def read_table(
    path: Path, required: Collection[str], problems: Problems, wanted: Collection[str] = ()
) -> Sheet:
    """A CSV table by ``file_name`` (or ``video``, as a dataset's own tables have it).

    Rows that cannot be read are named and left out.

    Args:
        path: the file.
        required: columns without which it is useless.
        problems: what is wrong is added here.
        wanted: what an error names as the other columns where none is required by name.

    Raises:
        S3EvalError: there is no such file, it is empty, or a column is missing.
    """
    if not path.is_file():
        raise S3EvalError("There is no such file", where=path)
    mine = Problems()
    sheet = read_sheet(path, path.name, mine, keys=KEYS, required=required)
    if not sheet.lines:
        # The first one is the reason; what follows from it comes later.
        first = next(p for p in mine.all if p.level == "error")
        why = f"row {first.row}: {first.what}" if first.row > 1 else first.what
        raise S3EvalError(
            "Nothing can be read from this table",
            where=path,
            why=f"{why}, {first.fix}" if first.fix else why,
            fix="a CSV file with the columns " + ", ".join(("file_name", *(required or wanted))),
        )
    # Further columns are the reader's own business.
    problems.all += [p for p in mine.all if not p.what.startswith("unknown column")]
    for name, count in mine.left_out.items():
        problems.left_out[name] = problems.left_out.get(name, 0) + count
    return sheet


def read_reports(path: Path, problems: Problems) -> dict[str, str]:
    """Reports by file_name; those whose text is not UTF-8 are named and left out.

    Raises:
        S3EvalError: as for `read_table`.
    """
    sheet = read_table(path, ("report",), problems)
    reports: dict[str, str] = {}
    for line in sheet:
        if "report" in line.broken:
            problems.left_out[sheet.file] = problems.left_out.get(sheet.file, 0) + 1
            continue
        reports[line.key] = line["report"]
    return reports


@dataclass(frozen=True)
class Annotated:
    """What an annotation table says.

    Attributes:
        features: those marked, by the stem of file_name.
        by: "yes/no columns", "rows" (of a dataset's features.csv) or "event_sequence".
    """

    features: dict[str, tuple[str, ...]]
    by: str

    def of(self, file_name: str) -> tuple[str, ...] | None:
        """The features of that video, None when it has no row."""
        return self.features.get(stem(file_name))


def annotated_features(path: Path, problems: Problems) -> Annotated:
    """A table of annotated features: a column a feature (yes/no), ``event_sequence``, or a
    dataset folder's own ``features.csv`` (video, feature, present).

    Raises:
        S3EvalError: as for `read_table`, or the table is none of these.
    """
    if {*_TIDY} <= _header(path):
        return _tidy(path, problems)
    sheet = read_table(path, (), problems, wanted=("event_sequence (or a column a feature)",))
    if "event_sequence" in sheet.columns:
        return Annotated(
            {stem(line.key): _sequence(line["event_sequence"]) for line in sheet}, "event_sequence"
        )
    columns = [name for name in FEATURE_NAMES if name in sheet.columns]
    if not columns:
        raise S3EvalError(
            "This table has no annotated features",
            where=path,
            fix="columns named after features (yes/no), a column event_sequence, or the columns "
            + ", ".join(_TIDY),
        )
    return Annotated(
        {
            stem(line.key): tuple(c for c in columns if line[c].lower() in ("yes", "1", "true"))
            for line in sheet
        },
        "yes/no columns",
    )


_TIDY = ("video", "feature", "present")


def _header(path: Path) -> set[str]:
    """The columns a file names; none where there is no such file."""
    return {*read_csv_file(path, path.name, _TIDY).columns}


def _tidy(path: Path, problems: Problems) -> Annotated:
    """A row a video and feature, as a dataset folder has them."""
    from s3eval.dataset import tables

    table = tables.read_table(path.parent, path.name, _TIDY, ("start", "end", "justification"))
    marked: dict[str, list[str]] = {}
    for row in table:
        if row["feature"] not in FEATURE_NAMES:
            problems.drop(path.name, row.number, f"unknown feature '{row['feature']}'")
            continue
        features = marked.setdefault(stem(row["video"]), [])
        if row["present"].lower() == "yes":
            features.append(row["feature"])
    problems.all += table.problems
    left_out = sum(p.level == "error" for p in table.problems)
    if left_out:
        problems.left_out[path.name] = problems.left_out.get(path.name, 0) + left_out
    if not marked:
        raise S3EvalError("Nothing can be read from this table", where=path)
    return Annotated({video: tuple(features) for video, features in marked.items()}, "rows")


def _sequence(cell: str) -> tuple[str, ...]:
    names = [n.strip(" \"'[].;") for n in cell.replace("，", ",").split(",")]
    return tuple(dict.fromkeys("_".join(n.lower().split()) for n in names if n))
