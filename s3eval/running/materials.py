"""What scoring a run again starts from: its recorded findings, or its stored answers, read anew."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from s3eval.facts.clips import profile
from s3eval.model import Model
from s3eval.plugins import Registry, installed
from s3eval.running.engine import Session, pieces_of
from s3eval.running.loading import LoadedTasks, load_tasks
from s3eval.running.plan import make_plan
from s3eval.running.runs import Run
from s3eval.running.scoring import Material
from s3eval.running.store import AnswerStore
from s3eval.vocabulary import Protocol

if TYPE_CHECKING:
    from s3eval.facts.videos import Dataset

__all__ = ["material_of"]


class _Recorded(Model):
    """Stands for a model whose answers are already there; never asked."""

    def __init__(self, identity: Mapping[str, Any], looks: bool) -> None:
        self._identity = identity
        self.looks = looks

    def identity(self) -> Mapping[str, Any]:
        return self._identity


def material_of(
    run: Run,
    selected: Dataset,
    whole: Dataset,
    protocol: Protocol,
    registry: Registry | None = None,
    options: Mapping[str, Any] | None = None,
    judge_reads: bool = True,
) -> Material:
    """What scoring a run again starts from; nothing is asked.

    A recorded run's findings are its truth. An asked run's answers are read and will be combined
    anew, so that a changed reader, protocol or judge takes effect.

    Args:
        selected: the videos that the run was about.
        whole: all of the dataset.
        options: of scoring.
    """
    known = registry or installed()
    facts = run.facts
    task_options = dict(facts.options.get("tasks", {}))
    recorded = facts.source == "recorded" or not (run.path / "answers.sqlite").is_file()
    tasks = load_tasks(run.findings if recorded else facts.tasks, known)
    material = Material(
        tasks,
        whole,
        protocol,
        frozenset(facts.senses),  # type: ignore[arg-type]
        findings=run.findings,
        judge_reads=judge_reads,
        task_options=task_options,
        options=dict(options or {}),
    )
    if recorded:
        return material
    pieces: dict[str, Any] = {}
    for group in facts.options.get("together") or [facts.tasks]:
        some = load_tasks(group, known)
        pieces |= _stored_pieces(run, some, selected, protocol, task_options)
    return replace(material, pieces={name: pieces[name] for name in facts.tasks})


def _stored_pieces(
    run: Run,
    tasks: LoadedTasks,
    dataset: Dataset,
    protocol: Protocol,
    task_options: Mapping[str, Mapping[str, Any]],
) -> dict[str, Any]:
    facts, options = run.facts, run.facts.options
    chosen = profile(str(options.get("profile") or facts.profile))
    chosen = chosen.changed(**options.get("sampling", {}))
    senses: Any = frozenset(facts.senses)
    mine = {name: given for name, given in task_options.items() if name in tasks.by_name}
    plan = make_plan(dataset, tasks, chosen, senses, facts.seed, mine)
    with AnswerStore(run.path / "answers.sqlite", read_only=True) as store:
        recorded = _Recorded(facts.identity, facts.looks)
        session = Session.of(dataset, plan, store, recorded, facts.model, senses)
        return pieces_of(session, tasks.by_name, protocol)
