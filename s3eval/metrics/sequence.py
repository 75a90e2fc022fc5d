"""How well an order of events is told (Task 5; paper, Sections 3.2.5 and D.1; Tables 17, 23).

Sequences are lists of feature names in order of onset. Two temporal F1s exist: the one the
paper describes and the one its published figures follow; they rank models differently.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

__all__ = ["edit_distance", "lcs_ratio", "temporal_f1_paper", "temporal_f1_release"]

_GAP = None


def edit_distance(predicted: Sequence[str], truth: Sequence[str]) -> int:
    """Levenshtein distance on tokens: insertions, deletions and replacements cost 1 each.

    In [0, max(len)], lower is better, symmetric; two empty sequences give 0.
    Source: paper, Section 3.2.5; Tables 17 and 23 (mean over videos). Computed by RapidFuzz.

    >>> edit_distance(["tonic", "clonic"], ["head_turning", "tonic", "clonic"])
    1
    """
    from rapidfuzz.distance import Levenshtein

    return int(Levenshtein.distance(list(predicted), list(truth)))


def lcs_ratio(predicted: Sequence[str], truth: Sequence[str]) -> float:
    """Longest common subsequence's length divided by the **prediction's** length.

    In [0, 1], higher is better; 0 for an empty prediction, as published, so that silence earns
    nothing. Not symmetric: a short correct prediction scores 1.
    Source: paper, Section 3.2.5; Tables 17 and 23 (mean over videos). Computed by RapidFuzz.

    >>> lcs_ratio(["tonic", "clonic"], ["tonic", "head_turning", "clonic"])
    1.0
    >>> lcs_ratio([], ["tonic"])
    0.0
    """
    from rapidfuzz.distance import LCSseq

    if not predicted:
        return 0.0
    return float(LCSseq.similarity(list(predicted), list(truth))) / len(predicted)


def temporal_f1_release(predicted: Sequence[str], truth: Sequence[str]) -> float:
    """The temporal F1 of the published tables: share of equal pairs of an alignment.

    The edit operations prediction -> truth give pairs: "equal" and "replace" token by token; a
    deletion pairs a gap with the truth's token at that point, or with a gap where the truth is
    exhausted; an insertion pairs the prediction's token at that point (or a gap) with each
    inserted token. A gap equals a gap, so **endless repetition scores high**: tokens after the
    end of the truth count as right. Kept because the published figures follow it.

    In [0, 1], higher is better; both empty 1. Not symmetric.
    Source: Tables 17 and 23 and the release's per-video figures; protocol ``release``.

    >>> temporal_f1_release(["tonic"], ["tonic", "clonic"])
    0.5
    >>> temporal_f1_release(["tonic"] * 10, ["tonic"])
    1.0
    """
    from rapidfuzz.distance import Levenshtein

    if not predicted and not truth:
        return 1.0
    predicted_steps, true_steps = list(predicted), list(truth)
    equal = total = 0
    for op in Levenshtein.opcodes(predicted_steps, true_steps):
        pred, true = (
            predicted_steps[op.src_start : op.src_end],
            true_steps[op.dest_start : op.dest_end],
        )
        pairs: list[tuple[str | None, str | None]]
        if op.tag == "delete":
            pairs = [(_GAP, _at(true_steps, op.dest_start))] * len(pred)
        elif op.tag == "insert":
            pairs = [(_at(predicted_steps, op.src_start), t) for t in true]
        else:
            pairs = list(zip(pred, true, strict=True))
        equal += sum(p == t for p, t in pairs)
        total += len(pairs)
    return equal / total


def _at(tokens: Sequence[str], index: int) -> str | None:
    return tokens[index] if index < len(tokens) else _GAP


def temporal_f1_paper(predicted: Sequence[str], truth: Sequence[str]) -> float:
    """The temporal F1 the paper describes: F1 of the ordered pairs (a before b).

    Each token's first occurrence is kept; all pairs (a, b) with a before b are taken; precision
    and recall are those of the predicted pairs against the true ones. No pairs on either side
    give 1, on one side only 0.

    In [0, 1], higher is better, symmetric.
    Source: paper, Sections 3.2.5 and D.1; protocol ``paper``.

    >>> temporal_f1_paper(["tonic", "clonic"], ["clonic", "tonic"])
    0.0
    >>> temporal_f1_paper(["a", "b", "c"], ["a", "b"])
    0.5
    """
    predicted_pairs, true_pairs = _ordered_pairs(predicted), _ordered_pairs(truth)
    if not predicted_pairs and not true_pairs:
        return 1.0
    return 2 * len(predicted_pairs & true_pairs) / (len(predicted_pairs) + len(true_pairs))


def _ordered_pairs(tokens: Sequence[str]) -> set[tuple[str, str]]:
    return set(combinations(dict.fromkeys(tokens), 2))
