"""The writer of a run: failures are counted by kind, asked again, and end a run on demand."""

from __future__ import annotations

import sqlite3
import threading
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

import pytest

from s3eval.dataset import Annotation, Dataset, FeatureAnnotation, Video
from s3eval.errors import InterruptedRun, MachineError, S3EvalError, StopRunError
from s3eval.facts.clips import Clip, SamplingProfile, sample_times, windows
from s3eval.model import Answer, Model, Question
from s3eval.running.engine import Session, ask_video
from s3eval.running.executing import Asked, Executor, VideoWork
from s3eval.running.plan import Plan, VideoPlan
from s3eval.running.recording import FailurePolicy, ask_all, standing_of
from s3eval.running.store import AnswerStore, StoredAnswer

QUESTIONS = tuple(Question(key, f"{key}?", ("yes", "no")) for key in ("red", "blue"))


class Says(Model):
    """Answers what its function says of (video, question, how often it was asked before)."""

    uses_footage = False

    def __init__(self, says: Any = lambda video, key, before: "yes") -> None:
        self.says, self.asked = says, Counter[tuple[str, str]]()

    def answer(self, footage: Any, question: Question) -> Any:
        asked = (footage.clip.video, question.key)
        before = self.asked[asked]
        self.asked[asked] += 1
        said = self.says(*asked, before)
        if isinstance(said, BaseException):
            raise said
        return said


class Eager(Executor):
    """Takes every video before any answer comes back, as one that asks elsewhere does."""

    def ask(self, session: Session, works: Iterable[VideoWork]) -> Iterator[Asked]:
        for work in list(works):
            yield from ask_video(session, work)


def session(store: AnswerStore, model: Model, videos: int = 3) -> Session:
    known = tuple(Video(f"v{i}", "p", duration=20.0) for i in range(videos))
    note = {v.name: Annotation(v.name, {"tonic": FeatureAnnotation("yes")}) for v in known}
    sampling = SamplingProfile("test").window_sampling
    plans = [
        VideoPlan(v, (), dict.fromkeys(windows(v.name, 20.0, 30, 5, sampling), QUESTIONS))
        for v in known
    ]
    return Session.of(Dataset("d", known, note), Plan(tuple(plans)), store, model, "m", {"sight"})


@pytest.fixture
def store(tmp_path):
    with AnswerStore(tmp_path / "answers.sqlite") as opened:
        yield opened


def fails_first(video, key, before):
    return ValueError("not today") if before == 0 and key == "blue" else "yes"


@pytest.mark.parametrize("executor", [None, Eager()], ids=["local", "eager"])
def test_a_question_that_fails_is_asked_again_and_every_try_counts(store, executor):
    model, told = Says(fails_first), []
    counts = ask_all(
        session(store, model),
        failures=FailurePolicy(retry=1),
        executor=executor,
        report=lambda asked, old: told.append(asked.answer.status),
    )
    assert (counts.answered, counts.failed, counts.retried) == (6, 0, 3)
    assert told == ["answered"] * 6, "one report a question, of its last answer"
    assert {s.question: s.attempts for s in store} == {"red": 1, "blue": 2}
    assert not any(s.answer.kind for s in store)


def test_what_keeps_failing_is_failed_with_kind_message_and_attempts(store):
    def broken(video, key, before):
        return ValueError("never") if (video, key) == ("v1", "red") else "yes"

    counts = ask_all(session(store, Says(broken)), failures=FailurePolicy(retry=2))
    assert (counts.answered, counts.failed) == (5, 1)
    (failed,) = (s for s in store if s.answer.status == "failed")
    assert (failed.answer.kind, failed.attempts) == ("model", 3)
    assert failed.answer.reason == "ValueError: never"
    # Another command asks it again only where that is wanted, and goes on counting.
    assert ask_all(session(store, Says(broken))).reused == 6
    ask_all(session(store, Says(broken)), retry_failed=True)
    assert [s.attempts for s in store if s.answer.status == "failed"] == [4]
    assert ask_all(session(store, Says()), retry_failed=True).answered == 1
    assert [s.attempts for s in store if s.attempts > 1] == [5]


def test_a_missing_file_is_a_failure_of_the_media(store):
    class Looks(Says):
        uses_footage = True

    ask_all(session(store, Looks(), videos=1))
    assert {s.answer.kind for s in store} == {"media"}


