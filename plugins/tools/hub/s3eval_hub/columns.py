"""The rows of a dataset's annotation, as both formats of datasets write them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from s3eval.facts.videos import Annotation, Dataset

__all__ = [
    "feature_rows",
    "item_rows",
    "lateralization_rows",
    "stated",
    "video_row",
]


def video_row(dataset: Dataset, name: str) -> dict[str, Any]:
    """What is known of a video beside what its annotation lists; times in seconds.

    ``facts`` is JSON: formats of datasets may know anything further.
    """
    video, annotation = dataset.video(name), dataset.annotation(name)
    return {
        "video": video.name,
        "patient": video.patient,
        "diagnosis": video.diagnosis,
        "fold": video.fold,
        "duration": video.duration,
        "seizure_start": annotation.seizure_start,
        "seizure_end": annotation.seizure_end,
        "report": annotation.report,
        "facts": json.dumps(dict(dataset.facts(name)), ensure_ascii=False, sort_keys=True),
    }


def feature_rows(annotation: Annotation) -> list[dict[str, Any]]:
    """The annotated features: name, presence ("yes", "no", "na"), times in seconds, words."""
    return [
        {
            "feature": name,
            "present": f.presence,
            "start": f.start,
            "end": f.end,
            "justification": f.justification,
        }
        for name, f in annotation.features.items()
    ]


def lateralization_rows(annotation: Annotation) -> list[dict[str, Any]]:
    """The annotated sides and body parts with their times in seconds."""
    return [
        {"item": name, "value": at.value, "start": at.start, "end": at.end}
        for name, at in annotation.lateralization.items()
    ]


def item_rows(annotation: Annotation) -> list[dict[str, Any]]:
    """The annotated values of further items, each as text; what is no text is JSON."""
    return [{"item": name, "value": stated(v)} for name, v in annotation.items.items()]


def stated(value: Any) -> str:
    """A value as text, JSON where it is none."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
