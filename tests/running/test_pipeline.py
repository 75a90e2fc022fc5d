"""The pipeline: decoding and preparing ahead, several clips at once, nothing lost or reordered."""

from __future__ import annotations

import io
import itertools
import sys
import threading
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from s3eval_synth.testing import tiny_dataset

from s3eval.errors import InterruptedRun, MachineError, StopRunError
from s3eval.facts.clips import SamplingProfile, windows
from s3eval.facts.footage import Footage
from s3eval.facts.videos import Dataset
from s3eval.model import Answer, Model, Question
from s3eval.plugin_calls import plugin_output
from s3eval.running.limits import Limits
from s3eval.running.loading import LoadedTasks
from s3eval.running.plan import make_plan
from s3eval.running.recording import ask_all
from s3eval.running.session import Session
from s3eval.running.store import AnswerStore
from s3eval.task import Inquiry, Task

PROFILE = SamplingProfile("test", window_seconds=3, overlap_seconds=1)
# Six frames, and their times.
ONE_CLIP = 6 * (320 * 240 * 3 + 8)


class Signs(Task):
    """Asks three questions about each window of three seconds."""

    name = "signs"

    def inquiries(self, video: Any, annotation: Any, context: Any) -> Iterable[Inquiry]:
        asked = tuple(Question(k, f"Is there {k}?") for k in ("one", "two", "three"))
        sampling = context.profile.window_sampling
        for clip in windows(video.name, video.duration, 3, 1, sampling):
            yield Inquiry(self.name, clip, asked)

    def read(self, *_: Any) -> Any: ...
    def combine(self, *_: Any) -> Any: ...
    def tallies(self, *_: Any) -> Any: ...


class Sums(Model):
    """Answers with a sum over the pixels; remembers who called it, when, in which thread."""

    def __init__(self) -> None:
        self.lock, self.order = threading.Lock(), list[tuple[str, float]]()
        self.threads, self.preparing = set[int](), set[int]()
        self.at_once = self.most_at_once = 0
        self.seconds = 0.0

    def prepare(self, footage: Footage) -> Any:
        self.preparing.add(threading.get_ident())
        return footage

    def watch(self, footage: Any) -> Any:
        with self.lock:
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
            self.order.append((footage.clip.video, footage.clip.start))
            self.threads.add(threading.get_ident())
        time.sleep(self.seconds)
        return footage

    def answer(self, footage: Any, question: Question) -> str:
        return f"{question.key} {footage.clip.start:.1f} {int(footage.frames.sum())}"

    def release(self, watched: Any) -> None:
        with self.lock:
            self.at_once -= 1


class Several(Sums):
    concurrency = 4


@pytest.fixture(autouse=True)
def no_threads_are_left():
    """What a test here begins ends soon after it; clients of earlier tests may be running still."""
    earlier = {*threading.enumerate()}
    yield
    until = time.monotonic() + 30
    while left := [
        t.name for t in {*threading.enumerate()} - earlier if t.name.startswith("s3eval-")
    ]:
        assert time.monotonic() < until, left
        time.sleep(0.01)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return tiny_dataset(tmp_path_factory.mktemp("data") / "tiny", videos=4, seconds=8.0)


def session(data: Dataset, store: AnswerStore, model: Model, **limits: Any) -> Session:
    plan = make_plan(data, LoadedTasks({"signs": Signs()}), PROFILE, frozenset({"sight"}))
    return Session.of(data, plan, store, model, "m", {"sight"}, limits=Limits(**limits))


def answers(path: Path, data: Dataset, model: Model, **limits: Any) -> dict[str, Answer]:
    """All answers by key, and in the order written."""
    with AnswerStore(path) as store:
        ask_all(session(data, store, model, **limits))
        return {stored.key: stored.answer for stored in store}


def test_the_answers_are_those_of_one_clip_after_the_other(data, tmp_path):
    plain = answers(tmp_path / "plain.sqlite", data, Sums(), decoders=0)
    assert len(plain) == 4 * 4 * 3
    assert len({a.text for a in plain.values()}) == len(plain), "each clip has pixels of its own"
    for name, model, decoders in (("one", Sums(), 3), ("several", Several(), 3)):
        assert answers(tmp_path / name, data, model, decoders=decoders) == plain


