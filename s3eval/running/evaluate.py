"""One evaluation: plan, ask, combine, write. Scores are made of what it returns."""

from __future__ import annotations

import platform
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from s3eval.errors import S3EvalError
from s3eval.facts.clips import SamplingProfile, profile
from s3eval.model import Answer, Model
from s3eval.plugins import Plugin, Registry, installed
from s3eval.running.boundary import checked_identity
from s3eval.running.continuing import Kept, kept_of
from s3eval.running.engine import AskCounts, Session, ask_all, pieces_of
from s3eval.running.loading import LoadedTasks, load_tasks
from s3eval.running.lock import locked
from s3eval.running.plan import Plan, make_plan
from s3eval.running.runs import Run, RunFacts, relative_dataset, write_run
from s3eval.running.scoring import Combined, Material, combine_all
from s3eval.running.store import AnswerStore
from s3eval.specs import ModelSpec
from s3eval.vocabulary import Protocol

if TYPE_CHECKING:
    from s3eval.facts.videos import Dataset
    from s3eval.judge import Judge

__all__ = ["Evaluation", "Outcome", "evaluate", "material_of", "plan_evaluation"]


@dataclass(frozen=True)
class Evaluation:
    """What is to be evaluated, on what, and how.

    Attributes:
        model: model name; ``model_options`` its options.
        tasks: task names; ``task_options`` options by task.
        dataset: the (selected) dataset; ``whole`` all of it, which baselines learn from;
            ``dataset_path`` how the user called it.
        profile: sampling profile name, "" for the model's own; ``sampling`` changes to it.
        reuse: answer files of earlier runs to read from.
        judge: opened, None for none; ``judge_name`` and ``judge_options`` how to open it again.
        replace_run: whether a run in ``out`` that this one cannot continue is replaced.
        wait: whether to wait for another run that is at work in ``out``.
    """

    model: str
    tasks: tuple[str, ...]
    dataset: Dataset
    dataset_path: str
    out: Path
    whole: Dataset | None = None
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
    judge_name: str = ""
    judge_options: Mapping[str, Any] = field(default_factory=dict)
    replace_run: bool = False
    wait: bool = True


@dataclass(frozen=True)
class Outcome:
    """What came of it.

    Attributes:
        run: as written, with its findings.
        asked: what asking took.
        plan: what was planned; its ``unplanned`` videos are failures of their own.
        material, combined: what scores are made of.
    """

    run: Run
    asked: AskCounts
    plan: Plan
    material: Material
    combined: Combined


Report = Callable[[Answer, bool], None]
#: Given the number of questions, a context that hands out what is called for each answer.
Reporter = Callable[[int], AbstractContextManager[Report]]


def _silent(total: int) -> AbstractContextManager[Report]:
    return nullcontext(lambda answer, old: None)


@dataclass(frozen=True)
class _Prepared:
    plugin: Plugin[ModelSpec]
    profile: SamplingProfile
    tasks: LoadedTasks
    plan: Plan


def _prepare(work: Evaluation, registry: Registry) -> _Prepared:
    plugin = registry.get("model", work.model)
    tasks = load_tasks(work.tasks, registry)
    chosen = profile(work.profile or plugin.spec.profile).changed(**work.sampling)
    plan = make_plan(work.dataset, tasks, chosen, plugin.spec.senses, work.seed, work.task_options)
    return _Prepared(plugin, chosen, tasks, plan)


def plan_evaluation(work: Evaluation, registry: Registry | None = None) -> Plan:
    """The plan alone (``--dry-run``): nothing is loaded, asked or written."""
    return _prepare(work, registry or installed()).plan


