"""A small dataset and the scores of a run, for tests of what is done with finished runs."""

from __future__ import annotations

import json
from pathlib import Path

from s3eval.dataset.folder_writing import write_folder
from s3eval.facts.videos import Annotation, Dataset, FeatureAnnotation, Video

__all__ = ["write_secret_videos", "written_values"]


def write_secret_videos(folder: Path) -> Path:
    """Write four videos of four patients, without files; two of them show tonic posturing.

    All are called "secret-" and a number: a tracker that was told a video's name holds the word.

    Returns:
        the folder, as ``s3eval run --data`` takes it.
    """
    videos = tuple(Video(f"secret-{i}", f"p{i}", duration=70.0) for i in range(4))
    signs = {
        v.name: Annotation(v.name, {"tonic": FeatureAnnotation(("yes", "no")[i % 2])})
        for i, v in enumerate(videos)
    }
    write_folder(Dataset("four", videos, signs), folder)
    return folder


def written_values(run: Path) -> dict[str, float]:
    """The defined scores that a run folder holds, by "task.item.metric"."""
    document = json.loads((run / "scores.json").read_text(encoding="utf-8"))
    return {
        f"{s['task']}.{s['item']}.{s['metric']}": s["value"]
        for s in document["scores"]
        if s["value"] is not None
    }
