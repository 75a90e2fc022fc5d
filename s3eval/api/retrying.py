"""Asking again what failed in a run, with the settings it was made with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from s3eval.api.asking import Asking
from s3eval.api.datasets import format_of
from s3eval.api.evaluating import Reporting, evaluated_all, unreported, unshown
from s3eval.api.judges import judge_of_settings
from s3eval.api.model_names import recorded_model
from s3eval.api.requests import prepare
from s3eval.errors import S3EvalError
from s3eval.permission import LOCAL_ONLY, Permission
from s3eval.running.evaluate import Outcome
from s3eval.running.runs import RunFacts, dataset_folder, open_run
from s3eval.running.settings import Settings
from s3eval.statistics.resampling import check_draws
from s3eval.statistics.scored import Scored

__all__ = ["retry_run"]


def retry_run(
    run: Path,
    *,
    permission: Permission = LOCAL_ONLY,
    asking: Asking | None = None,
    resamples: int = 2000,
    reporting: Reporting = unreported,
    notify: Callable[[str], None] = unshown,
    **shown: Any,
) -> tuple[Outcome, Scored]:
    """Ask again what failed in a run and score it anew; everything else in it is kept.

    Args:
        run: its folder.
        permission: what may leave this machine; a run is no consent.
        asking: how the questions are put.
        shown: ``progress`` of the judge.

    Raises:
        S3EvalError: no run there, one that asked no model, or a shard (it is asked again with
            the command that asked it).
    """
    check_draws(resamples)
    facts = open_run(run).facts
    if facts.source != "asked":
        raise S3EvalError("The answers of this run were recorded, not asked", where=run)
    if (run / "shard.json").is_file():
        fix = "s3eval run --shard as before with --retry-failed"
        raise S3EvalError("This run is a shard", where=run, fix=fix)
    settings = Settings.from_toml(run / "run.toml")
    settings = replace(settings, data=_where_data_is(settings.data, facts, run))
    # Tasks that were asked together share questions; each group is asked as it was.
    groups = facts.options.get("together") or [list(facts.tasks)]
    model = recorded_model(facts.model, settings.model_options)
    judging = judge_of_settings(settings, permission)
    last: tuple[Outcome, Scored] | None = None
    for tasks in groups:
        mine = {name: v for name, v in settings.task_options.items() if name in tasks}
        request = prepare(
            replace(settings, model="", tasks=tuple(tasks), task_options=mine),
            None,
            judging,
            retry_failed=True,
            asking=asking,
        )
        (last,) = evaluated_all(request, [(model, run)], resamples, reporting, notify, **shown)
    assert last is not None, "a run has tasks"
    return last


def _where_data_is(recorded: str, facts: RunFacts, run: Path) -> str:
    """Where the run's dataset is: as recorded, or as seen from the run's folder.

    Raises:
        S3EvalError: neither is there.
    """
    if Path(recorded).exists():
        return recorded
    if (folder := dataset_folder(facts, run)) is not None:
        return str(folder)
    if format_of(recorded)[0] == "folder":
        fix = "move it back, or the command of the run with --data WHERE_IT_IS_NOW --retry-failed"
        raise S3EvalError("The run's dataset is not there", where=recorded, fix=fix)
    return recorded
