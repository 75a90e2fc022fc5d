"""``s3eval run``: ask models about videos and score what they say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from s3eval.cli.common import config_option, json_option, names, write_json_output
from s3eval.cli.evaluating import evaluation_options, progress_of, request_of
from s3eval.errors import S3EvalError, counted
from s3eval.reporting.tables import print_table
from s3eval.terminal import echo

if TYPE_CHECKING:
    from pathlib import Path

    from s3eval.api.evaluating import Reporting
    from s3eval.api.judges import JudgeChoice
    from s3eval.api.model_names import NamedModel
    from s3eval.api.outcomes import AskingCounts
    from s3eval.api.requests import Request

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
    help="Names of models (s3eval list models), with options of their own as NAME?key=value or "
    "NAME:VALUE?key=value.",
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
    from s3eval.api.annotated import annotation_remarks
    from s3eval.api.evaluating import evaluated_all
    from s3eval.api.outcomes import what_was_asked
    from s3eval.api.planning import counts_of
    from s3eval.api.run_ends import check_run_ends, end_run
    from s3eval.reporting.progress import line_shown
    from s3eval.reporting.scores import show_faults, show_missing, show_scores

    request = request_of(options, judging)
    chosen = request.models(names(models))
    answers_shown, steps_shown = progress_of(options)
    check_run_ends(names(at_end))
    out = options["out"]
    if options["dry_run"]:
        for remark in annotation_remarks(request):
            line_shown(remark)
        _dry_run([counts_of(request, m, m.run_in(out)) for m in chosen], json_file)
        return
    if shard is not None:
        _ask_shard(shard, request, chosen, out, names(at_end), answers_shown)
        return
    results = evaluated_all(
        request,
        [(m, m.run_in(out)) for m in chosen],
        options["resamples"],
        answers_shown,
        line_shown,
        steps_shown,
    )
    at_ends = names(at_end), line_shown, judging.permission
    not_done = [line for _, s in results for line in end_run(s, *at_ends)]
    all_asked = [what_was_asked(outcome) for outcome, _ in results]
    for asked in all_asked:
        show_asked(asked)
    failed = len(not_done) + sum(asked.failures for asked in all_asked)
    scored = [s for _, s in results]
    if not write_json_output([s.as_json() for s in scored], json_file):
        show_scores(scored)
        show_missing(scored)
        echo(f"Runs: {out}/ · every metric and interval: s3eval show {out} --details")
    if show_faults(scored) or failed or not_done:
        raise click.exceptions.Exit(3)


def _ask_shard(
    shard: str,
    request: Request,
    models: Sequence[NamedModel],
    out: Path,
    at_end: Sequence[str],
    answers_shown: Reporting,
) -> None:
    from s3eval.api.outcomes import what_was_asked
    from s3eval.api.shards import Shard, ask_shard
    from s3eval.reporting.progress import line_shown

    part = Shard.parse(shard)
    if at_end:
        raise S3EvalError("A shard is no finished run", fix="--at-end with s3eval run, not here")
    failed = 0
    for model in models:
        outcome = ask_shard(request, model, out, part, answers_shown, line_shown)
        asked = what_was_asked(outcome)
        failed += outcome.asked.failed + asked.unplanned
        echo(f"{outcome.run.name}, shard {part}: {_counted(asked)}", err=True)
    echo(f"When every shard is done: s3eval merge {out}")
    if failed:
        raise click.exceptions.Exit(3)


def _counted(asked: AskingCounts) -> str:
    return ", ".join(f"{n} {label}" for label, n in asked.counts.items())


def show_asked(asked: AskingCounts) -> None:
    """Print what asking came to, on stderr."""
    model = asked.model
    echo(f"{model}: {counted(asked.videos, 'video')}, {_counted(asked)}", err=True)
    for reason, n in [*asked.reasons.items()][:5]:
        echo(f"{model}: {n} findings failed: {reason}", err=True)
    if len(asked.reasons) > 5:
        echo(f"{model}: and {len(asked.reasons) - 5} more reasons", err=True)
    if asked.partial:
        echo(
            f"{model}: {asked.partial} findings rest on part of their windows, the others failed",
            err=True,
        )
    if asked.reasons or asked.partial:
        # Names of videos stand in the run, not in what may end up in a log.
        where = asked.run / "findings.jsonl"
        echo(f"Which: {where}. Ask them again: s3eval retry {asked.run}", err=True)


def _dry_run(facts: Sequence[Mapping[str, Any]], json_file: str | None) -> None:
    from s3eval.reporting.variants import variant_lines

    if write_json_output(facts, json_file):
        return
    columns = [c for c in dict.fromkeys(k for f in facts for k in f) if c != "model_options"]
    rows = [[f.get(c, "") for c in columns] for f in facts]
    print_table("What would be asked (questions a task; 'together' shares them)", columns, rows)
    for line in variant_lines({f["model"]: f.get("model_options", {}) for f in facts}):
        echo(line)
