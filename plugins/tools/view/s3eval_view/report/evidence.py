"""What a report is made of: runs, scores, findings and truth, gathered once.

No task is known by its name: what it offers (`TaskSpec.provides`) and the kind of its items say
what can be shown of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from s3eval.errors import S3EvalError
from s3eval.plugins import installed
from s3eval.published import publications
from s3eval.reporting.scores import in_order
from s3eval.running.guarded import TaskFaultError
from s3eval.tasks.items import asked_of, truths_of
from s3eval.vocabulary import FEATURES

if TYPE_CHECKING:
    from s3eval.api.runs import ScoredRuns
    from s3eval.facts.tally import Tally
    from s3eval.facts.videos import Dataset
    from s3eval.published import Printed
    from s3eval.running.scoring import Material
    from s3eval.specs import TaskSpec
    from s3eval.statistics.scored import Scored
    from s3eval.statistics.table import ScoreRow
    from s3eval.task import Finding, Item, Task

__all__ = [
    "Evidence",
    "Known",
    "RunEvidence",
    "gather",
    "measure",
    "unique_labels",
    "words",
]

_LABELS = {f.name: f.label for f in FEATURES}


@dataclass(frozen=True)
class Known:
    """A finding with its item and its annotated value (None where nothing is annotated)."""

    finding: Finding
    item: Item
    truth: Any

    @property
    def mark(self) -> str:
        """ "right" or "wrong" of a label that can be compared with the annotation, else ""."""
        if self.item.kind != "label" or self.truth is None or self.finding.state != "answered":
            return ""
        return "right" if str(self.finding.value) == str(self.truth) else "wrong"


@dataclass(frozen=True, eq=False)
class RunEvidence:
    """One run.

    Attributes:
        label: its name, made unique among the runs of the report.
        scored: its scores.
        dataset: the whole dataset it is about.
        published: by task, (item, metric) -> what a publication prints of its model.
        published_as: the model's name there, "" for none.
    """

    label: str
    scored: Scored
    dataset: Dataset
    published: Mapping[str, Mapping[tuple[str, str], Printed]] = field(default_factory=dict)
    published_as: str = ""

    @property
    def material(self) -> Material:
        """What was scored."""
        if self.scored.material is None:
            raise S3EvalError("These scores were not kept with what they were made of")
        return self.scored.material

    @property
    def tallies(self) -> Sequence[Tally]:
        """The metrics as sums over videos."""
        return self.scored.tallied.tallies if self.scored.tallied else ()

    @property
    def readings(self) -> Mapping[Any, Any]:
        """What the judge read for these scores, by request; {} where none did."""
        return (self.scored.tallied.judged or {}) if self.scored.tallied else {}

    def task(self, name: str) -> Task:
        """The task of that name."""
        return self.material.tasks.by_name[name]

    @cached_property
    def rows(self) -> Mapping[tuple[str, str, str], ScoreRow]:
        """Scores by (task, item, metric)."""
        return {(r.task, r.item, r.metric): r for r in self.scored.rows}

    def findings(self, task: str) -> Sequence[Finding]:
        """The findings of a task, () where the run has none."""
        return self.scored.run.findings.get(task, ())

    @cached_property
    def _known(self) -> dict[str, list[Known]]:
        return {}

    def known(self, task: str) -> list[Known]:
        """The asked findings of a task's listed items, each with its truth."""
        if task not in self._known:
            self._known[task] = list(self._made(task)) if self.findings(task) else []
        return self._known[task]

    def _made(self, name: str) -> Iterator[Known]:
        task, context = self.task(name), self.material.context(name)
        groups: dict[str, list[Finding]] = {}
        for finding in asked_of(self.findings(name), context):
            groups.setdefault(finding.item, []).append(finding)
        for item_name, findings in groups.items():
            item = task.item(item_name)
            if item is None:
                continue
            try:
                truths = truths_of(task, findings, context)
            except TaskFaultError:  # told beside the scores of this task, which has none
                return
            for finding in findings:
                yield Known(finding, item, truths.get(finding.video))


