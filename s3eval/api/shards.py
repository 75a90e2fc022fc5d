"""Asking a part of a run, and putting the parts together."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from s3eval.api.annotated import annotation_remarks
from s3eval.api.evaluating import Reporting, evaluated_all, unreported, unshown
from s3eval.api.judges import JudgeChoice, judge_of_settings
from s3eval.api.model_names import recorded_model
from s3eval.api.requests import Request, prepare
from s3eval.errors import S3EvalError
from s3eval.running.evaluate import Outcome
from s3eval.running.evaluate import evaluate as ask
from s3eval.running.lock import locked
from s3eval.running.materials import RecordedModel
from s3eval.running.runs import RunFacts, open_run
from s3eval.running.settings import Settings
from s3eval.running.shards import Shard, ShardState, read_shard, shard_folders, write_shard
from s3eval.running.store import AnswerStore
from s3eval.statistics.resampling import check_draws
from s3eval.statistics.scored import Scored

if TYPE_CHECKING:
    from s3eval.api.model_names import NamedModel

__all__ = ["Shard", "ask_shard", "merge"]

#: Facts that must be the same in all shards, or their answers are of different runs.
_SHARED = ("model", "senses", "tasks", "digest", "protocol", "profile", "looks", "identity", "seed")
_OPTIONS = ("model", "tasks", "profile", "sampling")


def ask_shard(
    request: Request,
    model: NamedModel,
    out: Path,
    shard: Shard,
    reporting: Reporting = unreported,
    notify: Callable[[str], None] = unshown,
) -> Outcome:
    """Ask one model about the videos of a shard; nothing is judged or scored.

    Args:
        request: of the whole run.
        out: the folder of the runs; the shard's lie below ``out/shards``.

    Raises:
        S3EvalError: fewer videos than shards, and as `s3eval.api.evaluate`.
    """
    names = [video.name for video in request.dataset.videos]
    if len(names) < shard.of:
        raise S3EvalError(f"{len(names)} videos are selected, fewer than {shard.of} shards")
    mine = shard.part(names)
    selection = request.settings.selection
    part = {key: value for key, value in selection.items() if key == "outside"}
    changed = replace(
        request,
        settings=replace(request.settings, selection={**part, "videos": mine}),
        dataset=request.dataset.select(videos=mine),
    )
    folder = model.run_in(shard.folder(out))
    work = replace(changed.evaluation(model, folder, None), only_ask=True)
    for line in annotation_remarks(changed):
        notify(line)
    write_shard(folder, ShardState(shard, selection))
    outcome = ask(work, reporter=lambda awaited: reporting(folder.name, awaited), notify=notify)
    write_shard(folder, ShardState(shard, selection, is_complete=True))
    return outcome


def merge(
    out: Path,
    judging: JudgeChoice | None = None,
    resamples: int = 2000,
    wait: bool = True,
    reporting: Reporting = unreported,
    notify: Callable[[str], None] = unshown,
    **shown: Any,
) -> list[tuple[Outcome, Scored]]:
    """Put the shards below a folder together: the runs that one command would have made.

    Their answers are copied into ``out/MODEL``, judged and scored there. Once more, after a shard
    was asked again, adds what is new.

    Args:
        judging: which judge reads, None or unnamed for the one the shards were asked with.
        shown: ``progress`` of the judge.

    Raises:
        S3EvalError: no shards, one is missing or not finished, or they are of different runs.
    """
    check_draws(resamples)
    return [
        _merged(folders, out / model, judging, resamples, wait, reporting, notify, shown)
        for model, folders in shard_folders(out).items()
    ]


def _merged(
    folders: Sequence[Path],
    run: Path,
    judging: JudgeChoice | None,
    resamples: int,
    wait: bool,
    reporting: Reporting,
    notify: Callable[[str], None],
    shown: Mapping[str, Any],
) -> tuple[Outcome, Scored]:
    selection = _refuse_incomplete(folders, run)
    facts = _same_facts(folders, run)
    settings = replace(Settings.from_toml(folders[0] / "run.toml"), selection=selection)
    request = _request(settings, judging, wait)
    model = recorded_model(facts.model, settings.model_options)
    with locked(run, wait, notify), AnswerStore(run / "answers.sqlite") as store:
        for folder in folders:
            with AnswerStore(folder / "answers.sqlite", read_only=True) as part:
                store.add_all(part)
    (done,) = evaluated_all(
        request,
        [(model, run)],
        resamples,
        reporting,
        notify,
        load=lambda plugin, options: RecordedModel(facts),
        **shown,
    )
    return done


def _request(settings: Settings, judging: JudgeChoice | None, wait: bool) -> Request:
    choice = judging or JudgeChoice()
    if not choice.named:
        choice = judge_of_settings(settings, choice.permission)
    return prepare(replace(settings, model=""), None, choice, wait=wait)


def _refuse_incomplete(folders: Sequence[Path], run: Path) -> Mapping[str, Any]:
    """The selection of the whole run.

    Raises:
        S3EvalError: a shard is missing or not finished, or the run was divided in two ways.
    """
    states = [read_shard(folder) for folder in folders]
    counts = {state.shard.of for state in states}
    selections = {repr(sorted(state.selection.items())) for state in states}
    if len(counts) > 1 or len(selections) > 1:
        raise S3EvalError(
            "The shards in this folder are parts of different runs",
            where=run.name,
            why=f"divided by {' and by '.join(map(str, sorted(counts)))}"
            if len(counts) > 1
            else "they select different videos",
            fix="remove those that do not belong here",
        )
    (count,) = counts
    done = {state.shard.number for state in states if state.is_complete}
    missing = [n for n in range(1, count + 1) if n not in done]
    if missing:
        named = ", ".join(f"{n}/{count}" for n in missing[:10])
        more = f" and {len(missing) - 10} more" if len(missing) > 10 else ""
        raise S3EvalError(
            f"{len(missing)} of {count} shards are not finished",
            where=run.name,
            fix=f"s3eval run --shard with {named}{more} first",
        )
    return states[0].selection


def _same_facts(folders: Sequence[Path], run: Path) -> RunFacts:
    facts = [open_run(folder).facts for folder in folders]
    first = facts[0]
    for other in facts[1:]:
        different = [n for n in _SHARED if getattr(first, n) != getattr(other, n)]
        different += [
            f"options of {n}" if n in ("model", "tasks") else n
            for n in _OPTIONS
            if first.options.get(n) != other.options.get(n)
        ]
        if different:
            raise S3EvalError(
                f"The shards in this folder differ in {', '.join(different)}",
                where=run.name,
                fix="ask the shards that differ again, with --replace",
            )
    return first
