"""One evaluation from start to finish: plan, ask, collect, score, write. What the verbs call."""

from __future__ import annotations

import platform
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from s3eval.errors import S3EvalError
from s3eval.facts.clips import SamplingProfile, profile
from s3eval.model import Answer, Model
from s3eval.plugins import Plugin, Registry, discover
from s3eval.running.engine import Asked, Session, ask_all, collect
from s3eval.running.plan import Plan, make_plan
from s3eval.running.runs import Run, RunFacts, open_run, write_run
from s3eval.running.scoring import load_task
from s3eval.running.store import AnswerStore
from s3eval.task import ScoringContext, Task
from s3eval.vocabulary import Protocol, Sense

if TYPE_CHECKING:
    from s3eval.dataset import Dataset
    from s3eval.judge import Judge

__all__ = ["Evaluation", "Outcome", "evaluate", "plan_evaluation", "recollect"]


@dataclass(frozen=True)
class Evaluation:
    """What is to be evaluated, on what, and how.

    Attributes:
        model: model name; ``model_options`` its options.
        tasks: task names; ``task_options`` options by task.
        dataset: the (selected) dataset; ``dataset_path`` how the user called it.
        profile: sampling profile name, "" for the model's own; ``sampling`` changes to it.
        reuse: answer files of earlier runs to read from.
    """

    model: str
    tasks: tuple[str, ...]
    dataset: Dataset
    dataset_path: str
    out: Path
    protocol: Protocol = "paper"
    seed: int = 0
    profile: str = ""
    sampling: Mapping[str, Any] = field(default_factory=dict)
    model_options: Mapping[str, Any] = field(default_factory=dict)
    task_options: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    selection: Mapping[str, Any] = field(default_factory=dict)
    retry_failed: bool = False
    reuse: tuple[Path, ...] = ()
    judge: Judge | None = None


@dataclass(frozen=True)
class Outcome:
    """What came of it: the run as written and what asking it took."""

    run: Run
    asked: Asked
    plan: Plan
    unanswered: int = 0


Report = Callable[[Answer, bool], None]
#: Given the number of questions, a context that hands out what is called for each answer.
Reporter = Callable[[int], AbstractContextManager[Report]]


def _silent(total: int) -> AbstractContextManager[Report]:
    return nullcontext(lambda answer, old: None)


def _prepare(
    work: Evaluation, registry: Registry
) -> tuple[Plugin, SamplingProfile, dict[str, Task], Plan]:
    plugin = registry.get("model", work.model)
    tasks = {name: load_task(name, registry) for name in work.tasks}
    chosen = profile(work.profile or plugin.spec.profile).changed(**work.sampling)
    return plugin, chosen, tasks, _plan(work, tasks, chosen, plugin.spec.senses)


def _plan(
    work: Evaluation,
    tasks: Mapping[str, Task],
    chosen: SamplingProfile,
    senses: frozenset[Sense],
) -> Plan:
    return make_plan(work.dataset, tasks, chosen, senses, work.seed, work.task_options)


def _senses(plugin: Plugin, model: Model) -> frozenset[Sense]:
    """What the loaded model perceives: at most what its spec states."""
    declared: frozenset[Sense] = plugin.spec.senses
    return declared if model.senses is None else declared & model.senses


def plan_evaluation(work: Evaluation, registry: Registry | None = None) -> Plan:
    """The plan alone (``--dry-run``): nothing is loaded, asked or written."""
    return _prepare(work, registry or discover())[3]


