"""Asking models about videos: one call for what ``s3eval run`` does."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from s3eval.api.datasets import open_dataset
from s3eval.api.judges import DEFAULT_JUDGE, JudgeChoice
from s3eval.api.runs import ScoredRuns
from s3eval.errors import S3EvalError, UnknownNameError
from s3eval.facts.videos import Dataset
from s3eval.plugins import installed
from s3eval.running.evaluate import Evaluation, Outcome
from s3eval.running.evaluate import evaluate as ask_and_combine
from s3eval.running.store import stores_below
from s3eval.statistics.scored import Scored, score_all
from s3eval.vocabulary import PROTOCOLS, Protocol

if TYPE_CHECKING:
    from s3eval.judge import Judge
    from s3eval.model import Answer
    from s3eval.plugins import Registry
    from s3eval.specs import ModelSpec

__all__ = ["Request", "evaluate", "evaluated", "prepare"]

#: A label and the number of questions, to what is told of each answer.
Reporting = Callable[[str, int], AbstractContextManager[Callable[["Answer", bool], None]]]


@dataclass(frozen=True)
class Request:
    """What is asked of one or more models; nothing is loaded or asked yet.

    Attributes:
        tasks: names.
        dataset: what is asked about; ``whole`` what baselines may learn from.
        path: how the user called the dataset.
        selection: as `Dataset.select` takes it.
        judging: which judge reads, and what it may do.
        replace_run: whether a run that cannot be continued is replaced.
        wait: whether to wait for another run that is at work in the same folder.
    """

    tasks: tuple[str, ...]
    dataset: Dataset
    whole: Dataset
    path: str
    selection: Mapping[str, Any] = field(default_factory=dict)
    protocol: Protocol = "paper"
    seed: int = 0
    profile: str = ""
    sampling: Mapping[str, Any] = field(default_factory=dict)
    model_options: Mapping[str, Any] = field(default_factory=dict)
    task_options: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    reuse: tuple[Path, ...] = ()
    retry_failed: bool = False
    judging: JudgeChoice = field(default_factory=JudgeChoice)
    replace_run: bool = False
    wait: bool = True

    @property
    def is_judged(self) -> bool:
        """Whether any of the tasks wants a judge."""
        registry = installed()
        return any(registry.get("task", name).spec.judged for name in self.tasks)

    def evaluation(
        self, spec: ModelSpec, out: Path, judge: Judge | None, **changes: Any
    ) -> Evaluation:
        """The evaluation of one model.

        Args:
            changes: sampling, model_options, task_options, profile, reuse or judge_name of it.

        Raises:
            S3EvalError: the model may send clips off this machine, and that was not allowed.
        """
        from s3eval.judging.load import remote_options

        given = changes.pop("model_options", self.model_options)
        allowed = remote_options(
            spec, given, allow_remote=self.judging.allow_remote, phi=self.judging.phi
        )
        settings = {
            "profile": self.profile,
            "sampling": self.sampling,
            "task_options": self.task_options,
            "reuse": self.reuse,
            "judge_name": self.judging.name,
            "judge_options": self.judging.options,
            **changes,
        }
        return Evaluation(
            model=spec.name,
            tasks=self.tasks,
            dataset=self.dataset,
            whole=self.whole,
            dataset_path=self.path,
            out=out,
            protocol=self.protocol,
            seed=self.seed,
            model_options=allowed,
            selection=self.selection,
            retry_failed=self.retry_failed,
            judge=judge,
            replace_run=self.replace_run,
            wait=self.wait,
            **settings,
        )


def prepare(
    tasks: Sequence[str],
    data: str | os.PathLike[str] | Dataset,
    *,
    videos: Collection[str] | None = None,
    folds: Collection[int] | None = None,
    limit: int | None = None,
    task_options: Mapping[str, Mapping[str, Any]] | None = None,
    reuse: Sequence[Path] = (),
    **settings: Any,
) -> Request:
    """Understand what is asked for.

    Args:
        tasks: names, or "all" alone.
        settings: further fields of `Request`.

    Raises:
        S3EvalError: wrong values, unknown tasks, no such dataset, nothing selected.
    """
    registry = installed()
    named = registry.names("task") if tuple(tasks) == ("all",) else tuple(dict.fromkeys(tasks))
    if not named:
        raise S3EvalError("No task is named", fix="s3eval list tasks")
    for name in named:
        registry.get("task", name)
    for name in task_options or {}:
        if name not in named:
            raise UnknownNameError("task in --task-option", name, named, fix="one of --tasks")
    protocol = settings.get("protocol", "paper")
    if protocol not in PROTOCOLS:
        raise UnknownNameError("protocol", str(protocol), PROTOCOLS, fix="paper or release")
    whole = data if isinstance(data, Dataset) else open_dataset(data)
    path = str(whole.root or whole.name) if isinstance(data, Dataset) else os.fspath(data)
    selection = {"limit": limit, "folds": folds and [*folds], "videos": videos and [*videos]}
    dataset = whole.select(**selection)  # type: ignore[arg-type]
    if not len(dataset):
        why = f"there is none in folds {', '.join(map(str, folds))}" if folds else ""
        raise S3EvalError("No video is selected", where=path, why=why)
    return Request(
        tasks=named,
        dataset=dataset,
        whole=whole,
        path=path,
        selection={k: v for k, v in selection.items() if v is not None},
        task_options=task_options or {},
        reuse=tuple(stores_below(reuse)),
        **settings,
    )


def _unreported(label: str, total: int) -> AbstractContextManager[Callable[[Answer, bool], None]]:
    return nullcontext(lambda answer, old: None)


def evaluated(
    work: Evaluation,
    registry: Registry | None = None,
    resamples: int = 2000,
    reporting: Reporting = _unreported,
    notify: Callable[[str], None] = lambda line: None,
    load: Callable[..., Any] | None = None,
) -> tuple[Outcome, Scored]:
    """Ask one model, combine, score and write: each done once."""

    def reporter(total: int) -> AbstractContextManager[Callable[[Answer, bool], None]]:
        return reporting(work.model, total)

    outcome = ask_and_combine(work, registry, reporter=reporter, load=load, notify=notify)
    (scored,) = score_all(
        [outcome.run], [outcome.material], work.judge, [outcome.combined], resamples, write=True
    )
    return outcome, scored


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
    resamples: int = 2000,
    retry_failed: bool = False,
    reuse: Sequence[str | os.PathLike[str]] = (),
    replace: bool = False,
    wait: bool = True,
    allow_remote: bool = False,
    phi: str = "redact",
    max_cost: float | None = None,
    max_calls: int | None = None,
    progress: bool = True,
) -> ScoredRuns:
    """Ask models about the videos of a dataset and score what they say.

    The same call again goes on where it stopped and asks nothing twice.

    Args:
        model: a model's name, or several.
        tasks: task names, or "all".
        data: from `open_dataset`, or what it takes.
        out: the folder of the runs, one below it for each model.
        judge: by name; None for the default where a task wants one, "none" for none.
        videos, folds, limit: which videos; all by default.
        profile, sampling: sampling profile instead of the model's own, and changes to it.
        resamples: draws of patients behind each 95 % interval.
        retry_failed: ask again what failed before.
        reuse: earlier runs whose answers are read.
        replace: begin a run anew that this one cannot continue.
        wait: wait for another run that is at work in the same folder, or refuse.
        allow_remote: whether clips and texts may leave this machine; ``phi``, ``max_cost`` and
            ``max_calls`` are as the flags of those names.
        progress: whether progress is shown.

    Returns:
        the runs with their scores.

    Raises:
        S3EvalError: unknown names, wrong options, nothing selected; nothing was asked then.
    """
    from s3eval.reporting.progress import answers_shown, line_shown, steps_shown

    choice = JudgeChoice(
        name=DEFAULT_JUDGE if judge is None else judge,
        named=judge is not None,
        options=judge_options or {},
        allow_remote=allow_remote,
        phi=phi,
        max_cost=max_cost,
        max_calls=max_calls,
    )
    request = prepare(
        [tasks] if isinstance(tasks, str) else tasks,
        data,
        videos=videos,
        folds=folds,
        limit=limit,
        task_options=task_options,
        reuse=[Path(p) for p in reuse],
        protocol=protocol,
        seed=seed,
        profile=profile,
        sampling=sampling or {},
        model_options=model_options or {},
        retry_failed=retry_failed,
        judging=choice,
        replace_run=replace,
        wait=wait,
    )
    registry = installed()
    names = [model] if isinstance(model, str) else list(dict.fromkeys(model))
    specs = [registry.get("model", name).spec for name in names]
    shown = {"notify": line_shown, "progress": steps_shown} if progress else {}
    reader = choice.open(request.is_judged, **shown)  # type: ignore[arg-type]
    try:
        works = [request.evaluation(spec, Path(out) / spec.name, reader) for spec in specs]
        reporting = answers_shown if progress else _unreported
        results = [
            evaluated(work, registry, resamples, reporting, line_shown if progress else _ignored)
            for work in works
        ]
    finally:
        if reader is not None:
            reader.close()
    return ScoredRuns(tuple(s for _, s in results), request.whole)


def _ignored(line: str) -> None:
    pass
