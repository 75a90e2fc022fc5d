"""Answers, durable as they come: one SQLite file a run, keyed by what determines an answer.

An answer is committed before the next question is put, so a killed run loses nothing and,
started again, asks nothing twice. The key carries the video's content, not its name.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from s3eval.errors import MachineError, S3EvalError
from s3eval.model import Answer

__all__ = ["AnswerStore", "StoredAnswer", "stores_below"]

_SCHEMA = """
CREATE TABLE IF NOT EXISTS answers (
    key TEXT PRIMARY KEY,
    video TEXT NOT NULL,
    clip_start REAL NOT NULL,
    clip_end REAL NOT NULL,
    question TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('answered', 'failed', 'skipped')),
    text TEXT NOT NULL,
    reason TEXT NOT NULL,
    probabilities TEXT NOT NULL,
    mass REAL,
    seconds REAL
);
CREATE TABLE IF NOT EXISTS media (
    path TEXT PRIMARY KEY, size INTEGER NOT NULL, modified INTEGER NOT NULL, hash TEXT NOT NULL
);
"""


@dataclass(frozen=True)
class StoredAnswer:
    """An answer with what it answers, as written."""

    key: str
    video: str
    clip_start: float
    clip_end: float
    question: str
    answer: Answer
    seconds: float | None = None


class AnswerStore:
    """The answers of a run.

    Args:
        path: the SQLite file, made when absent.
        others: further stores to read from, never written (earlier runs, other settings).

    Raises:
        S3EvalError: the file is no answer store. MachineError: the disk is full.
    """

    def __init__(self, path: Path, others: Sequence[Path] = ()) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        with self._errors_told():
            self._db = sqlite3.connect(path, isolation_level=None)
            self._db.execute("PRAGMA journal_mode=WAL")
            # NORMAL in WAL mode survives a killed process; only a power cut may cost the tail.
            self._db.execute("PRAGMA synchronous=NORMAL")
            self._db.executescript(_SCHEMA)
        self._others = [self._read_only(p) for p in others if p.resolve() != path.resolve()]

    def _read_only(self, path: Path) -> sqlite3.Connection:
        if not path.is_file():
            raise S3EvalError("No answers to reuse here", where=path)
        return sqlite3.connect(f"file:{path}?mode=ro", uri=True, isolation_level=None)

    @contextmanager
    def _errors_told(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.DatabaseError as error:
            if "full" in str(error) or "disk I/O" in str(error):
                raise MachineError(
                    "The disk is full; every answer so far is kept",
                    where=self.path.parent,
                    fix="free some space, then the same command again",
                ) from error
            raise S3EvalError(
                "The answers of this run cannot be used", where=self.path, why=str(error)
            ) from error

    def get(self, key: str) -> Answer | None:
        """The stored answer of that key, from this store or one of the others."""
        sql = "SELECT status, text, reason, probabilities, mass FROM answers WHERE key = ?"
        for db in (self._db, *self._others):
            with self._errors_told():
                row = db.execute(sql, (key,)).fetchone()
            if row:
                return Answer(row[0], row[1], row[2], json.loads(row[3]), row[4])
        return None

    def put(self, stored: StoredAnswer) -> None:
        """Store an answer, at once and for good; a failed one may be replaced by a later try."""
        a = stored.answer
        facts = (stored.key, stored.video, stored.clip_start, stored.clip_end, stored.question)
        values = (a.status, a.text, a.reason, json.dumps(dict(a.probabilities)), a.mass)
        with self._errors_told():
            self._db.execute(
                "INSERT INTO answers VALUES (?,?,?,?,?,?,?,?,?,?,?) ON CONFLICT (key) DO UPDATE "
                "SET status=excluded.status, text=excluded.text, reason=excluded.reason, "
                "probabilities=excluded.probabilities, mass=excluded.mass, "
                "seconds=excluded.seconds WHERE answers.status != 'answered'",
                (*facts, *values, stored.seconds),
            )

    def __iter__(self) -> Iterator[StoredAnswer]:
        sql = (
            "SELECT key, video, clip_start, clip_end, question, status, text, reason, "
            "probabilities, mass, seconds FROM answers ORDER BY video, clip_start, question, key"
        )
        with self._errors_told():
            for r in self._db.execute(sql):
                answer = Answer(r[5], r[6], r[7], json.loads(r[8]), r[9])
                yield StoredAnswer(r[0], r[1], r[2], r[3], r[4], answer, r[10])

    def __len__(self) -> int:
        with self._errors_told():
            return int(self._db.execute("SELECT count(*) FROM answers").fetchone()[0])

    def media_hash(self, path: Path) -> str:
        """The content hash of a file, computed again only when the file changed.

        Raises:
            OSError: the file cannot be read.
        """
        from s3eval.footage.decoding import content_hash

        facts = path.stat()
        where = (str(path.resolve()), facts.st_size, facts.st_mtime_ns)
        with self._errors_told():
            row = self._db.execute(
                "SELECT hash FROM media WHERE path=? AND size=? AND modified=?", where
            ).fetchone()
        if row:
            return str(row[0])
        found = content_hash(path)
        with self._errors_told():
            self._db.execute("INSERT OR REPLACE INTO media VALUES (?,?,?,?)", (*where, found))
        return found

    def close(self) -> None:
        """Fold the write-ahead log back and close."""
        for db in (self._db, *self._others):
            db.close()

    def __enter__(self) -> AnswerStore:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def stores_below(paths: Iterable[Path]) -> list[Path]:
    """The answer files of run folders, or of folders of runs.

    Raises:
        S3EvalError: a folder holds none.
    """
    found: list[Path] = []
    for path in paths:
        candidates = [path / "answers.sqlite", *sorted(path.glob("*/answers.sqlite"))]
        here = [p for p in candidates if p.is_file()]
        if not here:
            raise S3EvalError("No answers to reuse in this folder", where=path)
        found += here
    return found
