"""How often the work of scoring is done by ``run``, ``show`` and ``score``.

Four videos, one model that reports by window, Tasks 2 and 6, and a chat judge on loopback that
merges the windows and reads the reports. Counted are passes over all videos: combining windows,
tallies of the run's own findings, the patient bootstrap; and what the judge was sent. The command
works in older versions too, so that they can be compared.

    python benchmarks/scoring_work.py [--json FILE]
"""

from __future__ import annotations

import argparse
import functools
import json
import os
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any
from unittest import mock

from s3eval.cli import main
from s3eval.testing.chat_server import Said, Server, scripted

VIDEOS = 4
READING = {
    "structural_completeness": ["onset"],
    "event_sequence": ["clonic"],
    "localizing_features": dict.fromkeys(
        ("head_turning", "first_motor_laterality", "asymmetric_posturing", "figure_4"), "none"
    ),
    "content_analysis": {"has_safety_issues": False, "includes_non_seizure": False},
}


def reply(text: str, body: dict[str, Any], before: int) -> Said:
    """A merged text for windows, a reading for a report."""
    merges = "overlapping windows" in body["messages"][0]["content"]
    return Said(json.dumps({"text": f"Merged: {text}"} if merges else READING))


def write_data(folder: Path) -> tuple[Path, Path]:
    """A dataset without video files, and what a model says of its windows."""
    data = folder / "data"
    data.mkdir(parents=True)
    names = [f"v{i}" for i in range(VIDEOS)]
    tables = {
        "dataset.toml": 'format = 1\nname = "work"\n',
        "videos.csv": "video,patient,duration\n" + "".join(f"{v},p{v},70\n" for v in names),
        "reports.csv": "video,report\n" + "".join(f"{v},The {v} arm jerks.\n" for v in names),
    }
    for name, text in tables.items():
        (data / name).write_text(text, encoding="utf-8")
    answers = folder / "answers.csv"
    rows = [f"{v},report,{s},{v} jerks at {s} s." for v in names for s in range(0, 70, 5)]
    answers.write_text("video,item,start,answer\n" + "\n".join(rows) + "\n", encoding="utf-8")
    return data, answers


@contextmanager
def counted() -> Iterator[Counter[str]]:
    """Counts calls of the report task's steps and of the bootstrap while it lasts."""
    from s3eval_task_report.task import Report

    from s3eval.statistics import table

    counts: Counter[str] = Counter()

    def counting(name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(call)
        def wrapped(*arguments: Any, **named: Any) -> Any:
            counts[name] += 1
            return call(*arguments, **named)

        return wrapped

    def tallies(task: Any, findings: Any, *rest: Any, **named: Any) -> Any:
        # A baseline's findings are all alike; those of the run are what is counted.
        counts["tallies"] += len({f.value for f in findings}) > 1
        return original(task, findings, *rest, **named)

    original = Report.tallies
    with (
        mock.patch.object(Report, "combine", counting("combine", Report.combine)),
        mock.patch.object(Report, "tallies", tallies),
        mock.patch.object(table, "patient_draws", counting("bootstrap", table.patient_draws)),
    ):
        yield counts


def passes(arguments: list[str], server: Server) -> dict[str, int]:
    """What one command does."""
    before = len(server.asked)
    stderr = StringIO()
    with counted() as counts, redirect_stdout(StringIO()), redirect_stderr(stderr):
        try:
            main(arguments)
        except SystemExit as done:
            if done.code not in (0, None):
                raise RuntimeError(f"{arguments[0]} failed: {stderr.getvalue()}") from done
    return {
        "combine": counts["combine"] // VIDEOS,
        "tallies": counts["tallies"],
        "bootstrap": counts["bootstrap"],
        "judge_calls": len(server.asked) - before,
        "previews": sum(" calls, about " in line for line in stderr.getvalue().splitlines()),
    }


def measure() -> dict[str, dict[str, int]]:
    """Counts by command: a first run, the run shown and scored again, and scored by another."""
    with tempfile.TemporaryDirectory() as folder, scripted(reply) as server:
        data, answers = write_data(Path(folder))
        runs = str(Path(folder) / "runs")
        judge = ["--judge", "gpt", "--judge-option", f"base_url={server.base_url}"]
        judge += ["--judge-option", f"cache={folder}/judge.sqlite", "--resamples", "50"]
        asking = ["run", "--model", "replay", "--model-option", f"file={answers}"]
        asking += ["--tasks", "report", "--data", str(data), "--out", runs, *judge]
        another = [*judge, "--judge-option", "seed=1"]
        return {
            "run": passes(asking, server),
            "show": passes(["show", runs, *judge], server),
            "score": passes(["score", runs, *judge], server),
            "score, another judge": passes(["score", runs, *another], server),
        }


def command() -> None:
    """Print the counts."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json")
    arguments = parser.parse_args()
    os.environ.setdefault("COLUMNS", "200")
    result = measure()
    print(json.dumps(result, indent=1))
    if arguments.json:
        Path(arguments.json).write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    command()
