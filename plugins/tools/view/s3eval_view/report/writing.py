"""Rendering the page, and writing it with its tables and figures."""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from s3eval.version import __version__
from s3eval_view.markup import asset, environment
from s3eval_view.report import figures
from s3eval_view.report.arithmetic import arithmetic_tables
from s3eval_view.report.as_wrong import as_wrong
from s3eval_view.report.beside import beside, choose_videos
from s3eval_view.report.cells import ReportTable, as_csv, as_latex, as_markdown, stem
from s3eval_view.report.checks import check_table
from s3eval_view.report.confusion import confusion_of, confusion_table
from s3eval_view.report.evidence import words
from s3eval_view.report.figures import INK, Drawn
from s3eval_view.report.made import facts_of
from s3eval_view.report.probabilities import calibration_table, calibrations
from s3eval_view.report.quality import quality_table
from s3eval_view.report.scores import Wrong, complete_table, coverage_table, headlines, metric_table
from s3eval_view.report.timing import error_table
from s3eval_view.report.two_stages import two_stage_tables

if TYPE_CHECKING:
    from s3eval_view.report.evidence import Evidence

__all__ = ["Choices", "Section", "sections_of", "write_report"]


@dataclass(frozen=True)
class Choices:
    """What a report holds beside what it always holds.

    Attributes:
        videos: shown side by side; () for a seeded choice of ``video_count``.
        two_stage: the classifier of two-stage diagnosis, "" for none.
        resamples: draws of patients behind the intervals of calibration and two-stage.
        seed: of the choice of videos.
        title: of the page.
    """

    videos: tuple[str, ...] = ()
    video_count: int = 3
    two_stage: str = ""
    resamples: int = 2000
    seed: int = 0
    title: str = "Evaluation report"


@dataclass(frozen=True)
class Section:
    """A part of the page: figures first, then tables."""

    name: str
    title: str
    words: str = ""
    figures: tuple[Drawn, ...] = ()
    tables: tuple[ReportTable, ...] = ()


def sections_of(evidence: Evidence, choices: Choices, wrong: Wrong) -> list[Section]:
    """All parts that hold figures and tables; those without either are left out.

    Args:
        wrong: for each run its scores with non-answers counted as wrong (`as_wrong`).
    """
    made = [
        *(_scores(evidence, task, wrong) for task in evidence.specs),
        *(_confusion(evidence, task) for task in evidence.specs),
        *(_timing(evidence, task) for task in evidence.specs),
        *(_quality(evidence, task) for task in evidence.providing("report")),
        _calibration(evidence, choices),
        _two_stage(evidence, choices),
        Section(
            "coverage",
            "Coverage",
            "What was asked, answered and scored, and how much the scores owe to silence.",
            tables=(coverage_table(evidence, wrong),),
        ),
        Section(
            "arithmetic",
            "How the scores come about",
            "The steps from what was counted to the headline score of each task.",
            tables=tuple(arithmetic_tables(evidence)),
        ),
        _checks(evidence),
    ]
    return [s for s in made if s.figures or s.tables]


def _some(*drawn: Drawn | None) -> tuple[Drawn, ...]:
    return tuple(d for d in drawn if d is not None)


def _scores(evidence: Evidence, task: str, wrong: Wrong) -> Section:
    headline = evidence.headline(task)
    metrics = [headline, *(m for m in evidence.metrics(task) if m != headline)]
    spec = evidence.specs[task]
    drawn = []
    if "features" in spec.provides:
        drawn.append(figures.heat_map(evidence, task, headline, "Runs by feature"))
    if "justification" in spec.provides:
        drawn.append(figures.heat_map(evidence, task, headline, "Interpretation by feature"))
    else:
        drawn.append(figures.forest(evidence, task, headline))
    number = f"Task {spec.number}: " if spec.number else ""
    return Section(
        f"task-{stem(task)}",
        f"{number}{words(task)}",
        spec.summary[:1].upper() + spec.summary[1:] + "." if spec.summary else "",
        _some(*drawn),
        tuple(metric_table(evidence, task, m, wrong) for m in metrics),
    )


def _confusion(evidence: Evidence, task: str) -> Section:
    runs = [run for run in evidence.runs if confusion_of(run, task)]
    return Section(
        f"confusion-{stem(task)}",
        f"Right and wrong answers: {words(task)}",
        "What was said of each item against what is annotated.",
        _some(figures.positives_and_prevalence(evidence, task)) if runs else (),
        tuple(
            confusion_table(evidence, task, run, f"confusion-{stem(task)}-{place + 1}")
            for place, run in enumerate(runs)
        ),
    )


def _timing(evidence: Evidence, task: str) -> Section:
    table = error_table(evidence, task, f"timing-errors-{stem(task)}")
    return Section(
        f"errors-{stem(task)}",
        f"How far off: {words(task)}",
        "",
        _some(figures.error_curves(evidence, task)),
        (table,) if table.rows else (),
    )


