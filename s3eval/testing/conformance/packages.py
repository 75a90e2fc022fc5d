"""What is checked of a distribution: its metadata, its entry points, what discovery imports."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import Distribution, EntryPoint, PackageNotFoundError, distribution

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from s3eval.errors import S3EvalError
from s3eval.hooks import GROUP
from s3eval.plugins import Registry, discover
from s3eval.testing.conformance.problems import Check, Problem, run_checks
from s3eval.version import __version__

__all__ = ["HEAVY", "check_package", "entry_points_of", "find_distribution"]

#: What discovery must not import: each costs every `s3eval` command a tenth of a second or more.
HEAVY = (
    *("numpy", "scipy", "sklearn", "pandas", "pydantic", "sacrebleu", "rapidfuzz", "av", "PIL"),
    *("cv2", "matplotlib", "torch", "torchvision", "transformers", "tensorflow", "jax", "spacy"),
    *("httpx", "requests", "openai", "huggingface_hub", "datasets", "mlflow", "wandb"),
)
_CORE = "s3eval-core"
_PROGRAM = """
import json, sys
from importlib import import_module
import pluggy, s3eval.hooks, s3eval.specs
before = set(sys.modules)
for module in json.loads(sys.argv[1]):
    found = import_module(module)
    for hook, _ in s3eval.hooks.HOOKS.values():
        call = getattr(found, hook, None)
        if callable(call):
            call()
print("\\n" + json.dumps(sorted(set(sys.modules) - before)))
"""


@dataclass(frozen=True)
class _Subject:
    dist: Distribution

    @cached_property
    def points(self) -> tuple[EntryPoint, ...]:
        return entry_points_of(self.dist)

    @cached_property
    def registry(self) -> Registry:
        return discover(self.points)

    @cached_property
    def requirements(self) -> list[Requirement]:
        return [Requirement(text) for text in self.dist.requires or ()]


def find_distribution(name: str) -> Distribution:
    """An installed distribution by its name, or by the name of its entry point.

    Raises:
        S3EvalError: neither is installed.
    """
    from importlib.metadata import entry_points

    try:
        return distribution(name)
    except PackageNotFoundError:
        for point in entry_points(group=GROUP, name=name):
            if point.dist is not None:
                return point.dist
    raise S3EvalError(
        f"No distribution and no entry point '{name}' is installed", fix="pip install -e ."
    )


def entry_points_of(dist: Distribution) -> tuple[EntryPoint, ...]:
    """The entry points of a distribution in the group ``s3eval``, with it as their origin."""
    from importlib.metadata import entry_points

    return tuple(
        point
        for point in entry_points(group=GROUP)
        if point.dist is not None and point.dist.name == dist.name
    )


def check_package(dist: Distribution | str) -> list[Problem]:
    """Everything that is wrong with an installed distribution, an empty list where nothing is.

    Args:
        dist: the distribution, its name, or the name of its entry point.
    """
    chosen = find_distribution(dist) if isinstance(dist, str) else dist
    return run_checks(_CHECKS, _Subject(chosen))


def _version(subject: _Subject) -> Iterator[tuple[str, str]]:
    try:
        released = Version(subject.dist.version)
    except InvalidVersion:
        yield f"the version '{subject.dist.version}' is none", 'write version = "0.1.0"'
        return
    if released == Version("0"):
        yield "the version is 0.0.0", 'state one: version = "0.1.0"'


def _metadata(subject: _Subject) -> Iterator[tuple[str, str]]:
    facts = subject.dist.metadata.json
    licences = [facts.get("license_expression"), facts.get("license")]
    licences += [c for c in facts.get("classifier", ()) if c.startswith("License ::")]
    if not any(licence and licence != "UNKNOWN" for licence in licences):
        yield "no licence is stated", 'write license = "Apache-2.0" (an SPDX expression)'
    if not facts.get("summary"):
        yield "there is no description", 'write description = "..." in one line'
    if not facts.get("requires_python"):
        yield "no Python version is required", 'write requires-python = ">=3.10"'


def _core(subject: _Subject) -> Iterator[tuple[str, str]]:
    try:
        required = subject.requirements
    except InvalidRequirement as error:
        yield f"a requirement cannot be read: {error}", "write it as pip takes it"
        return
    if canonicalize_name(subject.dist.name) == _CORE:
        return
    bounds = [r.specifier for r in required if canonicalize_name(r.name) == _CORE]
    major, minor = Version(__version__).release[:2]
    wanted = f'"s3eval-core>={major}.{minor},<{major}.{minor + 1}"'
    operators = {part.operator for bound in bounds for part in bound}
    if not operators & {">=", ">", "==", "~="}:
        yield "it requires no lowest version of s3eval-core", f"write {wanted}"
    elif not operators & {"<", "<=", "==", "~="}:
        yield "it has no upper bound for s3eval-core", f"write {wanted}"
    elif not all(bound.contains(__version__, prereleases=True) for bound in bounds):
        yield f"it does not allow s3eval-core {__version__}, which is installed", f"write {wanted}"


def _typed(subject: _Subject) -> Iterator[tuple[str, str]]:
    from importlib.util import find_spec

    for module in sorted({point.module.split(".")[0] for point in subject.points}):
        module_spec = find_spec(module)
        folders = module_spec.submodule_search_locations if module_spec else None
        if folders and not any(os.path.isfile(os.path.join(f, "py.typed")) for f in folders):
            yield (
                f"the package {module} has no py.typed",
                "add the empty file and name it in package-data: contracts are typed",
            )


def _entry_points(subject: _Subject) -> Iterator[tuple[str, str]]:
    if not subject.points:
        yield (
            f"there is no entry point in the group '{GROUP}'",
            f'write [project.entry-points.{GROUP}] with NAME = "module"',
        )
    for broken in subject.registry.broken:
        yield f"the entry point {broken.entry_point} is broken: {broken.reason}", "see the reason"
    if subject.points and not subject.registry.broken and not subject.registry.plugins:
        yield "its hooks bring nothing", "mark functions with @hookimpl and return specs"


def _light(subject: _Subject) -> Iterator[tuple[str, str]]:
    modules = sorted({point.module for point in subject.points})
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    call = [sys.executable, "-c", _PROGRAM, json.dumps(modules)]
    done = subprocess.run(call, capture_output=True, text=True, env=env, check=False)
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["it ended"])[-1]
        yield f"its entry points do not import alone: {last}", "import what they need"
        return
    imported = json.loads(done.stdout.splitlines()[-1])
    if heavy := [m for m in HEAVY if m in imported]:
        yield (
            f"discovery imports {', '.join(heavy)}",
            "import it in the adapter's module, which is loaded when it is used",
        )
    adapters = {p.spec.adapter.partition(":")[0] for p in subject.registry.plugins}
    if early := sorted(adapters.intersection(imported).difference(modules)):
        yield (
            f"discovery imports the adapter {early[0]}",
            "name it by its path only: every command would import it",
        )


_CHECKS: Sequence[Check[_Subject]] = (
    Check("version", _version),
    Check("metadata", _metadata),
    Check("core", _core),
    Check("typed", _typed),
    Check("entry points", _entry_points),
    Check("discovery", _light, ("entry points",)),
)
