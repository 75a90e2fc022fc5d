"""Reading reports by a judge, and Seizure-RQI of predicted against reference reports."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from s3eval.api.judges import JudgeChoice, Notify, ShowProgress, close_judge
from s3eval.dataset.problems import Problem, listed
from s3eval.dataset.report_tables import Annotated, annotated_features, partners
from s3eval.dataset.report_tables import read_reports as read_texts
from s3eval.dataset.sheets import Problems
from s3eval.errors import S3EvalError
from s3eval.judge import Judge, ReadReport, ReportFacts, Unreadable
from s3eval.judging.stages import why_unserved
from s3eval.metrics.rqi import seizure_rqi
from s3eval.metrics.signs import penalised_recall, sign_counts
from s3eval.vocabulary import Protocol

__all__ = ["AVERAGED", "COLUMNS", "ReportScores", "ReportsRead", "read_reports", "score_reports"]

EMPTY = "The report is empty"
COMPONENTS = ("structure", "coverage", "localizing", "temporal")
SIGNS = ("signs_precision", "signs_recall", "signs_f1", "sided_f1", "signs_penalised")
COLUMNS = (
    *("file_name", "rqi", "base", *COMPONENTS),
    *("n_hallucinated", "hallucinated", "p_hall", "off_topic", "p_off", "words", "p_len"),
    *("hazard", "protocol", "hallucinations_against", "not_scored"),
    *SIGNS,
)
#: What is averaged over the reports that have a score.
AVERAGED = ("rqi", "base", *COMPONENTS, "p_hall", "p_off", "p_len")


@dataclass(frozen=True)
class ReportsRead:
    """What each report of a table says.

    Attributes:
        judge: who read.
        reports: a record for each report: its file_name, and its facts with the words they were
            read from, or why it is "unreadable".
        problems: of the table, by row.
        left_out: rows that could not be used.
    """

    judge: Mapping[str, Any]
    reports: tuple[Mapping[str, Any], ...]
    problems: tuple[Problem, ...]
    left_out: int

    @property
    def counts(self) -> dict[str, int]:
        """How many rows there are, and how many were read, unreadable and left out."""
        unreadable = sum("unreadable" in report for report in self.reports)
        return {
            "rows": len(self.reports) + self.left_out,
            "read": len(self.reports) - unreadable,
            "unreadable": unreadable,
            "left_out": self.left_out,
        }

    @property
    def is_complete(self) -> bool:
        """Whether every row was read."""
        return self.counts["read"] == self.counts["rows"]

    def problem_lines(self) -> Iterator[str]:
        """The problems as lines of text, the first of every kind."""
        return listed(self.problems, levels=False)

    def as_json(self) -> dict[str, Any]:
        """Everything, as ``s3eval judge read --json`` writes it."""
        return {
            "judge": dict(self.judge),
            "counts": self.counts,
            "problems": [str(p) for p in self.problems],
            "reports": [*self.reports],
        }


def read_reports(
    reports: str | os.PathLike[str],
    judging: JudgeChoice | None = None,
    notify: Notify = lambda line: None,
    progress: ShowProgress | None = None,
) -> ReportsRead:
    """Read each report of a table.

    Args:
        reports: a CSV file with the columns file_name and report.
        judging: who reads; without it the judge "lexicon", which stays on this machine.
        notify: handed what a judge that is paid will take, before it is asked, and what it took.
        progress: shows how far it is.

    Raises:
        S3EvalError: the table cannot be used, or nobody is to read ("none").

    >>> import pathlib, tempfile
    >>> table = pathlib.Path(tempfile.mkdtemp()) / "reports.csv"
    >>> _ = table.write_text("file_name,report\\na.mp4,Blank stare.\\nb.mp4,\\n")
    >>> done = read_reports(table)
    >>> done.reports[0]["features"], done.reports[1]["unreadable"]
    (('blank_stare',), 'The report is empty')
    """
    problems = Problems()
    texts = read_texts(Path(reports), problems)
    judge = _open(judging, notify, progress)
    try:
        # An empty report is unreadable, whichever judge would have read it.
        read = iter(judge.read_reports([text for text in texts.values() if text]))
        facts = [next(read) if text else Unreadable(EMPTY) for text in texts.values()]
        identity = dict(judge.identity())
    finally:
        close_judge(judge, notify)
    records = tuple(_record(name, each) for name, each in zip(texts, facts, strict=True))
    return ReportsRead(identity, records, tuple(problems.all), sum(problems.left_out.values()))


def _open(judging: JudgeChoice | None, notify: Notify, progress: ShowProgress | None) -> Judge:
    judge = (judging or JudgeChoice()).open(notify=notify, progress=progress)
    if judge is None:
        raise S3EvalError("Reading reports needs a judge", fix="--judge lexicon")
    if unserved := why_unserved(judge, ReadReport("")):
        close_judge(judge)
        raise S3EvalError("This judge reads no reports", why=unserved, fix="--judge lexicon")
    return judge


def _record(name: str, read: ReportFacts | Unreadable) -> dict[str, Any]:
    if not isinstance(read, ReportFacts):
        return {"file_name": name, "unreadable": read.reason, "raw": read.raw}
    return {"file_name": name, **asdict(read), "localizing": dict(read.localizing)}


@dataclass(frozen=True)
class ReportScores:
    """Seizure-RQI of predicted reports.

    Attributes:
        judge: who read.
        protocol: which definition of the index: "paper" or "release".
        rows: a record for each predicted report: the index (0 to 100, None without a score), its
            components and penalties, or under "not_scored" why there is no score.
        problems: of the tables, by row.
        left_out: rows of the tables that could not be used.
        unpaired: reference reports without a prediction.
    """

    judge: Mapping[str, Any]
    protocol: Protocol
    rows: tuple[Mapping[str, Any], ...]
    problems: tuple[Problem, ...]
    left_out: int
    unpaired: int

    @property
    def summary(self) -> dict[str, Any]:
        """Counts, and the mean of everything over the reports with a score."""
        scored = [row for row in self.rows if row["rqi"] is not None]
        means = {
            key: sum(row[key] for row in scored) / len(scored) if scored else None
            for key in AVERAGED
        }
        return {
            "predicted": len(self.rows),
            "scored": len(scored),
            "left_out": self.left_out,
            "references_without_prediction": self.unpaired,
            "mean": means,
        }

    @property
    def is_complete(self) -> bool:
        """Whether every row was used and has a score."""
        return not self.left_out and all(row["rqi"] is not None for row in self.rows)

    def problem_lines(self) -> Iterator[str]:
        """The problems as lines of text, the first of every kind."""
        return listed(self.problems, levels=False)

    def as_json(self) -> dict[str, Any]:
        """Everything, as ``s3eval judge rqi --json`` writes it."""
        return {
            "judge": dict(self.judge),
            "protocol": self.protocol,
            "summary": self.summary,
            "problems": [str(p) for p in self.problems],
            "rows": [*self.rows],
        }

    def to_csv(self) -> str:
        """A CSV table with every component and penalty, a row a predicted report."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows([_cell(row[column]) for column in COLUMNS] for row in self.rows)
        return text.getvalue()