def _quality(evidence: Evidence, task: str) -> Section:
    table = quality_table(evidence, task, f"rqi-{stem(task)}")
    return Section(
        f"quality-{stem(task)}",
        f"Report quality: {words(task)}",
        "",
        _some(figures.stacked_quality(evidence, task)),
        (table,) if table.rows else (),
    )


def _calibration(evidence: Evidence, choices: Choices) -> Section:
    calibrated = calibrations(evidence, choices.resamples)
    return Section(
        "calibration",
        "Calibration of probabilities",
        "",
        _some(figures.calibration_curves(calibrated)),
        (calibration_table(calibrated),) if calibrated else (),
    )


def _two_stage(evidence: Evidence, choices: Choices) -> Section:
    tables: list[ReportTable] = []
    if choices.two_stage:
        tables = two_stage_tables(evidence, choices.two_stage, choices.resamples)
    return Section("two-stage", "Two-stage diagnosis", "", (), tuple(tables))


def _checks(evidence: Evidence) -> Section:
    table = check_table(evidence, "model-check")
    return Section(
        "model-check",
        "Whether the model really watches",
        "By s3eval check-model, on drawn scenes whose right answers are known.",
        (),
        (table,) if table.rows else (),
    )


def write_report(evidence: Evidence, out: Path, choices: Choices) -> list[Path]:
    """Write ``index.html``, ``tables/`` and ``figures/`` into a folder; the files written.

    The same runs and choices give the same bytes.
    """
    wrong = [as_wrong(run) for run in evidence.runs]
    sections = sections_of(evidence, choices, wrong)
    complete = complete_table(evidence, wrong)
    files: dict[str, bytes] = {"tables/scores.csv": as_csv(complete).encode()}
    for table in (t for s in sections for t in s.tables):
        for suffix, form in (("csv", as_csv), ("tex", as_latex), ("md", as_markdown)):
            files[f"tables/{table.name}.{suffix}"] = form(table).encode()
    for drawn in (d for s in sections for d in s.figures):
        files[f"figures/{drawn.name}.svg"] = drawn.svg
        files[f"figures/{drawn.name}.pdf"] = drawn.pdf
    files["index.html"] = _page(evidence, sections, choices).encode()
    for name, content in files.items():
        path = out / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return [out / name for name in files]


def _page(evidence: Evidence, sections: Sequence[Section], choices: Choices) -> str:
    videos = list(choices.videos) or choose_videos(evidence, choices.video_count, choices.seed)
    templates = environment(("s3eval_view.report", "templates"))
    return templates.get_template("report.html.j2").render(
        title=choices.title,
        version=__version__,
        style=_asset("report.css"),
        script=_asset("report.js"),
        headlines=headlines(evidence),
        runs=evidence.runs,
        left_out=figures.runs_left_out(evidence.runs),
        sections=sections,
        image=_image,
        videos=[(video, beside(evidence, video)) for video in videos],
        chosen=bool(choices.videos),
        seed=choices.seed,
        made=[(run.label, facts_of(run)) for run in evidence.runs],
        faults=[(run.label, str(fault)) for run in evidence.runs for fault in run.scored.faults],
        notes=_publication_notes(evidence),
        command=_command(evidence, choices),
    )


def _publication_notes(evidence: Evidence) -> list[str]:
    from s3eval.published import publication_of

    shown = [run.published_as for run in evidence.runs if run.published_as]
    return list(dict.fromkeys(publication_of(name)[0].note() for name in shown))


def _command(evidence: Evidence, choices: Choices) -> str:
    import shlex

    words = ["s3eval", "report", *(run.label for run in evidence.runs), "-o", "DIR"]
    for video in choices.videos:
        words += ["--videos", video]
    if choices.two_stage:
        words += ["--two-stage", choices.two_stage]
    if choices.resamples != Choices.resamples:
        words += ["--resamples", str(choices.resamples)]
    if choices.seed:
        words += ["--seed", str(choices.seed)]
    return shlex.join(words)


def _asset(name: str) -> Any:
    from markupsafe import Markup

    return Markup(asset("s3eval_view.report", "templates", name))


#: Put into a figure on the page: its ink follows the reader's mode. In files it stays as drawn.
_FOLLOW = (
    "<style>svg{--ink:" + INK + "}@media (prefers-color-scheme:dark){svg{--ink:#e6e9ec}}"
    "@media print{svg{--ink:" + INK + "}}</style>"
)


def _image(drawn: Drawn) -> str:
    """The figure as a data address: no further request, no identifiers on the page."""
    text = drawn.svg.decode("utf-8")
    text = text[text.index("<svg") :]
    text = re.sub(re.escape(INK), "var(--ink)", text)
    head, sign, rest = text.partition(">")
    embedded = f"{head}{sign}{_FOLLOW}{rest}"
    return "data:image/svg+xml;base64," + base64.b64encode(embedded.encode()).decode()
