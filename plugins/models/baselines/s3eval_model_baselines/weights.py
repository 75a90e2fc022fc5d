"""The judge behind `motion`: one logistic line a feature, fitted to drawn seizures.

``weights.json`` is made by ``benchmarks/baselines.py`` on training seeds only.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from math import exp
from typing import Any

__all__ = ["Weights"]


@dataclass(frozen=True)
class Weights:
    """Logistic lines over named measurements.

    Attributes:
        names: the measurements, in order.
        mean, scale: by which each is standardised, and then cut to [-4, 4].
        lines: by feature: (bias, a weight for each measurement). Probability 0.5 is the
            threshold that was best on the training seeds, video by video.
        made: how it was fitted: seeds, videos, windows.
    """

    names: Sequence[str]
    mean: Sequence[float]
    scale: Sequence[float]
    lines: Mapping[str, tuple[float, Sequence[float]]]
    made: Mapping[str, Any]

    @classmethod
    def built_in(cls) -> Weights:
        """The ones that ship with the package."""
        file = resources.files("s3eval_model_baselines").joinpath("weights.json")
        raw = json.loads(file.read_text(encoding="utf-8"))
        lines = {k: (v["bias"], v["weights"]) for k, v in raw["lines"].items()}
        return cls(raw["names"], raw["mean"], raw["scale"], lines, raw["made"])

    def probability(self, feature: str, measured: Mapping[str, float]) -> float:
        """The probability of "yes", in (0, 1)."""
        bias, weights = self.lines[feature]
        total = bias
        for name, mean, scale, weight in zip(
            self.names, self.mean, self.scale, weights, strict=True
        ):
            total += weight * max(-4.0, min(4.0, (measured[name] - mean) / scale))
        return 1 / (1 + exp(-max(-30.0, min(30.0, total))))
