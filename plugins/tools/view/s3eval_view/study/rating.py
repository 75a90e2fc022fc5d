"""A rater's session: reports rated from 1 to 5 (paper, Section D.2), blind to who wrote them.

The folder holds ``rating.json`` (who rates what, drawn how) and ``ratings.jsonl``, a line for each
rating given; what came last about a report counts.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from s3eval.errors import S3EvalError
from s3eval.facts.clips import Clip, Sampling
from s3eval.running.runs import write_json
from s3eval_view.study.journal import Journal, check_pseudonym, seconds_of
from s3eval_view.study.reports import RUBRIC, RatedReport, ordered

if TYPE_CHECKING:
    from s3eval.facts.videos import Dataset

__all__ = ["Given", "RatingSession", "ratings_in"]

FORMAT = 1
LONGEST = 5_000
#: Frames of the whole video, where it is not played: as a model gets them for a diagnosis.
SAMPLING = Sampling(None, 60)
_VALUES = frozenset(value for value, _, _ in RUBRIC)


@dataclass(frozen=True)
class Given:
    """A rating that is on the disk; ``seconds`` over all times the report was rated."""

    rating: int
    comment: str = ""
    seconds: float = 0.0


class RatingSession:
    """A rater in front of reports.

    Args:
        rater: a pseudonym.
        reports: what is rated, as drawn for all raters.
        dataset: of the videos; ``out`` the folder of raters.
        reference: whether the annotated report is shown beside.
        drawn: how the reports were drawn, JSON-able: another draw in the folder is refused.

    Raises:
        S3EvalError: no pseudonym, or another rating in the folder.
    """

    def __init__(
        self,
        rater: str,
        reports: Sequence[RatedReport],
        dataset: Dataset,
        out: Path,
        reference: bool,
        drawn: Mapping[str, Any],
    ) -> None:
        check_pseudonym(rater, "rater")
        self.rater, self.dataset, self.reference = rater, dataset, reference
        self.reports = ordered(reports, rater, int(drawn.get("seed", 0)))
        self.folder = out / rater
        facts = {
            "format": FORMAT,
            "rater": rater,
            "reference": reference,
            "drawn": dict(drawn),
            "reports": sorted([r.run, r.model, r.video, r.patient] for r in reports),
        }
        _refuse_another(self.folder, facts)
        self.folder.mkdir(parents=True, exist_ok=True)
        write_json(self.folder / "rating.json", facts)
        self._journal = Journal(self.folder / "ratings.jsonl")

    def given(self) -> dict[tuple[str, str], Given]:
        """The ratings so far, by run and video."""
        return _given(self._journal)

    def progress(self) -> tuple[int, int | None]:
        """How many reports are rated, and the first that is not."""
        given = self.given()
        places = range(len(self.reports))
        missing = [i for i in places if _place(self.reports[i]) not in given]
        return len(self.reports) - len(missing), missing[0] if missing else None

    def clip(self, place: int) -> Clip:
        """The whole video that a report is about.

        Raises:
            IndexError: there is no such report.
        """
        if place < 0:
            raise IndexError(place)
        video = self.dataset.video(self.reports[place].video)
        duration = video.duration
        if not duration:
            from s3eval.footage.decoding import probe

            duration = probe(self.dataset.path(video), name=video.name).duration
        return Clip(video.name, 0.0, float(duration), SAMPLING)

    def save(self, place: int, rating: object, comment: str, seconds: object) -> None:
        """Keep a rating; it is on the disk when this returns.

        Raises:
            S3EvalError: no such report, no rating of the rubric, or too long a comment.
        """
        if not 0 <= place < len(self.reports):
            raise S3EvalError("There is no such report")
        if isinstance(rating, bool) or rating not in _VALUES:
            raise S3EvalError("Expected a rating from 1 to 5")
        if len(comment) > LONGEST:
            raise S3EvalError(f"Expected a comment of at most {LONGEST:,} characters")
        report = self.reports[place]
        self._journal.add(
            run=report.run, model=report.model, video=report.video, patient=report.patient,
            rating=rating, comment=comment, seconds=seconds_of(seconds),
        )  # fmt: skip


def _place(report: RatedReport) -> tuple[str, str]:
    return report.run, report.video


def _given(journal: Journal) -> dict[tuple[str, str], Given]:
    given: dict[tuple[str, str], Given] = {}
    for line in journal:
        key, rating = (str(line.get("run")), str(line.get("video"))), line.get("rating")
        if isinstance(rating, int) and rating in _VALUES:
            took = (given[key].seconds if key in given else 0.0) + (line.get("seconds") or 0.0)
            given[key] = Given(rating, str(line.get("comment", "")), round(took, 3))
    return given


def _refuse_another(folder: Path, facts: Mapping[str, Any]) -> None:
    path = folder / "rating.json"
    if path.is_file() and _read(path) != json.loads(json.dumps(facts)):
        raise S3EvalError(
            "The folder holds ratings of other reports by this rater",
            where=folder.name,
            fix="another --out, or the options of the rating that is to go on",
        )


def _read(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise S3EvalError("These ratings cannot be read", where=path, why=str(error)) from error


def ratings_in(folder: Path) -> tuple[dict[str, Any], dict[tuple[str, str], Given]]:
    """What a rater's folder holds: its facts, and the ratings by run and video.

    Raises:
        S3EvalError: there are no ratings.
    """
    path = folder / "rating.json"
    if not path.is_file():
        raise S3EvalError(
            "No ratings in this folder",
            where=folder,
            fix="s3eval view RUNS --rate NAME --out FOLDER",
        )
    facts = _read(path)
    if not isinstance(facts, dict) or facts.get("format") != FORMAT:
        raise S3EvalError("These ratings cannot be read", where=path, why="another format")
    return facts, _given(Journal(folder / "ratings.jsonl"))
