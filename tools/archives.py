"""What is wrong with a wheel or a source distribution: for `tools/packages.py check`.

Nothing of the package is imported or run; archives are read as the package index reads them.
"""

from __future__ import annotations

import re
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from packaging.errors import ExceptionGroup
from packaging.metadata import Metadata
from packaging.specifiers import SpecifierSet

#: Folders that no archive of ours holds, wherever they lie.
STRAY_FOLDERS = {
    "tests", "plugins", "docs", "benchmarks", "examples", "fixtures", "build", "dist",
    "__pycache__", ".git", ".venv", ".ci",
}  # fmt: skip
STRAY_FILES = re.compile(r"test_.*\.py|conftest\.py|.*\.(pyc|sqlite|orig|rej|log)")
LICENCE = "Apache-2.0"
PYTHON = SpecifierSet(">=3.10")


def problems(archive: Path, package: Path) -> Iterator[str]:
    """What is wrong with one archive, a line each; none where all is well.

    Args:
        archive: a ``.whl`` or ``.tar.gz`` file.
        package: the folder it was built from; every file of its import package belongs into both.

    Raises:
        OSError: it cannot be read.
    """
    names, metadata = _read(archive)
    wheel = archive.suffix == ".whl"
    kind = ".whl" if wheel else ".tar.gz"
    needed = (
        ("dist-info/licenses/LICENSE", "/py.typed", "dist-info/entry_points.txt")
        if wheel
        else ("LICENSE", "pyproject.toml", "PKG-INFO")
    )
    for ending in needed:
        if not any(name.endswith(ending) for name in names):
            yield f"{kind} holds no {ending}"
    for name in stray(names):
        yield f"{kind} holds {name}"
    for name in sorted(_modules_and_data(package) - {*names}):
        yield f"{kind} lacks {name}"
    for wrong in _metadata(metadata):
        yield f"{kind}: {wrong}"


def stray(names: list[str]) -> Iterator[str]:
    """Which of an archive's files no user of the package has a use for.

    Example:
        >>> list(stray(["s3eval/version.py", "tests/test_a.py"]))
        ['tests/test_a.py']
    """
    for name in names:
        *folders, file = PurePosixPath(name).parts
        if STRAY_FOLDERS & {*folders} or STRAY_FILES.fullmatch(file):
            yield name


def _read(archive: Path) -> tuple[list[str], bytes]:
    """The names of its files, as they lie below the package's folder, and its metadata."""
    if archive.suffix == ".whl":
        with zipfile.ZipFile(archive) as wheel:
            names = wheel.namelist()
            (file,) = (n for n in names if n.endswith(".dist-info/METADATA"))
            return names, wheel.read(file)
    with tarfile.open(archive) as sdist:
        members = {m.name.partition("/")[2]: m for m in sdist.getmembers() if m.isfile()}
        info = sdist.extractfile(members["PKG-INFO"])
        return list(members), info.read() if info else b""


def _modules_and_data(package: Path) -> set[str]:
    """Every file of the import package of a folder: modules, tables, prompts, templates."""
    roots = [p.parent for p in package.glob("s3eval*/__init__.py")]
    files = (f.relative_to(package) for root in roots for f in root.rglob("*") if f.is_file())
    return {f.as_posix() for f in files if "__pycache__" not in f.parts and f.name[0] != "."}


def _metadata(raw: bytes) -> Iterator[str]:
    """What the index would refuse, or show wrongly."""
    try:
        facts = Metadata.from_email(raw)
    except ExceptionGroup as refused:
        yield from (str(error) for error in refused.exceptions)
        return
    if facts.license_expression != LICENCE or facts.license_files != ["LICENSE"]:
        yield f"expected the licence {LICENCE} in the file LICENSE"
    if facts.requires_python != PYTHON:
        yield f"expected Python {PYTHON}, got {facts.requires_python}"
    yield from _readme(facts.description or "", facts.description_content_type or "")


def _readme(text: str, content_type: str) -> Iterator[str]:
    """Whether the index can show the README, and where its links lead from there."""
    if not text.strip() or not content_type.startswith("text/markdown"):
        yield "no README in Markdown"
        return
    # The index's own renderer; imported here since only who makes a release has it.
    from readme_renderer import markdown

    if not markdown.variants:  # the renderer of Markdown is an extra
        yield "the README cannot be checked: pip install 'readme_renderer[md]'"
        return
    page = markdown.render(text)
    if page is None or "<h1" not in page:
        yield "the README is not rendered"
        return
    for link in re.findall(r'(?:href|src)="([^"]*)"', page):
        if not re.match(r"https?://|mailto:|#", link):
            yield f"the README links to {link}, which is not on the index"
