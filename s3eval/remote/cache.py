"""Replies on disk, keyed by content: no identical question is ever paid for twice."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import sqlite3
import threading
import time
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from s3eval.errors import S3EvalError
from s3eval.remote.capabilities import ServerCapabilities
from s3eval.remote.endpoint import Endpoint

__all__ = ["ReplyCache", "cache_dir", "content_key", "stored_replies"]

_TABLES = """
CREATE TABLE IF NOT EXISTS replies (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS quirks (server TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS claims (key TEXT PRIMARY KEY, owner TEXT NOT NULL, until REAL NOT NULL);
"""


def cache_dir() -> Path:
    """The folder of the caches: ``S3EVAL_CACHE``, else the user's cache folder of the system."""
    named = os.environ.get("S3EVAL_CACHE")
    if named:
        return Path(named)
    import platformdirs

    return Path(platformdirs.user_cache_dir("s3eval", appauthor=False))


def content_key(facts: Mapping[str, Any]) -> str:
    """SHA-256 over everything that determines a reply.

    >>> content_key({"b": 1, "a": "x"}) == content_key({"a": "x", "b": 1})
    True
    """
    text = json.dumps(facts, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


class ReplyCache:
    """An SQLite file shared by threads and processes; every `put` is durable when it returns.

    Holds what servers *replied*, readable by the user alone; of what was asked only a hash.

    Args:
        path: the file, made with its folder when absent; ":memory:" keeps nothing.
    """

    def __init__(self, path: str | Path | None = None) -> None:
        self.path = path if path == ":memory:" else Path(path or cache_dir() / "judges.sqlite")
        self._owner = uuid.uuid4().hex
        self._lock = threading.RLock()
        try:
            if isinstance(self.path, Path):
                self.path.parent.mkdir(parents=True, exist_ok=True)
                self.path.touch(mode=0o600)
            self._db = sqlite3.connect(self.path, timeout=30.0, check_same_thread=False)
            self._db.execute("PRAGMA journal_mode=WAL")
            # Survives a crash of the process; only a power cut may cost the last replies.
            self._db.execute("PRAGMA synchronous=NORMAL")
            self._db.executescript(_TABLES)
        except (sqlite3.Error, OSError) as error:
            raise S3EvalError(
                "The cache of judge replies cannot be opened",
                where=self.path,
                why=str(error),
                fix="S3EVAL_CACHE=/another/folder, or move that file away",
            ) from error

    def get(self, key: str) -> dict[str, Any] | None:
        """The value under a key, None when there is none."""
        with self._lock:
            row = self._db.execute("SELECT value FROM replies WHERE key = ?", (key,)).fetchone()
        return json.loads(row[0]) if row else None

    def put(self, key: str, value: Mapping[str, Any]) -> None:
        """Keep a value and end the claim on its key."""
        text = json.dumps(value, ensure_ascii=False, sort_keys=True)
        with self._lock, self._db:
            self._db.execute("INSERT OR REPLACE INTO replies VALUES (?, ?)", (key, text))
            self._db.execute("DELETE FROM claims WHERE key = ?", (key,))

    def claim(self, keys: Iterable[str], seconds: float) -> set[str]:
        """Those of ``keys`` this process may ask for; the others are being asked elsewhere.

        Claims are renewed while work goes on (`renew`), so those of a process that crashed last
        no longer than ``seconds``.
        """
        now = time.time()
        taken = set()
        with self._lock, self._db:
            for key in keys:
                done = self._db.execute(
                    "INSERT INTO claims VALUES (?, ?, ?) ON CONFLICT(key) DO UPDATE "
                    "SET owner = excluded.owner, until = excluded.until WHERE claims.until < ?",
                    (key, self._owner, now + seconds, now),
                )
                if done.rowcount > 0:
                    taken.add(key)
        return taken

    def renew(self, seconds: float) -> None:
        """Hold this process's claims for so many more seconds."""
        with self._lock, self._db:
            self._db.execute(
                "UPDATE claims SET until = ? WHERE owner = ?", (time.time() + seconds, self._owner)
            )

    def release(self, keys: Iterable[str]) -> None:
        """End this process's claims on these keys."""
        with self._lock, self._db:
            self._db.executemany(
                "DELETE FROM claims WHERE key = ? AND owner = ?", [(k, self._owner) for k in keys]
            )

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._db.close()

    # Also a `s3eval.remote.capabilities.CapabilityStore`; its table has an older name.
    def capabilities(self) -> _StoredCapabilities:
        """What is known of servers, kept in this file."""
        return _StoredCapabilities(self._db, self._lock)


def stored_replies(path: str | Path | None, keys: Iterable[str]) -> dict[str, Any]:
    """What a cache file holds under some keys, for looking only: the file is not changed.

    A row that is no JSON is left out, as if it were not there.

    Args:
        path: the file; None for the one in the cache folder.

    Raises:
        S3EvalError: there is no such file, or it cannot be read.
    """
    file = Path(path or cache_dir() / "judges.sqlite")
    # Pages that are passed on quote this: not by its path.
    where = "the judge's option cache" if path else "the cache folder (S3EVAL_CACHE)"
    if not file.is_file():
        raise S3EvalError("The file of this judge's readings is not on this machine", where=where)
    log = file.with_name(file.name + "-wal")
    # Without a log nobody is writing, and reading need not make the files that go with one.
    mode = "mode=ro" if log.is_file() and log.stat().st_size else "mode=ro&immutable=1"
    held: dict[str, Any] = {}
    try:
        with contextlib.closing(
            sqlite3.connect(f"{file.resolve().as_uri()}?{mode}", uri=True, timeout=5.0)
        ) as db:
            db.text_factory = bytes
            for key in keys:
                row = db.execute("SELECT value FROM replies WHERE key = ?", (key,)).fetchone()
                # A damaged row is no reading; the judge asks again where it meets one.
                with contextlib.suppress(ValueError, TypeError, RecursionError):
                    if row is not None:
                        held[key] = json.loads(row[0])
    except (sqlite3.Error, OSError) as error:
        raise S3EvalError(
            "The file of this judge's readings cannot be read", where=where, why=str(error)
        ) from error
    return held


class _StoredCapabilities:
    def __init__(self, db: sqlite3.Connection, lock: threading.RLock) -> None:
        self._db, self._lock = db, lock

    def get(self, endpoint: Endpoint) -> ServerCapabilities:
        """What is known about this server and model."""
        with self._lock:
            row = self._db.execute(
                "SELECT value FROM quirks WHERE server = ?", (_server(endpoint),)
            ).fetchone()
        if row is None:
            return ServerCapabilities()
        stored = json.loads(row[0])
        return ServerCapabilities(**{**stored, "without": tuple(stored["without"])})

    def put(self, endpoint: Endpoint, known: ServerCapabilities) -> None:
        """Remember it."""
        with self._lock, self._db:
            self._db.execute(
                "INSERT OR REPLACE INTO quirks VALUES (?, ?)",
                (_server(endpoint), json.dumps(asdict(known))),
            )


def _server(endpoint: Endpoint) -> str:
    return f"{endpoint.base_url} {endpoint.model}"
