"""What a check of a run's model found (``s3eval check-model``), where it is kept with the run."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from s3eval.running.model_check import ModelCheck, read_model_check
from s3eval_view.report.cells import Cell, ReportTable, cell

if TYPE_CHECKING:
    from s3eval_view.report.evidence import Evidence, RunEvidence

__all__ = ["check_table"]


def check_table(evidence: Evidence, name: str) -> ReportTable:
    """A row for each line of the checks, a column for each run that has one.

    Raises:
        S3EvalError: a check that cannot be read.
    """
    stored = [(run, read_model_check(run.scored.run.path)) for run in evidence.runs]
    checks = [(run, check) for run, check in stored if check is not None]
    names = dict.fromkeys(line.name for _, check in checks for line in check.lines)
    questions = {line.name: line.question for _, check in checks for line in check.lines}
    rows = tuple(
        (cell(line), cell(questions[line]), *(_cell(check, line) for _, check in checks))
        for line in names
    )
    return ReportTable(
        name,
        "What was checked of the models",
        ("line", "question", *(run.label for run, _ in checks)),
        rows,
        " ".join(_other_model(run, check) for run, check in checks).strip(),
    )


def _cell(check: ModelCheck, name: str) -> Cell:
    line = next((line for line in check.lines if line.name == name), None)
    if line is None:
        return cell(None)
    more = (line.found, f"likely: {line.cause}") if line.cause else (line.found,)
    values = {"": line.verdict, "found": line.found, "cause": line.cause}
    return Cell(line.verdict, more, values, "")


def _other_model(run: RunEvidence, check: ModelCheck) -> str:
    """A sentence where the run's answers are not those of the model that was checked."""
    facts = run.scored.run.facts
    differing = [
        key
        for key in sorted({*facts.identity, *check.identity})
        if not _same(facts.identity, check.identity, key)
    ]
    if check.model != facts.model:
        return f"{run.label}: another model was checked ({check.model})."
    if differing:
        return f"{run.label}: checked with other settings ({', '.join(differing)})."
    return ""


def _same(one: Mapping[str, Any], other: Mapping[str, Any], key: str) -> bool:
    missing = object()
    first, second = one.get(key, missing), other.get(key, missing)
    if missing in (first, second):
        return False
    # Lists and tuples are the same once they were written.
    return json.dumps(first, sort_keys=True) == json.dumps(second, sort_keys=True)
