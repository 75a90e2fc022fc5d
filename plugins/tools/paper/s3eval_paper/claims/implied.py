"""What the printed two-stage rows of Table 2 say about the videos they were scored on."""

from __future__ import annotations

from collections.abc import Sequence

from s3eval_paper.claims.claim import Table, rounded
from s3eval_paper.tables import cells

__all__ = ["implied_rows", "implied_share", "implied_table", "implied_text", "quoted"]


def quoted() -> tuple[str, float]:
    """The model and F1 that the abstract quotes: the best printed two-stage F1 of Table 2."""
    best = max(
        (c for c in cells("2") if (c.item, c.metric) == ("two_stage", "f1")), key=lambda c: c.value
    )
    return best.model, best.value


def implied_share(
    precision: float, recall: float, accuracy: float, half: float = 0.005
) -> tuple[float, float]:
    """Between which shares of ES three printed scores of one set of videos can lie.

    With P, R and the share s of positives, accuracy is 1 - s ((1 - R) + R (1 - P) / P); solved
    for s at the ends of what rounding to two decimals allows, cut to [0, 1].

    >>> [round(s, 2) for s in implied_share(0.68, 1.0, 0.68)]
    [0.65, 0.71]
    """

    def share(p: float, r: float, a: float) -> float:
        per_positive = (1 - r) + r * (1 - p) / p if p > 0 else float("inf")
        return (1 - a) / per_positive if per_positive > 0 else 1.0

    # Falling precision and rising accuracy lower the share; recall does either.
    recalls = (max(0.0, recall - half), min(1.0, recall + half))
    low = min(share(max(0.0, precision - half), r, min(1.0, accuracy + half)) for r in recalls)
    high = max(share(min(1.0, precision + half), r, accuracy - half) for r in recalls)
    return max(0.0, min(1.0, low)), max(0.0, min(1.0, high))


def implied_rows() -> list[tuple[str, dict[str, float], tuple[float, float]]]:
    """Every printed two-stage row of Table 2 with the share of ES that it implies."""
    rows: dict[str, dict[str, float]] = {}
    for c in cells("2"):
        if c.item == "two_stage":
            rows.setdefault(c.model, {})[c.metric] = c.value
    return [
        (model, row, implied_share(row["precision"], row["recall"], row["accuracy"]))
        for model, row in rows.items()
    ]


def _always(share: float) -> float:
    return 2 * share / (1 + share)


def implied_text(implied: Sequence[tuple[str, dict[str, float], tuple[float, float]]]) -> str:
    """How the printed rows stand to always answering ES, at both ends of the share they imply."""
    beats_any = [m for m, row, ends in implied if row["f1"] > round(_always(ends[1]), 2)]
    below_all = [m for m, row, ends in implied if row["f1"] < round(_always(ends[0]), 2)]
    model, f1 = quoted()
    open_ = [m for m, _, _ in implied if m not in beats_any and m not in below_all]
    also = f"; {model}'s {rounded(f1)} is among them" if model in open_ else ""
    return (
        f"Precision, recall and accuracy of one set of videos fix its share of ES. Of the "
        f"{len(implied)} printed two-stage rows {len(beats_any)} exceed always answering ES at "
        f"every share that they allow{_names(beats_any)}, {len(below_all)} are below it at every "
        f"share, and {len(open_)} cannot be told apart from it: which of the two is higher depends "
        f"on where in the span that their rounding allows the share lies{also}. This holds if each "
        "row was scored on one set of videos; means over folds would loosen it. "
    )


def _names(models: Sequence[str]) -> str:
    return f" ({', '.join(models)})" if models else ""


def implied_table(implied: Sequence[tuple[str, dict[str, float], tuple[float, float]]]) -> Table:
    """Every printed row with the share of ES that it implies, and always answering ES there."""
    columns = ("model", "P", "R", "F1", "accuracy", "implied share of ES", "always-ES F1 there")
    cells = [
        (
            model,
            *(rounded(row[m]) for m in ("precision", "recall", "f1", "accuracy")),
            f"{ends[0]:.2f} to {ends[1]:.2f}",
            f"{_always(ends[0]):.2f} to {_always(ends[1]):.2f}",
        )
        for model, row, ends in implied
    ]
    return Table("What the printed two-stage rows of Table 2 imply", columns, tuple(cells))
