"""The seven tasks give the published cells of the recorded answers (the release, when there)."""

from __future__ import annotations

from collections import defaultdict
from decimal import ROUND_HALF_UP, Decimal

import pytest

from s3eval.running.loading import load_tasks
from s3eval.running.scoring import tally_findings
from s3eval.testing.paths import release_dir

pytestmark = [
    pytest.mark.release,
    pytest.mark.skipif(release_dir() is None, reason="the public release is not on this machine"),
]

TABLES = {
    "19": "recognition",
    "20": "justification",
    "21": "spatial",
    "22": "timing",
    "23": "sequence",
    "24": "report",
    "2": "diagnosis",
}
#: Needs an encoder that is no part of the core.
NOT_TEXT = ("bertscore",)


@pytest.fixture(scope="module")
def scored():
    from s3eval_paper.release.runs import read_runs
    from s3eval_paper.release.truth import read_truth

    from s3eval.dataset.sheets import Problems

    root = release_dir()
    assert root is not None
    truth = read_truth(root, Problems())
    values = {}
    for run in read_runs(root, truth, "test", Problems()):
        by_task = defaultdict(list)
        for finding in run.findings:
            by_task[finding.task].append(finding)
        tallied = tally_findings(by_task, truth.dataset, "release", load_tasks(by_task))
        for tally in tallied.tallies:
            values[run.model, tally.task, tally.item, tally.metric] = tally.value
    return values


def compared(scored, table: str, task: str):
    from s3eval_paper import tables as published

    models = {model for model, *_ in scored}
    for cell in published.cells(table, split="test"):
        if table == "2" and cell.item not in ("video_only", "with_report"):
            continue
        if cell.model in models and cell.metric not in NOT_TEXT:
            value = scored.get((cell.model, task, cell.item, cell.metric))
            yield cell, value


def equal(cell, value: float | None) -> bool:
    if value is None:
        return False
    digits = Decimal(1).scaleb(-cell.decimals)
    printed = Decimal(cell.printed)
    halfway = {
        Decimal(f"{value:.10f}").quantize(digits, rounding=ROUND_HALF_UP),
        Decimal(str(round(value, cell.decimals))).quantize(digits),
    }
    return printed in halfway


@pytest.mark.parametrize("table", TABLES)
def test_published_cells(scored, table):
    cells = list(compared(scored, table, TABLES[table]))
    wrong = [
        f"{c.model} {c.item} {c.metric}: {c.printed}, got {v}" for c, v in cells if not equal(c, v)
    ]
    assert cells
    assert not wrong, f"{len(wrong)} of {len(cells)}: " + "; ".join(wrong[:12])