def score_reports(
    predicted: str | os.PathLike[str],
    reference: str | os.PathLike[str],
    judging: JudgeChoice | None = None,
    protocol: Protocol = "paper",
    annotation: str | os.PathLike[str] | None = None,
    notify: Notify = lambda line: None,
    progress: ShowProgress | None = None,
) -> ReportScores:
    """Score predicted against reference reports, which pair by file_name.

    Args:
        predicted, reference: CSV files with the columns file_name and report; a ``.wav`` pairs
            with the ``.mp4`` of the same name.
        judging: who reads; without it the judge "lexicon", which stays on this machine.
        protocol: which definition of the index.
        annotation: features annotated for each video; under "release" hallucinations are counted
            against these, else against the reference.
        notify: handed a line where an argument has no effect, what a judge that is paid will take,
            before it is asked, and what it took.
        progress: shows how far it is.

    Raises:
        S3EvalError: a table cannot be used, or nobody is to read ("none").

    >>> import pathlib, tempfile
    >>> table = pathlib.Path(tempfile.mkdtemp()) / "reports.csv"
    >>> _ = table.write_text("file_name,report\\na.mp4,Blank stare.\\n")
    >>> score_reports(table, table).summary["scored"]
    1
    """
    problems = Problems()
    texts = read_texts(Path(predicted), problems)
    references = read_texts(Path(reference), problems)
    paired = partners(texts, references)
    marked = annotated_features(Path(annotation), problems) if annotation else None
    if marked and protocol == "paper":
        notify(
            "The paper counts hallucinations against the reference report; --annotation is not "
            "used. It is with --protocol release."
        )
        marked = None
    judge = _open(judging, notify, progress)
    try:
        pairs = {name: references[other] for name, other in paired.items()}
        facts = _facts_of(judge, (t for n in texts for t in (texts[n], pairs.get(n, ""))))
        identity = dict(judge.identity())
    finally:
        close_judge(judge, notify)
    rows = tuple(
        _row(name, facts.get(text), facts.get(pairs[name]), marked, protocol)
        if name in pairs
        else _not_scored(name, "no reference report", protocol)
        for name, text in texts.items()
    )
    unpaired = len({*references} - {*paired.values()})
    left_out = sum(problems.left_out.values())
    return ReportScores(identity, protocol, rows, tuple(problems.all), left_out, unpaired)