def test_a_model_that_says_nothing_is_asked_in_order_in_the_calling_thread(data, tmp_path):
    plain, ahead = Sums(), Sums()
    answers(tmp_path / "plain.sqlite", data, plain, decoders=0)
    answers(tmp_path / "ahead.sqlite", data, ahead, decoders=4)
    assert ahead.order == plain.order
    assert ahead.threads == {threading.get_ident()}
    assert ahead.most_at_once == 1
    assert threading.get_ident() not in ahead.preparing, "prepared beside asking"


def test_a_model_that_answers_several_questions_gets_several_clips(data, tmp_path):
    together, numbers = threading.Barrier(4), itertools.count()

    class Waits(Several):
        def watch(self, footage: Any) -> Any:
            watched = super().watch(footage)
            if next(numbers) < 4:
                with suppress(threading.BrokenBarrierError):
                    together.wait(20)  # until four clips are with the model
            return watched

    model = Waits()
    model.seconds = 0.05
    answers(tmp_path / "a.sqlite", data, model)
    assert model.most_at_once == 4


def test_decoding_and_the_model_work_at_the_same_time(data, tmp_path):
    class Ahead(Sums):
        """Is done with a clip only once the next one is decoded and prepared."""

        def __init__(self) -> None:
            super().__init__()
            self.prepared, self.was_ahead = threading.Semaphore(0), list[bool]()

        def prepare(self, footage: Footage) -> Any:
            self.prepared.release()
            return super().prepare(footage)

        def watch(self, footage: Any) -> Any:
            watched = super().watch(footage)
            if len(self.order) == 1:
                self.prepared.acquire()  # this clip itself
            if len(self.order) < 16:
                self.was_ahead.append(self.prepared.acquire(timeout=20))
            return watched

    model = Ahead()
    model.seconds = 0.1
    with AnswerStore(tmp_path / "a.sqlite") as store:
        now = session(data, store, model)
        begun = time.perf_counter()
        ask_all(now)
        wall = time.perf_counter() - begun
    spent = now.seconds.as_dict()
    assert spent["watching"] >= 16 * 0.1
    assert spent["decoding"] > 0
    assert model.was_ahead == [True] * 15
    # What is neither watching nor asking is waiting for the first clip, or writing.
    assert spent["watching"] + spent["asking"] + spent["waiting"] <= wall


@pytest.mark.parametrize("kind", [Sums, Several])
@pytest.mark.parametrize("room", [0, ONE_CLIP, 3 * ONE_CLIP])
def test_waiting_clips_stay_within_their_memory(data, tmp_path, kind, room, monkeypatch):
    from s3eval.running import reading

    held = []

    class Watched(reading.Reader):
        def _admit(self, video: Any, size: int) -> bool:
            admitted = super()._admit(video, size)
            held.append(self.held)
            return admitted

    monkeypatch.setattr("s3eval.running.pipeline.Reader", Watched)
    model = kind()
    model.seconds = 0.02
    assert len(answers(tmp_path / "a.sqlite", data, model, decoders=4, memory=room)) == 48
    # In order, the clip that is asked about and the next one are let in whatever waits.
    beyond = 2 if kind is Sums else 1
    assert max(held) <= max(room, ONE_CLIP) + beyond * ONE_CLIP
    assert len(held) == 16


@pytest.mark.parametrize("kind", [Sums, Several])
def test_a_prepare_that_raises_takes_its_clip_only(data, tmp_path, kind):
    class Fails(kind):
        def prepare(self, footage: Footage) -> Any:
            if footage.clip.start == 2.0:
                raise ValueError("cannot prepare this")
            return super().prepare(footage)

    got = answers(tmp_path / "a.sqlite", data, Fails())
    failed = [a for a in got.values() if a.status == "failed"]
    assert (len(got), len(failed)) == (48, 12)
    assert {a.reason for a in failed} == {"ValueError: cannot prepare this"}


@pytest.mark.parametrize("kind", [Sums, Several])
def test_a_damaged_video_takes_its_clips_only(data, tmp_path, kind):
    broken = tmp_path / "broken"
    copy = tiny_dataset(broken, videos=3, seconds=8.0)
    file = copy.path(copy.videos[1])
    file.write_bytes(file.read_bytes()[:2000])
    got = answers(tmp_path / "a.sqlite", copy, kind())
    assert sorted(a.status for a in got.values()).count("failed") == 12
    assert len(got) == 36


