"""Answers, durable as they come: one SQLite file a run, keyed by what determines an answer.

An answer is committed as the model gives it, so a killed run, started again, asks for nothing
twice that was given. The key carries the video's content, not its name.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from s3eval.errors import MachineError, S3EvalError
from s3eval.model import Answer, Question
from s3eval.running.boundary import checked_answer
from s3eval.running.file_systems import is_shared

__all__ = ["AnswerStore", "StoredAnswer", "stores_below"]

#: SQLite takes at least 999 parameters a statement.
_KEYS_A_QUERY = 900
_ANY_QUESTION = Question("", "")
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
    seconds REAL,
    kind TEXT NOT NULL DEFAULT '',
    attempts INTEGER NOT NULL DEFAULT 1,
    note TEXT NOT NULL DEFAULT '',
    thoughts TEXT NOT NULL DEFAULT ''
);
CREATE TABLE IF NOT EXISTS media (
    path TEXT PRIMARY KEY, size INTEGER NOT NULL, modified INTEGER NOT NULL, hash TEXT NOT NULL
);
"""


#: Columns that the first stores lack, with what they are there.
_LATER = {
    "kind": "TEXT NOT NULL DEFAULT ''",
    "attempts": "INTEGER NOT NULL DEFAULT 1",
    "note": "TEXT NOT NULL DEFAULT ''",
    "thoughts": "TEXT NOT NULL DEFAULT ''",
}
_ALL = (
    "key", "video", "clip_start", "clip_end", "question", "status", "text", "reason",
    "probabilities", "mass", "seconds", "kind", "attempts", "note", "thoughts",
)  # fmt: skip
# Every try counts, and an answer that was given is never replaced.
_INSERT = (
    f"INSERT INTO answers ({', '.join(_ALL)}) VALUES ({', '.join('?' * len(_ALL))}) "
    "ON CONFLICT (key) DO UPDATE SET status=excluded.status, text=excluded.text, "
    "reason=excluded.reason, probabilities=excluded.probabilities, mass=excluded.mass, "
    "seconds=excluded.seconds, kind=excluded.kind, note=excluded.note, "
    "thoughts=excluded.thoughts, "
    "attempts=answers.attempts + excluded.attempts WHERE answers.status != 'answered'"
)
_ADD = _INSERT.replace("answers.attempts + ", "") + " AND excluded.status = 'answered'"
_ANSWER = ("status", "text", "reason", "probabilities", "mass", "kind", "note", "thoughts")


@dataclass(frozen=True)
class StoredAnswer:
    """An answer with what it answers, as written.

    Attributes:
        attempts: how often the question was put until this answer or this failure.
    """

    key: str
    video: str
    clip_start: float
    clip_end: float
    question: str
    answer: Answer
    seconds: float | None = None
    attempts: int = 1


