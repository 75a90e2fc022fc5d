"""The conformance suite: whether a plugin keeps the contracts, and what its author must change.

In a plugin's own tests one line is enough::

    from s3eval.testing import conformance

    test_plugin = conformance.suite("my-distribution")

The checks one by one give a list of problems: `check_package`, `check_model`, `check_task`,
`check_judge`, `check_dataset`, `check_tool`. They need pytest only for `suite`.
"""

from __future__ import annotations

from s3eval.testing.conformance.datasets import check_dataset
from s3eval.testing.conformance.invented import invented_dataset
from s3eval.testing.conformance.judges import check_judge
from s3eval.testing.conformance.models import check_model
from s3eval.testing.conformance.packages import check_package
from s3eval.testing.conformance.problems import Problem
from s3eval.testing.conformance.suite import suite
from s3eval.testing.conformance.tasks import check_task
from s3eval.testing.conformance.tools import check_tool

__all__ = [
    "Problem",
    "check_dataset",
    "check_judge",
    "check_model",
    "check_package",
    "check_task",
    "check_tool",
    "invented_dataset",
    "suite",
]
