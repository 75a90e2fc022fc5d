"""A small package with a model, task, judge or dataset format: what ``s3eval new`` writes."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from fractions import Fraction
from importlib.metadata import PackageNotFoundError, distribution
from importlib.resources import files
from importlib.util import find_spec
from itertools import chain, count
from pathlib import Path
from string import Template
from typing import Any

from s3eval.errors import S3EvalError, refuse_unknown
from s3eval.plugins import Registry, distribution_of, installed
from s3eval.version import __version__

__all__ = ["KINDS", "Package", "WrittenPackage", "new_package", "package_files"]

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
        recordings: videos beside these, by path: their seconds and their brightness, 0 to 255.
    """

    spec: str
    summary: str
    use: str
    facts: str = ""
    adapter: str = ""
    further: tuple[tuple[str, str], ...] = ()
    recordings: tuple[tuple[str, float, int], ...] = ()


_TABLE = "file,patient,seconds,label\n"
_EXAMPLE = "tests/example"
#: Frames a second of the recordings: enough for half seconds.
_RATE = 2
_KINDS: dict[str, _Kind] = {
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
        "    s3eval data check $name:TABLE.csv\n"
        "    s3eval run --model MODEL --tasks TASK --data $name:TABLE.csv --out runs",
        adapter="open_dataset",
        further=((f"{_EXAMPLE}/table.csv", f"{_TABLE}a.mp4,p1,12.5,yes\nb.mp4,p2,8,no\n"),),
        recordings=((f"{_EXAMPLE}/a.mp4", 12.5, 200), (f"{_EXAMPLE}/b.mp4", 8.0, 60)),
    ),
}
#: What a package can bring.
KINDS = tuple(_KINDS)


@dataclass(frozen=True)
class Package:
    """A package to be written.

    Attributes:
        kind: what it brings, one of `KINDS`.
        name: what users call what it brings.

    Raises:
        S3EvalError: there is no such kind, or the name is none; the message has one that is.

    >>> Package("model", "optical-flow").module
    's3eval_model_optical_flow'
    """

    kind: str
    name: str

    def __post_init__(self) -> None:
        refuse_unknown("kind", (self.kind,), KINDS)
        _refuse_name(self.kind, self.name, None)

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
        return _KINDS[self.kind].adapter or "".join(w.capitalize() for w in words)


def package_files(package: Package) -> dict[str, str]:
    """The content of every text of a package by its path in the package's folder.

    >>> sorted(package_files(Package("judge", "words")))[:3]
    ['README.md', 'pyproject.toml', 's3eval_judge_words/__init__.py']
    """
    kind = _KINDS[package.kind]
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
    templates = files("s3eval.api.templates")

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


def _recordings(kind: str) -> dict[str, bytes]:
    """Short videos of one grey each, by path: an example must pass the checks of a dataset."""
    wanted = _KINDS[kind].recordings
    if not wanted:
        return {}
    import numpy as np

    from s3eval.footage.writing import mp4_of

    def film(seconds: float, brightness: int) -> bytes:
        frames = np.full((round(seconds * _RATE), 32, 32, 3), brightness, np.uint8)
        return mp4_of(frames, Fraction(_RATE))

    return {path: film(seconds, brightness) for path, seconds, brightness in wanted}


@dataclass(frozen=True)
class WrittenPackage:
    """A package that was written.

    Attributes:
        package: what it is called.
        folder: where it is.
        files: what was written, by path in its folder.
        made: the folder that it lies in, where that was made too.
    """

    package: Package
    folder: Path
    files: tuple[str, ...]
    made: Path | None = None

    @property
    def first(self) -> str:
        """The file that its author changes first, by path in its folder."""
        return f"{self.package.module}/{self.package.kind}.py"

    def as_json(self) -> dict[str, Any]:
        """Everything, as ``s3eval new --json`` writes it."""
        return {
            "distribution": self.package.distribution,
            "folder": str(self.folder),
            "files": [*self.files],
        }


