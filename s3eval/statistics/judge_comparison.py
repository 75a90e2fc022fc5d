"""Judges held against each other on the same runs (paper, Appendix I, Table 25).

Scores come from the tasks themselves, so a judge is compared by exactly what it would score;
agreement is counted text by text over what both judges could read.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from s3eval.judge import ReadReport, ReportFacts, Unreadable
from s3eval.running.loading import Findings
from s3eval.running.scoring import Combined, Material, Tallied, tally_all
from s3eval.vocabulary import FEATURE_NAMES, LOCALIZING, SECTIONS

if TYPE_CHECKING:
    from s3eval.facts.tally import Tally
    from s3eval.judge import Judge
    from s3eval.running.guard import Fault
    from s3eval.running.runs import Run
    from s3eval.task import Finding

__all__ = [
    "RECORDED",
    "FurtherScore",
    "JudgedRun",
    "PairAgreement",
    "agreement_of",
    "judged_runs",
    "pairs_of",
]

#: Stands for the readings a recorded run brought with it.
RECORDED = "recorded"
# The scores that judges are compared by; tasks need not compute others (BLEU, ROUGE).
_COMPARED = frozenset({"interpretation", "rqi"})


@dataclass(frozen=True)
class FurtherScore:
    """What one judge makes of a task that is neither justification nor report.

    Attributes:
        task, item, metric: the metric is the task's headline.
        value: None where nothing has a score under this judge.
        scored, asked: how many findings have a score, and how many were asked for.
    """

    task: str
    item: str
    metric: str
    value: float | None
    scored: int
    asked: int


@dataclass(frozen=True)
class JudgedRun:
    """What one judge makes of one run.

    Attributes:
        run, judge: names.
        interpretation: Task-2 score in [0, 1], mean over features; None where not scored.
        rqi: Task-6 Seizure-RQI in points; None where not scored.
        scored, asked: by task, how many findings have a score, and how many were asked for.
        rqi_of: RQI by video. interpretation_of: score by (feature, video).
        facts: what the judge read, by text; None for a text it could not read.
        further: headlines of other tasks that a judge reads for.
        unread_further: how many texts of those tasks the judge was asked to read and did not.
        faults: what tasks' own code could not do; their scores are missing.
    """

    run: str
    judge: str
    interpretation: float | None
    rqi: float | None
    scored: Mapping[str, int] = field(default_factory=dict)
    asked: Mapping[str, int] = field(default_factory=dict)
    rqi_of: Mapping[str, float] = field(default_factory=dict)
    interpretation_of: Mapping[tuple[str, str], float] = field(default_factory=dict)
    facts: Mapping[str, ReportFacts | None] = field(default_factory=dict)
    further: tuple[FurtherScore, ...] = ()
    unread_further: int = 0
    faults: tuple[Fault, ...] = ()


@dataclass(frozen=True)
class PairAgreement:
    """How two judges agree. Each value is None where it is undefined.

    Attributes:
        judges: the two names.
        reports: texts both read; ``unread`` those at least one could not.
        feature_kappa: Cohen's kappa of feature presence, pooled over texts and features.
        section_kappa: the same for the three sections.
        localizing: share of the four localizing values that are equal.
        features: kappa by feature.
        rqi_spearman: over reports, all runs together. rqi_reports: how many.
        interpretation_spearman: over features and runs' mean scores. items: how many.
        rqi_ranking, interpretation_ranking: Kendall's tau-b of the runs' order (1: the same).
    """

    judges: tuple[str, str]
    reports: int
    unread: int
    feature_kappa: float | None
    section_kappa: float | None
    localizing: float | None
    features: Mapping[str, float | None]
    rqi_spearman: float | None
    rqi_reports: int
    interpretation_spearman: float | None
    items: int
    rqi_ranking: float | None
    interpretation_ranking: float | None


def judged_runs(
    runs: Sequence[tuple[Run, Material]], name: str, judge: Judge | None
) -> list[JudgedRun]:
    """Score runs' judged findings with a judge, all at once (None: as recorded)."""
    combined = [
        Combined({t: f for t, f in run.findings.items() if t in m.tasks.judged}) for run, m in runs
    ]
    materials = [
        replace(m, judge_reads=judge is not None, metrics=_COMPARED | {*_further(m).values()})
        for _, m in runs
    ]
    reports = [_reports(c.findings, m) for c, m in zip(combined, materials, strict=True)]
    every = [ReadReport(f.value) for some in reports for f in some]
    tallied = tally_all(materials, combined, judge, baselines=False, further=every)
    return [
        _judged_run(run, name, material, done, some)
        for (run, _), material, done, some in zip(runs, materials, tallied, reports, strict=True)
    ]


