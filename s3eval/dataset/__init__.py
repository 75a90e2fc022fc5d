"""Datasets: videos and what is known about them."""

from __future__ import annotations

from s3eval.dataset.folder import open_folder
from s3eval.dataset.folder_writing import write_folder
from s3eval.facts.videos import (
    Annotation,
    Dataset,
    FeatureAnnotation,
    Lateralization,
    Video,
)

__all__ = [
    "Annotation",
    "Dataset",
    "FeatureAnnotation",
    "Lateralization",
    "Video",
    "open_folder",
    "write_folder",
]
