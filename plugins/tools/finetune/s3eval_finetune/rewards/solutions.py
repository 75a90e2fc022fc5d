"""What a reward compares an answer with, and the rewards by name."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from s3eval.errors import S3EvalError, UnknownNameError
from s3eval.model import Answer, Question
from s3eval_finetune.tasks import task_numbered

if TYPE_CHECKING:
    from s3eval.task import Reading
    from s3eval.vocabulary import Protocol

__all__ = ["REWARDS", "Reward", "Solution", "number_of", "read", "rewards_of"]


@dataclass(frozen=True)
class Solution:
    """What stands in the columns ``task`` and ``solution`` of a sample.

    Attributes:
        number: of the task in the paper.
        item: of the task.
        value: the truth: a label, seconds in the clip, names of signs, a report.
        prompt: what was asked, for answers that copy it; "" where it is not known.
        reason: Task 2's annotated justification.
        length: Task 4's clip in seconds.
    """

    number: int
    item: str
    value: Any
    prompt: str = ""
    reason: str = ""
    length: float = 60.0

    @classmethod
    def of(cls, task: str, text: str) -> Solution:
        """From the two columns of a row.

        Raises:
            S3EvalError: no such task, or the text is no solution of an export.
        """
        return _solution(task, text)


@lru_cache(maxsize=65536)
def _solution(task: str, text: str) -> Solution:
    try:
        facts = json.loads(text)
        item, value = str(facts["item"]), facts["value"]
    except (ValueError, KeyError, TypeError) as error:
        raise S3EvalError(
            "This is no solution of an export",
            where=task,
            why=f"{type(error).__name__}: {error}",
            fix="s3eval finetune export writes the column 'solution'",
        ) from None
    return Solution(
        number_of(task),
        item,
        tuple(value) if isinstance(value, list) else value,
        str(facts.get("prompt", "")),
        str(facts.get("reason", "")),
        float(facts.get("length", 60.0)),
    )


def number_of(task: str) -> int:
    """The number of a task that is named as in the column ``task``.

    Raises:
        UnknownNameError: none of the seven is called so.
    """
    known = {task_numbered(n).name: n for n in range(1, 8)}
    if task not in known:
        raise UnknownNameError("task", task, known, fix="the column 'task' of an export")
    return known[task]


def read(text: str, asked: Solution, protocol: Protocol) -> Reading:
    """What an answer says, by the reader that evaluations use."""
    return task_numbered(asked.number).read(Question(asked.item, ""), Answer.of(text), protocol)


#: An answer's text and what it is compared with, to a number in [0, 1].
Reward = Callable[[str, Solution], float]


def _published(text: str, asked: Solution) -> float:
    from s3eval_finetune.rewards.published import published

    return published(text, asked)


def _better(text: str, asked: Solution) -> float:
    from s3eval_finetune.rewards.better import better

    return better(text, asked)


#: By the name that engines know them under; "seizure" is what the paper's command names.
REWARDS: Mapping[str, Reward] = {"seizure": _published, "seizure_better": _better}


def rewards_of(
    name: str, texts: Sequence[str], tasks: Sequence[str], solutions: Sequence[str]
) -> list[float]:
    """The rewards of a batch of answers.

    Args:
        name: of `REWARDS`.
        texts: the answers; ``tasks`` and ``solutions`` the rows' columns, as many each.

    Raises:
        S3EvalError: columns of another length, an unknown task or reward, no solution.

    >>> row = '{"item": "tonic", "value": "yes"}'
    >>> rewards_of("seizure", ["Yes", "no"], ["recognition"] * 2, [row] * 2)
    [1.0, 0.0]
    """
    if name not in REWARDS:
        raise UnknownNameError("reward", name, REWARDS, fix="s3eval finetune rewards")
    if not len(texts) == len(tasks) == len(solutions):
        raise S3EvalError(
            f"Expected as many tasks and solutions as answers, but got {len(texts)}, "
            f"{len(tasks)} and {len(solutions)}",
            fix="keep the columns: --remove_unused_columns false",
        )
    reward = REWARDS[name]
    return [
        reward(text, Solution.of(task, solution))
        for text, task, solution in zip(texts, tasks, solutions, strict=True)
    ]
