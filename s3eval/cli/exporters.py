"""What the two export verbs share: their options, and where they may write."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from s3eval.errors import S3EvalError

__all__ = ["empty_or_new", "export_options"]


def export_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """What to export to: the format's name and where to write."""
    for option in (
        click.option("--force", is_flag=True, help="Write into OUT even where it is not empty."),
        click.option(
            "--out", "-o", required=True, type=click.Path(path_type=Path),
            help="File or folder to write.",
        ),
        click.option(
            "--to", "name", required=True, metavar="NAME",
            help="Name of the format (s3eval list exporters).",
        ),
    ):  # fmt: skip
        command = option(command)
    return command


def empty_or_new(out: Path, force: bool) -> None:
    """Refuse a target that exists and is not an empty folder.

    Raises:
        S3EvalError: it is, and ``force`` is not given.
    """
    taken = any(out.iterdir()) if out.is_dir() else out.exists()
    if taken and not force:
        raise S3EvalError("OUT exists already", where=out, fix="another path, or --force")
