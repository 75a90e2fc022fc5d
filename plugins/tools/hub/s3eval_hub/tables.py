"""The exporter ``parquet``: the tables of an annotation, one file each.

The files are called after the tables of a dataset folder (`docs/datasets.md`), with the same
columns.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa
from pyarrow import parquet

from s3eval_hub.columns import feature_rows, item_rows, lateralization_rows, video_row
from s3eval_hub.media import copy_videos

if TYPE_CHECKING:
    from pathlib import Path

    from s3eval.facts.videos import Dataset

__all__ = ["SCHEMAS", "write"]

_TEXT, _SECONDS = pa.string(), pa.float64()
_VIDEO = [("video", _TEXT)]
_TIMES = [("start", _SECONDS), ("end", _SECONDS)]
#: By file the columns and their types, whether or not there is a row.
SCHEMAS: dict[str, pa.Schema] = {
    "videos": pa.schema(
        [
            *_VIDEO, ("patient", _TEXT), ("file", _TEXT), ("diagnosis", _TEXT),
            ("fold", pa.int32()), ("duration", _SECONDS), ("seizure_start", _SECONDS),
            ("seizure_end", _SECONDS), ("facts", _TEXT),
        ]
    ),
    "features": pa.schema(
        [*_VIDEO, ("feature", _TEXT), ("present", _TEXT), *_TIMES, ("justification", _TEXT)]
    ),
    "lateralization": pa.schema([*_VIDEO, ("item", _TEXT), ("value", _TEXT), *_TIMES]),
    "sequences": pa.schema([*_VIDEO, ("position", pa.int32()), ("feature", _TEXT)]),
    "reports": pa.schema([*_VIDEO, ("report", _TEXT)]),
    "items": pa.schema([*_VIDEO, ("item", _TEXT), ("value", _TEXT)]),
}  # fmt: skip


def write(dataset: Dataset, out: Path) -> None:
    """Write the tables, and the videos where the dataset has files."""
    out.mkdir(parents=True, exist_ok=True)
    files = copy_videos(dataset, out)
    rows: dict[str, list[dict[str, Any]]] = {name: [] for name in SCHEMAS}
    for video in dataset.videos:
        known = video_row(dataset, video.name)
        report = known.pop("report")
        annotation, key = dataset.annotation(video.name), {"video": video.name}
        rows["videos"].append({**known, "file": files.get(video.name)})
        rows["features"] += [key | row for row in feature_rows(annotation)]
        rows["lateralization"] += [key | row for row in lateralization_rows(annotation)]
        rows["items"] += [key | row for row in item_rows(annotation)]
        if annotation.sequence == ():
            # As in a dataset folder: known to be empty.
            rows["sequences"].append(key | {"position": 0, "feature": None})
        steps = enumerate(annotation.sequence or (), 1)
        rows["sequences"] += [key | {"position": n, "feature": f} for n, f in steps]
        if report is not None:
            rows["reports"].append(key | {"report": report})
    for name, schema in SCHEMAS.items():
        parquet.write_table(pa.Table.from_pylist(rows[name], schema), out / f"{name}.parquet")
