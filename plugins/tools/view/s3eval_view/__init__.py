"""Reports of runs to read, a viewer of what models saw, and tables for other programs.

>>> from s3eval_view import s3eval_commands
>>> [spec.name for spec in s3eval_commands()]
['report', 'log', 'view', 'judge ratings']
"""

from __future__ import annotations

from s3eval.hooks import hookimpl
from s3eval.specs import CommandSpec, ExporterSpec

__all__ = ["s3eval_commands", "s3eval_exporters"]


@hookimpl
def s3eval_commands() -> list[CommandSpec]:
    """The verbs ``report``, ``log``, ``view`` and ``judge ratings``."""
    return [
        CommandSpec(
            "report",
            adapter="s3eval_view.cli.report:command",
            summary="one page about runs to read and print, with its tables and figures",
            needs=("jinja2", "matplotlib"),
            install="pip install s3eval-view",
        ),
        CommandSpec(
            "log",
            adapter="s3eval_view.cli.log:command",
            summary="what a run answered, or with --failed what it could not, and why",
        ),
        CommandSpec(
            "view",
            adapter="s3eval_view.cli.view:command",
            summary="look at runs in a browser: videos, what models saw and said, their scores",
            needs=("jinja2", "starlette", "uvicorn"),
            install="pip install s3eval-view",
        ),
        CommandSpec(
            "judge ratings",
            adapter="s3eval_view.cli.ratings:command",
            summary="how far experts agree about reports, and their ratings as a table",
        ),
    ]


@hookimpl
def s3eval_exporters() -> list[ExporterSpec]:
    """The format ``wide``."""
    return [
        ExporterSpec(
            "wide",
            adapter="s3eval_view.wide:write",
            summary="a row for each video and item, all runs beside the truth: CSV or Parquet",
        )
    ]
