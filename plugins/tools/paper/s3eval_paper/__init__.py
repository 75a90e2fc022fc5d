"""The paper (arXiv 2605.21852): its tables, its public release, its claims."""

from __future__ import annotations

from s3eval import CommandSpec, DatasetSpec, ImporterSpec, PublishedSpec, hookimpl

__all__ = ["s3eval_commands", "s3eval_datasets", "s3eval_importers", "s3eval_published"]


@hookimpl
def s3eval_commands() -> list[CommandSpec]:
    """Two verbs."""
    return [
        CommandSpec(
            "reproduce",
            adapter="s3eval_paper.reproduce_verb:command",
            summary="the published tables from the public release",
        ),
        CommandSpec(
            "findings",
            adapter="s3eval_paper.findings_verb:command",
            summary="the paper's claims against the release",
        ),
    ]


@hookimpl
def s3eval_datasets() -> list[DatasetSpec]:
    """The release's annotation, read where it lies."""
    return [
        DatasetSpec(
            "s3-release",
            adapter="s3eval_paper.release.reading:open_release",
            summary="the authors' public release (annotations, recorded answers, no videos)",
        )
    ]


@hookimpl
def s3eval_importers() -> list[ImporterSpec]:
    """The release as a dataset folder with recorded runs."""
    return [
        ImporterSpec(
            "s3-release",
            adapter="s3eval_paper.release.importing:convert",
            summary="the authors' public release: annotation, and recorded answers as runs",
        )
    ]


@hookimpl
def s3eval_published() -> list[PublishedSpec]:
    """The numbers of the paper's tables."""
    return [
        PublishedSpec(
            "paper",
            adapter="s3eval_paper.published:PaperTables",
            summary="the tables of arXiv 2605.21852",
        )
    ]