def _further(material: Material) -> dict[str, str]:
    """By name the headline of every task that a judge reads for, beside Tasks 2 and 6."""
    tasks = material.tasks
    known = {*tasks.providing("justification"), *tasks.providing("report")}
    return {n: task.headline for n, task in tasks.by_name.items() if n in tasks.judged - known}


def _further_scores(material: Material, tallied: Tallied) -> tuple[FurtherScore, ...]:
    headlines = _further(material)
    return tuple(
        FurtherScore(t.task, t.item, t.metric, t.value, t.counts.scored, t.counts.asked)
        for t in tallied.tallies
        if headlines.get(t.task) == t.metric
    )


def _unread_further(material: Material, tallied: Tallied) -> int:
    """How many requests of further tasks a judge was not made for, or could not read."""
    if tallied.judged is None:
        return 0
    wanted = {r for name in _further(material) for r in tallied.requested.get(name, ())}
    return sum(isinstance(tallied.judged.get(request), Unreadable) for request in wanted)


def _reports(findings: Findings, material: Material) -> list[Finding]:
    return [
        f
        for name in material.tasks.providing("report")
        for f in findings.get(name, ())
        if f.state == "answered" and isinstance(f.value, str) and f.value
    ]


def _judged_run(
    run: Run,
    name: str,
    material: Material,
    tallied: Tallied,
    reports: Sequence[Finding],
) -> JudgedRun:
    justifying = material.tasks.providing("justification")
    reporting = material.tasks.providing("report")
    tallies = tallied.tallies
    single = [t for t in tallies if t.metric == "interpretation" and t.item in FEATURE_NAMES]
    rqi = next((t for t in tallies if t.task in reporting and t.metric == "rqi"), None)
    mean = next((t for t in tallies if t.metric == "interpretation" and t.item == "mean"), None)
    asked = {
        what: sum(len(tallied.findings.get(task, ())) for task in names)
        for what, names in (("justification", justifying), ("report", reporting))
    }
    return JudgedRun(
        run.name,
        name,
        mean.value if mean is not None else None,
        rqi.value if rqi is not None else None,
        scored={
            "justification": sum(len(t.videos) for t in single),
            "report": len(rqi.videos) if rqi is not None else 0,
        },
        asked=asked,
        rqi_of=_by_video(rqi) if rqi is not None else {},
        interpretation_of={
            (t.item, video): value for t in single for video, value in _by_video(t).items()
        },
        facts={f"{f.video} {f.value}": _facts(f, tallied.judged) for f in reports},
        further=_further_scores(material, tallied),
        unread_further=_unread_further(material, tallied),
        faults=tuple(tallied.faults),
    )


def _by_video(tally: Tally) -> dict[str, float]:
    """A mean's values by video (its rows are value and one)."""
    values = tally.rows[:, 0].tolist()
    return dict(zip(tally.videos, values, strict=True))


def _facts(finding: Finding, judged: Mapping[Any, Any] | None) -> ReportFacts | None:
    """What a judge read of a report, or what was recorded where none reads."""
    if judged is None:
        return _recorded(finding.detail.get("extraction"))
    facts = judged.get(ReadReport(finding.value))
    return facts if isinstance(facts, ReportFacts) else None


def _recorded(fields: Mapping[str, Any] | None) -> ReportFacts | None:
    if not fields:
        return None
    return ReportFacts(
        tuple(fields.get("sections", ())),
        tuple(fields.get("features", ())),
        dict(fields.get("localizing", {})),
    )


def pairs_of(judged: Iterable[JudgedRun]) -> list[PairAgreement]:
    """Agreement of every two judges over all runs, in the order the judges were named."""
    by_judge: dict[str, list[JudgedRun]] = {}
    for one in judged:
        by_judge.setdefault(one.judge, []).append(one)
    return [agreement_of(by_judge[a], by_judge[b]) for a, b in itertools.combinations(by_judge, 2)]


