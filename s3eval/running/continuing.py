"""A run folder that is there already: what of it is kept, and what cannot be continued.

The same command goes on where it stopped. Other tasks join the run, and the findings of those
that it had are kept. Another dataset, or fewer videos than before, would leave a run of which
part is about something else: that is refused, and the flag that replaces it is named.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from s3eval.errors import S3EvalError
from s3eval.running.loading import Findings, load_tasks
from s3eval.running.made_alike import (
    differences_of,
    is_made_otherwise,
    later_identity_keys,
    refuse_other_settings,
)
from s3eval.running.runs import SCORES_JUDGE, RunFacts, dataset_folder, open_run
from s3eval.running.scoring import Combined, Material

if TYPE_CHECKING:
    from s3eval.facts.videos import Dataset
    from s3eval.plugins import Registry
    from s3eval.running.evaluate import Evaluation

__all__ = ["Kept", "changes_of", "kept_of"]


@dataclass(frozen=True)
class Kept:
    """What is kept of the run that was in the folder.

    Attributes:
        findings: of tasks that are not asked now, by task.
        together: the groups of tasks that were asked together before.
        registry: where the kept tasks are loaded from.
        notes: lines for the user.
        before: the facts of the run that was there, None where there was none.
    """

    findings: Findings = field(default_factory=dict)
    together: Sequence[Sequence[str]] = ()
    registry: Registry | None = None
    notes: Sequence[str] = ()
    before: RunFacts | None = None

    def check(self, facts: RunFacts, where: str, is_loaded: bool = True) -> None:
        """Refuse to keep findings of which the run's facts would not be true.

        Args:
            facts: what would be recorded, of the tasks asked now.
            where: the run's name.
            is_loaded: whether they hold what the loaded model says of itself.

        Raises:
            S3EvalError: the kept findings were made with other settings or another model.
        """
        if self.before is not None and self.findings:
            kept, is_judged = [*self.findings], self._is_judged()
            refuse_other_settings(self.before, facts, kept, where, is_loaded, is_judged)

    def remarks(self, facts: RunFacts) -> list[str]:
        """Lines for the user: what is kept, and what differs from the run that is continued."""
        lines = [*self.notes, *changes_of(self.before, facts), *_replaced(self.before, facts)]
        if self.before is None or not self.findings:
            return lines
        if later := later_identity_keys(self.before, facts):
            lines.append(
                f"not recorded when {', '.join(self.findings)} was asked: {', '.join(later)}; "
                "its findings are kept, but cannot be made again from its answers "
                f"(to ask it anew: --tasks {','.join(facts.tasks)})"
            )
        return lines

    def extended(self, facts: RunFacts) -> RunFacts:
        """The facts of the run with the kept tasks, and their options, among its own."""
        if not self.findings or self.before is None:
            return facts
        groups = [[t for t in group if t in self.findings] for group in self.together]
        together = [g for g in groups if g] + [[*facts.tasks]]
        tasks = tuple(t for g in together for t in g)
        of_tasks = {**self._task_options(), **facts.options.get("tasks", {})}
        options = {**facts.options, "tasks": of_tasks, "together": together}
        judge = facts.judge
        if not judge and self._is_judged():
            # No judge reads for the tasks asked now; the one that read for the others did so.
            judge = self.before.judge
            kept = ("judge", SCORES_JUDGE)
            options |= {k: v for k, v in self.before.options.items() if k in kept}
        versions = {**self._versions(), **facts.versions}
        return replace(facts, tasks=tasks, options=options, judge=judge, versions=versions)

    def _versions(self) -> dict[str, str]:
        """Those that the kept tasks' packages had when these were asked."""
        if self.before is None or self.registry is None:
            return {}
        packages = {self.registry.get("task", task).package for task in self.findings}
        recorded = self.before.versions
        return {package: v for package, v in recorded.items() if package in packages}

    def _is_judged(self) -> bool:
        known = self.registry
        return known is not None and any(known.get("task", t).spec.judged for t in self.findings)

    def remove_what_is_made_anew(self, out: Path, facts: RunFacts) -> None:
        """Remove findings and scores that were made with other settings than these facts say.

        They are made anew when all is asked. If asking is interrupted before, they would stand
        beside facts that are not true of them. Answers stay.
        """
        if self.findings or (self.before is not None and not is_made_otherwise(self.before, facts)):
            return
        for name in ("findings.jsonl", "scores.json"):
            (out / name).unlink(missing_ok=True)

    def _task_options(self) -> dict[str, Any]:
        recorded = self.before.options.get("tasks") or {} if self.before is not None else {}
        return {task: given for task, given in recorded.items() if task in self.findings}

    def joined(self, material: Material, combined: Combined) -> tuple[Material, Combined]:
        """The material with the kept tasks' findings beside those made now."""
        names = [*combined.findings, *self.findings]
        findings = {**combined.findings, **self.findings}
        tasks = load_tasks(names, self.registry)
        options = {**self._task_options(), **material.task_options}
        whole = replace(material, tasks=tasks, pieces=None, findings=findings, task_options=options)
        return whole, Combined(findings, combined.faults)


