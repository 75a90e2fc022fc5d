"""The exporter ``every-eval-ever``: scores in the common schema, a JSON file for each run.

The schema is that of the package every-eval-ever 0.3 (`SCHEMA_VERSION`), with which the tests
validate. Files lie as its store wants them: ``data/s3eval/DEVELOPER/MODEL/UUID.json``.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from typing import TYPE_CHECKING, Any

from s3eval.version import __version__
from s3eval_hub.scores import BOUNDS, Evaluated, evaluated, is_path

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from s3eval.running.runs import Run
    from s3eval.statistics.table import ScoreRow

__all__ = ["SCHEMA_VERSION", "document", "write"]

SCHEMA_VERSION = "0.3.0"


def write(runs: Sequence[Run], out: Path) -> None:
    """Write each run's scores; the same run gives the same file.

    Raises:
        S3EvalError: a run's dataset is not there, or it has no score.
    """
    for one in evaluated(runs):
        made = document(one)
        text = json.dumps(made, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
        digest = hashlib.sha256(text.encode()).digest()
        name = uuid.UUID(bytes=digest[:16], version=4)
        developer, _, model = made["model_info"]["id"].partition("/")
        path = out / "data" / "s3eval" / developer / model / f"{name}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def document(one: Evaluated) -> dict[str, Any]:
    """A run as the schema has it; undefined scores are left out, since it has no word for them."""
    identity = one.run.facts.identity
    # The schema wants both of these; a run does not record who runs the model's machine.
    details = {"deployment_type": "unknown", "model_availability": "unknown"}
    texts = {k: v if isinstance(v, str) else json.dumps(v) for k, v in identity.items()}
    details |= {k: v for k, v in texts.items() if not is_path(v)}
    stamp = str(int(one.made))
    return {
        "schema_version": SCHEMA_VERSION,
        "evaluation_id": f"s3eval/{one.model_id}/{stamp}",
        "evaluation_timestamp": stamp,
        "retrieved_timestamp": stamp,
        "source_metadata": {
            "source_name": "s3eval",
            "source_type": "evaluation_run",
            "source_organization_name": "unknown",
            "evaluator_relationship": "other",
        },
        "eval_library": {"name": "s3eval", "version": __version__},
        "model_info": {
            "name": one.run.facts.model,
            "id": one.model_id,
            "additional_details": details,
        },
        "evaluation_results": [_result(one, row) for row in one.rows],
    }


def _result(one: Evaluated, row: ScoreRow) -> dict[str, Any]:
    low, high = BOUNDS.get(row.metric, (0.0, 1.0))
    metric: dict[str, Any] = {
        "metric_id": f"s3eval.{row.task}.{row.metric}",
        "metric_name": row.metric,
        "metric_unit": row.unit or "proportion",
        "lower_is_better": row.higher_is_better is False,
        "score_type": "continuous",
        "min_score": low,
        # JSON has no infinity; the schema takes this word.
        "max_score": high if high != float("inf") else "Infinity",
        "additional_details": {"protocol": row.protocol},
    }
    details = {
        name: str(getattr(row, name))
        for name in ("asked", "answered", "readable", "scored", "failed", "skipped", "patients")
    }
    if row.chance_value is not None:
        details |= {"chance": str(row.chance_value), "chance_of": row.chance_name}
    details |= {"against_chance": row.mark} if row.mark else {}
    score: dict[str, Any] = {"score": row.value, "details": details}
    if row.low is not None and row.high is not None:
        score["uncertainty"] = {
            "confidence_interval": {
                "lower": row.low,
                "upper": row.high,
                "confidence_level": 0.95,
                "method": "bootstrap of patients",
            },
            "num_samples": row.scored,
        }
    source = {
        "dataset_name": one.dataset_name,
        "source_type": "other",
        "additional_details": {"digest": one.run.facts.digest},
    }
    return {
        "evaluation_result_id": f"{row.task}.{row.item}.{row.metric}",
        "evaluation_name": f"{row.task}: {row.item}",
        "source_data": source,
        "metric_config": metric,
        "score_details": score,
    }
