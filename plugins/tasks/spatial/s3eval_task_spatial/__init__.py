"""Task 3, Spatial and Anatomical Analysis (paper, Section 3.2.3)."""

from __future__ import annotations

from s3eval import TaskSpec, hookimpl


@hookimpl
def s3eval_tasks() -> list[TaskSpec]:
    """The spatial task."""
    return [
        TaskSpec(
            "spatial",
            adapter="s3eval_task_spatial.task:Spatial",
            summary="which way the head turns, which arm moves, where the seizure starts",
            number=3,
            provides=("spatial",),
        )
    ]
