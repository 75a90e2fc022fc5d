"""One evaluation: plan, ask, combine, write. Scores are made of what it returns."""

from __future__ import annotations

import platform
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from s3eval.facts.clips import SamplingProfile, profile
from s3eval.model import Model
from s3eval.permission import LOCAL_ONLY, Permission, permitted_options
from s3eval.plugins import Plugin, Registry, installed
from s3eval.running.awaited import Awaited
from s3eval.running.continuing import Kept, kept_of
from s3eval.running.efficiency import Efficiency, measured
from s3eval.running.engine import Session, identity_of, pieces_of, repeated_pieces
from s3eval.running.executing import load_executor
from s3eval.running.guard import Guard
from s3eval.running.limits import DEFAULT_LIMITS, Limits
from s3eval.running.loading import LoadedTasks, load_tasks
from s3eval.running.lock import locked
from s3eval.running.models import (
    load_model,
    loaded_senses,
    notice_of,
    spent_by,
    temperature_of,
    trouble_of_closing,
)
from s3eval.running.plan import Plan, make_plan
from s3eval.running.recording import AskCounts, FailurePolicy, Report, ask_all
from s3eval.running.runs import (
    Run,
    RunFacts,
    StoredFindings,
    relative_dataset,
    write_run,
    write_text,
)
from s3eval.running.scoring import Combined, Material, combine_all
from s3eval.running.settings import Settings
from s3eval.running.stopping import stop_on_signals
from s3eval.running.store import AnswerStore
from s3eval.specs import ModelSpec

if TYPE_CHECKING:
    from s3eval.facts.videos import Dataset
    from s3eval.judge import Judge
    from s3eval.specs import ModelSpec

__all__ = ["Evaluation", "Outcome", "evaluate", "load_model", "plan_evaluation"]


@dataclass(frozen=True)
class Evaluation:
    """What is to be evaluated, on what, and how.

    Attributes:
        settings: what is recorded and repeats it.
        dataset: the (selected) dataset; ``whole`` all of it, which baselines learn from.
        out: the run's folder.
        reuse: answer files of earlier runs to read from.
        retry_failed: whether what failed before is asked again.
        judge: opened, None for none.
        replace_run: whether a run in ``out`` that this one cannot continue is replaced.
        wait: whether to wait for another run that is at work in ``out``.
        executor: where videos are asked about (`s3eval list executors`), with its options.
        failures: what is done about answers that fail.
        limits: how far decoding runs ahead of the model.
        only_ask: whether the run ends when all is asked: no findings are made, nothing is judged.
        permission: what may leave this machine; never recorded, since a run is no consent.
    """

    settings: Settings
    dataset: Dataset
    out: Path
    whole: Dataset | None = None
    reuse: tuple[Path, ...] = ()
    retry_failed: bool = False
    judge: Judge | None = None
    replace_run: bool = False
    wait: bool = True
    executor: str = "local"
    permission: Permission = LOCAL_ONLY
    executor_options: Mapping[str, Any] = field(default_factory=dict)
    failures: FailurePolicy = field(default_factory=FailurePolicy)
    only_ask: bool = False
    limits: Limits = DEFAULT_LIMITS

    @property
    def label(self) -> str:
        """What lines call it: the run's folder, which tells variants of one model apart."""
        return self.out.name or self.settings.model

    def options_of(self, spec: ModelSpec) -> dict[str, Any]:
        """The model's options, with the permission where clips may leave this machine.

        Raises:
            S3EvalError: consent given as an option.
        """
        return permitted_options(spec, self.settings.model_options, self.permission)


@dataclass(frozen=True)
class Outcome:
    """What came of it.

    Attributes:
        run: as written, with its findings.
        asked: what asking took.
        plan: what was planned; its ``unplanned`` videos are failures of their own.
        material, combined: what scores are made of.
        unchanged: whether nothing was asked and the stored scores are those that would be made.
    """

    run: Run
    asked: AskCounts
    plan: Plan
    material: Material
    combined: Combined
    unchanged: bool = False


#: Whether the stored scores of a run with these facts and this material still hold.
Unchanged = Callable[[RunFacts, Material], bool]
#: Given what will be asked, a context that hands out what is called for each answer.
Reporter = Callable[[Awaited], AbstractContextManager[Report]]


def _silent(awaited: Awaited) -> AbstractContextManager[Report]:
    return nullcontext(lambda asked, old: None)


@dataclass(frozen=True)
class _Prepared:
    plugin: Plugin[ModelSpec]
    profile: SamplingProfile
    tasks: LoadedTasks
    plan: Plan


