"""What this package brings to s3eval. Specs only: nothing heavy is imported here."""

from __future__ import annotations

from s3eval import DatasetSpec, JudgeSpec, ModelSpec, TaskSpec, hookimpl


@hookimpl
def s3eval_models() -> list[ModelSpec]:
    """A model that sees how bright the room is."""
    return [
        ModelSpec(
            "brightness",
            adapter="s3eval_ward.model:Brightness",
            summary="says from the mean brightness whether the light is on",
            sees=True,
        )
    ]


@hookimpl
def s3eval_tasks() -> list[TaskSpec]:
    """A task about the room."""
    return [
        TaskSpec(
            "light",
            adapter="s3eval_ward.task:Light",
            summary="whether the light is on, and what the room looks like",
            judged=True,
            provides=("light",),
        )
    ]


@hookimpl
def s3eval_judges() -> list[JudgeSpec]:
    """A judge that finds words."""
    return [
        JudgeSpec(
            "words",
            adapter="s3eval_ward.judge:Words",
            summary="finds the words of a schema in a text, offline",
        )
    ]


@hookimpl
def s3eval_datasets() -> list[DatasetSpec]:
    """A table as the ward keeps it."""
    return [
        DatasetSpec(
            "ward",
            adapter="s3eval_ward.dataset:open_ward",
            summary="one CSV a ward: file, patient, seconds, light, bed (ward:TABLE.csv)",
        )
    ]
