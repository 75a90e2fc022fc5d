"""Writes a finished run for Weights & Biases: offline, unless the user says otherwise."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

import wandb

from s3eval.errors import S3EvalError
from s3eval.reporting.tracked import tracked

if TYPE_CHECKING:
    from s3eval.permission import Permission
    from s3eval.running.runs import Run
    from s3eval.statistics.table import ScoreRow

__all__ = ["PROJECT", "ended", "mode"]

#: The project that runs go into; ``WANDB_PROJECT`` names another.
PROJECT = "s3eval"
Mode = Literal["offline", "online", "disabled"]


def ended(run: Run, scores: Sequence[ScoreRow], permission: Permission) -> None:
    """Write one run into the folder ``wandb`` of its own folder, or send it.

    Raises:
        S3EvalError: ``WANDB_MODE`` asks to send, and that was not allowed.
    """
    values = tracked(run, scores)
    # Nothing of the machine: no command line, host, code, packages or load goes along.
    settings = wandb.Settings(
        console="off",
        host="unknown",
        username="unknown",
        email="unknown",
        silent=True,
        disable_git=True,
        disable_code=True,
        save_code=False,
        disable_job_creation=True,
        x_disable_meta=True,
        x_disable_machine_info=True,
        x_disable_stats=True,
        x_save_requirements=False,
    )
    started = wandb.init(
        project=os.environ.get("WANDB_PROJECT", "").strip() or PROJECT,
        name=values.name,
        dir=str(run.path),
        mode=mode(permission),
        config=values.facts,
        settings=settings,
        reinit="create_new",
    )
    try:
        started.summary.update(values.values)
    finally:
        started.finish()


def mode(permission: Permission) -> Mode:
    """``WANDB_MODE`` where it says something, else "offline".

    Raises:
        S3EvalError: another value, or "online" where nothing may leave this machine.
    """
    wanted = os.environ.get("WANDB_MODE", "").strip() or "offline"
    known: dict[str, Mode] = {"offline": "offline", "online": "online", "disabled": "disabled"}
    if wanted not in known:
        raise S3EvalError(f"WANDB_MODE is '{wanted}'", fix="export WANDB_MODE=offline")
    if wanted == "online" and not permission.allow_remote:
        raise S3EvalError(
            "WANDB_MODE asks to send the run, and nothing leaves this machine unless you say so",
            fix="--allow-remote, if that is allowed where you work, or WANDB_MODE=offline",
        )
    return known[wanted]
