"""The readers on every recorded answer of the release: they read what its authors read."""

from __future__ import annotations

import csv
import re
from collections import defaultdict

import pytest

from s3eval.answers import (
    read_body_part,
    read_diagnosis,
    read_sequence,
    read_side,
    read_time,
    read_yes_no,
    split_sequence,
)
from s3eval.tasks.combining import any_yes, joined, kept_texts, overlap_merge
from s3eval.testing.paths import release_dir
from s3eval.vocabulary import BODY_PARTS, FEATURE_NAMES

pytestmark = [
    pytest.mark.release,
    pytest.mark.skipif(release_dir() is None, reason="the public release is not on this machine"),
]
WINDOW = re.compile(r"_segment_(\d+)(?=\.\w+$)")


def rows(pattern: str):
    root = release_dir()
    assert root is not None
    for path in sorted(root.glob(f"test_dataset/vlm_inference_test/*/{pattern}")):
        with path.open(encoding="utf-8-sig", newline="") as handle:
            for row in csv.DictReader(handle):
                yield path.parent.name, row


def cells(pattern: str, column: str) -> list[str]:
    return [row[column] for _, row in rows(pattern) if row.get(column)]


def by_video(pattern: str):
    """Windows by (model, video), in order."""
    groups = defaultdict(list)
    for model, row in rows(pattern):
        key = row["file_name"]
        number = WINDOW.search(key)
        place = (model, WINDOW.sub("", key))
        groups[place].append((int(number.group(1)) if number else 0, row))
    return {k: [row for _, row in sorted(v, key=lambda x: x[0])] for k, v in groups.items()}


def test_labels():
    for label in ("yes", "no"):
        assert read_yes_no(label).value == label
    found = [c for f in FEATURE_NAMES[:18] for c in cells("Task12_*_all_merged.csv", f)]
    assert len(found) > 3000
    assert all(read_yes_no(c).value == c for c in found if c in ("yes", "no"))


def test_times_are_read_or_blank():
    found = cells("Task4_*_all.csv", "timestamp")
    assert len(found) > 2000
    for text in found:
        *_, minutes, seconds = text.split(":")
        assert read_time(text).value == int(minutes) * 60 + int(seconds)


def test_sides_parts_and_diagnoses():
    for column in ("head_turning_direction", "arm_movement_direction"):
        for text in cells("Task3_[HA]*_*.csv", column):
            assert read_side(text).value == text
    for text in cells("Task3_L_*.csv", "onset_body_part"):
        assert read_body_part(text).value == (text if text in BODY_PARTS else None)
    for column in ("prediction_with_report", "prediction_without_report"):
        for text in cells("Task7_*_all.csv", column):
            assert read_diagnosis(text).value == (text if text in ("ES", "NES") else None)


def test_lists_of_windows_merge_to_the_recorded_ones():
    windows = by_video("Task5_*_all.csv")
    merged = {(m, r["file_name"]): r["feature_list"] for m, r in rows("Task5_*_all_merge.csv")}
    denied = same = 0
    for place, recorded in merged.items():
        said = [read_sequence(row["event_sequence"]) for row in windows[place]]
        assert all(s.readable for s in said if s.reason != "nothing was said"), place
        found = overlap_merge(s.value or [] for s in said)
        if recorded.startswith("There,are,no") or ",There,are,no" in recorded:
            denied += 1  # The release took these sentences for lists of words.
            continue
        assert found == split_sequence(recorded), place
        same += 1
    assert same > 300
    assert denied < 6


def test_windows_yes_and_reasons_merge_to_the_recorded_ones():
    windows = {
        place: rows_
        for pattern in ("Task12_*_all.csv", "Task1_*_all.csv")
        for place, rows_ in by_video(pattern).items()
    }
    labels = texts = differ = 0
    for model, row in rows("Task12_*_all_merged.csv"):
        theirs = windows.get((model, row["file_name"]))
        if theirs is None:
            continue
        for feature in FEATURE_NAMES:
            if not row.get(feature):
                continue
            column = f"justification_for_{feature}"
            said = [(r.get(feature), r.get(column) or "") for r in theirs]
            known = [label for label, _ in said if label in ("yes", "no", "na")]
            assert any_yes(known) == row[feature], (row["file_name"], feature)
            labels += 1
            recorded = row[column].strip()
            # pandas wrote its "nan" and a failed window its "fail" into a few recorded texts.
            if re.search(r"(^|\|\| )(nan|fail)$", recorded):
                differ += 1
                continue
            assert joined(kept_texts(feature, said)) == recorded, (row["file_name"], feature)
            texts += 1
    assert labels > 5000
    assert texts > 5000
    assert differ < 10
