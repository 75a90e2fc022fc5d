"""Two runs as one dataset: the second run's findings are of videos of their own.

Every video stands twice, once for each run, so that any metric of any task is computed for both
by the task's own code.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from operator import attrgetter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from s3eval.facts.tally import Tally
    from s3eval.facts.videos import Dataset
    from s3eval.task import Finding

__all__ = [
    "SECOND",
    "UNANNOTATED",
    "UNSHARED",
    "Answered",
    "Twice",
    "again",
    "answered_of",
    "both_answered",
    "why_none",
]

#: Marks the second run's copy of a video.
SECOND = "#second"
#: The note of an item that both runs answered and that is annotated in none of these videos.
UNANNOTATED = "without annotation"
#: The note of a task in which no video and item was answered by both runs.
UNSHARED = "nothing that both answered"
#: By task the findings with a value, by video and item.
Answered = Mapping[str, Mapping[tuple[str, str], "Finding"]]


def answered_of(findings: Mapping[str, Sequence[Finding]]) -> Answered:
    """A run's answered findings, by item and video."""
    return {
        task: {
            (f.video, f.item): f
            for f in sorted(task_findings, key=attrgetter("item", "video"))
            if f.state == "answered"
        }
        for task, task_findings in findings.items()
    }


def again(answered: Answered) -> Answered:
    """The same for the second run: the videos carry the mark, the keys do not."""
    return {
        task: {key: _renamed(f, f.video + SECOND) for key, f in task_findings.items()}
        for task, task_findings in answered.items()
    }


def _renamed(finding: Finding, video: str) -> Finding:
    """The finding, of another video; `replace` would set each of its fields anew."""
    copied = object.__new__(type(finding))
    copied.__dict__.update(finding.__dict__, video=video)
    return copied


def both_answered(
    first: Mapping[tuple[str, str], Finding], second: Mapping[tuple[str, str], Finding]
) -> tuple[list[Finding], dict[str, int]]:
    """Both runs' findings on the (video, item) pairs both answered.

    Returns:
        the findings, and by item how many pairs only one of the two answered.
    """
    kept: list[Finding] = []
    for key, finding in first.items():
        other = second.get(key)
        if other is not None:
            kept += (finding, other)
    left_out: dict[str, int] = {}
    if len(kept) == 2 * len(first) == 2 * len(second):
        return kept, left_out
    for _, item in first.keys() ^ second.keys():
        left_out[item] = left_out.get(item, 0) + 1
    return kept, left_out


def why_none(coverage: Tally | None) -> str:
    """Why two runs have no difference at an item.

    Args:
        coverage: the item's; it is over all videos that are annotated. None where the task has
            none.

    >>> why_none(None)
    'nothing to score'
    """
    return UNANNOTATED if coverage is not None and not coverage.videos else "nothing to score"


class Twice:
    """A dataset in which every video stands once more, under the second run's name."""

    def __init__(self, dataset: Dataset) -> None:
        self.dataset = dataset
        self._second = {
            v.name: (
                replace(v, name=v.name + SECOND),
                replace(dataset.annotations[v.name], video=v.name + SECOND),
            )
            for v in dataset.videos
        }

    def of(self, videos: set[str]) -> Dataset:
        """The part with these videos, each twice."""
        kept = [v for v in self.dataset.videos if v.name in videos]
        again = [self._second[v.name] for v in kept]
        annotations = {v.name: self.dataset.annotations[v.name] for v in kept}
        annotations |= {video.name: annotation for video, annotation in again}
        return replace(
            self.dataset,
            videos=(*kept, *(video for video, _ in again)),
            annotations=annotations,
        )
