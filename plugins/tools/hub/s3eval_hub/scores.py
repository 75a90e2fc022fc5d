"""What both formats of runs write: each run's defined scores, its model and its dataset."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from s3eval.api.datasets import dataset_of
from s3eval.api.runs import score
from s3eval.errors import S3EvalError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from s3eval.running.runs import Run
    from s3eval.statistics.table import ScoreRow

__all__ = ["BOUNDS", "Evaluated", "evaluated", "is_path"]

_ENDLESS = float("inf")
#: The lowest and highest possible value of metrics that are not from 0 to 1.
BOUNDS: Mapping[str, tuple[float, float]] = {
    "mae": (0.0, _ENDLESS),
    "median": (0.0, _ENDLESS),
    "edit_distance": (0.0, _ENDLESS),
    "hallucinated": (0.0, _ENDLESS),
    "bleu": (0.0, 100.0),
    "rqi": (0.0, 100.0),
    "rqi_base": (0.0, 100.0),
    "bertscore": (-1.0, 1.0),
}


@dataclass(frozen=True)
class Evaluated:
    """One run as it is exported.

    Attributes:
        rows: its scores that are defined.
        dataset_name: what the dataset calls itself; never its path, which may name a patient.
        model_id: "developer/model", from the checkpoint where the run knows one.
        made: when its findings were written, seconds since 1970.
    """

    run: Run
    rows: Sequence[ScoreRow]
    dataset_name: str
    model_id: str
    made: float


def evaluated(runs: Sequence[Run]) -> list[Evaluated]:
    """The runs with their scores, by the protocol and judge each was made with.

    Raises:
        S3EvalError: a run's dataset is not there, or a run has no score.
    """
    results = []
    for run, scored in zip(runs, score(runs), strict=True):
        rows = [row for row in scored.rows if row.value is not None]
        if not rows:
            raise S3EvalError(
                "This run has no score to export", where=run.path, fix=f"s3eval show {run.path}"
            )
        dataset, _ = dataset_of(run)
        made = (run.path / "findings.jsonl").stat().st_mtime
        results.append(Evaluated(run, rows, dataset.name, _model_id(run), made))
    return results


def _model_id(run: Run) -> str:
    checkpoint = run.facts.identity.get("checkpoint")
    # A checkpoint may be a folder of this machine, which is nobody's business.
    if isinstance(checkpoint, str) and re.fullmatch(r"[\w.-]+/[\w.-]+", checkpoint):
        return checkpoint
    return f"s3eval/{re.sub(r'[^A-Za-z0-9_.+-]', '-', run.facts.model)}"


def is_path(text: str) -> bool:
    r"""Whether a text looks like a path of some machine, which may name somebody.

    >>> [is_path(t) for t in ("/home/anna/model", "~/m", "C:\\m", "a/b/c")]
    [True, True, True, True]
    >>> [is_path(t) for t in ("Qwen/Qwen3-VL-8B", "1.2")]
    [False, False]
    """
    return bool(re.match(r"[/~.\\]|[A-Za-z]:[/\\]", text)) or text.count("/") > 1