@pytest.mark.parametrize("kind", [Sums, Several])
@pytest.mark.parametrize("where", ["prepare", "watch", "ask"])
def test_no_memory_ends_the_run_wherever_it_happens(data, tmp_path, kind, where):
    kept, enough = itertools.count(1), threading.Event()

    def report(answer: Answer, old: bool) -> None:
        if next(kept) == 3:
            enough.set()

    class Starves(kind):
        calls = itertools.count()

        def failing(self) -> None:
            # The fourth call, and only once a clip's answers are kept: what other clips are asked
            # at that moment is given up, since the run ends at once.
            if next(Starves.calls) >= 3:
                enough.wait(20)
                raise MemoryError

        def prepare(self, footage: Footage) -> Any:
            if where == "prepare":
                self.failing()
            return super().prepare(footage)

        def watch(self, footage: Any) -> Any:
            if where == "watch":
                self.failing()
            return super().watch(footage)

        def ask(self, watched: Any, questions: Sequence[Question]) -> Iterable[Answer]:
            if where == "ask":
                self.failing()
            return super().ask(watched, questions)

    with AnswerStore(tmp_path / "a.sqlite") as store:
        with pytest.raises(MachineError, match="no memory left"):
            # One decoder: of several, it would be chance whose clips the first three are.
            ask_all(session(data, store, Starves(), decoders=1), report=report)
        assert all(s.answer.status == "answered" for s in store)
        assert len(store) >= 3


def test_what_was_begun_is_kept_when_a_clip_stops_the_run(data, tmp_path):
    class Stops(Several):
        def answer(self, footage: Any, question: Question) -> str:
            if footage.clip.start == 0.0:
                raise StopRunError("the budget is spent")
            time.sleep(0.02)
            return super().answer(footage, question)

    model = Stops()
    with AnswerStore(tmp_path / "a.sqlite") as store:
        with pytest.raises(StopRunError):
            ask_all(session(data, store, model))
        watched = {start for _, start in model.order} - {0.0}
        asked = {(s.video, s.clip_start) for s in store}
        assert asked == {(v, s) for v, s in model.order if s in watched}
        assert len(store) == 3 * len(asked), "a clip that was begun is finished"


@pytest.mark.parametrize("kind", [Sums, Several])
def test_a_stop_finishes_what_is_begun_and_begins_nothing(data, tmp_path, kind):
    model = kind()
    model.seconds = 0.02
    with AnswerStore(tmp_path / "a.sqlite") as store:
        now = session(data, store, model)
        asked = threading.Event()
        with pytest.raises(InterruptedRun):
            ask_all(now, report=lambda answer, old: asked.set(), stopping=asked.is_set)
        assert len(store) == 3 * len(model.order)
        assert 3 <= len(store) <= 3 * 2 * kind.concurrency
        again = kind()
        ask_all(session(data, store, again))
        assert len(store) == 48
        assert not set(model.order) & set(again.order), "nothing is asked again"


@pytest.mark.parametrize("kind", [Sums, Several])
def test_an_interrupt_ends_at_once_and_loses_no_recorded_answer(data, tmp_path, kind):
    model = kind()
    model.seconds = 0.02
    with AnswerStore(tmp_path / "a.sqlite") as store:

        def report(answer: Answer, old: bool) -> None:
            if len(store) == 5:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            ask_all(session(data, store, model), report=report)
        assert len(store) == 5
        ask_all(session(data, store, kind()))
        assert len(store) == 48


def test_output_of_overlapping_calls_is_diverted_and_then_no_longer(capsys):
    inside, go = threading.Barrier(2), threading.Event()

    def other() -> None:
        with plugin_output():
            inside.wait()
            go.wait(5)
            print("still inside")

    before = sys.stdout
    with plugin_output():
        thread = threading.Thread(target=other)
        thread.start()
        inside.wait()
        print("first")
    go.set()
    thread.join()
    assert sys.stdout is before
    assert isinstance(sys.stdout, io.TextIOBase)
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err == "first\nstill inside\n"