def _facts_of(judge: Judge, texts: Iterable[str]) -> dict[str, ReportFacts | Unreadable]:
    """What each text says; every distinct text is read once, empty ones not at all."""
    distinct = [*dict.fromkeys(text for text in texts if text)]
    return dict(zip(distinct, judge.read_reports(distinct), strict=True))


def _row(
    name: str,
    predicted: ReportFacts | Unreadable | None,
    truth: ReportFacts | Unreadable | None,
    marked: Annotated | None,
    protocol: Protocol,
) -> dict[str, Any]:
    for what, facts in (("predicted", predicted), ("reference", truth)):
        if not isinstance(facts, ReportFacts):
            why = facts.reason if facts else EMPTY
            return _not_scored(name, f"{what} report unreadable: {why}", protocol)
    assert isinstance(predicted, ReportFacts) and isinstance(truth, ReportFacts)
    against, features = _against(truth, name, marked)
    index = seizure_rqi(predicted, truth, protocol, features)
    return {
        "file_name": name,
        "rqi": index.score,
        "base": index.base,
        **{component: getattr(index, component) for component in COMPONENTS},
        "n_hallucinated": len(index.hallucinated),
        "hallucinated": list(index.hallucinated),
        "p_hall": index.p_hall,
        "off_topic": predicted.off_topic,
        "p_off": index.p_off,
        "words": predicted.words,
        "p_len": index.p_len,
        "hazard": index.hazard,
        "protocol": protocol,
        "hallucinations_against": against,
        "not_scored": "",
        **_signs(predicted, truth, len(index.hallucinated)),
    }


def _signs(predicted: ReportFacts, truth: ReportFacts, invented: int) -> dict[str, float | None]:
    """What the report gets right sign by sign; None where it is undefined."""
    plain = sign_counts(predicted, truth)
    sided = sign_counts(predicted, truth, with_side=True)
    recall = plain.recall
    penalised = None if recall is None else penalised_recall(recall, invented)
    return dict(zip(SIGNS, (plain.precision, recall, plain.f1, sided.f1, penalised), strict=True))


def _against(
    truth: ReportFacts, file_name: str, marked: Annotated | None
) -> tuple[str, tuple[str, ...]]:
    """What hallucinations are counted against, and its features (release protocol)."""
    if marked is None:
        return "reference report", truth.features
    features = marked.of(file_name)
    if features is None:
        return "nothing: no annotation", ()  # as the release does
    if marked.by == "event_sequence":
        return "annotation", features  # what the release's own figures were made of
    if not truth.features:
        return "annotation", ()
    # No feature marked yes: whatever is reported is not there; an empty tuple would not say that.
    return "annotation", features or ("none",)


def _not_scored(name: str, why: str, protocol: Protocol) -> dict[str, Any]:
    empty = dict.fromkeys(COLUMNS)
    return {**empty, "file_name": name, "protocol": protocol, "not_scored": why}


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.6g}"
    return " ".join(value) if isinstance(value, list) else str(value)
