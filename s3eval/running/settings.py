"""What an evaluation is made with: one value that is asked for, runs and is recorded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import tomli_w

from s3eval.errors import S3EvalError
from s3eval.plugin_calls import described
from s3eval.running.repeats import ONCE, Repeats
from s3eval.toml_file import read_toml
from s3eval.vocabulary import Protocol

__all__ = ["Settings"]


@dataclass(frozen=True)
class Settings:
    """Everything that decides what one model is asked, and how that is read.

    Nothing about leaving the machine is in it: permission is given anew each time.

    Attributes:
        model: its name; ``model_options`` its options.
        tasks: names, in order; ``task_options`` options by task.
        data: the dataset as the user called it.
        protocol: "paper" or "release".
        seed: of seeded choices and intervals.
        profile: sampling profile, "" for the model's own; ``sampling`` changes to it.
        selection: which videos, as `Dataset.select` takes it ("videos", "folds", "limit"), and
            "outside" where files outside the dataset folder were allowed.
        repeats: how often each question is asked, and which answer then counts.
        judge: its name, "" where none reads; ``judge_options`` its options.
    """

    model: str
    tasks: tuple[str, ...]
    data: str
    protocol: Protocol = "paper"
    seed: int = 0
    profile: str = ""
    sampling: Mapping[str, Any] = field(default_factory=dict)
    model_options: Mapping[str, Any] = field(default_factory=dict)
    task_options: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    selection: Mapping[str, Any] = field(default_factory=dict)
    judge: str = ""
    judge_options: Mapping[str, Any] = field(default_factory=dict)
    repeats: Repeats = ONCE

    @classmethod
    def from_toml(cls, path: Path) -> Settings:
        """The settings that `as_toml` wrote, e.g. a run's ``run.toml``.

        Raises:
            S3EvalError: no such file, or one that no run wrote.
        """
        facts = read_toml(path, "The settings of this run cannot be read")
        selection = {name: facts.get(name) for name in ("videos", "limit")}
        try:
            selection["folds"] = [int(v) for v in facts["folds"]] if "folds" in facts else None
            selection["outside"] = facts.get("allow-outside")
            per_task: dict[str, dict[str, Any]] = {}
            for key, value in facts.get("task-option", {}).items():
                task, _, name = key.partition(".")
                per_task.setdefault(task, {})[name] = value
            return cls(
                model=facts["model"],
                tasks=tuple(facts["tasks"].split(",")),
                data=facts["data"],
                protocol=facts.get("protocol", "paper"),
                seed=facts.get("seed", 0),
                profile=facts.get("profile", ""),
                sampling=facts.get("sampling", {}),
                model_options=facts.get("model-option", {}),
                task_options=per_task,
                selection={name: value for name, value in selection.items() if value},
                judge=facts.get("judge", ""),
                judge_options=facts.get("judge-option", {}),
                repeats=Repeats(
                    facts.get("repeat", 1),
                    facts.get("combination", ONCE.combination),
                    facts.get("seed", 0),
                ),
            )
        except (KeyError, AttributeError, TypeError, ValueError) as error:
            raise S3EvalError(
                "The settings of this run cannot be read",
                where=path,
                why=described(error),
                fix="the command that made it",
            ) from error

    def as_toml(self) -> str:
        """The options file that repeats it: ``s3eval run --config run.toml --out OUT``.

        What is at its default is left out.

        >>> print(Settings("motion", ("recognition",), "demo/data", seed=1).as_toml())
        model = "motion"
        tasks = "recognition"
        data = "demo/data"
        seed = 1
        <BLANKLINE>
        """
        options: dict[str, Any] = {
            "model": self.model,
            "tasks": ",".join(self.tasks),
            "data": self.data,
        }
        if self.protocol != "paper":
            options["protocol"] = self.protocol
        if self.seed:
            options["seed"] = self.seed
        if self.profile:
            options["profile"] = self.profile
        if self.judge:
            options["judge"] = self.judge
        if self.repeats.count > 1:
            options["repeat"] = self.repeats.count
            options["combination"] = self.repeats.combination
        options |= self._selected()
        tables = {
            "sampling": self.sampling,
            "model-option": self.model_options,
            "task-option": {
                f"{task}.{key}": value
                for task, given in self.task_options.items()
                for key, value in given.items()
            },
            "judge-option": self.judge_options,
        }
        options |= {name: dict(table) for name, table in tables.items() if table}
        return tomli_w.dumps(_without_none(options))

    def _selected(self) -> dict[str, Any]:
        chosen: dict[str, Any] = {}
        for name in ("videos", "folds"):
            if self.selection.get(name) is not None:
                chosen[name] = [str(value) for value in self.selection[name]]
        if self.selection.get("limit") is not None:
            chosen["limit"] = self.selection["limit"]
        if self.selection.get("outside"):
            chosen["allow-outside"] = True
        return chosen


def _without_none(value: Any) -> Any:
    """TOML has no null; options that are null are at their default."""
    if isinstance(value, Mapping):
        return {k: _without_none(v) for k, v in value.items() if v is not None}
    if isinstance(value, (list, tuple)):
        return [_without_none(v) for v in value if v is not None]
    return value
