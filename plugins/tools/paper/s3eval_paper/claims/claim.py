"""What a verdict on a claim consists of, and how its numbers are written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

__all__ = ["Claim", "Table", "Verdict", "around", "said"]

Verdict = Literal["supported", "not supported", "not testable from the release"]
BASE, TUNED = "Qwen2.5-Omni-7B", "seizure_omni_sft"


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
        says: the claim in the paper's words, with the place.
        rule: when it counts as supported.
        finding: what was found, in plain language.
    """

    number: int
    title: str
    says: str
    verdict: Verdict
    rule: str
    finding: str
    tables: tuple[Table, ...] = ()


def said(value: float | None, digits: int = 2) -> str:
    """A number as the tables print it, "-" for none."""
    return "-" if value is None else f"{value:.{digits}f}"


def around(row: Any) -> str:
    """ "0.71 [0.55, 0.82]" of anything with value, low and high."""
    if row.value is None or row.low is None or row.high is None:
        return said(row.value)
    return f"{said(row.value)} [{said(row.low)}, {said(row.high)}]"