def agreement_of(one: Sequence[JudgedRun], other: Sequence[JudgedRun]) -> PairAgreement:
    """How two judges agree over the same runs, in the same order.

    >>> none = dict.fromkeys(LOCALIZING, "none")
    >>> a = JudgedRun("r", "a", 0.5, 40.0, facts={"t": ReportFacts((), ("tonic",), none)})
    >>> b = JudgedRun("r", "b", 0.5, 41.0, facts={"t": ReportFacts((), ("tonic",), none)})
    >>> agreement_of([a], [b]).feature_kappa
    1.0
    """
    from s3eval.metrics.agreement import spearman

    both, unread = _read_by_both(one, other)
    rqi = _shared([r.rqi_of for r in one], [r.rqi_of for r in other])
    items = _shared([r.interpretation_of for r in one], [r.interpretation_of for r in other])
    means = _feature_means(items)
    return PairAgreement(
        judges=(one[0].judge, other[0].judge),
        reports=len(both),
        unread=unread,
        feature_kappa=_kappa(both, FEATURE_NAMES, "features"),
        section_kappa=_kappa(both, SECTIONS, "sections"),
        localizing=_localizing(both),
        features={f: _kappa(both, (f,), "features") for f in FEATURE_NAMES},
        rqi_spearman=spearman([a for _, a, _ in rqi], [b for _, _, b in rqi]),
        rqi_reports=len(rqi),
        interpretation_spearman=spearman([a for a, _ in means], [b for _, b in means]),
        items=len(means),
        rqi_ranking=_ranking([r.rqi for r in one], [r.rqi for r in other]),
        interpretation_ranking=_ranking(
            [r.interpretation for r in one], [r.interpretation for r in other]
        ),
    )


_Pair = tuple[ReportFacts, ReportFacts]


def _read_by_both(one: Sequence[JudgedRun], other: Sequence[JudgedRun]) -> tuple[list[_Pair], int]:
    both, unread = [], 0
    for a, b in zip(one, other, strict=True):
        for text in a.facts:
            first, second = a.facts[text], b.facts.get(text)
            if first is None or second is None:
                unread += 1
            else:
                both.append((first, second))
    return both, unread


def _kappa(both: Sequence[_Pair], names: Sequence[str], attribute: str) -> float | None:
    from s3eval.metrics.agreement import cohens_kappa

    present = [[getattr(pair[side], attribute) for pair in both] for side in (0, 1)]
    first, second = [
        ["yes" if name in names_of else "no" for names_of in of_judge for name in names]
        for of_judge in present
    ]
    return cohens_kappa(first, second)


def _localizing(both: Sequence[_Pair]) -> float | None:
    equal = [a.localizing.get(k) == b.localizing.get(k) for a, b in both for k in LOCALIZING]
    return sum(equal) / len(equal) if equal else None


def _shared(
    one: Sequence[Mapping[Any, float]], other: Sequence[Mapping[Any, float]]
) -> list[tuple[tuple[int, Any], float, float]]:
    """Values both have: ((run, key), the first's, the second's)."""
    return [
        ((i, key), a[key], b[key])
        for i, (a, b) in enumerate(zip(one, other, strict=True))
        for key in a
        if key in b
    ]


def _feature_means(
    items: Sequence[tuple[tuple[int, Any], float, float]],
) -> list[tuple[float, float]]:
    """Mean scores by run and feature: single scores take three or four values only."""
    groups: dict[tuple[int, str], list[tuple[float, float]]] = {}
    for (run, (feature, _)), first, second in items:
        groups.setdefault((run, feature), []).append((first, second))
    return [(sum(a for a, _ in g) / len(g), sum(b for _, b in g) / len(g)) for g in groups.values()]


def _ranking(one: Sequence[float | None], other: Sequence[float | None]) -> float | None:
    from s3eval.metrics.agreement import kendall

    known = [(a, b) for a, b in zip(one, other, strict=True) if a is not None and b is not None]
    return kendall([a for a, _ in known], [b for _, b in known])
