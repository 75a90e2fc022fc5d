"""The conformance suite of s3eval over everything this package brings."""

from __future__ import annotations

from pathlib import Path

from s3eval_ward.dataset import open_ward

from s3eval.testing import conformance

TABLE = Path(__file__).parent / "example" / "ward.csv"

test_plugin = conformance.suite(
    "s3eval-ward", data={"light": open_ward(str(TABLE))}, paths={"ward": TABLE}
)
