"""What lmms-eval is to ask: a number for every question of every task, the same each time."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from s3eval import S3EvalError
from s3eval.vocabulary import Protocol, Sense

if TYPE_CHECKING:
    from s3eval import Clip, Question
    from s3eval.facts.videos import Dataset, Video

__all__ = ["Asked", "Choices", "asked_of", "digest_of", "read_choices", "write_choices"]

FORMAT = 1
FILE = "s3eval.json"


@dataclass(frozen=True)
class Choices:
    """What was chosen when the tasks were prepared; written beside them.

    Attributes:
        data: the dataset, as ``s3eval run --data`` takes it; a folder by its absolute path.
        tasks: names of s3eval's tasks.
        profile: sampling profile.
        sound: whether clips carry their sound, so that questions about it are asked.
        protocol, judge: how answers are read, and by whom texts are.
        folds: only these; none for all.
        seed: of random choices.
    """

    data: str
    tasks: tuple[str, ...]
    profile: str = "standard"
    sound: bool = False
    protocol: Protocol = "paper"
    judge: str = ""
    folds: tuple[int, ...] = ()
    seed: int = 0

    @property
    def senses(self) -> frozenset[Sense]:
        """Of a model that is asked."""
        return frozenset({"sight", "hearing"} if self.sound else {"sight"})

    @property
    def selection(self) -> Mapping[str, Any]:
        """As `Dataset.select` takes it."""
        return {"folds": [*self.folds]} if self.folds else {}


@dataclass(frozen=True)
class Asked:
    """One question of one task.

    Attributes:
        number: its place among the task's questions, from 0: the document's ``doc_id``.
    """

    number: int
    task: str
    video: Video
    clip: Clip
    question: Question


@dataclass(frozen=True)
class Planned:
    """Every question by task, and why videos could not be planned, by name."""

    asked: Mapping[str, tuple[Asked, ...]]
    unplanned: Mapping[str, str] = field(default_factory=dict)


def asked_of(choices: Choices, dataset: Dataset) -> Planned:
    """Plan every task by itself, so that each holds all its questions whatever is run with it."""
    from s3eval.facts.clips import profile
    from s3eval.running.loading import load_tasks
    from s3eval.running.plan import make_plan

    by_task: dict[str, tuple[Asked, ...]] = {}
    unplanned: dict[str, str] = {}
    selected = dataset.select(**choices.selection)
    for task in choices.tasks:
        plan = make_plan(
            selected, load_tasks([task]), profile(choices.profile), choices.senses, choices.seed
        )
        unplanned |= {name: lost.reason for name, lost in plan.unplanned.items()}
        by_task[task] = tuple(
            Asked(number, task, video, clip, question)
            for number, (video, clip, question) in enumerate(
                ask for ask in plan.asks() if ask[2].sense in choices.senses
            )
        )
    return Planned(by_task, unplanned)


def digest_of(planned: Planned) -> str:
    """Of all questions about all clips: another dataset or another version asks otherwise."""
    facts = [
        (a.task, a.number, a.video.name, asdict(a.clip), asdict(a.question))
        for asked in planned.asked.values()
        for a in asked
    ]
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


def write_choices(folder: Path, choices: Choices, digest: str) -> None:
    """Write `FILE` into the folder of the tasks."""
    facts = {"format": FORMAT, "questions": digest, **asdict(choices)}
    (folder / FILE).write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")


def read_choices(folder: Path) -> tuple[Choices, str]:
    """The choices, and the digest of the questions.

    Raises:
        S3EvalError: the file is not there or is no such file.
    """
    path = folder / FILE
    try:
        facts = json.loads(path.read_text(encoding="utf-8"))
        if facts.pop("format") != FORMAT:
            raise S3EvalError("These tasks were prepared by another version", where=path)
        digest = str(facts.pop("questions"))
        for name in ("tasks", "folds"):
            facts[name] = tuple(facts[name])
        return Choices(**facts), digest
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise S3EvalError(
            "No tasks were prepared in this folder",
            where=path,
            why=type(error).__name__,
            fix="s3eval data lmms-eval-tasks --help",
        ) from error
