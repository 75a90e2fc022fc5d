"""``s3eval sweep``: one run over several settings (ablations)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from s3eval.cli.common import (
    config_option,
    json_option,
    key_values,
    names,
    print_table,
    write_json_output,
)
from s3eval.errors import S3EvalError
from s3eval.vocabulary import PROTOCOLS

if TYPE_CHECKING:
    from s3eval.running.evaluate import Evaluation, Outcome
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
@click.option("--tasks", "-t", multiple=True, required=True, help="Task names.")
@click.option("--data", "-d", required=True, help="Dataset folder.")
@click.option("--out", "-o", type=click.Path(path_type=Path), required=True, help="Where runs go.")
@click.option("--over", multiple=True, required=True, metavar="AXIS=V1,V2,...", help="What varies.")
@click.option("--protocol", type=click.Choice(PROTOCOLS), default="paper", show_default=True)
@click.option("--limit", type=click.IntRange(1), help="Only the first N videos.")
@click.option("--folds", multiple=True, help="Only these folds (0 is the test set).")
@click.option("--seed", type=int, default=0, show_default=True)
@click.option("--profile", default="", help="Sampling profile instead of the model's own.")
@click.option("--sampling", multiple=True, metavar="KEY=VALUE", help="For every setting.")
@click.option("--model-option", multiple=True, metavar="KEY=VALUE", help="For every setting.")
@click.option("--task-option", multiple=True, metavar="TASK.KEY=VALUE", help="For every setting.")
@click.option("--judge", default="lexicon", show_default=True, help="Judge, or 'none'.")
@click.option("--judge-option", multiple=True, metavar="KEY=VALUE")
@click.option("--allow-remote", is_flag=True, help="Let clips or text leave this machine.")
@click.option("--reuse", multiple=True, type=click.Path(path_type=Path), help="Runs to read from.")
@click.option("--retry-failed", is_flag=True, help="Ask again what failed before.")
@click.option("--dry-run", is_flag=True, help="Show what each setting would ask; ask nothing.")
@click.option("--resamples", type=click.IntRange(100), default=2000, show_default=True)
@json_option
def command(json_file: str | None, **options: Any) -> None:
    """Run one MODEL over every combination of settings and compare each with the first."""
    works = _works(options)
    if options["dry_run"]:
        _dry_run(works, json_file)
        return
    done, failed = [], 0
    for work in works:
        outcome = _evaluate(work, options)
        failed += sum(f.state == "failed" for mine in outcome.run.findings.values() for f in mine)
        done.append((work, outcome))
    rows = {w.setting.label: _scores(w.evaluation, o, options["resamples"]) for w, o in done}
    against = _differences(done, options)
    if not write_json_output(_facts(done, rows, against), json_file):
        _show(done, rows, against)
    if failed:
        raise click.exceptions.Exit(3)


@dataclass(frozen=True)
class _Work:
    setting: Setting
    evaluation: Evaluation


def _works(options: Mapping[str, Any]) -> list[_Work]:
    """The evaluation of every setting; nothing is loaded or asked yet."""
    from s3eval.cli.datasets import open_dataset
    from s3eval.footage.clips import profile
    from s3eval.plugins import discover
    from s3eval.statistics.sweeps import settings

    registry = discover()
    spec = registry.get("model", options["model"]).spec
    if spec.remote and not options["allow_remote"]:
        raise S3EvalError(
            f"Model '{spec.name}' may send clips off this machine", fix="add --allow-remote"
        )
    tasks = names(options["tasks"])
    tasks = registry.names("task") if tasks == ("all",) else tasks
    try:
        folds = [int(f) for f in names(options["folds"])] or None
    except ValueError as error:
        raise S3EvalError("Expected --folds to be whole numbers", why=str(error)) from error
    dataset = open_dataset(options["data"]).select(folds=folds, limit=options["limit"])
    if not len(dataset):
        raise S3EvalError("No video is selected", where=options["data"])
    base = profile(options["profile"] or spec.profile)
    made = settings(options["over"], base)
    return [_Work(s, _evaluation(s, options, spec, dataset, tasks, folds)) for s in made]


def _evaluation(
    setting: Setting,
    options: Mapping[str, Any],
    spec: Any,
    dataset: Any,
    tasks: tuple[str, ...],
    folds: list[int] | None,
) -> Evaluation:
    from s3eval.judging.load import load_judge, remote_options
    from s3eval.running.evaluate import Evaluation

    given = key_values(options["model_option"], "--model-option") | dict(setting.model_options)
    remote = options["allow_remote"]
    per_task: dict[str, dict[str, Any]] = {}
    for key, value in key_values(options["task_option"], "--task-option").items():
        task, _, name = key.partition(".")
        per_task.setdefault(task, {})[name] = value
    for task, mine in setting.task_options.items():
        per_task.setdefault(task, {}).update(mine)
    selection = {"limit": options["limit"], "folds": folds}
    return Evaluation(
        model=options["model"],
        tasks=tasks,
        dataset=dataset,
        dataset_path=str(options["data"]),
        out=options["out"] / options["model"] / setting.label,
        protocol=options["protocol"],
        seed=options["seed"],
        profile=setting.profile or options["profile"],
        sampling=key_values(options["sampling"], "--sampling") | dict(setting.sampling),
        model_options=remote_options(spec, given, allow_remote=remote),
        task_options=per_task,
        selection={k: v for k, v in selection.items() if v is not None},
        retry_failed=options["retry_failed"],
        judge=load_judge(
            setting.judge or options["judge"],
            key_values(options["judge_option"], "--judge-option"),
            allow_remote=remote,
            needed=bool({"justification", "report"} & {*tasks}),
        ),
    )


def _evaluate(work: _Work, options: Mapping[str, Any]) -> Outcome:
    from dataclasses import replace

    from s3eval.cli.common import Progress
    from s3eval.running.evaluate import evaluate, load_model
    from s3eval.running.store import stores_below
    from s3eval.statistics.sweeps import Rephrased

    label, phrasing = work.setting.label, work.setting.phrasing
    # Stores of the settings before this one and of earlier sweeps: the same question about the
    # same clip is one answer, whichever setting asked first.
    below = sorted(options["out"].glob("*/*/answers.sqlite"))
    reuse = tuple(dict.fromkeys([*below, *stores_below(options["reuse"])]))

    def load(plugin: Any, given: Mapping[str, Any]) -> Any:
        model = load_model(plugin, given)
        return model if phrasing.name == "published" else Rephrased(model, phrasing)

    def reporter(total: int) -> Any:
        from contextlib import contextmanager

        @contextmanager
        def shown() -> Any:
            with Progress.bar(label, total) as advance:
                yield lambda answer, old: advance(1)

        return shown()

    outcome = evaluate(replace(work.evaluation, reuse=reuse), reporter=reporter, load=load)
    asked = outcome.asked
    new = asked.answered + asked.failed
    click.echo(f"{label}: {new} asked, {asked.reused} already there", err=True)
    return outcome


def _scores(work: Evaluation, outcome: Outcome, resamples: int) -> list[ScoreRow]:
    from s3eval.reporting.scores import score_run

    scored = score_run(outcome.run, work.dataset, work.protocol, work.judge, resamples)
    return list(scored.rows)


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

    plan: Callable[[Evaluation], Any] = plan_evaluation
    facts = [{"setting": w.setting.label, **plan(w.evaluation).count()} for w in works]
    if write_json_output(facts, json_file):
        return
    columns = [*dict.fromkeys(k for f in facts for k in f)]
    print_table(
        "Questions of each setting, before reuse",
        columns,
        [[f.get(c) for c in columns] for f in facts],
    )
