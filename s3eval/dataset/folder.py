"""The folder format: dataset.toml, tidy CSV tables and videos/ (docs/datasets.md).

Only ``videos.csv`` is required; every other table adds what is known.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from s3eval.dataset.folder_rows import FolderReading, read_rows
from s3eval.dataset.tables import Problem, read_table
from s3eval.documentation import page
from s3eval.errors import S3EvalError, counted
from s3eval.facts.videos import Annotation, Dataset
from s3eval.toml_file import read_toml
from s3eval.vocabulary import LATERALIZATION

__all__ = ["FORMAT", "LATERALIZATION_ITEMS", "TABLES", "open_folder", "read_folder", "row_finder"]

FORMAT = 1
# file -> (required columns, optional columns)
TABLES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "videos.csv": (
        ("video", "patient"),
        ("file", "diagnosis", "fold", "duration", "seizure_start", "seizure_end"),
    ),
    "features.csv": (("video", "feature", "present"), ("start", "end", "justification")),
    "lateralization.csv": (("video", "item", "value"), ("start", "end")),
    "sequences.csv": (("video", "position", "feature"), ()),
    "reports.csv": (("video", "report"), ()),
    # What further tasks ask about, and what subgroups go by: kept as it is, never interpreted.
    "items.csv": (("video", "item", "value"), ()),
    "facts.csv": (("video", "fact", "value"), ()),
    "patients.csv": (("patient", "fact", "value"), ()),
}
LATERALIZATION_ITEMS = tuple(LATERALIZATION)


def open_folder(path: str | Path) -> Dataset:
    """Read a dataset folder.

    Raises:
        S3EvalError: there is no dataset, or its tables have errors (the first is told, with
            the command that lists all).
    """
    dataset, problems = read_folder(path)
    errors = [p for p in problems if p.level == "error"]
    if errors:
        more = f" and {len(errors) - 1} more" if len(errors) > 1 else ""
        raise S3EvalError(
            f"The dataset has {counted(len(errors), 'error')}",
            where=path,
            why=f"{errors[0]}{more}",
            fix=f"s3eval data check {path}",
        )
    return dataset


def read_folder(path: str | Path) -> tuple[Dataset, list[Problem]]:
    """Read a dataset folder as far as it can be read, with all that is wrong in its tables.

    Raises:
        S3EvalError: the folder or its ``videos.csv`` does not exist.
    """
    folder = Path(path)
    if not (folder / "videos.csv").is_file():
        if folder.exists() and not folder.is_dir():
            fix = f"the folder that holds videos.csv ({page('datasets.md')})"
            raise S3EvalError("A dataset is a folder, and this is a file", where=path, fix=fix)
        what = "No dataset here, videos.csv is missing" if folder.is_dir() else "No such folder"
        own = f"{page('datasets.md')} for your own"
        raise S3EvalError(what, where=path, fix=f"s3eval data synth {path}, or {own}")
    facts, problems = _read_toml(folder)
    state = FolderReading(folder, problems)
    digest = hashlib.sha256()
    for file in TABLES:
        if (folder / file).is_file():
            _read_one(state, file, digest)
        elif os.path.lexists(folder / file):
            state.add(Problem("error", file, 0, "it is no regular file, or a link to none"))
    for (level, file), count in state.unlisted.items():
        state.problems.append(Problem(level, file, 0, f"{count} more problems, not listed"))
    if not state.videos and not state.is_incomplete and not state.refused:
        state.problems.append(Problem("error", "videos.csv", 0, "it lists no video"))
    annotations = {name: _annotation(state, name) for name in state.videos}
    dataset = Dataset(
        name=str(facts.get("name", folder.resolve().name)),
        videos=tuple(replace(v, facts=state.facts.get(v.name, {})) for v in state.videos.values()),
        annotations=annotations,
        root=folder,
        digest=digest.hexdigest(),
        digest_covers=", ".join(file for file in TABLES if (folder / file).is_file()),
        description=str(facts.get("description", "")),
        patient_facts=state.patient_facts,
    )
    return dataset, state.problems


def _read_one(state: FolderReading, file: str, digest: hashlib._Hash) -> None:
    read_rows(state, read_table(state.folder, file, *TABLES[file]))
    digest.update(file.encode() + b"\0" + (state.folder / file).read_bytes())


def row_finder(path: str | Path) -> Callable[[str, str, str], int]:
    """Where things stand in a folder's tables: (file, video, item or "") to the row, 0 unknown.

    ``item`` is a feature or a lateralization item; tables without one ignore it. The tables are
    read when the first row is asked for.
    """
    index: dict[tuple[str, str, str], int] = {}
    read: set[str] = set()

    def find(file: str, video: str, item: str) -> int:
        if file not in read:
            read.add(file)
            if file in TABLES and (Path(path) / file).is_file():
                for row in read_table(Path(path), file, *TABLES[file]):
                    name = row["feature"] or row["item"]
                    index.setdefault((file, row["video"], name), row.number)
                    index.setdefault((file, row["video"], ""), row.number)
        return index.get((file, video, item), 0)

    return find


def _read_toml(folder: Path) -> tuple[dict[str, Any], list[Problem]]:
    file = "dataset.toml"
    if not (folder / file).is_file():
        fix = 'write one with: format = 1 and name = "..."'
        return {}, [Problem("warning", file, 0, "the file is missing", fix)]
    try:
        facts = read_toml(folder / file)
    except S3EvalError as error:
        return {}, [Problem("error", file, 0, f"not TOML: {error.why or error.what}")]
    version = facts.get("format", FORMAT)
    if version != FORMAT:
        what = f"format {version!r}, but this version reads format {FORMAT}"
        return facts, [Problem("error", file, 0, what)]
    wrong = [key for key in ("name", "description") if not isinstance(facts.get(key, ""), str)]
    return facts, [Problem("error", file, 0, f"'{key}' must be text in quotes") for key in wrong]


def _annotation(state: FolderReading, name: str) -> Annotation:
    steps = state.sequences.get(name)
    start, end = state.seizure.get(name, (None, None))
    return Annotation(
        video=name,
        features=state.features.get(name, {}),
        lateralization=state.lateralization.get(name, {}),
        sequence=None if steps is None else tuple(steps[p] for p in sorted(steps)),
        report=state.reports.get(name),
        seizure_start=start,
        seizure_end=end,
        items=state.items.get(name, {}),
    )
