"""Build every distribution, install each alone into a clean environment, and say what it brings.

    python tools/packages.py build              wheels and source distributions into dist/
    python tools/packages.py check              what the archives hold, and twine's own check
    python tools/packages.py alone [NAME ...]   each alone: requirements come, names register
    python tools/packages.py together           all in one environment; what cannot be is a table
    python tools/packages.py versions           that versions move together
    python tools/packages.py pythons            all in one environment of each Python found
    python tools/packages.py new                what `s3eval new` writes, on each Python found
    python tools/packages.py release            versions, build, check, core and a task installed

`make packages` does all of it and writes docs/packages-checked.md; `make release` ends in checked
archives. uv makes the environments: it links from its cache what pip would copy again for each.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from archives import problems
from new_packages import Tried, everywhere
from packages_page import page
from programs import last, several, tried, uv
from pythons import PYTHONS, pythons

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).resolve().parents[1]
DIST = ROOT / "dist"
PAGE = ROOT / "docs" / "packages-checked.md"
#: Extras that no user installs.
FOR_DEVELOPERS = ("test", "lint", "docs", "release", "browser")
#: Programs of others that the pages speak of; each is tried beside all packages.
OTHERS = ("lmms-eval==0.7.3", "every-eval-ever==0.3.0", "datasets>=4", "mlflow>=3.5")
#: What a release is tried with before it is called checked.
FIRST = ("s3eval-core", "s3eval-task-recognition")
#: What packages register, asked in their environment, without importing adapters.
_ASK = """
import json
from s3eval.plugins import discover
found = discover()
print(json.dumps({
    "names": sorted(f"{p.kind} {p.spec.name}" for p in found.plugins if p.package in NAMES),
    "broken": [f"{b.entry_point}: {b.reason}" for b in found.broken],
}))
"""


@dataclass(frozen=True)
class Distribution:
    """One distribution of this repository: its folder, name and version."""

    folder: Path
    name: str
    version: str

    def archives(self) -> list[Path]:
        """Its wheel and its source distribution in ``dist/``, where they are built."""
        stem = f"{self.name.replace('-', '_')}-{self.version}"
        return [p for p in sorted(DIST.glob(f"{stem}*")) if p.suffix in (".whl", ".gz")]

    def wheel(self) -> Path:
        """Its wheel.

        Raises:
            SystemExit: it is not built.
        """
        for archive in self.archives():
            if archive.suffix == ".whl":
                return archive
        raise SystemExit(f"Not built: {self.name}. Try: python tools/packages.py build")


def distributions(root: Path = ROOT) -> list[Distribution]:
    """Every distribution, the core first."""
    namespace: dict[str, str] = {}
    exec((root / "s3eval" / "version.py").read_text(encoding="utf-8"), namespace)
    listed = []
    for file in (root / "pyproject.toml", *sorted(root.glob("plugins/*/*/pyproject.toml"))):
        project = tomllib.loads(file.read_text(encoding="utf-8"))["project"]
        version = project.get("version", namespace["__version__"])
        listed.append(Distribution(file.parent, project["name"], version))
    return listed


def chosen(names: Sequence[str]) -> list[Distribution]:
    """The distributions of these names; all for none.

    Raises:
        SystemExit: a name is none of them.
    """
    every = distributions()
    unknown = set(names) - {d.name for d in every}
    if unknown:
        raise SystemExit(f"No such distribution: {', '.join(sorted(unknown))}")
    return [d for d in every if not names or d.name in names]


# Building


def build(some: Sequence[Distribution], address: str = "") -> list[str]:
    """Wheel and source distribution of each into ``dist/``; older ones of it are removed.

    Returns:
        what could not be built, a line each.

    Args:
        address: of the public repository, written into each one's project links; the repository
            itself names none.
    """
    DIST.mkdir(exist_ok=True)
    wrong = []
    for one in some:
        for old in DIST.glob(f"{one.name.replace('-', '_')}-[0-9]*"):
            old.unlink()
        with tempfile.TemporaryDirectory() as folder:
            copy = Path(folder) / "package"
            shutil.copytree(one.folder, copy, ignore=_left_out)
            if address:
                with (copy / "pyproject.toml").open("a", encoding="utf-8") as file:
                    file.write(f'\n[project.urls]\nSource = "{address.rstrip("/")}"\n')
            call = [sys.executable, "-m", "build", "--no-isolation", "-o", str(DIST), str(copy)]
            done = tried(call)
        if done.returncode:
            wrong.append(f"{one.name} is not built: {last(done.stdout + done.stderr)}")
        else:
            print(f"built {one.name} {one.version}", flush=True)
    return wrong


def _left_out(folder: str, names: list[str]) -> set[str]:
    """What no archive holds, and what would take long to copy from the repository's root."""
    ignored = {".git", ".venv", "build", "dist", "demo", "site", "docs", "benchmarks", "tests"}
    if Path(folder) != ROOT:
        # The packages that the core's folder holds, `s3eval/dataset`, are its own.
        ignored = {"build", "dist"}
    return {
        n
        for n in names
        if n in ignored or n == "__pycache__" or n.endswith(".egg-info") or n.startswith(".")
    } | ({"plugins", "examples"} & set(names) if Path(folder) == ROOT else set())


