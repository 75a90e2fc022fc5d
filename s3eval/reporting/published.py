"""Published results beside a run's own, from whatever package knows them."""

from __future__ import annotations

from collections.abc import Mapping

from s3eval.errors import S3EvalError, UnknownNameError
from s3eval.plugins import installed

__all__ = ["published_rows"]


def published_rows(model: str, task: str, split: str = "test") -> Mapping[tuple[str, str], str]:
    """What is published for a model and task: (item, metric) to the number as printed.

    Args:
        model: as the publication or its package calls it.
        task: task name; its `TaskSpec` is what publications go by.
        split: "test" or "all".

    Raises:
        S3EvalError: no installed package knows published results, or (UnknownNameError) none
            knows the model.
    """
    registry = installed()
    sources = registry.of("published")
    if not sources:
        raise S3EvalError(
            "No installed package brings published results", fix="pip install s3eval-paper"
        )
    spec = registry.get("task", task).spec
    unknown: UnknownNameError | None = None
    for source in sources:
        try:
            rows: Mapping[tuple[str, str], str] = source.spec.load()(model, spec, split)
        except UnknownNameError as error:
            unknown = unknown or error
        else:
            return rows
    assert unknown is not None
    raise unknown
