"""Task 2, Feature Justification (paper, Section 3.2.2)."""

from __future__ import annotations

from s3eval import TaskSpec, hookimpl


@hookimpl
def s3eval_tasks() -> list[TaskSpec]:
    """The justification task."""
    return [
        TaskSpec(
            "justification",
            adapter="s3eval_task_justification.task:Justification",
            summary="why: free text in the answer of recognition, merged over windows",
            number=2,
            judged=True,
            provides=("justification",),
        )
    ]
