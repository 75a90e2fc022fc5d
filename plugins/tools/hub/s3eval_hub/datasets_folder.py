"""The exporter ``hf``: a folder that `datasets.load_dataset` opens, one row for each video.

Splits go by fold: ``test`` is fold 0, ``train`` every other fold, ``unassigned`` what is in none.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from pyarrow import parquet

from s3eval_hub.columns import feature_rows, item_rows, lateralization_rows, video_row
from s3eval_hub.media import copy_videos
from s3eval_hub.tables import SCHEMAS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from s3eval.facts.videos import Dataset, Video

__all__ = ["SCHEMA", "split_of", "write"]


def _listed(table: str) -> pa.DataType:
    """A list of the rows that a table has for one video."""
    return pa.list_(pa.struct([f for f in SCHEMAS[table] if f.name != "video"]))


SCHEMA = pa.schema(
    [
        *SCHEMAS["videos"],
        ("features", _listed("features")),
        ("lateralization", _listed("lateralization")),
        ("sequence", pa.list_(pa.string())),
        ("report", pa.string()),
        ("items", _listed("items")),
    ]
)


def split_of(video: Video) -> str:
    """The split of a video.

    >>> from s3eval import Video
    >>> [split_of(Video("a", "p", fold=fold)) for fold in (0, 3, None)]
    ['test', 'train', 'unassigned']
    """
    if video.fold is None:
        return "unassigned"
    return "test" if video.fold == 0 else "train"


def write(dataset: Dataset, out: Path) -> None:
    """Write the splits as Parquet files and the card that names them."""
    (out / "data").mkdir(parents=True, exist_ok=True)
    files = copy_videos(dataset, out)
    splits: dict[str, list[dict[str, Any]]] = {}
    for video in dataset.videos:
        annotation = dataset.annotation(video.name)
        row = {
            **video_row(dataset, video.name),
            "file": files.get(video.name),
            "features": feature_rows(annotation),
            "lateralization": lateralization_rows(annotation),
            "sequence": None if annotation.sequence is None else [*annotation.sequence],
            "items": item_rows(annotation),
        }
        splits.setdefault(split_of(video), []).append(row)
    for name, rows in splits.items():
        table = pa.Table.from_pylist(rows, SCHEMA)
        parquet.write_table(table, out / "data" / f"{name}.parquet")
    (out / "README.md").write_text(_card(dataset, [*splits], bool(files)), encoding="utf-8")


def _card(dataset: Dataset, splits: Sequence[str], with_files: bool) -> str:
    """The dataset card; JSON is YAML, so that nothing needs a YAML library to write it."""
    files = [{"split": name, "path": f"data/{name}.parquet"} for name in splits]
    facts = {
        "configs": [{"config_name": "default", "data_files": files}],
        "tags": ["seizure", "semiology", "video"],
    }
    lines = "\n".join(f"{key}: {json.dumps(value)}" for key, value in facts.items())
    files_line = (
        "`file` is the path of the video in this folder."
        if with_files
        else "The videos are not part of it: `file` is empty."
    )
    patients = len({v.patient for v in dataset.videos})
    return (
        f"---\n{lines}\n---\n\n# {dataset.name}\n\n{dataset.description}\n\n"
        f"Annotations of {len(dataset)} videos of {patients} patients, one row for each video, "
        f"written by s3eval. {files_line} Times are seconds from the video's start; splits go by "
        "patient (fold 0 is `test`). For research, not for decisions about patients.\n"
    )
