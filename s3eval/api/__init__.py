"""The Python API: what the command line does, as functions whose results are objects.

>>> import s3eval
>>> data = s3eval.open_dataset("demo/data")  # doctest: +SKIP
>>> runs = s3eval.evaluate(
...     model="motion", tasks=["recognition"], data=data, out="runs"
... )  # doctest: +SKIP
>>> runs.to_frame()  # doctest: +SKIP
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

# Looked up on first use: a command that only wants to know which judge reads loads no NumPy.
_HOME = {
    "Calibrations": "calibrating",
    "calibrate": "calibrating",
    "DatasetCheck": "checking",
    "check_dataset": "checking",
    "Comparison": "comparing",
    "compare": "comparing",
    "JudgeComparison": "judge_comparing",
    "compare_judges": "judge_comparing",
    "SecondStages": "two_stages",
    "Stages": "two_stages",
    "two_stage": "two_stages",
    "Sweep": "sweeping",
    "sweep": "sweeping",
    "open_dataset": "datasets",
    "evaluate": "evaluating",
    "JudgeChoice": "judges",
    "ScoredRuns": "runs",
    "open_runs": "runs",
    "score": "runs",
}
__all__ = [
    "Calibrations",
    "Comparison",
    "DatasetCheck",
    "JudgeChoice",
    "JudgeComparison",
    "ScoredRuns",
    "SecondStages",
    "Stages",
    "Sweep",
    "calibrate",
    "check_dataset",
    "compare",
    "compare_judges",
    "evaluate",
    "open_dataset",
    "open_runs",
    "score",
    "sweep",
    "two_stage",
]

if TYPE_CHECKING:
    from s3eval.api.calibrating import Calibrations, calibrate
    from s3eval.api.checking import DatasetCheck, check_dataset
    from s3eval.api.comparing import Comparison, compare
    from s3eval.api.datasets import open_dataset
    from s3eval.api.evaluating import evaluate
    from s3eval.api.judge_comparing import JudgeComparison, compare_judges
    from s3eval.api.judges import JudgeChoice
    from s3eval.api.runs import ScoredRuns, open_runs, score
    from s3eval.api.sweeping import Sweep, sweep
    from s3eval.api.two_stages import SecondStages, Stages, two_stage


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 's3eval.api' has no attribute '{name}'")
    return getattr(importlib.import_module(f"s3eval.api.{_HOME[name]}"), name)