def new_package(
    kind: str,
    name: str,
    folder: str | os.PathLike[str] = ".",
    *,
    registry: Registry | None = None,
) -> WrittenPackage:
    """Write a small package that installs and passes its tests, ready to change.

    Args:
        kind: what it brings: "model", "task", "judge" or "dataset".
        name: what users will call it: lower-case letters, digits and single hyphens, 24 at most.
        folder: where the package's folder is made; it is made too where it is not there.
        registry: the plugins whose names are taken; without it the installed ones.

    Raises:
        S3EvalError: there is no such kind, the name is none or taken, or there is something in
            the package's folder already; nothing was written then.

    >>> import tempfile
    >>> new_package("judge", "words-of-mine", tempfile.mkdtemp()).first
    's3eval_judge_words_of_mine/judge.py'
    """
    known = installed() if registry is None else registry
    refuse_unknown("kind", (kind,), KINDS)
    _refuse_name(kind, name, known)
    package = Package(kind, name)
    _refuse_taken(package, known)
    target = Path(folder) / package.distribution
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise S3EvalError("There is something already", where=target, fix="another NAME or --dir")
    contents = {path: text.encode() for path, text in package_files(package).items()}
    contents |= _recordings(kind)
    made = None if target.parent.exists() else target.parent
    for path, content in contents.items():
        file = target / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    return WrittenPackage(package, target, tuple(contents), made)


_RESERVED = {"all": "every one", "none": "no one"}


def _refuse_name(kind: str, name: str, registry: Registry | None) -> None:
    """Refuse what is no name, with one that is, and that nothing has."""

    def command(wanted: str) -> str:
        known = installed() if registry is None else registry
        return f"s3eval new {kind} {_free_name(kind, wanted, known)}"

    if not _NAME.fullmatch(name):
        raise S3EvalError(
            f"'{name}' is no name for a {kind}",
            why="a name has lower-case letters, digits, single hyphens, and begins with a letter",
            fix=command(_nearest_valid(name)),
        )
    if name in _RESERVED:
        raise S3EvalError(
            f"'{name}' is no name for a {kind}",
            why=f"where names are given, '{name}' stands for {_RESERVED[name]}",
            fix=command(name),
        )
    if len(name) > _LONGEST:
        raise S3EvalError(
            f"'{name}' is too long for a name",
            why=f"it has {len(name)} characters; {_LONGEST} are allowed",
        )


def _nearest_valid(name: str) -> str:
    """The name in allowed characters.

    >>> _nearest_valid("Optical Flow!")
    'optical-flow'
    """
    kept = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-0123456789") or "my-name"
    return kept[:_LONGEST].strip("-")


def _free_name(kind: str, wanted: str, registry: Registry) -> str:
    """The name, or the first like it that nothing has: my-NAME, my-NAME-2, my-NAME-3, ..."""
    numbered = (f"-{n}" if n > 1 else "" for n in count(1))
    others = (f"my-{wanted}"[: _LONGEST - len(end)].rstrip("-") + end for end in numbered)
    return next(
        name
        for name in chain([wanted], others)
        if name not in _RESERVED
        and not _owners(kind, name, registry)
        and not _is_installed(Package(kind, name))
    )


def _owners(kind: str, name: str, registry: Registry) -> list[str]:
    """The distributions that bring something of that kind and name."""
    owners = [p.package for p in registry.of(kind) if p.spec.name == name]
    owners += [o for o in (distribution_of(kind, name),) if o]
    return [*owners, *registry.clashes.get((kind, name), ())]


def _is_installed(package: Package) -> bool:
    try:
        distribution(package.distribution)
    except PackageNotFoundError:
        return find_spec(package.module) is not None
    return True


def _refuse_taken(package: Package, registry: Registry) -> None:
    """A name that something else has would belong to nobody once both are installed."""
    kind, name = package.kind, package.name
    if owners := _owners(kind, name, registry):
        raise S3EvalError(
            f"The {kind} name '{name}' is taken",
            why=f"{owners[0]} brings it, and a name claimed twice belongs to nobody",
            fix=f"s3eval new {kind} {_free_name(kind, name, registry)}",
        )
    if _is_installed(package):
        raise S3EvalError(
            f"'{package.distribution}' is installed here already",
            fix=f"pip uninstall {package.distribution}, or another NAME",
        )
