"""The published tables recomputed from the public release, cell by cell.

Recorded answers become findings (`s3eval_paper.release.reading`), findings are scored by
the same tasks as every new run (protocol ``release``), and each printed cell is compared with what
comes out. Nothing here knows a formula.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

from s3eval_paper.tables import Cell, cells

if TYPE_CHECKING:
    from s3eval_paper.recompute import Place, RunScores, Score
    from s3eval_paper.release.reading import Release
    from s3eval_paper.release.runs import Recorded

__all__ = [
    "NOT_RECOMPUTABLE",
    "Compared",
    "Reproduction",
    "equal_as_printed",
    "reproduce",
]

Status = Literal["match", "explained", "unexplained", "skipped"]

#: Tables by split; the ones that only the test split answers come first.
TABLES: Mapping[str, tuple[str, ...]] = {
    "test": ("1", "2", "3", "10", "19", "20", "21", "22", "23", "24"),
    "all": ("13", "14", "15", "16", "17", "18"),
}
#: Tables the release holds no answers for, and what is missing.
NOT_RECOMPUTABLE: Mapping[str, str] = {
    "5": "the two groups' annotation frequencies are not released",
    "25": "the extractions of the other judges are not released",
    "26": "the clinicians' answers are not released",
    "27": "the clinicians' answers are not released",
    "28": "the clinicians' answers are not released",
    "29": "the answers at 4 and 10 frames a second are not released",
    "30": "the answers on full videos are not released",
    "31": "the second annotation of the 75 videos is not released",
    "32": "folds and classifiers are not released; s3eval two-stage computes its own",
    "33": "the trained classifier is not released; s3eval two-stage computes its own",
}
TWO_STAGE = "the published two-stage figures cannot be had from the release; see s3eval two-stage"

_TASKS: Mapping[str, str] = {
    **dict.fromkeys(("13", "19"), "recognition"),
    **dict.fromkeys(("14", "20"), "justification"),
    **dict.fromkeys(("15", "21"), "spatial"),
    **dict.fromkeys(("16", "22"), "timing"),
    **dict.fromkeys(("17", "23"), "sequence"),
    **dict.fromkeys(("18", "24"), "report"),
}
_ITEM_TASKS: Mapping[str, str] = {
    "report": "report",
    "video_only": "diagnosis",
    "with_report": "diagnosis",
    "sequence": "sequence",
    "start": "timing",
    "end": "timing",
    "head_turning": "spatial",
    "arm_movement": "spatial",
    "onset_body_part": "spatial",
}
#: Table 3 gives means over the items of a task: (task, item, metric).
_MEANS: Mapping[str, tuple[str, str, str]] = {
    "task1": ("recognition", "mean", "f1"),
    "task2": ("justification", "mean", "interpretation"),
    "task3": ("spatial", "mean", "f1"),
    "task4": ("timing", "mean", "mae"),
    "task5": ("sequence", "sequence", "lcs_ratio"),
    "task6": ("report", "report", "rqi"),
}


@dataclass(frozen=True)
class Compared:
    """A published cell beside the recomputed value.

    Attributes:
        cell: the published one.
        computed: recomputed, None where it was not.
        n: videos scored (means over items: answers scored; Table 10: reports, or pairs of them);
            ``left_out`` asked or recorded, but not scored.
        status: "match"; "explained", where the release itself shows what made the printed figure;
            "unexplained", where nothing in it does; "skipped".
        reason: why skipped, what explains the difference, or what a reader must know.
        cause: the kind of explanation, "" for none.
    """

    cell: Cell
    computed: float | None
    n: int
    left_out: int
    status: Status
    reason: str = ""
    cause: str = ""

    @property
    def match(self) -> bool | None:
        """Whether they are equal; None where nothing was compared."""
        return None if self.status == "skipped" else self.status == "match"


@dataclass(frozen=True)
class Reproduction:
    """All cells of a split.

    Attributes:
        compared: every published cell of the models found, in print order.
        paper_f1: by model, the temporal F1 the paper's text describes, beside Tables 17 and 23.
        rqi_reports: by model, (reports equal to the release's own figure, reports compared).
        absent: published models without recorded answers here.
    """

    split: str
    compared: tuple[Compared, ...]
    paper_f1: Mapping[str, float | None] = field(default_factory=dict)
    rqi_reports: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    absent: tuple[str, ...] = ()

    def count(self, status: Status) -> int:
        """How many cells have a status."""
        return sum(c.status == status for c in self.compared)

    @property
    def matched(self) -> int:
        """M of "matched M of N"."""
        return self.count("match")

    @property
    def total(self) -> int:
        """N: the cells that were recomputed."""
        return len(self.compared) - self.count("skipped")


def equal_as_printed(computed: float, cell: Cell) -> bool:
    """Whether a value rounds to the printed digits.

    A value exactly half-way (0.125 at two digits) may be printed either way: the release rounded
    by more than one tool.

    >>> equal_as_printed(0.125, Cell("1", "", "", "", "", "0.12"))
    True
    >>> equal_as_printed(0.126, Cell("1", "", "", "", "", "0.12"))
    False
    """
    slack = 1e-9 * max(1.0, abs(cell.value))
    return abs(computed - cell.value) <= 0.5 * 10.0**-cell.decimals + slack


def reproduce(
    release: Release, split: str, models: Collection[str] | None = None, jobs: int = 1
) -> Reproduction:
    """Recompute every published cell that the release's recorded answers allow.

    What explains a cell that differs is looked for in the whole release, also where only some
    models are wanted: the answers of the others are read from its folder where they are needed.

    Args:
        release: read with the recorded answers of ``split``, of the models wanted at least.
        split: "test" (Tables 1-3, 10, 11, 19-24) or "all" (13-18).
        models: the models to report, in the published spelling; None for all that are there.
        jobs: processes that share the work.
    """
    from s3eval_paper.recompute import score_runs

    if models is not None:
        release = replace(release, runs=tuple(r for r in release.runs if r.model in models))
    scored = score_runs(release, split, jobs)
    compared = _recomputed(release, split, scored)
    if any(c.status == "unexplained" for c in compared):
        compared = _explained(release, split, scored, compared, jobs)
    if split == "test":
        compared += [c for c in _table_11(release) if models is None or c.cell.model in models]
    for table, why in NOT_RECOMPUTABLE.items():
        compared += [Compared(c, None, 0, 0, "skipped", why) for c in cells(table)]
    return Reproduction(
        split,
        tuple(compared),
        {model: run_scores.paper_f1 for model, run_scores in scored.items()},
        _rqi_reports(release, split, scored),
        _absent(release, split, models),
    )


def _recomputed(release: Release, split: str, scored: Mapping[str, RunScores]) -> list[Compared]:
    """The split's published cells of the models that were read, and Table 10's, in print order."""
    runs = {r.model: r for r in release.runs if r.split == split}
    compared: list[Compared] = []
    for table in TABLES[split]:
        if table == "10":
            compared += _table_10()
            continue
        for cell in cells(table):
            if cell.model in runs:
                compared.append(_compared(cell, runs[cell.model], scored[cell.model]))
    return compared


def _absent(release: Release, split: str, models: Collection[str] | None) -> tuple[str, ...]:
    """Published models that are wanted and have no recorded answers, in print order."""
    runs = {r.model for r in release.runs if r.split == split}
    published = [c.model for table in TABLES[split] if table != "10" for c in cells(table)]
    wanted = [m for m in dict.fromkeys(published) if models is None or m in models]
    return tuple(m for m in wanted if m not in runs)


def _explained(
    release: Release,
    split: str,
    scored: Mapping[str, RunScores],
    compared: Sequence[Compared],
    jobs: int,
) -> list[Compared]:
    """The same cells, those that differ explained by the answers of every model in the folder."""
    from s3eval_paper.explaining import explain
    from s3eval_paper.recompute import score_runs
    from s3eval_paper.release.reading import read_release

    others = read_release(release.root, (split,), lambda name: name not in scored)
    whole = replace(release, runs=(*release.runs, *others.runs))
    scores = {**scored, **score_runs(others, split, jobs)}
    evidence = explain(whole, split, _recomputed(whole, split, scores), scores)
    known = {c.cell: c for c in evidence}
    return [known[c.cell] for c in compared]


def _compared(cell: Cell, run: Recorded, run_scores: RunScores) -> Compared:
    if cell.item in ("two_stage", "task7") or cell.metric == "improvement":
        return Compared(cell, None, 0, 0, "skipped", TWO_STAGE)
    task, item, metric = place_of(cell)
    score = run_scores.scores.get((task, item, metric))
    left_out = _left_out(run, task, item, run_scores, score)
    if score is None or score.value is None:
        return Compared(cell, None, 0, left_out, "skipped", _why_none(cell, metric, score))
    return _judged(cell, score.value, score.scored, left_out, score.note)


def place_of(cell: Cell) -> Place:
    """The task, item and metric that a cell prints.

    >>> place_of(Cell("2", "test", "m", "report", "rqi", "36.14"))
    ('report', 'report', 'rqi')
    """
    return _MEANS.get(cell.item) or (
        _TASKS.get(cell.table) or _ITEM_TASKS[cell.item],
        cell.item,
        cell.metric,
    )


def _why_none(cell: Cell, metric: str, score: Score | None) -> str:
    if metric == "bertscore":
        from s3eval.metrics.bertscore import encoder_state

        state = encoder_state()
        return state if state != "available" else "no recorded texts"
    if metric in ("interpretation", "rqi"):
        return f"no recorded readings of a judge for this model ({cell.split} split)"
    return f"nothing could be scored: {score.note}" if score else "no recorded answers"


def _judged(cell: Cell, computed: float, n: int, left_out: int, note: str = "") -> Compared:
    same = equal_as_printed(computed, cell)
    return Compared(cell, computed, n, left_out, "match" if same else "unexplained", note)


def _left_out(
    run: Recorded, task: str, item: str, run_scores: RunScores, score: Score | None
) -> int:
    """Findings not scored, and rows of their file that could not even become findings."""
    asked = {i: n for (t, i), n in run_scores.asked.items() if t == task and item in (i, "mean")}
    roles = [*asked, item] if task == "spatial" else [task]
    files = {run.files[role] for role in roles if role in run.files}
    dropped = sum(run.left_out.get(file, 0) for file in files)
    return max(0, sum(asked.values()) - (score.scored if score else 0)) + dropped


def _table_10() -> Iterable[Compared]:
    """Table 10 from Table 11: each metric against the experts' ratings of 60 reports."""
    from s3eval.metrics import agreement

    columns: dict[str, list[float]] = {}
    for cell in cells("11"):
        columns.setdefault(cell.metric, []).append(cell.value)
    expert = columns["expert"]
    for cell in cells("10"):
        metric = columns[cell.item]
        if cell.metric == "pairwise_accuracy":
            accuracy = agreement.pairwise_accuracy(metric, expert)
            value, n = accuracy.value, accuracy.n
        else:
            value, n = getattr(agreement, cell.metric)(metric, expert), len(expert)
        assert value is not None, "Table 11 varies in every column"
        yield _judged(cell, value, n, 0)


def _table_11(release: Release) -> Iterable[Compared]:
    """Table 11: each printed report beside its row in the release's file, where that is."""
    from s3eval_paper.release.ratings import match_printed, read_ratings, why_unmatched

    rated = read_ratings(release.root, release.problems)
    printed: dict[tuple[str, str], list[Cell]] = {}
    for cell in cells("11"):
        printed.setdefault((cell.model, cell.item), []).append(cell)
    rows = match_printed(printed, rated)
    for place, members in printed.items():
        row = rows.get(place)
        for cell in members:
            value = None if row is None else row.values.get(cell.metric)
            if value is None:
                why = why_unmatched(release.root, rated, cell, row)
                yield Compared(cell, None, 0, 0, "skipped", why)
            else:
                yield _judged(cell, value, 1, 0, "as the release keeps it")


def _rqi_reports(
    release: Release, split: str, scored: Mapping[str, RunScores]
) -> dict[str, tuple[int, int]]:
    """Per report: ours against what the release records in ``metrics_test/task6rqi_test``."""
    from s3eval_paper.release.figures import recorded_rqi

    shares = {}
    for model, recorded in recorded_rqi(release.root, split, release.problems).items():
        if model in scored and scored[model].rqi:
            ours = scored[model].rqi
            equal = sum(v in ours and abs(ours[v] - x) < 1e-6 for v, x in recorded.items())
            shares[model] = equal, len(recorded)
    return shares


def by_row(compared: Sequence[Compared]) -> dict[tuple[str, str], list[Compared]]:
    """Cells of one table by (model, item), in print order: the lines of its display."""
    rows: dict[tuple[str, str], list[Compared]] = {}
    for one in compared:
        rows.setdefault((one.cell.model, one.cell.item), []).append(one)
    return rows
