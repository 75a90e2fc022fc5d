"""``s3eval run``: ask models about videos and score what they say."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from s3eval.cli.common import (
    Progress,
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
    from s3eval.model import Answer
    from s3eval.running.evaluate import Evaluation

EPILOG = """\b
Examples:
  s3eval run --model always-yes --model motion --tasks recognition --data demo/data --out demo/runs
  s3eval run --model internvl3.5-8b --tasks recognition,sequence --data mine --out runs --folds 0
  s3eval run --config run.toml --limit 3 --dry-run
The same command again goes on where it stopped and asks nothing twice.
"""


@click.command("run", epilog=EPILOG)
@config_option
@click.option("--model", "-m", "models", multiple=True, required=True, help="Model name(s).")
@click.option("--tasks", "-t", multiple=True, required=True, help="Task names, or 'all'.")
@click.option("--data", "-d", required=True, help="Dataset folder.")
@click.option("--out", "-o", type=click.Path(path_type=Path), required=True, help="Where runs go.")
@click.option("--protocol", type=click.Choice(PROTOCOLS), default="paper", show_default=True)
@click.option("--limit", type=click.IntRange(1), help="Only the first N videos.")
@click.option("--videos", multiple=True, help="Only these videos.")
@click.option("--folds", multiple=True, help="Only these folds (0 is the test set).")
@click.option("--seed", type=int, default=0, show_default=True)
@click.option("--profile", default="", help="Sampling profile instead of the model's own.")
@click.option("--sampling", multiple=True, metavar="KEY=VALUE", help="Change the profile.")
@click.option("--model-option", multiple=True, metavar="KEY=VALUE", help="Option of the model.")
@click.option("--task-option", multiple=True, metavar="TASK.KEY=VALUE", help="Option of a task.")
@click.option("--judge", default="lexicon", show_default=True, help="Judge, or 'none'.")
@click.option("--judge-option", multiple=True, metavar="KEY=VALUE", help="Option of the judge.")
@click.option("--allow-remote", is_flag=True, help="Let clips or text leave this machine.")
@click.option("--reuse", multiple=True, type=click.Path(path_type=Path), help="Runs to read from.")
@click.option("--retry-failed", is_flag=True, help="Ask again what failed before.")
@click.option("--dry-run", is_flag=True, help="Show what would be asked; ask nothing.")
@click.option("--resamples", type=click.IntRange(20), default=2000, help="Of the intervals.")
@json_option
def command(models: tuple[str, ...], json_file: str | None, **options: Any) -> None:
    """Ask models about the videos of a dataset and score what they say."""
    from s3eval.plugins import discover
    from s3eval.running.evaluate import evaluate

    registry = discover()
    works = [_evaluation(name, options, registry) for name in names(models)]
    if options["dry_run"]:
        _dry_run(works, json_file)
        return
    for work in works:
        _check_remote(work, registry, options["allow_remote"])
    failed, outcomes = 0, []
    for work in works:
        outcome = evaluate(work, registry, reporter=_reporter(work.model))
        outcomes.append(outcome)
        failed += _tell(work, outcome)
    from s3eval.reporting.scores import score_run, show_scores

    scored = [
        score_run(o.run, w.dataset, w.protocol, w.judge, options["resamples"])
        for o, w in zip(outcomes, works, strict=True)
    ]
    if not write_json_output([s.as_json() for s in scored], json_file):
        show_scores(scored)
        click.echo(f"Runs: {options['out']}/ · whole tables: s3eval show {options['out']}")
    if failed:
        raise click.exceptions.Exit(3)


def _evaluation(name: str, options: Mapping[str, Any], registry: Any) -> Evaluation:
    from s3eval.cli.datasets import open_dataset
    from s3eval.judging.load import load_judge
    from s3eval.running.evaluate import Evaluation
    from s3eval.running.store import stores_below

    tasks = names(options["tasks"])
    tasks = registry.names("task") if tasks == ("all",) else tasks
    folds = _folds(options["folds"])
    selection: dict[str, Any] = {"limit": options["limit"], "folds": folds}
    selection["videos"] = [*names(options["videos"])] or None
    dataset = open_dataset(options["data"]).select(**selection)
    if not len(dataset):
        raise S3EvalError("No video is selected", where=options["data"], why=f"folds {folds}")
    registry.get("model", name)
    return Evaluation(
        model=name,
        tasks=tasks,
        dataset=dataset,
        dataset_path=str(options["data"]),
        out=Path(options["out"]) / name,
        protocol=options["protocol"],
        seed=options["seed"],
        profile=options["profile"],
        sampling=key_values(options["sampling"], "--sampling"),
        model_options=key_values(options["model_option"], "--model-option"),
        task_options=_task_options(options["task_option"]),
        selection={k: v for k, v in selection.items() if v is not None},
        retry_failed=options["retry_failed"],
        reuse=tuple(stores_below(options["reuse"])),
        judge=load_judge(
            options["judge"],
            key_values(options["judge_option"], "--judge-option"),
            allow_remote=options["allow_remote"],
            needed=bool({"justification", "report"} & {*tasks}),
        ),
    )


def _folds(values: tuple[str, ...]) -> list[int] | None:
    try:
        return [int(v) for v in names(values)] or None
    except ValueError as error:
        raise S3EvalError("Expected --folds to be whole numbers", why=str(error)) from error


def _task_options(pairs: tuple[str, ...]) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for key, value in key_values(pairs, "--task-option").items():
        task, dot, name = key.partition(".")
        if not dot:
            raise S3EvalError(f"Expected --task-option TASK.KEY=VALUE, but got '{key}'")
        found.setdefault(task, {})[name] = value
    return found


def _check_remote(work: Evaluation, registry: Any, allowed: bool) -> None:
    spec = registry.get("model", work.model).spec
    if spec.remote and not allowed:
        raise S3EvalError(
            f"Model '{work.model}' may send clips off this machine",
            fix="the same command with --allow-remote, if that is allowed where you work",
        )


def _reporter(model: str) -> Callable[[int], Any]:
    @contextmanager
    def of(total: int) -> Iterator[Callable[[Answer, bool], None]]:
        with Progress.bar(model, total) as advance:
            yield lambda answer, old: advance(1)

    return of


def _tell(work: Evaluation, outcome: Any) -> int:
    asked, plan = outcome.asked, outcome.plan
    parts = [f"{asked.answered} answered", f"{asked.reused} already there"]
    parts += [
        f"{n} {label}" for label, n in (("failed", asked.failed), ("skipped", asked.skipped)) if n
    ]
    click.echo(f"{work.model}: {len(work.dataset)} videos, {', '.join(parts)}", err=True)
    for reason in sorted(set(plan.unplanned.values())):
        click.echo(f"{work.model}: left out: {reason}", err=True)
    failures = [f for found in outcome.run.findings.values() for f in found if f.state == "failed"]
    for reason in sorted({f.reason for f in failures})[:5]:
        n = sum(f.reason == reason for f in failures)
        click.echo(f"{work.model}: {n} findings failed: {reason}", err=True)
    if failures:
        click.echo("Ask the failed ones again with --retry-failed.", err=True)
    return len(failures) + len(plan.unplanned)


def _dry_run(works: list[Evaluation], json_file: str | None) -> None:
    from s3eval.running.evaluate import plan_evaluation

    facts = []
    for work in works:
        plan = plan_evaluation(work)
        clips = sum(len(p.questions) for p in plan.videos)
        shown = sum(c.seconds for p in plan.videos for c in p.questions)
        count = plan.count()
        facts.append(
            {
                "model": work.model,
                "videos": len(plan.videos),
                "clips": clips,
                "seconds_shown": round(shown, 1),
                "unplanned": len(plan.unplanned),
                **count,
            }
        )
    if write_json_output(facts, json_file):
        return
    columns = [*dict.fromkeys(k for f in facts for k in f)]
    rows = [[f.get(c, "") for c in columns] for f in facts]
    print_table("What would be asked (questions a task; 'together' shares them)", columns, rows)
