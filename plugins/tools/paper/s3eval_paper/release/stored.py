"""The release's own metrics: what its authors computed and kept beside the recorded answers."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from s3eval.dataset.sheets import Problems, Sheet, read_sheet
from s3eval.vocabulary import FEATURE_NAMES
from s3eval_paper.release.figures import figure_files, recorded_rqi
from s3eval_paper.tables import model_name

__all__ = ["Kept", "Place", "Stored", "read_stored"]

#: (model, task, item, metric)
Place = tuple[str, str, str, str]

#: Columns of a file with one row a feature, and of one with one row a model.
_BY_FEATURE = {"bleu_corpus": "bleu", "rouge1_f1_mean": "rouge"}
_REPORT = {"bleu_corpus": "bleu", "rouge1_f1": "rouge1", "rougel_f1": "rouge_l"}


@dataclass(frozen=True)
class Stored:
    """A metric that the release keeps.

    Attributes:
        text: as written there.
        file: where, relative to the release.
        pairs: how many texts it was computed of; None where the file does not say.
        single: whether it is kept for this model alone, with all its digits (a table of all
            models is rounded as the paper is, so that it tells less).
    """

    text: str
    file: str
    pairs: int | None = None
    single: bool = False

    @property
    def value(self) -> float:
        """The number."""
        return float(self.text)

    @property
    def decimals(self) -> int:
        """Digits after the point.

        >>> Stored("36.20", "a.csv").decimals, Stored("1.5e-05", "a.csv").decimals
        (2, 6)
        """
        exponent = Decimal(self.text).as_tuple().exponent
        return max(0, -exponent) if isinstance(exponent, int) else 0

    def equals(self, computed: float) -> bool:
        """Whether a value is this one to every digit kept (at most 9 significant ones).

        >>> Stored("3.96418386750512", "a.csv").equals(3.9641838675051204)
        True
        """
        slack = max(0.5 * 10.0**-self.decimals, 1e-9 * max(1.0, abs(self.value)))
        return abs(computed - self.value) <= slack


@dataclass(frozen=True)
class Kept:
    """All metrics of a split that the release keeps.

    Attributes:
        figures: by place, the most telling first.
        reports: by model, the mean of the Seizure-RQI it keeps for each report, and how many.
    """

    figures: Mapping[Place, tuple[Stored, ...]]
    reports: Mapping[str, tuple[float, int]]


def read_stored(root: Path, split: str, problems: Problems) -> Kept:
    """Read what the release keeps of texts and reports (Tables 14, 18, 20, 24).

    Args:
        problems: told of files without a row that can be read, which explain nothing.
    """
    figures: dict[Place, tuple[Stored, ...]] = {}
    for place, stored in (*_by_feature(root, split, problems), *_by_model(root, split, problems)):
        figures[place] = (*figures.get(place, ()), stored)
    means = {
        model: (sum(of.values()) / len(of), len(of))
        for model, of in recorded_rqi(root, split, Problems()).items()
        if of
    }
    return Kept(figures, means)


def _sheet(root: Path, path: Path, problems: Problems) -> Sheet:
    # Odd rows are no evidence; the files of answers and truth are the ones to complain of them.
    keys = ("feature", "model", "model_name")
    sheet = read_sheet(path, path.relative_to(root).as_posix(), Problems(), keys)
    if not sheet.lines:
        problems.warn(sheet.file, 0, "no row can be read, so that it explains no difference")
    return sheet


def _by_feature(root: Path, split: str, problems: Problems) -> Iterator[tuple[Place, Stored]]:
    for path in figure_files(root, split, "*_feature_summary.csv"):
        model = model_name(path.name.removesuffix("_feature_summary.csv"))
        sheet = _sheet(root, path, problems)
        for line in sheet:
            pairs = int(line["n_pairs"]) if line["n_pairs"].isdigit() else None
            for column, metric in _BY_FEATURE.items():
                if line.key in FEATURE_NAMES and _is_number(line[column]):
                    stored = Stored(line[column], sheet.file, pairs, single=True)
                    yield (model, "justification", line.key, metric), stored


def _by_model(root: Path, split: str, problems: Problems) -> Iterator[tuple[Place, Stored]]:
    texts = {f"{f}_{m}": ("justification", f, m) for f in FEATURE_NAMES for m in ("rouge", "bleu")}
    report = {column: ("report", "report", metric) for column, metric in _REPORT.items()}
    kinds = {
        "task2_feature_metrics.csv": texts,
        "task6_report_nlp_metrics.csv": report,
        "task6_report_rqi.csv": {"rqi": ("report", "report", "rqi")},
    }
    for name, columns in kinds.items():
        for path in figure_files(root, split, name):
            sheet = _sheet(root, path, problems)
            spelled = {column.lower(): column for column in sheet.columns}
            for line in sheet:
                for column, (task, item, metric) in columns.items():
                    text = line[spelled.get(column, column)]
                    if _is_number(text):
                        place = (model_name(line.key), task, item, metric)
                        yield place, Stored(text, sheet.file)


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False
