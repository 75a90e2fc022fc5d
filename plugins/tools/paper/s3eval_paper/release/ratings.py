"""Experts' ratings of single reports, where the release holds them (Table 11)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from s3eval.dataset.csv_file import read_csv_file
from s3eval.dataset.sheets import Problems
from s3eval_paper.release.layout import RATINGS
from s3eval_paper.release.truth import video_name
from s3eval_paper.tables import Cell, model_name

__all__ = ["COLUMNS", "Rated", "match_printed", "read_ratings", "why_unmatched"]

#: The file's columns -> the table's.
COLUMNS: Mapping[str, str] = {
    "bleu_corpus": "bleu",
    "rouge1_f1": "rouge1",
    "rougel_f1": "rouge_l",
    "berts_f1": "bertscore",
    "rqi": "rqi",
    "human": "expert",
}


@dataclass(frozen=True)
class Rated:
    """One rated report: its model and video, and by the table's column the file's figure."""

    model: str
    video: str
    values: Mapping[str, float]

    @property
    def patient(self) -> str:
        """The patient's code."""
        return self.video.partition("@")[0]


def read_ratings(root: Path, problems: Problems) -> list[Rated]:
    """The rated reports, in file order; none where the release does not hold the file."""
    path = root / RATINGS
    if not path.is_file():
        return []
    rows = []
    for record in read_csv_file(path, RATINGS, ("model", "file_name", *COLUMNS)):
        cells = {name.lower(): cell.strip() for name, cell in record.cells.items()}
        values = {}
        for column, metric in COLUMNS.items():
            try:
                values[metric] = float(cells[column])
            except (KeyError, ValueError):
                what = f"no number in '{column}'"
                problems.error(RATINGS, record.number, what)
        if cells.get("model") and cells.get("file_name"):
            model, video = model_name(cells["model"]), video_name(cells["file_name"])
            rows.append(Rated(model, video, values))
        else:
            problems.error(RATINGS, record.number, "no model or no file_name")
    return rows


def match_printed(
    printed: Mapping[tuple[str, str], Sequence[Cell]], rated: Sequence[Rated]
) -> dict[tuple[str, str], Rated]:
    """The row of each printed report, by (model, number).

    The print numbers the videos and the file names them. Rows go to the reports whose printed
    metrics they equal most, the most alike first, the first of equals; the rating takes no part in
    the choice, so that it is compared and not looked for. A row equal in half of the metrics or
    fewer is another report's, unless the file has a row for each report of the model.
    """
    matches = {}
    for model in dict.fromkeys(model for model, _ in printed):
        rows = [row for row in rated if row.model == model]
        mine = {place: of for place, of in printed.items() if place[0] == model}
        whole = len(rows) == len(mine)
        alike = [
            (-_equal_metrics(row, of), n, place)
            for place, of in mine.items()
            for n, row in enumerate(rows)
        ]
        taken: set[int] = set()
        for equal, n, place in sorted(alike, key=lambda one: one[0]):
            known = sum(c.metric != "expert" for c in mine[place])
            if place not in matches and n not in taken and (whole or -2 * equal > known):
                matches[place] = rows[n]
                taken.add(n)
    return matches


def _equal_metrics(row: Rated, members: Sequence[Cell]) -> int:
    """How many printed metrics, the rating aside, a row equals as printed."""
    from s3eval_paper.reproduction import equal_as_printed

    known = [c for c in members if c.metric != "expert" and c.metric in row.values]
    return sum(equal_as_printed(row.values[c.metric], c) for c in known)


def why_unmatched(root: Path, rated: Sequence[Rated], cell: Cell, row: Rated | None) -> str:
    """Why a printed figure has none beside it.

    Args:
        row: the report's row in the file, None where `match_printed` gave it none.
    """
    if not (root / RATINGS).is_file():
        return f"the file of its reports and ratings, {RATINGS}, is not in this part of the release"
    if row is not None:
        column = next(c for c, metric in COLUMNS.items() if metric == cell.metric)
        return f"{RATINGS} has no number in '{column}' for this report"
    mine = sum(r.model == cell.model for r in rated)
    if mine:
        return f"none of the {mine} rows of {cell.model} in {RATINGS} has this report's metrics"
    models = ", ".join(dict.fromkeys(r.model for r in rated)) or "none that can be read"
    return f"{RATINGS} has no row of {cell.model}; its models are: {models}"
