"""Task 6, Narrative Report Generation (paper, Section 3.2.6)."""

from __future__ import annotations

from s3eval import TaskSpec, hookimpl


@hookimpl
def s3eval_tasks() -> list[TaskSpec]:
    """The report task."""
    return [
        TaskSpec(
            "report",
            adapter="s3eval_task_report.task:Report",
            summary="a narrative report: BLEU, ROUGE and Seizure-RQI",
            number=6,
            judged=True,
            provides=("report",),
        )
    ]
