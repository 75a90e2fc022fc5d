"""``s3eval finetune plan``: what to install and run to tune a model."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from s3eval.cli.common import json_option, write_json_output
from s3eval.terminal import echo
from s3eval_finetune.planning import BASE, ENGINES, WAYS
from s3eval_finetune.rewards.solutions import REWARDS

if TYPE_CHECKING:
    from s3eval_finetune.planning import Plan

EPILOG = """\b
Examples:
  s3eval finetune plan train                             SFT, then GRPO, with ms-swift on 8 GPUs
  s3eval finetune plan train --engine trl --way sft --gpus 1
  s3eval finetune plan train --way grpo --adapter tuned/checkpoint-300 --reward seizure

Nothing is installed or run. Settings are those of the paper's Appendix E; what differs from the
printed commands is told with its reason.
"""


@click.command("plan", epilog=EPILOG)
@click.argument("data")
@click.option(
    "--engine",
    type=click.Choice(ENGINES),
    default="swift",
    show_default=True,
    help="The engine that trains.",
)
@click.option("--way", type=click.Choice(WAYS), help="Plan this way of tuning alone.")
@click.option("--model", default=BASE, show_default=True, help="The checkpoint that is tuned.")
@click.option("--adapter", default="", help="Go on from this adapter, as GRPO does from SFT's.")
@click.option("--out", default="tuned", show_default=True, help="The folder the engine saves to.")
@click.option(
    "--gpus", type=click.IntRange(1), default=8, show_default=True, help="How many GPUs train."
)
@click.option(
    "--reward",
    type=click.Choice(list(REWARDS)),
    default="seizure_better",
    show_default=True,
    help="The reward of GRPO; seizure is the paper's.",
)
@json_option
def command(
    data: str,
    engine: str,
    way: str | None,
    model: str,
    adapter: str,
    out: str,
    gpus: int,
    reward: str,
    json_file: str | None,
) -> None:
    """Print the commands that tune a model on DATA, a folder that export wrote."""
    from s3eval_finetune.planning import Settings, make_plan

    settings = Settings(data, model, adapter, out, gpus, reward)
    plans = [
        make_plan(engine, one, settings)  # type: ignore[arg-type]
        for one in WAYS
        if way in (None, one)
    ]
    facts = [{**asdict(plan), "shell": plan.shell()} for plan in plans]
    if write_json_output(facts, json_file):
        return
    for plan in plans:
        _show(plan)


def _show(plan: Plan) -> None:
    memory, gib = plan.memory, 1024**3
    echo(f"# {plan.way.upper()} with {plan.engine}: an environment of its own")
    for line in plan.environment:
        echo(line)
    echo("\n# Train")
    echo(plan.shell())
    echo("\n# Evaluate what was saved, on the test set alone")
    echo(plan.evaluation)
    echo("\n# Memory of a GPU, estimated by arithmetic and not measured:")
    parts = {
        "weights": memory.weights,
        "adapter and optimiser": memory.adapter,
        "kept for the backward pass": memory.kept,
        "a layer at work": memory.layer,
        "logits": memory.logits,
        "keys and values while generating": memory.cache,
    }
    for name, size in parts.items():
        echo(f"#   {name}: {size / gib:.1f} GiB")
    echo(
        f"#   in all about {memory.total / gib:.0f} GiB for a clip of 60 s "
        f"({memory.tokens:,} tokens), Qwen2.5-Omni-7B in bfloat16"
    )
    for note in plan.notes:
        echo(f"# Note: {note}")
    echo("")
