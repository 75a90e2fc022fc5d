"""``s3eval sweep``: one run over several settings (ablations)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

import click

from s3eval.cli.common import config_option, json_option, print_table, write_json_output
from s3eval.cli.evaluating import Request, evaluation_options, reporter, say

if TYPE_CHECKING:
    from s3eval.cli.judging_options import JudgeChoice
    from s3eval.plugins import Registry
    from s3eval.running.evaluate import Evaluation, Outcome
    from s3eval.specs import ModelSpec
    from s3eval.statistics.comparing import Difference
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
@click.option("--model", "-m", required=True, help="Model name.")
@click.option("--over", multiple=True, required=True, metavar="AXIS=V1,V2,...", help="What varies.")
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
    from s3eval.plugins import discover
    from s3eval.reporting.scores import score_run

    registry = discover()
    spec = registry.get("model", model).spec
    request = Request.of(options, judging, registry)
    works = _works(spec, over, request, options)
    if options["dry_run"]:
        _dry_run(works, json_file)
        return
    done = []
    for work in works:
        done.append((work, _evaluate(work, options, registry)))
    resamples, whole = options["resamples"], request.whole
    rows: dict[str, Sequence[ScoreRow]] = {}
    for w, o in done:
        scored = score_run(o.run, whole, request.protocol, w.evaluation.judge, resamples)
        rows[w.setting.label] = scored.rows
    against = _differences(done, options)
    if not write_json_output(_facts(done, rows, against), json_file):
        _show(done, rows, against)
    findings = [f for _, o in done for mine in o.run.findings.values() for f in mine]
    if any(f.state == "failed" for f in findings) or any(o.plan.unplanned for _, o in done):
        raise click.exceptions.Exit(3)


@dataclass(frozen=True)
class _Work:
    setting: Setting
    evaluation: Evaluation


def _works(
    spec: ModelSpec, over: Sequence[str], request: Request, options: Mapping[str, Any]
) -> list[_Work]:
    """The evaluation of every setting; nothing is asked yet."""
    from s3eval.facts.clips import profile
    from s3eval.statistics.sweeps import settings

    base = profile(request.profile or spec.profile)
    judges: dict[str, Any] = {}
    works = []
    for setting in settings(over, base):
        named = setting.judge or request.judging.name
        if named not in judges:
            needed = request.judged and not options["dry_run"]
            judges[named] = request.judging.open(needed=needed, name=named)
        per_task = {task: dict(mine) for task, mine in request.task_options.items()}
        for task, mine in setting.task_options.items():
            per_task.setdefault(task, {}).update(mine)
        work = request.evaluation(
            spec,
            options["out"] / spec.name / setting.label,
            judges[named],
            profile=setting.profile or request.profile,
            sampling={**request.sampling, **setting.sampling},
            model_options={**request.model_options, **setting.model_options},
            task_options=per_task,
        )
        works.append(_Work(setting, work))
    return works


def _evaluate(work: _Work, options: Mapping[str, Any], registry: Registry) -> Outcome:
    from s3eval.running.evaluate import evaluate, load_model
    from s3eval.statistics.sweeps import Rephrased

    label, phrasing = work.setting.label, work.setting.phrasing
    # Stores of the settings before this one and of earlier sweeps: the same question about the
    # same clip is one answer, whichever setting asked first.
    below = sorted(options["out"].glob("*/*/answers.sqlite"))
    reuse = tuple(dict.fromkeys([*below, *work.evaluation.reuse]))

    def load(plugin: Any, given: Mapping[str, Any]) -> Any:
        model = load_model(plugin, given)
        return model if phrasing.name == "published" else Rephrased(model, phrasing)

    evaluation = replace(work.evaluation, reuse=reuse)
    outcome = evaluate(evaluation, registry, reporter=reporter(label), load=load, tell=say)
    asked = outcome.asked
    new = asked.answered + asked.failed
    click.echo(f"{label}: {new} asked, {asked.reused} already there", err=True)
    return outcome


def _differences(
    done: Sequence[tuple[_Work, Outcome]], options: Mapping[str, Any]
) -> list[Difference]:
    """Every setting with the first one's judge against the first.

    Two judges read the same text with different eyes; their scores stand side by side only.
    """
    from s3eval.statistics.comparing import Settings, compare_runs

    done = [pair for pair in done if pair[0].setting.judge == done[0][0].setting.judge]
    if len(done) < 2:
        return []
    first = done[0][0].evaluation
    return compare_runs(
        {w.setting.label: o.run.findings for w, o in done},
        first.dataset,
        first.protocol,
        first.judge,
        settings=Settings(options["resamples"], seed=options["seed"]),
        baseline=done[0][0].setting.label,
    )


def _facts(
    done: Sequence[tuple[_Work, Outcome]],
    rows: Mapping[str, Sequence[ScoreRow]],
    against: Sequence[Difference],
) -> dict[str, Any]:
    from s3eval.statistics.sweeps import published

    return {
        "settings": [
            {
                "label": w.setting.label,
                "values": dict(w.setting.values),
                "run": str(w.evaluation.out),
                "asked": asdict(o.asked),
                "scores": [asdict(r) for r in rows[w.setting.label]],
                "published": [
                    {"task": k[0], "item": k[1], "metric": k[2], "printed": v[0], "from": v[1]}
                    for k, v in published(w.setting).items()
                ],
            }
            for w, o in done
        ],
        "differences": [asdict(d) for d in against],
    }


def _show(
    done: Sequence[tuple[_Work, Outcome]],
    rows: Mapping[str, Sequence[ScoreRow]],
    against: Sequence[Difference],
) -> None:
    """A table a task: items by settings."""
    from s3eval.running.scoring import load_task
    from s3eval.statistics.sweeps import published

    labels = [w.setting.label for w, _ in done]
    printed = {w.setting.label: published(w.setting) for w, _ in done}
    cells = {(label, r.task, r.item, r.metric): r for label, mine in rows.items() for r in mine}
    gaps = {(d.first, d.task, d.item, d.metric): d for d in against}
    for task in dict.fromkeys(r.task for mine in rows.values() for r in mine):
        metric = load_task(task).headline
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
    click.echo("(+0.00): against the first setting on what both answered; * shown at 5 %, paired")
    click.echo("permutation by patient, Holm over all. paper: its printed value, its own videos.")


def _cell(row: ScoreRow | None, gap: Difference | None, printed: tuple[str, str] | None) -> str:
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
    return text + (f" paper {printed[0]}" if printed else "")


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
