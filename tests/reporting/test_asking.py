"""What is shown while a run asks: counts by task, rate, time left, failures, cost."""

from __future__ import annotations

import io
import re

import pytest

from s3eval.facts.clips import Clip, Sampling
from s3eval.facts.videos import Video
from s3eval.model import Answer, Question
from s3eval.reporting.asking import AskingProgress, answers_shown
from s3eval.running.awaited import Awaited
from s3eval.running.executing import Asked
from s3eval.running.plan import Plan, VideoPlan
from s3eval.task import Inquiry

SHARED, OWN = Question("tonic", "Tonic?"), Question("order", "In which order?")


def plan(videos=2):
    """Two tasks that share a question, and one of them asks another."""
    plans = []
    for i in range(videos):
        clip = Clip(f"v{i}", 0.0, 10.0, Sampling())
        inquiries = (
            Inquiry("recognition", clip, (SHARED,)),
            Inquiry("justification", clip, (SHARED, OWN)),
        )
        plans.append(VideoPlan(Video(f"v{i}", "p"), inquiries, {clip: (SHARED, OWN)}))
    return Plan(tuple(plans))


def answers(asked_plan):
    for video, clip, question in asked_plan.asks():
        bad = video.name == "v1"
        yield Asked(clip, question, Answer.failed("dark") if bad else Answer.of("yes"))


def test_a_shared_answer_counts_for_every_task_that_wants_it():
    awaited = Awaited(plan())
    assert awaited.total == 4
    assert awaited.by_task == {"recognition": 2, "justification": 4}
    so_far = AskingProgress(awaited)
    told = [so_far.count(asked, False) for asked in answers(awaited.plan)]
    assert told == [["recognition", "justification"], ["justification"]] * 2
    assert so_far.done == {"": 4, "recognition": 2, "justification": 4}
    assert so_far.failed == {"": 2, "recognition": 1, "justification": 2}


def test_many_videos_are_told_apart_in_any_order():
    awaited = Awaited(plan(150))
    asks = [*awaited.plan.asks()]
    for _, clip, question in [*asks[::-7], *asks]:
        wanted = ["recognition", "justification"] if question is SHARED else ["justification"]
        assert awaited.tasks_of(clip, question) == wanted


def test_rate_and_time_left_are_those_of_new_answers():
    now = [0.0]
    so_far = AskingProgress(Awaited(plan()), clock=lambda: now[0])
    first, second, *_ = answers(so_far.awaited.plan)
    so_far.count(first, True)
    assert so_far.left is None and so_far.pace() == ""
    now[0] = 5.0
    so_far.count(second, False)
    assert so_far.rate == pytest.approx(0.2)
    assert so_far.left == pytest.approx(10.0)
    assert so_far.pace() == "0.2/s, 10 s left"


def test_nothing_is_left_at_the_end():
    so_far = AskingProgress(Awaited(plan()))
    for asked in answers(so_far.awaited.plan):
        so_far.count(asked, False)
    assert "left" not in so_far.line("motion")


def test_a_line_says_all_of_it():
    now = [0.0]
    so_far = AskingProgress(Awaited(plan(), lambda: 1.5), clock=lambda: now[0])
    now[0] = 2.0
    for asked in list(answers(so_far.awaited.plan))[:3]:
        so_far.count(asked, False)
    assert so_far.line("motion") == (
        "motion: 3 of 4 answers, 1.5/s, 1 s left, 1 failed, $1.50; "
        "recognition 2/2 (1 failed), justification 3/4 (1 failed)"
    )


def test_lines_come_now_and_then_and_name_no_video(capsys):
    awaited = Awaited(plan())
    with answers_shown("motion", awaited, "lines", every=0.0) as told:
        for asked in answers(awaited.plan):
            told(asked, False)
    shown = capsys.readouterr()
    assert shown.out == ""
    lines = shown.err.splitlines()
    assert len(lines) == 5 and lines[-1].startswith("motion: 4 of 4 answers")
    assert "v1" not in shown.err and "dark" not in shown.err
    with answers_shown("motion", awaited, "lines", every=60.0) as told:
        for asked in answers(awaited.plan):
            told(asked, False)
    assert capsys.readouterr().err == ""
    with answers_shown("motion", awaited, "none", every=0.0) as told:
        told(next(answers(awaited.plan)), False)
    assert capsys.readouterr().err == ""


def test_bars_fit_eighty_columns(monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    screen = Terminal()
    monkeypatch.setattr("sys.stderr", screen)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("TERM", "xterm")
    awaited = Awaited(plan(), lambda: 12.345)
    with answers_shown("qwen2.5-omni-7b", awaited) as told:
        for asked in answers(awaited.plan):
            told(asked, False)
    frames = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", screen.getvalue()).replace("\r", "\n")
    last = [line for line in frames.splitlines() if line.strip()][-3:]
    assert [line.split()[0] for line in last] == [
        "qwen2.5-omni-7b", "recognition", "justification",
    ]  # fmt: skip
    assert "4/4" in last[0] and "2 failed, $12.35" in last[0]
    assert "2/2" in last[1] and "1 failed" in last[1]
    assert max(len(line) for line in frames.splitlines()) <= 80
