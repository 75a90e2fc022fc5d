"""``s3eval reproduce``: the published tables from the public release."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from s3eval.cli.common import json_option, names, write_json_output
from s3eval.reporting.tables import print_table
from s3eval.terminal import echo

if TYPE_CHECKING:
    from s3eval_paper.release.reading import Release
    from s3eval_paper.reproduction import Compared, Reproduction

EPILOG = """\b
Examples:
  s3eval reproduce s3-release
  s3eval reproduce s3-release --split all --models Qwen3-VL-8B,Lingshu-32B
  s3eval reproduce s3-release --json cells.json
"""


@click.command(epilog=EPILOG)
@click.argument("folder", metavar="DIR", type=click.Path(exists=True, file_okay=False))
@click.option(
    "--split",
    type=click.Choice(["test", "all"]),
    default="test",
    show_default=True,
    help="Part of the release: 'test' for Tables 1-3, 10 and 19-24, 'all' for Tables 13-18 "
    "(from result/vlm_inference).",
)
@click.option(
    "--models",
    multiple=True,
    metavar="NAMES",
    help="Report these models only; differences are explained from the answers of all.",
)
@click.option(
    "--jobs",
    type=click.IntRange(1),
    help="Number of processes (default: one for each four models).",
)
@json_option
@click.pass_context
def command(
    ctx: click.Context,
    folder: str,
    split: str,
    models: tuple[str, ...],
    jobs: int | None,
    json_file: str | None,
) -> None:
    """Recompute every published cell that the release in DIR allows, and compare.

    A cell that differs is explained where the release itself shows what made the printed figure:
    a row printed one column off, one video left out, a total not of its reports, a figure rounded
    twice, texts that are others now. Exits 0 when every recomputed cell matches or is explained, 1
    when one is not. Cells that need what the release does not hold are skipped and listed with
    the reason; they never count as matched.
    """
    from s3eval.errors import S3EvalError
    from s3eval_paper.reproduction import reproduce

    wanted = _wanted(Path(folder), split, names(models))
    release = _read(folder, split, wanted)
    reproduction = reproduce(release, split, wanted, jobs or _jobs(len(release.runs)))
    _print_problems(release)
    if not reproduction.total:
        raise S3EvalError(
            "No published cell could be recomputed",
            where=folder,
            why="its models are in no published table, or nothing of theirs could be read",
            fix=f"s3eval data import s3-release {folder} OUT",
        )
    if not write_json_output([_json(c, reproduction) for c in reproduction.compared], json_file):
        _print(reproduction, release)
        _close(reproduction, err=False)
    else:
        _close(reproduction, err=True)
    ctx.exit(1 if reproduction.count("unexplained") else 0)


def _wanted(root: Path, split: str, given: Sequence[str]) -> tuple[str, ...] | None:
    """The models asked for, in the published spelling; they must be in the release."""
    from s3eval.errors import S3EvalError, UnknownNameError
    from s3eval_paper.release.layout import SPLITS
    from s3eval_paper.tables import model_name

    base = root / SPLITS[split]
    there = sorted(p.name for p in base.iterdir() if p.is_dir()) if base.is_dir() else []
    if not there:
        raise S3EvalError("No recorded answers in this release", where=base, why=f"split {split}")
    known = {model_name(name): name for name in there}
    for name in given:
        if model_name(name) not in known:
            raise UnknownNameError(
                "model of this release", name, [*there, *known], fix=f"one of {', '.join(known)}"
            )
    return tuple(model_name(name) for name in given) or None


def _read(folder: str, split: str, wanted: Sequence[str] | None) -> Release:
    from s3eval_paper.release.reading import read_release

    return read_release(folder, (split,), lambda name: wanted is None or name in wanted)


def _jobs(runs: int) -> int:
    import os

    # A second process costs two seconds of imports; it pays from about eight models on.
    return max(1, min(os.cpu_count() or 1, runs // 4))


def _print_problems(release: Release) -> None:
    from s3eval_paper.release.problems import summarised

    for line in summarised(release.problems.all):
        echo(line, err=True)


def _json(one: Compared, reproduction: Reproduction) -> dict[str, Any]:
    cell = one.cell
    row: dict[str, Any] = {
        "table": cell.table,
        "split": cell.split,
        "model": cell.model,
        "item": cell.item,
        "metric": cell.metric,
        "published": cell.value,
        "computed": one.computed,
        "n": one.n,
        "left_out": one.left_out,
        "match": one.match,
        "status": one.status,
        "reason": one.reason,
        "cause": one.cause,
    }
    if cell.metric == "temporal_f1" and cell.model in reproduction.paper_f1:
        row["paper_protocol"] = reproduction.paper_f1[cell.model]
    return row


def _print(reproduction: Reproduction, release: Release) -> None:
    from s3eval_paper.reproduction import NOT_RECOMPUTABLE
    from s3eval_paper.tables import TITLES

    tables: dict[str, list[Compared]] = {}
    for one in reproduction.compared:
        if one.cell.table not in NOT_RECOMPUTABLE:
            tables.setdefault(one.cell.table, []).append(one)
    echo(
        'Each cell: computed "=" published; "~" differs, explained below; "!=" differs, '
        'unexplained; "-/" not computed.\n'
    )
    for table, members in tables.items():
        _print_table(f"Table {table}: {TITLES[table]} (protocol release)", members)
        for note in _notes(table, reproduction, release):
            echo(f"  {note}")
        echo()
    _print_skipped(reproduction)


def _print_table(title: str, members: Sequence[Compared]) -> None:
    from s3eval_paper.reproduction import by_row

    metrics = list(dict.fromkeys(c.cell.metric for c in members))
    lines = []
    for (model, item), row in by_row(members).items():
        at = {c.cell.metric: c for c in row}
        cells = [_cell(at[m]) if m in at else "" for m in metrics]
        computed = [c for c in row if c.computed is not None]
        n = max((c.n for c in computed), default=0)
        left = max((c.left_out for c in computed), default=0)
        lines.append([model, item, *cells, n or "", left or ""])
    columns = ["model", "item", *metrics, "n", "left out"]
    print_table(title, columns, lines, right=("n", "left out"))


def _cell(one: Compared) -> str:
    if one.computed is None:
        return f"-/{one.cell.printed}"
    sign = {"match": "=", "explained": "~"}.get(one.status, "!=")
    return f"{one.computed:.{one.cell.decimals}f}{sign}{one.cell.printed}"


def _notes(table: str, reproduction: Reproduction, release: Release) -> Iterable[str]:
    if table in ("14", "20"):
        yield "The published ROUGE is ROUGE-1; the paper's text says ROUGE-L, which protocol paper"
        yield "reports. Interpretation: means of the release's recorded judge's scores."
    if table in ("17", "23"):
        yield "temporal_f1 as published aligns tokens and counts a gap equal to a gap, so endless"
        yield "repetition scores high. As the paper's Sections 3.2.5 and D.1 describe it (ordered"
        yield "pairs; protocol paper), the same outputs give:"
        for model, value in reproduction.paper_f1.items():
            if value is not None:
                yield f"  {model:<20} {value:.2f}"
    if table in ("18", "24"):
        yield "rqi: from the recorded extractions of the release's judge."
        for model, (equal, n) in reproduction.rqi_reports.items():
            yield f"  {model:<20} {equal} of {n} reports equal the release's own figure"
    if table == "2":
        labels = [v.diagnosis for v in release.dataset.videos if v.fold == 0 and v.diagnosis]
        es = labels.count("ES")
        if es:
            chance = 2 * es / (len(labels) + es)
            yield f"Chance: answering ES always scores F1 {chance:.2f} on fold 0"
            yield f"({es} of {len(labels)} videos are ES)."


def _print_skipped(reproduction: Reproduction) -> None:
    counts: dict[tuple[str, str], int] = {}
    for one in reproduction.compared:
        if one.status == "skipped":
            key = one.cell.table, one.reason
            counts[key] = counts.get(key, 0) + 1
    rows = [(t, n, why) for (t, why), n in sorted(counts.items(), key=lambda i: int(i[0][0]))]
    if rows:
        print_table("Not recomputed", ["table", "cells", "skipped because"], rows, right=("cells",))
    if reproduction.absent:
        echo(f"Published, but not in this release: {', '.join(reproduction.absent)}\n")


def _close(reproduction: Reproduction, err: bool) -> None:
    """What differs, cell by cell with its explanation, and the counts."""
    groups: dict[tuple[str, str, str], list[Compared]] = {}
    for one in reproduction.compared:
        if one.status in ("explained", "unexplained"):
            reason = one.reason if one.cause else ""
            groups.setdefault((one.status, one.cause, reason), []).append(one)
    for (status, cause, reason), members in groups.items():
        # The note of a figure that nothing explains is no explanation.
        echo(f"{status} ({cause}: {reason})" if cause else status, err=err)
        for one in members:
            c = one.cell
            what = f"Table {c.table} {c.model} {c.item} {c.metric}"
            echo(f"  {what}: {one.computed:.4f} for {c.printed}", err=err)
    causes = Counter(c.cause for c in reproduction.compared if c.status == "explained")
    if causes:
        listed = ", ".join(f"{cause} {n}" for cause, n in causes.most_common())
        echo(f"explained by what the release holds: {listed}", err=err)
    counts = f"matched {reproduction.matched} of {reproduction.total}"
    if reproduction.matched < reproduction.total:
        counts += f"; {reproduction.count('explained')} explained, "
        counts += f"{reproduction.count('unexplained')} unexplained"
    echo(counts, err=err)
