"""What is asked of models: understood and checked before anything is loaded or asked."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from dataclasses import replace as changed
from pathlib import Path
from typing import TYPE_CHECKING, Any

from s3eval.api.asking import Asking
from s3eval.api.datasets import format_of, open_dataset
from s3eval.api.judges import JudgeChoice
from s3eval.api.model_names import NamedModel, named_models
from s3eval.errors import S3EvalError, UnknownNameError
from s3eval.facts.videos import Dataset
from s3eval.plugins import installed
from s3eval.running.evaluate import Evaluation
from s3eval.running.recording import FailurePolicy
from s3eval.running.repeats import Combination, Repeats
from s3eval.running.settings import Settings
from s3eval.running.store import stores_below
from s3eval.vocabulary import PROTOCOLS, Protocol

if TYPE_CHECKING:
    from s3eval.judge import Judge
    from s3eval.specs import ModelSpec

__all__ = ["Request", "prepare", "requested"]


@dataclass(frozen=True)
class Request:
    """What is asked of one or more models; nothing is loaded or asked yet.

    Attributes:
        settings: without a model; its judge is the one that reads where a task wants one.
        dataset: what is asked about; ``whole`` what baselines may learn from.
        judging: which judge reads, and what it may do.
        reuse: answer files of earlier runs to read from.
        retry_failed: whether what failed before is asked again.
        replace_run: whether a run that cannot be continued is replaced.
        wait: whether to wait for another run that is at work in the same folder.
        asking: how the questions are put.
    """

    settings: Settings
    dataset: Dataset
    whole: Dataset
    judging: JudgeChoice = field(default_factory=JudgeChoice)
    reuse: tuple[Path, ...] = ()
    retry_failed: bool = False
    replace_run: bool = False
    wait: bool = True
    asking: Asking = field(default_factory=Asking)

    @property
    def is_judged(self) -> bool:
        """Whether any of the tasks wants a judge."""
        return _is_judged(self.settings.tasks)

    def models(self, names: Iterable[str]) -> list[NamedModel]:
        """The models of several names, with the settings' options; nothing is loaded.

        Raises:
            S3EvalError: a name is wrong, or a model refuses its options.
        """
        return named_models(names, self.settings.model_options)

    def evaluation(
        self, model: ModelSpec | NamedModel, out: Path, reader: Judge | None, **changes: Any
    ) -> Evaluation:
        """The evaluation of one model.

        Args:
            model: installed, with the settings' options; or as it was named, with all that its
                name comes to.
            reader: the judge, opened; None where none reads.
            changes: to the settings: sampling, model_options, task_options, profile, judge.

        Raises:
            S3EvalError: the model may send clips off this machine, and that was not allowed.
        """
        if isinstance(model, NamedModel):
            spec, changes = model.spec, {"model_options": model.options, **changes}
        else:
            spec = model
        work = Evaluation(
            settings=changed(self.settings, model=spec.name, **changes),
            dataset=self.dataset,
            out=out,
            whole=self.whole,
            reuse=self.reuse,
            retry_failed=self.retry_failed,
            judge=reader,
            replace_run=self.replace_run,
            wait=self.wait,
            executor=self.asking.executor,
            permission=self.judging.permission,
            executor_options=self.asking.executor_options,
            failures=self.asking.failures or FailurePolicy(),
            limits=self.asking.limits,
        )
        work.options_of(spec)  # consent among the options is refused before anything is asked
        return work


def prepare(
    settings: Settings,
    whole: Dataset | None = None,
    judging: JudgeChoice | None = None,
    reuse: Sequence[Path] = (),
    retry_failed: bool = False,
    replace_run: bool = False,
    wait: bool = True,
    asking: Asking | None = None,
) -> Request:
    """Understand what is asked for; nothing is loaded or asked yet.

    Args:
        settings: without a model; the task "all" alone stands for every installed one.
        whole: the dataset, where it is open already.
        reuse: earlier runs whose answers are read.

    Raises:
        S3EvalError: wrong values, unknown tasks, no such dataset, nothing selected.
    """
    registry = installed()
    tasks = registry.names("task") if settings.tasks == ("all",) else settings.tasks
    tasks = tuple(dict.fromkeys(tasks))
    if not tasks:
        raise S3EvalError("No task is named", fix="s3eval list tasks")
    for name in tasks:
        registry.get("task", name)
    how = asking or Asking()
    registry.get("executor", how.executor)
    if judging is not None:
        judging.check_name()
    for name in settings.task_options:
        if name not in tasks:
            raise UnknownNameError("task in --task-option", name, tasks, fix="one of --tasks")
    if settings.protocol not in PROTOCOLS:
        raise UnknownNameError("protocol", settings.protocol, PROTOCOLS, fix="paper or release")
    selection = {k: v for k, v in settings.selection.items() if v is not None}
    outside = bool(selection.pop("outside", False))
    opened = whole if whole is not None else open_dataset(settings.data, outside)
    dataset = opened.select(**selection)
    if not len(dataset):
        folds = selection.get("folds")
        why = f"there is none in folds {', '.join(map(str, folds))}" if folds else ""
        raise S3EvalError("No video is selected", where=settings.data, why=why)
    if opened.outside:
        # What the user allowed holds for the run's scoring too, which may read durations.
        selection["outside"] = True
    choice = judging or JudgeChoice()
    return Request(
        changed(
            settings,
            tasks=tasks,
            selection=selection,
            judge=choice.name if choice.named or _is_judged(tasks) else "",
            judge_options=choice.options,
        ),
        dataset,
        opened,
        choice,
        tuple(stores_below(reuse)),
        retry_failed,
        replace_run,
        wait,
        how,
    )


def requested(
    tasks: str | Sequence[str],
    data: str | os.PathLike[str] | Dataset,
    judging: JudgeChoice,
    *,
    protocol: Protocol = "paper",
    seed: int = 0,
    repeat: int = 1,
    combination: Combination = "majority",
    profile: str = "",
    sampling: Mapping[str, Any] | None = None,
    model_options: Mapping[str, Any] | None = None,
    serve: str | None = None,
    task_options: Mapping[str, Mapping[str, Any]] | None = None,
    limit: int | None = None,
    folds: Collection[int] | None = None,
    videos: Collection[str] | None = None,
    outside: bool = False,
    reuse: Sequence[str | os.PathLike[str]] = (),
    retry_failed: bool = False,
    replace: bool = False,
    wait: bool = True,
    asking: Asking | None = None,
) -> Request:
    """Understand what is asked for, by the options of ``s3eval run``; nothing is asked yet.

    Args:
        tasks: task names, or "all".
        data: from `open_dataset`, or what it takes.
        judging: which judge reads, and what it may do.
        serve: the server that is started for the model, an option of it ("vllm", "sglang").
        limit, folds, videos: which videos; all by default.
        outside: whether videos outside the dataset's folder may be read.
        asking: how the questions are put.

    The other arguments are those of `s3eval.evaluate`.

    Raises:
        S3EvalError: wrong values, unknown tasks, no such dataset, nothing selected.
    """
    settings = Settings(
        model="",
        tasks=(tasks,) if isinstance(tasks, str) else tuple(tasks),
        data=_named(data),
        protocol=protocol,
        seed=seed,
        profile=profile,
        sampling=sampling or {},
        model_options={**(model_options or {}), **({"serve": serve} if serve else {})},
        task_options=task_options or {},
        repeats=Repeats(repeat, combination, seed),
        selection={
            "limit": limit,
            "folds": None if folds is None else [*folds],
            "videos": None if videos is None else [*videos],
            "outside": outside,
        },
    )
    return prepare(
        settings,
        data if isinstance(data, Dataset) else None,
        judging,
        [Path(p) for p in reuse],
        retry_failed,
        replace,
        wait,
        asking,
    )


def _named(data: str | os.PathLike[str] | Dataset) -> str:
    """How a run names its dataset; a folder by its path, so that it is found from elsewhere."""
    if isinstance(data, Dataset):
        return str(data.root or data.name)
    kind, path = format_of(data)
    return path if kind == "folder" else os.fspath(data)


def _is_judged(tasks: Sequence[str]) -> bool:
    registry = installed()
    return any(registry.get("task", name).spec.judged for name in tasks)
