"""The report's figures: the same evidence gives the same bytes.

Colours are those of Okabe and Ito, which colour-blind people tell apart; markers and line styles
differ too. Everything drawn in ink carries one colour (`INK`), which the page replaces in dark
mode.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import matplotlib
import numpy as np
from matplotlib.figure import Figure

from s3eval.metrics.rqi import WEIGHTS
from s3eval.terminal import visible
from s3eval_view.report.cells import number, stem
from s3eval_view.report.confusion import confusion_of
from s3eval_view.report.evidence import measure, words
from s3eval_view.report.quality import components
from s3eval_view.report.timing import errors_of

if TYPE_CHECKING:
    from s3eval.statistics.calibration import Calibration
    from s3eval_view.report.evidence import Evidence, RunEvidence

__all__ = [
    "INK",
    "Drawn",
    "calibration_curves",
    "error_curves",
    "forest",
    "heat_map",
    "positives_and_prevalence",
    "runs_left_out",
    "stacked_quality",
]

INK = "#1b2733"
_PALETTE = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#8a6d00", "#7f7f7f")
_MARKERS = "osD^vP*X<>hp"
_STYLES = ("-", "--", "-.", ":")
_SETTINGS: Any = {
    "svg.hashsalt": "s3eval",
    "svg.fonttype": "none",
    "pdf.fonttype": 42,
    "font.family": ["DejaVu Sans"],
    "font.size": 8.5,
    # No layout beside the one that a figure is given.
    "figure.autolayout": False,
    "figure.constrained_layout.use": False,
    "text.color": INK,
    "axes.facecolor": "none",
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "axes.titlecolor": INK,
    "axes.titlesize": 9.5,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.color": INK,
    "ytick.color": INK,
    "legend.frameon": False,
    # A "$" in a name is a dollar sign, no formula.
    "text.parse_math": False,
}
#: Runs that a figure tells apart; further ones are in the tables.
MOST_RUNS = 12


@dataclass(frozen=True)
class Drawn:
    """A figure.

    Attributes:
        name: of its files.
        title: its caption.
        says: what it shows, for who does not see it.
        svg, pdf: its files.
    """

    name: str
    title: str
    says: str
    svg: bytes
    pdf: bytes


def _drawn(
    name: str, title: str, says: str, size: tuple[float, float], draw: Callable[[Figure], None]
) -> Drawn:
    with matplotlib.rc_context(_SETTINGS):
        figure = Figure(figsize=size, layout="constrained")
        figure.patch.set_alpha(0.0)
        draw(figure)
        # Laid out once: with a layout engine, even "none", each file is drawn twice.
        figure.draw_without_rendering()
        figure.set_layout_engine(None)
        files = []
        metadata: dict[str, Any]
        for kind, metadata in (
            ("svg", {"Date": None, "Creator": None}),
            ("pdf", {"CreationDate": None, "Creator": None, "Producer": None}),
        ):
            out = io.BytesIO()
            figure.savefig(out, format=kind, metadata=metadata)
            files.append(out.getvalue())
    return Drawn(stem(name), title, says, files[0], files[1])


def _look(place: int) -> dict[str, Any]:
    return {"color": _PALETTE[place % len(_PALETTE)], "marker": _MARKERS[place % len(_MARKERS)]}


def _short(label: str) -> str:
    text = visible(label)
    return text if len(text) <= 28 else text[:27] + "…"


def heat_map(evidence: Evidence, task: str, metric: str, title: str) -> Drawn | None:
    """Items by runs, the value written in each field."""
    items = evidence.items(task, metric)
    runs = [r for r in evidence.runs if any((task, i, metric) in r.rows for i in items)]
    if not items or not runs:
        return None
    values = np.full((len(items), len(runs)), np.nan)
    for y, item in enumerate(items):
        for x, run in enumerate(runs):
            row = run.rows.get((task, item, metric))
            if row is not None and row.value is not None:
                values[y, x] = row.value

    def draw(figure: Figure) -> None:
        axes: Any = figure.subplots()
        top = 1.0 if np.nanmax(values, initial=0.0) <= 1 else float(np.nanmax(values))
        shown = axes.imshow(values, cmap="cividis", vmin=0.0, vmax=top, aspect="auto")
        for (y, x), value in np.ndenumerate(values):
            text = "–" if np.isnan(value) else number(float(value))
            ink = INK if np.isnan(value) else "white" if value < 0.55 * top else "black"
            axes.text(x, y, text, ha="center", va="center", color=ink, fontsize=8)
        axes.set_xticks(range(len(runs)), [_short(r.label) for r in runs], rotation=25, ha="right")
        axes.set_yticks(range(len(items)), [_short(words(i)) for i in items])
        axes.tick_params(length=0)
        axes.spines[:].set_visible(False)
        figure.colorbar(shown, ax=axes, label=measure(metric), shrink=0.6)

    size = (2.6 + 0.95 * len(runs), 1.2 + 0.27 * len(items))
    counts = f"{len(items)} items for {len(runs)} runs"
    says = f"{measure(metric)} of {counts}; the numbers are in the table."
    return _drawn(f"heat map {task} {metric}", title, says, size, draw)


def forest(evidence: Evidence, task: str, metric: str) -> Drawn | None:
    """Each item's score with its interval, the best chance level as a bar."""
    items = evidence.items(task, metric)
    runs = evidence.runs[:MOST_RUNS]
    if not any((task, i, metric) in r.rows for i in items for r in runs):
        return None
    step = 0.8 / len(runs)

    def draw(figure: Figure) -> None:
        axes: Any = figure.subplots()
        for place, run in enumerate(runs):
            points = [
                (y, r)
                for y, i in enumerate(items)
                if (r := run.rows.get((task, i, metric))) and r.value is not None
            ]
            at = [y - 0.4 + step * (place + 0.5) for y, _ in points]
            look = _look(place)
            around = [
                (y, r.low, r.high)
                for y, (_, r) in zip(at, points, strict=True)
                if r.low is not None and r.high is not None
            ]
            for_lines = [list(part) for part in zip(*around, strict=True)] or [[], [], []]
            axes.hlines(*for_lines, color=look["color"], lw=1.1)
            chance = [(r.chance_value, y) for y, (_, r) in zip(at, points, strict=True)]
            lines = [(x, y - step / 2, y + step / 2) for x, y in chance if x is not None]
            for_bars = [list(part) for part in zip(*lines, strict=True)] or [[], [], []]
            axes.vlines(*for_bars, color=INK, lw=1)
            axes.plot(
                [r.value for _, r in points], at, ls="", ms=3.4, label=_short(run.label), **look
            )
        axes.plot([], [], color=INK, lw=1, label="best chance")
        axes.set_yticks(range(len(items)), [words(i) for i in items])
        axes.set_ylim(len(items) - 0.5, -0.5)
        for y in range(1, len(items)):
            axes.axhline(y - 0.5, color="#9aa4ae", lw=0.4)
        axes.set_xlabel(measure(metric))
        figure.legend(loc="outside lower center", ncols=3)

    height = 1.1 + len(items) * max(0.24, 0.085 * len(runs)) + 0.12 * len(runs)
    says = (
        f"{measure(metric)} with 95 % interval by patient bootstrap, a row for each of "
        f"{len(items)} items, and the best chance level; the numbers are in the table."
    )
    return _drawn(
        f"forest {task} {metric}",
        f"{words(task)}: {measure(metric)} with 95 % intervals",
        says,
        (7.2, height),
        draw,
    )


