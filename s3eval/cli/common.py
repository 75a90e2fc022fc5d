"""What the verbs share: options, tables, JSON, progress."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from s3eval.errors import S3EvalError

__all__ = [
    "Progress",
    "config_option",
    "json_option",
    "key_values",
    "names",
    "print_table",
    "writable",
    "write_json_output",
]


def names(values: Iterable[str]) -> tuple[str, ...]:
    """Names given once each or separated by commas, in order, without repeats.

    >>> names(["a,b", "c", "a"])
    ('a', 'b', 'c')
    """
    found = [name.strip() for value in values for name in value.split(",") if name.strip()]
    return tuple(dict.fromkeys(found))


def key_values(pairs: Iterable[str], option: str) -> dict[str, Any]:
    """``key=value`` options; values are read as JSON where they are JSON, else as text.

    >>> key_values(["batch=4", "dtype=bfloat16"], "--model-option")
    {'batch': 4, 'dtype': 'bfloat16'}

    Raises:
        S3EvalError: a pair without "=".
    """
    found: dict[str, Any] = {}
    for pair in pairs:
        key, sign, value = pair.partition("=")
        if not sign or not key:
            raise S3EvalError(f"Expected {option} key=value, but got '{pair}'")
        try:
            found[key.strip()] = json.loads(value)
        except ValueError:
            found[key.strip()] = value
    return found


def _load_config(ctx: click.Context, param: click.Parameter, value: Path | None) -> Path | None:
    if value is None:
        return None
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    try:
        facts = tomllib.loads(value.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise S3EvalError("This options file is not TOML", where=value, why=str(error)) from error
    _set_defaults(ctx, facts, value)
    return value


def _set_defaults(ctx: click.Context, facts: Mapping[str, Any], path: Path) -> None:
    from s3eval.errors import UnknownNameError

    known = {o.lstrip("-"): p.name for p in ctx.command.params for o in p.opts if p.name}
    defaults: dict[str, Any] = {}
    for key, given in facts.items():
        if key not in known:
            raise UnknownNameError("option", key, known, fix=f"s3eval {ctx.info_name} --help")
        value = given
        if isinstance(given, Mapping):
            value = [
                f"{k}={json.dumps(v) if not isinstance(v, str) else v}" for k, v in given.items()
            ]
        defaults[str(known[key])] = value
    ctx.default_map = {**(ctx.default_map or {}), **defaults}


def config_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """``--config FILE``: any options of the verb from a TOML file; flags win."""
    return click.option(
        "--config",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        is_eager=True,
        expose_value=False,
        callback=_load_config,
        help="TOML file with any of these options (flags win).",
    )(command)


def json_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """``--json FILE``: what the table shows, as JSON ("-" prints it instead of the table)."""
    return click.option(
        "--json",
        "json_file",
        metavar="FILE",
        callback=writable,
        help="Write JSON to FILE, '-' for standard output.",
    )(command)


def outside_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """``--allow-outside``: paths and links may lead out of the dataset folder."""
    return click.option(
        "--allow-outside",
        is_flag=True,
        help="Read videos that lie outside the dataset folder, by a path or a link.",
    )(command)


def writable(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    """Refuse a file that cannot be written before the work it is to hold is done and paid for.

    Raises:
        S3EvalError: its folder is not there, or it is a folder itself.
    """
    if value is None or value == "-":
        return value
    path = Path(value)
    if path.is_dir():
        raise S3EvalError(f"{param.opts[0]} names a folder", where=path, fix="a file in it")
    if not path.parent.is_dir():
        raise S3EvalError(
            f"{param.opts[0]} names a folder that is not there", where=path.parent, fix="mkdir"
        )
    return value


def write_json_output(value: Any, json_file: str | None) -> bool:
    """Write JSON where asked; True when it went to standard output, so no table is wanted."""
    if json_file is None:
        return False
    text = json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True)
    if json_file == "-":
        click.echo(text)
        return True
    Path(json_file).write_text(text + "\n", encoding="utf-8")
    return False


def print_table(
    title: str, columns: Sequence[str], rows: Iterable[Sequence[object]], right: Sequence[str] = ()
) -> None:
    """A table: fitted to the width on a terminal, aligned plain text in a log or a pipe.

    Args:
        right: columns aligned right (numbers).
    """
    cells = [["" if c is None else str(c) for c in row] for row in rows]
    # A column without a name is a remark; where no row has one, it only takes room.
    shown = [i for i, c in enumerate(columns) if c or any(row[i] for row in cells)]
    columns = [columns[i] for i in shown]
    cells = [[row[i] for i in shown] for row in cells]
    if sys.stdout.isatty():
        from rich.box import SIMPLE_HEAD
        from rich.console import Console
        from rich.markup import escape
        from rich.table import Table

        # No frame: on 80 columns that is a third of a table with ten of them.
        table = Table(
            title=escape(title),
            title_justify="left",
            title_style="bold",
            box=SIMPLE_HEAD,
            padding=(0, 1, 0, 0),
        )
        for i, column in enumerate(columns):
            # Folded, not cut: a name that ends in "…" tells nobody which video it is.
            table.add_column(
                escape(column),
                justify="right" if column in right else "left",
                overflow="fold",
                # What a row is about stays on one line where it can.
                no_wrap=i == 0 and max(len(c) for c in (column, *(r[0] for r in cells))) <= 24,
            )
        for row in cells:
            # What a file says is no markup: "[/b]" in it would end the command.
            table.add_row(*map(escape, row))
        Console().print(table)
        return
    widths = [max(len(c), *(len(r[i]) for r in cells), 0) for i, c in enumerate(columns)]
    click.echo(title)
    for row in [list(columns), *cells]:
        line = [
            cell.rjust(w) if c in right else cell.ljust(w)
            for cell, w, c in zip(row, widths, columns, strict=True)
        ]
        click.echo("  ".join(line).rstrip())
    click.echo()


class Progress:
    """Progress of many steps: a bar with rate and time left on a terminal, else plain lines.

    Names of videos never appear, only counts.

    >>> with Progress.bar("asking", 2) as advance: advance(1); advance(1)
    """

    @staticmethod
    @contextmanager
    def bar(label: str, total: int, every: float = 10.0) -> Iterator[Callable[[int], None]]:
        """Hand out ``advance(n)``; lines are written every ``every`` seconds without terminal."""
        if total and sys.stderr.isatty():
            with _rich_bar(label, total) as advance:
                yield advance
        else:
            with _plain_lines(label, total, every) as advance:
                yield advance


@contextmanager
def _rich_bar(label: str, total: int) -> Iterator[Callable[[int], None]]:
    from rich import progress
    from rich.console import Console

    columns = (
        progress.TextColumn("{task.description}"),
        progress.BarColumn(),
        progress.MofNCompleteColumn(),
        progress.TextColumn("{task.fields[rate]}"),
        progress.TimeRemainingColumn(),
    )
    import time

    begun = time.monotonic()
    with progress.Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task(label, total=total, rate="")
        done = 0

        def advance(steps: int) -> None:
            nonlocal done
            done += steps
            rate = done / max(1e-9, time.monotonic() - begun)
            bar.update(task, advance=steps, rate=f"{rate:.1f}/s")

        yield advance


@contextmanager
def _plain_lines(label: str, total: int, every: float) -> Iterator[Callable[[int], None]]:
    import time

    begun = last = time.monotonic()
    done = 0

    def advance(steps: int) -> None:
        nonlocal done, last
        done += steps
        now = time.monotonic()
        if now - last >= every:
            last = now
            rate = done / (now - begun)
            left = (total - done) / rate if rate > 0 else 0
            click.echo(f"{label}: {done} of {total}, {rate:.1f}/s, {left:.0f} s left", err=True)

    yield advance
