"""Runs with their scores: tallied once, resampled once, written where asked."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any

from s3eval.running.runs import SCORES_JUDGE, Run, write_json, write_run
from s3eval.running.scoring import Combined, Material, Tallied, combine_all, tally_all
from s3eval.running.unchanged import fingerprint, is_unchanged, keep_fingerprint
from s3eval.secrets_in_text import without_secrets
from s3eval.statistics.missing import Missing, missing_of
from s3eval.statistics.table import ScoreRow, score_rows

if TYPE_CHECKING:
    from s3eval.judge import Judge
    from s3eval.running.guard import Fault

__all__ = ["Scored", "score_all", "stored_scores"]


@dataclass(frozen=True)
class Scored:
    """A run's scores under one protocol.

    Attributes:
        run: with the findings that were scored.
        protocol: "paper" or "release".
        rows: every score beside its interval and its best chance level.
        judge: the identity of the judge that read, {} for none.
        faults: what tasks' own code could not do; their scores are missing.
        headlines: by task the metric to show when only one fits.
        judged: the tasks that a judge merges or reads for.
        material: what was scored: tasks, dataset, protocol, senses.
        tallied: its metrics as sums over videos, and those of its baselines.
        missing: the tasks without a score, or of which answers are missing, and why.
    """

    run: Run
    protocol: str
    rows: Sequence[ScoreRow]
    judge: Mapping[str, Any] = field(default_factory=dict)
    faults: Sequence[Fault] = ()
    headlines: Mapping[str, str] = field(default_factory=dict)
    judged: frozenset[str] = frozenset()
    material: Material | None = field(default=None, repr=False, compare=False)
    tallied: Tallied | None = field(default=None, repr=False, compare=False)
    missing: Sequence[Missing] = ()

    def as_json(self) -> dict[str, Any]:
        """Everything, for ``--json``: what is stored, and options of the model if it had any.

        Secrets among the options are masked; paths stay, for the file is the user's own.
        """
        options = without_secrets(self.run.facts.options.get("model") or {})
        return {**self.stored(), **({"model_options": options} if options else {})}

    def stored(self) -> dict[str, Any]:
        """What scores.json holds; the model's options are beside it, in run.json."""
        facts = self.run.facts
        document: dict[str, Any] = {
            "run": self.run.name,
            "model": facts.model,
            "dataset": facts.dataset,
            "protocol": self.protocol,
            "judge": dict(self.judge),
            "scores": [asdict(row) for row in self.rows],
        }
        if self.faults:
            document["faults"] = [asdict(f) for f in self.faults]
        if self.missing:
            document["missing"] = [asdict(m) for m in self.missing]
        return document


def score_all(
    runs: Sequence[Run],
    materials: Sequence[Material],
    judge: Judge | None = None,
    combined: Sequence[Combined] | None = None,
    resamples: int = 2000,
    write: bool = False,
    chosen: Sequence[Mapping[str, Any]] = (),
) -> list[Scored]:
    """Score runs; a judge merges for all of them at once, then reads for all of them at once.

    Args:
        materials: what each run is scored from, in the same order.
        combined: findings, where they are known already.
        write: whether ``findings.jsonl`` and ``scores.json`` of each run are written.
        chosen: for each run the name and options of the judge that reads for it, {} where that
            is the run's own; kept with the scores, so that what it read is found again.
    """
    findings = combined if combined is not None else combine_all(materials, judge)
    # What was answered is in the findings now; of a large run it takes a quarter of the memory.
    materials = [replace(material, pieces=None) for material in materials]
    tallied = tally_all(materials, findings, judge)
    results = []
    named = chosen or [{}] * len(runs)
    for run, material, tallied_run, other in zip(runs, materials, tallied, named, strict=True):
        rows = score_rows(material, tallied_run, resamples, run.facts.seed)
        # A recorded run's readings are its own unless a judge was asked for.
        reads = judge is not None and material.judge_reads
        identity = dict(judge.identity()) if judge is not None and reads else {}
        facts = run.facts
        if reads or facts.source != "recorded":
            facts = replace(facts, protocol=material.protocol, judge=identity)
            own = {k: v for k, v in facts.options.items() if k != SCORES_JUDGE}
            facts = replace(facts, options=own | ({SCORES_JUDGE: dict(other)} if other else {}))
        scored_run = replace(run, facts=facts, findings=tallied_run.findings)
        headlines = {name: task.headline for name, task in material.tasks.by_name.items()}
        scored = Scored(
            scored_run,
            material.protocol,
            rows,
            facts.judge,
            tallied_run.faults,
            headlines,
            material.tasks.judged,
            material,
            tallied_run,
            missing_of(tallied_run.findings, rows, material),
        )
        if write:
            if combined is None:
                every = [f for some in tallied_run.findings.values() for f in some]
                write_run(run.path, facts, every)
            write_json(run.path / "scores.json", scored.stored())
            # What is not whole is not kept as if it were.
            if not tallied_run.faults and not material.unanswered:
                made_with = fingerprint(run.path, facts, material, identity, resamples)
                keep_fingerprint(run.path, made_with)
        results.append(scored)
    return results


def stored_scores(
    run: Run, material: Material, judge: Judge | None, resamples: int
) -> Scored | None:
    """The scores in a run's folder, where computing them again would give the same.

    Args:
        material: without pieces; what decides the scores is compared, not computed.
    """
    reads = judge is not None and material.judge_reads
    identity = dict(judge.identity()) if judge is not None and reads else {}
    wanted = fingerprint(run.path, run.facts, material, identity, resamples)
    if not is_unchanged(run.path, wanted):
        return None
    try:
        document = json.loads((run.path / "scores.json").read_text(encoding="utf-8"))
        rows = [ScoreRow(**row) for row in document["scores"]]
    except (OSError, ValueError, TypeError, KeyError):
        return None
    headlines = {name: task.headline for name, task in material.tasks.by_name.items()}
    judged = material.tasks.judged
    return Scored(
        run,
        material.protocol,
        rows,
        document["judge"],
        headlines=headlines,
        judged=judged,
        missing=missing_of(run.findings, rows, material),
    )
