"""What a verdict on a claim consists of, and how its numbers are written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

__all__ = [
    "CONTRADICTED",
    "PRINT_FIRST",
    "SUPPORTED",
    "UNTESTABLE",
    "UNTOLD",
    "Claim",
    "Table",
    "Verdict",
    "around",
    "by_every",
    "by_interval",
    "by_majority",
    "print_first",
    "rounded",
]

Verdict = Literal[
    "supported",
    "contradicted",
    "cannot be told with these patients",
    "not testable from the release",
]
SUPPORTED: Verdict = "supported"
CONTRADICTED: Verdict = "contradicted"
UNTOLD: Verdict = "cannot be told with these patients"
UNTESTABLE: Verdict = "not testable from the release"
#: How every rule begins whose claim the paper's own tables can contradict.
PRINT_FIRST = "The paper's own table comes first: contradicted, whatever the answers show, "


@dataclass(frozen=True)
class Table:
    """A table of a finding: a title, columns, rows of text."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Claim:
    """A claim, its verdict, the rule that gave it, and the evidence in plain words.

    Attributes:
        number: "1", "2a", ...
        says: the claim in the paper's words, with the place.
        rule: when it counts as supported and when as contradicted.
        finding: what was found, in plain language.
    """

    number: str
    title: str
    says: str
    verdict: Verdict
    rule: str
    finding: str
    tables: tuple[Table, ...] = ()


def by_interval(low: float | None, high: float | None, margin: float = 0.0) -> Verdict:
    """The verdict on "it is above the margin" by an interval.

    >>> by_interval(0.1, 0.3), by_interval(-0.3, -0.1), by_interval(-0.1, 0.3)
    ('supported', 'contradicted', 'cannot be told with these patients')
    >>> by_interval(None, None)
    'cannot be told with these patients'
    """
    if low is not None and low > margin:
        return SUPPORTED
    if high is not None and high < margin:
        return CONTRADICTED
    return UNTOLD


def by_majority(verdicts: Sequence[Verdict]) -> Verdict:
    """What more than half of several verdicts say; none where there are none.

    >>> by_majority(["supported", "supported", "contradicted"]), by_majority([])
    ('supported', 'not testable from the release')
    >>> by_majority(["supported", "contradicted"])
    'cannot be told with these patients'
    """
    known = [v for v in verdicts if v != UNTESTABLE]
    if not known:
        return UNTESTABLE
    for verdict in (SUPPORTED, CONTRADICTED):
        if 2 * known.count(verdict) > len(known):
            return verdict
    return UNTOLD


def by_every(verdicts: Sequence[Verdict]) -> Verdict:
    """The verdict on "each of them": shown by all, or by more than half the contrary.

    >>> by_every(["supported", "supported"]), by_every([])
    ('supported', 'not testable from the release')
    >>> by_every(["supported", "supported", "contradicted"])
    'cannot be told with these patients'
    """
    verdict = by_majority(verdicts)
    return UNTOLD if verdict == SUPPORTED and {*verdicts} != {SUPPORTED} else verdict


def print_first(contradicted: bool, verdict: Verdict) -> Verdict:
    """The verdict of the recorded answers, unless the paper's own tables contradict the claim.

    >>> print_first(True, "supported"), print_first(False, "supported")
    ('contradicted', 'supported')
    """
    return CONTRADICTED if contradicted else verdict


def rounded(value: float | None, digits: int = 2) -> str:
    """A number as the tables print it, "-" for none."""
    return "-" if value is None else f"{value:.{digits}f}"


def around(row: Any, digits: int = 2) -> str:
    """ "0.71 [0.55, 0.82]" of anything with value, low and high."""
    if row.value is None or row.low is None or row.high is None:
        return rounded(row.value, digits)
    return f"{rounded(row.value, digits)} [{rounded(row.low, digits)}, {rounded(row.high, digits)}]"
