"""Task 7, Clinical Diagnosis (paper, Section 3.2.7)."""

from __future__ import annotations

from s3eval import TaskSpec, hookimpl


@hookimpl
def s3eval_tasks() -> list[TaskSpec]:
    """The diagnosis task."""
    return [
        TaskSpec(
            "diagnosis",
            adapter="s3eval_task_diagnosis.task:Diagnosis",
            summary="epileptic seizure (ES) or not (NES), from the video alone and with its report",
            number=7,
            provides=("diagnosis",),
        )
    ]
