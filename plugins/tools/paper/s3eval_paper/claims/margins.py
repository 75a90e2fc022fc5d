"""The margins by which claims are judged, each with its source, fixed before anything is run.

A rule may name no model and no figure of a release; what it compares with stands here.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["CENTRED", "CORRELATED", "LEVEL", "SEVERAL", "SIMILAR", "SIZES", "WEAK", "Margin"]


@dataclass(frozen=True)
class Margin:
    """A value and where it is from."""

    value: float
    source: str


#: A score is weak below this share of the way from the best answer given without looking to a
#: perfect one. Cohen's kappa is this share for agreement, and its scale is the one in use.
WEAK = Margin(
    0.40,
    "kappa up to 0.40 is called “fair” at most (Landis and Koch, Biometrics 33, 1977, 159-174); "
    "kappa is the same share, of the way from chance to perfect agreement",
)
#: An item whose clips have the event at one place at least this often cannot show localization.
CENTRED = Margin(
    0.5,
    "where most clips have the event at one and the same second, that second answers most of them "
    "without a look (Task 4 cuts 60-second clips around the event, Section 3.2.4)",
)
#: A correlation that deserves to be called strong.
CORRELATED = Margin(
    0.5, "a large correlation (Cohen, Statistical Power Analysis, 2nd edition, 1988, page 80)"
)
#: Mean F1 that differ by no more are called similar.
SIMILAR = Margin(
    0.03, "the paper calls mean F1 of 0.42 to 0.45 similar (Section 4.1, “Scaling Limits”)"
)
#: Models whose parameters differ by no more than this factor are of one scale.
SIZES = Margin(
    1.5, "the paper's scales: small 7B and 8B, medium 32B and 38B, large 72B (Section 3.3)"
)
#: Level of tests and intervals.
LEVEL = Margin(0.05, "the usual level of significance; intervals are of 95 %")
#: How many models a claim about an average over models needs.
SEVERAL = Margin(2, "one model's change is no average over models, and says nothing of others")
