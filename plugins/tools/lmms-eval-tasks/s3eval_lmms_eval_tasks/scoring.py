"""Scoring what lmms-eval's model answered, by the tasks and metrics of s3eval.

``python -m s3eval_lmms_eval_tasks.scoring FOLDER`` reads one task's answers as JSON from standard
input and writes every metric as JSON. The answers become a run in ``FOLDER/runs``, which
``s3eval show`` and ``compare`` take like any other.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from s3eval import S3EvalError
from s3eval_lmms_eval_tasks.answers import key_of, write_answers
from s3eval_lmms_eval_tasks.plan import Choices, asked_of, digest_of, read_choices

if TYPE_CHECKING:
    from s3eval.facts.videos import Dataset

__all__ = ["main", "metrics_of", "scores_of"]

#: Draws behind an interval: lmms-eval shows none, the run can be scored again with more.
_RESAMPLES = 200


def metrics_of(choices: Choices, dataset: Dataset, task: str) -> list[tuple[str, str, bool]]:
    """The (item, metric, higher is better) of a task that lmms-eval lists.

    Of a task with means over items, the mean of each metric; else those of every item. A run of
    no answers tells them; means have no value there, so that their metrics are the items'.
    """
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        rows = _score(choices, dataset, task, {}, Path(folder))
    has_means = any(r["item"] == "mean" for r in rows)
    listed = {
        ("mean" if has_means else r["item"], r["metric"]): r["higher_is_better"] for r in rows
    }
    return [(item, metric, bool(higher)) for (item, metric), higher in listed.items()]


def scores_of(folder: Path, task: str, answers: Mapping[int, str]) -> dict[str, float | None]:
    """Every metric of a task by its name in lmms-eval.

    Args:
        folder: of the prepared tasks.
        answers: what the model said, by the document's number.

    Raises:
        S3EvalError: the dataset asks other questions now than when the tasks were prepared.
    """
    from s3eval.api import open_dataset

    choices, digest = read_choices(folder)
    dataset = open_dataset(choices.data)
    planned = asked_of(choices, dataset)
    if digest_of(planned) != digest:
        raise S3EvalError(
            "The dataset or the tasks have changed since they were prepared",
            where=choices.data,
            fix="s3eval data lmms-eval-tasks DATA OUT again",
        )
    texts = {
        key_of(asked.clip, asked.question): answers[asked.number]
        for asked in planned.asked[task]
        if asked.number in answers
    }
    rows = _score(choices, dataset, task, texts, folder / "runs")
    return {
        row["metric"] if row["item"] == "mean" else f"{row['item']}_{row['metric']}": row["value"]
        for row in rows
    }


def _score(
    choices: Choices, dataset: Dataset, task: str, texts: Mapping[str, str], out: Path
) -> Sequence[Mapping[str, Any]]:
    from s3eval.api import evaluate

    made = hashlib.sha256(json.dumps([task, texts], sort_keys=True).encode()).hexdigest()[:16]
    folder = out / f"{task}-{made}"
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "answers.json"
    write_answers(file, texts, [*choices.senses], made)
    answered = {json.loads(key)[0] for key in texts}
    # With --limit, lmms-eval asks about some videos only: the others are no failures.
    names = [v.name for v in dataset.select(**choices.selection).videos if v.name in answered]
    runs = evaluate(
        "lmms-eval-answers",
        task,
        dataset,
        folder,
        judge=choices.judge or None,
        model_options={"file": str(file)},
        protocol=choices.protocol,
        videos=names or None,
        folds=choices.folds or None,
        profile=choices.profile,
        seed=choices.seed,
        resamples=_RESAMPLES,
        replace=True,
        progress=False,
    )
    (scored,) = runs.scored
    rows: Sequence[Mapping[str, Any]] = scored.as_json()["scores"]
    return rows


def main(folder: str) -> int:
    """Score the answers on standard input."""
    try:
        asked = json.load(sys.stdin)
        answers = {int(number): str(text) for number, text in asked["answers"].items()}
        scores = scores_of(Path(folder), str(asked["task"]), answers)
    except S3EvalError as error:
        print(f"Error: {error}", file=sys.stderr)
        return 2
    json.dump(scores, sys.stdout)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1]))