def evaluate(
    work: Evaluation,
    registry: Registry | None = None,
    reporter: Reporter = _silent,
    load: Callable[[Plugin[ModelSpec], Mapping[str, Any]], Model] | None = None,
    notify: Callable[[str], None] = lambda line: None,
) -> Outcome:
    """Ask what is unanswered and write the run with its findings.

    Args:
        work: what is to be evaluated.
        registry: the plugins, default those installed.
        reporter: a progress display.
        load: makes the model ready, default `load_model`.
        notify: handed lines for the user: what the model has to say (`Model.notice`), what of
            an earlier run in the same folder is kept.

    Raises:
        S3EvalError: unknown names, missing extras, wrong options, a run in ``out`` that this
            one cannot continue; nothing was written.
    """
    known = registry or installed()
    prepared = _prepare(work, known)
    with locked(work.out, work.wait, notify):
        return _evaluated(work, prepared, known, reporter, load or load_model, notify)


def _evaluated(
    work: Evaluation,
    prepared: _Prepared,
    known: Registry,
    reporter: Reporter,
    load: Callable[[Plugin[ModelSpec], Mapping[str, Any]], Model],
    notify: Callable[[str], None],
) -> Outcome:
    kept = kept_of(work, known)
    model = load(prepared.plugin, work.model_options)
    try:
        if notice := model.notice():
            notify(f"{work.model}: {notice}")
        facts = kept.extended(_facts(work, prepared, model, known))
        for line in kept.notes:
            notify(f"{work.model}: {line}")
        with AnswerStore(work.out / "answers.sqlite", work.reuse) as store:
            session = _session(work, prepared, store, model)
            write_run(work.out, facts)
            with reporter(sum(1 for _ in prepared.plan.asks())) as report:
                asked = ask_all(session, retry_failed=work.retry_failed, report=report)
            pieces = pieces_of(session, prepared.tasks.by_name, work.protocol)
    finally:
        model.close()
    return _finished(work, prepared, facts, asked, pieces, kept)


def _session(work: Evaluation, prepared: _Prepared, store: AnswerStore, model: Model) -> Session:
    plugin = prepared.plugin
    senses = plugin.spec.senses
    return Session.of(work.dataset, prepared.plan, store, model, work.model, senses, plugin.package)


def _finished(
    work: Evaluation,
    prepared: _Prepared,
    facts: RunFacts,
    asked: AskCounts,
    pieces: Any,
    kept: Kept,
) -> Outcome:
    material = Material(
        prepared.tasks,
        work.whole or work.dataset,
        work.protocol,
        prepared.plugin.spec.senses,
        pieces,
        task_options=work.task_options,
    )
    (combined,) = combine_all([material], work.judge)
    findings = {**combined.findings, **kept.findings}
    if not work.out.is_dir():
        raise S3EvalError(
            "The run's folder was removed while it was at work",
            where=work.out.name,
            fix="the same command again",
        )
    write_run(work.out, facts, [f for some in findings.values() for f in some])
    run = Run(work.out, facts, findings)
    if kept.findings:
        # Scores are those of the whole run: the kept tasks' findings count as they are.
        material, combined = kept.joined(material, combined)
    return Outcome(run, asked, prepared.plan, material, combined)


def load_model(plugin: Plugin[ModelSpec], options: Mapping[str, Any]) -> Model:
    """Load a model's adapter and make it ready.

    Raises:
        S3EvalError: the adapter is none, or loading failed; says what to do.
    """
    adapter = plugin.spec.load()
    if not (isinstance(adapter, type) and issubclass(adapter, Model)):
        got = adapter.__name__ if isinstance(adapter, type) else type(adapter).__name__
        raise S3EvalError(
            f"Expected the adapter of model '{plugin.spec.name}' to be a subclass of Model, "
            f"but got {got}",
            where=f"{plugin.package}: {plugin.spec.adapter}",
        )
    try:
        model = adapter.load(plugin.spec, options)
    except (S3EvalError, MemoryError, KeyboardInterrupt):
        raise
    except SystemExit as error:
        raise S3EvalError(
            f"Model '{plugin.spec.name}' ended the program while it was loaded",
            where=plugin.package,
            why=f"SystemExit: {error}",
        ) from error
    if not isinstance(model, Model):
        raise S3EvalError(
            f"Expected load() of model '{plugin.spec.name}' to give a Model, "
            f"but got {type(model).__name__}",
            where=plugin.package,
        )
    return model


