"""Writes a finished run into MLflow: its facts as parameters, its scores as metrics."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mlflow import MlflowClient
from mlflow.entities import Metric, Param

from s3eval.errors import S3EvalError
from s3eval.remote.endpoint import is_local
from s3eval.reporting.tracked import tracked

if TYPE_CHECKING:
    from s3eval.permission import Permission
    from s3eval.running.runs import Run
    from s3eval.statistics.table import ScoreRow

__all__ = ["EXPERIMENT", "ended", "tracking_uri"]

#: The experiment that runs go into; ``MLFLOW_EXPERIMENT_NAME`` names another.
EXPERIMENT = "s3eval"
#: The most numbers that one call to a server may hold (MLflow's own limit).
_BATCH = 1000
#: Where these begin, MLflow opens files or a database on this machine.
_FILES = ("sqlite:", "file:")


def ended(run: Run, scores: Sequence[ScoreRow], permission: Permission) -> None:
    """Write one run; written again it is another run of MLflow's.

    Raises:
        S3EvalError: the tracking server is another machine, and that was not allowed.
    """
    client = MlflowClient(tracking_uri(run.path, permission))
    name = os.environ.get("MLFLOW_EXPERIMENT_NAME", "").strip() or EXPERIMENT
    experiment = client.get_experiment_by_name(name)
    experiment_id = experiment.experiment_id if experiment else client.create_experiment(name)
    values = tracked(run, scores)
    # Who is signed in on this machine is no fact of the run.
    tags = {"mlflow.user": "s3eval"}
    run_id = client.create_run(experiment_id, run_name=values.name, tags=tags).info.run_id
    now = int(time.time() * 1000)
    metrics = [Metric(key, value, now, 0) for key, value in values.values.items()]
    client.log_batch(run_id, params=[Param(k, v) for k, v in values.facts.items()])
    for first in range(0, len(metrics), _BATCH):
        client.log_batch(run_id, metrics=metrics[first : first + _BATCH])
    client.set_terminated(run_id)


def tracking_uri(run: Path, permission: Permission) -> str:
    """Where to write: ``MLFLOW_TRACKING_URI``, else ``mlflow.db`` beside the run folder.

    Raises:
        S3EvalError: it is another machine, and that was not allowed.
    """
    uri = os.environ.get("MLFLOW_TRACKING_URI", "").strip()
    if not uri:
        return f"sqlite:///{run.resolve().parent / 'mlflow.db'}"
    here = uri.startswith(_FILES) or "://" not in uri or is_local(uri)
    if not here and not permission.allow_remote:
        raise S3EvalError(
            "MLFLOW_TRACKING_URI is not this machine, and nothing leaves it unless you say so",
            fix="--allow-remote, if that is allowed where you work",
        )
    return uri
