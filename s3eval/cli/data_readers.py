"""``s3eval data readers``: clinicians' answers as runs, and how far the readers agree."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from s3eval.cli.common import json_option, names, resamples_option, seed_option, write_json_output
from s3eval.errors import S3EvalError
from s3eval.reporting.agreement import agreement_records, show_agreement
from s3eval.reporting.tables import print_table
from s3eval.terminal import echo
from s3eval.vocabulary import PROTOCOLS

if TYPE_CHECKING:
    from s3eval.facts.tally import Tally
    from s3eval.facts.videos import Dataset
    from s3eval.statistics.resampling import Interval
    from s3eval.vocabulary import Sense

EPILOG = """\b
Examples:
  s3eval data readers answers.csv mine readers
  s3eval show readers          their scores like a model's
  s3eval compare readers runs/qwen3-vl-8b --tasks diagnosis

\b
The CSV has the columns reader, video, task, item, answer, one row an answer, for example
  Dr. A,P01@...,recognition,tonic,yes
  Dr. A,P01@...,timing,start,0:12
An empty answer is "not answered". Choose reader names that may be shown: they name the runs.
"""


@click.command("readers", epilog=EPILOG)
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.argument("dataset")
@click.argument("out", type=click.Path(path_type=Path))
@click.option(
    "--protocol",
    type=click.Choice(PROTOCOLS),
    default="paper",
    show_default=True,
    help="How answers are read and scored.",
)
@click.option(
    "--senses",
    default="sight,hearing",
    show_default=True,
    help="What the readers saw and heard: sight, hearing or both.",
)
@resamples_option
@seed_option
@json_option
def command(file: Path, dataset: str, out: Path, json_file: str | None, **options: Any) -> None:
    """Turn the readers' answers in FILE about DATASET into one run a reader in OUT."""
    from s3eval.api.datasets import open_dataset
    from s3eval.plugins import installed
    from s3eval.running.loading import load_tasks
    from s3eval.statistics.readers import (
        agreement,
        differences_of_numbers,
        findings_of,
        read_csv,
    )
    from s3eval.statistics.resampling import intervals

    senses = names([options["senses"]])
    if not senses or set(senses) - {"sight", "hearing"}:
        raise S3EvalError("Expected --senses to be sight, hearing or both")
    opened = open_dataset(dataset)
    tasks = load_tasks(p.spec.name for p in installed().of("task")).by_name
    perceived: list[Sense] = ["sight"] if "sight" in senses else []
    perceived += ["hearing"] if "hearing" in senses else []
    readers = findings_of(read_csv(file, opened, tasks), tasks, perceived)
    written = _write(readers, opened, dataset, out, senses, options["protocol"])
    tallies = [*agreement(readers, tasks), *differences_of_numbers(readers, tasks)]
    around = intervals(tallies, opened.patients, options["resamples"], options["seed"])
    facts = {
        "runs": written,
        "agreement": agreement_records(tallies, around),
    }
    if not write_json_output(facts, json_file):
        _show(written, readers, tallies, around)


def _write(
    readers: Mapping[str, Sequence[Any]],
    dataset: Dataset,
    where: str,
    out: Path,
    senses: Sequence[Any],
    protocol: Any,
) -> dict[str, str]:
    import re

    from s3eval.running.runs import RunFacts, write_run

    folders: dict[str, str] = {}
    for reader in readers:
        folder = re.sub(r"\W+", "-", reader).strip("-").lower() or "reader"
        if folder in folders.values():
            raise S3EvalError(f"Two readers would share the folder '{folder}'", where=out)
        folders[reader] = folder
    for reader, findings in readers.items():
        facts = RunFacts(
            model=reader,
            senses=tuple(senses),
            tasks=tuple(sorted({f.task for f in findings})),
            dataset=where,
            digest=dataset.digest,
            protocol=protocol,
            source="recorded",
            identity={"kind": "human reader"},
        )
        write_run(out / folders[reader], facts, findings)
    return {reader: str(out / folder) for reader, folder in folders.items()}


def _show(
    written: Mapping[str, str],
    readers: Mapping[str, Sequence[Any]],
    tallies: Sequence[Tally],
    around: Sequence[Interval],
) -> None:
    states = ("answered", "unreadable", "skipped")
    rows = [
        (reader, written[reader], *(sum(f.state == s for f in mine) for s in states))
        for reader, mine in readers.items()
    ]
    columns = ("reader", "run", "answered", "unreadable", "not answered")
    print_table("Readers", columns, rows, columns[2:])
    if not tallies:
        echo("One reader only, or no shared videos: no agreement to tell.")
        return
    show_agreement(tallies, around)
