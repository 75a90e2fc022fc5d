"""Asking models about videos: one call for what ``s3eval run`` does."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

from s3eval.api.annotated import annotation_remarks
from s3eval.api.asking import Asking
from s3eval.api.judges import DEFAULT_JUDGE, JudgeChoice, ShowProgress, close_judge
from s3eval.api.model_names import NamedModel
from s3eval.api.requests import Request, requested
from s3eval.api.run_ends import check_run_ends, end_run
from s3eval.api.runs import ScoredRuns
from s3eval.facts.videos import Dataset
from s3eval.permission import Permission, Phi
from s3eval.plugins import installed
from s3eval.reporting.variants import variant_lines
from s3eval.running.evaluate import Evaluation, Outcome
from s3eval.running.evaluate import evaluate as ask_and_combine
from s3eval.running.recording import FailurePolicy
from s3eval.running.repeats import Combination
from s3eval.running.unchanged import fingerprint, is_unchanged
from s3eval.statistics.resampling import check_draws
from s3eval.statistics.scored import Scored, score_all, stored_scores
from s3eval.vocabulary import Protocol

if TYPE_CHECKING:
    from s3eval.plugins import Registry
    from s3eval.running.awaited import Awaited
    from s3eval.running.executing import Asked
    from s3eval.running.runs import RunFacts
    from s3eval.running.scoring import Material
    from s3eval.specs import ModelSpec

__all__ = [
    "Reporting",
    "evaluate",
    "evaluated",
    "evaluated_all",
    "unreported",
    "unshown",
]

#: A label and what will be asked, to what is told of each answer.
Reporting = Callable[[str, "Awaited"], AbstractContextManager[Callable[["Asked", bool], None]]]


def unreported(
    label: str, awaited: Awaited
) -> AbstractContextManager[Callable[[Asked, bool], None]]:
    """Progress that is not shown."""
    return nullcontext(lambda asked, old: None)


def unshown(line: str) -> None:
    """Lines for the user that are not shown."""


def evaluated(
    work: Evaluation,
    registry: Registry | None = None,
    resamples: int = 2000,
    reporting: Reporting = unreported,
    notify: Callable[[str], None] = unshown,
    load: Callable[..., Any] | None = None,
) -> tuple[Outcome, Scored]:
    """Ask one model, combine, score and write: each done once."""

    def reporter(awaited: Awaited) -> AbstractContextManager[Callable[[Asked, bool], None]]:
        return reporting(work.label, awaited)

    identity = dict(work.judge.identity()) if work.judge is not None else {}

    def unchanged(facts: RunFacts, material: Material) -> bool:
        made_with = fingerprint(work.out, facts, material, identity, resamples)
        return is_unchanged(work.out, made_with)

    outcome = ask_and_combine(
        work, registry, reporter=reporter, load=load, notify=notify, unchanged=unchanged
    )
    if outcome.unchanged:
        stored = stored_scores(outcome.run, outcome.material, work.judge, resamples)
        if stored is not None:
            return outcome, stored
    (scored,) = score_all(
        [outcome.run], [outcome.material], work.judge, [outcome.combined], resamples, write=True
    )
    return outcome, scored


def evaluated_all(
    request: Request,
    models: Sequence[tuple[ModelSpec | NamedModel, Path]],
    resamples: int = 2000,
    reporting: Reporting = unreported,
    notify: Callable[[str], None] | None = None,
    progress: ShowProgress | None = None,
    load: Callable[..., Any] | None = None,
) -> list[tuple[Outcome, Scored]]:
    """Ask one model after the other and score them; one judge, opened once, reads for all.

    Args:
        models: each with its run's folder; what none of them may do is refused before any is
            asked.
        notify, progress: where lines and steps of the judge are shown, None for nowhere.
        load: makes a model ready, default the executor's own.
    """
    reader = request.judging.open(request.is_judged, notify, progress)
    notified, registry = notify or unshown, installed()
    try:
        works = [request.evaluation(model, run, reader) for model, run in models]
        if len(works) > 1:
            for line in variant_lines({w.label: w.settings.model_options for w in works}):
                notified(line)
        for line in annotation_remarks(request):
            notified(line)
        return [evaluated(work, registry, resamples, reporting, notified, load) for work in works]
    finally:
        close_judge(reader, notified)


def evaluate(
    model: str | Sequence[str],
    tasks: str | Sequence[str],
    data: str | os.PathLike[str] | Dataset,
    out: str | os.PathLike[str],
    *,
    judge: str | None = None,
    judge_options: Mapping[str, Any] | None = None,
    model_options: Mapping[str, Any] | None = None,
    task_options: Mapping[str, Mapping[str, Any]] | None = None,
    protocol: Protocol = "paper",
    videos: Collection[str] | None = None,
    folds: Collection[int] | None = None,
    limit: int | None = None,
    profile: str = "",
    sampling: Mapping[str, Any] | None = None,
    seed: int = 0,
    repeat: int = 1,
    combination: Combination = "majority",
    resamples: int = 2000,
    retry_failed: bool = False,
    reuse: Sequence[str | os.PathLike[str]] = (),
    replace: bool = False,
    wait: bool = True,
    executor: str = "local",
    executor_options: Mapping[str, Any] | None = None,
    retry: int = 0,
    max_failures: int | None = None,
    at_end: Sequence[str] = (),
    allow_remote: bool = False,
    phi: Phi = "redact",
    max_cost: float | None = None,
    max_calls: int | None = None,
    progress: bool = True,
) -> ScoredRuns:
    """Ask models about the videos of a dataset and score what they say.

    The same call again goes on where it stopped and asks nothing twice.

    Args:
        model: a model's name, or several; ``NAME?option=value`` or ``NAME:VALUE?option=value`` sets
            options of its own.
        tasks: task names, or "all".
        data: from `open_dataset`, or what it takes.
        out: the folder of the runs, one below it for each model.
        judge: by name; None for the default where a task wants one, "none" for none.
        videos, folds, limit: which videos; all by default.
        repeat: how often each question is asked; needs a model whose answers are drawn.
        combination: which of the repeated answers counts (`s3eval.running.repeats`).
        profile, sampling: sampling profile instead of the model's own, and changes to it.
        resamples: draws of patients behind each 95 % interval.
        retry_failed: ask again what failed before.
        reuse: earlier runs whose answers are read.
        replace: begin a run anew that this one cannot continue.
        wait: wait for another run that is at work in the same folder, or refuse.
        executor: where videos are asked about (``s3eval list executors``), with its options.
        retry: how often a question that fails is asked again.
        max_failures: how many questions may fail before asking stops; None for any number.
        at_end: what is done when a run is written (``s3eval list run-ends``).
        allow_remote: whether clips and texts may leave this machine; ``phi``, ``max_cost`` and
            ``max_calls`` are as the flags of those names.
        progress: whether progress is shown.

    Returns:
        the runs with their scores.

    Raises:
        S3EvalError: unknown names, wrong options, nothing selected; nothing was asked then.
    """
    from s3eval.reporting.asking import answers_shown
    from s3eval.reporting.progress import line_shown, steps_shown

    check_draws(resamples)
    choice = JudgeChoice(
        name=DEFAULT_JUDGE if judge is None else judge,
        named=judge is not None,
        options=judge_options or {},
        permission=Permission(allow_remote, phi, max_cost, max_calls),
    )
    request = requested(
        tasks, data, choice,
        protocol=protocol, seed=seed, repeat=repeat, combination=combination,
        profile=profile, sampling=sampling,
        model_options=model_options, task_options=task_options,
        limit=limit, folds=folds or None, videos=videos or None,
        reuse=reuse, retry_failed=retry_failed, replace=replace, wait=wait,
        asking=Asking(executor, executor_options or {}, FailurePolicy(retry, max_failures)),
    )  # fmt: skip
    check_run_ends(at_end)
    models = request.models([model] if isinstance(model, str) else model)
    results = evaluated_all(
        request,
        [(m, m.run_in(Path(out))) for m in models],
        resamples,
        answers_shown if progress else unreported,
        line_shown if progress else None,
        steps_shown if progress else None,
    )
    for _, scored in results:
        end_run(scored, at_end, line_shown, choice.permission)
    return ScoredRuns(tuple(s for _, s in results), request.whole)
