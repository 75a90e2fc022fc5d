"""Why a printed figure is not what the release's answers give, computed from the release.

Nothing here names a model, a cell or a video. Six things can be shown:

- *shifted row*: consecutive figures of a printed row are those of the column beside;
- *one video left out*: without one video the printed figure comes out, and the same video mends
  the other cells of its table;
- *stale total*: the release keeps a figure for each report, whose mean is the computed value, and
  a total that is the print and not this mean: it was not made anew with the figures;
- *rounded twice*: the value rounded to the digits that the release keeps, then to the print's;
- *other texts then*: the release keeps the printed metric, and it is of another number of texts;
- *edited later*: the release keeps the printed metric, but as many texts give another value now.

Of both the texts must still be near it for most items, so that no other model's are excused.

A cell for which none of these can be computed stays unexplained.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING

from s3eval_paper.omissions import Line, Omission, omissions
from s3eval_paper.reproduction import Compared, equal_as_printed, place_of

if TYPE_CHECKING:
    from s3eval.facts.tally import Tally
    from s3eval_paper.recompute import Place, RunScores
    from s3eval_paper.release.reading import Release
    from s3eval_paper.release.stored import Kept, Stored
    from s3eval_paper.tables import Cell

__all__ = ["explain", "shifted"]

#: Figures of a row that must stand one column too far in a row to speak of a shift, and how many
#: of them must be wrong where they stand (equal neighbours would look shifted by chance).
SHIFT_LEAST = 4
#: How near to the kept metric, in parts of it, more than half of a model's items must still be.
NEAR = 0.05
_TEXT = ("bleu", "rouge", "rouge1", "rouge_l")


@dataclass(frozen=True)
class _Reason:
    cause: str
    evidence: str


def explain(
    release: Release, split: str, compared: Sequence[Compared], scored: Mapping[str, RunScores]
) -> list[Compared]:
    """The same cells, those that differ explained where the release shows what happened.

    Args:
        compared: the recomputed and skipped cells of a split.
        scored: by model its scores.
    """
    if not any(c.status == "unexplained" for c in compared):
        return [*compared]
    reasons = shifted(compared)
    differing = [c for c in compared if c.status == "unexplained" and c.cell not in reasons]
    if differing:
        reasons |= _from_release(release, split, compared, differing, scored)
    return [
        replace(c, status="explained", cause=r.cause, reason=r.evidence)
        if c.status == "unexplained" and (r := reasons.get(c.cell))
        else c
        for c in compared
    ]


def shifted(compared: Sequence[Compared]) -> dict[Cell, _Reason]:
    """Cells of printed rows that stand one column too far left or right."""
    rows: dict[tuple[str, str], list[Compared]] = {}
    for c in compared:
        rows.setdefault((c.cell.table, c.cell.model), []).append(c)
    reasons: dict[Cell, _Reason] = {}
    for row in rows.values():
        for step, side in ((1, "left"), (-1, "right")):
            for run in _runs(row, step):
                wrong = [c for c in run if c.status == "unexplained"]
                if len(wrong) >= SHIFT_LEAST:
                    first, last = run[0].cell, run[-1].cell
                    what = (
                        f"{len(run)} figures of this row, {first.item} {first.metric} to "
                        f"{last.item} {last.metric}, are printed one column too far {side}: each "
                        "is the value computed for the column beside"
                    )
                    reasons |= {c.cell: _Reason("shifted row", what) for c in wrong}
    return reasons


def _runs(row: Sequence[Compared], step: int) -> Iterable[list[Compared]]:
    """Stretches of a row in which every print is the value computed one column further."""
    run: list[Compared] = []
    for place, c in enumerate(row):
        beside = row[place + step] if 0 <= place + step < len(row) else None
        value = beside.computed if beside else None
        if value is not None and equal_as_printed(value, c.cell):
            run.append(c)
            continue
        if run:
            yield run
        run = []
    if run:
        yield run


def _from_release(
    release: Release,
    split: str,
    compared: Sequence[Compared],
    differing: Sequence[Compared],
    scored: Mapping[str, RunScores],
) -> dict[Cell, _Reason]:
    from s3eval_paper.release.stored import read_stored

    kept = read_stored(release.root, split, release.problems)
    tables = {c.cell.table for c in differing}
    wanted = [c for c in compared if c.cell.table in tables and c.computed is not None]
    lines = _lines(wanted, _tallies(release, split, wanted, scored), kept)
    omitted = omissions(lines)
    edited, same = _edited_items(lines, omitted), _same_texts(lines)
    reasons = {}
    for line in lines:
        if line.compared.status != "unexplained":
            continue
        reason = (
            _left_out(line, omitted, release)
            or _stale(line, kept)
            or _rounded_twice(line)
            or _edited(line, omitted, edited, same)
        )
        if reason:
            reasons[line.compared.cell] = reason
    return reasons


def _tallies(
    release: Release, split: str, wanted: Sequence[Compared], scored: Mapping[str, RunScores]
) -> dict[str, Mapping[Place, Tally]]:
    """By model its metrics as sums over videos, computed again where a process kept none."""
    from s3eval_paper.recompute import load_tasks, run_tallies

    tallies = {}
    names = dict.fromkeys(place_of(c.cell)[0] for c in wanted if c.cell.model)
    for run in (r for r in release.runs if r.split == split):
        mine = [t for t in names if t in run.tasks]
        known = scored[run.model].tallies
        tallies[run.model] = known or run_tallies(release.dataset, run, mine, load_tasks(mine))
    return tallies


def _lines(
    wanted: Sequence[Compared], tallies: Mapping[str, Mapping[Place, Tally]], kept: Kept
) -> list[Line]:
    """Recomputed cells with their sums over videos and what the release keeps of them."""
    lines = []
    for c in wanted:
        if c.cell.model in tallies and c.cell.metric != "bertscore":
            place = place_of(c.cell)
            tally = tallies[c.cell.model].get(place)
            if tally is not None:
                lines.append(Line(c, tally, kept.figures.get((c.cell.model, *place), ())))
    return lines


def _left_out(line: Line, omitted: Sequence[Omission], release: Release) -> _Reason | None:
    for omission in omitted:
        if line.compared.cell not in omission.mended:
            continue
        rows = sorted(_row(release, v) for v in omission.videos)
        which = (
            f"row {rows[0]} of the annotation"
            if len(rows) == 1
            else f"any one of {len(rows)}, rows {', '.join(map(str, rows))} of the annotation"
        )
        return _Reason(
            "one video left out",
            f"without one video ({which}) the printed figure comes out; {omission.evidence}",
        )
    return None


def _row(release: Release, video: str) -> int:
    """Where a video stands in the annotation's table; its name is nobody's business here."""
    return next(n for n, v in enumerate(release.dataset.videos, 2) if v.name == video)


def _stale(line: Line, kept: Kept) -> _Reason | None:
    c = line.compared
    mean = kept.reports.get(c.cell.model)
    if c.cell.metric != "rqi" or mean is None or c.computed is None:
        return None
    total = next((s for s in line.stored if equal_as_printed(s.value, c.cell)), None)
    if total is None or total.equals(c.computed) or abs(mean[0] - c.computed) > 1e-6:
        return None
    return _Reason(
        "stale total",
        f"the release's own {mean[1]} figures by report average {mean[0]:.3f}, as computed; its "
        f"total ({total.text}, {total.file}) is what is printed, and is of "
        "other figures",
    )


def _rounded_twice(line: Line) -> _Reason | None:
    c = line.compared
    for stored in line.stored:
        if c.computed is None or stored.decimals <= c.cell.decimals or stored.single:
            continue
        once = _rounded(c.computed, stored.decimals)
        twice = _rounded(float(once), c.cell.decimals)
        if once == Decimal(stored.text) and twice == Decimal(c.cell.printed):
            return _Reason(
                "rounded twice",
                f"{c.computed:.5f} was rounded to {once} ({stored.file}), and that to {twice}",
            )
    return None


def _rounded(value: float, decimals: int) -> Decimal:
    return Decimal(repr(value)).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)


def _edited_items(
    lines: Sequence[Line], omitted: Sequence[Omission]
) -> Mapping[str, frozenset[str]]:
    """By item, of which models as many texts as then give another figure, kept to all its digits.

    Nobody's texts can be told to be edited where their number is another one.
    """
    changed: dict[str, frozenset[str]] = {}
    for line in lines:
        single = next((s for s in line.stored if s.single), None)
        if single is None or not _as_many(line, single, omitted):
            continue
        values = [line.tally.value, *(line.without(v) for o in omitted for v in o.videos[:1])]
        if not any(v is not None and single.equals(v) for v in values):
            known = changed.get(line.tally.item, frozenset())
            changed[line.tally.item] = known | {line.compared.cell.model}
    return changed


def _as_many(line: Line, stored: Stored, omitted: Sequence[Omission]) -> bool:
    """Whether a kept metric is of as many texts as now, or of one less where one was left out."""
    n = line.compared.n
    missing = any(v in line.tally.videos for o in omitted for v in o.videos[:1])
    return stored.pairs == n or (missing and stored.pairs == n - 1)


def _same_texts(lines: Sequence[Line]) -> set[tuple[str, str]]:
    """(table, model) whose texts are, but for edits, those that the kept metrics are of."""
    near: dict[tuple[str, str], list[bool]] = {}
    for line in lines:
        c = line.compared
        stored = next((s for s in line.stored if equal_as_printed(s.value, c.cell)), None)
        if c.cell.metric in _TEXT and stored is not None and c.computed is not None:
            slack = NEAR * abs(stored.value) + 0.5 * 10.0**-c.cell.decimals
            at = near.setdefault((c.cell.table, c.cell.model), [])
            at.append(abs(c.computed - stored.value) <= slack)
    return {place for place, items in near.items() if 2 * sum(items) > len(items)}


def _edited(
    line: Line,
    omitted: Sequence[Omission],
    edited: Mapping[str, frozenset[str]],
    same: set[tuple[str, str]],
) -> _Reason | None:
    """The release's stored metric is the print, and its texts are shown to be others now."""
    c = line.compared
    stored = next((s for s in line.stored if equal_as_printed(s.value, c.cell)), None)
    if stored is None or (c.cell.table, c.cell.model) not in same:
        return None
    kept = f"the release's own metric ({_short(stored)}, {stored.file}) is what is printed"
    if stored.single and not _as_many(line, stored, omitted):
        of = "" if stored.pairs is None else f" and was computed of {stored.pairs} texts"
        return _Reason(
            "other texts then",
            f"{kept}{of}; the {c.n} that the release holds now give {c.computed:.4f}",
        )
    if stored.single:
        gives = f"{c.computed:.4f}"
        if stored.pairs != c.n:
            video = next(v for o in omitted for v in o.videos[:1] if v in line.tally.videos)
            gives = f"{line.without(video):.4f} without the video left out, {gives} with it"
        return _Reason("edited later", f"{kept}; as many texts that it holds now give {gives}")
    others = edited.get(line.tally.item, frozenset()) - {c.cell.model}
    if not others:
        return None
    models = "another model" if len(others) == 1 else f"{len(others)} other models"
    return _Reason(
        "edited later",
        f"{kept}; the texts that it holds now give {c.computed:.4f}, and those of {models}, as "
        "many as then, do not give their kept metric of this item either: the references are "
        "shared",
    )


def _short(stored: Stored) -> str:
    return f"{stored.value:.6g}"
