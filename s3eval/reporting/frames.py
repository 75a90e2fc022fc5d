"""Findings and scores as records: one mapping a row, for pandas and for export."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

from s3eval.running.loading import load_tasks

if TYPE_CHECKING:
    from s3eval.facts.videos import Dataset
    from s3eval.statistics.scored import Scored

__all__ = ["finding_records", "score_records"]


def finding_records(scored: Scored, dataset: Dataset | None) -> Iterator[Mapping[str, Any]]:
    """A record for each video and item of a run.

    Keys: run, model, task, video, patient, fold, item, state, value, truth, probability, reason,
    pieces, readable, then the facts that the dataset's format knows of video and patient.
    """
    facts = scored.run.facts
    tasks = load_tasks(scored.run.findings).by_name
    for name, findings in scored.run.findings.items():
        protocol: Any = scored.protocol
        context = replace(facts.truth_context(name, dataset), protocol=protocol)
        for f in sorted(findings, key=lambda f: (f.video, f.item)):
            known = dataset is not None and f.video in dataset.annotations
            video = dataset.video(f.video) if dataset is not None and known else None
            truth = None
            if dataset is not None and video is not None:
                truth = tasks[name].truth(video, dataset.annotation(f.video), f.item, context)
            yield {
                "run": scored.run.name,
                "model": facts.model,
                "task": name,
                "video": f.video,
                "patient": video.patient if video else None,
                "fold": video.fold if video else None,
                "item": f.item,
                "state": f.state,
                "value": f.value,
                "truth": truth,
                "probability": f.probability,
                "reason": f.reason,
                "pieces": f.pieces,
                "readable": f.readable,
                **(dataset.facts(f.video) if dataset is not None and video else {}),
            }


def score_records(scored: Scored) -> Iterator[Mapping[str, Any]]:
    """A record for each score of a run."""
    for row in scored.rows:
        fields = asdict(row)
        fields.pop("chance")
        yield {"run": scored.run.name, "model": scored.run.facts.model, **fields}
