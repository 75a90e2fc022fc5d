"""The lexicon against the recorded readings it was developed on (never the test split)."""

from __future__ import annotations

import csv

import pytest
from s3eval_judge_lexicon.judge import Lexicon

from s3eval.judging.schemas import report_row
from s3eval.testing.paths import release_dir
from s3eval.vocabulary import FEATURE_NAMES, LOCALIZING, SECTIONS


@pytest.mark.release
def test_development_references_are_read_as_well_as_the_docs_say():
    root = release_dir()
    if root is None:
        pytest.skip("the public release is not here")

    def rows(name: str) -> list[dict[str, str]]:
        with (root / name).open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))

    folds = {r["file_name"]: r["fold"] for r in rows("finetune/datasplit/all_folds.csv")}
    reports = {
        r["file_name"]: r["report"] for r in rows("result/ground_truth/task6_report_annotation.csv")
    }
    recorded = {r["file_name"]: r for r in rows("result/ground_truth/task6_report_modified.csv")}
    names = [n for n in reports if folds.get(n, "0") != "0"]
    assert len(names) == 350
    tp = wrong = equal = same = 0
    for name, ours in zip(names, Lexicon().read_reports([reports[n] for n in names]), strict=True):
        reference = report_row(recorded[name], words=0)
        mine, known = {*ours.features}, {*reference.features} & {*FEATURE_NAMES}
        tp += len(mine & known)
        wrong += len(mine ^ known)
        equal += sum(ours.localizing[k] == reference.localizing[k] for k in LOCALIZING)
        same += sum((s in ours.sections) == (s in reference.sections) for s in SECTIONS)
    assert 2 * tp / (2 * tp + wrong) > 0.865  # docs/judges.md: 0.872
    assert equal / (4 * len(names)) > 0.94  # 0.946
    assert same / (3 * len(names)) > 0.93  # 0.940
