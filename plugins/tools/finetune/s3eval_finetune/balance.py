"""How often each answer occurs among the samples, and making the answers of an item equally many.

The paper's models came to answer "left" to every question about sides after training on 98
samples of head turning and 83 of arm movement (Section 4.5). A reward cannot mend that: groups
are normalised, so only what is in the data counts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from s3eval_finetune.samples.sample import Sample, seeded

__all__ = ["BALANCES", "Balance", "ItemBalance", "balance_of", "balanced"]

Balance = Literal["none", "down", "up"]
BALANCES: tuple[Balance, ...] = ("none", "down", "up")
# Below this share of the rarest answer, or this many samples of it, a report warns.
_SHARE, _FEW = 0.25, 100


@dataclass(frozen=True)
class ItemBalance:
    """The answers of one item.

    Attributes:
        counts: samples by answer, the most frequent first.
        warning: "" where the answers are many and even enough.
    """

    number: int
    item: str
    counts: Mapping[str, int]
    warning: str = ""


def balance_of(samples: Iterable[Sample]) -> tuple[ItemBalance, ...]:
    """The answers of every item that has labels, by task and item.

    An item warns where its rarest answer has fewer than 100 samples or less than a quarter of
    them: the sizes at which the paper's laterality collapsed lie below both.
    """
    counts: dict[tuple[int, str], Counter[str]] = {}
    for sample in samples:
        if sample.label:
            counts.setdefault((sample.number, sample.item), Counter())[sample.label] += 1
    return tuple(
        ItemBalance(number, item, dict(labels.most_common()), _warning(labels))
        for (number, item), labels in sorted(counts.items())
    )


def _warning(counts: Counter[str]) -> str:
    label, fewest = counts.most_common()[-1]
    if len(counts) == 1:
        return f"every answer is '{label}'"
    if fewest < _FEW or fewest < _SHARE * counts.total():
        return f"only {fewest} of {counts.total()} are '{label}'"
    return ""


def balanced(samples: Sequence[Sample], how: Balance, seed: int) -> tuple[Sample, ...]:
    """The samples with the answers of each item equally many, in their order.

    Args:
        how: "none" changes nothing; "down" keeps of each answer as many as of the rarest, drawn
            by the seed; "up" repeats the rarer ones, drawn by the seed as well.

    An item with one answer only cannot be balanced and stays; samples without a label stay.
    """
    if how == "none":
        return tuple(samples)
    groups: dict[tuple[int, str], dict[str, list[Sample]]] = {}
    for sample in samples:
        if sample.label:
            of_item = groups.setdefault((sample.number, sample.item), {})
            of_item.setdefault(sample.label, []).append(sample)
    copies = {id(s): 1 for s in samples}
    for labels in groups.values():
        if len(labels) < 2:
            continue
        sizes = [len(group) for group in labels.values()]
        wanted = min(sizes) if how == "down" else max(sizes)
        for group in labels.values():
            drawn = sorted(group, key=lambda s: seeded(seed, "balance", s.key))
            times, rest = divmod(wanted, len(group))
            for place, sample in enumerate(drawn):
                copies[id(sample)] = times + (place < rest)
    return tuple(s for s in samples for _ in range(copies[id(s)]))
