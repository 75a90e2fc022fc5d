"""The rows of a training file against what its engine's loader asks for, without the engine."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

__all__ = ["faults_of"]


def faults_of(rows: list[Mapping[str, Any]], name: str) -> list[str]:
    """What an engine would refuse or misread in these rows, one line each.

    Args:
        rows: of the training file.
        name: of the format.

    >>> faults_of([{"messages": [{"role": "user", "content": "hm"}]}], "swift")[0]
    'row 1: expected columns messages, videos, task, solution, channel, id'
    """
    check = _trl if name == "trl" else _tagged
    return [f"row {n}: {fault}" for n, row in enumerate(rows, 1) for fault in check(row, name)]


_COLUMNS = {
    "swift": ("messages", "videos", "task", "solution", "channel", "id"),
    "llama-factory": ("messages", "videos"),
    "trl": ("prompt", "completion", "images", "task", "solution", "id"),
}


def _tagged(row: Mapping[str, Any], name: str) -> Iterator[str]:
    if missing := _missing(row, name):
        yield missing
        return
    messages = row["messages"]
    if [m.get("role") for m in messages] != ["user", "assistant"]:
        yield "expected a user's message and an assistant's"
        return
    text = "".join(m["content"] for m in messages)
    for tag, column in (("<video>", "videos"), ("<audio>", "audios"), ("<image>", "images")):
        files = row.get(column) or []
        if text.count(tag) != len(files):
            yield f"{text.count(tag)} {tag} for {len(files)} files"
        yield from _absent(files)
    if not messages[1]["content"].strip():
        yield "nothing is answered"
    yield from _solution(row, name)


def _trl(row: Mapping[str, Any], name: str) -> Iterator[str]:
    if missing := _missing(row, name):
        yield missing
        return
    parts = [p for message in row["prompt"] for p in message["content"]]
    pictures = sum(p["type"] == "image" for p in parts)
    if pictures != len(row["images"]):
        yield f"{pictures} places for {len(row['images'])} pictures"
    if {frozenset(p) for p in parts} != {frozenset(("type", "text"))}:
        yield "every part needs type and text, or the table's columns differ from row to row"
    yield from _absent(row["images"])
    yield from _solution(row, name)


def _missing(row: Mapping[str, Any], name: str) -> str:
    wanted = _COLUMNS[name]
    return "" if {*wanted} <= {*row} else f"expected columns {', '.join(wanted)}"


def _absent(files: list[str]) -> Iterator[str]:
    for path in files:
        if not Path(path).is_absolute() or not Path(path).is_file():
            yield f"no such file: {Path(path).name}"


def _solution(row: Mapping[str, Any], name: str) -> Iterator[str]:
    if name == "llama-factory":
        return
    try:
        known = {"item", "prompt", "value"} <= {*json.loads(row["solution"])}
    except ValueError:
        known = False
    if not known:
        yield "expected solution to be a JSON object with item, prompt and value"
