"""The paper's tables as data, so that every later run can stand beside the published rows.

One CSV file a table (``table,split,model,item,metric,value``), typed from Tables 1-3, 5, 10, 11
and 13-33, values exactly as printed. Empty cells ("-") are left out. Faults of the print stay as
printed; `s3eval reproduce` finds them. Only the ``csv`` module is used: this import is light.

>>> [c.value for c in cells(table="23", model="InternVL3_5-8B")]
[874.66, 0.57, 0.02]
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from pathlib import Path

from s3eval.errors import UnknownNameError

__all__ = ["TITLES", "Cell", "aliases", "cells", "model_name", "models", "tables"]

#: What each table shows, and the split ("test": fold 0, 82 videos; "all": 438 videos).
TITLES: dict[str, str] = {
    "1": "Tasks 3-5 of all models",
    "2": "Tasks 6-7 of all models",
    "3": "baseline and fine-tuned variants",
    "5": "annotators against epileptologists",
    "10": "report metrics against expert ratings",
    "11": "metrics and ratings of 60 reports",
    "13": "Task 1, recognition, whole dataset",
    "14": "Task 2, justification, whole dataset",
    "15": "Task 3, spatial, whole dataset",
    "16": "Task 4, timing, whole dataset",
    "17": "Task 5, sequence, whole dataset",
    "18": "Task 6, report, whole dataset",
    "19": "Task 1, recognition, test set",
    "20": "Task 2, justification, test set",
    "21": "Task 3, spatial, test set",
    "22": "Task 4, timing, test set",
    "23": "Task 5, sequence, test set",
    "24": "Task 6, report, test set",
    "25": "Tasks 2 and 6 by three judges",
    "26": "Task 1, clinicians and the best model",
    "27": "Task 7, clinicians and the best model",
    "28": "Task 3, clinicians and the best model",
    "29": "Task 1 at 2, 4 and 10 frames a second",
    "30": "Task 4 on centred clips and full videos",
    "31": "annotators' kappa",
    "32": "two-stage classification, five folds",
    "33": "two-stage classification, importances",
}


@dataclass(frozen=True)
class Cell:
    """One printed number.

    Attributes:
        table: "1" ... "33".
        split: "test", "all", or "" where neither applies.
        model: in the one spelling of `models`; "" where the row is no model.
        item: a feature, "start", "report", "sequence", "with_report", ...
        metric: "f1", "mae", "rouge", ...
        value: the number; ``printed`` as it stands in the paper, with its ``decimals``.
    """

    table: str
    split: str
    model: str
    item: str
    metric: str
    printed: str

    @property
    def value(self) -> float:
        """The number."""
        return float(self.printed)

    @property
    def decimals(self) -> int:
        """Digits printed after the point.

        >>> Cell("23", "test", "m", "sequence", "f1", "0.50").decimals
        2
        """
        return len(self.printed.partition(".")[2].partition("e")[0])


def tables() -> tuple[str, ...]:
    """The tables that ship, in order.

    >>> tables()[:3]
    ('1', '2', '3')
    """
    return tuple(TITLES)


def cells(
    table: str | int | None = None, model: str | None = None, split: str | None = None
) -> tuple[Cell, ...]:
    """The published cells, in print order, of a table, a model and a split (None: of all).

    Args:
        table: its number.
        model: any spelling that `model_name` knows.
        split: "test" or "all".

    Raises:
        UnknownNameError: no such table, or a model that no table names.

    >>> cells(19, "AF3")[0]
    Cell(table='19', split='test', model='Audio-Flamingo-3', item='verbal_responsiveness', \
metric='precision', printed='0.33')
    """
    if table is not None and str(table) not in TITLES:
        raise UnknownNameError("table", str(table), TITLES, fix=f"one of {', '.join(TITLES)}")
    wanted = None if model is None else model_name(model)
    if wanted is not None and wanted not in models():
        raise UnknownNameError("published model", wanted, models(), fix=", ".join(models()))
    published = (
        _table(str(table)) if table is not None else tuple(c for t in TITLES for c in _table(t))
    )
    return tuple(
        c
        for c in published
        if (wanted is None or c.model == wanted) and (split is None or c.split == split)
    )


def models() -> tuple[str, ...]:
    """The models of the tables, in the one spelling used here.

    >>> models()[0], len(models())
    ('InternVL3.5-8B', 13)
    """
    return tuple(dict.fromkeys(aliases().values()))


@lru_cache(maxsize=1)
def aliases() -> dict[str, str]:
    """Every spelling met in the paper and the release -> the model's name here."""
    spellings = {row["model"]: row["model"] for row in _rows("aliases.csv")}
    return spellings | {row["alias"]: row["model"] for row in _rows("aliases.csv")}


def model_name(name: str) -> str:
    """The one spelling of a model's name; an unknown name stays as it is.

    Case, punctuation and suffixes such as "-Instruct" make no difference.

    >>> model_name("Intern3.5-VL-38B"), model_name("qwen3_vl-32b-instruct"), model_name("mine")
    ('InternVL3.5-38B', 'Qwen3-VL-32B', 'mine')
    """
    return _by_key().get(_key(name), name)


@lru_cache(maxsize=1)
def _by_key() -> dict[str, str]:
    return {_key(alias): model for alias, model in aliases().items()}


def _key(name: str) -> str:
    plain = re.sub(r"[^a-z0-9]", "", name.lower())
    return re.sub(r"(instruct|a3b|hf|chat)+$", "", plain)


@cache
def _table(table: str) -> tuple[Cell, ...]:
    return tuple(
        Cell(table, row["split"], row["model"], row["item"], row["metric"], row["value"])
        for row in _rows(f"table_{int(table):02}.csv")
    )


def _rows(file: str) -> list[dict[str, str]]:
    with (Path(str(files(__package__))) / file).open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))
