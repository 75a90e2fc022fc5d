"""Plugins whose objects raise where nobody calls them, that give without an end, or take away."""

from __future__ import annotations

import itertools
import signal
import subprocess
import sys
import threading
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from s3eval import Annotation, Dataset, FeatureAnnotation, Video
from s3eval.dataset.validity import check_facts, checked
from s3eval.errors import MachineError, S3EvalError, import_failure
from s3eval.facts.clips import Clip, Sampling
from s3eval.facts.footage import Footage
from s3eval.facts.tally import Counts, Tally
from s3eval.judge import Extract, Extraction, Judge, MergeTexts, ReadReport, Unreadable
from s3eval.judging.stages import serve
from s3eval.model import Answer, Model, Question
from s3eval.plugin_calls import at_most, call_plugin, described, plugin_output
from s3eval.running.asking import ask_prepared, prepared_clip
from s3eval.running.boundary import checked_answer, checked_findings
from s3eval.running.guard import Guard
from s3eval.running.guarded import TaskFaultError, guarded
from s3eval.running.limits import StageSeconds
from s3eval.running.models import loaded_senses, temperature_of
from s3eval.running.scoring import requests_of
from s3eval.running.session import concurrency_of, identity_of
from s3eval.running.task_results import checked_baselines, checked_items, checked_tallies
from s3eval.signals import handled
from s3eval.specs import ModelSpec
from s3eval.task import Finding, Item, Task
from s3eval.testing.plugins import module_with, registry_of

ASKED = Question("tonic", "Tonic?", ("yes", "no"))
CLIP = Clip("v", 0, 5, Sampling())


class Leaves(BaseException):
    """An exception that ends the program when its message is made."""

    def __str__(self) -> str:
        raise SystemExit(0)


class Ending(dict[str, Any]):
    """A mapping that ends the program when it is looked at."""

    def __iter__(self):
        raise SystemExit(0)

    keys = __len__ = __getitem__ = __iter__  # type: ignore[assignment]


class Odd(Model):
    uses_footage = False
    given: Any = None

    def identity(self) -> Any:
        return Ending()

    @property
    def senses(self) -> Any:
        return self.given

    def answer(self, footage: Any, question: Question) -> Any:
        return "no"


def plugin() -> Any:
    spec = ModelSpec("odd", adapter="x:Odd", sees=True)
    return registry_of(("odd", "odd-package", module_with(s3eval_models=[spec]))).plugins[0]


def test_an_exception_that_ends_the_program_when_it_is_shown_is_put_into_words():
    assert described(Leaves()) == "Leaves: its message cannot be made (SystemExit)"
    assert import_failure(Leaves(), "mine").startswith("Leaves: its message cannot be made")
    assert len(import_failure(ValueError("x" * 10**6), "mine")) < 2_000


def test_what_a_model_says_of_itself_is_read_where_the_package_is_known():
    odd = Odd()
    with pytest.raises(S3EvalError, match="odd-package"):
        identity_of(odd, "odd", "odd-package")
    odd.given = {type("No", (), {"__repr__": lambda self: sys.exit(0)})()}
    with pytest.raises(S3EvalError, match="odd-package"):
        loaded_senses(odd, plugin())


def test_numbers_of_numpy_are_numbers_of_a_model():
    odd: Any = Odd()
    odd.temperature, odd.concurrency = np.float32(0.5), np.int64(2)
    assert (temperature_of(odd, plugin()), concurrency_of(odd, "odd", "p")) == (0.5, 2)


def test_an_answer_that_ends_the_program_when_it_is_read_fails_alone():
    class Leaving(Answer):
        def __getattribute__(self, name: str) -> Any:
            return sys.exit(0) if name == "text" else super().__getattribute__(name)

    assert checked_answer(Leaving("answered", "no"), ASKED).reason.endswith("SystemExit: 0")


def test_a_prepared_clip_whose_size_cannot_be_had_fails_the_clip():
    class Odder(Odd):
        def prepare(self, footage: Any) -> Any:
            return type("P", (), {"nbytes": property(lambda self: sys.exit(0))})()

    ready = prepared_clip(Odder(), Footage.unseen(CLIP, 5), [ASKED], "", StageSeconds())
    assert [a.answer.status for a in ready.known] == ["failed"]


def test_a_model_that_empties_the_list_of_questions_takes_nothing_away():
    class Emptying(Odd):
        def ask(self, watched: Any, questions: Any) -> Any:
            count = len(questions)
            questions.clear()
            return ["no"] * count

    ready = prepared_clip(Emptying(), Footage.unseen(CLIP, 5), [ASKED], "", StageSeconds())
    assert [a.answer.text for a in ask_prepared(Emptying(), ready, StageSeconds())] == ["no"]


