"""Which reports experts rate: the same for every rater, drawn by patient, names taken out.

Source: paper, Section D.2: 20 patients, one report of each of three models, rated by three
epileptologists from 1 to 5.
"""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from s3eval.errors import S3EvalError
from s3eval.plugins import installed

if TYPE_CHECKING:
    from s3eval.facts.videos import Dataset
    from s3eval.running.runs import Run

__all__ = ["PATIENTS", "RUBRIC", "RatedReport", "drawn_reports", "ordered", "without_names"]

#: How many patients the paper drew.
PATIENTS = 20
# The paper's criteria (Section D.2), 5 first; without "mentioned in the ground truth", which a
# rater sees with --reference only.
RUBRIC: Sequence[tuple[int, str, str]] = (
    (
        5,
        "Excellent",
        "Accurately captures all critical semiological features. Factually consistent, no "
        "hallucinations.",
    ),
    (
        4,
        "Good",
        "Captures the majority of the key semiological features, but may miss minor details or "
        "use less precise clinical terminology.",
    ),
    (
        3,
        "Moderate",
        "Identifies some correct semiological features, but misses significant ones or contains "
        "minor factual inaccuracies.",
    ),
    (
        2,
        "Poor",
        "Only describes general, non-specific events and fails to identify most of the crucial "
        "clinical signs.",
    ),
    (
        1,
        "Failure",
        "Completely irrelevant, factually incorrect, or hallucinates information.",
    ),
)


@dataclass(frozen=True)
class RatedReport:
    """A report to be rated.

    Attributes:
        model: of its run; ``run`` the run's name, which tells two runs of a model apart.
        video: what it is about; ``patient`` whose.
        text: as rated: names of models are taken out.
    """

    model: str
    run: str
    video: str
    patient: str
    text: str


def drawn_reports(
    runs: Sequence[Run], dataset: Dataset, patients: int = PATIENTS, seed: int = 0
) -> list[RatedReport]:
    """The reports of all runs about one video of each drawn patient.

    Drawn by the seed alone, so that all raters get the same; only videos about which every run
    has a report are taken, or the models would be judged by different videos.

    Raises:
        S3EvalError: no run has reports, or there is no video about which all have one.
    """
    texts = {run.name: _reports_of(run) for run in runs}
    without = [name for name, mine in texts.items() if not mine]
    if without:
        raise S3EvalError(f"There are no reports in {', '.join(without)}", fix="--tasks report")
    by_patient: dict[str, list[str]] = {}
    for known in dataset.videos:
        if all(known.name in mine for mine in texts.values()):
            by_patient.setdefault(known.patient, []).append(known.name)
    if not by_patient:
        raise S3EvalError("There is no video about which every run has a report")
    chance = random.Random(f"reports/{seed}")
    chosen = sorted(by_patient)
    chance.shuffle(chosen)
    names = _names_of(runs)
    reports = []
    for patient in chosen[:patients]:
        video = chance.choice(by_patient[patient])
        for run in runs:
            text = without_names(texts[run.name][video], names)
            reports.append(RatedReport(run.facts.model, run.name, video, patient, text))
    return reports


def _reports_of(run: Run) -> dict[str, str]:
    """The run's reports by video, of whichever task provides them."""
    tasks = [p.spec.name for p in installed().of("task") if "report" in p.spec.provides]
    return {
        f.video: f.value
        for name in tasks
        if name in run.findings
        for f in run.findings[name]
        if f.state == "answered" and isinstance(f.value, str) and f.value.strip()
    }


def ordered(reports: Sequence[RatedReport], rater: str, seed: int) -> list[RatedReport]:
    """The reports in a rater's own order: videos shuffled, and within each the models."""
    videos = list(dict.fromkeys(r.video for r in reports))
    chance = random.Random(f"{seed}/{rater}")
    chance.shuffle(videos)
    in_order: list[RatedReport] = []
    for video in videos:
        mine = [r for r in reports if r.video == video]
        chance.shuffle(mine)
        in_order += mine
    return in_order


def _names_of(runs: Sequence[Run]) -> list[str]:
    """What a report could call its model: names and checkpoints, whole and without size.

    Only names with a digit are taken: a baseline called "motion" is also a word of any report.
    """
    given: dict[str, None] = {}
    for run in runs:
        checkpoint = str(run.facts.identity.get("checkpoint", ""))
        for name in (run.facts.model, run.name, checkpoint, checkpoint.rpartition("/")[2]):
            if re.search(r"\d", name):
                given[name] = None
                family = re.match(r"[A-Za-z]{3,}", name.rpartition("/")[2])
                if family:
                    given[family.group()] = None
    return sorted(given, key=len, reverse=True)


def without_names(text: str, names: Sequence[str]) -> str:
    """The text with names of models replaced, in any case and with any signs between the parts.

    >>> without_names("I am Qwen2.5 VL and see a turn.", ["qwen2.5-vl", "qwen"])
    'I am [a model] and see a turn.'
    """
    for name in names:
        parts = re.findall(r"[A-Za-z]+|\d+", name)
        if parts:
            # Further numbers at the end are its version or size: "qwen" in "Qwen2.5".
            pattern = rf"(?<![^\W_]){'[^a-zA-Z0-9]*'.join(parts)}(?:[-_.]?\d+[a-z]?)*(?![a-z])"
            text = re.sub(pattern, "[a model]", text, flags=re.IGNORECASE)
    return text