def positives_and_prevalence(evidence: Evidence, task: str) -> Drawn | None:
    """The share of positive answers against prevalence, a point for each item."""
    by_run = [(run, confusion_of(run, task)) for run in evidence.runs[:MOST_RUNS]]
    if not any(items for _, items in by_run):
        return None

    def draw(figure: Figure) -> None:
        axes: Any = figure.subplots()
        axes.plot([0, 1], [0, 1], color=INK, lw=0.8, label="as often as annotated")
        for place, (run, items) in enumerate(by_run):
            points = [
                (c.prevalence, c.predicted_prevalence)
                for c in items.values()
                if c.predicted_prevalence is not None
            ]
            if points:
                axes.plot(
                    *zip(*points, strict=True),
                    ls="",
                    ms=5,
                    alpha=0.85,
                    label=_short(run.label),
                    **_look(place),
                )
        axes.set_xlabel("prevalence: share of videos annotated so")
        axes.set_ylabel("share of videos answered so")
        axes.set_xlim(-0.03, 1.03)
        axes.set_ylim(-0.03, 1.03)
        figure.legend(loc="outside right upper")

    says = (
        "Points above the line: the run says yes more often than annotated, below: less often. "
        "The shares are in the tables of confusion counts."
    )
    return _drawn(
        f"said and prevalence {task}",
        f"{words(task)}: positive answers and prevalence",
        says,
        (7.2, 4.2),
        draw,
    )


