"""What the verbs share: options, JSON, progress."""

from __future__ import annotations

import functools
import gc
import json
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from s3eval.errors import S3EvalError
from s3eval.terminal import json_text, separate_output

__all__ = [
    "CommandLineOnly",
    "config_option",
    "fold_numbers",
    "json_option",
    "key_values",
    "names",
    "one_model",
    "outside_option",
    "rarely_collected",
    "resamples_option",
    "seed_option",
    "writable",
    "write_document",
    "write_json_output",
]

_DOCUMENT = "s3eval.document"


def names(values: Iterable[str]) -> tuple[str, ...]:
    """Names given once each or separated by commas, in order, without repeats.

    >>> names(["a,b", "c", "a"])
    ('a', 'b', 'c')
    """
    parts = [name.strip() for value in values for name in value.split(",") if name.strip()]
    return tuple(dict.fromkeys(parts))


def one_model(_: click.Context, parameter: click.Parameter, given: tuple[str, ...]) -> str | None:
    """The one model that a verb takes: of several the last would count, and none be told.

    Raises:
        S3EvalError: several are named.
    """
    different = tuple(dict.fromkeys(given))
    if len(different) > 1:
        raise S3EvalError(
            "One model is named here, not several",
            where=" ".join(f"-m {name}" for name in different),
            fix=f"-m {different[0]}",
        )
    return different[0] if different else None


def fold_numbers(text: str) -> str | tuple[int, ...]:
    """The value of ``--test-folds``: "all", or numbers.

    >>> fold_numbers("0,2"), fold_numbers("all")
    ((0, 2), 'all')

    Raises:
        S3EvalError: it is neither.
    """
    if text == "all":
        return text
    try:
        return tuple(int(part) for part in names([text]))
    except ValueError as error:
        raise S3EvalError("Expected --test-folds to be whole numbers or 'all'") from error


def key_values(pairs: Iterable[str], option: str) -> dict[str, Any]:
    """``key=value`` options; values are read as JSON where they are JSON, else as text.

    >>> key_values(["batch=4", "dtype=bfloat16"], "--model-option")
    {'batch': 4, 'dtype': 'bfloat16'}

    Raises:
        S3EvalError: a pair without "=", or a key that is given twice.
    """
    options: dict[str, Any] = {}
    for pair in pairs:
        key, sign, value = pair.partition("=")
        key = key.strip()
        if not sign or not key:
            raise S3EvalError(f"Expected {option} key=value, but got '{pair}'")
        if key in options:
            raise S3EvalError(f"{option} gives '{key}' twice", fix=f"{key}=VALUE once")
        try:
            options[key] = json.loads(value)
        except ValueError:
            options[key] = value
    return options


class CommandLineOnly(click.Option):
    """An option that ``--config`` cannot set: consent comes from who runs the command.

    Args:
        values: the values that need consent; empty for all that are not false.
    """

    def __init__(self, *args: Any, values: Sequence[str] = (), **others: Any) -> None:
        super().__init__(*args, **others)
        self._values = tuple(values)

    def refuses(self, given: object) -> bool:
        """Whether a file must not give this value."""
        if not self._values:
            return given is not False
        return not isinstance(given, str) or given.strip().lower() in self._values


def _load_config(ctx: click.Context, param: click.Parameter, value: Path | None) -> Path | None:
    if value is None:
        return None
    from s3eval.toml_file import read_toml

    facts = read_toml(value, "This options file is not TOML")
    _set_defaults(ctx, facts, value)
    return value


def _set_defaults(ctx: click.Context, facts: Mapping[str, Any], path: Path) -> None:
    from s3eval.errors import UnknownNameError

    options = {o.lstrip("-"): p for p in ctx.command.params for o in p.opts if p.name}
    known = {spelling: str(option.name) for spelling, option in options.items()}
    defaults: dict[str, Any] = {}
    for key, given in facts.items():
        if key not in known:
            raise UnknownNameError("option", key, known, fix=f"s3eval {ctx.info_name} --help")
        option = options[key]
        if isinstance(option, CommandLineOnly) and option.refuses(given):
            raise S3EvalError(
                f"'{key} = {json.dumps(given, default=str)}' cannot come from a file",
                where=path,
                why="what may leave this machine is said in the command, by who runs it",
                fix=f"{option.opts[0]} in the command",
            )
        value = given
        if isinstance(given, Mapping):
            value = _pairs(given)
        elif getattr(option, "multiple", False) and not isinstance(given, list):
            value = [str(given)]  # one name needs no list
        defaults[known[key]] = value
    ctx.default_map = {**(ctx.default_map or {}), **defaults}


def _pairs(table: Mapping[str, Any], before: str = "") -> list[str]:
    """A table as ``key=value`` options; tables in it by dotted keys.

    >>> _pairs({"timing": {"placement": "random"}, "threshold": 0.5})
    ['timing.placement=random', 'threshold=0.5']
    """
    pairs: list[str] = []
    for key, value in table.items():
        if isinstance(value, Mapping):
            pairs += _pairs(value, f"{before}{key}.")
        else:
            text = value if isinstance(value, str) else json.dumps(value, default=str)
            pairs.append(f"{before}{key}={text}")
    return pairs


def config_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """``--config FILE``: any options of the verb from a TOML file; flags win."""
    return click.option(
        "--config",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        is_eager=True,
        expose_value=False,
        callback=_load_config,
        help="Read options from a TOML file; those given in the command win.",
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


def rarely_collected(command: Callable[..., Any]) -> Callable[..., Any]:
    """Look for unreachable cycles of objects rarely while the command runs.

    Commands that read recorded findings hold tens of thousands of small objects until their end;
    going over them again and again takes a tenth of their time.
    """

    @functools.wraps(command)
    def wrapped(*arguments: Any, **options: Any) -> Any:
        before = gc.get_threshold()
        gc.set_threshold(200_000, *before[1:])
        try:
            return command(*arguments, **options)
        finally:
            gc.set_threshold(*before)

    return wrapped


def outside_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """``--allow-outside``: paths and links may lead out of the dataset folder."""
    return click.option(
        "--allow-outside",
        is_flag=True,
        help="Read videos outside the dataset folder too, reached by a path or a link.",
    )(command)


def resamples_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """``--resamples N``: how many draws of patients an interval rests on."""
    return click.option(
        "--resamples",
        type=click.IntRange(100),
        default=2000,
        show_default=True,
        help="How many draws of patients each 95 % interval rests on.",
    )(command)


def seed_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """``--seed N``: of everything that is drawn at random."""
    return click.option(
        "--seed", type=int, default=0, show_default=True, help="Seed of all random draws."
    )(command)


def writable(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    """Refuse a file that cannot be written before the work it is to hold is done and paid for.

    With "-", standard output belongs to that document until the verb ends: what plugins and
    libraries print meanwhile goes to standard error.

    Raises:
        S3EvalError: its folder is not there, or it is a folder itself.
    """
    if value == "-":
        ctx.meta[_DOCUMENT] = ctx.with_resource(separate_output())
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
    if json_file == "-":
        text = json_text(value, getattr(sys.stdout, "encoding", None))
        write_document(text + "\n")
        return True
    Path(json_file).write_text(json_text(value) + "\n", encoding="utf-8")
    return False


def write_document(text: str) -> None:
    """Write to standard output, unchanged, what an option was given "-" for."""
    context = click.get_current_context(silent=True)
    write = context.meta.get(_DOCUMENT) if context else None
    if write is None:
        sys.stdout.write(text)
        sys.stdout.flush()
    else:
        write(text)
