"""The Python API: what the command line does, as functions whose results are objects.

>>> import s3eval
>>> data = s3eval.open_dataset("demo/data")  # doctest: +SKIP
>>> runs = s3eval.evaluate(
...     model="motion", tasks=["recognition"], data=data, out="runs"
... )  # doctest: +SKIP
>>> runs.to_frame()  # doctest: +SKIP
"""

from __future__ import annotations

from s3eval.api.comparing import Comparison, compare
from s3eval.api.datasets import open_dataset
from s3eval.api.evaluating import evaluate
from s3eval.api.judges import JudgeChoice
from s3eval.api.runs import ScoredRuns, open_runs, score

__all__ = [
    "Comparison",
    "JudgeChoice",
    "ScoredRuns",
    "compare",
    "evaluate",
    "open_dataset",
    "open_runs",
    "score",
]
