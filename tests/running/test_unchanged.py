"""Stored scores are read only where computing them again would give the same."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

import s3eval
from s3eval import Annotation, Dataset, FeatureAnnotation, Video
from s3eval.dataset import write_folder
from s3eval.statistics import scored as module


@pytest.fixture
def data(tmp_path):
    videos = tuple(Video(f"v{i}", f"p{i}", duration=40.0, diagnosis="ES") for i in range(4))
    notes = {
        v.name: Annotation(v.name, {"tonic": FeatureAnnotation("yes" if i % 2 else "no", 3.0)})
        for i, v in enumerate(videos)
    }
    return write_folder(Dataset("d", videos, notes), tmp_path / "data")


@pytest.fixture
def computed(monkeypatch) -> list[int]:
    """Grows by one whenever scores are computed."""
    calls: list[int] = []
    real = module.score_rows

    def counted(*arguments: Any, **options: Any) -> Any:
        calls.append(1)
        return real(*arguments, **options)

    monkeypatch.setattr(module, "score_rows", counted)
    return calls


def run(data: Path, out: Path, **options: Any) -> Any:
    return s3eval.evaluate("always-yes", "recognition", data, out, progress=False, **options)


def test_what_did_not_change_is_read_and_equal(data, tmp_path, computed):
    first = run(data, tmp_path / "runs")
    assert len(computed) == 1
    again, shown = run(data, tmp_path / "runs"), s3eval.score(tmp_path / "runs")
    assert len(computed) == 1
    assert first[0].as_json() == again[0].as_json() == shown[0].as_json()
    assert repr(first) == repr(shown)
    assert first.to_frame().equals(shown.to_frame()[list(first.to_frame().columns)])


@pytest.mark.parametrize(
    "change",
    ["protocol", "resamples", "annotation", "answers", "scores", "bertscore", "code", "retry"],
)
def test_any_change_is_computed(data, tmp_path, computed, monkeypatch, change):
    out = tmp_path / "runs"
    run(data, out)
    folder = out / "always-yes"
    options: dict[str, Any] = {}
    if change == "protocol":
        options = {"protocol": "release"}
    elif change == "resamples":
        options = {"resamples": 100}
    elif change == "bertscore":
        monkeypatch.setattr("s3eval.metrics.tallies.bertscore", lambda *a, **k: [])
        options = {"bertscore": "an-encoder"}
    elif change == "answers":
        import sqlite3

        with sqlite3.connect(folder / "answers.sqlite") as db:
            db.execute("UPDATE answers SET text = 'no' WHERE question = 'tonic'")
        db.close()
    elif change == "scores":
        (folder / "scores.json").write_text("{}")
    elif change == "code":
        import s3eval_task_recognition.task as task

        source = Path(task.__file__)
        state = source.stat()
        later = (state.st_atime_ns, state.st_mtime_ns + 1_000_000)
        os.utime(source, ns=later)
        try:
            s3eval.score(out)
        finally:
            os.utime(source, ns=(state.st_atime_ns, state.st_mtime_ns))
        assert len(computed) == 2
        return
    elif change == "annotation":
        table = data / "features.csv"
        table.write_text(table.read_text().replace("v0,tonic,no", "v0,tonic,yes"))
        again = run(data, out)
        assert len(computed) == 2
        recall = next(r for r in again[0].rows if (r.item, r.metric) == ("tonic", "precision"))
        assert recall.value == 0.75
        return
    elif change == "retry":
        run(data, out, retry_failed=True)
        assert len(computed) == 1, "nothing failed, so nothing changed"
        return
    s3eval.score(out, **options)
    assert len(computed) == 2


def test_a_fault_is_not_kept(data, tmp_path, computed, monkeypatch):
    from s3eval_task_recognition.task import Recognition

    with monkeypatch.context() as broken:
        broken.setattr(Recognition, "tallies", lambda *a: 1 / 0)
        assert run(data, tmp_path / "runs")[0].faults
    whole = s3eval.score(tmp_path / "runs")[0]
    assert not whole.faults
    assert json.loads((tmp_path / "runs/always-yes/scores.json").read_text())["faults"]