def test_streams_and_handlers_of_signals_are_as_before():
    before = sys.stderr, signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    with plugin_output():
        sys.stderr = None  # type: ignore[assignment]
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    after = sys.stderr, signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    assert after == before


def test_handlers_that_the_command_set_between_two_calls_are_not_replaced_by_older_ones():
    entered, done = threading.Event(), threading.Event()

    def overlap() -> None:
        with plugin_output():
            entered.set()
            done.wait(30)

    before = signal.getsignal(signal.SIGINT)
    worker = threading.Thread(target=overlap)
    try:
        with handled((signal.SIGINT,), lambda number, frame: None), plugin_output():
            worker.start()
            assert entered.wait(30)
        assert signal.getsignal(signal.SIGINT) is before
        with plugin_output():
            with plugin_output():
                signal.signal(signal.SIGINT, signal.SIG_IGN)
            done.set()
            worker.join(30)
        assert signal.getsignal(signal.SIGINT) is before
    finally:
        done.set()
        signal.signal(signal.SIGINT, before)


def test_handlers_are_set_back_although_another_thread_is_still_in_a_plugin():
    entered, done = threading.Event(), threading.Event()

    def overlap() -> None:
        with plugin_output():
            entered.set()
            done.wait(30)

    before = signal.getsignal(signal.SIGTERM)
    worker = threading.Thread(target=overlap)
    worker.start()
    try:
        assert entered.wait(30)
        with plugin_output():
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
        assert signal.getsignal(signal.SIGTERM) is before
    finally:
        done.set()
        worker.join(30)
        signal.signal(signal.SIGTERM, before)


@pytest.mark.parametrize("closing", ["sys.stderr.close()", "sys.stderr.buffer.close()"])
def test_what_follows_is_said_although_a_stream_was_closed(closing):
    code = (
        "import sys\nfrom s3eval.terminal import echo, standard_streams\n"
        f"with standard_streams():\n    {closing}\n    echo('still', err=True)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr == "still\n"


def test_a_closed_descriptor_is_an_output_that_nobody_reads():
    code = (
        "import os\nfrom s3eval.terminal import echo, standard_streams\n"
        "with standard_streams():\n    os.close(1)\n    echo('lost')\n    echo('told', err=True)\n"
        "    os.open('/dev/null', os.O_WRONLY)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr == "told\n"


def test_a_full_disk_in_a_plugin_is_the_machine():
    def full() -> None:
        raise OSError(28, "No space left on device", "out")

    with pytest.raises(MachineError, match="disk is full"):
        call_plugin("Exporting to 'x'", "x-package", full)


def test_what_is_given_without_an_end_is_refused():
    finding, forever = Finding("gait", "v", "step", "answered", "yes"), itertools.repeat
    with pytest.raises(S3EvalError, match="at most"):
        checked_findings("gait", "v", (replace(finding, item=str(i)) for i in itertools.count()))
    with pytest.raises(S3EvalError, match="baseline 'a'"):
        checked_baselines("gait", {"a": forever(finding)})
    with pytest.raises(S3EvalError, match="tallies"):
        checked_tallies(Gait(), forever(None), Dataset("d", (), {}))
    with pytest.raises(S3EvalError, match="requests"):
        requests_of(lambda: forever(ReadReport("x")))
    broken = registry_of(("m", "p", module_with(s3eval_models=forever(plugin().spec)))).broken
    assert "at most 10,000 specs" in broken[0].reason
    assert at_most(iter("ab"), 2, "letters") == ["a", "b"]


class Gait(Task):
    name = "gait"
    inquiries = read = combine = None

    def tallies(self, findings: Any, context: Any) -> Any:
        return findings


Gait.__abstractmethods__ = frozenset()


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"rows": np.full((1, 1), 1e300)}, "above"),
        ({"formula": lambda sums: 1 / 0 if not np.all(sums) else sums[..., 0]}, "ZeroDivision"),
    ],
)
def test_a_metric_that_breaks_when_it_is_drawn_anew_is_its_tasks_fault(changes, word):
    tally = Tally("gait", "step", "acc", ("v",), np.ones((1, 1)), lambda sums: sums[..., 0])
    tally = replace(tally, counts=Counts(1, 1, 1, 1), **changes)
    context = type("Context", (), {"dataset": Dataset("d", (Video("v", "p"),), {})})
    with pytest.raises(TaskFaultError, match=word):
        guarded(Gait(), "gait-package").tallies([tally], context)


