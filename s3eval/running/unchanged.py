"""Whether a run's scores would come out as they stand: a fingerprint of all that decides them.

Scoring is deterministic. Where the answers, the annotation, the protocol, the judge, the settings
and the very code are those that the stored scores were made with, computing them again gives the
same numbers, and they are read instead. Anything else is computed.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from s3eval.running.runs import write_text

if TYPE_CHECKING:
    from s3eval.facts.videos import Dataset
    from s3eval.running.runs import RunFacts
    from s3eval.running.scoring import Material

__all__ = ["fingerprint", "is_unchanged", "keep_fingerprint"]

#: Beside scores.json: what they were made with.
FILE = "scores.fingerprint"


def fingerprint(
    run: Path, facts: RunFacts, material: Material, judge: Mapping[str, Any], resamples: int
) -> str:
    """A hash of everything that decides the scores of a run.

    Args:
        run: its folder, with answers.sqlite or findings.jsonl.
        material: its tasks, dataset, protocol and options.
        judge: the identity of the judge that reads, {} for none.
    """
    parts: list[Any] = [
        {k: v for k, v in asdict(facts).items() if k not in ("judge", "versions", "note")},
        [material.dataset.digest, material.protocol, sorted(material.senses)],
        [dict(material.options), dict(judge), resamples, sorted(material.metrics)],
        _content(run / "answers.sqlite"),
        _content(run / "findings.jsonl"),
        _media(material.dataset) if facts.looks else [],
        [_code(module) for module in _modules(material)],
    ]
    text = json.dumps(parts, sort_keys=True, default=str)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def is_unchanged(run: Path, wanted: str) -> bool:
    """Whether the stored scores are those of that fingerprint."""
    try:
        return (run / FILE).read_text(encoding="ascii").strip() == wanted and (
            run / "scores.json"
        ).is_file()
    except OSError:
        return False


def keep_fingerprint(run: Path, made_with: str) -> None:
    """Write what the stored scores were made with; called after they are written."""
    write_text(run / FILE, made_with + "\n")


def _content(path: Path) -> str:
    if not path.is_file():
        return ""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    # Answers that are not yet folded into the file itself.
    log = path.with_name(path.name + "-wal")
    if log.is_file() and log.stat().st_size:
        digest.update(log.read_bytes())
    return digest.hexdigest()


def _media(dataset: Dataset) -> list[Any]:
    """The video files as they are now: another content is another answer's key."""
    states: list[Any] = []
    for video in dataset.videos:
        if dataset.root is None or not video.file:
            continue
        try:
            state = (dataset.root / video.file).stat()
        except OSError:
            states.append([video.name, None])
        else:
            states.append([video.name, state.st_size, state.st_mtime_ns])
    return states


def _modules(material: Material) -> Iterable[str]:
    names = {"s3eval"} | {type(t).__module__.partition(".")[0] for t in _all(material)}
    return sorted(names)


def _all(material: Material) -> Iterable[object]:
    return material.tasks.by_name.values()


def _code(package: str) -> list[Any]:
    """The files of a package as they are now: name, size and time of each."""
    module = sys.modules.get(package)
    where = getattr(module, "__file__", None)
    if where is None:
        return [package]
    folder = Path(where).parent
    facts = []
    for path in sorted(folder.rglob("*.py")):
        state = path.stat()
        facts.append([str(path.relative_to(folder)), state.st_size, state.st_mtime_ns])
    return [package, facts]
