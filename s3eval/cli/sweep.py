"""``s3eval sweep``: one run over several settings (ablations)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, TypeAlias

import click

from s3eval.cli.common import config_option, json_option, write_json_output
from s3eval.cli.evaluating import evaluation_options, progress_of, request_of
from s3eval.reporting.tables import print_table
from s3eval.terminal import echo

if TYPE_CHECKING:
    from s3eval.api.evaluating import Request
    from s3eval.api.judges import JudgeChoice
    from s3eval.judge import Judge
    from s3eval.plugins import Registry
    from s3eval.published import Printed
    from s3eval.running.evaluate import Evaluation, Outcome
    from s3eval.specs import ModelSpec
    from s3eval.statistics.comparing import Difference
    from s3eval.statistics.scored import Scored
    from s3eval.statistics.sweeps import Setting
    from s3eval.statistics.table import ScoreRow

EPILOG = """\b
Examples:
  s3eval sweep -m qwen3-vl-8b -t recognition -d mine -o sweep --over fps=2,4,10      Table 29
  s3eval sweep -m qwen3-vl-8b -t timing -d mine -o sweep --over clip=centred,full    Table 30
  s3eval sweep -m internvl3.5-8b -t report -d mine -o sweep --over judge=lexicon,qwen
  s3eval sweep -m motion -t recognition -d demo/data -o sweep --over frames=15,30 --over fps=1,2