class AnswerStore:
    """The answers of a run.

    Args:
        path: the SQLite file, made when absent.
        others: further stores to read from, never written (earlier runs, other settings).
        read_only: nothing is written, not even beside the file; it may lie on read-only media.

    Raises:
        S3EvalError: the file is no answer store. MachineError: the disk is full.
    """

    def __init__(self, path: Path, others: Sequence[Path] = (), *, read_only: bool = False) -> None:
        self.path, self._unreadable = path, set[str]()
        self._is_read_only = read_only
        if read_only:
            self._db, self._others = self._read_only(path), []
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists() and not path.is_file():
            # SQLite says "disk I/O error" of a pipe.
            why = "it is a folder, a pipe or a device"
            raise S3EvalError("The answers of this run cannot be used", where=path, why=why)
        with self._errors_explained():
            self._db = sqlite3.connect(path, isolation_level=None)
            self._db.text_factory = _text
            if is_shared(path.parent):
                # No shared memory there, which the log needs; see `running.file_systems`.
                self._db.execute("PRAGMA locking_mode=EXCLUSIVE")
                self._db.execute("PRAGMA journal_mode=DELETE")
                self._db.execute("PRAGMA synchronous=FULL")
            else:
                self._db.execute("PRAGMA journal_mode=WAL")
                # NORMAL in WAL mode survives a killed process; a power cut may cost the tail.
                self._db.execute("PRAGMA synchronous=NORMAL")
            self._db.executescript(_SCHEMA)
            for name in _missing(self._db):
                self._db.execute(f"ALTER TABLE answers ADD COLUMN {name} {_LATER[name]}")
            # The first version remembered files by their paths, which may name patients.
            self._db.execute("DELETE FROM media WHERE path LIKE '%/%' OR path LIKE '%\\%'")
        self._others = [self._read_only(p) for p in others if p.resolve() != path.resolve()]

    def _read_only(self, path: Path) -> sqlite3.Connection:
        if not path.is_file():
            raise S3EvalError("No answers to reuse here", where=path)
        return _opened_read_only(path)

    @contextmanager
    def _errors_explained(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.DatabaseError as error:
            if "full" in str(error) or "disk I/O" in str(error):
                raise MachineError(
                    "The disk is full; every answer so far is kept",
                    where=self.path.parent,
                    fix="free some space, then the same command again",
                ) from error
            if "locked" in str(error):
                raise S3EvalError(
                    "The answers of this run are being written by another program",
                    where=self.path,
                    fix="wait for it, or another --out",
                ) from error
            raise S3EvalError(
                "The answers of this run cannot be used", where=self.path, why=str(error)
            ) from error

    def get(self, key: str) -> Answer | None:
        """The stored answer of that key, from this store or one of the others."""
        return self.get_many([key]).get(key)

    def get_many(self, keys: Iterable[str]) -> dict[str, Answer]:
        """The stored answers of those keys that there are, from this store or one of the others."""
        missing = list(dict.fromkeys(keys))
        answers: dict[str, Answer] = {}
        for db in (self._db, *self._others):
            for start in range(0, len(missing), _KEYS_A_QUERY):
                some = missing[start : start + _KEYS_A_QUERY]
                marks = ",".join("?" * len(some))
                with self._errors_explained():
                    columns = _columns(db, "key", *_ANSWER)
                    sql = f"SELECT {columns} FROM answers WHERE key IN ({marks})"
                    for row in db.execute(sql, some):
                        answers[row[0]] = self._restored(row)
            missing = [key for key in missing if key not in answers]
            if not missing:
                break
        return answers

    def _restored(self, row: Sequence[Any]) -> Answer:
        """A stored answer; one that cannot be read (an older version stored it) is failed."""
        key, status, text, reason, probabilities, mass, kind, note, thoughts = row
        try:
            answer = checked_answer(
                Answer(status, text, reason, json.loads(probabilities), mass, kind, note, thoughts),
                _ANY_QUESTION,
            )
        except (ValueError, TypeError, RecursionError) as error:
            answer = Answer.failed(f"the probabilities are no JSON: {error}")
        if status == "answered" and answer.status != "answered":
            self._unreadable.add(key)
            answer = Answer.failed(f"what is stored cannot be read: {answer.reason}")
        return answer

    def put(self, stored: StoredAnswer) -> None:
        """Store an answer, at once and for good; a failed one may be replaced by a later try."""
        a = stored.answer
        facts = (stored.key, stored.video, stored.clip_start, stored.clip_end, stored.question)
        values = (a.status, a.text, a.reason, json.dumps(dict(a.probabilities)), a.mass)
        later = (stored.seconds, a.kind, stored.attempts, a.note, a.thoughts)
        with self._errors_explained():
            if stored.key in self._unreadable:
                self._db.execute("DELETE FROM answers WHERE key = ?", (stored.key,))
                self._unreadable.discard(stored.key)
            self._db.execute(
                _INSERT,
                (*facts, *values, *later),
            )

    def correct(self, stored: StoredAnswer) -> None:
        """Store an answer in the place of the one that was given, as a human reader may.

        A model's answers are never replaced (`put`); a reader has second thoughts.
        """
        with self._errors_explained():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                self._db.execute("DELETE FROM answers WHERE key = ?", (stored.key,))
                self.put(stored)
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")

    def add_all(self, other: AnswerStore) -> None:
        """Take in the answers of another store, and what it knows of files, at once or not at all.

        What is there already stays, save failures of which the other has an answer.
        """
        with self._errors_explained(), other._errors_explained():
            columns = _columns(other._db, *_ALL)
            answers = other._db.execute(f"SELECT {columns} FROM answers")
            media = other._db.execute("SELECT path, size, modified, hash FROM media")
            self._db.execute("BEGIN IMMEDIATE")
            try:
                self._db.executemany(_ADD, answers)
                self._db.executemany("INSERT OR REPLACE INTO media VALUES (?,?,?,?)", media)
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")

    def check_in_place(self) -> None:
        """Refuse to go on where the file was removed: what was stored would be lost on closing.

        Raises:
            S3EvalError: the file is gone, or the run's folder.
        """
        if not self.path.exists():
            what = "answers were" if self.path.parent.is_dir() else "folder was"
            raise S3EvalError(
                f"The run's {what} removed while it was at work",
                where=self.path.parent.name,
                fix="the same command again",
            )

    def contents(self) -> list[str]:
        """The content hashes of all files that were asked about."""
        with self._errors_explained():
            rows = self._db.execute("SELECT DISTINCT hash FROM media ORDER BY hash").fetchall()
        return [str(row[0]) for row in rows]

    def keys_of(self, video: str) -> frozenset[str]:
        """The keys of all answers about a video."""
        with self._errors_explained():
            rows = self._db.execute("SELECT key FROM answers WHERE video = ?", (video,)).fetchall()
        return frozenset(str(row[0]) for row in rows)

    def ends(self) -> dict[str, float]:
        """By video, where the last clip ends that was asked about, in seconds."""
        with self._errors_explained():
            rows = self._db.execute("SELECT video, max(clip_end) FROM answers GROUP BY video")
            return {str(video): float(end) for video, end in rows}

    def seconds(self, key: str) -> float | None:
        """The seconds that the answer of this key took; None where there is none."""
        with self._errors_explained():
            sql = "SELECT seconds FROM answers WHERE key = ?"
            row = self._db.execute(sql, (key,)).fetchone()
        return row[0] if row else None

    def __iter__(self) -> Iterator[StoredAnswer]:
        with self._errors_explained():
            columns = _columns(self._db, *_ALL)
            sql = f"SELECT {columns} FROM answers ORDER BY video, clip_start, question, key"
            for r in self._db.execute(sql):
                answer = self._restored((r[0], *r[5:10], r[11], *r[13:15]))
                yield StoredAnswer(r[0], r[1], r[2], r[3], r[4], answer, r[10], r[12])

    def __len__(self) -> int:
        with self._errors_explained():
            return int(self._db.execute("SELECT count(*) FROM answers").fetchone()[0])

    def summary(self) -> tuple[int, int, float | None]:
        """How many answers there are, how many of them failed, and the mean seconds of one."""
        sql = "SELECT count(*), coalesce(sum(status = 'failed'), 0), avg(seconds) FROM answers"
        with self._errors_explained():
            stored, failed, seconds = self._db.execute(sql).fetchone()
        return int(stored), int(failed), None if seconds is None else float(seconds)

    def media_hash(self, path: Path) -> str:
        """The content hash of a file, computed again only when the file changed.

        The file is remembered by its number on the disk: a run that is passed on names no file.

        Raises:
            OSError: the file cannot be read.
        """
        from s3eval.footage.decoding import content_hash

        facts = path.stat()
        where = (f"{facts.st_dev}:{facts.st_ino}", facts.st_size, facts.st_mtime_ns)
        with self._errors_explained():
            row = self._db.execute(
                "SELECT hash FROM media WHERE path=? AND size=? AND modified=?", where
            ).fetchone()
        if row:
            return str(row[0])
        content = content_hash(path)
        if not self._is_read_only:
            with self._errors_explained():
                self._db.execute("INSERT OR REPLACE INTO media VALUES (?,?,?,?)", (*where, content))
        return content

    def close(self) -> None:
        """Fold the write-ahead log back and close."""
        for db in (self._db, *self._others):
            db.close()

    def __enter__(self) -> AnswerStore:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _missing(db: sqlite3.Connection) -> list[str]:
    """The later columns that this store, made by an older version, does not have."""
    there = {row[1] for row in db.execute("PRAGMA table_info(answers)")}
    return [name for name in _LATER if name not in there]


def _columns(db: sqlite3.Connection, *names: str) -> str:
    """Those columns for a query; what an older store lacks as its default."""
    lacks = _missing(db)
    defaults = {"attempts": "1"}
    return ", ".join(f"{defaults.get(n, repr(''))} AS {n}" if n in lacks else n for n in names)


def _opened_read_only(path: Path) -> sqlite3.Connection:
    """A connection that writes nothing, whatever the folder is called.

    On media that cannot be written the log files beside the database cannot be made, which
    SQLite needs for one in WAL mode; where there is no log, the file alone is all there is.
    """
    address = f"file:{quote(str(path.resolve()))}?mode=ro"
    if not path.with_name(path.name + "-wal").exists():
        address += "&immutable=1"
    db = sqlite3.connect(address, uri=True, isolation_level=None)
    db.text_factory = _text
    return db


def _text(stored: bytes) -> str:
    """A text column; bytes that are no UTF-8 (a damaged disk) lose their answer, not the run."""
    return stored.decode("utf-8", "replace")


def stores_below(paths: Iterable[Path]) -> list[Path]:
    """The answer files of run folders, or of folders of runs.

    Raises:
        S3EvalError: a folder holds none.
    """
    stores: list[Path] = []
    for path in paths:
        candidates = [path / "answers.sqlite", *sorted(path.glob("*/answers.sqlite"))]
        here = [p for p in candidates if p.is_file()]
        if not here:
            raise S3EvalError("No answers to reuse in this folder", where=path)
        stores += here
    return stores