def error_curves(evidence: Evidence, task: str) -> Drawn | None:
    """Signed errors as histograms, a panel a run; the same axes."""
    by_run = [(run, e) for run in evidence.runs[:MOST_RUNS] if len(e := errors_of(run, task))]
    if not by_run:
        return None
    reach = float(np.ceil(max(np.percentile(np.abs(e), 98) for _, e in by_run) / 10) * 10) or 10.0

    def draw(figure: Figure) -> None:
        rows = -(-len(by_run) // 2)
        panels: Any = figure.subplots(rows, 2, sharex=True, sharey=True, squeeze=False)
        for axes in panels.flat[len(by_run) :]:
            axes.set_visible(False)
        for place, (axes, (run, errors)) in enumerate(zip(panels.flat, by_run, strict=False)):
            weights = np.full(len(errors), 1 / len(errors))
            axes.hist(
                np.clip(errors, -reach, reach),
                bins=40,
                range=(-reach, reach),
                weights=weights,
                color=_look(place)["color"],
            )
            axes.axvline(0, color=INK, lw=0.8)
            middle = float(np.median(errors))
            axes.axvline(middle, color=INK, lw=0.8, ls="--")
            axes.set_title(f"{_short(run.label)}: median {number(middle, 1)} s, n {len(errors)}")
        figure.supxlabel(
            "answered minus annotated time (s); the outermost bars hold what is beyond",
            fontsize=8.5,
        )
        figure.supylabel("share of answers", fontsize=8.5)

    says = "Histograms of signed errors, the median dashed; quantiles are in the table."
    size = (7.2, 0.9 + 1.45 * -(-len(by_run) // 2))
    return _drawn(f"timing errors {task}", f"{words(task)}: errors in seconds", says, size, draw)


def stacked_quality(evidence: Evidence, task: str) -> Drawn | None:
    """The components of the report quality index, and what is left after the penalties."""
    by_run = [(r, c) for r in evidence.runs[:MOST_RUNS] if "rqi" in (c := components(r, task))]
    if not by_run:
        return None

    def draw(figure: Figure) -> None:
        axes: Any = figure.subplots()
        left = np.zeros(len(by_run))
        hatches = ("", "//", "..", "xx")
        for place, part in enumerate(WEIGHTS):
            widths = np.array([c.get(part, 0.0) for _, c in by_run])
            axes.barh(
                range(len(by_run)),
                widths,
                0.55,
                left,
                color=_PALETTE[place],
                hatch=hatches[place],
                edgecolor="white",
                label=f"{part} (of {WEIGHTS[part]:g})",
            )
            left += widths
        for y, (_, c) in enumerate(by_run):
            axes.plot(
                [c["rqi"]] * 2,
                [y - 0.4, y + 0.4],
                color=INK,
                lw=2,
                label="RQI after penalties" if y == 0 else None,
            )
        axes.set_yticks(range(len(by_run)), [_short(r.label) for r, _ in by_run])
        axes.invert_yaxis()
        axes.set_xlim(0, 100)
        axes.set_xlabel("points of 100")
        figure.legend(loc="outside lower center", ncols=3)

    says = "Stacked mean points of the four components, and the index after penalties as a line."
    return _drawn(
        f"report quality {task}",
        f"{words(task)}: what the Seizure-RQI is made of",
        says,
        (7.2, 1.5 + 0.36 * len(by_run)),
        draw,
    )


def calibration_curves(calibrations: Sequence[Calibration]) -> Drawn | None:
    """Reliability: mean probability against the share of positives, a panel a run."""
    runs = list(dict.fromkeys(c.run for c in calibrations))[:MOST_RUNS]
    if not runs:
        return None

    def draw(figure: Figure) -> None:
        columns = min(3, len(runs))
        panels: Any = figure.subplots(
            -(-len(runs) // columns), columns, sharex=True, sharey=True, squeeze=False
        )
        for axes in panels.flat[len(runs) :]:
            axes.set_visible(False)
        for axes, run in zip(panels.flat, runs, strict=False):
            axes.plot([0, 1], [0, 1], color=INK, lw=0.8)
            for place, one in enumerate(c for c in calibrations if c.run == run):
                bins = [
                    (b["probability"], b["positives"])
                    for b in one.curve
                    if b["probability"] is not None and b["positives"] is not None
                ]
                if bins:
                    axes.plot(
                        *zip(*bins, strict=True),
                        lw=0.9,
                        ms=3,
                        alpha=0.8,
                        ls=_STYLES[place % len(_STYLES)],
                        **_look(place),
                    )
            axes.set_title(_short(run))
        figure.supxlabel("mean probability of a tenth of the scale", fontsize=8.5)
        figure.supylabel("share annotated positive", fontsize=8.5)

    says = (
        "A line for each item; on the diagonal, probabilities are right. The measures of every "
        "item are in the table."
    )
    rows = -(-len(runs) // 3)
    return _drawn("calibration curves", "Calibration curves", says, (7.2, 0.7 + 2.3 * rows), draw)


def runs_left_out(runs: Sequence[RunEvidence]) -> str:
    """A sentence where figures leave runs out, else ""."""
    left = len(runs) - MOST_RUNS
    if left <= 0:
        return ""
    shown = f"Figures with a sign for each run show the first {MOST_RUNS}"
    return f"{shown}; {left} further runs are in the tables."
