"""The one writer of a run: hands out what is unanswered, stores what comes back, counts failures.

Where the questions are put is the executor's business. Every answer is stored before it counts;
one that failed may be asked again, and too many of them end the run.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Literal

from s3eval.errors import InterruptedRun, S3EvalError, StopRunError, counted
from s3eval.facts.clips import Clip, sample_times
from s3eval.model import Answer, Question
from s3eval.plugin_calls import no_memory
from s3eval.running.executing import Asked, Executor, Local, VideoWork
from s3eval.running.store import StoredAnswer

if TYPE_CHECKING:
    from s3eval.running.plan import VideoPlan
    from s3eval.running.session import Session

__all__ = ["AskCounts", "FailurePolicy", "Report", "Standing", "ask_all", "standing_of"]

#: Told of every answer, and whether it was there already.
Report = Callable[[Asked, bool], None]
# At least one of so many frames is shown.
_LEAST_SHARE = 8


@dataclass(frozen=True)
class FailurePolicy:
    """What is done about answers that fail.

    Attributes:
        retry: how often a question that fails is asked again in this command.
        most: how many questions may fail in this command before it stops; None for any number.
        memory: what happens where a model has no memory left for a clip, after it tried smaller
            batches: "stop" the run, "fail" the question, or show "smaller" clips: half of the
            frames, then a quarter, an eighth; the answer says so. What is shown is declared by
            the sampling profile, so it is made smaller only where the user allowed it.

    Raises:
        S3EvalError: a number below 0, or another word.

    >>> FailurePolicy(retry=2, most=0)
    FailurePolicy(retry=2, most=0, memory='stop')
    """

    retry: int = 0
    most: int | None = None
    memory: Literal["stop", "fail", "smaller"] = "stop"

    def __post_init__(self) -> None:
        if self.memory not in ("stop", "fail", "smaller"):
            raise S3EvalError(f"Expected memory to be stop, fail or smaller, but got {self.memory}")
        for name, value in (("retry", self.retry), ("most", self.most or 0)):
            if value < 0:
                raise S3EvalError(f"Expected {name} to be at least 0, but got {value}")


@dataclass(frozen=True)
class AskCounts:
    """What asking came to.

    Attributes:
        retried: further tries of questions that failed.
        reduced: answers about clips of which fewer frames were shown, since memory ran out.
    """

    reused: int = 0
    answered: int = 0
    failed: int = 0
    skipped: int = 0
    retried: int = 0
    reduced: int = 0


@dataclass(frozen=True)
class Standing:
    """How far a run is, in questions.

    >>> print(Standing(40, 12, 1))
    12 of 40 questions are done, 1 of them failed
    """

    planned: int
    done: int
    failed: int

    def __str__(self) -> str:
        text = f"{self.done} of {self.planned} questions are done"
        return text + (f", {self.failed} of them failed" if self.failed else "")


def standing_of(session: Session) -> Standing:
    """How far a run is, as its store says."""
    planned, states = 0, Counter[str]()
    for plan in session.plan.videos:
        keys = session.keys(plan)
        planned += len(keys)
        states.update(a.status for a in session.store.get_many(keys.values()).values())
    return Standing(planned, states.total(), states["failed"])


def ask_all(
    session: Session,
    *,
    retry_failed: bool = False,
    report: Report = lambda asked, old: None,
    executor: Executor | None = None,
    failures: FailurePolicy | None = None,
    stopping: Callable[[], bool] = lambda: False,
) -> AskCounts:
    """Ask what has not been answered; every answer is stored before it counts.

    Args:
        retry_failed: ask again what failed in an earlier command.
        report: called once for every question, with its answer and whether that was already
            there; of a question that is asked again, with its last answer.
        executor: where videos are asked about, default in this process.
        failures: what is done about answers that fail.
        stopping: whether only what is in hand is to be finished.

    Raises:
        StopRunError: more answers failed than are allowed, or a model stopped the run. What other
            questions in hand come to is stored before.
        InterruptedRun: ``stopping`` became true; says where the run stands.
        MachineError, KeyboardInterrupt: asking ended early. Answers are kept in every case.
    """
    asking = _Asking(session, retry_failed, failures or FailurePolicy(), report, stopping)
    session, source = asking.session, executor or Local()
    # Nothing but the answer that ends the run is in hand.
    is_single = executor is None and session.concurrency == 1
    works = asking.unanswered()
    while True:
        # Closed when asking ends early, so that an executor lets go of what it holds.
        with closing(_closable(source.ask(session, works))) as answers:
            for asked in answers:
                asking.take(asked)
                if is_single and asking.ended is not None:
                    break
        if asking.ended is not None:
            raise asking.ended
        if stopping():
            fix = "The same command goes on where it stopped."
            raise InterruptedRun(f"{standing_of(session)}. {fix}")
        if not asking.waiting:
            return AskCounts(**asking.counts)
        # An executor that had taken every video before some of their answers failed.
        works = asking.again()


def _closable(answers: Iterator[Asked]) -> Generator[Asked, None, None]:
    yield from answers


class _Asking:
    """What is handed out and what came back."""

    def __init__(
        self,
        session: Session,
        retry_failed: bool,
        policy: FailurePolicy,
        report: Report,
        stopping: Callable[[], bool],
    ) -> None:
        #: What ends the run, once what is in hand is finished.
        self.ended: S3EvalError | None = None
        self.session = replace(session, stopping=lambda: stopping() or self.ended is not None)
        self.policy, self.report = policy, report
        self._retry_failed = retry_failed
        self.counts = dict.fromkeys((f.name for f in fields(AskCounts)), 0)
        #: Questions that failed and are to be asked again.
        self.waiting: deque[tuple[Clip, Question]] = deque()
        self._tries = Counter[tuple[Clip, Question]]()
        #: The clips that were planned, by the smaller ones shown instead.
        self._planned = dict[Clip, Clip]()
        self._plans = {plan.video.name: plan for plan in session.plan.videos}

    def unanswered(self) -> Iterator[VideoWork]:
        """What is to be asked, video by video; what failed meanwhile comes first."""
        for plan in self.session.plan.videos:
            yield from self.again()
            if self.session.stopping():
                return
            todo = self._todo(plan)
            if todo:
                yield VideoWork(plan, todo)
        yield from self.again()

    def again(self) -> Iterator[VideoWork]:
        """What failed and is to be asked again, the questions of a video together."""
        while self.waiting and not self.session.stopping():
            video = self.waiting[0][0].video
            todo: dict[Clip, list[Question]] = {}
            others = deque[tuple[Clip, Question]]()
            for clip, question in self.waiting:
                if clip.video == video:
                    todo.setdefault(clip, []).append(question)
                else:
                    others.append((clip, question))
            self.waiting = others
            self.counts["retried"] += sum(map(len, todo.values()))
            yield VideoWork(self._plans[video], todo)

    def _todo(self, plan: VideoPlan) -> dict[Clip, list[Question]]:
        keys = self.session.keys(plan)
        stored = self.session.store.get_many(keys.values())
        todo: dict[Clip, list[Question]] = {}
        for (clip, question), key in keys.items():
            known = stored.get(key)
            if known is None or (self._retry_failed and known.status == "failed"):
                todo.setdefault(clip, []).append(question)
            else:
                self.counts["reused"] += 1
                self.report(Asked(clip, question, known), True)
        return todo

    def take(self, asked: Asked) -> None:
        """Store an answer, then count it.

        Raises:
            MachineError: it cannot be stored.
        """
        shown, question, answer = asked.clip, asked.question, asked.answer
        clip = self._planned.get(shown, shown)
        if answer.status == "failed" and not answer.kind:
            answer = replace(answer, kind="model")
        if answer.kind == "memory" and self.policy.memory == "stop":
            self.ended = self.ended or no_memory()
            return
        if shown is not clip and answer.status == "answered":
            answer = replace(answer, note=_less_shown(clip, shown))
            self.counts["reduced"] += 1
        facts = (self.session.key(clip, question), clip.video, clip.start, clip.end, question.key)
        self.session.store.put(StoredAnswer(*facts, answer, round(asked.seconds, 4)))
        if answer.status == "failed" and (
            next_try := self._next_try(shown, clip, question, answer)
        ):
            self.waiting.append((next_try, question))
            return
        self.counts[answer.status] += 1
        self.report(replace(asked, clip=clip, answer=answer), False)
        self._end_with_too_many(answer)

    def _next_try(self, shown: Clip, clip: Clip, question: Question, answer: Answer) -> Clip | None:
        """What to show when the question is asked again; None where it is not."""
        if answer.kind == "memory" and self.policy.memory == "smaller":
            smaller = _smaller(clip, shown)
            if smaller is not None:
                self._planned[smaller] = clip
            return smaller
        self._tries[clip, question] += 1
        return shown if self._tries[clip, question] <= self.policy.retry else None

    def _end_with_too_many(self, last: Answer) -> None:
        most, failed = self.policy.most, self.counts["failed"]
        if last.status != "failed" or most is None or failed <= most:
            return
        allowed = "none is allowed to" if not most else f"more than the {most} allowed"
        self.ended = self.ended or StopRunError(
            f"{counted(failed, 'answer')} failed, {allowed}; all answers so far are kept",
            why=f"the last one ({last.kind}): {last.reason}",
            fix="the same command to go on without them, s3eval retry RUN to ask them again",
        )


def _smaller(planned: Clip, shown: Clip) -> Clip | None:
    """The clip with half of the frames; None where an eighth of those planned was too much."""
    frames = len(sample_times(shown)) // 2
    if frames < 1 or frames * _LEAST_SHARE < len(sample_times(planned)):
        return None
    return replace(shown, sampling=replace(shown.sampling, fps=None, max_frames=frames))


def _less_shown(planned: Clip, shown: Clip) -> str:
    counts = len(sample_times(shown)), len(sample_times(planned))
    return f"{counts[0]} of {counts[1]} frames were shown, since memory ran out"
