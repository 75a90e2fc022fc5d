"""``s3eval run``: ask models about videos and score what they say."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from s3eval.cli.common import config_option, json_option, names, write_json_output
from s3eval.cli.evaluating import evaluation_options, progress_of, request_of
from s3eval.errors import S3EvalError
from s3eval.reporting.tables import print_table
from s3eval.running.reasons import without_name
from s3eval.terminal import echo

if TYPE_CHECKING:
    from pathlib import Path

    from s3eval.api.evaluating import Reporting, Request
    from s3eval.api.judges import JudgeChoice
    from s3eval.api.model_names import NamedModel
    from s3eval.running.evaluate import Evaluation, Outcome
    from s3eval.task import Finding

EPILOG = """\b
Examples:
  s3eval run --model always-yes --model motion --tasks recognition --data demo/data --out demo/runs
  s3eval run --model internvl3.5-8b --tasks recognition,sequence --data mine --out runs --folds 0
  s3eval run --config run.toml --limit 3 --dry-run
The same command again goes on where it stopped and asks nothing twice.
"""


@click.command("run", epilog=EPILOG)
@config_option
@click.option(
    "--model",
    "-m",
    "models",
    multiple=True,
    required=True,
    help="Names of models (s3eval list models), with options of their own as NAME:VALUE?key=value.",
)
@evaluation_options
@click.option(
    "--at-end",
    multiple=True,
    metavar="NAME",
    help="Do this with each finished run (s3eval list run-ends).",
)
@click.option(
    "--shard",
    metavar="I/N",
    help="Ask about the I-th of N parts of the videos only; 's3eval merge' joins them.",
)
@json_option
def command(
    models: tuple[str, ...],
    at_end: tuple[str, ...],
    shard: str | None,
    judging: JudgeChoice,
    json_file: str | None,
    **options: Any,
) -> None:
    """Ask models about the videos of a dataset and score what they say."""
    from s3eval.api.evaluating import evaluated_all
    from s3eval.api.model_names import named_models
    from s3eval.api.run_ends import check_run_ends, end_run
    from s3eval.reporting.progress import line_shown
    from s3eval.reporting.scores import show_missing, show_scores

    chosen = named_models(names(models))
    request = request_of(options, judging)
    answers_shown, steps_shown = progress_of(options)
    check_run_ends(names(at_end))
    out = options["out"]
    if options["dry_run"]:
        _dry_run([request.evaluation(m, out / m.folder, None) for m in chosen], json_file)
        return
    if shard is not None:
        _ask_shard(shard, request, chosen, out, names(at_end), answers_shown)
        return
    results = evaluated_all(
        request,
        [(m, out / m.folder) for m in chosen],
        options["resamples"],
        answers_shown,
        line_shown,
        steps_shown,
    )
    at_ends = names(at_end), line_shown, judging.permission
    not_done = [line for _, s in results for line in end_run(s, *at_ends)]
    failed = len(not_done) + sum(summarised(outcome) for outcome, _ in results)
    scored = [s for _, s in results]
    if not write_json_output([s.as_json() for s in scored], json_file):
        show_scores(scored)
        show_missing(scored)
        echo(f"Runs: {out}/ · every metric and interval: s3eval show {out} --details")
    if failed or not_done or any(s.faults for s in scored):
        raise click.exceptions.Exit(3)


def _ask_shard(
    shard: str,
    request: Request,
    models: Sequence[NamedModel],
    out: Path,
    at_end: Sequence[str],
    answers_shown: Reporting,
) -> None:
    from s3eval.api.shards import ask_shard
    from s3eval.reporting.progress import line_shown
    from s3eval.running.shards import Shard

    part = Shard.parse(shard)
    if at_end:
        raise S3EvalError("A shard is no finished run", fix="--at-end with s3eval run, not here")
    failed = 0
    for model in models:
        outcome = ask_shard(request, model, out, part, answers_shown, line_shown)
        failed += outcome.asked.failed + len(outcome.plan.unplanned)
        echo(f"{model.folder}, shard {part}: {_counted(outcome)}", err=True)
    echo(f"When every shard is done: s3eval merge {out}")
    if failed:
        raise click.exceptions.Exit(3)


def _counted(outcome: Outcome) -> str:
    """What asking came to."""
    asked = outcome.asked
    parts = [f"{asked.answered} answered", f"{asked.reused} already there"]
    rest = {
        "failed": asked.failed,
        "skipped": asked.skipped,
        "asked again": asked.retried,
        "about fewer frames": asked.reduced,
    }
    return ", ".join(parts + [f"{n} {label}" for label, n in rest.items() if n])


def summarised(outcome: Outcome) -> int:
    """What asking came to, on stderr; the number of failures."""
    run, plan = outcome.run, outcome.plan
    model, videos = run.facts.model, len(plan.videos) + len(plan.unplanned)
    echo(f"{model}: {videos} videos, {_counted(outcome)}", err=True)
    # Not those of tasks that were kept from before and are not asked now.
    inquiries = [
        *(p.inquiries for p in plan.videos),
        *(u.inquiries for u in plan.unplanned.values()),
    ]
    asked = {inquiry.task for some in inquiries for inquiry in some}
    asked_tasks = {name: run.findings.get(name, ()) for name in asked}
    failures = [f for findings in asked_tasks.values() for f in findings if f.state == "failed"]
    windows = _failed_windows([f for findings in asked_tasks.values() for f in findings])
    reasons = Counter(without_name(f.reason, f.video) for f in failures)
    for reason, n in sorted(reasons.items())[:5]:
        echo(f"{model}: {n} findings failed: {reason}", err=True)
    if len(reasons) > 5:
        echo(f"{model}: and {len(reasons) - 5} more reasons", err=True)
    if windows:
        echo(
            f"{model}: {windows} findings rest on part of their windows, the others failed",
            err=True,
        )
    if failures or windows:
        # Names of videos stand in the run, not in what may end up in a log.
        where = run.path / "findings.jsonl"
        echo(f"Which: {where}. Ask them again: s3eval retry {run.path}", err=True)
    return len(failures) + windows + len(plan.unplanned)


def _failed_windows(findings: Sequence[Finding]) -> int:
    """How many findings with a value miss a window that failed."""
    return sum(
        f.state != "failed"
        and any(w.get("status") == "failed" for w in f.detail.get("missing", ()))
        for f in findings
    )


def _dry_run(works: Sequence[Evaluation], json_file: str | None) -> None:
    from s3eval.running.evaluate import plan_evaluation

    facts = []
    for work in works:
        plan = plan_evaluation(work)
        shown = sum(c.seconds for p in plan.videos for c in p.questions)
        facts.append(
            {
                "model": work.settings.model,
                "videos": len(plan.videos),
                "clips": sum(len(p.questions) for p in plan.videos),
                "seconds_shown": round(shown, 1),
                "unplanned": len(plan.unplanned),
                **plan.count(),
            }
        )
    if write_json_output(facts, json_file):
        return
    columns = [*dict.fromkeys(k for f in facts for k in f)]
    rows = [[f.get(c, "") for c in columns] for f in facts]
    print_table("What would be asked (questions a task; 'together' shares them)", columns, rows)