def _prepare(work: Evaluation, registry: Registry) -> _Prepared:
    plugin = registry.get("model", work.settings.model)
    tasks = load_tasks(work.settings.tasks, registry)
    chosen = profile(work.settings.profile or plugin.spec.profile).changed(**work.settings.sampling)
    plan = make_plan(
        work.dataset,
        tasks,
        chosen,
        plugin.spec.senses,
        work.settings.seed,
        work.settings.task_options,
        work.settings.repeats,
    )
    return _Prepared(plugin, chosen, tasks, plan)


def _as_loaded(work: Evaluation, prepared: _Prepared, model: Model) -> _Prepared:
    """The same with what the loaded model perceives of what its spec states, and planned by it."""
    spec = prepared.plugin.spec
    senses = loaded_senses(model, prepared.plugin)
    if senses is None or senses >= spec.senses:
        return prepared
    sees, hears = "sight" in senses, "hearing" in senses
    spec = replace(spec, sees=spec.sees and sees, hears=spec.hears and hears)
    plan = make_plan(
        work.dataset,
        prepared.tasks,
        prepared.profile,
        spec.senses,
        work.settings.seed,
        work.settings.task_options,
        work.settings.repeats,
    )
    return replace(prepared, plugin=replace(prepared.plugin, spec=spec), plan=plan)


def plan_evaluation(work: Evaluation, registry: Registry | None = None) -> Plan:
    """The plan alone (``--dry-run``): nothing is loaded, asked or written."""
    return _prepare(work, registry or installed()).plan


def evaluate(
    work: Evaluation,
    registry: Registry | None = None,
    reporter: Reporter = _silent,
    load: Callable[[Plugin[ModelSpec], Mapping[str, Any]], Model] | None = None,
    notify: Callable[[str], None] = lambda line: None,
    unchanged: Unchanged = lambda facts, material: False,
) -> Outcome:
    """Ask what is unanswered and write the run with its findings.

    Args:
        work: what is to be evaluated.
        registry: the plugins, default those installed.
        reporter: a progress display.
        load: makes the model ready, default the executor's own `load`.
        notify: handed lines for the user: what the model has to say (`Model.notice`), what of
            an earlier run in the same folder is kept.
        unchanged: says of a run about which nothing was left to ask whether its stored findings
            and scores would come out the same; then they are not made again.

    Raises:
        S3EvalError: unknown names, missing extras, wrong options, a run in ``out`` that this
            one cannot continue; nothing was written.
    """
    known = registry or installed()
    prepared = _prepare(work, known)
    with locked(work.out, work.wait, notify):
        return _evaluated(work, prepared, known, reporter, load, notify, unchanged)


def _evaluated(
    work: Evaluation,
    prepared: _Prepared,
    known: Registry,
    reporter: Reporter,
    load: Callable[[Plugin[ModelSpec], Mapping[str, Any]], Model] | None,
    notify: Callable[[str], None],
    unchanged: Unchanged,
) -> Outcome:
    def notify_efficiency(took: Efficiency) -> None:
        notify(f"{work.label}: {took}")

    kept, name = kept_of(work, known), work.out.name
    kept.check(_facts(work, prepared, True, {}, known), name, is_loaded=False)
    executor = load_executor(work.executor, known, work.executor_options)
    model = (load or executor.load)(prepared.plugin, work.options_of(prepared.plugin.spec))
    try:
        prepared = _as_loaded(work, prepared, model)
        work.settings.repeats.check(temperature_of(model, prepared.plugin), work.settings.model)
        if notice := notice_of(model, prepared.plugin):
            notify(f"{work.label}: {notice}")
        # Once: a key made of another identity than the run records would never be found again.
        identity = identity_of(model, work.settings.model, prepared.plugin.package)
        facts = _facts(work, prepared, bool(model.uses_footage), identity, known)
        kept.check(facts, name)
        facts = kept.extended(facts)
        for line in kept.remarks(facts):
            notify(f"{work.label}: {line}")
        with AnswerStore(work.out / "answers.sqlite", work.reuse) as store:
            session = _session(work, prepared, store, model, identity)
            kept.remove_what_is_made_anew(work.out, facts)
            write_run(work.out, facts)
            write_text(work.out / "run.toml", work.settings.as_toml())
            awaited = Awaited(prepared.plan, lambda: spent_by(model, prepared.plugin))
            with (
                reporter(awaited) as report,
                stop_on_signals(notify) as stopping,
                measured(work.out, model, session.seconds, notify_efficiency) as counting,
            ):
                asked = ask_all(
                    session,
                    retry_failed=work.retry_failed,
                    report=counting(report),
                    executor=executor,
                    failures=work.failures,
                    stopping=stopping,
                )
            store.check_in_place()
            bare = _material(work, prepared, None)
            if work.only_ask:
                return Outcome(Run(work.out, facts, {}), asked, prepared.plan, bare, Combined({}))
            nothing_new = not (asked.answered or asked.failed or asked.skipped)
            if nothing_new and not kept.findings and unchanged(facts, bare):
                stored = StoredFindings(work.out / "findings.jsonl")
                run = Run(work.out, facts, stored)
                return Outcome(run, asked, prepared.plan, bare, Combined(stored), True)
            by_name, protocol = prepared.tasks.by_name, work.settings.protocol
            guard = Guard(prepared.tasks.packages)
            pieces = pieces_of(session, by_name, protocol, guard)
            repeated = repeated_pieces(session, by_name, protocol)
    finally:
        if trouble := trouble_of_closing(model, prepared.plugin):
            notify(f"{work.label}: {trouble}")
    return _finished(work, prepared, facts, asked, pieces, kept, repeated, guard, store)


