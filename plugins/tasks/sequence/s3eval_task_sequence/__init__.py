"""Task 5, Semiological Sequence Analysis (paper, Section 3.2.5)."""

from __future__ import annotations

from s3eval import TaskSpec, hookimpl


@hookimpl
def s3eval_tasks() -> list[TaskSpec]:
    """The sequence task."""
    return [
        TaskSpec(
            "sequence",
            adapter="s3eval_task_sequence.task:SequenceTask",
            summary="the features in order of onset, windows aligned by their overlap",
            number=5,
            provides=("sequence",),
        )
    ]