def kept_of(work: Evaluation, registry: Registry) -> Kept:
    """What of the run in ``work.out`` is kept.

    Raises:
        S3EvalError: the run there cannot be continued by this one.
    """
    if work.replace_run or not (work.out / "run.json").is_file():
        return Kept()
    before = open_run(work.out)
    facts = before.facts
    fix = "another --out, or --replace to begin this run anew (its answers are kept for reuse)"
    if facts.model != work.settings.model or facts.source != "asked":
        raise S3EvalError(
            f"The folder holds a run of '{facts.model}'", where=work.out.name, fix=fix
        )
    _refuse_another_dataset(work, facts, before.path, fix)
    _refuse_fewer_videos(work, facts, fix)
    notes = []
    if facts.digest and work.dataset.digest and facts.digest != work.dataset.digest:
        notes.append("the dataset's tables changed since this run; answers are kept and reused")
    others = {
        name: findings
        for name, findings in before.findings.items()
        if name not in work.settings.tasks and name in registry.names("task")
    }
    if others:
        notes.append(f"kept from before: {', '.join(others)}")
    together = facts.options.get("together") or [list(facts.tasks)]
    return Kept(others, together, registry, notes, facts)


def changes_of(before: RunFacts | None, now: RunFacts) -> list[str]:
    """What differs from the run that is continued, one line; nothing where nothing does.

    Answers to what is asked as before are kept; the others are asked anew.

    >>> facts = RunFacts("motion", ("sight",), ("recognition",), "data")
    >>> changes_of(facts, replace(facts, seed=1, options={"sampling": {"window_fps": 4}}))
    ['changed since this run: options.sampling.window_fps: none → 4; seed: 0 → 1']
    """
    if before is None:
        return []
    changes: list[str] = []
    for name in ("protocol", "seed", "profile", "senses", "identity"):
        changes += map(str, differences_of(name, getattr(before, name), getattr(now, name)))
    # Packages of tasks that only one of the two was asked about are no change.
    both = before.versions.keys() & now.versions.keys()
    versions = ({p: v for p, v in run.versions.items() if p in both} for run in (before, now))
    changes += map(str, differences_of("versions", *versions))
    changes += map(str, differences_of("options", *map(_options_asked_with, (before, now))))
    return [f"changed since this run: {'; '.join(sorted(changes))}"] if changes else []


def _options_asked_with(facts: RunFacts) -> Mapping[str, Any]:
    # Tasks that join a run and groups that were asked together are told as what is kept; by which
    # judge scores were read later is no setting of what is asked.
    return {k: v for k, v in facts.options.items() if k not in ("together", SCORES_JUDGE)}


def _replaced(before: RunFacts | None, now: RunFacts) -> list[str]:
    """What becomes of scores that were made with other options of the model in the same folder."""
    if before is None or before.options.get("model", {}) == now.options.get("model", {}):
        return []
    if not is_made_otherwise(before, now):
        return []
    return [
        "the scores made with the other options are replaced (answers are kept); "
        f"--model '{now.model}?key=value' gives a variant a folder of its own"
    ]


def _refuse_another_dataset(work: Evaluation, facts: RunFacts, run: Path, fix: str) -> None:
    if not facts.digest or facts.digest == work.dataset.digest:
        return
    before = dataset_folder(facts, run)
    same = facts.dataset == work.settings.data or (
        before is not None and before.resolve() == Path(work.settings.data).resolve()
    )
    if not same:
        raise S3EvalError(
            "The run in this folder was made on another dataset", where=work.out.name, fix=fix
        )


def _refuse_fewer_videos(work: Evaluation, facts: RunFacts, fix: str) -> None:
    whole = work.whole
    if whole is None:
        return
    missing = _selected(whole, facts.selection) - {v.name for v in work.dataset.videos}
    if missing:
        raise S3EvalError(
            f"The run in this folder is about {len(missing)} more videos than are selected now",
            where=work.out.name,
            fix=fix,
        )


def _selected(whole: Dataset, selection: Mapping[str, Any]) -> set[str]:
    known = {v.name for v in whole.videos}
    named = selection.get("videos")
    videos = [name for name in named if name in known] if named is not None else None
    chosen = whole.select(videos, selection.get("folds"), selection.get("limit"))
    return {v.name for v in chosen.videos}
