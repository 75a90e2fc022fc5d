"""Shards: parts of a run that are asked by themselves, e.g. as an array job of a batch scheduler.

Videos are dealt out in turn, in the order of the dataset. The shard of a model is a run folder
of its own, ``OUT/shards/2-of-4/MODEL``, in which nothing is judged or scored yet; ``shard.json``
in it says what it is a part of. Answers are keyed by what determines them, so those of all shards
together are the answers of the whole run.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from s3eval.errors import S3EvalError
from s3eval.running.runs import write_json

__all__ = ["Shard", "ShardState", "read_shard", "shard_folders", "write_shard"]

T = TypeVar("T")
_FILE, _FORMAT = "shard.json", 1
_WRITTEN = re.compile(r"([0-9]{1,6})/([0-9]{1,6})")


@dataclass(frozen=True)
class Shard:
    """The ``number``-th of ``of`` parts, counted from 1.

    >>> Shard.parse("2/4").part(["a", "b", "c", "d", "e", "f"])
    ['b', 'f']
    """

    number: int
    of: int

    @classmethod
    def parse(cls, text: str) -> Shard:
        """A shard as the command line writes it.

        Raises:
            S3EvalError: not I/N with 1 <= I <= N.
        """
        match = _WRITTEN.fullmatch(text.strip())
        if not match or not 1 <= int(match[1]) <= int(match[2]):
            raise S3EvalError(
                f"Expected a shard as I/N with I from 1 to N, but got '{text}'",
                fix="--shard 1/4 to --shard 4/4",
            )
        return cls(int(match[1]), int(match[2]))

    def part(self, everything: Sequence[T]) -> list[T]:
        """What belongs to this shard."""
        return [*everything[self.number - 1 :: self.of]]

    def folder(self, out: Path) -> Path:
        """Where the runs of this shard lie."""
        return out / "shards" / f"{self.number}-of-{self.of}"

    def __str__(self) -> str:
        return f"{self.number}/{self.of}"


@dataclass(frozen=True)
class ShardState:
    """What the run folder of a shard says of itself.

    Attributes:
        selection: of the whole run, as `Settings.selection`.
        is_complete: whether everything in it was asked.
    """

    shard: Shard
    selection: Mapping[str, Any] = field(default_factory=dict)
    is_complete: bool = False


def write_shard(run: Path, state: ShardState) -> None:
    """Say in a run folder which shard it is."""
    run.mkdir(parents=True, exist_ok=True)
    facts = {
        "format": _FORMAT,
        "shard": state.shard.number,
        "of": state.shard.of,
        "selection": dict(state.selection),
        "complete": state.is_complete,
    }
    write_json(run / _FILE, facts)


def read_shard(run: Path) -> ShardState:
    """Which shard a run folder is.

    Raises:
        S3EvalError: it is none, or says so in a way that cannot be read.
    """
    try:
        facts = json.loads((run / _FILE).read_text(encoding="utf-8"))
        shard = Shard.parse(f"{facts['shard']}/{facts['of']}")
        return ShardState(shard, dict(facts["selection"]), facts["complete"] is True)
    except (OSError, ValueError, KeyError, TypeError, S3EvalError) as error:
        raise S3EvalError("This shard cannot be read", where=run, why=str(error)) from error


def shard_folders(out: Path) -> dict[str, list[Path]]:
    """The run folders of all shards below ``out``, by model.

    Raises:
        S3EvalError: there is none.
    """
    folders: dict[str, list[Path]] = {}
    for file in sorted(out.glob(f"shards/*-of-*/*/{_FILE}")):
        folders.setdefault(file.parent.name, []).append(file.parent)
    if not folders:
        raise S3EvalError("No shards in this folder", where=out, fix="s3eval run --shard 1/4 ...")
    return folders
