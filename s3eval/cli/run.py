"""``s3eval run``: ask models about videos and score what they say."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from s3eval.cli.common import (
    config_option,
    json_option,
    names,
    print_table,
    write_json_output,
)
from s3eval.cli.evaluating import Request, evaluation_options, reporter, say
from s3eval.running.reasons import without_name

if TYPE_CHECKING:
    from s3eval.cli.judging_options import JudgeChoice
    from s3eval.running.evaluate import Evaluation, Outcome

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
@evaluation_options
@json_option
def command(
    models: tuple[str, ...], judging: JudgeChoice, json_file: str | None, **options: Any
) -> None:
    """Ask models about the videos of a dataset and score what they say."""
    from s3eval.plugins import discover
    from s3eval.reporting.scores import score_run, show_scores
    from s3eval.running.evaluate import evaluate

    registry = discover()
    specs = [registry.get("model", name).spec for name in names(models)]
    request = Request.of(options, judging, registry)
    judge = judging.open(needed=request.judged) if not options["dry_run"] else None
    out = options["out"]
    works = [request.evaluation(spec, out / spec.name, judge) for spec in specs]
    if options["dry_run"]:
        _dry_run(works, json_file)
        return
    scored, failed = [], 0
    for work in works:
        outcome = evaluate(work, registry, reporter=reporter(work.model), tell=say)
        failed += _tell(work, outcome)
        done = score_run(outcome.run, request.whole, work.protocol, judge, options["resamples"])
        scored.append(done)
    if not write_json_output([s.as_json() for s in scored], json_file):
        show_scores(scored)
        click.echo(f"Runs: {out}/ · every metric and interval: s3eval show {out} --details")
    if failed:
        raise click.exceptions.Exit(3)


def _tell(work: Evaluation, outcome: Outcome) -> int:
    """What asking came to, on stderr; the number of failures."""
    asked, plan = outcome.asked, outcome.plan
    parts = [f"{asked.answered} answered", f"{asked.reused} already there"]
    trouble = (("failed", asked.failed), ("skipped", asked.skipped))
    parts += [f"{n} {label}" for label, n in trouble if n]
    click.echo(f"{work.model}: {len(work.dataset)} videos, {', '.join(parts)}", err=True)
    left_out = Counter(without_name(r, v) for v, r in plan.unplanned.items())
    for reason, n in sorted(left_out.items()):
        click.echo(f"{work.model}: {n} videos left out: {reason}", err=True)
    failures = [f for found in outcome.run.findings.values() for f in found if f.state == "failed"]
    reasons = Counter(without_name(f.reason, f.video) for f in failures)
    for reason, n in sorted(reasons.items())[:5]:
        click.echo(f"{work.model}: {n} findings failed: {reason}", err=True)
    if len(reasons) > 5:
        click.echo(f"{work.model}: and {len(reasons) - 5} more reasons", err=True)
    if failures:
        # Names of videos stand in the run, not in what may end up in a log.
        where = work.out / "findings.jsonl"
        click.echo(f"Which: {where}. Ask them again with --retry-failed.", err=True)
    return len(failures) + len(plan.unplanned)


def _dry_run(works: Sequence[Evaluation], json_file: str | None) -> None:
    from s3eval.running.evaluate import plan_evaluation

    facts = []
    for work in works:
        plan = plan_evaluation(work)
        shown = sum(c.seconds for p in plan.videos for c in p.questions)
        facts.append(
            {
                "model": work.model,
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
