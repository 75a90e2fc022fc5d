"""The rewards as TRL calls them: completions and the rows' columns, as many rewards back.

from s3eval_finetune.engines.trl import seizure_better
GRPOTrainer(..., reward_funcs=[seizure_better], train_dataset=...)
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from s3eval_finetune.rewards.solutions import rewards_of

__all__ = ["seizure", "seizure_better", "text_of"]


def seizure(
    completions: Sequence[Any], task: Sequence[str], solution: Sequence[str], **_: Any
) -> list[float]:
    """The paper's rewards.

    >>> said = [[{"role": "assistant", "content": "Yes"}]]
    >>> seizure(said, ["recognition"], ['{"item": "tonic", "value": "yes"}'])
    [1.0]
    """
    return rewards_of("seizure", [text_of(c) for c in completions], task, solution)


def seizure_better(
    completions: Sequence[Any], task: Sequence[str], solution: Sequence[str], **_: Any
) -> list[float]:
    """The better rewards."""
    return rewards_of("seizure_better", [text_of(c) for c in completions], task, solution)


def text_of(completion: Any) -> str:
    """The text of a completion: plain, or messages whose content is text or parts.

    >>> text_of([{"role": "assistant", "content": [{"type": "text", "text": "Yes"}]}])
    'Yes'
    """
    if isinstance(completion, str):
        return completion
    texts: list[str] = []
    for message in completion:
        content = message["content"]
        parts = [content] if isinstance(content, str) else [p.get("text") or "" for p in content]
        texts += parts
    return "".join(texts)
