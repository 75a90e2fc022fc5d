"""An executor of a third party gives the very answers of a local run; a run's end can be told."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from s3eval import Annotation, Dataset, FeatureAnnotation, Video
from s3eval.cli import main
from s3eval.dataset import write_folder
from s3eval.model import Question
from s3eval.running.engine import ask_video
from s3eval.running.executing import Asked, Executor, VideoWork
from s3eval.specs import ExecutorSpec, RunEndSpec
from s3eval.testing.plugins import beside_installed, module_with, registry_of

ENDED: list[tuple[str, int]] = []


class Backwards(Executor):
    """The last video first, each video's answers the other way round."""

    def ask(self, session: Any, works: Iterable[VideoWork]) -> Iterator[Asked]:
        for work in reversed(list(works)):
            yield from reversed(list(ask_video(session, work)))


class Odd(Executor):
    """Yields, does or raises what its name says."""

    does = ""

    def ask(self, session: Any, works: Iterable[VideoWork]) -> Any:
        answers = [a for work in works for a in ask_video(session, work)]
        return {
            "leaves": leaves,
            "no_iterator": lambda: None,
            "numbers": lambda: [1, 2],
            "another": lambda: [replace(answers[0], question=Question("not asked", "?"))],
            "nothing": lambda: (),
            "half": lambda: answers[::2],
            "twice": lambda: [*answers, *answers],
            "endless": lambda: itertools.cycle(answers[:1]),
            "no_answer": lambda: [replace(a, answer=None) for a in answers],
            "no_seconds": lambda: [replace(a, seconds="x") for a in answers],
        }[self.does]()


def leaves() -> None:
    raise SystemExit(0)


ODD = (
    "leaves",
    "no_iterator",
    "numbers",
    "another",
    "nothing",
    "half",
    "twice",
    "no_answer",
    "endless",
)
BY_NAME = {
    "backwards": Backwards,
    **{name: type(name, (Odd,), {"does": name}) for name in (*ODD, "no_seconds")},
}


def ended(run: Any, scores: Any) -> None:
    if run.facts.model == "always-no":
        raise ValueError("the tracker is away")
    ENDED.append((run.name, len(scores)))
    scores.clear()


@pytest.fixture
def data(tmp_path):
    videos = tuple(Video(f"v{i}", f"p{i}", duration=70.0) for i in range(3))
    notes = {
        v.name: Annotation(v.name, {"tonic": FeatureAnnotation("yes", 3.0, 5.0)}) for v in videos
    }
    return write_folder(Dataset("d", videos, notes), tmp_path / "data")


class _Executor(ExecutorSpec):
    """A spec whose adapter lives in this test."""

    def load(self) -> Any:
        return BY_NAME.get(self.name, dict)


class _RunEnd(RunEndSpec):
    def load(self) -> Any:
        return ended


@pytest.fixture
def plugins():
    specs = [_Executor(name, adapter="here:Backwards") for name in (*BY_NAME, "none")]
    module = module_with(
        s3eval_executors=specs, s3eval_run_ends=[_RunEnd("noted", adapter="here:ended")]
    )
    mine = registry_of(("mine", "their-package", module))
    ENDED.clear()
    with beside_installed(*mine.plugins) as registry:
        yield registry


def run(*arguments: object) -> int:
    with pytest.raises(SystemExit) as done:
        main(["run", "--tasks", "recognition,timing", *map(str, arguments)])
    return int(done.value.code or 0)


def test_the_order_of_asking_changes_nothing(data, tmp_path, plugins):
    for name in ("local", "backwards"):
        out = tmp_path / name
        assert run("-m", "prevalence", "--data", data, "--out", out, "--executor", name) == 0
    for file in ("findings.jsonl", "run.json", "run.toml"):
        first, second = (tmp_path / n / "prevalence" / file for n in ("local", "backwards"))
        assert first.read_bytes() == second.read_bytes(), file


def test_what_is_no_executor_is_named_and_unknown_ones_suggest(data, tmp_path, plugins, capsys):
    ask = ("-m", "always-yes", "--data", data, "--out", tmp_path / "out")
    assert run(*ask, "--executor", "none") == 2
    assert (
        "Expected the adapter of executor 'none' to be a subclass of Executor"
        in capsys.readouterr().err
    )
    assert run(*ask, "--executor", "lokal") == 2
    assert "did you mean 'local'" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["leaves", "no_iterator", "numbers", "another", "endless"])
def test_an_executor_that_gives_no_answers_is_named(data, tmp_path, plugins, capsys, name):
    ask = ("-m", "always-yes", "--data", data, "--out", tmp_path / "out", "--resamples", 20)
    assert run(*ask, "--executor", name) == 2
    assert "their-package" in capsys.readouterr().err
    assert run(*ask) == 0, "the same command in this process goes on"


@pytest.mark.parametrize("name", ["nothing", "half", "no_answer"])
def test_what_an_executor_does_not_answer_is_failed(data, tmp_path, plugins, capsys, name):
    ask = ("-m", "always-yes", "--data", data, "--out", tmp_path / "out", "--resamples", 20)
    assert run(*ask, "--executor", name) == 3
    assert run(*ask, "--retry-failed") == 0


@pytest.mark.parametrize("name", ["twice", "no_seconds"])
def test_an_answer_counts_once_and_its_seconds_are_a_number(data, tmp_path, plugins, name):
    ask = ("-m", "always-yes", "--data", data, "--resamples", 20)
    assert run(*ask, "--out", tmp_path / name, "--executor", name) == 0
    assert run(*ask, "--out", tmp_path / "local") == 0
    first, second = (tmp_path / n / "always-yes" / "findings.jsonl" for n in (name, "local"))
    assert first.read_bytes() == second.read_bytes()


def test_a_run_s_end_is_told_and_its_failure_costs_nothing(data, tmp_path, plugins, capsys):
    ask = ("--data", data, "--out", tmp_path / "out", "--at-end", "noted")
    assert run("-m", "always-yes", "-m", "always-no", *ask) == 3
    assert [name for name, _ in ENDED] == ["always-yes"]
    error = capsys.readouterr().err
    assert "always-no: noted (their-package) failed: ValueError: the tracker is away" in error
    assert (tmp_path / "out" / "always-no" / "scores.json").is_file()
    assert run("-m", "always-yes", *ask[:-1], "notd") == 2