def check(some: Sequence[Distribution]) -> list[str]:
    """What is wrong with the built archives, a line each."""
    wrong = []
    for one in some:
        archives = one.archives()
        if sorted(p.suffix for p in archives) != [".gz", ".whl"]:
            wrong.append(f"{one.name}: expected a wheel and a source distribution in dist/")
            continue
        wrong += [
            f"{one.name}: {problem}" for path in archives for problem in problems(path, one.folder)
        ]
    files = [str(path) for one in some for path in one.archives()]
    if files:
        done = tried([sys.executable, "-m", "twine", "check", "--strict", *files])
        if done.returncode:
            wrong.append(f"twine check: {done.stdout.strip()[-500:]}{done.stderr.strip()[-500:]}")
    return wrong


def versions() -> list[str]:
    """Versions that do not move together, a line each."""
    every = distributions()
    core = every[0].version
    wrong = [f"{d.name} is {d.version}, the core {core}" for d in every if d.version != core]
    major, minor = core.split(".")[:2]
    bounds = f">={major}.{minor},<{major}.{int(minor) + 1}"
    for one in every[1:]:
        text = (one.folder / "pyproject.toml").read_text(encoding="utf-8")
        required = tomllib.loads(text)["project"]["dependencies"]
        ours = [d for d in required if d.startswith("s3eval-")]
        wrong += [f"{one.name} requires {d}, not {bounds}" for d in ours if not d.endswith(bounds)]
    return wrong


# Installing


@dataclass(frozen=True)
class Installed:
    """How an installation went: what it registers, or why it failed."""

    names: tuple[str, ...] = ()
    reason: str = ""
    megabytes: int = 0
    python: str = ""


def alone(one: Distribution, python: str = "") -> Installed:
    """Install one wheel into a clean environment; the others are at hand if it requires them."""
    return _installed([one], python)


def _alone_if_built(one: Distribution) -> Installed:
    return alone(one) if one.archives() else Installed(reason="it is not built")