def test_stopping_at_the_first_failure_keeps_it_and_says_how_to_go_on(store):
    model = Says(lambda video, key, before: ValueError("no") if video == "v1" else "yes")
    with pytest.raises(StopRunError, match=r"1 answer failed, none is allowed to.*retry") as told:
        ask_all(session(store, model), failures=FailurePolicy(most=0))
    assert "ValueError: no" in str(told.value) and "model" in str(told.value)
    assert len(store) == 3 and sum(model.asked.values()) == 3
    # Retries come before stopping.
    with pytest.raises(StopRunError):
        ask_all(session(store, model), failures=FailurePolicy(retry=1, most=0), retry_failed=True)
    assert model.asked["v1", "red"] == 3


def test_what_else_is_in_hand_when_a_failure_ends_the_run_is_kept(store):
    """It may have been paid for; no further clip is begun."""
    ended = threading.Event()

    def says(video, key, before):
        if video == "v0":
            return ValueError("no")
        assert ended.wait(20)
        return "yes"

    model = Says(says)
    model.concurrency = 2
    with pytest.raises(StopRunError, match="1 answer failed, none is allowed to"):
        ask_all(
            session(store, model, videos=9),
            failures=FailurePolicy(most=0),
            report=lambda asked, old: ended.set(),
        )
    kept = {(s.video, s.question): s.answer.status for s in store}
    assert {v for (v, _), status in kept.items() if status == "answered"} == {"v1"}
    assert {v for v, _ in kept} == {"v0", "v1"} and len(kept) == 4


def test_as_many_failures_as_allowed_do_not_stop(store):
    model = Says(lambda video, key, before: ValueError("no") if key == "red" else "yes")
    assert ask_all(session(store, model), failures=FailurePolicy(most=3)).failed == 3
    with pytest.raises(StopRunError, match="3 answers failed, more than the 2 allowed"):
        ask_all(session(store, model), failures=FailurePolicy(most=2), retry_failed=True)


def test_asked_to_stop_it_finishes_the_clip_in_hand_and_says_where_it_stands(store):
    model = Says()
    with pytest.raises(InterruptedRun, match=r"2 of 6 questions are done\. The same command"):
        ask_all(session(store, model), stopping=lambda: bool(model.asked))
    assert len(store) == 2
    assert ask_all(session(store, Says())).reused == 2


def test_where_a_run_stands_counts_failures(store):
    now = session(store, Says(lambda video, key, before: ValueError() if key == "red" else "no"))
    ask_all(now)
    assert str(standing_of(now)) == "6 of 6 questions are done, 3 of them failed"


def test_numbers_below_zero_are_refused():
    for wrong in ({"retry": -1}, {"most": -1}):
        with pytest.raises(S3EvalError, match="at least 0, but got -1"):
            FailurePolicy(**wrong)


def test_a_store_of_an_older_version_is_read_and_gains_what_is_new(tmp_path):
    path = tmp_path / "old.sqlite"
    old = sqlite3.connect(path)
    old.execute(
        "CREATE TABLE answers (key TEXT PRIMARY KEY, video TEXT NOT NULL, clip_start REAL NOT NULL,"
        " clip_end REAL NOT NULL, question TEXT NOT NULL, status TEXT NOT NULL,"
        " text TEXT NOT NULL, reason TEXT NOT NULL, probabilities TEXT NOT NULL, mass REAL,"
        " seconds REAL)"
    )
    old.execute("CREATE TABLE media (path TEXT PRIMARY KEY, size, modified, hash)")
    row = ("k", "v", 0.0, 1.0, "q", "failed", "", "ValueError: no", "{}", None, 0.1)
    old.execute(f"INSERT INTO answers VALUES ({','.join('?' * 11)})", row)
    old.commit()
    old.close()
    with AnswerStore(path, read_only=True) as opened:
        assert opened.get("k") == Answer.failed("ValueError: no")
        assert [s.attempts for s in opened] == [1]
    with AnswerStore(path) as opened:
        again = Answer.failed("OSError: gone", "server")
        opened.put(StoredAnswer("k", "v", 0.0, 1.0, "q", again))
        (only,) = opened
        assert (only.answer, only.attempts) == (again, 2)


