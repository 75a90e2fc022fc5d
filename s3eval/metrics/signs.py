"""What a report gets right, sign by sign: precision, recall and F1 of signs (Task 6).

Ours, after RadGraph F1 (Jain et al. 2021; Yu et al. 2023), which compares the findings that a
radiology report tells with those of its reference instead of the words it tells them in. The
facts are those that a judge reads for Seizure-RQI (paper, Section 3.2.6 and D.1).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

from s3eval.metrics.rqi import HALLUCINATION

if TYPE_CHECKING:
    from s3eval.judge import ReportFacts

__all__ = ["SignCounts", "penalised_recall", "sided_signs", "sign_counts"]

#: The localizing value that holds a sign's side.
_SIDED = {
    "head_turning": "head_turning",
    "arm_straightening": "asymmetric_posturing",
    "arm_flexion": "asymmetric_posturing",
    "figure4": "figure_4",
}
#: What ``asymmetric_posturing`` must name for its side to be this sign's ("right arm extension").
_POSTURES = {"arm_straightening": "exten", "arm_flexion": "flex"}
_SIDES = ("left", "right", "both")


@dataclass(frozen=True)
class SignCounts:
    """The signs of a report against those of its reference.

    Attributes:
        matched: signs that both tell (true positives).
        invented: signs that only the report tells (false positives).
        missed: signs that only the reference tells (false negatives).
    """

    matched: int
    invented: int
    missed: int

    @property
    def precision(self) -> float | None:
        """Share of the report's signs that the reference tells, 0-1; None if it tells none.

        >>> SignCounts(matched=2, invented=1, missed=2).precision
        0.6666666666666666
        """
        return _share(self.matched, self.matched + self.invented)

    @property
    def recall(self) -> float | None:
        """Share of the reference's signs that the report tells, 0-1; None if it tells none.

        >>> SignCounts(matched=2, invented=1, missed=2).recall
        0.5
        """
        return _share(self.matched, self.matched + self.missed)

    @property
    def f1(self) -> float | None:
        """2 matched / (2 matched + invented + missed), 0-1; None if neither tells a sign.

        >>> SignCounts(matched=2, invented=1, missed=1).f1
        0.6666666666666666
        """
        return _share(2 * self.matched, 2 * self.matched + self.invented + self.missed)


def sign_counts(
    report: ReportFacts, reference: ReportFacts, *, with_side: bool = False
) -> SignCounts:
    """Compare the signs of a report with those of its reference, each sign once.

    Args:
        report, reference: the two readings; ``features`` are taken as read, repeats once.
        with_side: a sign is matched only if its side is told alike too (`sided_signs`). A sign
            with another side is then one invented and one missed.

    Source: ours, after RadGraph F1 (module docstring); the signs are those of the paper's D.1.

    >>> from s3eval.judge import ReportFacts
    >>> none = dict.fromkeys(("head_turning", "asymmetric_posturing", "figure_4"), "none")
    >>> told = ReportFacts((), ("head_turning", "tonic"), {**none, "head_turning": "left"})
    >>> true = ReportFacts((), ("head_turning", "clonic"), {**none, "head_turning": "right"})
    >>> sign_counts(told, true)
    SignCounts(matched=1, invented=1, missed=1)
    >>> sign_counts(told, true, with_side=True)
    SignCounts(matched=0, invented=2, missed=2)
    """
    if with_side:
        return _counts(sided_signs(report), sided_signs(reference))
    return _counts({*report.features}, {*reference.features})


def sided_signs(facts: ReportFacts) -> frozenset[tuple[str, str]]:
    """Each sign with its side: ``left``, ``right``, ``both`` or ``""`` where none is told.

    A reading holds the side of four signs: ``head_turning`` and ``figure4`` in the localizing
    values of those names, ``arm_straightening`` and ``arm_flexion`` in ``asymmetric_posturing``
    if it names an extension or a flexion. All other signs, and values that name no side
    ("none", "yes"), have no side. The side of the first motor sign belongs to no named sign and
    is not used.

    >>> from s3eval.judge import ReportFacts
    >>> values = {"asymmetric_posturing": "right arm extension"}
    >>> sorted(sided_signs(ReportFacts((), ("arm_straightening", "tonic"), values)))
    [('arm_straightening', 'right'), ('tonic', '')]
    """
    return frozenset((name, _side(facts, name)) for name in facts.features)


def penalised_recall(recall: float, invented: int) -> float:
    """The recall times 0.95 for each invented sign, 0-1: two parts of Seizure-RQI alone.

    Args:
        recall: share of the reference's signs that are told, 0-1 (the index's coverage).
        invented: number of signs that are not there; by the protocol's rule, as in Seizure-RQI
            (`s3eval.metrics.rqi.RQI.hallucinated`).

    Source: coverage of equation 5 and the hallucination factor of equation 6 (paper, 3.2.6).

    >>> penalised_recall(0.5, 0), round(penalised_recall(1.0, 2), 4)
    (0.5, 0.9025)
    """
    return float(recall * HALLUCINATION**invented)


def _side(facts: ReportFacts, sign: str) -> str:
    if sign not in _SIDED:
        return ""
    value = str(facts.localizing.get(_SIDED[sign], "none")).lower()
    if _POSTURES.get(sign, "") not in value:
        return ""
    words = value.replace("bilateral", "both").split()
    named = [side for side in _SIDES if side in words]
    return "both" if len(named) > 1 else "".join(named)


def _counts(reported: Collection[object], wanted: Collection[object]) -> SignCounts:
    report, reference = {*reported}, {*wanted}
    return SignCounts(len(report & reference), len(report - reference), len(reference - report))


def _share(above: int, below: int) -> float | None:
    return above / below if below else None
