"""The exporter ``wide``: a row for each video and item, the runs side by side with the truth.

CSV, or Parquet where the file's name ends so. For R: ``read.csv``, Stata: ``import delimited``,
pandas: ``read_csv`` or ``read_parquet``.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from s3eval.api.datasets import datasets_of, refuse_different
from s3eval.errors import S3EvalError
from s3eval.running.loading import load_tasks
from s3eval_view.report.evidence import unique_labels

if TYPE_CHECKING:
    from s3eval.facts.videos import Dataset
    from s3eval.running.runs import Run

__all__ = ["records", "write"]

_KEYS = ("task", "item", "video")
_OF_RUN = ("state", "value", "probability")


def write(runs: Sequence[Run], out: Path) -> None:
    """Write the runs' findings beside the truth.

    Args:
        out: a file that ends in .csv or .parquet.

    Raises:
        S3EvalError: another suffix, runs on different datasets or on older tables, or pyarrow is
            not installed.
    """
    kinds = {".csv": _as_csv, ".parquet": _as_parquet}
    if out.suffix.lower() not in kinds:
        raise S3EvalError(
            "Expected a file that ends in .csv or .parquet", where=out, fix="-o wide.csv"
        )
    columns, rows = records(runs)
    out.parent.mkdir(parents=True, exist_ok=True)
    kinds[out.suffix.lower()](columns, rows, out)


def records(runs: Sequence[Run]) -> tuple[list[str], list[dict[str, Any]]]:
    """The columns and the rows, by task, item and video.

    Columns: task, item, video, patient, fold, the facts of the dataset's format, truth, and for
    each run its state ("answered", "unreadable", "failed", "skipped"; empty: not asked), value
    and the probability of the positive label. Lists are JSON. Where runs perceive different
    things the truth of an item may differ; a column "truth RUN" for each run follows then.

    Raises:
        S3EvalError: the runs are on different datasets, or on older tables.
    """
    datasets = [whole for _, whole in datasets_of(runs)]
    refuse_different(
        runs,
        [whole.digest for whole in datasets],
        fix="export the runs of each dataset by themselves",
        why="a row of the wide form is one video",
    )
    labels = unique_labels([run.path.parts for run in runs])
    rows: dict[tuple[str, str, str], dict[str, Any]] = {}
    truths: dict[tuple[str, str, str], dict[str, Any]] = {}
    for label, run, dataset in zip(labels, runs, datasets, strict=True):
        for key, row, truth in _of_run(label, run, dataset):
            rows.setdefault(key, {}).update(row)
            truths.setdefault(key, {})[label] = truth
    facts = list(dict.fromkeys(k for row in rows.values() for k in row.get("facts", {})))
    differ = any(len({*known.values()}) > 1 for known in truths.values())
    columns = [*_KEYS, "patient", "fold", *facts, "truth"]
    columns += [f"truth {label}" for label in labels] if differ else []
    columns += [f"{what} {label}" for label in labels for what in _OF_RUN]
    made = []
    for key in sorted(rows):
        row, known = rows[key], truths[key]
        first = next((t for t in known.values() if t is not None), None)
        made.append(
            {
                **dict(zip(_KEYS, key, strict=True)),
                **row.pop("facts", {}),
                **row,
                "truth": first,
                **({f"truth {label}": t for label, t in known.items()} if differ else {}),
            }
        )
    return columns, made


def _of_run(label: str, run: Run, dataset: Dataset) -> Any:
    """(key, columns, truth) of each finding."""
    tasks = load_tasks(run.findings).by_name
    for name, findings in run.findings.items():
        context = run.facts.truth_context(name, dataset)
        for f in findings:
            row: dict[str, Any] = {
                f"state {label}": f.state,
                f"value {label}": _plain(f.value),
                f"probability {label}": f.probability,
            }
            truth = None
            if f.video in dataset.annotations:
                video = dataset.video(f.video)
                annotation = dataset.annotation(f.video)
                truth = _plain(tasks[name].truth(video, annotation, f.item, context))
                facts = {k: _plain(v) for k, v in dataset.facts(f.video).items()}
                row |= {"patient": video.patient, "fold": video.fold, "facts": facts}
            yield (name, f.item, f.video), row, truth


def _plain(value: Any) -> Any:
    if isinstance(value, (list, tuple, dict)):
        return json.dumps(value, ensure_ascii=False)
    return value


def _as_csv(columns: Sequence[str], rows: Sequence[Mapping[str, Any]], out: Path) -> None:
    with out.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def _as_parquet(columns: Sequence[str], rows: Sequence[Mapping[str, Any]], out: Path) -> None:
    try:
        import pyarrow as arrow
        from pyarrow import parquet
    except ImportError as error:
        raise S3EvalError(
            "Parquet is written by pyarrow, not installed here",
            where=out,
            fix="pip install pyarrow, or a file that ends in .csv",
        ) from error
    table = {name: [_typed(name, row.get(name)) for row in rows] for name in columns}
    parquet.write_table(arrow.table(table), out)


def _typed(name: str, value: Any) -> Any:
    """Values and truths of different items have different types: text, as in CSV."""
    is_mixed = name.partition(" ")[0] in ("value", "truth")
    return str(value) if is_mixed and value is not None else value
