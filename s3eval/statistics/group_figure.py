"""A picture of two annotator groups' feature frequencies, after the paper's Figure 7."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from s3eval.errors import S3EvalError

if TYPE_CHECKING:
    from s3eval.statistics.groups import Likeness

__all__ = ["draw"]

COLOURS = ("#2f5d8a", "#e08e45")


def draw(alike: Sequence[Likeness], names: tuple[str, str], path: Path) -> None:
    """Bars and a radar plot for each diagnosis; ordered by the groups' difference.

    Raises:
        S3EvalError: matplotlib is not installed.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise S3EvalError("A figure needs matplotlib", fix="pip install matplotlib") from error
    shown = [x for x in alike if x.group != "both" and x.features]
    figure = Figure(figsize=(11, 4.2 * len(shown)), layout="constrained")
    for row, x in enumerate(shown):
        bars = figure.add_subplot(len(shown), 2, 2 * row + 1)
        _bars(bars, x, names)
        radar = figure.add_subplot(len(shown), 2, 2 * row + 2, projection="polar")
        _radar(radar, x)
    # No date or version in the file: the same annotation gives the same bytes.
    figure.savefig(path, dpi=150, metadata={"Software": None} if path.suffix == ".png" else None)


def _bars(axes: Any, x: Likeness, names: tuple[str, str]) -> None:
    order = sorted(range(len(x.features)), key=lambda i: abs(x.first[i] - x.second[i]))
    for side, (values, name, colour) in enumerate(
        zip((x.first, x.second), names, COLOURS, strict=True)
    ):
        places = [i + 0.4 * side for i in range(len(order))]
        axes.barh(places, [values[i] for i in order], 0.4, color=colour, label=name)
    labels = [x.features[i].replace("_", " ") for i in order]
    axes.set_yticks([i + 0.2 for i in range(len(order))], labels, fontsize=7)
    axes.set_xlabel("share of videos")
    axes.set_xlim(0, 1)
    axes.set_title(f"{x.group}: {x.first_videos} and {x.second_videos} videos", fontsize=9)
    axes.legend(fontsize=7)


def _radar(axes: Any, x: Likeness) -> None:
    from math import tau

    angles = [tau * i / len(x.features) for i in range(len(x.features))]
    for values, colour in zip((x.first, x.second), COLOURS, strict=True):
        closed = [*values, values[0]]
        axes.plot([*angles, angles[0]], closed, color=colour, linewidth=1.2)
        axes.fill([*angles, angles[0]], closed, color=colour, alpha=0.15)
    axes.set_xticks(angles, [f.replace("_", " ") for f in x.features], fontsize=5)
    axes.set_ylim(0, 1)
    statistics = [
        f"{n} = {v:.3f}" for n, v in (("r", x.pearson), ("cosine", x.cosine)) if v is not None
    ]
    axes.set_title(f"{x.group}: {', '.join(statistics)}", fontsize=9)
