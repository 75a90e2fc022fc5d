"""The release's own per-video figures: what its judge gave each text, its index of each report."""

from __future__ import annotations

import re
from pathlib import Path

from s3eval.dataset.sheets import Problems, read_sheet
from s3eval.vocabulary import FEATURE_NAMES
from s3eval_paper.release.layout import FIGURES
from s3eval_paper.release.truth import video_name
from s3eval_paper.tables import model_name

__all__ = ["recorded_rqi", "recorded_scores"]


def figure_files(root: Path, split: str, pattern: str) -> list[Path]:
    """The release's own files of figures of a split whose name is like ``pattern``, by path."""
    return sorted(p for part in FIGURES[split] for p in (root / part).rglob(pattern))


def recorded_scores(
    root: Path, split: str, problems: Problems
) -> dict[str, dict[tuple[str, str], float]]:
    """The recorded interpretation scores, by model, video and feature."""
    scores: dict[str, dict[tuple[str, str], float]] = {}
    # "MODEL__per_video_…" or, for some, "MODEL__fold0_video_…".
    for path in figure_files(root, split, "*__*video_feature_scores.csv"):
        shown = path.relative_to(root).as_posix()
        sheet = read_sheet(path, shown, problems, known=FEATURE_NAMES)
        mine = scores.setdefault(model_name(path.name.split("__")[0]), {})
        for line in sheet:
            for feature in FEATURE_NAMES:
                if line[feature]:
                    try:
                        mine[video_name(line.key), feature] = float(line[feature])
                    except ValueError:
                        what = f"'{line[feature]}' for {feature} is no score"
                        problems.error(shown, line.number, what)
    return scores


def recorded_rqi(root: Path, split: str, problems: Problems) -> dict[str, dict[str, float]]:
    """The release's own Seizure-RQI of each report (points), by model and video."""
    scores: dict[str, dict[str, float]] = {}
    for path in figure_files(root, split, "task6_*_rqi*.csv"):
        name = re.sub(r"^task6_|_rqi.*$", "", path.stem)
        shown = path.relative_to(root).as_posix()
        columns = ("seizure_rqi",)
        # The other columns are its components, which are not wanted here.
        sheet = read_sheet(path, shown, Problems(), required=columns)
        for line in sheet:
            try:
                scores.setdefault(model_name(name), {})[line.key] = float(line["seizure_rqi"])
            except ValueError:
                problems.error(shown, line.number, f"'{line['seizure_rqi']}' is no figure")
    return scores
