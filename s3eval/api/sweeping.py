"""One model over several settings: what ``s3eval sweep`` does."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from s3eval.api.annotated import annotation_remarks
from s3eval.api.comparing import differences_of
from s3eval.api.evaluating import Reporting, evaluated
from s3eval.api.judges import close_judge
from s3eval.api.model_names import model_spec, named_model
from s3eval.api.results import ShownAsTables, frame_of
from s3eval.api.unshared import otherwise_annotated, without_tasks
from s3eval.errors import S3EvalError
from s3eval.facts.clips import profile
from s3eval.plugins import installed
from s3eval.reporting.frames import score_records
from s3eval.reporting.sweeps import published_of, tables_of
from s3eval.running.evaluate import plan_evaluation
from s3eval.running.loading import load_tasks
from s3eval.running.models import load_model
from s3eval.statistics.comparing import Resampling
from s3eval.statistics.sweeps import Rephrased, settings

if TYPE_CHECKING:
    import pandas

    from s3eval.api.model_names import NamedModel
    from s3eval.api.requests import Request
    from s3eval.facts.reports import Table
    from s3eval.judge import Judge
    from s3eval.running.evaluate import Evaluation, Outcome
    from s3eval.statistics.comparing import Difference
    from s3eval.statistics.scored import Scored
    from s3eval.statistics.sweeps import Setting

__all__ = ["Sweep", "Swept", "planned_sweep", "sweep"]


@dataclass(frozen=True)
class Swept:
    """A setting with its run.

    Attributes:
        setting: the values.
        out: the run's folder.
        outcome: what was asked and found.
        scored: its scores.
    """

    setting: Setting
    out: Path
    outcome: Outcome
    scored: Scored


@dataclass(frozen=True, repr=False)
class Sweep(ShownAsTables):
    """Runs of one model under several settings, each compared with the first.

    Attributes:
        runs: one for each setting, the baseline first.
        differences: against the baseline, of the settings with the same judge.
    """

    runs: tuple[Swept, ...]
    differences: tuple[Difference, ...]

    @property
    def is_incomplete(self) -> bool:
        """Whether an answer failed, a video could not be asked about, or a task not scored."""
        return any(
            one.scored.faults
            or one.outcome.plan.unplanned
            or any(f.state == "failed" for mine in one.outcome.run.findings.values() for f in mine)
            for one in self.runs
        )

    @property
    def has_published(self) -> bool:
        """Whether a publication prints numbers for one of the settings."""
        return any(published_of(one.setting, self._tasks()) for one in self.runs)

    def _tasks(self) -> list[str]:
        return [*dict.fromkeys(r.task for one in self.runs for r in one.scored.rows)]

    def to_frame(self) -> pandas.DataFrame:
        """A row for each setting and score: value, interval, counts, chance."""
        return frame_of(
            [
                {"setting": one.setting.label, **record}
                for one in self.runs
                for record in score_records(one.scored)
            ]
        )

    def as_json(self) -> dict[str, Any]:
        """Everything, for ``--json``."""
        tasks = self._tasks()
        return {
            "settings": [
                {
                    "label": one.setting.label,
                    "values": dict(one.setting.values),
                    "run": str(one.out),
                    "asked": asdict(one.outcome.asked),
                    "scores": [asdict(r) for r in one.scored.rows],
                    "published": [
                        {"task": k[0], "item": k[1], "metric": k[2]}
                        | {"printed": v.text, "from": v.where}
                        for k, v in published_of(one.setting, tasks).items()
                    ],
                }
                for one in self.runs
            ],
            "differences": [asdict(d) for d in self.differences],
        }

    def tables(self) -> list[Table]:
        """A table for each task: items by settings."""
        rows = {one.setting.label: one.scored.rows for one in self.runs}
        headlines = self.runs[0].scored.headlines
        return tables_of([one.setting for one in self.runs], rows, headlines, self.differences)


def sweep(
    request: Request,
    model: str,
    over: Sequence[str],
    out: Path,
    *,
    resamples: int = 2000,
    seed: int = 0,
    reporting: Reporting | None = None,
    notify: Callable[[str], None] = lambda line: None,
    progress: Any = None,
) -> Sweep:
    """Run a model over every combination of settings and compare each with the first.

    What a setting has answered already, in this sweep or an earlier one, is not asked again.

    Args:
        request: from `s3eval.api.requests.prepare`.
        model: its name, with options of its own as ``NAME?option=value`` which are no axes.
        over: axes with their values ("fps=2,4"); the first value of each is the baseline.
        out: the folder of the runs: one below it for the model, in that one for each setting.
        reporting, notify, progress: where progress, lines and steps of judges are shown.

    Raises:
        S3EvalError: unknown axes or names, or nothing can be asked about any video.
    """
    resampling = Resampling(resamples, seed=seed)  # a wrong number is refused before asking
    with ExitStack() as stack:
        works = _works(model, over, request, out, stack, (notify, progress))
        _refuse_nothing_to_ask(works)
        for line in annotation_remarks(request):
            notify(line)
        runs = []
        for setting, work in works:
            outcome, scored = _evaluated(setting, work, out, resamples, reporting, notify)
            runs.append(Swept(setting, work.out, outcome, scored))
        differences = _differences(runs, works[0][1].judge, resampling, notify)
    return Sweep(tuple(runs), tuple(differences))


def planned_sweep(
    request: Request, model: str, over: Sequence[str], out: Path
) -> list[dict[str, Any]]:
    """How many questions each setting has, before reuse; nothing is loaded or asked.

    Raises:
        S3EvalError: as `sweep` does.
    """
    with ExitStack() as stack:
        works = _works(model, over, request, out, stack, None)
    _refuse_nothing_to_ask(works)
    return [{"setting": s.label, **plan_evaluation(work).count()} for s, work in works]


_Work = tuple["Setting", "Evaluation"]


def _works(
    model: str,
    over: Sequence[str],
    request: Request,
    out: Path,
    stack: ExitStack,
    shown: tuple[Any, Any] | None,
) -> list[_Work]:
    """Every setting with its evaluation; nothing is asked yet.

    Args:
        stack: closes the judges that are opened.
        shown: where the judges' lines and steps go; None to open none.
    """
    base = profile(request.settings.profile or model_spec(model).profile)
    tasks = load_tasks(request.settings.tasks)
    taken = {name: [*task.options] for name, task in tasks.by_name.items()}
    judges: dict[str, Judge | None] = {}
    works = []
    for setting in settings(over, base, taken):
        named = setting.judge or request.judging.name
        if setting.judge and not request.is_judged:
            raise S3EvalError(
                "The axis 'judge' changes nothing: a judge reads for none of the tasks",
                fix="--tasks with one that is read by a judge (s3eval list tasks)",
            )
        if named not in judges:
            choice = replace(request.judging, name=named, named=True)
            choice.check_name()
            notify, progress = shown or (None, None)
            judges[named] = choice.open(request.is_judged and shown is not None, notify, progress)
            stack.callback(close_judge, judges[named])
        per_task = {task: dict(mine) for task, mine in request.settings.task_options.items()}
        for task, mine in setting.task_options.items():
            per_task.setdefault(task, {}).update(mine)
        chosen = _model_of(setting, model, request)
        work = request.evaluation(
            chosen,
            out / chosen.folder / setting.label,
            judges[named],
            judge=named,
            profile=setting.profile or request.settings.profile,
            sampling={**request.settings.sampling, **setting.sampling},
            task_options=per_task,
        )
        works.append((setting, work))
    _refuse_alike(works)
    return works


def _refuse_alike(works: Sequence[_Work]) -> None:
    """Two spellings of one value would be compared with each other.

    Raises:
        S3EvalError: two settings come to the same.
    """
    seen: list[_Work] = []
    for setting, work in works:
        for other, before in seen:
            if (before.settings, other.phrasing) == (work.settings, setting.phrasing):
                raise S3EvalError(
                    f"The settings '{other.label}' and '{setting.label}' are the same",
                    fix="each value of an axis once",
                )
        seen.append((setting, work))


def _model_of(setting: Setting, name: str, request: Request) -> NamedModel:
    """The model of a name with the options of a setting.

    Raises:
        S3EvalError: it refuses them, or the name sets one that the setting sets too.
    """
    others = {**request.settings.model_options, **setting.model_options}
    chosen = named_model(name, others=others)
    for key in setting.model_options:
        if key in chosen.own:
            raise S3EvalError(
                f"The option '{key}' is in the model's name and among the axes",
                where=name,
                fix=f"{name.partition('?')[0]} --over model.{key}=...",
            )
    return chosen


def _refuse_nothing_to_ask(works: Sequence[_Work]) -> None:
    """A table without a number would only hide why.

    Raises:
        S3EvalError: nothing can be asked about any video, whatever the setting.
    """
    reasons: Counter[str] = Counter()
    for _, work in works:
        plan = plan_evaluation(work)
        if plan.videos and any(True for _ in plan.asks()):
            return
        reasons.update(lost.reason for lost in plan.unplanned.values())
    common = reasons.most_common(1)
    raise S3EvalError(
        "Nothing can be asked about any of these videos",
        why=common[0][0] if common else "no task has a question about them",
        fix=f"s3eval data check {works[0][1].settings.data}",
    )


def _evaluated(
    setting: Setting,
    work: Evaluation,
    out: Path,
    resamples: int,
    reporting: Reporting | None,
    notify: Callable[[str], None],
) -> tuple[Outcome, Scored]:
    # Stores of the settings before this one and of earlier sweeps: the same question about the
    # same clip is one answer, whichever setting asked first.
    below = sorted(out.glob("*/*/answers.sqlite"))
    work = replace(work, reuse=tuple(dict.fromkeys([*below, *work.reuse])))

    def load(plugin: Any, given: Mapping[str, Any]) -> Any:
        model = load_model(plugin, given)
        phrasing = setting.phrasing
        return model if phrasing.name == "published" else Rephrased(model, phrasing)

    shown: dict[str, Any] = {}
    if reporting is not None:
        shown["reporting"] = lambda _, total: reporting(setting.label, total)
    outcome, scored = evaluated(work, installed(), resamples, notify=notify, load=load, **shown)
    asked = outcome.asked
    new = asked.answered + asked.failed
    notify(f"{setting.label}: {new} asked, {asked.reused} already there")
    return outcome, scored


def _differences(
    runs: Sequence[Swept],
    judge: Judge | None,
    resampling: Resampling,
    notify: Callable[[str], None],
) -> list[Difference]:
    """Every setting with the first one's judge against the first.

    Two judges read the same text differently; their scores stand side by side only.
    """
    runs = [one for one in runs if one.setting.judge == runs[0].setting.judge]
    if len(runs) < 2:
        return []
    materials = {one.setting.label: one.outcome.material for one in runs}
    findings = {one.setting.label: one.outcome.run.findings for one in runs}
    unlike = otherwise_annotated(materials, findings)
    for line in unlike.values():
        notify(line)
    return differences_of(
        materials,
        without_tasks(findings, unlike),
        judge,
        resampling=resampling,
        baseline=runs[0].setting.label,
    )