def _installed(some: Sequence[Distribution], python: str = "") -> Installed:
    with tempfile.TemporaryDirectory() as folder:
        env = Path(folder) / "env"
        made = tried([*uv(), "venv", "-q", "-p", python or sys.executable, str(env)])
        if made.returncode:
            return Installed(reason=last(made.stderr))
        program = env / ("Scripts" if os.name == "nt" else "bin") / "python"
        wheels = [str(d.wheel()) for d in some]
        call = [*uv(), "pip", "install", "-q", "-p", str(program), "--find-links", str(DIST)]
        # A wheel of the same version that was built earlier may be in uv's cache.
        fresh = [word for d in distributions() for word in ("--refresh-package", d.name)]
        done = tried([*call, *fresh, *wheels])
        if done.returncode:
            return Installed(reason=last(done.stderr))
        checked = tried([*uv(), "pip", "check", "-q", "-p", str(program)])
        asking = _ASK.replace("NAMES", repr({d.name for d in some}))
        asked = tried([str(program), "-c", asking], cwd=folder)
        if checked.returncode or asked.returncode:
            return Installed(reason=last(checked.stderr if checked.returncode else asked.stderr))
        facts = json.loads(asked.stdout.splitlines()[-1])
        listed = tried([str(program), "-m", "s3eval", "list"], cwd=folder)
        reason = "; ".join(facts["broken"]) or (last(listed.stderr) if listed.returncode else "")
        if not facts["names"]:
            reason = reason or "it registers nothing"
        size = sum(f.lstat().st_size for f in env.rglob("*") if f.is_file() and not f.is_symlink())
        version = tried([str(program), "-c", "import platform; print(platform.python_version())"])
        names = tuple(facts["names"])
        return Installed(names, reason, round(size / 2**20), version.stdout.strip())


def together(some: Sequence[Distribution]) -> list[tuple[str, str, str]]:
    """What cannot be resolved for one environment: two names, and the resolver's reason.

    All distributions with all their extras at once, pairs only where that fails; then each
    program of others that pages speak of, beside all distributions on each Python that is here.
    """
    every = [_with_extras(d) for d in some]
    apart = []
    if why := _unresolved(every):
        pairs = ((a, b) for n, a in enumerate(every) for b in every[n + 1 :])
        apart = [(a, b, reason) for a, b in pairs if (reason := _unresolved([a, b]))]
        apart = apart or [("all packages", "all their extras", why)]
    programs = pythons()
    asked = [(other, version) for other in OTHERS for version in programs]
    clashes = several(lambda one: _beside(one[0], some, programs[one[1]]), asked)
    outcome = dict(zip(asked, clashes, strict=True))
    for other in OTHERS:
        rows: dict[tuple[str, str], list[str]] = {}
        for version in programs:
            if clash := outcome[other, version]:
                rows.setdefault(clash, []).append(version)
        for (names, why), where in rows.items():
            apart.append((other, f"{names}Python {', '.join(where)}", why))
    return apart


def _beside(other: str, some: Sequence[Distribution], program: str) -> tuple[str, str] | None:
    """What this program of others cannot live beside on one Python, and why; None where it can.

    The names are "" where it is that Python itself.
    """
    ours = [f"{d.name}=={d.version}" for d in some]
    why = _unresolved([*ours, other], program)
    if not why:
        return None
    if alone := _unresolved([other], program):
        return "", alone
    if _unresolved([ours[0], other], program):
        return "all packages, ", why
    apart = [d.name for d in some if _unresolved([f"{d.name}=={d.version}", other], program)]
    return f"{', '.join(apart) or 'all packages at once'}, ", why


def _with_extras(one: Distribution) -> str:
    """The distribution as a requirement, with every extra that is for users."""
    text = (one.folder / "pyproject.toml").read_text(encoding="utf-8")
    extras = tomllib.loads(text)["project"].get("optional-dependencies", {})
    chosen = [e for e in extras if e not in FOR_DEVELOPERS]
    return f"{one.name}[{','.join(chosen)}]=={one.version}"


def _unresolved(requirements: Sequence[str], python: str = sys.executable) -> str:
    """Why these cannot be installed together on a Python, "" where they can."""
    with tempfile.TemporaryDirectory() as folder:
        wanted = Path(folder) / "wanted.txt"
        wanted.write_text("\n".join(requirements) + "\n", encoding="utf-8")
        call = [*uv(), "pip", "compile", "-q", "-p", python, "--find-links", str(DIST)]
        done = tried([*call, "-o", str(Path(folder) / "found.txt"), str(wanted)])
    return last(done.stderr) if done.returncode else ""


