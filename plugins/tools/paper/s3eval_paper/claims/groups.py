"""Claims 6 to 8: sizes, families and senses of models against each other, on shared videos."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from s3eval.vocabulary import HEARD, SEEN
from s3eval_paper.claims.claim import (
    CONTRADICTED,
    SUPPORTED,
    UNTOLD,
    Claim,
    Table,
    Verdict,
    around,
    by_every,
    by_interval,
    by_majority,
)
from s3eval_paper.claims.drawing import Drawn, Draws, shared, tallies_of
from s3eval_paper.claims.margins import SIMILAR, SIZES
from s3eval_paper.claims.tuning import tuned_and_base

if TYPE_CHECKING:
    from s3eval.dataset import Dataset
    from s3eval_paper.claims.rediagnosis import Depth
    from s3eval_paper.release.runs import Recorded

__all__ = ["families", "groups", "size_of"]

_COLUMNS = (
    "first",
    "second",
    "items",
    "first's mean F1",
    "second's",
    "difference",
    "videos",
    "patients",
)


@dataclass(frozen=True)
class _Pair:
    first: str
    second: str
    items: int
    one: Drawn
    other: Drawn
    difference: Drawn

    @property
    def row(self) -> tuple[str, ...]:
        d = self.difference
        values = (around(self.one), around(self.other), around(d))
        return (self.first, self.second, str(self.items), *values, str(d.videos), str(d.patients))


def size_of(model: str) -> float | None:
    """Billions of parameters, as the name says.

    >>> size_of("Qwen2.5-VL-72B"), size_of("Audio-Flamingo-3")
    (72.0, None)
    """
    match = re.search(r"(\d+(?:\.\d+)?)B\b", model)
    return float(match[1]) if match else None


def families(models: Iterable[str]) -> dict[str, list[str]]:
    """Models whose names differ only in size, the smallest first.

    >>> families(["A-VL-72B", "A-VL-7B", "B-7B"])["A-VL"]
    ['A-VL-7B', 'A-VL-72B']
    """
    members: dict[str, list[str]] = {}
    for model in models:
        if size_of(model) is not None:
            members.setdefault(re.sub(r"-?\d+(\.\d+)?B\b.*", "", model), []).append(model)
    return {name: sorted(of, key=lambda m: size_of(m) or 0.0) for name, of in members.items()}


def groups(dataset: Dataset, test: Sequence[Recorded], depth: Depth) -> list[Claim]:
    """Scaling, the two vision families, and hearing beside sight (Section 4.1)."""
    tuned, _ = tuned_and_base()
    runs = {r.model: r for r in test if r.model not in tuned}
    return [
        _scaling(dataset, runs, depth),
        _vision_families(dataset, runs, depth),
        _hearing_too(dataset, runs, depth),
    ]


def _pair(
    dataset: Dataset, first: Recorded, second: Recorded, items: Collection[str], depth: Depth
) -> _Pair | None:
    """Mean F1 of Task 1 on the videos and features that both answered."""
    runs = shared([first.findings, second.findings], "recognition", items)
    made = [tallies_of(dataset, of, "paper") for of in runs]
    keys = [k for k in made[0] if k[2] == "f1" and k[1] != "mean" and k in made[1]]
    if not keys:
        return None
    first_tallies, second_tallies = ([of[k] for k in keys] for of in made)
    draws = Draws.of(dataset, first_tallies + second_tallies, depth.resamples, depth.seed)
    with np.errstate(invalid="ignore"):
        # An item undefined in a draw (nobody shows it) is left out of that draw's mean, for both.
        a, b = draws.values(first_tallies), draws.values(second_tallies)
        known = ~(np.isnan(a) | np.isnan(b))
        n = known.sum(axis=0)
        one, other = (np.where(known, x, 0.0).sum(axis=0) / np.where(n, n, np.nan) for x in (a, b))
    both = first_tallies + second_tallies
    return _Pair(
        first.model,
        second.model,
        len(keys),
        draws.around(one, first_tallies),
        draws.around(other, second_tallies),
        draws.around(one - other, both),
    )


def _claim(
    number: str,
    title: str,
    says: str,
    rule: str,
    pairs: Sequence[_Pair],
    verdicts: Sequence[Verdict],
    together: Callable[[Sequence[Verdict]], Verdict] = by_majority,
) -> Claim:
    counts = {v: [*verdicts].count(v) for v in (SUPPORTED, CONTRADICTED, UNTOLD)}
    finding = (
        f"Of {len(pairs)} pairs of models {counts[SUPPORTED]} show it, {counts[CONTRADICTED]} show "
        f"the contrary and {counts[UNTOLD]} cannot be told."
        if pairs
        else "No two recorded models in this part of the release make such a pair."
    )
    table = Table("Mean F1 of Task 1 on what both answered", _COLUMNS, tuple(p.row for p in pairs))
    return Claim(number, title, says, together(verdicts), rule, finding, (table,) if pairs else ())


def _scaling(dataset: Dataset, runs: Mapping[str, Recorded], depth: Depth) -> Claim:
    ends = [(of[0], of[-1]) for of in families(runs).values() if len(of) > 1]
    pairs = [p for a, b in ends if (p := _pair(dataset, runs[b], runs[a], (), depth))]
    return _claim(
        "6",
        "Size alone offers limited benefit",
        "“Scaling alone offers limited benefit: Qwen variants from 7B to 72B yield similar mean F1 "
        "scores (~0.42–0.45)” (Section 4.1)",
        "The smallest and the largest recorded model of one name: supported if the interval of "
        f"their difference in mean F1 lies within {SIMILAR.value} of 0 ({SIMILAR.source}), "
        "contradicted if it lies above that; the verdict is that of more than half of the pairs.",
        pairs,
        [_similar(p.difference) for p in pairs],
    )


def _similar(difference: Drawn) -> Verdict:
    """Equivalence within the margin; larger models are expected to be no worse."""
    if difference.low is None or difference.high is None:
        return UNTOLD
    if -SIMILAR.value <= difference.low and difference.high <= SIMILAR.value:
        return SUPPORTED
    return CONTRADICTED if difference.low > SIMILAR.value else UNTOLD


def _of_one_scale(first: str, second: str) -> bool:
    a, b = size_of(first), size_of(second)
    return a is not None and b is not None and max(a, b) <= SIZES.value * min(a, b)


def _vision_families(dataset: Dataset, runs: Mapping[str, Recorded], depth: Depth) -> Claim:
    # The claim is about these two families; what belongs to them is read from the names.
    sees = [m for m, r in runs.items() if r.senses == ("sight",)]
    qwen = [m for m in sees if m.startswith("Qwen")]
    internvl = [m for m in sees if m.startswith("InternVL")]
    ends = [(a, b) for a, b in product(qwen, internvl) if _of_one_scale(a, b)]
    pairs = [p for a, b in ends if (p := _pair(dataset, runs[a], runs[b], (), depth))]
    return _claim(
        "7",
        "QwenVL is ahead of InternVL at every scale",
        "“The QwenVL family consistently surpasses InternVL across all scales” (Section 4.1)",
        f"Every pair of one scale (sizes within a factor of {SIZES.value}; {SIZES.source}): "
        "supported if the interval of the difference in mean F1 is above 0 for each of them, since "
        "the claim is of every scale; contradicted if it is below 0 for more than half.",
        pairs,
        [by_interval(p.difference.low, p.difference.high) for p in pairs],
        by_every,
    )


def _hearing_too(dataset: Dataset, runs: Mapping[str, Recorded], depth: Depth) -> Claim:
    both = [m for m, r in runs.items() if len(r.senses) > 1]
    candidates = []
    for a, (b, other) in product(both, runs.items()):
        if other.senses == ("sight",) and _of_one_scale(a, b):
            candidates.append((a, b, tuple(SEEN)))
        elif other.senses == ("hearing",):
            candidates.append((a, b, tuple(HEARD)))
    pairs = [p for a, b, of in candidates if (p := _pair(dataset, runs[a], runs[b], of, depth))]
    return _claim(
        "8",
        "Models that hear and see are ahead of those with one sense",
        "“Qwen3-Omni-30B outperforms both the vision-only Qwen2.5-VL-32B and the audio-only "
        "Audio-Flamingo-3” (Section 4.1)",
        "Every untuned model with both senses against every vision-only one of its scale (seen "
        "features) and every audio-only one (heard features): supported if the interval of the "
        "difference in mean F1 is above 0, contradicted if below; the verdict is that of more "
        "than half of the pairs.",
        pairs,
        [by_interval(p.difference.low, p.difference.high) for p in pairs],
    )