def test_stores_are_joined_without_losing_an_answer(tmp_path):
    def put(name: str, key: str, answer: Answer) -> None:
        with AnswerStore(tmp_path / name) as opened:
            opened.put(StoredAnswer(key, "v", 0.0, 1.0, "q", answer))

    put("a.sqlite", "1", Answer.of("yes"))
    put("a.sqlite", "2", Answer.failed("no"))
    put("b.sqlite", "1", Answer.failed("late"))
    put("b.sqlite", "2", Answer.of("healed"))
    put("b.sqlite", "3", Answer.failed("new"))
    with AnswerStore(tmp_path / "a.sqlite") as first:
        for _ in range(2):
            with AnswerStore(tmp_path / "b.sqlite", read_only=True) as second:
                first.add_all(second)
        assert {s.key: s.answer.text or s.answer.reason for s in first} == {
            "1": "yes", "2": "healed", "3": "new",
        }  # fmt: skip
        assert {s.attempts for s in first} == {1}


def test_a_clip_is_in_hand_until_all_its_questions_are_answered(store):
    """The second clip of a video is not begun once somebody asked to stop."""
    sampling = SamplingProfile("test").window_sampling
    clips = windows("v0", 70.0, 30, 5, sampling)
    video = Video("v0", "p", duration=70.0)
    plan = Plan((VideoPlan(video, (), dict.fromkeys(clips, QUESTIONS)),))
    model = Says()
    now = Session.of(Dataset("d", (video,), {}), plan, store, model, "m", {"sight"})
    with pytest.raises(InterruptedRun):
        ask_all(now, stopping=lambda: bool(model.asked))
    assert {(s.clip_start, s.question) for s in store} == {(0.0, "red"), (0.0, "blue")}
    assert isinstance(clips[0], Clip)


class Narrow(Model):
    """Has memory for so many frames; a clip is known by its sampling alone."""

    uses_footage = False

    def __init__(self, most: int) -> None:
        self.most, self.shown = most, []  # type: ignore[var-annotated]

    def watch(self, footage: Any) -> Any:
        frames = len(sample_times(footage.clip))
        self.shown.append(frames)
        if frames > self.most:
            raise MemoryError
        return footage

    def answer(self, footage: Any, question: Question) -> str:
        return str(len(sample_times(footage.clip)))


def test_without_memory_a_run_stops_unless_told_otherwise(store):
    with pytest.raises(MachineError, match=r"no memory left.*--on-memory smaller"):
        ask_all(session(store, Narrow(20)))
    assert len(store) == 0, "nothing is known about the clip"


def test_a_clip_without_memory_fails_as_such(store):
    counts = ask_all(session(store, Narrow(20)), failures=FailurePolicy(memory="fail"))
    assert counts.failed == 6
    assert {s.answer.kind for s in store} == {"memory"}


@pytest.mark.parametrize("executor", [None, Eager()], ids=["local", "eager"])
def test_fewer_frames_are_shown_where_that_is_allowed_and_the_answer_says_so(store, executor):
    model = Narrow(11)
    policy = FailurePolicy(memory="smaller")
    counts = ask_all(session(store, model, videos=1), failures=policy, executor=executor)
    # 20 s at 2 frames a second.
    assert model.shown == [40, 20, 10]
    assert (counts.answered, counts.reduced, counts.failed) == (2, 2, 0)
    for kept in store:
        assert kept.answer.text == "10" and kept.attempts == 3
        assert kept.answer.note == "10 of 40 frames were shown, since memory ran out"
    # The answers stand for the clips that were planned, and are found again.
    assert ask_all(session(store, Narrow(0), videos=1)).reused == 2


def test_an_eighth_of_the_frames_is_the_least(store):
    model = Narrow(4)
    counts = ask_all(session(store, model, videos=1), failures=FailurePolicy(memory="smaller"))
    assert model.shown == [40, 20, 10, 5]
    assert counts.failed == 2 and {s.answer.kind for s in store} == {"memory"}


def test_an_answer_and_its_row_take_less_than_two_kilobytes(store):
    model = Says(lambda video, key, before: "yes")
    for begin in range(0, 300, 100):
        known = session(store, model, videos=begin + 100)
        ask_all(known)
    store.close()
    assert len(model.asked) == 600
    assert store.path.stat().st_size / 600 <= 2_000
