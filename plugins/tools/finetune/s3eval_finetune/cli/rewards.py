"""``s3eval finetune rewards``: what each reward pays for answers that only want the reward."""

from __future__ import annotations

import click

from s3eval.cli.common import json_option, write_json_output
from s3eval.reporting.tables import print_table
from s3eval.terminal import echo

EPILOG = """\b
Examples:
  s3eval finetune rewards
  s3eval finetune rewards --markdown       the table of docs/finetune.md

seizure are the paper's rewards, seizure_better those of docs/finetune.md. Each number is a mean
over invented cases, in [0, 1].
"""


@click.command("rewards", epilog=EPILOG)
@click.option("--markdown", is_flag=True, help="Print the table as Markdown.")
@json_option
def command(markdown: bool, json_file: str | None) -> None:
    """Show what each reward pays for honest answers and for answers that game it."""
    from s3eval_finetune.rewards import gaming

    rows = gaming.gaming_table()
    facts = [
        {"answer": r.answer, "reward": r.reward, "paid": {str(n): x for n, x in r.paid.items()}}
        for r in rows
    ]
    if write_json_output(facts, json_file):
        return
    if markdown:
        echo(gaming.markdown(rows), end="")
        return
    numbers = [f"Task {n}" for n in rows[0].paid]
    cells = [(r.answer, r.reward, *(f"{x:.2f}" for x in r.paid.values())) for r in rows]
    print_table("Rewards of gaming answers", ("answer", "reward", *numbers), cells, numbers)
