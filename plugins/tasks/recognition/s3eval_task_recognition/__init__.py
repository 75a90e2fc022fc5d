"""Task 1, Seizure Semiology Recognition (paper, Section 3.2.1)."""

from __future__ import annotations

from s3eval import TaskSpec, hookimpl


@hookimpl
def s3eval_tasks() -> list[TaskSpec]:
    """The recognition task."""
    return [
        TaskSpec(
            "recognition",
            adapter="s3eval_task_recognition.task:Recognition",
            summary="which of 20 features the video shows: yes or no, windows joined by any-yes",
            number=1,
            provides=("features",),
        )
    ]
