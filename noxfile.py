"""Sessions over the supported Pythons: ``nox`` runs tests on those found here, then lints.

nox -s tests-3.12            one Python, the light installation: no torch, no servers
nox -s lint                  ruff, mypy and import-linter
nox -s dist -- URL           wheels and source distributions into dist/
"""

from __future__ import annotations

import shutil
from pathlib import Path

import nox

ROOT = Path(__file__).parent
PYTHONS = ("3.10", "3.11", "3.12", "3.13")
PLUGINS = sorted(str(p.parent.relative_to(ROOT)) for p in ROOT.glob("plugins/*/*/pyproject.toml"))
#: What runs without torch and without a server.
LIGHT = [
    p
    for p in PLUGINS
    if not p.startswith("plugins/models/")
    or p in ("plugins/models/baselines", "plugins/models/server")
]

nox.options.sessions = ["tests", "lint"]
nox.options.error_on_missing_interpreters = False
nox.options.default_venv_backend = "venv"


def _editable(packages: list[str]) -> list[str]:
    return [argument for package in packages for argument in ("-e", package)]


@nox.session(python=PYTHONS)
def tests(session: nox.Session) -> None:
    """The fast tests of all that needs neither torch nor a model's server."""
    session.install("setuptools>=77")
    # The core first: older pips look for it on the index when a plugin asks before it is seen.
    session.install("--no-build-isolation", "-e", ".[test,remote,keyring]", *_editable(LIGHT))
    folders = ["s3eval", "tests", *LIGHT]
    chosen = "not slow and not torch and not server"
    session.run("python", "-m", "pytest", "-m", chosen, *(session.posargs or folders))


@nox.session(python=PYTHONS[1:])
def lint(session: nox.Session) -> None:
    """What `make lint` runs; one of the Pythons that import-linter works on is enough."""
    session.install("setuptools>=77")
    session.install(
        "--no-build-isolation", *_editable(PLUGINS), "-e", ".[test,remote,lint,keyring]"
    )
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")
    session.run("mypy")
    session.run("lint-imports")


@nox.session(default=False)
def dist(session: nox.Session) -> None:
    """Wheels and source distributions of all packages; an argument is the project's address.

    The repository names no public address of its own. Whoever publishes gives it here, and it
    is written into every package's [project.urls] on the way.
    """
    session.install("build", "setuptools>=77")
    address = session.posargs[0].rstrip("/") if session.posargs else ""
    out = ROOT / "dist"
    for package in [
        ".",
        *sorted(str(p.parent) for p in Path("plugins").glob("*/*/pyproject.toml")),
    ]:
        copy = Path(session.create_tmp()) / "package"
        shutil.rmtree(copy, ignore_errors=True)
        ignored = shutil.ignore_patterns(".*", "*.egg-info", "build", "dist", "__pycache__")
        shutil.copytree(ROOT / package, copy, ignore=ignored)
        if address:
            with (copy / "pyproject.toml").open("a", encoding="utf-8") as file:
                file.write(f'\n[project.urls]\nSource = "{address}"\n')
        session.run("python", "-m", "build", "--no-isolation", "-o", str(out), str(copy))
