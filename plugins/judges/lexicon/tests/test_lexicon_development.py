"""What the lexicon is developed on: folds 1-4, and never a text of fold 0."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[4] / "benchmarks"
pytestmark = pytest.mark.skipif(not BENCHMARKS.is_dir(), reason="only in the source tree")
FOLDS = {"p0@a.mp4": "0", "p1@a.mp4": "1", "p4@a.mp4": "4"}
#: Besides these, a video in no fold: it may be of a patient of fold 0.
VIDEOS = [*FOLDS, "p9@a.mp4"]
READING = {
    "structural_completeness": json.dumps(["onset"]),
    "event_sequence": json.dumps(["clonic"]),
    "localizing_features": json.dumps(
        dict.fromkeys(
            ("head_turning", "first_motor_laterality", "asymmetric_posturing", "figure_4"), "none"
        )
    ),
    "content_analysis": json.dumps({"includes_non_seizure": False, "has_safety_issues": False}),
    "report_length": "4",
}


def write(path: Path, rows: list[dict[str, str]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, [*rows[0]])
        table.writeheader()
        table.writerows(rows)


def reading(video: str) -> dict[str, str]:
    """A recorded reading; one that must not be read is broken, so that reading it fails."""
    if FOLDS.get(video, "0") == "0":
        return {"file_name": video, **dict.fromkeys(READING, "{not to be read")}
    return {"file_name": video, **READING}


@pytest.fixture
def release(tmp_path: Path) -> Path:
    from s3eval_paper.release.layout import TRUTH

    write(tmp_path / TRUTH["folds"], [{"file_name": v, "fold": f} for v, f in FOLDS.items()])
    for reports, readings in (
        (TRUTH["reports"], TRUTH["extractions"]),
        (
            "result/vlm_inference/Model/Task6_Model_all_merged.csv",
            "result/vlm_inference/Model/Task6_Model_all_merged_modified.csv",
        ),
    ):
        write(
            tmp_path / reports,
            [{"file_name": v, "report": f"Left arm jerking, told of {v}."} for v in VIDEOS],
        )
        write(tmp_path / readings, [reading(v) for v in VIDEOS])
    return tmp_path


@pytest.fixture
def measures(monkeypatch):
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    import reading_measures

    return reading_measures


def test_no_text_of_fold_0_or_of_no_fold_is_returned_or_read(release, measures, monkeypatch):
    read: list[str] = []
    judge = measures.lexicon()

    class Recording:
        def read_reports(self, texts):
            read.extend(texts)
            return judge.read_reports(texts)

    monkeypatch.setattr(measures, "lexicon", Recording)
    pairs = [*measures.development_models(release), *measures.references(release, "dev")]
    assert [(p.source, p.video) for p in pairs] == [
        ("Model", "p1@a.mp4"),
        ("Model", "p4@a.mp4"),
        ("references", "p1@a.mp4"),
        ("references", "p4@a.mp4"),
    ]
    texts = " ".join([*read, *(p.text for p in pairs)])
    assert "p1@a.mp4" in texts
    assert "p0@a.mp4" not in texts and "p9@a.mp4" not in texts


def test_rows_are_dropped_by_their_name(release, measures):
    from s3eval_paper.release.layout import TRUTH

    wanted = measures.in_split(release, "dev")
    assert [v for v in VIDEOS if wanted(v)] == ["p1@a.mp4", "p4@a.mp4"]
    assert len(measures.rows(release / TRUTH["reports"], wanted)) == 2
    test = measures.in_split(release, "test")
    assert [v for v in VIDEOS if test(v)] == ["p0@a.mp4"]


def test_a_release_without_folds_gives_nothing_to_develop_on(release, measures):
    from s3eval_paper.release.layout import TRUTH

    write(release / TRUTH["folds"], [{"file_name": "other.mp4", "fold": "1"}])
    assert measures.development_models(release) == []
