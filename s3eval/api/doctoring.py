"""What is installed, what is missing and what is broken, each with the command that mends it."""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import Distribution, PackageNotFoundError, distribution, entry_points
from importlib.util import find_spec
from typing import Literal

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from s3eval.api.probing import Probed, probe_all
from s3eval.hooks import GROUP
from s3eval.plugins import Registry, advised_distributions, discover
from s3eval.version import __version__

__all__ = ["Entry", "State", "examine"]

#: "missing": something works only with it; "unknown": it could not be looked at;
#: "broken": it is installed and does not work.
State = Literal["ok", "missing", "unknown", "broken"]
_CORE = "s3eval-core"


@dataclass(frozen=True)
class Entry:
    """One thing that was looked at.

    Attributes:
        section: "core", "packages", "plugins", "footage", "models", "text", "keys".
        name: what it is.
        state: "ok", "missing", "unknown" or "broken".
        detail: version, or what is wrong.
        fix: the command that puts it right, "" where there is none.
    """

    section: str
    name: str
    state: State
    detail: str = ""
    fix: str = ""


def examine(seconds: float = 60.0, registry: Registry | None = None) -> list[Entry]:
    """Everything that is looked at, by section. Nothing leaves the machine.

    Args:
        seconds: how long a library may take to import, in a process of its own.
        registry: the plugins; without it they are looked for anew.

    >>> [e.name for e in examine() if e.section == "core"]  # doctest: +SKIP
    ['s3eval-core', 'Python', 'environment']
    """
    registry = discover() if registry is None else registry
    wanted = ["av", "adapters", *(["torch"] if find_spec("torch") else [])]
    probed = probe_all(wanted, seconds)
    return [
        *_core(),
        *_packages(_distributions()),
        *_plugins(registry, probed["adapters"]),
        *_footage(probed["av"]),
        *_models(probed.get("torch")),
        *_text(),
        *_keys(probed["adapters"]),
    ]


def _core() -> Iterator[Entry]:
    yield Entry("core", "s3eval-core", "ok", __version__)
    yield Entry("core", "Python", "ok", f"{platform.python_version()} ({platform.machine()})")
    in_environment = sys.prefix != sys.base_prefix
    yield Entry("core", "environment", "ok", "virtual" if in_environment else "of the system")


def _distributions() -> list[Distribution]:
    """The core's and every one with an entry point for it, each once."""
    by_name: dict[str, Distribution] = {}
    for point in entry_points(group=GROUP):
        if point.dist is not None:
            by_name.setdefault(canonicalize_name(point.dist.name), point.dist)
    return [by_name[name] for name in sorted(by_name, key=lambda n: (n != _CORE, n))]


def _packages(distributions: Sequence[Distribution]) -> Iterator[Entry]:
    for dist in distributions:
        wrong = list(_unmet(dist))
        for reason, fix in wrong:
            yield Entry("packages", dist.name, "broken", f"{dist.version}: {reason}", fix)
        if not wrong:
            yield Entry("packages", dist.name, "ok", dist.version)


def _unmet(dist: Distribution) -> Iterator[tuple[str, str]]:
    """What a distribution requires and does not find: the reason, and the command."""
    for text in dist.requires or ():
        try:
            wanted = Requirement(text)
        except InvalidRequirement:
            yield f"it requires '{text}', which cannot be read", _mended(dist.name)
            continue
        if wanted.marker is not None and not wanted.marker.evaluate({"extra": ""}):
            continue
        command = f"pip install '{wanted.name}{wanted.specifier}'"
        try:
            have = distribution(wanted.name).version
        except PackageNotFoundError:
            yield f"it requires {wanted.name}, which is not installed", command
            continue
        if not wanted.specifier.contains(have, prereleases=True):
            if canonicalize_name(wanted.name) == _CORE:
                command = _mended(dist.name, f"pip install -U {dist.name} {_CORE}")
            yield f"it requires {wanted.name}{wanted.specifier}, but {have} is installed", command


def _mended(package: str, from_index: str = "") -> str:
    """What mends a broken package: a newer one, unless it did not come from an index.

    The name of what was installed from a folder or an address (PEP 610) may be somebody else's on
    the index.
    """
    try:
        origin = json.loads(distribution(package).read_text("direct_url.json") or "null")
    except (PackageNotFoundError, ValueError):
        origin = None
    if not isinstance(origin, dict):
        return from_index or f"pip install -U {package}"
    facts = origin.get("dir_info")
    if not isinstance(facts, dict):
        return f"install it again from where it came, or pip uninstall {package}"
    again = "" if facts.get("editable") is True else " and install it again"
    return f"mend it in its folder{again}, or pip uninstall {package}"


