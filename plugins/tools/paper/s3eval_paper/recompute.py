"""Scores of one model's recorded answers, by the tasks that score every run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from s3eval.errors import S3EvalError

if TYPE_CHECKING:
    from s3eval.dataset import Dataset
    from s3eval.facts.tally import Tally
    from s3eval.running.loading import LoadedTasks
    from s3eval.task import Finding
    from s3eval_paper.release.reading import Release
    from s3eval_paper.release.runs import Recorded

__all__ = ["Place", "RunScores", "Score", "run_tallies", "score_run", "score_runs"]

#: (task, item, metric)
Place = tuple[str, str, str]


@dataclass(frozen=True)
class Score:
    """A recomputed value (None where it is undefined), the videos scored, and what to know."""

    value: float | None
    scored: int
    note: str = ""


@dataclass(frozen=True)
class RunScores:
    """All scores of a run.

    Attributes:
        scores: by (task, item, metric), protocol ``release``.
        asked: findings by (task, item).
        rqi: Seizure-RQI of each report, points, by video.
        paper_f1: the temporal F1 the paper's text describes, None without sequences.
        tallies: the metrics as sums over videos; {} where another process scored the run.
    """

    scores: Mapping[Place, Score]
    asked: Mapping[tuple[str, str], int]
    rqi: Mapping[str, float] = field(default_factory=dict)
    paper_f1: float | None = None
    tallies: Mapping[Place, Tally] = field(default_factory=dict)


def load_tasks(names: Collection[str]) -> LoadedTasks:
    """The tasks of these names; plugins are looked for once.

    Raises:
        S3EvalError: some are not installed; the command that installs them is named.
    """
    from s3eval.plugins import distribution_of, installed
    from s3eval.running import loading

    registry = installed()
    missing = [name for name in dict.fromkeys(names) if name not in registry.names("task")]
    if missing:
        raise S3EvalError(
            f"Scoring recorded answers needs tasks that are not installed: {', '.join(missing)}",
            fix="pip install " + " ".join(distribution_of("task", n) or n for n in missing),
        )
    return loading.load_tasks(dict.fromkeys(names), registry)


def score_run(dataset: Dataset, run: Recorded, tasks: LoadedTasks | None = None) -> RunScores:
    """Score a run under ``release``; needs the task plugins, asks no model and no judge."""
    tasks = tasks or load_tasks(run.tasks)
    findings = {task: [f for f in run.findings if f.task == task] for task in run.tasks}
    tallies = run_tallies(dataset, run, run.tasks, tasks)
    scores = {place: Score(t.value, t.counts.scored, t.note) for place, t in tallies.items()}
    report = tallies.get(("report", "report", "rqi"))
    rqi = {}
    if report is not None:
        rows = zip(report.videos, report.rows, strict=True)
        rqi = {video: float(row[0] / row[1]) for video, row in rows}
    return RunScores(
        scores | _bert(dataset, findings),
        Counter((f.task, f.item) for f in run.findings),
        rqi,
        _paper_f1(dataset, findings.get("sequence", []), tasks),
        tallies,
    )


def run_tallies(
    dataset: Dataset, run: Recorded, names: Collection[str], tasks: LoadedTasks | None = None
) -> dict[Place, Tally]:
    """The metrics of these tasks under ``release``, as sums over videos."""
    from s3eval.running.scoring import tally_findings

    findings = {task: [f for f in run.findings if f.task == task] for task in names}
    made = tally_findings(findings, dataset, "release", tasks or load_tasks(names)).tallies
    return {(t.task, t.item, t.metric): t for t in made}


def _paper_f1(dataset: Dataset, findings: Sequence[Finding], tasks: LoadedTasks) -> float | None:
    from s3eval.running.scoring import tally_findings

    if not findings:
        return None
    tallies = tally_findings({"sequence": findings}, dataset, "paper", tasks).tallies
    return next((t.value for t in tallies if t.metric == "temporal_f1"), None)


def _bert(dataset: Dataset, findings: Mapping[str, Sequence[Finding]]) -> dict[Place, Score]:
    """BERTScore of texts and reports; nothing where the encoder is not on this machine."""
    from s3eval.metrics.bertscore import bert_scores, encoder_state

    if encoder_state() != "available":
        return {}
    groups: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for task in ("justification", "report"):
        for f in findings.get(task, ()):
            if f.video not in dataset.annotations or not isinstance(f.value, str):
                continue
            annotation = dataset.annotation(f.video)
            feature = annotation.features.get(f.item)
            reference = annotation.report if task == "report" else feature and feature.justification
            groups.setdefault((task, f.item), []).append((f.value, reference or ""))
    scores = {}
    for (task, item), pairs in groups.items():
        scored = bert_scores([p for p, _ in pairs], [r for _, r in pairs])
        n = sum(v is not None for v in scored.values)
        note = f"{scored.encoder}, layer {scored.layer}"
        scores[task, item, "bertscore"] = Score(scored.mean, n, note)
    return scores


def score_runs(release: Release, split: str, jobs: int = 1) -> dict[str, RunScores]:
    """Score every run of a split, by model; ``jobs`` processes share the work.

    A worker reads its model's files again: that costs less than handing the answers over, and
    nothing is shared.
    """
    runs = [r for r in release.runs if r.split == split]
    if jobs < 2 or len(runs) < 2:
        tasks = load_tasks([task for r in runs for task in r.tasks])
        return {r.model: score_run(release.dataset, r, tasks) for r in runs}
    from concurrent.futures import ProcessPoolExecutor

    # The largest first, so that the last one to finish is a small one.
    order = sorted(runs, key=lambda r: -len(r.findings))
    with ProcessPoolExecutor(min(jobs, len(runs))) as pool:
        root = str(release.root)
        waiting = {r.model: pool.submit(_job, root, split, r.folder) for r in order}
        return {r.model: waiting[r.model].result() for r in runs}


def _job(root: str, split: str, folder: str) -> RunScores:
    from s3eval.dataset.sheets import Problems
    from s3eval_paper.release.runs import read_runs
    from s3eval_paper.release.truth import read_truth
    from s3eval_paper.tables import model_name

    problems = Problems()
    truth = read_truth(Path(root), problems)
    wanted = model_name(folder)
    (run,) = (
        r
        for r in read_runs(Path(root), truth, split, problems, lambda name: name == wanted)
        if r.folder == folder
    )
    # Formulas are functions made where they are used, which do not pass between processes.
    return replace(score_run(truth.dataset, run), tallies={})
