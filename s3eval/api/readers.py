"""Clinicians' answers as runs, and how far the readers agree."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from s3eval.api.datasets import open_dataset
from s3eval.errors import S3EvalError
from s3eval.plugins import installed
from s3eval.reporting.agreement import agreement_records
from s3eval.running.loading import load_tasks
from s3eval.running.runs import RunFacts, write_run
from s3eval.statistics.readers import agreement, differences_of_numbers, findings_of, read_csv
from s3eval.statistics.resampling import intervals

if TYPE_CHECKING:
    from s3eval.facts.tally import Tally
    from s3eval.statistics.resampling import Interval
    from s3eval.task import Finding
    from s3eval.vocabulary import Protocol, Sense

__all__ = ["ReaderRuns", "record_readers"]


@dataclass(frozen=True)
class ReaderRuns:
    """Readers' answers, and how far the readers agree.

    Attributes:
        folders: of each reader's run.
        findings: of each reader.
        tallies: measures of agreement, item by item; empty where no two readers share a video.
        intervals: of each, by patient.
    """

    folders: Mapping[str, str]
    findings: Mapping[str, Sequence[Finding]]
    tallies: tuple[Tally, ...]
    intervals: tuple[Interval, ...]

    def as_json(self) -> dict[str, Any]:
        """Everything, as ``s3eval data readers --json`` writes it."""
        records = agreement_records(self.tallies, self.intervals)
        return {"runs": dict(self.folders), "agreement": records}


def record_readers(
    file: str | os.PathLike[str],
    dataset: str | os.PathLike[str],
    out: str | os.PathLike[str],
    senses: Sequence[str] = ("sight", "hearing"),
    protocol: Protocol = "paper",
    resamples: int = 2000,
    seed: int = 0,
) -> ReaderRuns:
    """Turn readers' answers about a dataset into one run a reader.

    Args:
        file: a CSV file with the columns reader, video, task, item and answer.
        dataset: a folder, or ``format:path``; the runs name it.
        out: the folder in which each run gets a folder, named after its reader.
        senses: what the readers saw and heard: "sight", "hearing" or both.
        protocol: how answers are read and scored.
        resamples, seed: of the intervals.

    Raises:
        S3EvalError: the table has wrong rows, two readers would share a folder, or ``senses`` are
            none.

    >>> done = record_readers("answers.csv", "mine", "readers")  # doctest: +SKIP
    >>> done.folders  # doctest: +SKIP
    {'Dr. A': 'readers/dr-a', 'Dr. B': 'readers/dr-b'}
    """
    if not senses or set(senses) - {"sight", "hearing"}:
        raise S3EvalError("Expected --senses to be sight, hearing or both")
    opened = open_dataset(dataset)
    tasks = load_tasks(p.spec.name for p in installed().of("task")).by_name
    perceived: list[Sense] = ["sight"] if "sight" in senses else []
    perceived += ["hearing"] if "hearing" in senses else []
    readers = findings_of(read_csv(Path(file), opened, tasks), tasks, perceived)
    folders = _folders(readers, Path(out))
    for reader, findings in readers.items():
        facts = RunFacts(
            model=reader,
            senses=tuple(senses),  # type: ignore[arg-type]
            tasks=tuple(sorted({f.task for f in findings})),
            dataset=os.fspath(dataset),
            digest=opened.digest,
            protocol=protocol,
            source="recorded",
            identity={"kind": "human reader"},
        )
        write_run(folders[reader], facts, findings)
    tallies = (*agreement(readers, tasks), *differences_of_numbers(readers, tasks))
    around = tuple(intervals(tallies, opened.patients, resamples, seed))
    named = {reader: str(folder) for reader, folder in folders.items()}
    return ReaderRuns(named, readers, tallies, around)


def _folders(readers: Iterable[str], out: Path) -> dict[str, Path]:
    """The folder of each reader's run.

    >>> _folders(["Dr. A", "R1"], Path("out"))["Dr. A"].name
    'dr-a'

    Raises:
        S3EvalError: two readers would share one.
    """
    folders: dict[str, Path] = {}
    for reader in readers:
        name = re.sub(r"\W+", "-", reader).strip("-").lower() or "reader"
        if out / name in folders.values():
            raise S3EvalError(f"Two readers would share the folder '{name}'", where=out)
        folders[reader] = out / name
    return folders
