"""A dataset format: one CSV as the ward keeps it, videos beside it."""

from __future__ import annotations

import csv
import hashlib
from pathlib import Path

from s3eval import Annotation, Dataset, S3EvalError, Video

__all__ = ["open_ward"]

COLUMNS = ("file", "patient", "seconds", "light", "bed")


def open_ward(path: str) -> Dataset:
    """Read the table; the light is a further item, the bed a fact about the video.

    Raises:
        S3EvalError: no such file, a column is missing, or a row is wrong.
    """
    table = Path(path)
    if not table.is_file():
        raise S3EvalError("No such table", where=path, fix="ward:PATH/TO/TABLE.csv")
    with table.open(encoding="utf-8-sig", newline="") as handle:
        reader = csv.DictReader(handle)
        missing = [c for c in COLUMNS if c not in (reader.fieldnames or ())]
        if missing:
            raise S3EvalError(f"Column {', '.join(missing)} is missing", where=path)
        rows = list(reader)
    videos, annotations = [], {}
    for number, row in enumerate(rows, start=2):
        name = Path(row["file"]).stem
        try:
            seconds = float(row["seconds"])
        except ValueError:
            raise S3EvalError(
                f"Expected seconds to be a number, but got '{row['seconds']}'",
                where=f"{path}, row {number}",
            ) from None
        facts = {"bed": row["bed"]}
        videos.append(Video(name, row["patient"], row["file"], None, 0, seconds, facts))
        annotations[name] = Annotation(name, items={"light": row["light"]})
    digest = hashlib.sha256(table.read_bytes()).hexdigest()
    root, covers = table.parent, table.name
    return Dataset(table.stem, tuple(videos), annotations, root, digest, digest_covers=covers)