def test_a_formula_that_fails_later_names_the_task():
    def formula(sums: Any) -> Any:
        if calls:
            raise SystemExit(0)
        return sums[..., 0]

    calls: list[int] = []
    tally = Tally("gait", "step", "acc", ("v",), np.ones((1, 1)), formula)
    tally = replace(tally, counts=Counts(1, 1, 1, 1))
    context = type("Context", (), {"dataset": Dataset("d", (Video("v", "p"),), {})})
    (checked_one,) = guarded(Gait(), "gait-package").tallies([tally], context)
    calls.append(1)
    with pytest.raises(TaskFaultError, match="gait-package"):
        checked_one.formula(checked_one.rows.sum(axis=0))


@pytest.mark.parametrize("findings", [[Finding("gait", "v", "step", "answered", "yes", pieces=-5)]])
def test_counts_of_a_finding_are_none_below_zero(findings):
    with pytest.raises(S3EvalError, match="from 0 on"):
        checked_findings("gait", "v", findings)


def test_names_that_tables_show_hold_no_control_characters():
    task: Any = type("T", (), {"items": lambda self: [Item("step\x1b[2J")]})()
    with pytest.raises(S3EvalError, match="can be shown"):
        checked_items(task)
    with pytest.raises(S3EvalError, match="can be shown"):
        checked_baselines("gait", {"always\x1b[2J": []})


def test_a_guard_keeps_the_first_fault_of_a_step():
    guard = Guard({"gait": "gait-package"})
    for number in range(3):
        guard.note_once("gait", "reading an answer", f"KeyError: {number}")
    assert [fault.reason for fault in guard.faults] == ["KeyError: 0"]


class OddJudge(Judge):
    result: Any = None

    def identity(self) -> Any:
        return {"judge": "odd"}

    def answer(self, requests: Any) -> Any:
        return [self.result for _ in requests]


@pytest.mark.parametrize(
    "result", [5, Unreadable(5), Unreadable("x", record=5), Unreadable("x", record=Ending())]
)
def test_what_a_judge_could_not_do_is_told_apart_from_what_cannot_be_read(result):
    judge = OddJudge()
    judge.result = result
    given = serve(judge, [ReadReport("x")])[ReadReport("x")]
    assert given.is_fault and "odd" in given.reason
    judge.result = Unreadable("nothing is said")
    assert not serve(judge, [ReadReport("x")])[ReadReport("x")].is_fault


def test_a_judge_that_serves_no_classes_is_named():
    judge: Any = OddJudge()
    judge.serves = 5
    with pytest.raises(S3EvalError, match="judge 'odd'"):
        serve(judge, [ReadReport("x")])


@pytest.mark.parametrize(
    "request_",
    [
        ReadReport(None),
        MergeTexts((None,), "report"),
        MergeTexts(("x",), None),
        Extract("x", None),
        Extract(None, Extraction("gait", "1", "", {})),
    ],
)
def test_requests_to_a_judge_are_about_text(request_):
    with pytest.raises(S3EvalError, match="to a judge"):
        requests_of(lambda: [request_])


def test_numbers_of_numpy_and_pandas_are_numbers_of_a_dataset():
    note = Annotation("v", {"tonic": FeatureAnnotation("yes", np.float32(1.5), np.int64(2))})
    video = Video("v", "p", fold=np.int64(1), duration=np.float32(5))
    opened = checked(Dataset("d", (video,), {"v": note}), "mine")
    assert not check_facts(opened)
    assert (opened.videos[0].fold, opened.videos[0].duration) == (1, 5.0)
    feature = opened.annotations["v"].features["tonic"]
    assert (feature.start, feature.end, type(feature.end)) == (1.5, 2, int)


@pytest.mark.parametrize(
    ("video", "word"),
    [
        (Video("v", "p\ud800"), "patient"),
        (Video("v", "p", b"x.mp4"), "no path"),
        (Video("v", "p", "a\x00.mp4"), "no path"),
        (Video("v", "p", facts=5), "facts"),
    ],
)
def test_facts_of_a_video_that_nothing_can_hold_are_refused(video, word):
    assert word in str(check_facts(Dataset("d", (video,), {}))[0])


def test_items_of_an_annotation_are_a_mapping_and_a_digest_can_be_stored():
    dataset = Dataset("d", (Video("v", "p"),), {"v": Annotation("v", items=5)})
    assert "items" in str(check_facts(dataset)[0])
    with pytest.raises(S3EvalError, match="digest"):
        checked(replace(dataset, digest="\ud800"), "mine")
