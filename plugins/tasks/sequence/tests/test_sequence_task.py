"""The sequence task on hand-made answers."""

from __future__ import annotations

import pytest
from s3eval_task_sequence.task import SequenceTask, prompt

from s3eval.dataset import Annotation, Dataset, Video
from s3eval.facts.clips import profile
from s3eval.model import Answer
from s3eval.task import Finding, Piece, PlanContext, Reading, ScoringContext

TASK = SequenceTask()
# Word for word the list of the paper's Table 9.
TABLE_9 = (
    "head turning, blank stare, close eyes, eye blinking, face pulling, face twitching, tonic, "
    "clonic, arm straightening, arm flexion, figure-4, oral automatisms, limb automatisms, "
    "asynchronous movement, pelvic thrusting, full body shaking, arms move simultaneously"
)


def test_the_prompt_is_the_paper_s_for_sight_and_adds_what_is_heard():
    assert f"limited to {TABLE_9}. If" in prompt({"sight"})
    both = prompt({"sight", "hearing"})
    assert "verbal responsiveness, ictal vocalization. If" in both
    assert "tonic" not in prompt({"hearing"}).split("limited to")[1].split(". If")[0]


def plan(duration, senses=("sight",)):
    context = PlanContext(profile("standard"), frozenset(senses))
    return list(TASK.inquiries(Video("v", "P", duration=duration), Annotation("v"), context))


def combined(answers, senses=("sight",)):
    made = plan(25.0 * len(answers) + 5, senses)
    pieces = []
    for inquiry, given in zip(made, answers, strict=True):
        answer = Answer.of(given) if isinstance(given, str) else given
        asked = inquiry.questions[0]
        reading = TASK.read(asked, answer) if answer.status == "answered" else Reading()
        pieces.append(Piece(inquiry, asked, answer, reading))
    (found,) = TASK.combine("v", pieces[::-1], ScoringContext(Dataset("d", (), {}), "paper"))
    return found


def test_windows_are_aligned_by_their_overlap():
    found = combined(["head turning, tonic", "tonic, clonic", "clonic, blank stare"])
    assert found.value == ["head_turning", "tonic", "clonic", "blank_stare"]
    assert (found.pieces, found.readable) == (3, 3)
    assert found.detail["senses"] == ["sight"]


def test_missing_windows_are_left_out_and_told():
    found = combined(["tonic", Answer.failed("boom"), "I cannot say"])
    assert found.value == ["tonic"]
    assert (found.pieces, found.readable) == (3, 1)
    assert [m["status"] for m in found.detail["missing"]] == ["failed", "unreadable"]
    assert combined([Answer.failed("boom")]).state == "failed"


def test_saying_there_is_nothing_is_an_answer():
    found = combined(["There are no seizure symptoms in this video.", "None"])
    assert (found.state, found.value) == ("answered", [])


def test_unknown_tokens_stay_and_are_listed():
    found = combined(["tonic, sits up, clonic"])
    assert found.value == ["tonic", "sits_up", "clonic"]
    assert found.detail["unknown"] == ["sits_up"]


def dataset(**truth) -> Dataset:
    return Dataset(
        "d",
        tuple(Video(v, v[0]) for v in truth),
        {v: Annotation(v, sequence=t) for v, t in truth.items()},
    )


def said(video, tokens, senses=None):
    detail = {"senses": senses} if senses else {}
    state = "answered" if tokens is not None else "failed"
    return Finding("sequence", video, "sequence", state, tokens, detail=detail)


def scores(found, data, protocol="paper"):
    return {t.metric: t for t in TASK.tallies(found, ScoringContext(data, protocol))}


def test_scores_by_hand():
    data = dataset(a=("head_turning", "tonic", "clonic"), b=("tonic",), c=None, d=("tonic",))
    found = [
        said("a", ["head_turning", "clonic"]),
        said("b", []),
        said("c", ["tonic"]),
        said("d", None),
    ]
    made = scores(found, data)
    assert made["edit_distance"].value == 1.0
    assert made["lcs_ratio"].value == 0.5
    assert made["temporal_f1"].value == pytest.approx((2 * 1 / (1 + 3) + 1.0) / 2)
    assert made["coverage"].value == pytest.approx(2 / 3)
    assert made["edit_distance"].higher_is_better is False
    assert "1 of 3 without a list" in made["lcs_ratio"].note


def test_repetition_pays_in_the_release_only():
    data = dataset(a=("tonic", "clonic"))
    found = [said("a", ["tonic", "clonic"] * 20)]
    release, paper = scores(found, data, "release"), scores(found, data, "paper")
    assert release["temporal_f1"].value == 1.0
    assert "rewards repetition" in release["temporal_f1"].note
    endless = [said("a", ["clonic", "tonic"] * 20)]
    assert scores(endless, data, "release")["temporal_f1"].value > 0.9
    assert scores(endless, data, "paper")["temporal_f1"].value == 0.0
    assert paper["edit_distance"].value == release["edit_distance"].value == 38


def test_the_reference_is_what_the_model_perceives():
    data = dataset(a=("ictal_vocalization", "tonic"), b=("ictal_vocalization",))
    seen = [said("a", ["tonic"]), said("b", ["tonic"])]
    made = scores(seen, data)
    assert made["edit_distance"].value == 0.0
    assert made["edit_distance"].videos == ("a",)  # nothing seen in b: nothing to order
    heard = [said("a", ["tonic"], ["hearing", "sight"]), said("b", ["tonic"], ["hearing", "sight"])]
    assert scores(heard, data)["edit_distance"].value == 1.0


def test_trivial_answerers():
    data = dataset(a=("tonic", "clonic"), b=("tonic", "clonic"), c=("blank_stare",))
    found = [said("a", ["tonic"]), said("b", None), said("c", ["tonic"])]
    lines = TASK.baselines(found, ScoringContext(data, "paper"))
    assert [f.value for f in lines["empty-sequence"]] == [[], [], []]
    frequent = {f.video: f.value for f in lines["most-frequent-sequence"]}
    assert frequent["c"] == ["tonic", "clonic"]
    assert TASK.baselines([], ScoringContext(data, "paper"))["empty-sequence"] == []
