"""About which videos runs, readers and annotation differ most, and what each is filtered by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from s3eval.vocabulary import FEATURE_NAMES
from s3eval_view.report.beside import differing

if TYPE_CHECKING:
    from s3eval_view.viewer.opened import Shown

__all__ = ["Filter", "Row", "rows_of", "searched"]

ANNOTATION = "annotation"


@dataclass(frozen=True)
class Row:
    """One video of the list.

    Attributes:
        key, name, patient: of the video.
        facts: what else is known: diagnosis, fold, length in seconds.
        shares: by item the share of pairs of voices that differ about it.
        share: their mean, None where no two voices said anything.
        pairs: how many pairs of voices were compared.
        features_shown: those that the annotation or a run says are there.
        failed, unreadable: findings without a value, over all runs.
        text: everything that can be searched, in lower case.
    """

    key: str
    name: str
    patient: str
    facts: Mapping[str, object]
    shares: Mapping[str, float]
    share: float | None
    pairs: int
    features_shown: frozenset[str]
    failed: int
    unreadable: int
    runs: int
    text: str = field(repr=False)

    def most(self, count: int = 4) -> list[str]:
        """The items about which most pairs differ."""
        ordered = sorted(self.shares, key=lambda item: -self.shares[item])
        return [item for item in ordered if self.shares[item] > 0][:count]


@dataclass(frozen=True)
class Filter:
    """What the list is reduced to; "" takes all.

    Attributes:
        patient: of this patient only.
        feature: that annotation or a run says this feature is shown; ordered by it alone.
        failure: "failed", "unreadable" or "any" of them.
        text: in names, answers, reasons and reports, whatever the case.
    """

    patient: str = ""
    feature: str = ""
    failure: str = ""
    text: str = ""


def rows_of(shown: Shown) -> list[Row]:
    """A row for each video that a run is about; those with most disagreement first.

    A voice is a run with an answer, or the annotation. Compared are labels (presence of
    features, sides, diagnosis); times and texts have no "equal" and are left out.
    """
    made = [_row(shown, key) for key in shown.recordings]
    return sorted(made, key=lambda r: (r.share is None, -(r.share or 0.0), r.name))


def _row(shown: Shown, key: str) -> Row:
    recording = shown.recording(key)
    video = recording.video
    annotation = recording.dataset.annotation(video.name)
    voices: dict[str, dict[str, list[str]]] = {}
    truths: dict[str, dict[str, str]] = {}
    features_shown = {f for f in FEATURE_NAMES if annotation.presence(f) == "yes"}
    counts = {"failed": 0, "unreadable": 0}
    texts = [video.name, video.patient, annotation.report or ""]
    runs = shown.about(key)
    for run in runs:
        features = run.tasks.providing("features")
        for known in run.by_video.get(video.name, ()):
            finding = known.finding
            if finding.state in counts:
                counts[finding.state] += 1
                texts.append(finding.reason)
            elif known.item.kind == "text":
                texts.append(str(finding.value))
            if known.item.kind != "label":
                continue
            if finding.state == "answered":
                by_item = voices.setdefault(finding.task, {})
                by_item.setdefault(finding.item, []).append(str(finding.value))
                if finding.task in features and finding.value == "yes":
                    features_shown.add(finding.item)
            if known.truth is not None:
                truths.setdefault(finding.task, {})[finding.item] = str(known.truth)
    shares, differ, pairs = _shares(voices, truths)
    return Row(
        key,
        video.name,
        video.patient,
        {"diagnosis": video.diagnosis, "fold": video.fold, "seconds": video.duration},
        shares,
        differ / len(shares) if shares else None,
        pairs,
        frozenset(features_shown),
        counts["failed"],
        counts["unreadable"],
        len(runs),
        "\n".join(texts).lower(),
    )


def _shares(
    voices: Mapping[str, Mapping[str, Sequence[str]]], truths: Mapping[str, Mapping[str, str]]
) -> tuple[dict[str, float], float, int]:
    """By item its share of differing pairs (the greatest, where tasks share an item), their sum,
    and how many pairs were compared.
    """
    shares: dict[str, float] = {}
    compared = 0
    for task, items in voices.items():
        for item, labels in items.items():
            truth = truths.get(task, {}).get(item)
            differ, pairs = differing([*labels, *([] if truth is None else [truth])])
            if pairs:
                shares[item] = max(shares.get(item, 0.0), differ / pairs)
                compared += pairs
    return shares, sum(shares.values()), compared


def searched(rows: Sequence[Row], wanted: Filter) -> list[Row]:
    """The rows that a filter leaves, ordered by its feature where it names one."""
    kept = [
        row
        for row in rows
        if (not wanted.patient or row.patient == wanted.patient)
        and (not wanted.feature or wanted.feature in row.features_shown)
        and _fails(row, wanted.failure)
        and (not wanted.text or wanted.text.lower() in row.text)
    ]
    if wanted.feature:
        kept.sort(key=lambda r: -r.shares.get(wanted.feature, -1.0))
    return kept


def _fails(row: Row, failure: str) -> bool:
    counts = {"failed": row.failed, "unreadable": row.unreadable}
    if failure == "any":
        return bool(row.failed or row.unreadable)
    return not failure or counts.get(failure, 0) > 0
