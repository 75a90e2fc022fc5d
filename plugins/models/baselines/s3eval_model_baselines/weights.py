"""The judge behind `motion`: one logistic line a feature, fitted to drawn seizures.

``weights.json`` is made by ``benchmarks/baselines.py`` on training seeds only.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from math import exp
from typing import Any

__all__ = ["Weights"]


@dataclass(frozen=True)
class Weights:
    """Logistic lines over named measurements.

    Attributes:
        usual: mean and scale of each measurement, by which it is standardised, and then cut
            to [-4, 4].
        lines: by feature: (bias, weight by name of the measurements that speak for it).
            Probability 0.5 is the threshold that was best on the training seeds.
        made: how it was fitted: seeds, videos, windows.
    """

    usual: Mapping[str, tuple[float, float]]
    lines: Mapping[str, tuple[float, Mapping[str, float]]]
    made: Mapping[str, Any]

    @classmethod
    def built_in(cls) -> Weights:
        """The ones that ship with the package."""
        file = resources.files("s3eval_model_baselines").joinpath("weights.json")
        raw = json.loads(file.read_text(encoding="utf-8"))
        lines = {k: (v["bias"], v["weights"]) for k, v in raw["lines"].items()}
        usual = {name: (mean, scale) for name, (mean, scale) in raw["usual"].items()}
        return cls(usual, lines, raw["made"])

    def probability(self, feature: str, measured: Mapping[str, float]) -> float:
        """The probability of "yes", in (0, 1)."""
        bias, weights = self.lines[feature]
        total = bias
        for name, weight in weights.items():
            mean, scale = self.usual[name]
            total += weight * max(-4.0, min(4.0, (measured[name] - mean) / scale))
        return 1 / (1 + exp(-max(-30.0, min(30.0, total))))
