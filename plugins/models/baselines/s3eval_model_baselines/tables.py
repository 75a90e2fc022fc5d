"""The two kinds of files the scripted models read: prevalences and recorded answers."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from s3eval import S3EvalError
from s3eval.dataset.csv_file import MAX_BYTES, CsvFile
from s3eval.dataset.problems import Problem, refuse

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
        rows = _Rows(name)
        for row, values in rows.of_csv(content, ("item", "answer", "count")):
            try:
                count = float(values["count"])
            except ValueError:
                count = -1.0
            of_item = counts.setdefault(values["item"], {})
            if not 0 <= count < float("inf"):
                got = values["count"]
                rows.wrong(row, f"expected count to be a number of at least 0, but got '{got}'")
            elif values["answer"] in of_item:
                rows.wrong(row, "the same item and answer twice")
            else:
                of_item[values["answer"]] = count
        rows.refuse("These prevalences cannot be read")
        return cls(counts, hashlib.sha256(content).hexdigest())

    def shares(self, item: str, choices: Sequence[str]) -> dict[str, float] | None:
        """The shares of the offered answers, summing to 1; None when nothing is known.

        >>> PrevalenceTable.built_in().shares("diagnosis", ("ES", "NES"))
        {'ES': 0.68, 'NES': 0.32}
        """
        known = {a.lower(): n for a, n in self.counts.get(item, {}).items()}
        counts = {c: known.get(c.lower(), 0.0) for c in choices}
        total = sum(counts.values())
        return {c: n / total for c, n in counts.items()} if total > 0 else None


@dataclass(frozen=True)
class ReplayTable:
    """Recorded answers by (video, item, start); start None stands for every clip."""

    answers: Mapping[tuple[str, str, int | None], str]
    digest: str

    @classmethod
    def read(cls, path: Path) -> ReplayTable:
        """Read a CSV, or JSONL where the name ends in .jsonl; ``value`` may stand for answer."""
        content = _content(path)
        rows = _Rows(path.name)
        given = rows.of_json(content) if path.suffix == ".jsonl" else rows.of_csv(content, _REPLAY)
        answers: dict[tuple[str, str, int | None], str] = {}
        for row, values in given:
            if not values["answer"]:  # an empty cell is no answer, not an empty one
                continue
            try:
                start = _milliseconds(values.get("start"))
            except ValueError as error:
                rows.wrong(row, str(error))
                continue
            key = (values["video"], values["item"], start)
            if key in answers:
                rows.wrong(row, "the same video, item and start twice")
            answers[key] = values["answer"]
        rows.refuse("These answers cannot be read")
        return cls(answers, hashlib.sha256(content).hexdigest())

    def find(self, video: str, item: str, start: float) -> str | None:
        """The answer for this clip, else the one for the whole video, else None."""
        exact = self.answers.get((video, item, round(start * 1000)))
        return exact if exact is not None else self.answers.get((video, item, None))


#: Wrong rows that are kept; a file with more is refused all the same.
MAX_PROBLEMS = 20_000
_REPLAY = ("video", "item", "answer")


def _content(path: Path) -> bytes:
    if not path.is_file():
        raise S3EvalError("No such file", where=path)
    if path.stat().st_size > MAX_BYTES:
        raise S3EvalError("The file is too large", where=path, why=f"over {MAX_BYTES:,} bytes")
    return path.read_bytes()


class _Rows:
    """The rows of a file, and what is wrong with any of them: all of it is told at once."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.problems: list[Problem] = []

    def wrong(self, row: int, what: str, fix: str = "") -> None:
        """Remember what is wrong with a row."""
        if len(self.problems) < MAX_PROBLEMS:
            self.problems.append(Problem("error", self.name, row, what, fix))

    def refuse(self, what: str) -> None:
        """Refuse the file where something is wrong.

        Raises:
            S3EvalError: names every kind of fault with its rows.
        """
        refuse(what, self.problems)

    def of_csv(self, content: bytes, needed: Sequence[str]) -> Iterator[tuple[int, dict[str, Any]]]:
        """The rows of a CSV file that has these columns."""
        read = CsvFile(content, self.name, (*needed, "start"), resume=True)
        missing = [c for c in needed if c not in read.columns]
        if read.columns and missing:
            self.wrong(1, f"column {', '.join(missing)} missing")
        for record in [] if missing else read:
            for column, what in record.broken:
                self.wrong(record.number, f"{what}, in column '{column}'", "save it as UTF-8")
            if record.fault:
                self.wrong(record.number, record.fault, record.fix)
            elif not record.broken:
                yield record.number, {**dict.fromkeys(needed, ""), **record.cells}
        self.problems += read.problems

    def of_json(self, content: bytes) -> Iterator[tuple[int, dict[str, Any]]]:
        """The objects of a JSON Lines file; an answer that is null is left out."""
        # Lines end where JSON says: U+2028 and U+0085 inside a text are text.
        for row, line in enumerate(content.removeprefix(b"\xef\xbb\xbf").split(b"\n"), start=1):
            if line.strip():
                try:
                    values = _object(line.decode("utf-8"))
                except UnicodeDecodeError as error:
                    self.wrong(row, f"byte 0x{line[error.start]:02X} is not UTF-8")
                except (ValueError, RecursionError) as error:
                    what = "expected a JSON object with video, item and answer"
                    self.wrong(row, f"{what}: {error or type(error).__name__}")
                else:
                    yield row, values


def _object(line: str) -> dict[str, Any]:
    """One line of JSON as text by field.

    Raises:
        ValueError: it is not JSON, not an object, or lacks video or item.
    """
    values = json.loads(line)
    if not isinstance(values, dict):
        raise ValueError(f"it is {type(values).__name__}")
    missing = [name for name in ("video", "item") if values.get(name) in (None, "")]
    if missing:
        raise ValueError(f"{' and '.join(missing)} missing")
    given = values.get("answer", values.get("value"))
    text = ", ".join(map(str, given)) if isinstance(given, list) else str(given)
    names = {name: str(values[name]) for name in ("video", "item")}
    return {**values, **names, "answer": "" if given is None else text}


def _milliseconds(start: Any) -> int | None:
    """Starts compare to the millisecond, so 25 and 25.000 are the same window.

    Raises:
        ValueError: it is no number of seconds.
    """
    if start in (None, ""):
        return None
    try:
        return round(float(start) * 1000)
    except (TypeError, ValueError, OverflowError):
        raise ValueError(f"expected start to be seconds, but got {start!r}") from None
