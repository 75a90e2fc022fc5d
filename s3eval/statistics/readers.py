"""Human readers as models: a CSV of clinicians' answers becomes runs like any other (Tables 26-28).

The answers go through the same readers as a model's text; an empty cell is "not answered", never
a "no".
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING

from s3eval.errors import S3EvalError, UnknownNameError
from s3eval.facts.tally import Tally
from s3eval.statistics.raters import agreement_tallies
from s3eval.vocabulary import FEATURE_NAMES

if TYPE_CHECKING:
    from s3eval.dataset import Dataset
    from s3eval.task import Finding, Task

__all__ = ["ITEMS", "ReaderAnswer", "agreement", "differences_in_time", "findings_of", "read_csv"]

COLUMNS = ("reader", "video", "task", "item", "answer")
#: The items a reader may answer, by task.
ITEMS: Mapping[str, tuple[str, ...]] = {
    "recognition": FEATURE_NAMES,
    "spatial": ("head_turning", "arm_movement", "onset_body_part"),
    "timing": ("start", "end", *FEATURE_NAMES),
    "sequence": ("sequence",),
    "report": ("report",),
    "diagnosis": ("video_only", "with_report"),
}
CATEGORICAL = ("recognition", "spatial", "diagnosis")


@dataclass(frozen=True)
class ReaderAnswer:
    """One row of the CSV; ``line`` is its line in the file."""

    reader: str
    video: str
    task: str
    item: str
    answer: str
    line: int


def read_csv(path: Path, dataset: Dataset) -> list[ReaderAnswer]:
    """Read and check a readers' CSV: columns reader, video, task, item, answer.

    ``item`` may be empty where a task has one only (sequence, report), and for diagnosis means
    video_only.

    Raises:
        S3EvalError: a column is missing, or rows are wrong; tells the first with its line and
            how many more.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as handle:
            reader = csv.DictReader(handle)
            header = [c.strip() for c in reader.fieldnames or ()]
            reader.fieldnames = header
            rows = [
                (reader.line_num, {k: (v or "").strip() for k, v in row.items() if k})
                for row in reader
            ]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise S3EvalError("This CSV cannot be read", where=path, why=str(error)) from error
    missing = [c for c in COLUMNS if c not in header]
    if missing:
        raise S3EvalError(
            f"Column {', '.join(missing)} is missing", where=path, fix=f"columns {COLUMNS}"
        )
    found: list[ReaderAnswer] = []
    problems: list[tuple[int, str]] = []
    seen: dict[tuple[str, str, str, str], int] = {}
    for line, row in rows:
        item = row["item"] or ITEMS.get(row["task"], ("",))[0]
        answer = ReaderAnswer(row["reader"], row["video"], row["task"], item, row["answer"], line)
        key = (answer.reader, answer.video, answer.task, answer.item)
        wrong = _wrong(answer, dataset)
        if key in seen:
            wrong = wrong or f"answered already in line {seen[key]}"
        seen.setdefault(key, line)
        if wrong:
            problems.append((line, wrong))
        else:
            found.append(answer)
    if problems:
        line, why = problems[0]
        more = f"; {len(problems) - 1} more rows are wrong" if len(problems) > 1 else ""
        raise S3EvalError("A reader's row is wrong", where=f"{path}:{line}", why=f"{why}{more}")
    if not found:
        raise S3EvalError("No answer in this CSV", where=path)
    return found


def _wrong(answer: ReaderAnswer, dataset: Dataset) -> str:
    try:
        if not answer.reader:
            return "no reader"
        if answer.video not in dataset.annotations:
            raise UnknownNameError("video", answer.video, dataset.annotations)
        if answer.task not in ITEMS:
            raise UnknownNameError("task", answer.task, ITEMS)
        if answer.item not in ITEMS[answer.task]:
            raise UnknownNameError("item", answer.item, ITEMS[answer.task])
    except UnknownNameError as error:
        return error.what
    return ""


def findings_of(
    answers: Sequence[ReaderAnswer],
    senses: Sequence[str] = ("sight", "hearing"),
    tasks: Mapping[str, Task] | None = None,
) -> dict[str, list[Finding]]:
    """By reader the findings of their answers, read as a model's text is read.

    Args:
        senses: what the readers perceived (a silent video: only "sight").
        tasks: task instances by name; None loads the installed ones.
    """
    from s3eval.model import Answer, Question
    from s3eval.running.scoring import load_task
    from s3eval.task import Finding

    known = tasks or {name: load_task(name) for name in {a.task for a in answers}}
    found: dict[str, list[Finding]] = {}
    for a in answers:
        mine = found.setdefault(a.reader, [])
        detail = {"senses": sorted(senses)} if a.task == "sequence" else {}
        if not a.answer:
            reason = "the reader gave no answer"
            mine.append(Finding(a.task, a.video, a.item, "skipped", None, reason, 1, 0))
            continue
        reading = known[a.task].read(Question(a.item, ""), Answer.of(a.answer))
        if reading.readable:
            read = Finding(a.task, a.video, a.item, "answered", reading.value, "", 1, 1)
            mine.append(replace(read, detail=detail))
        else:
            mine.append(Finding(a.task, a.video, a.item, "unreadable", None, reading.reason, 1, 0))
    return dict(sorted(found.items()))


def agreement(readers: Mapping[str, Sequence[Finding]]) -> list[Tally]:
    """Inter-reader agreement of every item with labels: kappa, Fleiss, Krippendorff as fits."""
    order = sorted(readers)
    given: dict[tuple[str, str], dict[str, list[str | None]]] = {}
    for place, name in enumerate(order):
        for f in readers[name]:
            if f.task in CATEGORICAL and f.state == "answered":
                videos = given.setdefault((f.task, f.item), {})
                videos.setdefault(f.video, [None] * len(order))[place] = str(f.value)
    found: list[Tally] = []
    for (task, item), videos in sorted(given.items()):
        # Readers who never saw this item are no gap in it.
        saw = [i for i in range(len(order)) if any(mine[i] for mine in videos.values())]
        ratings = {v: [mine[i] for i in saw] for v, mine in videos.items()}
        found += [t for t in agreement_tallies(task, item, ratings) if len(t.videos)]
    return found


def differences_in_time(readers: Mapping[str, Sequence[Finding]]) -> list[Tally]:
    """The mean absolute difference in seconds between two readers' times, over all pairs."""
    from s3eval.metrics.tallies import mean

    times: dict[str, dict[str, list[float]]] = {}
    for findings in readers.values():
        for f in findings:
            if f.task == "timing" and f.state == "answered":
                times.setdefault(f.item, {}).setdefault(f.video, []).append(float(f.value))
    found = []
    for item, videos in sorted(times.items()):
        gaps = {
            v: [abs(a - b) for a, b in combinations(mine, 2)] for v, mine in sorted(videos.items())
        }
        known = {v: sum(g) / len(g) for v, g in gaps.items() if g}
        if known:
            tally = mean("timing", item, "difference", list(known), list(known.values()))
            found.append(replace(tally, unit="s", higher_is_better=False))
    return found
