"""The published row of a model beside a run's scores."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["published_scores"]

# Task -> table of the test set, and of the whole dataset.
_TABLES = {
    "recognition": ("19", "13"),
    "justification": ("20", "14"),
    "spatial": ("21", "15"),
    "timing": ("22", "16"),
    "sequence": ("23", "17"),
    "report": ("24", "18"),
    "diagnosis": ("2", ""),
}
# Where a table's word for a metric is not the task's.
_METRICS = {"rouge": "rouge1"}


def published_scores(model: str, task: str, split: str = "test") -> Mapping[tuple[str, str], str]:
    """What the paper prints for a model and task: (item, metric) -> the number as printed.

    Args:
        model: any spelling `s3eval.published.model_name` knows.
        task: task name; tasks without a table give nothing.
        split: "test" or "all".

    Raises:
        UnknownNameError: no table names the model.

    >>> published_scores("InternVL3_5-8B", "sequence")["sequence", "edit_distance"]
    '874.66'
    """
    from s3eval.published import cells

    test, whole = _TABLES.get(task, ("", ""))
    table = test if split == "test" else whole
    if not table:
        return {}
    return {
        (c.item, _METRICS.get(c.metric, c.metric)): c.printed for c in cells(table, model, split)
    }