def _facts(work: Evaluation, prepared: _Prepared, model: Model, registry: Registry) -> RunFacts:
    from s3eval.version import __version__

    plugin = prepared.plugin
    versions = {"s3eval-core": __version__, "python": platform.python_version()}
    versions[plugin.package] = plugin.version
    versions |= {p.package: p.version for p in registry.of("task") if p.spec.name in work.tasks}
    options: dict[str, Any] = {
        "model": dict(work.model_options),
        "tasks": {k: dict(v) for k, v in work.task_options.items()},
        "profile": work.profile or plugin.spec.profile,
        "sampling": dict(work.sampling),
    }
    if work.judge is not None and work.judge_name:
        options["judge"] = {"name": work.judge_name, "options": dict(work.judge_options)}
    return RunFacts(
        model=work.model,
        senses=tuple(sorted(plugin.spec.senses)),
        tasks=work.tasks,
        dataset=work.dataset_path,
        dataset_relative=relative_dataset(work.dataset_path, work.out),
        digest=work.dataset.digest,
        protocol=work.protocol,
        profile=prepared.profile.name,
        looks=model.looks,
        identity=checked_identity(model.identity(), work.model, plugin.package),
        judge=dict(work.judge.identity()) if work.judge else {},
        seed=work.seed,
        selection=dict(work.selection),
        options=options,
        versions=versions,
    )


class _Recorded(Model):
    """Stands for a model whose answers are already there; never asked."""

    def __init__(self, identity: Mapping[str, Any], looks: bool) -> None:
        self._identity = identity
        self.looks = looks

    def identity(self) -> Mapping[str, Any]:
        return self._identity


def material_of(
    run: Run,
    selected: Dataset,
    whole: Dataset,
    protocol: Protocol,
    registry: Registry | None = None,
    options: Mapping[str, Any] | None = None,
    judge_reads: bool = True,
) -> Material:
    """What scoring a run again starts from; nothing is asked.

    A recorded run's findings are its truth. An asked run's answers are read and will be combined
    anew, so that a changed reader, protocol or judge takes effect.

    Args:
        selected: the videos that the run was about.
        whole: all of the dataset.
        options: of scoring.
    """
    known = registry or installed()
    facts = run.facts
    task_options = dict(facts.options.get("tasks", {}))
    recorded = facts.source == "recorded" or not (run.path / "answers.sqlite").is_file()
    tasks = load_tasks(run.findings if recorded else facts.tasks, known)
    material = Material(
        tasks,
        whole,
        protocol,
        frozenset(facts.senses),  # type: ignore[arg-type]
        findings=run.findings,
        judge_reads=judge_reads,
        task_options=task_options,
        options=dict(options or {}),
    )
    if recorded:
        return material
    pieces: dict[str, Any] = {}
    for group in facts.options.get("together") or [facts.tasks]:
        some = load_tasks(group, known)
        pieces |= _stored_pieces(run, some, selected, protocol, task_options)
    return replace(material, pieces={name: pieces[name] for name in facts.tasks})


def _stored_pieces(
    run: Run,
    tasks: LoadedTasks,
    dataset: Dataset,
    protocol: Protocol,
    task_options: Mapping[str, Mapping[str, Any]],
) -> dict[str, Any]:
    facts, options = run.facts, run.facts.options
    chosen = profile(str(options.get("profile") or facts.profile))
    chosen = chosen.changed(**options.get("sampling", {}))
    senses: Any = frozenset(facts.senses)
    mine = {name: given for name, given in task_options.items() if name in tasks.by_name}
    plan = make_plan(dataset, tasks, chosen, senses, facts.seed, mine)
    with AnswerStore(run.path / "answers.sqlite", read_only=True) as store:
        recorded = _Recorded(facts.identity, facts.looks)
        session = Session.of(dataset, plan, store, recorded, facts.model, senses)
        return pieces_of(session, tasks.by_name, protocol)
