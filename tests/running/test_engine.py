"""The engine: one watch a clip, nothing asked twice, failures stay failures."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np
import pytest

from s3eval.dataset import Annotation, Dataset, FeatureAnnotation, Video
from s3eval.errors import MachineError, StopRunError
from s3eval.facts.clips import SamplingProfile, windows
from s3eval.facts.tally import Tally, ratio
from s3eval.model import Answer, Model, Question
from s3eval.plugins import Plugin
from s3eval.running.engine import Session, pieces_of
from s3eval.running.evaluate import Evaluation, evaluate
from s3eval.running.keys import answer_key
from s3eval.running.loading import LoadedTasks
from s3eval.running.materials import material_of
from s3eval.running.plan import make_plan
from s3eval.running.recording import ask_all
from s3eval.running.runs import open_run
from s3eval.running.scoring import Material, combine_all
from s3eval.running.settings import Settings
from s3eval.running.store import AnswerStore
from s3eval.specs import ModelSpec, TaskSpec
from s3eval.task import Finding, Inquiry, Piece, PlanContext, Reading, ScoringContext, Task
from s3eval.testing.plugins import module_with, registry_of

PROFILE = SamplingProfile("test", window_seconds=30, overlap_seconds=5)


class Colours(Task):
    """Asks two questions a window; any-yes."""

    name = "colours"
    keys: ClassVar[tuple[str, ...]] = ("red", "blue")

    def inquiries(
        self, video: Video, annotation: Annotation, context: PlanContext
    ) -> Iterable[Inquiry]:
        asked = tuple(Question(k, f"Is there {k}?", ("yes", "no")) for k in self.keys)
        assert video.duration
        for clip in windows(video.name, video.duration, 30, 5, context.profile.window_sampling):
            yield Inquiry(self.name, clip, asked)

    def read(self, question: Question, answer: Answer, protocol: Any = "paper") -> Reading:
        if answer.text == "crash":
            raise ValueError("a task that cannot read")
        return Reading(answer.text if answer.text in ("yes", "no") else None, "neither")

    def combine(
        self, video: str, pieces: Sequence[Piece], context: ScoringContext
    ) -> Iterable[Finding]:
        for key in self.keys:
            mine = [p for p in pieces if p.question.key == key]
            values = [p.reading.value for p in mine if p.reading.readable]
            failed = [p.answer.reason for p in mine if p.answer.status == "failed"]
            state: Any = "answered" if values else "failed" if failed else "unreadable"
            value = ("yes" if "yes" in values else "no") if values else None
            reason = failed[0] if failed and not values else ""
            yield Finding(self.name, video, key, state, value, reason, len(mine), len(values))

    def tallies(self, findings: Sequence[Finding], context: ScoringContext) -> Iterable[Tally]:
        rows = np.array([[f.value == "yes", 1] for f in findings if f.value], float)
        yield Tally("colours", "mean", "share", tuple(f.video for f in findings), rows, ratio)


class MoreColours(Colours):
    """A second task that shares a question with the first."""

    name = "more"
    keys: ClassVar[tuple[str, ...]] = ("blue", "green")


class Scripted(Model):
    """Counts what it is asked; answers what it is told."""

    uses_footage = False

    def __init__(self, says: Any = "yes") -> None:
        self.says, self.watched, self.asked = says, 0, []  # type: ignore[var-annotated]

    def watch(self, footage: Any) -> Any:
        self.watched += 1
        return footage

    def answer(self, footage: Any, question: Question) -> str | Answer:
        self.asked.append((footage.clip.video, footage.clip.start, question.key))
        said = self.says(footage, question) if callable(self.says) else self.says
        if isinstance(said, BaseException):
            raise said
        return said  # type: ignore[no-any-return]


@pytest.fixture
def dataset() -> Dataset:
    videos = tuple(Video(n, f"p{n}", duration=d) for n, d in (("a", 70.0), ("b", 20.0)))
    note = {"a": Annotation("a", features={"tonic": FeatureAnnotation("yes", 1.0, 2.0)})}
    return Dataset("d", videos, note)


def loaded(*tasks: Task) -> LoadedTasks:
    return LoadedTasks({t.name: t for t in tasks})


def collected(now: Session, *tasks: Task) -> list[Finding]:
    known = loaded(*tasks)
    pieces = pieces_of(now, known.by_name, "paper")
    material = Material(known, now.dataset, "paper", frozenset({"sight"}), pieces)
    (combined,) = combine_all([material])
    return [f for found in combined.findings.values() for f in found]


def session(dataset: Dataset, store: AnswerStore, model: Model, *tasks: Task) -> Session:
    plan = make_plan(dataset, loaded(*tasks), PROFILE, frozenset({"sight"}))
    return Session.of(dataset, plan, store, model, "m", {"sight"})


def test_each_clip_is_watched_once_and_shared_questions_are_asked_once(dataset, tmp_path):
    model = Scripted()
    with AnswerStore(tmp_path / "a.sqlite") as store:
        asked = ask_all(session(dataset, store, model, Colours(), MoreColours()))
    # 3 windows of a and 1 of b; red, blue, green each once.
    assert model.watched == 4
    assert asked.answered == 12
    assert len(model.asked) == len(set(model.asked)) == 12


def test_starting_again_asks_nothing(dataset, tmp_path):
    with AnswerStore(tmp_path / "a.sqlite") as store:
        ask_all(session(dataset, store, Scripted(), Colours()))
        again = Scripted()
        asked = ask_all(session(dataset, store, again, Colours()))
    assert again.watched == 0
    assert (asked.reused, asked.answered) == (8, 0)


def test_an_interrupted_run_goes_on_where_it_stopped(dataset, tmp_path):
    def until_third(footage: Any, question: Question) -> Any:
        if len(first.asked) > 3:
            raise KeyboardInterrupt
        return "no"

    first = Scripted(until_third)
    with AnswerStore(tmp_path / "a.sqlite") as store:
        with pytest.raises(KeyboardInterrupt):
            ask_all(session(dataset, store, first, Colours()))
        assert len(store) == 3
        second = Scripted("no")
        asked = ask_all(session(dataset, store, second, Colours()))
        assert (asked.reused, asked.answered) == (3, 5)
        assert not set(first.asked[:3]) & set(second.asked)


def test_a_failure_is_kept_and_asked_again_only_when_wanted(dataset, tmp_path):
    def broken(footage: Any, question: Question) -> Any:
        return RuntimeError("no memory") if question.key == "blue" else "yes"

    with AnswerStore(tmp_path / "a.sqlite") as store:
        asked = ask_all(session(dataset, store, Scripted(broken), Colours()))
        assert (asked.answered, asked.failed) == (4, 4)
        healed = session(dataset, store, Scripted(), Colours())
        assert ask_all(healed).reused == 8
        assert ask_all(healed, retry_failed=True).answered == 4


def test_a_crash_while_watching_fails_that_clip_and_no_other(dataset, tmp_path):
    class Faints(Scripted):
        def watch(self, footage: Any) -> Any:
            if footage.clip.start == 25.0:
                raise RuntimeError("too long")
            return super().watch(footage)

    with AnswerStore(tmp_path / "a.sqlite") as store:
        now = session(dataset, store, Faints(), Colours())
        assert ask_all(now).failed == 2
        found = collected(now, Colours())
    states = {(f.video, f.item): (f.state, f.pieces, f.readable) for f in found}
    assert states["a", "red"] == ("answered", 3, 2)


def test_a_model_that_answers_too_little_fails_the_rest(dataset, tmp_path):
    class Lazy(Scripted):
        def ask(self, watched: Any, questions: Sequence[Question]) -> Iterable[Answer]:
            yield Answer.of("yes")

    with AnswerStore(tmp_path / "a.sqlite") as store:
        asked = ask_all(session(dataset, store, Lazy(), Colours()))
    assert (asked.answered, asked.failed) == (4, 4)


def test_a_stop_is_not_a_failure(dataset, tmp_path):
    class Stops(Scripted):
        def ask(self, watched: Any, questions: Sequence[Question]) -> Iterable[Answer]:
            raise StopRunError("the budget is spent")

    with AnswerStore(tmp_path / "a.sqlite") as store:
        with pytest.raises(StopRunError):
            ask_all(session(dataset, store, Stops(), Colours()))
        assert len(store) == 0


def test_what_a_task_cannot_read_is_unreadable_never_a_value(dataset, tmp_path):
    with AnswerStore(tmp_path / "a.sqlite") as store:
        now = session(dataset, store, Scripted("crash"), Colours())
        ask_all(now)
        found = collected(now, Colours())
    assert {f.state for f in found} == {"unreadable"}
    assert all(f.value is None for f in found)


def test_a_missing_file_fails_and_is_asked_once_it_is_there(dataset, tmp_path):
    class Looks(Scripted):
        uses_footage = True

    here = replace(dataset, root=tmp_path, videos=(replace(dataset.videos[1], file="b.mp4"),))
    with AnswerStore(tmp_path / "a.sqlite") as store:
        now = session(here, store, Looks(), Colours())
        assert ask_all(now).failed == 2
        failed = store.get(now.key(*next(iter(now.plan.asks()))[1:]))
        assert failed is not None
        assert "missing" in failed.reason
        (tmp_path / "b.mp4").write_bytes(b"not a video, but content")
        later = session(here, store, Looks(), Colours())
        assert later.key(*next(iter(later.plan.asks()))[1:]) not in {s.key for s in store}


def test_the_key_follows_everything_that_determines_an_answer(dataset):
    plan = make_plan(dataset, loaded(Colours()), PROFILE, frozenset({"sight"}))
    _, clip, question = next(iter(plan.asks()))
    base = answer_key({"name": "m"}, "hash", clip, question)
    assert base == answer_key({"name": "m"}, "hash", replace(clip, video="renamed"), question)
    others = [
        answer_key({"name": "m", "revision": "2"}, "hash", clip, question),
        answer_key({"name": "m"}, "other content", clip, question),
        answer_key({"name": "m"}, "hash", replace(clip, end=clip.end - 1), question),
        answer_key({"name": "m"}, "hash", clip, replace(question, text="Is there red at all?")),
        answer_key(
            {"name": "m"}, "hash", replace(clip, sampling=replace(clip.sampling, fps=4.0)), question
        ),
    ]
    assert len({base, *others}) == 6


def test_a_run_written_twice_is_equal_bytes_and_recollects_to_itself(dataset, tmp_path):
    registry = registry_of(
        ("t", "pkg-t", module_with(s3eval_tasks=[_spec(Colours)])),
        ("m", "pkg-m", module_with(s3eval_models=[ModelSpec("m", adapter="x:y", sees=True)])),
    )

    def load(plugin: Plugin, options: Any) -> Model:
        return Scripted()

    outcomes = []
    for name in ("one", "two"):
        work = Evaluation(Settings("m", ("colours",), "d"), dataset, tmp_path / name)
        outcomes.append(evaluate(work, registry, load=load))
    for file in ("run.json", "findings.jsonl"):
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()
    run = outcomes[0].run
    material = material_of(open_run(run.path), dataset, dataset, "paper", registry)
    (again,) = combine_all([material])
    assert again.findings == run.findings


def test_a_run_is_planned_by_what_the_loaded_model_perceives(dataset, tmp_path):
    """A spec states what a model may perceive; a checkpoint may do less, never more."""
    planned = []

    class Asked(Colours):
        def inquiries(self, video: Video, annotation: Annotation, context: PlanContext) -> Any:
            planned.append(context.senses)
            return super().inquiries(video, annotation, context)

    class Sees(Scripted):
        senses = frozenset({"sight"})

    class Spec(TaskSpec):
        def load(self) -> Any:
            return Asked

    spec = ModelSpec("m", adapter="x:y", sees=True, hears=True)
    registry = registry_of(
        ("t", "pkg-t", module_with(s3eval_tasks=[Spec("colours", adapter="here:Asked")])),
        ("m", "pkg-m", module_with(s3eval_models=[spec])),
    )
    work = Evaluation(Settings("m", ("colours",), "d"), dataset, tmp_path / "run")
    outcome = evaluate(work, registry, load=lambda plugin, options: Sees())
    assert planned[0] == {"sight", "hearing"} and planned[-1] == {"sight"}
    assert outcome.run.facts.senses == ("sight",)
    assert outcome.material.senses == {"sight"}
    deaf = ModelSpec("m", adapter="x:y", hears=True)
    registry = registry_of(
        ("t", "pkg-t", module_with(s3eval_tasks=[Spec("colours", adapter="here:Asked")])),
        ("m", "pkg-m", module_with(s3eval_models=[deaf])),
    )
    work = Evaluation(Settings("m", ("colours",), "d"), dataset, tmp_path / "other")
    outcome = evaluate(work, registry, load=lambda plugin, options: Sees())
    assert outcome.run.facts.senses == ()


def test_no_memory_ends_the_run_and_is_no_answer(dataset, tmp_path):
    class Starves(Scripted):
        def watch(self, footage: Any) -> Any:
            raise MemoryError

    with AnswerStore(tmp_path / "a.sqlite") as store:
        with pytest.raises(MachineError, match="no memory left"):
            ask_all(session(dataset, store, Starves(), Colours()))
        assert len(store) == 0


def test_an_unknown_model_writes_nothing(dataset, tmp_path):
    work = Evaluation(Settings("nobody", ("colours",), "d"), dataset, tmp_path / "out")
    with pytest.raises(Exception, match="Unknown model 'nobody'"):
        evaluate(work, registry_of())
    assert not (tmp_path / "out").exists()


class _Spec(TaskSpec):
    """A task spec whose adapter lives in this test."""

    def load(self) -> Any:
        return Colours


def _spec(task: type[Task]) -> TaskSpec:
    return _Spec(task.name, adapter="here:Colours")


def test_the_former_name_of_uses_footage_is_understood():
    class Before(Model):
        looks = False

    class Later(Before):
        uses_footage = True

    assert (Model().uses_footage, Before().uses_footage, Later().uses_footage) == (
        True,
        False,
        True,
    )
