"""The 20 features of a video as numbers, from annotation or from a model's own readings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from s3eval.vocabulary import FEATURE_NAMES

if TYPE_CHECKING:
    from s3eval.dataset import Dataset
    from s3eval.task import Finding

__all__ = ["FeatureTable", "annotated", "read_by"]

_NUMBER = {"yes": 1.0, "no": 0.0}


@dataclass(frozen=True, eq=False)
class FeatureTable:
    """Videos by features.

    Attributes:
        source: where the values are from: "annotation" or a run's name.
        videos: n names; ``features`` k names.
        values: (n, k), 1 yes, 0 no, NaN for "na" and for what is not known.
        further: what was read beside the 20 features, which no column holds.
    """

    source: str
    videos: tuple[str, ...]
    features: tuple[str, ...]
    values: NDArray[np.float64]
    further: tuple[str, ...] = ()

    def missing(self) -> dict[str, int]:
        """How many videos lack a yes or no, by feature; features without a gap left out."""
        gaps = np.isnan(self.values).sum(axis=0)
        return {f: int(n) for f, n in zip(self.features, gaps, strict=True) if n}

    def never_known(self) -> tuple[str, ...]:
        """The features no video has a yes or no for (what a deaf model was never asked)."""
        every = [bool(np.isnan(column).all()) for column in self.values.T]
        return tuple(f for f, gone in zip(self.features, every, strict=True) if gone)

    def rows(self, videos: Sequence[str], features: Sequence[str]) -> NDArray[np.float64]:
        """The values of these videos and features, in this order."""
        at = {v: i for i, v in enumerate(self.videos)}
        columns = [self.features.index(f) for f in features]
        return self.values[[at[v] for v in videos]][:, columns]


def annotated(dataset: Dataset) -> FeatureTable:
    """The annotation's features of every video that has at least one."""
    labels = {
        v.name: {f: dataset.annotation(v.name).presence(f) for f in FEATURE_NAMES}
        for v in dataset.videos
    }
    return _table("annotation", labels)


def read_by(source: str, findings: Iterable[Finding]) -> FeatureTable:
    """A run's own readings; what it could not say is unknown, never "no".

    Args:
        findings: of a task that provides "features".

    >>> from s3eval.task import Finding
    >>> t = read_by("m", [Finding("signs", "v", "tonic", "answered", "yes")])
    >>> t.videos, float(t.values[0, FEATURE_NAMES.index("tonic")]), len(t.missing())
    (('v',), 1.0, 19)
    """
    labels: dict[str, dict[str, str | None]] = {}
    for finding in findings:
        if finding.state == "answered":
            labels.setdefault(finding.video, {})[finding.item] = finding.value
    return _table(source, labels)


def _table(source: str, labels: Mapping[str, Mapping[str, str | None]]) -> FeatureTable:
    videos = sorted(v for v, mine in labels.items() if any(mine.values()))
    further = sorted({f for mine in labels.values() for f in mine} - {*FEATURE_NAMES})
    values = np.full((len(videos), len(FEATURE_NAMES)), np.nan)
    for i, video in enumerate(videos):
        for k, feature in enumerate(FEATURE_NAMES):
            values[i, k] = _NUMBER.get(labels[video].get(feature) or "", np.nan)
    return FeatureTable(source, tuple(videos), FEATURE_NAMES, values, tuple(further))