def on_pythons(some: Sequence[Distribution]) -> dict[str, str]:
    """By version of Python how installing all of them into one environment went."""
    here = pythons()
    went = dict(zip(here, several(lambda p: _installed(some, p), [*here.values()]), strict=True))
    rows = {}
    for version in PYTHONS:
        done = went.get(version)
        if done is None:
            rows[version] = "not on the machine"
        elif done.reason:
            rows[version] = f"**no**: {done.reason}"
        else:
            rows[version] = (
                f"yes ({done.python}): {len(some)} packages, {len(done.names)} names, "
                f"{done.megabytes} MB"
            )
    return rows


def unasked() -> list[str]:
    """What lies in ``dist/`` and is no archive of this release: `twine upload dist/*` takes it."""
    ours = {path for one in distributions() for path in one.archives()}
    return [f"dist/ holds {p.name}: remove it" for p in sorted(DIST.iterdir()) if p not in ours]


def first_use() -> list[str]:
    """What a user's first installation from ``dist/`` lacks: the core and a task."""
    done = _installed(chosen(FIRST))
    if not done.reason:
        print(f"{' and '.join(FIRST)} installed into a clean environment ({done.python})")
    return [f"{' and '.join(FIRST)} from dist/: {done.reason}"] if done.reason else []


def new_ones() -> tuple[list[Tried], list[str]]:
    """How new packages went on each Python here, and what went wrong, a line each."""
    (core,) = chosen(FIRST[:1])
    results = everywhere(pythons(), core.wheel())
    for one in results:
        print(f"new {one.kind}, {one.python}: {one.reason or f'{one.seconds:.0f} s'}", flush=True)
    return results, [f"new {r.kind}, {r.python}: {r.reason}" for r in results if r.reason]


def main(arguments: Sequence[str] | None = None) -> int:
    """Do one step, or all of them; 1 where something is wrong."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    steps = ("build", "check", "alone", "together", "versions", "pythons", "new", "all", "release")
    parser.add_argument("step", choices=steps)
    parser.add_argument("names", nargs="*", help="distributions; all by default")
    parser.add_argument("--address", default="", help="address of the public repository")
    parser.add_argument("--built", action="store_true", help="take what dist/ holds, build nothing")
    given = parser.parse_args(arguments)
    some = chosen(given.names)
    wrong: list[str] = []
    if given.step in ("versions", "all", "release"):
        wrong += versions()
    if given.step in ("build", "all", "release") and not given.built:
        wrong += build(some, given.address)
    if given.step in ("check", "all", "release"):
        wrong += check(some)
    if given.step == "release" and not wrong:
        wrong += [*unasked(), *first_use()]
    results: list[tuple[Distribution, Installed]] = []
    asked = some if given.step in ("alone", "all") else []
    for one, done in zip(asked, several(_alone_if_built, asked), strict=True):
        results.append((one, done))
        print(f"{one.name}: {done.reason or ', '.join(done.names)}", flush=True)
        wrong += [f"{one.name}: {done.reason}"] if done.reason else []
    some = [d for d in some if d.archives()]
    apart = together(some) if given.step in ("together", "all") else []
    by_python = on_pythons(some) if given.step in ("pythons", "all") else {}
    for row in (*apart, *by_python.items()):
        print(" · ".join(row))
    written, failed = new_ones() if given.step in ("new", "all") else ([], [])
    wrong += failed
    if given.step == "all" and results:
        PAGE.write_text(page(results, apart, by_python, written, OTHERS), encoding="utf-8")
        print(f"Written: {PAGE.relative_to(ROOT)}")
    if given.step in ("check", "release") and not wrong:
        print(f"{len(some)} distributions in dist/: built, complete, and taken by twine")
    for line in wrong:
        print(f"Wrong: {line}", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
