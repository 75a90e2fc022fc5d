"""Rewards for reinforcement learning: the paper's, and better ones; a number in [0, 1] each.

>>> from s3eval_finetune.rewards import Solution, better, published
>>> asked = Solution.of("sequence", '{"item": "sequence", "value": ["tonic", "clonic"]}')
>>> published("tonic", asked), round(better("tonic", asked), 2)
(1.0, 0.33)
"""

from __future__ import annotations

from s3eval_finetune.rewards.better import better
from s3eval_finetune.rewards.published import published
from s3eval_finetune.rewards.solutions import REWARDS, Reward, Solution, rewards_of

__all__ = ["REWARDS", "Reward", "Solution", "better", "published", "rewards_of"]
