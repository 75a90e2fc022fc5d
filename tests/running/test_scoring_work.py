"""Scoring is done once: every list a judge gets, combining, tallies and the bootstrap."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

import s3eval
from s3eval.api.datasets import dataset_of
from s3eval.judge import Judge, MergedText, MergeTexts, ReadReport, ReportFacts
from s3eval.running.materials import material_of
from s3eval.statistics.scored import score_all
from s3eval.vocabulary import LOCALIZING

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def work():
    """The benchmark of that name, which counts."""
    path = ROOT / "benchmarks" / "scoring_work.py"
    spec = importlib.util.spec_from_file_location("scoring_work", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Counting(Judge):
    """Merges and reads anything, and keeps the lists it was given."""

    def __init__(self):
        self.lists = []

    def identity(self):
        return {"judge": "counting"}

    def answer(self, requests):
        self.lists.append(list(requests))
        return super().answer(requests)

    def merge(self, groups, kind):
        return [MergedText(" ".join(texts)) for texts in groups]

    def read_reports(self, texts):
        nothing = dict.fromkeys(LOCALIZING, "none")
        return [ReportFacts(("onset",), ("clonic",), nothing, words=len(t.split())) for t in texts]


def test_a_judge_gets_two_lists_over_all_runs_and_nothing_is_done_twice(work, tmp_path):
    data, answers = work.write_data(tmp_path)
    for name in ("one", "two"):
        s3eval.evaluate(
            "replay",
            "report",
            data,
            tmp_path / name,
            judge="none",
            model_options={"file": str(answers)},
            progress=False,
        )
    runs = s3eval.open_runs([tmp_path / "one", tmp_path / "two"])
    materials = [material_of(r, *dataset_of(r), r.facts.protocol) for r in runs]
    judge = Counting()
    with work.counted() as counts:
        scored = score_all(runs, materials, judge, resamples=50)
    merging, reading = judge.lists
    assert {type(r) for r in merging} == {MergeTexts} and len(merging) == work.VIDEOS
    # The same texts stand in both runs, and each is read once: merged, annotated, template.
    assert {type(r) for r in reading} == {ReadReport} and len(reading) == 2 * work.VIDEOS + 1
    assert counts["combine"] == 2 * work.VIDEOS, "each video of each run once"
    assert counts["tallies"] == counts["bootstrap"] == 2, "each run once"
    assert {row.metric for one in scored for row in one.rows} >= {"rqi", "bleu"}


def test_commands_with_a_chat_judge_score_once_under_one_preview(work, monkeypatch, tmp_path):
    pytest.importorskip("s3eval_judge_gpt")
    monkeypatch.setenv("S3EVAL_CACHE", str(tmp_path))
    counts = work.measure()
    # Before any merging, windows are combined once more to say what reading will take.
    first = {"combine": 2, "tallies": 1, "bootstrap": 1, "judge_calls": 13, "previews": 1}
    again = {"combine": 1, "tallies": 1, "bootstrap": 1, "judge_calls": 0, "previews": 0}
    # What the run stored still holds, so that showing it does none of this.
    shown = dict.fromkeys(again, 0)
    assert counts == {"run": first, "show": shown, "score": again, "score, another judge": first}