def _session(
    work: Evaluation,
    prepared: _Prepared,
    store: AnswerStore,
    model: Model,
    identity: Mapping[str, Any],
) -> Session:
    plugin, name = prepared.plugin, work.settings.model
    senses = plugin.spec.senses
    return Session.of(
        work.dataset,
        prepared.plan,
        store,
        model,
        name,
        senses,
        plugin.package,
        work.settings,
        work.permission,
        identity,
        work.limits,
    )


def _material(work: Evaluation, prepared: _Prepared, pieces: Any) -> Material:
    return Material(
        prepared.tasks,
        work.whole or work.dataset,
        work.settings.protocol,
        prepared.plugin.spec.senses,
        pieces,
        task_options=work.settings.task_options,
    )


def _finished(
    work: Evaluation,
    prepared: _Prepared,
    facts: RunFacts,
    asked: AskCounts,
    pieces: Any,
    kept: Kept,
    repeated: Any,
    guard: Guard,
    store: AnswerStore,
) -> Outcome:
    material = replace(
        _material(work, prepared, pieces), repeated=repeated, unread=tuple(guard.faults)
    )
    (combined,) = combine_all([material], work.judge)
    findings = {**combined.findings, **kept.findings}
    store.check_in_place()  # combining may have taken long
    write_run(work.out, facts, [f for some in findings.values() for f in some])
    run = Run(work.out, facts, findings)
    # Scores are made of the findings; what they were made of would only take memory meanwhile.
    material = replace(material, pieces=None, findings=combined.findings)
    if kept.findings:
        # Scores are those of the whole run: the kept tasks' findings count as they are.
        material, combined = kept.joined(material, combined)
    return Outcome(run, asked, prepared.plan, material, combined)


def _facts(
    work: Evaluation,
    prepared: _Prepared,
    uses_footage: bool,
    identity: Mapping[str, Any],
    registry: Registry,
) -> RunFacts:
    from s3eval.version import __version__

    plugin = prepared.plugin
    versions = {"s3eval-core": __version__, "python": platform.python_version()}
    versions[plugin.package] = plugin.version
    versions |= {
        p.package: p.version for p in registry.of("task") if p.spec.name in work.settings.tasks
    }
    options: dict[str, Any] = {
        "model": dict(work.settings.model_options),
        "tasks": {k: dict(v) for k, v in work.settings.task_options.items()},
        "profile": work.settings.profile or plugin.spec.profile,
        "sampling": dict(work.settings.sampling),
        **work.settings.repeats.as_options(),
    }
    if work.judge is not None and work.settings.judge:
        options["judge"] = {
            "name": work.settings.judge,
            "options": dict(work.settings.judge_options),
        }
    return RunFacts(
        model=work.settings.model,
        senses=tuple(sorted(plugin.spec.senses)),
        tasks=work.settings.tasks,
        dataset=work.settings.data,
        dataset_relative=relative_dataset(work.settings.data, work.out),
        digest=work.dataset.digest,
        protocol=work.settings.protocol,
        profile=prepared.profile.name,
        looks=uses_footage,
        identity=identity,
        judge=dict(work.judge.identity()) if work.judge else {},
        seed=work.settings.seed,
        selection=dict(work.settings.selection),
        options=options,
        versions=versions,
    )