@dataclass(frozen=True, eq=False)
class Evidence:
    """All runs of a report; see `gather`."""

    runs: tuple[RunEvidence, ...]
    split: str = "test"

    @cached_property
    def specs(self) -> Mapping[str, TaskSpec]:
        """The tasks of these runs, by the paper's number, others after them."""
        names = dict.fromkeys(r.task for run in self.runs for r in run.scored.rows)
        specs = {n: installed().get("task", n).spec for n in names}
        return dict(sorted(specs.items(), key=lambda pair: (pair[1].number or 99, pair[0])))

    def providing(self, what: str) -> list[str]:
        """The tasks that offer something ("features", "report")."""
        return [name for name, spec in self.specs.items() if what in spec.provides]

    def headline(self, task: str) -> str:
        """The metric to show of a task when only one fits."""
        metrics = self.metrics(task)
        named = (run.scored.headlines.get(task, "") for run in self.runs)
        return next((m for m in named if m in metrics), metrics[0])

    def metrics(self, task: str) -> list[str]:
        """The metrics of a task, in its own order."""
        names = (r.metric for run in self.runs for r in run.scored.rows if r.task == task)
        return list(dict.fromkeys(names))

    def items(self, task: str, metric: str) -> list[str]:
        """The items that have this metric, features in the order of the vocabulary."""
        names = (
            r.item
            for run in self.runs
            for r in run.scored.rows
            if (r.task, r.metric) == (task, metric)
        )
        return in_order(names)

    def kinds(self, kind: str) -> list[tuple[str, str]]:
        """(task, item) of the items of one kind that these runs have findings of."""
        return list(
            dict.fromkeys(
                (task, known.item.name)
                for task in self.specs
                for run in self.runs
                for known in run.known(task)
                if known.item.kind == kind
            )
        )


def words(name: str) -> str:
    """An item's or a metric's name as words.

    >>> words("figure4"), words("onset_body_part")
    ('figure-4', 'onset body part')
    """
    return _LABELS.get(name, name.replace("_", " "))


#: Metrics whose names are abbreviations.
_MEASURES = {
    "f1": "F1",
    "mae": "mean absolute error",
    "median": "median error",
    "rqi": "Seizure-RQI",
    "lcs_ratio": "LCS ratio",
    "temporal_f1": "temporal F1",
    "bleu": "BLEU",
    "rouge": "ROUGE",
    "rouge1": "ROUGE-1",
    "rouge_l": "ROUGE-L",
    "bertscore": "BERTScore",
    "within_5s": "share within 5 s",
}


def measure(metric: str) -> str:
    """A metric's name as people write it.

    >>> measure("mae"), measure("edit_distance")
    ('mean absolute error', 'edit distance')
    """
    name = metric.replace("rqi_", "RQI ") if metric.startswith("rqi_") else metric
    return _MEASURES.get(metric, name.replace("_", " "))


def gather(scored: ScoredRuns) -> Evidence:
    """What a report of these runs is made of; published rows are found by the model's name."""
    split = "all" if _is_whole(scored) else "test"
    labels = unique_labels([one.run.path.parts for one in scored])
    runs = []
    for label, one, dataset in zip(labels, scored, scored.datasets, strict=True):
        published, name = _published(one, split)
        runs.append(RunEvidence(label, one, dataset, published, name))
    return Evidence(tuple(runs), split)


def _is_whole(scored: ScoredRuns) -> bool:
    """Whether more videos were asked about than the test set (fold 0) holds."""
    for one, dataset in zip(scored, scored.datasets, strict=True):
        folds = {v.name: v.fold for v in dataset.videos}
        asked = {f.video for findings in one.run.findings.values() for f in findings}
        if not any(fold not in (0, None) for v, fold in folds.items() if v in asked):
            return False
    return True


def _published(one: Scored, split: str) -> tuple[dict[str, Mapping[tuple[str, str], Printed]], str]:
    for publication in publications():
        name = publication.model(one.run.facts.model)
        if name is not None:
            specs = {n: installed().get("task", n).spec for n in one.run.findings}
            return {n: publication.of_model(name, s, split) for n, s in specs.items()}, name
    return {}, ""


def unique_labels(paths: Sequence[tuple[str, ...]]) -> list[str]:
    """The runs' folder names, with as many folders above as tell them apart.

    >>> unique_labels([("runs", "test", "m"), ("runs", "all", "m"), ("runs", "all", "n")])
    ['test/m', 'all/m', 'n']
    """
    labels = []
    for place, path in enumerate(paths):
        depth = 1
        others = [p for i, p in enumerate(paths) if i != place]
        while depth < len(path) and any(p[-depth:] == path[-depth:] for p in others):
            depth += 1
        labels.append("/".join(path[-depth:]))
    return labels
