"""BERTScore as a tally: one batch, each value with its video, the encoder named."""

from __future__ import annotations

import pytest

from s3eval.dataset import Annotation, Dataset, FeatureAnnotation, Video
from s3eval.metrics import bertscore as module
from s3eval.metrics import tallies as build
from s3eval.metrics.bertscore import BertScores, EncoderNotAvailableError
from s3eval.plugins import discover
from s3eval.running.loading import load_tasks
from s3eval.running.scoring import tally_findings
from s3eval.task import Finding


@pytest.fixture
def batches(monkeypatch):
    """An encoder that scores a pair by the length of its prediction."""
    seen = []

    def scores(predicted, references, encoder=module.ENCODER, layer=9):
        seen.append((list(predicted), list(references)))
        values = tuple(len(p) / 10 if p else None for p in predicted)
        return BertScores(values, encoder, layer)

    monkeypatch.setattr(module, "bert_scores", scores)
    return seen


def test_values_go_to_their_items_and_videos(batches):
    items = {
        "tonic": [("a", "xx", "r"), ("b", "", "r"), ("c", "xxxx", "r")],
        "clonic": [],
        "figure4": [("a", "x", "r")],
    }
    tonic, clonic, figure4 = build.bertscore("t", items, "tiny/encoder")
    assert (tonic.videos, tonic.value) == (("a", "c"), pytest.approx(0.3))
    assert clonic.value is None
    assert (figure4.videos, figure4.value) == (("a",), pytest.approx(0.1))
    assert tonic.note == "tiny/encoder, layer 9"
    assert len(batches) == 1


def test_without_weights_it_is_an_error_and_never_a_score():
    with pytest.raises(EncoderNotAvailableError):
        build.bertscore("t", {"tonic": [("a", "x", "y")]}, "nobody/nothing")


@pytest.mark.skipif(
    not {"justification", "report"} <= {*discover().names("task")}, reason="needs both tasks"
)
def test_tasks_add_it_when_asked(batches):
    note = Annotation(
        "a", {"tonic": FeatureAnnotation("yes", None, None, "Stiff.")}, report="Stiff."
    )
    data = Dataset("d", (Video("a", "p"),), {"a": note})
    findings = {
        "justification": [Finding("justification", "a", "tonic", "answered", "STIFF")],
        "report": [Finding("report", "a", "report", "answered", "Stiff  arm")],
    }
    tasks = load_tasks(findings)
    without = tally_findings(findings, data, "paper", tasks).tallies
    assert "bertscore" not in {t.metric for t in without}
    options = {"bertscore": True}
    made = tally_findings(findings, data, "paper", tasks, options=options).tallies
    found = {(t.task, t.item): t.value for t in made if t.metric == "bertscore"}
    assert found == {
        ("justification", "tonic"): 0.5,
        ("justification", "mean"): 0.5,
        ("report", "report"): pytest.approx(0.9),
    }
    assert batches == [(["stiff"], ["stiff."]), (["stiff arm"], ["stiff."])]
