"""Which single video, left out, gives the printed figures.

Leaving a video out of one cell proves little: of some hundred videos one will by chance round to
the print. So it does of one model's cells, which a single changed answer moves together. Two things
are proof. Either the release keeps the metric to all its digits, and these come out; or every cell
of a table, or of one item for all models, is then as printed, and what differed of each item is of
several models: an annotation that was not there yet is missing for all of them.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from s3eval_paper.reproduction import equal_as_printed

if TYPE_CHECKING:
    from s3eval.facts.tally import Tally
    from s3eval_paper.release.stored import Stored
    from s3eval_paper.reproduction import Compared
    from s3eval_paper.tables import Cell

__all__ = ["Line", "Omission", "omissions"]

#: Differing cells that one video must mend at once, and models of which they must be.
LEAST = 2
MODELS = 2


@dataclass(frozen=True, eq=False)
class Line:
    """A recomputed cell, its sums over videos, and what the release keeps of it."""

    compared: Compared
    tally: Tally
    stored: Sequence[Stored] = field(default=())

    @cached_property
    def each_left_out(self) -> dict[str, float]:
        """By video the value without it."""
        sums = self.tally.rows.sum(axis=0)
        with np.errstate(divide="ignore", invalid="ignore"):
            values = self.tally.formula(sums[None, :] - self.tally.rows)
        return dict(zip(self.tally.videos, map(float, values), strict=True))

    def without(self, video: str) -> float | None:
        """The value without a video; of a video that is not in it, its own."""
        return self.each_left_out.get(video, self.tally.value)

    def prints(self, value: float | None) -> bool:
        """Whether a value is the printed one."""
        if value is None or math.isnan(value):
            return False
        return equal_as_printed(value, self.compared.cell)

    def contradicts(self, value: float | None) -> bool:
        """Whether the release keeps this metric to all its digits, and they are others."""
        kept = [s for s in self.stored if s.single]
        return value is not None and bool(kept) and not any(s.equals(value) for s in kept)


@dataclass(frozen=True)
class Omission:
    """Videos of which any one, left out, gives the print of some cells.

    Attributes:
        videos: usually one; several that give the same figures cannot be told apart.
        mended: cells that differ, and are as printed without it.
        evidence: why this is no chance, in words.
    """

    videos: tuple[str, ...]
    mended: frozenset[Cell]
    evidence: str


def omissions(lines: Sequence[Line]) -> list[Omission]:
    """The omissions that the release proves, those shown to all digits first."""
    proven = _to_all_digits(lines)
    return [*proven, *_whole_scopes(lines, proven)]


def _to_all_digits(lines: Sequence[Line]) -> list[Omission]:
    """One video a table, whose omission gives stored figures to every digit, LEAST or more."""
    omitted = []
    for table in dict.fromkeys(line.compared.cell.table for line in lines):
        here = [line for line in lines if line.compared.cell.table == table]
        votes: Counter[str] = Counter()
        for line in here:
            kept = [s for s in line.stored if s.single]
            if not line.contradicts(line.tally.value):
                continue
            for video, value in line.each_left_out.items():
                votes[video] += any(s.equals(value) for s in kept)
        if not votes:
            continue
        (video, exact), *more = votes.most_common(2)
        second = more[0][1] if more else 0
        if exact < LEAST or exact == second:
            continue
        evidence = (
            f"it gives {exact} of this table's figures to every digit that the release keeps "
            f"(the next best video {second})"
        )
        omitted.append(Omission((video,), _mended(here, video), evidence))
    return omitted


def _mended(lines: Sequence[Line], video: str) -> frozenset[Cell]:
    return frozenset(
        line.compared.cell
        for line in lines
        if line.compared.status == "unexplained"
        and line.prints(line.without(video))
        and not line.contradicts(line.without(video))
    )


def _whole_scopes(lines: Sequence[Line], proven: Sequence[Omission]) -> Iterable[Omission]:
    """Scopes whose every cell is as printed without one video."""
    done = {cell for o in proven for cell in o.mended}
    for words, scope in _scopes(lines):
        wrong = [
            line
            for line in scope
            if line.compared.status == "unexplained" and line.compared.cell not in done
        ]
        if len(wrong) < LEAST or not _of_several_models(wrong):
            continue
        candidates = dict.fromkeys(v for line in wrong for v in line.tally.videos)
        videos = tuple(
            v
            for v in candidates
            if all(line.prints(line.without(v)) for line in scope)
            and not any(line.contradicts(line.without(v)) for line in wrong)
        )
        if videos:
            models = len({line.compared.cell.model for line in wrong})
            evidence = (
                f"all {len(scope)} recomputed cells of {words} are then as printed, and those that "
                f"differ are of {models} models"
            )
            cells = frozenset(line.compared.cell for line in wrong)
            done |= cells
            yield Omission(videos, cells, evidence)


def _of_several_models(wrong: Iterable[Line]) -> bool:
    """Whether the cells that differ are, for each of their items, of several models."""
    models: dict[str, set[str]] = {}
    for line in wrong:
        models.setdefault(line.compared.cell.item, set()).add(line.compared.cell.model)
    return all(len(of) >= MODELS for of in models.values())


def _scopes(lines: Sequence[Line]) -> list[tuple[str, list[Line]]]:
    """Cells that one omission would touch together, the widest first."""
    scopes: dict[str, list[Line]] = {}
    for by in ("table", "item"):
        for line in lines:
            c = line.compared.cell
            words = f"Table {c.table}" if by == "table" else f"{c.item} in Table {c.table}"
            scopes.setdefault(words, []).append(line)
    return [*scopes.items()]
