"""Human readers as models: a CSV of clinicians' answers becomes runs like any other (Tables 26-28).

The answers go through the same readers as a model's text; an empty cell is "not answered", never
a "no".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING

from s3eval.dataset.csv_file import read_csv_file
from s3eval.dataset.problems import refuse
from s3eval.dataset.tables import Table
from s3eval.errors import S3EvalError, Suggestions, UnknownNameError
from s3eval.facts.tally import Tally
from s3eval.statistics.raters import agreement_tallies
from s3eval.task import Finding

if TYPE_CHECKING:
    from s3eval.facts.videos import Dataset
    from s3eval.task import Task
    from s3eval.vocabulary import Sense

__all__ = ["ReaderAnswer", "agreement", "differences_of_numbers", "findings_of", "read_csv"]

#: Wrong rows after which the rest of a file is not looked at; it is refused anyway.
MAX_PROBLEMS = 20_000
COLUMNS = ("reader", "video", "task", "item", "answer")


@dataclass(frozen=True)
class ReaderAnswer:
    """One row of the CSV; ``line`` is its line in the file."""

    reader: str
    video: str
    task: str
    item: str
    answer: str
    line: int


def read_csv(path: Path, dataset: Dataset, tasks: Mapping[str, Task]) -> list[ReaderAnswer]:
    """Read and check a readers' CSV: columns reader, video, task, item, answer.

    An empty ``item`` means the task's first (its only one, for most that are left empty).

    Args:
        tasks: those that a reader may answer, by name.

    Raises:
        S3EvalError: a column is missing, or rows are wrong; tells every kind of fault with its
            rows.
    """
    table = Table(read_csv_file(path, path.name, COLUMNS, resume=True), COLUMNS)
    # Further columns are the readers' own business.
    problems = [p for p in table.problems if not p.what.startswith("unknown column")]
    already = len(table.problems)
    answers: list[ReaderAnswer] = []
    seen: dict[tuple[str, str, str, str], int] = {}
    suggest = Suggestions(dataset.annotations)
    for row in table:
        if len(problems) >= MAX_PROBLEMS:
            break
        item = row["item"] or _first_item(tasks.get(row["task"]))
        answer = ReaderAnswer(
            row["reader"], row["video"], row["task"], item, row["answer"], row.number
        )
        key = (answer.reader, answer.video, answer.task, answer.item)
        wrong = _wrong(answer, dataset, tasks, suggest)
        if key in seen:
            wrong = wrong or f"answered already in row {seen[key]}"
        seen.setdefault(key, row.number)
        if wrong:
            problems.append(table.problem(row, wrong))
        else:
            answers.append(answer)
    refuse("The readers' answers cannot be read", [*problems, *table.problems[already:]])
    if not answers:
        raise S3EvalError("No answer in this CSV", where=path)
    return answers


def _first_item(task: Task | None) -> str:
    items = task.items() if task else ()
    return items[0].name if items else ""


def _wrong(
    answer: ReaderAnswer, dataset: Dataset, tasks: Mapping[str, Task], suggest: Suggestions
) -> str:
    try:
        if not answer.reader:
            return "no reader"
        if answer.video not in dataset.annotations:
            close = suggest(answer.video)
            hint = f"; did you mean '{close}'?" if close else ""
            return f"Unknown video '{answer.video}'{hint}"
        if answer.task not in tasks:
            raise UnknownNameError("task", answer.task, tasks)
        items = [item.name for item in tasks[answer.task].items()]
        if answer.item not in items:
            raise UnknownNameError("item", answer.item, items)
    except UnknownNameError as error:
        return error.what
    return ""


def findings_of(
    answers: Sequence[ReaderAnswer],
    tasks: Mapping[str, Task],
    senses: Sequence[Sense] = ("sight", "hearing"),
) -> dict[str, list[Finding]]:
    """By reader the findings of their answers, read as a model's text is read.

    Args:
        tasks: by name.
        senses: what the readers perceived (a silent video: only "sight").
    """
    findings: dict[str, list[Finding]] = {}
    for a in answers:
        mine = findings.setdefault(a.reader, [])
        if a.answer:
            mine.append(tasks[a.task].reader_finding(a.video, a.item, a.answer, senses))
        else:
            reason = "the reader gave no answer"
            mine.append(Finding(a.task, a.video, a.item, "skipped", None, reason, 1, 0))
    return dict(sorted(findings.items()))


def agreement(readers: Mapping[str, Sequence[Finding]], tasks: Mapping[str, Task]) -> list[Tally]:
    """Inter-reader agreement of every item with labels: kappa, Fleiss, Krippendorff as fits."""
    order = sorted(readers)
    given: dict[tuple[str, str], dict[str, list[str | None]]] = {}
    for place, name in enumerate(order):
        for f in readers[name]:
            if _kind(tasks, f) == "label" and f.state == "answered":
                videos = given.setdefault((f.task, f.item), {})
                videos.setdefault(f.video, [None] * len(order))[place] = str(f.value)
    tallies: list[Tally] = []
    for (task, item), videos in sorted(given.items()):
        # Readers who never saw this item are no gap in it.
        saw = [i for i in range(len(order)) if any(mine[i] for mine in videos.values())]
        ratings = {v: [mine[i] for i in saw] for v, mine in videos.items()}
        tallies += [t for t in agreement_tallies(task, item, ratings) if len(t.videos)]
    return tallies


def differences_of_numbers(
    readers: Mapping[str, Sequence[Finding]], tasks: Mapping[str, Task]
) -> list[Tally]:
    """The mean absolute difference between two readers' numbers (times), over all pairs."""
    from s3eval.metrics.tallies import mean

    numbers: dict[tuple[str, str], dict[str, list[float]]] = {}
    for findings in readers.values():
        for f in findings:
            if _kind(tasks, f) == "number" and f.state == "answered":
                by_video = numbers.setdefault((f.task, f.item), {})
                by_video.setdefault(f.video, []).append(float(f.value))
    tallies = []
    for (task, item), videos in sorted(numbers.items()):
        gaps = {
            v: [abs(a - b) for a, b in combinations(mine, 2)] for v, mine in sorted(videos.items())
        }
        known = {v: sum(g) / len(g) for v, g in gaps.items() if g}
        if known:
            asked = tasks[task].item(item)
            tally = mean(task, item, "difference", list(known), list(known.values()))
            unit = asked.unit if asked else ""
            tallies.append(replace(tally, unit=unit, higher_is_better=False))
    return tallies


def _kind(tasks: Mapping[str, Task], finding: Finding) -> str:
    item = tasks[finding.task].item(finding.item) if finding.task in tasks else None
    return item.kind if item else ""
