"""Sessions over the supported Pythons: ``nox`` runs tests on those found here, then lints.

nox -s tests-3.12            one Python, the light installation: no torch, no servers
nox -s lint                  ruff, mypy and import-linter
nox -s dist -- URL           wheels and source distributions into dist/, checked
nox -s outside               what s3eval-hub writes, read by the packages of others
nox -s outside-lmms-eval     the tasks in lmms-eval, and its models here: the same numbers
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import nox

ROOT = Path(__file__).parent
sys.path.insert(0, str(ROOT / "tools"))

from pythons import PYTHONS, path_with, pythons  # noqa: E402

# nox takes the first pythonX.Y on PATH, which may be a shim that does not run.
os.environ["PATH"] = path_with(pythons(), os.environ.get("PATH", ""))
PLUGINS = sorted(str(p.parent.relative_to(ROOT)) for p in ROOT.glob("plugins/*/*/pyproject.toml"))
#: Whose tests run without torch and without a server. All packages are installed: none brings
#: torch, and tests of the core ask for their models by name.
LIGHT = [
    p
    for p in PLUGINS
    if not p.startswith("plugins/models/")
    or p in ("plugins/models/baselines", "plugins/models/server", "plugins/models/lmms-eval")
]
#: What the tests against lmms-eval run: all seven tasks, on drawn videos.
BOTH_WAYS = [
    p
    for p in PLUGINS
    if p.startswith("plugins/tasks/")
    or p in ("plugins/judges/lexicon", "plugins/models/baselines", "plugins/models/lmms-eval")
    or p in ("plugins/tools/lmms-eval-tasks", "plugins/tools/synth")
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
    session.install("--no-build-isolation", "-e", ".[test,remote,keyring]", *_editable(PLUGINS))
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


@nox.session(python=PYTHONS[2], default=False)
def outside(session: nox.Session) -> None:
    """The exports, read by the packages of others: datasets, every-eval-ever (Python 3.12)."""
    session.install("setuptools>=77")
    folders = ["plugins/tools/hub", "plugins/models/baselines", "plugins/tasks/recognition"]
    session.install("--no-build-isolation", "-e", ".[test]", *_editable(folders))
    session.install("datasets>=4", "every-eval-ever==0.3.0")
    # With these two the tests that elsewhere are skipped fail where the package is missing.
    env = {"S3EVAL_PYTHON_DATASETS": "python", "S3EVAL_PYTHON_EVERY_EVAL_EVER": "python"}
    session.run("python", "-m", "pytest", "-rs", "plugins/tools/hub", *session.posargs, env=env)


@nox.session(name="outside-lmms-eval", python=PYTHONS[1], default=False)
def outside_lmms_eval(session: nox.Session) -> None:
    """The real lmms-eval, in an environment beside this session's own (docs/lmms-eval.md).

    It takes gigabytes. LMMS_EVAL_TORCH names other builds of torch and torchvision than those of
    the index; they must belong together, since lmms-eval does not start where they do not.
    """
    session.install("setuptools>=77")
    session.install("--no-build-isolation", "-e", ".[test]", *_editable(BOTH_WAYS))
    beside = Path(session.virtualenv.location).with_name("lmms-eval")
    session.run("python", "-m", "venv", str(beside))
    python = str(beside / ("Scripts" if os.name == "nt" else "bin") / "python")
    torch = os.environ.get("LMMS_EVAL_TORCH", "torch torchvision").split()
    for wanted in (torch, [*torch, "lmms-eval==0.7.3", "filelock<3.24"]):
        session.run(python, "-m", "pip", "install", "-q", *wanted, external=True)
    env = {"S3EVAL_LMMS_EVAL_PYTHON": python}
    file = "plugins/tools/lmms-eval-tasks/tests/test_real_lmms_eval.py"
    session.run("python", "-m", "pytest", "-rs", file, *session.posargs, env=env)


@nox.session(default=False)
def dist(session: nox.Session) -> None:
    """Checked archives of all packages in dist/; an argument is the project's address."""
    extras = nox.project.load_toml(ROOT / "pyproject.toml")["project"]["optional-dependencies"]
    session.install("setuptools>=77", *extras["release"])
    address = session.posargs[0] if session.posargs else ""
    session.run("python", "tools/packages.py", "release", "--address", address)