def evaluate(
    work: Evaluation,
    registry: Registry | None = None,
    reporter: Reporter = _silent,
    load: Callable[[Plugin, Mapping[str, Any]], Model] | None = None,
    tell: Callable[[str], None] = lambda line: None,
) -> Outcome:
    """Ask what is unanswered and write the run with its findings.

    Args:
        work: what is to be evaluated.
        registry: the plugins, default those installed.
        reporter: a progress display.
        load: makes the model ready, default `load_model`.
        tell: handed what the model has to say before it is asked (`Model.notice`).

    Raises:
        S3EvalError: unknown names, missing extras, wrong options; nothing was written.
    """
    known = registry or discover()
    plugin, chosen, tasks, plan = _prepare(work, known)
    model = (load or load_model)(plugin, work.model_options)
    try:
        if notice := model.notice():
            tell(f"{work.model}: {notice}")
        with AnswerStore(work.out / "answers.sqlite", work.reuse) as store:
            senses = _senses(plugin, model)
            if senses != plugin.spec.senses:  # tasks ask by what is perceived
                plan = _plan(work, tasks, chosen, senses)
            session = Session.of(work.dataset, plan, store, model, work.model, senses)
            facts = _facts(work, plugin, chosen, tasks, model, known)
            write_run(work.out, facts)
            with reporter(sum(1 for _ in plan.asks())) as report:
                asked = ask_all(session, retry_failed=work.retry_failed, report=report)
            context = ScoringContext(work.dataset, work.protocol, work.judge)
            found = collect(session, tasks, context)
    finally:
        model.close()
    write_run(work.out, facts, [f for findings in found.values() for f in findings])
    return Outcome(open_run(work.out), asked, plan)


def load_model(plugin: Plugin, options: Mapping[str, Any]) -> Model:
    """Load a model's adapter and make it ready.

    Raises:
        S3EvalError: the adapter is none, or loading failed; says what to do.
    """
    adapter = plugin.spec.load()
    if not (isinstance(adapter, type) and issubclass(adapter, Model)):
        raise S3EvalError(
            f"The adapter of '{plugin.spec.name}' is no Model", where=plugin.spec.adapter
        )
    return adapter.load(plugin.spec, options)


def _facts(
    work: Evaluation,
    plugin: Plugin,
    chosen: SamplingProfile,
    tasks: Mapping[str, Task],
    model: Model,
    registry: Registry,
) -> RunFacts:
    from s3eval import __version__

    versions = {"s3eval-core": __version__, "python": platform.python_version()}
    versions[plugin.package] = plugin.version
    versions |= {
        p.package: p.version for p in registry.plugins if p.kind == "task" and p.spec.name in tasks
    }
    return RunFacts(
        model=work.model,
        senses=tuple(sorted(_senses(plugin, model))),
        tasks=work.tasks,
        dataset=work.dataset_path,
        digest=work.dataset.digest,
        protocol=work.protocol,
        profile=chosen.name,
        looks=model.looks,
        identity=dict(model.identity()),
        judge=dict(work.judge.identity()) if work.judge else {},
        seed=work.seed,
        selection=dict(work.selection),
        options={
            "model": dict(work.model_options),
            "tasks": {k: dict(v) for k, v in work.task_options.items()},
            "profile": work.profile or plugin.spec.profile,
            "sampling": dict(work.sampling),
        },
        versions=versions,
    )


class _Recorded(Model):
    """Stands for a model whose answers are already there; never asked."""

    def __init__(self, identity: Mapping[str, Any], looks: bool) -> None:
        self._identity = identity
        self.looks = looks  # type: ignore[misc]

    def identity(self) -> Mapping[str, Any]:
        return self._identity


def recollect(
    run: Run,
    dataset: Dataset,
    protocol: Protocol,
    judge: Judge | None = None,
    registry: Registry | None = None,
) -> Mapping[str, Sequence[Any]]:
    """The findings of a run under a protocol and judge, from its answers, asking nothing.

    A recorded run's findings are its truth and are returned as they are. An asked run is
    combined anew, so a changed reader, protocol or judge takes effect.
    """
    if run.facts.source == "recorded" or not (run.path / "answers.sqlite").is_file():
        return run.findings
    known = registry or discover()
    options = run.facts.options
    tasks = {name: load_task(name, known) for name in run.facts.tasks}
    chosen = profile(str(options.get("profile") or run.facts.profile))
    chosen = chosen.changed(**options.get("sampling", {}))
    senses: Any = frozenset(run.facts.senses)
    plan = make_plan(dataset, tasks, chosen, senses, run.facts.seed, dict(options.get("tasks", {})))
    with AnswerStore(run.path / "answers.sqlite") as store:
        recorded = _Recorded(run.facts.identity, run.facts.looks)
        session = Session.of(dataset, plan, store, recorded, run.facts.model, senses)
        return collect(session, tasks, ScoringContext(dataset, protocol, judge))
