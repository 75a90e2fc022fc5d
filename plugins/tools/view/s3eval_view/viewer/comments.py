"""Comments on videos: kept beside the run, or in the user's folder where the run is read-only.

They are lines of JSON in a file of their own, which nothing that scores reads.
"""

from __future__ import annotations

import hashlib
import json
import os
import threading
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from s3eval.errors import S3EvalError

__all__ = ["FILE", "MOST_CHARACTERS", "Comment", "Comments", "user_folder"]

#: In the run's folder.
FILE = "comments.jsonl"
MOST_CHARACTERS = 10_000


@dataclass(frozen=True)
class Comment:
    """One comment.

    Attributes:
        video: its name.
        text: what is said.
        author: who says it, as they call themselves; "" where they do not.
        written: when, in UTC to the second: "2026-11-28T22:30:00Z".
    """

    video: str
    text: str
    author: str
    written: str


def user_folder() -> Path:
    """Where comments on read-only runs are kept: ``S3EVAL_COMMENTS`` or the user's data folder."""
    from platformdirs import user_data_path

    given = os.environ.get("S3EVAL_COMMENTS", "")
    return Path(given) if given else user_data_path("s3eval", appauthor=False) / "comments"


class Comments:
    """The comments on the videos of a run.

    Args:
        run: the run's folder.
    """

    # Two pages of one viewer may write at once.
    _lock = threading.Lock()

    def __init__(self, run: Path) -> None:
        self.run = run
        name = hashlib.sha256(str(run.resolve()).encode("utf-8", "surrogatepass")).hexdigest()[:16]
        self._beside = run / FILE
        self._apart = user_folder() / f"{run.name[:40]}-{name}.jsonl"

    def all(self) -> list[Comment]:
        """Every comment, oldest first; lines that are no comments are passed over."""
        comments = [c for path in (self._beside, self._apart) for c in _read(path)]
        return sorted(comments, key=lambda c: c.written)

    def add(self, video: str, text: str, author: str = "") -> tuple[Comment, bool]:
        """Add a comment; it is on the disk when this returns.

        Returns:
            the comment, and whether it lies beside the run.

        Raises:
            S3EvalError: it says nothing, is too long, or cannot be written anywhere.
        """
        trimmed = text.replace("\r\n", "\n").strip()
        if not trimmed:
            raise S3EvalError("An empty comment is not kept")
        if len(trimmed) > MOST_CHARACTERS:
            raise S3EvalError(f"A comment has at most {MOST_CHARACTERS:,} characters")
        now = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
        comment = Comment(video, trimmed, " ".join(author.split())[:100], now)
        line = json.dumps(asdict(comment), ensure_ascii=True, sort_keys=True) + "\n"
        with self._lock:
            try:
                _append(self._beside, line)
                return comment, True
            except OSError:
                pass
            try:
                self._apart.parent.mkdir(parents=True, exist_ok=True)
                _append(self._apart, line)
            except OSError as error:
                raise S3EvalError(
                    "The comment could not be written", why=error.strerror or "",
                    fix="set S3EVAL_COMMENTS to a folder that can be written",
                ) from error  # fmt: skip
            return comment, False


def _append(path: Path, line: str) -> None:
    with path.open("a", encoding="ascii") as file:
        file.write(line)
        file.flush()
        os.fsync(file.fileno())


def _read(path: Path) -> Sequence[Comment]:
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []
    comments = []
    for line in lines:
        try:
            facts: Any = json.loads(line)
            comment = Comment(**{k: str(v) for k, v in facts.items()})
        except (ValueError, TypeError, AttributeError, RecursionError):
            continue
        comments.append(comment)
    return comments
