"""The exporter ``model-card``: a model card with every score as an evaluation result of the hub.

The card's ``model-index`` is made, and so validated, by `huggingface_hub`. The hub's newer
``.eval_results`` are not written: each names a dataset on the hub, and patients' videos are not
there.
"""

from __future__ import annotations

import re
from html import escape
from typing import TYPE_CHECKING

from huggingface_hub import EvalResult, ModelCard, ModelCardData

from s3eval.errors import S3EvalError
from s3eval.running.loading import load_tasks
from s3eval.statistics.table import SYMBOLS
from s3eval_hub.scores import Evaluated, evaluated

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from s3eval.running.runs import Run
    from s3eval.statistics.table import ScoreRow

__all__ = ["write"]


def write(runs: Sequence[Run], out: Path) -> None:
    """Write a folder for each run with its card.

    Raises:
        S3EvalError: a run's dataset is not there, it has no score, or two have one name.
    """
    if len({run.name for run in runs}) < len(runs):
        raise S3EvalError("Two of these runs have the same name", fix="export them one by one")
    for one in evaluated(runs):
        folder = out if len(runs) == 1 else out / one.run.name
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "README.md").write_text(_card(one), encoding="utf-8")


def _card(one: Evaluated) -> str:
    results = [
        EvalResult(
            task_type="video-text-to-text",
            task_name=f"{row.task}: {row.item}",
            dataset_type="s3eval",
            dataset_name=one.dataset_name,
            dataset_config=row.item,
            dataset_args={"task": row.task, "protocol": row.protocol},
            metric_type=row.metric,
            metric_name=_metric_name(row),
            metric_value=row.value,
        )
        for row in one.rows
    ]
    data = ModelCardData(model_name=one.run.facts.model, eval_results=results, tags=["s3eval"])
    return str(ModelCard(f"---\n{data.to_yaml()}\n---\n\n{_text(one)}"))


def _metric_name(row: ScoreRow) -> str:
    within = f" [{row.low:.3g}, {row.high:.3g}]" if row.low is not None else ""
    return f"{row.metric}{within}, {row.scored} of {row.asked} scored"


def _headlines(one: Evaluated) -> list[ScoreRow]:
    tasks = load_tasks(one.run.facts.tasks).by_name
    return [row for row in one.rows if row.metric == tasks[row.task].headline]


def _literal(name: str) -> str:
    """A name that Markdown shows as it is, within a table too."""
    return re.sub(r"([\\|*`\[\]])", r"\\\1", escape(name, quote=False)).replace("\n", " ")


def _text(one: Evaluated) -> str:
    lines = [
        f"# {_literal(one.run.facts.model)}",
        "",
        f"Evaluated with s3eval on {_literal(one.dataset_name)}. For research, not for decisions "
        "about patients.",
        "",
        "| task | item | metric | value | 95 % by patient | best chance | scored of asked |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in _headlines(one):
        within = f"{row.low:.3g} to {row.high:.3g}" if row.low is not None else "-"
        chance = (
            "-"
            if row.chance_value is None
            else f"{row.chance_value:.3g} ({_literal(row.chance_name)})"
        )
        mark = f" {SYMBOLS[row.mark]}".rstrip()
        what = " | ".join(map(_literal, (row.task, row.item, row.metric)))
        value = f"{row.value:.3g}{mark}"
        lines.append(f"| {what} | {value} | {within} | {chance} | {row.scored}/{row.asked} |")
    lines += [
        "",
        "`≤ chance` is no better than the best answer without looking, `~` is better but ",
    ]
    return "\n".join((*lines, "cannot be told from it with these patients.", ""))
