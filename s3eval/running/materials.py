"""What scoring a run again starts from: its recorded findings, or its stored answers, read anew."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from s3eval.errors import StopRunError
from s3eval.facts.clips import profile
from s3eval.model import Model
from s3eval.plugins import Registry, installed
from s3eval.running.engine import Pieces, Session, pieces_of, repeated_pieces
from s3eval.running.guard import Guard
from s3eval.running.loading import LoadedTasks, load_tasks
from s3eval.running.moved_files import as_asked, with_ends
from s3eval.running.plan import make_plan
from s3eval.running.repeats import repeats_of
from s3eval.running.runs import Run, RunFacts
from s3eval.running.scoring import Material
from s3eval.running.store import AnswerStore
from s3eval.vocabulary import Protocol, Sense

if TYPE_CHECKING:
    from s3eval.facts.videos import Dataset

__all__ = ["RecordedModel", "material_of"]


class RecordedModel(Model):
    """Stands for the model of a run whose answers are already there; it cannot be asked.

    Args:
        facts: of the run.
    """

    def __init__(self, facts: RunFacts) -> None:
        self._facts = facts
        self.uses_footage = facts.looks

    @property
    def senses(self) -> frozenset[Sense]:
        """What the model perceived."""
        return frozenset(self._facts.senses)  # type: ignore[arg-type]

    def identity(self) -> Mapping[str, Any]:
        """What the model said it was."""
        return self._facts.identity

    def watch(self, footage: Any) -> Any:
        """Refused.

        Raises:
            StopRunError: an answer is missing.
        """
        raise StopRunError("Not every question of this run was asked")


def material_of(
    run: Run,
    selected: Dataset,
    whole: Dataset,
    protocol: Protocol,
    registry: Registry | None = None,
    options: Mapping[str, Any] | None = None,
    judge_reads: bool = True,
    with_pieces: bool = True,
) -> Material:
    """What scoring a run again starts from; nothing is asked.

    A recorded run's findings are its truth. An asked run's answers are read and will be combined
    anew, so that a changed reader, protocol or judge takes effect.

    Args:
        selected: the videos that the run was about.
        whole: all of the dataset.
        options: of scoring.
        with_pieces: whether the stored answers are read; without them only what decides the
            scores is there (`running.unchanged`).
    """
    known = registry or installed()
    facts = run.facts
    task_options = dict(facts.options.get("tasks", {}))
    recorded = facts.source == "recorded" or not (run.path / "answers.sqlite").is_file()
    tasks = load_tasks(run.findings if recorded and with_pieces else facts.tasks, known)
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
    if recorded or not with_pieces:
        return material
    pieces: dict[str, Any] = {}
    repeated: list[dict[str, Any]] = []
    guard, unanswered = Guard(tasks.packages), 0
    for group in facts.options.get("together") or [facts.tasks]:
        some = load_tasks(group, known)
        group_pieces, alone, left = _stored_pieces(
            run, some, selected, protocol, task_options, guard
        )
        pieces |= group_pieces
        unanswered += left
        repeated += [{} for _ in alone[len(repeated) :]]
        for one, of_group in zip(repeated, alone, strict=False):
            one.update(of_group)
    ordered = {name: pieces[name] for name in facts.tasks}
    unread = tuple(guard.faults)
    return replace(
        material,
        pieces=ordered,
        repeated=tuple(repeated),
        unread=unread,
        unanswered=unanswered,
    )


def _stored_pieces(
    run: Run,
    tasks: LoadedTasks,
    dataset: Dataset,
    protocol: Protocol,
    task_options: Mapping[str, Mapping[str, Any]],
    guard: Guard,
) -> tuple[Pieces, tuple[Pieces, ...], int]:
    """The pieces, those of each repetition alone, and how many questions have no answer yet."""
    facts, options = run.facts, run.facts.options
    chosen = profile(str(options.get("profile") or facts.profile))
    chosen = chosen.changed(**options.get("sampling", {}))
    senses: Any = frozenset(facts.senses)
    mine = {name: given for name, given in task_options.items() if name in tasks.by_name}
    repeats = repeats_of(options, facts.seed)
    with AnswerStore(run.path / "answers.sqlite", read_only=True) as store:
        known = with_ends(dataset, store)
        plan = make_plan(known, tasks, chosen, senses, facts.seed, mine, repeats)
        model = RecordedModel(facts)
        session = as_asked(Session.of(dataset, plan, store, model, facts.model, senses))
        by_name = tasks.by_name
        pieces = pieces_of(session, by_name, protocol, guard)
        alone = repeated_pieces(session, by_name, protocol)
    wanted = plan.count()
    left = sum(
        wanted.get(task, 0) - sum(len(p) for v, p in some.items() if v not in plan.unplanned)
        for task, some in pieces.items()
    )
    return pieces, alone, left