\b
Axes: fps, frames, clip, prompt (published, careful, sceptical or a TOML file), judge, profile,
sampling.KEY, model.KEY, task.TASK.KEY. The first value of each is the baseline. Every
combination is a run in OUT; what any of them has answered already is not asked again.
"""


@click.command("sweep", epilog=EPILOG)
@config_option
@click.option("--model", "-m", required=True, help="Name of the model (s3eval list models).")
@click.option(
    "--over",
    multiple=True,
    required=True,
    metavar="AXIS=V1,V2,...",
    help="Vary this setting over these values (axes: below).",
)
@evaluation_options
@json_option
def command(
    model: str,
    over: tuple[str, ...],
    judging: JudgeChoice,
    json_file: str | None,
    **options: Any,
) -> None:
    """Run one MODEL over every combination of settings and compare each with the first."""
    from s3eval.api.judges import close_judge
    from s3eval.plugins import installed

    registry = installed()
    spec = registry.get("model", model).spec
    request = request_of(options, judging)
    judges: dict[str, Judge | None] = {}
    try:
        works = _works(spec, over, request, options, judges)
        _refuse_nothing_to_ask(works)
        if options["dry_run"]:
            _dry_run(works, json_file)
            return
        done = [(work, *_evaluated(work, options, registry)) for work in works]
        against = _differences(done, options)
    finally:
        for judge in judges.values():
            close_judge(judge)
    rows = {w.setting.label: scored.rows for w, _, scored in done}
    if not write_json_output(_facts(done, rows, against), json_file):
        _show(done, rows, against)
    findings = [f for _, o, _ in done for mine in o.run.findings.values() for f in mine]
    failed = any(f.state == "failed" for f in findings) or any(s.faults for _, _, s in done)
    if failed or any(o.plan.unplanned for _, o, _ in done):
        raise click.exceptions.Exit(3)


@dataclass(frozen=True)
class _Work:
    setting: Setting
    evaluation: Evaluation


_Done: TypeAlias = "tuple[_Work, Outcome, Scored]"


def _works(
    spec: ModelSpec,
    over: Sequence[str],
    request: Request,
    options: Mapping[str, Any],
    judges: dict[str, Judge | None],
) -> list[_Work]:
    """The evaluation of every setting; nothing is asked yet."""
    from s3eval.facts.clips import profile
    from s3eval.reporting.progress import line_shown
    from s3eval.running.loading import load_tasks
    from s3eval.statistics.sweeps import settings

    base = profile(request.settings.profile or spec.profile)
    tasks = load_tasks(request.settings.tasks)
    taken = {name: [*task.options] for name, task in tasks.by_name.items()}
    works = []
    for setting in settings(over, base, taken):
        named = setting.judge or request.judging.name
        if named not in judges:
            needed = request.is_judged and not options["dry_run"]
            choice = replace(request.judging, name=named, named=True)
            judges[named] = choice.open(needed, line_shown, progress_of(options)[1])
        per_task = {task: dict(mine) for task, mine in request.settings.task_options.items()}
        for task, mine in setting.task_options.items():
            per_task.setdefault(task, {}).update(mine)
        work = request.evaluation(
            spec,
            options["out"] / spec.name / setting.label,
            judges[named],
            judge=named,
            profile=setting.profile or request.settings.profile,
            sampling={**request.settings.sampling, **setting.sampling},
            model_options={**request.settings.model_options, **setting.model_options},
            task_options=per_task,
        )
        works.append(_Work(setting, work))
    return works


def _refuse_nothing_to_ask(works: Sequence[_Work]) -> None:
    """A table without a number would only hide why.

    Raises:
        S3EvalError: nothing can be asked about any video, whatever the setting.
    """
    from collections import Counter

    from s3eval.errors import S3EvalError
    from s3eval.running.evaluate import plan_evaluation

    reasons: Counter[str] = Counter()
    for work in works:
        plan = plan_evaluation(work.evaluation)
        if plan.videos and any(True for _ in plan.asks()):
            return
        reasons.update(lost.reason for lost in plan.unplanned.values())
    common = reasons.most_common(1)
    raise S3EvalError(
        "Nothing can be asked about any of these videos",
        why=common[0][0] if common else "no task has a question about them",
        fix=f"s3eval data check {works[0].evaluation.settings.data}",
    )


def _evaluated(
    work: _Work, options: Mapping[str, Any], registry: Registry
) -> tuple[Outcome, Scored]:
    from s3eval.api.evaluating import evaluated
    from s3eval.reporting.progress import line_shown
    from s3eval.running.models import load_model
    from s3eval.statistics.sweeps import Rephrased

    label, phrasing = work.setting.label, work.setting.phrasing
    answers_shown, _ = progress_of(options)
    # Stores of the settings before this one and of earlier sweeps: the same question about the
    # same clip is one answer, whichever setting asked first.
    below = sorted(options["out"].glob("*/*/answers.sqlite"))
    reuse = tuple(dict.fromkeys([*below, *work.evaluation.reuse]))

    def load(plugin: Any, given: Mapping[str, Any]) -> Any:
        model = load_model(plugin, given)
        return model if phrasing.name == "published" else Rephrased(model, phrasing)

    evaluation = replace(work.evaluation, reuse=reuse)
    outcome, scored = evaluated(
        evaluation,
        registry,
        options["resamples"],
        lambda _, awaited: answers_shown(label, awaited),
        line_shown,
        load,
    )
    asked = outcome.asked
    new = asked.answered + asked.failed
    echo(f"{label}: {new} asked, {asked.reused} already there", err=True)
    return outcome, scored


def _differences(done: Sequence[_Done], options: Mapping[str, Any]) -> list[Difference]:
    """Every setting with the first one's judge against the first.

    Two judges read the same text with different eyes; their scores stand side by side only.
    """
    from s3eval.api.comparing import differences_of
    from s3eval.statistics.comparing import Resampling

    done = [one for one in done if one[0].setting.judge == done[0][0].setting.judge]
    if len(done) < 2:
        return []
    return differences_of(
        {w.setting.label: o.material for w, o, _ in done},
        {w.setting.label: o.run.findings for w, o, _ in done},
        done[0][0].evaluation.judge,
        resampling=Resampling(options["resamples"], seed=options["seed"]),
        baseline=done[0][0].setting.label,
    )


def _facts(
    done: Sequence[_Done],
    rows: Mapping[str, Sequence[ScoreRow]],
    against: Sequence[Difference],
) -> dict[str, Any]:
    tasks = dict.fromkeys(r.task for mine in rows.values() for r in mine)
    return {
        "settings": [
            {
                "label": w.setting.label,
                "values": dict(w.setting.values),
                "run": str(w.evaluation.out),
                "asked": asdict(o.asked),
                "scores": [asdict(r) for r in rows[w.setting.label]],
                "published": [
                    {"task": k[0], "item": k[1], "metric": k[2], "printed": v.text, "from": v.where}
                    for k, v in _published(w.setting, tasks).items()
                ],
            }
            for w, o, _ in done
        ],
        "differences": [asdict(d) for d in against],
    }


def _published(setting: Setting, tasks: Iterable[str]) -> dict[tuple[str, str, str], Printed]:
    """What publications print for a setting: by (task, item, metric)."""
    from s3eval.plugins import installed
    from s3eval.published import publications

    values = dict(setting.values)
    specs = {p.spec.name: p.spec for p in installed().of("task")}
    return {
        (task, item, metric): printed
        for publication in publications()
        for task in tasks
        if task in specs
        for (item, metric), printed in publication.of_setting(specs[task], values).items()
    }


def _show(
    done: Sequence[_Done],
    rows: Mapping[str, Sequence[ScoreRow]],
    against: Sequence[Difference],
) -> None:
    """A table a task: items by settings."""
    labels = [w.setting.label for w, _, _ in done]
    tasks = dict.fromkeys(r.task for mine in rows.values() for r in mine)
    printed = {w.setting.label: _published(w.setting, tasks) for w, _, _ in done}
    cells = {(label, r.task, r.item, r.metric): r for label, mine in rows.items() for r in mine}
    gaps = {(d.first, d.task, d.item, d.metric): d for d in against}
    for task in tasks:
        metric = done[0][2].headlines.get(task, "")
        items = dict.fromkeys(
            r.item for mine in rows.values() for r in mine if (r.task, r.metric) == (task, metric)
        )
        lines = []
        for item in items:
            line = [item]
            for label in labels:
                key = (task, item, metric)
                row, gap = cells.get((label, *key)), gaps.get((label, *key))
                line.append(_cell(row, gap, printed[label].get(key)))
            lines.append(line)
        print_table(f"{task}, {metric}", ["item", *labels], lines, labels)
    echo("(+0.00): against the first setting on what both answered; * shown at 5 %, paired")
    echo("permutation by patient, Holm over headline scores and over items apart.")
    if any(printed.values()):
        echo("published: the printed value, of the publication's own videos.")


def _cell(row: ScoreRow | None, gap: Difference | None, printed: Printed | None) -> str:
    if row is None or row.value is None:
        text = "-"
    else:
        text = f"{row.value:.2f}"
        if row.low is not None and row.high is not None:
            text += f" [{row.low:.2f}, {row.high:.2f}]"
        text += f" {row.symbol}" if row.symbol else ""
    if gap is not None and gap.difference is not None:
        star = "*" if gap.p_holm is not None and gap.p_holm < 0.05 else ""
        text += f" ({gap.difference:+.2f}{star})"
    return text + (f" published {printed.text}" if printed else "")


def _dry_run(works: Sequence[_Work], json_file: str | None) -> None:
    from s3eval.running.evaluate import plan_evaluation

    facts: list[dict[str, Any]] = [
        {"setting": w.setting.label, **plan_evaluation(w.evaluation).count()} for w in works
    ]
    if write_json_output(facts, json_file):
        return
    columns = [*dict.fromkeys(k for f in facts for k in f)]
    print_table(
        "Questions of each setting, before reuse",
        columns,
        [[f.get(c) for c in columns] for f in facts],
    )
