"""The two kinds of files the scripted models read: prevalences and recorded answers."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from s3eval import S3EvalError

__all__ = ["PrevalenceTable", "ReplayTable"]


@dataclass(frozen=True)
class PrevalenceTable:
    """How often each answer occurs, by item: ``counts[item][answer]``.

    The built-in one counts the annotation of the public release over the training folds 1-4
    (350 videos): facts about the benchmark's training split, none about its test fold. "na" of
    verbal_responsiveness is an empty cell there (nobody speaks to the patient).
    """

    counts: Mapping[str, Mapping[str, float]]
    digest: str

    @classmethod
    def built_in(cls) -> PrevalenceTable:
        """The table that ships with the package."""
        file = resources.files("s3eval_model_baselines").joinpath("prevalence.csv")
        return cls._parse(file.read_bytes(), "prevalence.csv")

    @classmethod
    def read(cls, path: Path) -> PrevalenceTable:
        """A table of one's own: CSV with the columns item, answer, count (or share)."""
        return cls._parse(_content(path), path.name)

    @classmethod
    def _parse(cls, content: bytes, name: str) -> PrevalenceTable:
        counts: dict[str, dict[str, float]] = {}
        for row, values in _csv_rows(content, name, ("item", "answer", "count")):
            try:
                count = float(values["count"])
            except ValueError:
                count = -1.0
            if not 0 <= count < float("inf"):
                raise S3EvalError(
                    f"Expected count to be a number of at least 0, but got '{values['count']}'",
                    where=f"{name}, row {row}",
                )
            of_item = counts.setdefault(values["item"], {})
            if values["answer"] in of_item:
                raise S3EvalError("The same item and answer twice", where=f"{name}, row {row}")
            of_item[values["answer"]] = count
        return cls(counts, hashlib.sha256(content).hexdigest())

    def shares(self, item: str, choices: Sequence[str]) -> dict[str, float] | None:
        """The shares of the offered answers, summing to 1; None when nothing is known.

        >>> PrevalenceTable.built_in().shares("diagnosis", ("ES", "NES"))
        {'ES': 0.68, 'NES': 0.32}
        """
        known = {a.lower(): n for a, n in self.counts.get(item, {}).items()}
        found = {c: known.get(c.lower(), 0.0) for c in choices}
        total = sum(found.values())
        return {c: n / total for c, n in found.items()} if total > 0 else None


@dataclass(frozen=True)
class ReplayTable:
    """Recorded answers by (video, item, start); start None stands for every clip."""

    answers: Mapping[tuple[str, str, int | None], str]
    digest: str

    @classmethod
    def read(cls, path: Path) -> ReplayTable:
        """Read a CSV, or JSONL where the name ends in .jsonl; ``value`` may stand for answer."""
        content = _content(path)
        rows = _json_rows if path.suffix == ".jsonl" else _replay_csv_rows
        answers: dict[tuple[str, str, int | None], str] = {}
        for row, values in rows(content, path.name):
            where = f"{path.name}, row {row}"
            key = (values["video"], values["item"], _milliseconds(values.get("start"), where))
            if key in answers:
                raise S3EvalError("The same video, item and start twice", where=where)
            answers[key] = values["answer"]
        return cls(answers, hashlib.sha256(content).hexdigest())

    def find(self, video: str, item: str, start: float) -> str | None:
        """The answer for this clip, else the one for the whole video, else None."""
        exact = self.answers.get((video, item, round(start * 1000)))
        return exact if exact is not None else self.answers.get((video, item, None))


def _content(path: Path) -> bytes:
    if not path.is_file():
        raise S3EvalError("No such file", where=path)
    return path.read_bytes()


def _text(content: bytes, name: str) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise S3EvalError("Not UTF-8 text", where=f"{name}, line {line}") from None


def _csv_rows(
    content: bytes, name: str, needed: Sequence[str]
) -> Iterator[tuple[int, dict[str, str]]]:
    reader = csv.DictReader(io.StringIO(_text(content, name), newline=""))
    missing = [c for c in needed if c not in (reader.fieldnames or ())]
    if missing:
        raise S3EvalError(f"Column {', '.join(missing)} missing", where=name)
    for row, values in enumerate(reader, start=2):
        yield row, {k: (v or "").strip() for k, v in values.items() if isinstance(k, str)}


def _replay_csv_rows(content: bytes, name: str) -> Iterator[tuple[int, dict[str, Any]]]:
    for row, values in _csv_rows(content, name, ("video", "item", "answer")):
        if values["answer"]:  # an empty cell is no answer, not an empty one
            yield row, values


def _json_rows(content: bytes, name: str) -> Iterator[tuple[int, dict[str, Any]]]:
    for row, line in enumerate(_text(content, name).splitlines(), start=1):
        if not line.strip():
            continue
        try:
            values = dict(json.loads(line))
            given = values.get("answer", values.get("value"))
            values = {**values, "video": str(values["video"]), "item": str(values["item"])}
        except (ValueError, TypeError, KeyError) as error:
            raise S3EvalError(
                "Expected a JSON object with video, item and answer",
                where=f"{name}, row {row}",
                why=f"{type(error).__name__}: {error}",
            ) from None
        if given is not None:
            text = ", ".join(map(str, given)) if isinstance(given, list) else str(given)
            yield row, {**values, "answer": text}


def _milliseconds(start: Any, where: str) -> int | None:
    """Starts compare to the millisecond, so 25 and 25.000 are the same window."""
    if start in (None, ""):
        return None
    try:
        return round(float(start) * 1000)
    except (TypeError, ValueError, OverflowError):
        raise S3EvalError(f"Expected start to be seconds, but got {start!r}", where=where) from None
