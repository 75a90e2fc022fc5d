"""Killing a run at chosen moments, starting it again, and looking at what it left."""

from __future__ import annotations

import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

#: A run goes through them in this order, writing at its beginning and at its end.
PHASES = ("decode", "ask", "judge", "score", "write")
# A chain of kills in one folder: the phase, which of its beginnings (from, to), and at most how
# many seconds later. What is killed later must not be over when its turn comes.
CHAIN = (
    ("decode", 1, 2, 0.02), ("ask", 1, 30, 0.004), ("write", 1, 2, 0.004), ("ask", 1, 30, 0.004),
    ("decode", 1, 1, 0.02), ("judge", 1, 1, 0.002), ("score", 1, 1, 0.05), ("write", 3, 5, 0.004),
)  # fmt: skip
FILES = ("run.json", "run.toml", "findings.jsonl", "scores.json")
_SCRIPT = Path(__file__).with_name("phased_run.py")


@dataclass
class Killed:
    """What was seen of a chain of kills.

    Attributes:
        observed: the phase that was under way, by kill.
        asked_twice: questions that were asked although their answer was recorded.
        unsound: what SQLite's own check said of an answer file after a kill, other than "ok".
    """

    observed: Counter[str] = field(default_factory=Counter)
    asked_twice: list[str] = field(default_factory=list)
    unsound: list[str] = field(default_factory=list)


class Runs:
    """Runs of the model ``steady`` about one dataset.

    Args:
        data: the dataset.
        folder: where runs and logs are put.
        arguments: of ``s3eval run`` beside the dataset and the folder.
    """

    def __init__(self, data: Path, folder: Path, *arguments: str) -> None:
        self.data, self.folder, self.arguments = data, folder, arguments

    def command(self, out: Path) -> list[str]:
        return [
            sys.executable, str(_SCRIPT), str(self.phases(out)), str(self.asked(out)), "run",
            "--data", str(self.data), "--out", str(out), *self.arguments,
        ]  # fmt: skip

    def phases(self, out: Path) -> Path:
        return self.folder / f"{out.name}.phases"

    def asked(self, out: Path) -> Path:
        return self.folder / f"{out.name}.asked"

    def finished(self, out: Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command(out), capture_output=True, text=True, timeout=280, check=False
        )

    def killed_at(self, out: Path, phase: str, nth: int, delay: float) -> str | None:
        """Start, and have the process group killed so long after a phase began for the n-th time.

        Returns:
            the phase that was under way, None where the run was over before.
        """
        log = self.phases(out)
        log.unlink(missing_ok=True)
        process = subprocess.Popen(
            self.command(out), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            start_new_session=True, env={**os.environ, "KILL": f"{phase}:{nth}:{delay}"},
        )  # fmt: skip
        is_killed = process.wait(280) == -signal.SIGKILL
        return lines(log)[-1] if is_killed else None


def lines(path: Path) -> list[str]:
    return path.read_text().split("\n")[:-1] if path.is_file() else []


def recorded(run: Path) -> tuple[set[str], str]:
    """What is answered in a run folder, as the log of questions calls it; and SQLite's check."""
    if not (run / "answers.sqlite").is_file():
        return set(), "ok"
    with tempfile.TemporaryDirectory() as copy:
        # A copy, since opening a database after a kill changes it.
        for file in run.glob("answers.sqlite*"):
            shutil.copy(file, copy)
        db = sqlite3.connect(Path(copy) / "answers.sqlite")
        try:
            (sound,) = db.execute("PRAGMA integrity_check").fetchone()
            there = db.execute("SELECT name FROM sqlite_master WHERE name = 'answers'").fetchone()
            sql = "SELECT video || ' ' || clip_start || ' ' || question FROM answers"
            rows = db.execute(sql).fetchall() if there else []
        finally:
            db.close()
    return {row[0] for row in rows}, sound


def answers(run: Path) -> list[tuple[object, ...]]:
    """The answers of a run, save how long they took."""
    db = sqlite3.connect(run / "answers.sqlite")
    try:
        sql = "SELECT key, video, status, text, reason, kind, note FROM answers ORDER BY key"
        return db.execute(sql).fetchall()
    finally:
        db.close()


def kill_chain(runs: Runs, out: Path, draw: random.Random, kills: int) -> Killed:
    """Kill a run at one moment after the other, then let it end."""
    seen = Killed()
    before: set[str] = set()
    for phase, first, last, longest in CHAIN[:kills]:
        start = len(lines(runs.asked(out)))
        nth, delay = draw.randint(first, last), draw.uniform(0.0, longest)
        observed = runs.killed_at(out, phase, nth, delay)
        seen.observed[observed or "over"] += 1
        seen.asked_twice += before.intersection(lines(runs.asked(out))[start:])
        before, sound = recorded(out / "steady")
        seen.unsound += [sound] if sound != "ok" else []
    start = len(lines(runs.asked(out)))
    done = runs.finished(out)
    assert done.returncode == 0, done.stderr
    seen.asked_twice += before.intersection(lines(runs.asked(out))[start:])
    return seen
