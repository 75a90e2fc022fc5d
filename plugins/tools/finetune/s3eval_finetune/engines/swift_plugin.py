"""The rewards as a plugin of ms-swift: ``--external_plugins FILE --reward_funcs seizure``.

``s3eval finetune plan`` prints FILE. It registers ``seizure`` (the paper's rewards, under the name
that the paper's command uses) and ``seizure_better``.
"""

from __future__ import annotations

from typing import Any

from swift.rewards import ORM, orms

from s3eval_finetune.rewards.solutions import rewards_of

__all__ = ["Seizure", "SeizureBetter"]


class Seizure(ORM):
    """The paper's rewards."""

    name = "seizure"

    def __call__(
        self, completions: list[str], task: list[str], solution: list[str], **_: Any
    ) -> list[float]:
        """A reward for each completion, of the rows' columns ``task`` and ``solution``."""
        return rewards_of(self.name, completions, task, solution)


class SeizureBetter(Seizure):
    """The better rewards."""

    name = "seizure_better"


orms[Seizure.name] = Seizure
orms[SeizureBetter.name] = SeizureBetter
