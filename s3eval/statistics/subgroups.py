"""A run's videos in subgroups, by what the dataset knows of a video or its patient."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from s3eval.errors import UnknownNameError
from s3eval.running.runs import Run

if TYPE_CHECKING:
    from s3eval.facts.videos import Dataset
    from s3eval.running.scoring import Material

__all__ = ["subgroups"]

#: What every dataset knows of a video, beside the facts of its format.
ALWAYS = ("diagnosis", "fold")
UNKNOWN = "unknown"


def subgroups(
    run: Run, material: Material, selected: Dataset, fact: str
) -> list[tuple[Run, Material]]:
    """The run once for each value of a fact, with the findings or pieces of those videos.

    Baselines still learn from the whole dataset. Videos of which the fact is not known are a
    subgroup of their own.

    Args:
        fact: "diagnosis", "fold", or a fact of the dataset's videos or patients.

    Raises:
        UnknownNameError: no video has such a fact; the nearest is suggested.
    """
    values: dict[str, list[str]] = {}
    known = {*ALWAYS}
    for video in selected.videos:
        facts: dict[str, Any] = {
            "diagnosis": video.diagnosis,
            "fold": video.fold,
            **selected.facts(video.name),
        }
        known |= facts.keys()
        value = facts.get(fact)
        values.setdefault(UNKNOWN if value in (None, "") else str(value), []).append(video.name)
    if fact not in known:
        fix = f"one of {', '.join(sorted(known))}"
        raise UnknownNameError("fact of videos or patients", fact, known, fix=fix)
    return [
        _part(run, material, f"{fact} {value}", names) for value, names in sorted(values.items())
    ]


def _part(run: Run, material: Material, label: str, videos: Sequence[str]) -> tuple[Run, Material]:
    kept = {*videos}
    findings = {
        task: [f for f in some if f.video in kept] for task, some in material.findings.items()
    }
    pieces = material.pieces
    if pieces is not None:
        pieces = {
            task: {video: some for video, some in by_video.items() if video in kept}
            for task, by_video in pieces.items()
        }
    return Run(run.path, run.facts, findings, label), replace(
        material, findings=findings, pieces=pieces
    )
