"""Checking a dataset: every problem of its tables, its annotation, its files and its texts."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from s3eval.api.datasets import format_of, open_unchecked
from s3eval.api.item_values import check_item_values
from s3eval.dataset.checks import check, check_files
from s3eval.dataset.listing import check_media, check_tables
from s3eval.dataset.problems import Problem, listed
from s3eval.errors import counted

if TYPE_CHECKING:
    from s3eval.api.judges import ShowProgress
    from s3eval.facts.videos import Dataset

__all__ = ["DatasetCheck", "check_dataset"]

#: Finds the row of (file, video, item) in a dataset's tables, 0 where there is none.
FindRow = Callable[[str, str, str], int]


@dataclass(frozen=True)
class DatasetCheck:
    """What is wrong with a dataset.

    Attributes:
        dataset: as far as it could be read.
        problems: errors, some of which keep it from opening, and warnings; each with file, row,
            what is wrong and what to do.
    """

    dataset: Dataset
    problems: tuple[Problem, ...]

    @property
    def errors(self) -> tuple[Problem, ...]:
        """The problems that must be mended; those of form and values keep it from opening."""
        return tuple(p for p in self.problems if p.level == "error")

    def lines(self, of_a_kind: int | None = None) -> Iterator[str]:
        """The problems as lines of text.

        Args:
            of_a_kind: how many of one kind get a line of their own; the rest are counted in one
                more line. None for all.
        """
        yield from listed(self.problems, len(self.problems) if of_a_kind is None else of_a_kind)

    def summary(self) -> str:
        """How many videos, errors and warnings there are, in words."""
        errors = len(self.errors)
        counts = {
            "video": len(self.dataset),
            "error": errors,
            "warning": len(self.problems) - errors,
        }
        return ", ".join(counted(number, of) for of, number in counts.items())

    def as_json(self) -> list[dict[str, Any]]:
        """A record for each problem."""
        return [asdict(p) for p in self.problems]

    def __repr__(self) -> str:
        return f"<{self.dataset.name}: {self.summary()}>"


def check_dataset(
    path: str | os.PathLike[str],
    files: bool = True,
    private_text: bool = False,
    outside: bool = False,
    progress: ShowProgress | None = None,
) -> DatasetCheck:
    """Check a dataset: its tables, the rules for times, its files, names in its texts.

    Args:
        path: a dataset folder, or ``format:path`` for the other formats that
            ``s3eval list datasets`` shows.
        files: open every video file too; its pictures are not decoded.
        private_text: look for names, dates, record numbers and places in its texts.
        outside: whether files outside the folder may be read, by a path or a link.
        progress: shows how many files are checked.

    Raises:
        S3EvalError: there is no dataset, or its format's plugin gave none. What is wrong within a
            dataset is a problem, not an error.

    >>> import pathlib, tempfile
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> _ = (folder / "videos.csv").write_text("video,patient,duration\\nv1,p1,long\\n")
    >>> done = check_dataset(folder, files=False)
    >>> [str(problem) for problem in done.errors]
    ["videos.csv:2: duration 'long' is no time (seconds, or MM:SS)"]
    """
    kind, rest = format_of(path)
    dataset, problems, rows = _read(path, kind, rest)
    dataset = replace(dataset, outside=outside)
    # Facts of a wrong type, which no table can have, leave nothing to check by.
    if kind == "folder" or not any(p.level == "error" for p in problems):
        problems += check(dataset, rows)
        problems += check_item_values(dataset, rows)
        if files:
            problems += _file_problems(dataset, rows, progress)
        if private_text:
            from s3eval.dataset.private_text import check_private_text

            problems += check_private_text(dataset, rows)
    if kind != "folder":
        # Such a dataset has no tables of these names; its annotation has these parts.
        problems = [replace(p, file=p.file.removesuffix(".csv")) for p in problems]
    return DatasetCheck(dataset, tuple(problems))


def _file_problems(dataset: Dataset, rows: FindRow, progress: ShowProgress | None) -> list[Problem]:
    problems = [*check_media(dataset, rows)]
    shown = (
        progress("checking files", len(dataset)) if progress else nullcontext(lambda checked: None)
    )
    with shown as advance:
        return problems + check_files(dataset, lambda: advance(1), rows)


def _read(
    path: str | os.PathLike[str], kind: str, rest: str
) -> tuple[Dataset, list[Problem], FindRow]:
    """The dataset, what is wrong with its form, and what finds rows in its tables.

    Args:
        kind, rest: the format that ``path`` names, and the path in it.
    """
    from s3eval.dataset.folder import TABLES, read_folder, row_finder

    if kind == "folder":
        folder = Path(rest)
        dataset, problems = read_folder(folder)
        return dataset, problems + check_tables(folder, TABLES), row_finder(folder)
    from s3eval.dataset.validity import check_facts, unlisted_videos, unusual_places

    _, dataset = open_unchecked(path)
    problems = check_facts(dataset)
    problems += unusual_places(dataset)
    problems += unlisted_videos(dataset)
    if not dataset.digest_covers:
        what = "the format does not say what the dataset's digest covers"
        fix = "a run cannot tell whether a change of its files is noticed"
        problems.append(Problem("warning", kind, 0, what, fix))
    return dataset, problems, lambda file, video, item: 0
