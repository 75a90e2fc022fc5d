"""Exported samples as a loaded model takes them: footage, prompt, answer."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from s3eval.facts.clips import Clip, Sampling
from s3eval.facts.footage import Footage
from s3eval.footage.decoding import decode, probe

if TYPE_CHECKING:
    from s3eval.facts.footage import FootageFailure

__all__ = ["Lesson", "lessons_of", "with_footage_of"]


@dataclass(frozen=True)
class Lesson:
    """One sample: ``footage`` is decoded from the exported clip, sound included."""

    key: str
    task: str
    footage: Footage
    prompt: str
    answer: str


def lessons_of(
    folder: Path, tasks: Sequence[str] = (), frames: int = 8, seconds: float | None = None
) -> list[Lesson]:
    """The samples of an export for ms-swift, in its order, each clip decoded once.

    Args:
        folder: that ``s3eval finetune export`` wrote.
        tasks: names of tasks; empty for all.
        frames: shown of a clip, evenly.
        seconds: of a clip that are shown, from its start on; all of it where that is None.
            Clips of one length cannot be told apart by it.
    """
    shown: dict[str, Footage] = {}
    lessons = []
    for line in (folder / "train.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        if tasks and row["task"] not in tasks:
            continue
        (file,) = row["videos"]
        if file not in shown:
            shown[file] = _footage(Path(file), frames, seconds)
        asked, answer = (m["content"] for m in row["messages"])
        prompt = asked.removeprefix("<video>")
        lessons.append(Lesson(row["id"], row["task"], shown[file], prompt, answer))
    return lessons


def with_footage_of(lessons: Sequence[Lesson], order: Sequence[int]) -> list[Lesson]:
    """Each lesson with the footage of another one, by place: what is asked stays."""
    return [
        replace(lesson, footage=lessons[i].footage)
        for lesson, i in zip(lessons, order, strict=True)
    ]


def _footage(file: Path, frames: int, seconds: float | None) -> Footage:
    length = min(probe(file, name=file.stem).duration, seconds or float("inf"))
    clip = Clip(file.stem, 0.0, length, Sampling(None, frames))
    (footage,) = decode(file, [clip])
    return _whole(footage)


def _whole(footage: Footage | FootageFailure) -> Footage:
    assert isinstance(footage, Footage), getattr(footage, "reason", "")
    return footage
