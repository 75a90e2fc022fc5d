"""Task 4, Temporal Boundary Detection (paper, Section 3.2.4)."""

from __future__ import annotations

from s3eval import TaskSpec, hookimpl


@hookimpl
def s3eval_tasks() -> list[TaskSpec]:
    """The timing task."""
    return [
        TaskSpec(
            "timing",
            adapter="s3eval_task_timing.task:Timing",
            summary="onset of each feature, start and end of the seizure, in seconds",
            number=4,
            provides=("timing",),
        )
    ]
