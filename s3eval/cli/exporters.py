"""What the two export verbs share: the exporter of a name, and where it may write."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import click

from s3eval.errors import S3EvalError, UnknownNameError
from s3eval.specs import ExporterSpec

__all__ = ["empty_or_new", "export_options", "exporter"]


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


def exporter(name: str, of: Literal["runs", "dataset"]) -> ExporterSpec:
    """The installed exporter of runs, or of datasets, of that name.

    Raises:
        S3EvalError: none is installed, or (UnknownNameError) none of that name.
    """
    from s3eval.plugins import distribution_of, installed

    known = {p.spec.name: p.spec for p in installed().of("exporter") if p.spec.of == of}
    if name in known:
        return known[name]
    package = distribution_of("exporter", name)
    install = f"pip install {package}" if package else ""
    if not known:
        raise S3EvalError(
            f"No exporter of {of} is installed here",
            why=f"'{name}' is asked for",
            fix=install or "install the package that brings it",
        )
    raise UnknownNameError("exporter", name, known, fix=install or f"one of {', '.join(known)}")


def empty_or_new(out: Path, force: bool) -> None:
    """Refuse a target that exists and is not an empty folder.

    Raises:
        S3EvalError: it is, and ``force`` is not given.
    """
    taken = any(out.iterdir()) if out.is_dir() else out.exists()
    if taken and not force:
        raise S3EvalError("OUT exists already", where=out, fix="another path, or --force")
