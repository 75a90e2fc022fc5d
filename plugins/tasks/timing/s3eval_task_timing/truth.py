"""What is annotated of Task 4, and how long its clips are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from s3eval_task_timing.questions import FEATURES

if TYPE_CHECKING:
    from s3eval.facts.videos import Annotation

__all__ = ["CLIP_SECONDS", "true_time"]

#: Length of a clip around an event (paper, Section 3.3.2).
CLIP_SECONDS = 60.0


def true_time(annotation: Annotation, item: str) -> float | None:
    """The annotated time of an item in seconds of the video, None where there is none.

    >>> from s3eval import Annotation
    >>> true_time(Annotation("v", seizure_start=3.0), "start")
    3.0
    """
    if item == "start":
        return annotation.seizure_start
    if item == "end":
        return annotation.seizure_end
    known = annotation.features.get(item) if item in FEATURES else None
    return known.start if known and known.presence == "yes" else None
