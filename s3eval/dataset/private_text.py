"""Private text in a dataset: ``s3eval data check --phi``."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from s3eval.dataset.tables import Problem
from s3eval.privacy.detector import Detector, counts, find_detector

if TYPE_CHECKING:
    from s3eval.facts.videos import Dataset

__all__ = ["check_private_text"]


def check_private_text(
    dataset: Dataset,
    rows: Callable[[str, str, str], int] | None = None,
    detector: Detector | None = None,
) -> list[Problem]:
    """Names, dates, record numbers, places and contacts in justifications and reports.

    Args:
        dataset: what to check.
        rows: finds the row of (file, video, item), for messages; unknown rows are 0.
        detector: another than the installed one.

    Returns:
        one warning per text, with kinds and counts; never the words themselves.

    Raises:
        S3EvalError: no detector is installed.
    """
    finder = detector or find_detector()
    row = rows or (lambda file, video, item: 0)
    problems = []
    for file, video, item, text in _texts(dataset):
        spans = finder.find(text)
        if spans:
            listed = ", ".join(f"{n} {kind.replace('_', ' ')}" for kind, n in counts(spans).items())
            what = f"the text may identify somebody: {listed}"
            problems.append(Problem("warning", file, row(file, video, item), what))
    return problems


def _texts(dataset: Dataset) -> Iterator[tuple[str, str, str, str]]:
    for video in dataset.videos:
        note = dataset.annotation(video.name)
        for feature, value in note.features.items():
            if value.justification:
                yield "features.csv", video.name, feature, value.justification
        if note.report:
            yield "reports.csv", video.name, "", note.report
