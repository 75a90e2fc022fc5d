"""Seizure-RQI: the quality of a narrative report, 0-100 (Task 6; paper, Section 3.2.6 and D.1)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

from s3eval.metrics.sequence import temporal_f1_paper, temporal_f1_release
from s3eval.vocabulary import LOCALIZING, Protocol

if TYPE_CHECKING:
    from s3eval.judge import ReportFacts

__all__ = ["HAZARD_CAP", "RQI", "WEIGHTS", "length_penalty", "seizure_rqi"]

#: Points of the four components (paper, equation 5).
WEIGHTS = {"structure": 15.0, "coverage": 35.0, "localizing": 25.0, "temporal": 25.0}
HALLUCINATION = 0.95
OFF_TOPIC = 0.8
HAZARD_CAP = 50.0
FREE_WORDS, STEP_WORDS = 100, 50


@dataclass(frozen=True)
class RQI:
    """The index with everything it is made of.

    Attributes:
        score: base x p_hall x p_off x p_len, capped at 50 for a hazardous report; 0-100 points.
        structure, coverage, localizing, temporal: the components, each in [0, 1].
        base: 15 structure + 35 coverage + 25 localizing + 25 temporal, 0-100 points.
        hallucinated: features told that are not there (`seizure_rqi` says what "there" means).
        p_hall: 0.95 ^ their number, in (0, 1].
        p_off: 0.8 for off-topic content, else 1.
        p_len: for more than 100 words, in [0, 1].
        hazard: whether a hazardous recommendation capped the score.
        protocol: the protocol of this score.
    """

    score: float
    structure: float
    coverage: float
    localizing: float
    temporal: float
    base: float
    hallucinated: tuple[str, ...]
    p_hall: float
    p_off: float
    p_len: float
    hazard: bool
    protocol: Protocol


def seizure_rqi(
    report: ReportFacts,
    reference: ReportFacts,
    protocol: Protocol = "paper",
    annotated: Collection[str] | None = None,
) -> RQI:
    """Score what a judge read from a report against what it read from the reference.

    Args:
        report, reference: the two extractions.
        protocol: ``release`` uses the aligned temporal F1, counts as hallucinated every mention
            of a feature that the annotated sequence of the video lacks (none when there is no
            sequence) and takes 0.2 off per 50 words over 100; ``paper`` uses the ordered-pair
            F1, counts those the reference report lacks and multiplies by 0.8 per 50 words.
        annotated: the events annotated for the video (its Task-5 sequence); used by ``release``
            only. Empty or None (nothing annotated) means no penalty there.

    S = share of the reference's sections present, C = share of its features present, L = share
    of the four localizing values that are equal ("none" is a value), T = temporal F1 of the event
    lists (both empty 1, one empty 0). A reference without sections or features has nothing to
    miss: in ``paper`` S or C is then 1 if the report has none either, else 0; ``release`` gives 0.

    The release's rule for hallucinations was found by recomputation and gives every one of its
    recorded per-report multipliers: the annotated *sequence* is what features are looked up in,
    not the yes/no marks (occurrence during sleep has no time, so it always counts), each mention
    counts, and videos without an annotated sequence are not penalised.

    Source: paper, Section 3.2.6, equations 5 and 6, D.1; Tables 2, 10, 11, 18, 24.

    >>> from s3eval.judge import ReportFacts
    >>> none = dict.fromkeys(LOCALIZING, "none")
    >>> told = ReportFacts(("onset",), ("tonic", "clonic"), none, words=20)
    >>> true = ReportFacts(("onset", "propagation"), ("tonic", "clonic"), none, words=30)
    >>> seizure_rqi(told, true).score
    92.5
    >>> seizure_rqi(told, true, "release", annotated=["tonic"]).hallucinated
    ('clonic',)
    """
    nothing = 0.0 if protocol == "release" else 1.0
    structure = _share(reference.sections, report.sections, nothing)
    coverage = _share(reference.features, report.features, nothing)
    localizing = sum(_value(report, key) == _value(reference, key) for key in LOCALIZING) / len(
        LOCALIZING
    )
    temporal = _temporal(report.features, reference.features, protocol)
    base = (
        WEIGHTS["structure"] * structure
        + WEIGHTS["coverage"] * coverage
        + WEIGHTS["localizing"] * localizing
        + WEIGHTS["temporal"] * temporal
    )
    hallucinated = _hallucinated(report, reference, protocol, annotated)
    p_hall = HALLUCINATION ** len(hallucinated)
    p_off = OFF_TOPIC if report.off_topic else 1.0
    p_len = length_penalty(report.words, protocol)
    score = base * p_hall * p_off * p_len
    if report.hazard:
        # The text caps the score where equation 6 would zero it; no recorded report triggers it.
        score = min(score, HAZARD_CAP)
    return RQI(
        score,
        structure,
        coverage,
        localizing,
        temporal,
        base,
        hallucinated,
        p_hall,
        p_off,
        p_len,
        report.hazard,
        protocol,
    )


def length_penalty(words: int, protocol: Protocol = "paper") -> float:
    """The factor for long reports: 1 up to 100 words, then less for every full 50 words more.

    ``paper`` 0.8 ^ k, ``release`` max(0, 1 - 0.2 k), k = floor((words - 100) / 50). In [0, 1].

    >>> length_penalty(100), length_penalty(150), length_penalty(200, "release")
    (1.0, 0.8, 0.6)
    """
    steps = max(0, words - FREE_WORDS) // STEP_WORDS
    return max(0.0, 1 - 0.2 * steps) if protocol == "release" else 0.8**steps


def _share(wanted: Collection[str], predicted: Collection[str], nothing: float) -> float:
    if not wanted:
        return 0.0 if predicted else nothing
    return len({*wanted} & {*predicted}) / len({*wanted})


def _value(facts: ReportFacts, key: str) -> str:
    return " ".join(str(facts.localizing.get(key, "none")).lower().split())


def _temporal(predicted: Collection[str], truth: Collection[str], protocol: Protocol) -> float:
    if not predicted or not truth:
        return 1.0 if not predicted and not truth else 0.0
    scored = temporal_f1_release if protocol == "release" else temporal_f1_paper
    return scored([*predicted], [*truth])


def _hallucinated(
    report: ReportFacts,
    reference: ReportFacts,
    protocol: Protocol,
    annotated: Collection[str] | None,
) -> tuple[str, ...]:
    if protocol == "release":
        there = frozenset(annotated or ())
        return tuple(f for f in report.features if f not in there) if there else ()
    return tuple(f for f in dict.fromkeys(report.features) if f not in reference.features)
