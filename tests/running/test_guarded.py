"""A task's own code names itself where it fails, whoever calls it."""

from __future__ import annotations

import itertools

import pytest

from s3eval.errors import MachineError, S3EvalError
from s3eval.facts.clips import Clip, Sampling
from s3eval.model import Question
from s3eval.running.guard import Guard
from s3eval.running.guarded import TaskFaultError, guarded
from s3eval.running.task_results import checked_inquiries
from s3eval.task import Inquiry, Task


class Gait(Task):
    name = "gait"
    inquiries = read = combine = None

    def __init__(self, work=lambda: 1 / 0):
        self._work = work

    def tallies(self, findings, context):
        return self._work()

    def truth(self, video, annotation, item, context):
        return self._work()


Gait.__abstractmethods__ = frozenset()


def leaving():
    raise SystemExit(0)


@pytest.mark.parametrize("work", [lambda: 1 / 0, leaving, lambda: None, lambda: ["f1"]])
def test_scores_that_cannot_be_had_name_the_task_and_its_package(work):
    task = guarded(Gait(work), "gait-package")
    with pytest.raises(TaskFaultError, match=r"'gait' failed while scoring \(gait-package\)"):
        task.tallies([], type("Context", (), {"dataset": type("D", (), {"videos": ()})})())


def test_a_truth_that_ends_the_program_is_a_fault_of_the_task():
    with pytest.raises(TaskFaultError, match="naming the truth"):
        guarded(Gait(leaving), "gait-package").truth(None, None, "step", None)


def test_no_memory_is_the_machine():
    def nothing_left():
        raise MemoryError

    with pytest.raises(MachineError):
        guarded(Gait(nothing_left), "gait-package").truth(None, None, "step", None)


def test_a_fault_says_its_task_once():
    task, guard = guarded(Gait(), "gait-package"), Guard({"gait": "gait-package"})
    assert guard.call("gait", "scoring", lambda: task.truth(None, None, "step", None), None) is None
    assert str(guard.faults[0]).count("gait") == 2  # the task and its package
    assert "ZeroDivisionError" in guard.faults[0].reason


CLIP = Clip("v", 0.0, 4.0, Sampling(fps=1.0))


def test_a_plan_without_an_end_is_refused():
    endless = (Inquiry("gait", CLIP, (Question(f"q{i}", "?"),)) for i in itertools.count())
    with pytest.raises(S3EvalError, match="at most 20,000"):
        checked_inquiries("gait", "v", endless)


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"max_tokens": "many"}, "max_tokens"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"repeat": None}, "repeat"),
        ({"choices": (1, 2)}, "choices"),
        ({"text": "half \ud800"}, "half a character"),
    ],
)
def test_fields_of_a_question_have_their_types(changes, word):
    question = Question(**{"key": "q", "text": "?", **changes})
    with pytest.raises(S3EvalError, match=word):
        checked_inquiries("gait", "v", [Inquiry("gait", CLIP, (question,))])


def test_questions_are_a_tuple_and_a_clip_has_a_sampling():
    with pytest.raises(S3EvalError, match="tuple"):
        checked_inquiries("gait", "v", [Inquiry("gait", CLIP, [Question("q", "?")])])
    with pytest.raises(S3EvalError, match="Sampling"):
        unsampled = Clip("v", 0.0, 4.0, None)
        checked_inquiries("gait", "v", [Inquiry("gait", unsampled, (Question("q", "?"),))])
