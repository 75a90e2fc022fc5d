"""The paper's tables as published results that the core shows beside a run's own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from s3eval.published import Printed, Published, Rating
from s3eval.specs import TaskSpec
from s3eval_paper.tables import Cell, cells, model_name, models

__all__ = ["PaperTables"]

# A task's number -> its table of the test set, and of the whole dataset.
_TABLES: Mapping[int, tuple[str, str]] = {
    1: ("19", "13"),
    2: ("20", "14"),
    3: ("21", "15"),
    4: ("22", "16"),
    5: ("23", "17"),
    6: ("24", "18"),
    7: ("2", ""),
}
# Where a table's word for a metric is not the task's.
_METRICS = {"rouge": "rouge1"}
# Where clips lie (`s3eval sweep --over clip=...`) -> the column of Table 30.
_PLACED = {
    "centred": "mae_centred_clip",
    "centered": "mae_centred_clip",
    "full": "mae_full_video",
    "full-video": "mae_full_video",
}
#: The mean over the features of Table 31, as the text states it (Section 3.1).
MEAN_KAPPA = "0.8395"


class PaperTables(Published):
    """Tables 2, 5, 10, 11, 13-24 and 29-31.

    >>> task = TaskSpec("sequence", adapter="module:Task", number=5)
    >>> PaperTables().of_model("InternVL3.5-8B", task)["sequence", "edit_distance"]
    Printed(text='874.66', where='Table 23')
    """

    def model(self, name: str) -> str | None:
        """The paper's name of a model, by any spelling of the paper or the release."""
        known = model_name(name)
        return known if known in models() else None

    def models(self) -> Sequence[str]:
        """The 13 models of the tables."""
        return models()

    def note(self) -> str:
        """Of which videos the numbers are."""
        return "as printed in the paper for its 82 private test videos, not yours"

    def of_model(
        self, model: str, task: TaskSpec, split: str = "test"
    ) -> Mapping[tuple[str, str], Printed]:
        """Tables 19-24 and 2 (split "test"), 13-18 ("all")."""
        test, whole = _TABLES.get(task.number, ("", ""))
        table = test if split == "test" else whole
        if not table:
            return {}
        return {
            (c.item, _METRICS.get(c.metric, c.metric)): _printed(c)
            for c in cells(table, model, split)
        }

    def of_setting(
        self, task: TaskSpec, values: Mapping[str, str]
    ) -> Mapping[tuple[str, str], Printed]:
        """Table 29 (frames a second, Task 1) and Table 30 (centred clips or full videos, Task 4).

        Its models and its 82 private test videos, so to be read beside, not against.
        """
        if set(values) == {"fps"} and task.number == 1:
            wanted = f"f1_{float(values['fps']):g}fps"
            return {(c.item, "f1"): _printed(c) for c in cells("29") if c.metric == wanted}
        if set(values) == {"clip"} and task.number == 4:
            wanted = _PLACED.get(values["clip"], "")
            return {
                (c.item, "mae"): Printed(c.printed, f"Table 30, {c.model}")
                for c in cells("30")
                if c.metric == wanted
            }
        return {}

    def ratings(self) -> list[Rating]:
        """Table 11: 60 reports of three models on 20 videos."""
        rows: dict[tuple[str, str], dict[str, float]] = {}
        for cell in cells("11"):
            rows.setdefault((cell.model, cell.item), {})[cell.metric] = cell.value
        return [
            Rating(
                model,
                video,
                video,
                {name: value for name, value in values.items() if name != "expert"},
                values["expert"],
            )
            for (model, video), values in rows.items()
        ]

    def of_ratings(self) -> Mapping[tuple[str, str], Printed]:
        """Table 10."""
        return _by_place(cells("10"))

    def of_annotators(self) -> Mapping[tuple[str, str], Printed]:
        """Tables 5 and 31, and the mean kappa of the text (Section 3.1)."""
        mean = {("mean", "cohens_kappa"): Printed(MEAN_KAPPA, "Section 3.1")}
        by_place = _by_place([*cells("5"), *cells("31")])
        return mean | {
            ("both" if item == "combined" else item, measure): printed
            for (item, measure), printed in by_place.items()
        }


def _printed(cell: Cell) -> Printed:
    return Printed(cell.printed, f"Table {cell.table}")


def _by_place(published: Iterable[Cell]) -> dict[tuple[str, str], Printed]:
    return {(c.item, c.metric): _printed(c) for c in published}