def _plugins(registry: Registry, adapters: Probed) -> Iterator[Entry]:
    for broken in registry.broken:
        newer = f"pip install -U {broken.package}, or pip uninstall {broken.package}"
        fix = _mended(broken.package, newer)
        yield Entry("plugins", broken.entry_point, "broken", broken.reason, fix)
    for (kind, name), owners in sorted(registry.clashes.items()):
        detail = f"claimed by {' and '.join(owners)}; it belongs to neither"
        yield Entry("plugins", f"{kind} {name}", "broken", detail, f"pip uninstall {owners[-1]}")
    errors = {
        (one["kind"], one["name"]): (one["error"], one.get("fix", ""))
        for one in adapters.facts or ()
        if "error" in one
    }
    if adapters.facts is None:
        yield Entry("plugins", "adapters", _failed(adapters), adapters.reason)
    for plugin in registry.plugins:
        spec, named = plugin.spec, f"{plugin.kind} {plugin.spec.name}"
        if not spec.missing() and (plugin.kind, spec.name) in errors:
            # In the words of `s3eval list` and of a run; what to do stands in its own column.
            reason, fix = errors[plugin.kind, spec.name]
            yield Entry("plugins", named, "broken", reason, fix or _mended(plugin.package))
        elif missing := spec.lacking():
            fix = spec.install or f"pip install {' '.join(missing)}"
            yield Entry("plugins", named, "missing", f"needs {', '.join(missing)}", fix)
        elif adapters.facts is not None:
            yield Entry("plugins", named, "ok", f"{plugin.package} {plugin.version}")
    yield from _not_installed()


def _not_installed() -> Iterator[Entry]:
    """Packages of this project that could be added."""
    for package, brings in advised_distributions().items():
        try:
            distribution(package)
        except PackageNotFoundError:
            yield Entry("plugins", package, "missing", f"for {brings}", f"pip install {package}")


def _failed(probed: Probed) -> State:
    return "unknown" if probed.timed_out else "broken"


def _footage(av: Probed) -> Iterator[Entry]:
    if av.facts is None:
        yield Entry("footage", "PyAV", _failed(av), av.reason, "pip install -U av")
    else:
        facts = av.facts
        ffmpeg = facts["ffmpeg"] or f"libavcodec {facts['libraries'].get('libavcodec', '?')}"
        codecs = ", ".join(facts["codecs"])
        detail = f"{facts['version']} with FFmpeg {ffmpeg}; decodes {codecs}"
        yield Entry("footage", "PyAV", "ok", detail)
    yield _ffmpeg_command()


def _ffmpeg_command() -> Entry:
    name = "ffmpeg (command)"
    path = shutil.which("ffmpeg")
    if path is None:
        return Entry("footage", name, "ok", "not installed; not needed, since PyAV brings FFmpeg")
    try:
        call = [path, "-version"]
        done = subprocess.run(
            call, capture_output=True, text=True, errors="replace", timeout=5, check=False
        )
        first = (done.stdout.splitlines() or ["no version"])[0]
    except (OSError, subprocess.TimeoutExpired):
        return Entry("footage", name, "unknown", "it does not say its version")
    return Entry("footage", name, "ok", first.partition(" Copyright")[0])


def _models(torch: Probed | None) -> Iterator[Entry]:
    fix = "pip install 's3eval-core[transformers]'"
    if torch is None:
        yield Entry("models", "torch", "missing", "for models that run here", fix)
        return
    if torch.facts is None:
        yield Entry("models", "torch", _failed(torch), torch.reason, "pip install -U torch")
        return
    built = f"for CUDA {torch.facts['cuda']}" if torch.facts["cuda"] else "without CUDA"
    yield Entry("models", "torch", "ok", f"{torch.facts['version']}, built {built}")
    devices = torch.facts["devices"]
    for device, gigabytes in devices:
        yield Entry("models", "GPU", "ok", f"{device}{f', {gigabytes} GiB' if gigabytes else ''}")
    if not devices:
        yield Entry("models", "GPU", "missing", "models run on the CPU, slowly")
    for name in ("transformers", "accelerate", "torchvision"):
        yield _library("models", name, "for models that run here", fix)


def _library(section: str, name: str, use: str, fix: str) -> Entry:
    try:
        return Entry(section, name, "ok", distribution(name).version)
    except PackageNotFoundError:
        return Entry(section, name, "missing", use, fix)


def _text() -> Iterator[Entry]:
    from s3eval.errors import S3EvalError
    from s3eval.metrics.bertscore import ENCODER, encoder_state
    from s3eval.privacy.language_model import INSTALL, find_language_model

    state = encoder_state()
    name = f"BERTScore, {ENCODER}"
    if state == "available":
        yield Entry("text", name, "ok", "weights present")
    else:
        fix = f"hf download {ENCODER}"
        if "not installed" in state:
            fix = "pip install 's3eval-core[bertscore]'"
        yield Entry("text", name, "missing", state, fix)
    use = "for text that leaves the machine (names, dates)"
    yield _library("text", "presidio-analyzer", use, INSTALL)
    try:
        yield Entry("text", "spaCy model", "ok", find_language_model().name)
    except S3EvalError as error:
        yield Entry("text", "spaCy model", "missing", f"{error.what}; {use}", error.fix)


def _keys(adapters: Probed, environment: Mapping[str, str] = os.environ) -> Iterator[Entry]:
    """Which keys are there, by the variable's name; their values are never looked at.

    Several variables of one model or judge hold the same key: the first that is set is taken.
    """
    wanted: dict[tuple[str, ...], list[str]] = {}
    for one in adapters.facts or ():
        if variables := tuple(one.get("keys", ())):
            wanted.setdefault(variables, []).append(f"{one['kind']} {one['name']}")
    for variables, users in sorted(wanted.items()):
        name, use = " or ".join(variables), f"for {', '.join(users)}"
        taken = next((v for v in variables if environment.get(v, "").strip()), "")
        if taken:
            which = f"{taken} is set" if len(variables) > 1 else "set"
            yield Entry("keys", name, "ok", f"{which}; {use}")
        else:
            yield Entry("keys", name, "missing", f"not set; {use}", f"export {variables[0]}=...")
