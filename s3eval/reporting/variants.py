"""Which options of a model a run's name stands for."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from s3eval.running.made_alike import shown_value

if TYPE_CHECKING:
    from s3eval.running.runs import Run

__all__ = ["model_options_of", "variant_lines"]


def model_options_of(runs: Iterable[Run]) -> dict[str, Mapping[str, Any]]:
    """The options that the models of runs were loaded with, by the run's name.

    Runs whose model had none are left out.
    """
    options = {run.name: run.facts.options.get("model") for run in runs}
    return {name: given for name, given in options.items() if given and isinstance(given, Mapping)}


def variant_lines(options: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """A line for each run whose model had options: what its name stands for.

    Args:
        options: of the model, by the run's name.

    >>> variant_lines({"bright-cd7f8e": {"threshold": 0.2, "sound": False}, "motion": {}})
    ['bright-cd7f8e: threshold=0.2, sound=false']
    """
    return [
        f"{name}: {', '.join(f'{key}={_shown(key, value)}' for key, value in given.items())}"
        for name, given in options.items()
        if given
    ]


def _shown(key: str, value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return shown_value(key, text)
