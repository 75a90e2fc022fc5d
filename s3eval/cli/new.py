"""``s3eval new``: a small package with a model, task, judge or dataset format, ready to change."""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from string import Template

import click

from s3eval.cli.common import json_option, write_json_output
from s3eval.errors import S3EvalError
from s3eval.plugins import distribution_of, installed
from s3eval.terminal import echo
from s3eval.version import __version__

__all__ = ["Package", "command", "package_files"]

_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
#: A longer one makes lines of the generated code too long.
_LONGEST = 24


@dataclass(frozen=True)
class _Kind:
    """What is said of a kind in the generated files.

    Attributes:
        spec: the class of its spec.
        summary: one line for lists, which asks its author to change it: the example that the files
            begin with has nothing to do with the package's name.
        use: for the README, the command that uses it.
        facts: what its spec says further, as lines of code.
        adapter: the attribute that its spec names; "" for a class called after it.
        further: files beside those that every kind has, by path.
    """

    spec: str
    summary: str
    use: str
    facts: str = ""
    adapter: str = ""
    further: tuple[tuple[str, str], ...] = ()


_TABLE = "file,patient,seconds,label\n"
_EXAMPLE = ("tests/example/table.csv", "tests/example/a.mp4", "tests/example/b.mp4")
KINDS: dict[str, _Kind] = {
    "model": _Kind(
        "ModelSpec",
        "a new model: change this line to what it answers from",
        "    s3eval run --model $name --tasks recognition --data DATASET --out runs",
        "\n            sees=True,",
    ),
    "task": _Kind(
        "TaskSpec",
        "a new task: change this line to what it asks",
        "The truth is the item `$name` of a dataset (`items.csv`: video,item,value).\n\n"
        "    s3eval run --model MODEL --tasks $name --data DATASET --out runs",
    ),
    "judge": _Kind(
        "JudgeSpec",
        "a new judge: change this line to how it reads",
        "    s3eval show runs --judge $name",
    ),
    "dataset": _Kind(
        "DatasetSpec",
        "a new dataset format: change this line to what it opens",
        "    s3eval run --model MODEL --tasks TASK --data $name:TABLE.csv --out runs",
        adapter="open_dataset",
        further=(
            (_EXAMPLE[0], f"{_TABLE}a.mp4,p1,12.5,yes\nb.mp4,p2,8,no\n"),
            # The suite asks whether files are there, and opens none.
            (_EXAMPLE[1], "a placeholder\n"),
            (_EXAMPLE[2], "a placeholder\n"),
        ),
    ),
}


@dataclass(frozen=True)
class Package:
    """A package to be written.

    >>> Package("model", "optical-flow").module
    's3eval_model_optical_flow'
    """

    kind: str
    name: str

    @property
    def distribution(self) -> str:
        """What pip calls it."""
        return f"s3eval-{self.kind}-{self.name}"

    @property
    def module(self) -> str:
        """What Python calls it."""
        return self.distribution.replace("-", "_")

    @property
    def adapter(self) -> str:
        """What its spec names in its module."""
        words = [*self.name.split("-"), self.kind]
        return KINDS[self.kind].adapter or "".join(w.capitalize() for w in words)


def package_files(package: Package) -> dict[str, str]:
    """The content of every file of a package by its path in the package's folder.

    >>> sorted(package_files(Package("judge", "words")))[:3]
    ['README.md', 'pyproject.toml', 's3eval_judge_words/__init__.py']
    """
    kind = KINDS[package.kind]
    major, minor = __version__.split(".")[:2]
    words = {
        "kind": package.kind,
        "name": package.name,
        "distribution": package.distribution,
        "module": package.module,
        "adapter": package.adapter,
        "spec": kind.spec,
        "summary": kind.summary,
        "facts": kind.facts,
        "bounds": f">={major}.{minor},<{major}.{int(minor) + 1}",
    }
    words["use"] = Template(kind.use).substitute(words)
    templates = files("s3eval.cli.templates")

    def filled(template: str) -> str:
        text = templates.joinpath(f"{template}.txt").read_text(encoding="utf-8")
        return Template(text).substitute(words)

    return {
        "pyproject.toml": filled("pyproject"),
        "README.md": filled("readme"),
        f"{package.module}/__init__.py": filled("hooks"),
        f"{package.module}/{package.kind}.py": filled(package.kind),
        f"{package.module}/py.typed": "",
        f"tests/test_{package.kind}.py": filled(f"suite_{package.kind}"),
        **dict(kind.further),
    }


@click.command(
    "new",
    epilog="Examples: s3eval new model optical-flow · s3eval new task bystander --dir plugins",
)
@click.argument("kind", type=click.Choice([*KINDS]))
@click.argument("name")
@click.option(
    "--dir",
    "parent",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(),
    help="Folder in which the package's folder is made (default: this one).",
)
@json_option
def command(kind: str, name: str, parent: Path, json_file: str | None) -> None:
    """Write a small package with a KIND called NAME, which installs and passes its tests."""
    package = Package(kind, name)
    _refuse_name(package)
    _refuse_taken(package)
    folder = parent / package.distribution
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise S3EvalError("There is something already", where=folder, fix="another NAME or --dir")
    written = package_files(package)
    for path, text in written.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
    facts = {"distribution": package.distribution, "folder": str(folder), "files": [*written]}
    if write_json_output(facts, json_file):
        return
    echo(f"Wrote {folder}. What you change is {package.module}/{kind}.py. Next:")
    echo(f'  cd {folder} && pip install -e ".[test]" && pytest')


def _refuse_name(package: Package) -> None:
    if not _NAME.fullmatch(package.name):
        raise S3EvalError(
            f"'{package.name}' is no name for a {package.kind}",
            why="a name has lower-case letters, digits, single hyphens, and begins with a letter",
            fix=f"s3eval new {package.kind} {_nearest_valid(package.name)}",
        )
    if len(package.name) > _LONGEST:
        raise S3EvalError(
            f"'{package.name}' is too long for a name",
            why=f"it has {len(package.name)} characters; {_LONGEST} are allowed",
        )


def _nearest_valid(name: str) -> str:
    """The name in allowed characters.

    >>> _nearest_valid("Optical Flow!")
    'optical-flow'
    """
    kept = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-0123456789") or "my-name"
    return kept[:_LONGEST].strip("-")


def _refuse_taken(package: Package) -> None:
    """A name that something else has would belong to nobody once both are installed."""
    registry = installed()
    kind, name = package.kind, package.name
    owners = [p.package for p in registry.of(kind) if p.spec.name == name]
    owners += [o for o in (distribution_of(kind, name),) if o]
    owners += registry.clashes.get((kind, name), ())
    if owners:
        raise S3EvalError(
            f"The {kind} name '{name}' is taken",
            why=f"{owners[0]} brings it, and a name claimed twice belongs to nobody",
            fix=f"s3eval new {kind} my-{name}",
        )
    try:
        distribution(package.distribution)
    except PackageNotFoundError:
        if find_spec(package.module) is None:
            return
    raise S3EvalError(
        f"'{package.distribution}' is installed here already",
        fix=f"pip uninstall {package.distribution}, or another NAME",
    )
