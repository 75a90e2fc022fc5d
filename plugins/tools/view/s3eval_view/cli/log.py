"""``s3eval log``: what a run answered, video by video; with ``--failed`` what has no score."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from s3eval.cli.common import json_option, names, write_json_output
from s3eval.errors import S3EvalError, UnknownNameError
from s3eval.reporting.tables import print_table
from s3eval.terminal import echo

if TYPE_CHECKING:
    from s3eval.facts.videos import Dataset
    from s3eval.running.runs import Run

EPILOG = """\b
Examples:
  s3eval log runs/qwen3-vl-8b --failed            what has no score, grouped by reason
  s3eval log runs/qwen3-vl-8b --failed --each     a line for each
  s3eval log runs/qwen3-vl-8b --video P01@v1.mp4
"""
#: How many characters of an answer a line shows; --json has all.
SHOWN = 60
#: The state of an answer that could be read, about what is not annotated.
UNANNOTATED = "not annotated"
NOTHING_FAILED = "Nothing failed: every answer could be read."
#: What has no score, in groups of their own: the title, and the states that belong to it.
GROUPS = (
    ("What has no usable answer, by reason", ("failed", "unreadable")),
    ("What was not asked, by reason", ("skipped",)),
    ("What was answered and has no annotation to be scored by", (UNANNOTATED,)),
)


@dataclass(frozen=True)
class Entry:
    """One line of the log; ``clip`` is "" for what holds of a whole video."""

    run: str
    task: str
    video: str
    clip: str
    item: str
    state: str
    text: str


@click.command("log", epilog=EPILOG)
@click.argument("runs", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--failed", is_flag=True, help="Show only what has no score, and why.")
@click.option(
    "--each", is_flag=True, help="Show a line for each answer instead of one for each reason."
)
@click.option("--tasks", "-t", multiple=True, help="Show these tasks only.")
@click.option("--video", "videos", multiple=True, help="Show these videos only.")
@click.option(
    "--limit",
    type=click.IntRange(1),
    default=200,
    show_default=True,
    help="Show at most so many lines.",
)
@json_option
def command(
    runs: tuple[Path, ...],
    failed: bool,
    each: bool,
    tasks: tuple[str, ...],
    videos: tuple[str, ...],
    limit: int,
    json_file: str | None,
) -> None:
    """List what RUNS answered. A folder of runs stands for all of them."""
    from s3eval.running.runs import open_runs

    opened = open_runs(runs)
    entries = _entries(opened, failed)
    of_tasks, of_videos = frozenset(names(tasks)), frozenset(names(videos))
    _refuse_unknown(opened, names(tasks), names(videos))
    entries = [
        e
        for e in entries
        if (not tasks or e.task in of_tasks) and (not videos or e.video in of_videos)
    ]
    if write_json_output([asdict(e) for e in entries], json_file):
        return
    if not entries:
        some = any(run.findings.values() for run in opened)
        echo(NOTHING_FAILED if failed and some else "No findings.")
        return
    if failed and not each:
        _show_reasons(entries, limit)
    else:
        _show_entries(entries, limit)


def _entries(runs: Sequence[Run], failed: bool) -> list[Entry]:
    entries: list[Entry] = []
    datasets: dict[tuple[str, bool], Dataset] = {}
    for run in runs:
        entries += [
            Entry(run.name, f.task, f.video, "", f.item, f.state, f.reason or str(f.value))
            for findings in run.findings.values()
            for f in findings
            if not failed or f.state != "answered"
        ]
        if failed:
            entries += [*_unannotated(run, datasets), *_windows(run)]
    return entries


def _unannotated(run: Run, datasets: dict[tuple[str, bool], Dataset]) -> list[Entry]:
    """What could be read and has no annotation; without the dataset that cannot be known."""
    from s3eval.api.datasets import dataset_of
    from s3eval_view.unscored import without_annotation

    if not any(f.state == "answered" for some in run.findings.values() for f in some):
        return []
    try:
        _, dataset = dataset_of(run, opened=datasets)
        without = list(without_annotation(run, dataset))
    except S3EvalError as error:
        echo(f"{run.name}: which answers have no annotation cannot be told: {error}", err=True)
        return []
    why = "no annotation that this answer could be scored by"
    return [Entry(run.name, f.task, f.video, "", f.item, UNANNOTATED, why) for f in without]


def _windows(run: Run) -> list[Entry]:
    """Failed answers about clips, those of videos that have a finding all the same included."""
    from s3eval.running.store import AnswerStore

    path = run.path / "answers.sqlite"
    if not path.is_file():
        return []
    with AnswerStore(path, read_only=True) as store:
        return [
            Entry(
                run.name,
                "",
                a.video,
                f"{a.clip_start:g}-{a.clip_end:g} s",
                a.question,
                a.answer.status,
                a.answer.reason,
            )
            for a in store
            if a.answer.status == "failed"
        ]


def _refuse_unknown(runs: Sequence[Run], tasks: Sequence[str], videos: Sequence[str]) -> None:
    known_tasks = {name for run in runs for name in run.findings}
    known_videos = {f.video for run in runs for some in run.findings.values() for f in some}
    for what, wanted, known in (("task", tasks, known_tasks), ("video", videos, known_videos)):
        for name in wanted:
            if name not in known:
                raise UnknownNameError(what, name, known, fix="s3eval log RUN lists what it has")


def _show_reasons(entries: Sequence[Entry], limit: int) -> None:
    columns = ("run", "task", "of", "state", "count", "reason", "items")
    for title, states in GROUPS:
        rows = _reason_rows([e for e in entries if e.state in states])
        if rows:
            print_table(title, columns, rows[:limit], ("count",))
            _rest(len(rows), limit, "reasons")
    again = any(e.state == "failed" for e in entries)
    retry = "; --retry-failed of s3eval run asks failed answers again" if again else ""
    echo(f"--each lists them{retry}.")


def _reason_rows(entries: Sequence[Entry]) -> list[tuple[Any, ...]]:
    """A row for each reason, the most frequent of each run first."""
    grouped: dict[tuple[str, ...], list[Entry]] = {}
    for e in entries:
        level = "clip" if e.clip else "video"
        grouped.setdefault((e.run, e.task or "-", level, e.state, e.text), []).append(e)
    ordered = sorted(grouped.items(), key=lambda pair: (pair[0][0], -len(pair[1]), pair[0]))
    rows: list[tuple[Any, ...]] = []
    for (*facts, reason), some in ordered:
        items = Counter(e.item for e in some).most_common(3)
        shown = ", ".join(f"{item} {n}" for item, n in items)
        more = len({e.item for e in some}) - len(items)
        shown += f", {more} more" if more > 0 else ""
        rows.append((*facts, len(some), reason or "no reason given", shown))
    return rows


def _show_entries(entries: Sequence[Entry], limit: int) -> None:
    rows = [(e.run, e.task or "-", e.video, e.clip, e.item, e.state, _cut(e.text)) for e in entries]
    columns = ("run", "task", "video", "clip", "item", "state", "reason or answer")
    print_table("Answers", columns, rows[:limit])
    _rest(len(rows), limit, "lines")


def _cut(text: str) -> str:
    return text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"


def _rest(count: int, limit: int, what: str) -> None:
    if count > limit:
        echo(f"{count - limit} further {what} not shown: --limit {count}, or --json FILE.")
