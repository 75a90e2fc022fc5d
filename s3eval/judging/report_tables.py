"""Tables of reports as people bring them: file_name, report; faults named by file and row."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from s3eval.dataset.importers.sheets import Problems, Sheet, read_sheet
from s3eval.errors import S3EvalError
from s3eval.vocabulary import FEATURE_NAMES

__all__ = ["Annotated", "annotated_features", "read_reports", "read_table", "stem"]


def stem(file_name: str) -> str:
    """A video's name without its ending, so that sound and video files of one event pair.

    >>> stem("P1@v1.wav") == stem("P1@v1.mp4")
    True
    """
    name, dot, ending = file_name.rpartition(".")
    return (
        name if dot and ending.lower() in ("mp4", "wav", "avi", "mov", "mkv", "mp3") else file_name
    )


def read_table(path: Path, required: Collection[str], problems: Problems) -> Sheet:
    """A CSV table by ``file_name``; rows that cannot be read are named and left out.

    Raises:
        S3EvalError: there is no such file, it is empty, or a column is missing.
    """
    if not path.is_file():
        raise S3EvalError("There is no such file", where=path)
    mine = Problems()
    sheet = read_sheet(path, path.name, mine, keys=("file_name",), required=required)
    if not sheet.lines:
        whole = [p for p in mine.all if p.level == "error"]
        why = f"{whole[-1].what}, {whole[-1].fix}".rstrip(", ") if whole else "no rows"
        raise S3EvalError(
            "Nothing can be read from this table",
            where=path,
            why=why,
            fix=f"a CSV file with the columns file_name, {', '.join(required)}",
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
    """What an annotation table says: the features marked, by the stem of file_name."""

    features: dict[str, tuple[str, ...]]
    by: str

    def of(self, file_name: str) -> tuple[str, ...] | None:
        """The features of that video, None when it has no row."""
        return self.features.get(stem(file_name))


def annotated_features(path: Path, problems: Problems) -> Annotated:
    """A table of annotated features: a column a feature (yes/no), or ``event_sequence``.

    Raises:
        S3EvalError: as for `read_table`, or the table has neither kind of column.
    """
    sheet = read_table(path, (), problems)
    if "event_sequence" in sheet.columns:
        return Annotated(
            {stem(line.key): _sequence(line["event_sequence"]) for line in sheet}, "event_sequence"
        )
    columns = [name for name in FEATURE_NAMES if name in sheet.columns]
    if not columns:
        raise S3EvalError(
            "This table has no annotated features",
            where=path,
            fix="columns named after features (yes/no), or a column event_sequence",
        )
    return Annotated(
        {
            stem(line.key): tuple(c for c in columns if line[c].lower() in ("yes", "1", "true"))
            for line in sheet
        },
        "yes/no columns",
    )


def _sequence(cell: str) -> tuple[str, ...]:
    names = [n.strip(" \"'[].;") for n in cell.replace("，", ",").split(",")]
    return tuple(dict.fromkeys("_".join(n.lower().split()) for n in names if n))
