"""The scores of Task 6 (paper, Section 3.2.6 and D.1; Tables 2, 18, 24)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from s3eval.facts.tally import Tally
from s3eval.judge import ReadReport, ReportFacts
from s3eval.tasks.items import asked_of

if TYPE_CHECKING:
    from s3eval.metrics.rqi import RQI
    from s3eval.task import Finding, ScoringContext

__all__ = ["read_requests", "tallies", "template_detail"]

ITEM = "report"

#: Metrics of what a report gets right sign by sign.
SIGNS = ("signs_precision", "signs_recall", "signs_f1", "sided_f1", "signs_penalised")
#: What the template of `task.TEMPLATE` says, read by hand: it needs no judge to be scored.
TEMPLATE_FACTS: Mapping[str, Any] = {
    "sections": ["onset", "propagation", "postictal"],
    "features": ["head_turning", "tonic", "arm_straightening", "clonic"],
    "localizing": {
        "head_turning": "right",
        "first_motor_laterality": "right",
        "asymmetric_posturing": "right arm extension",
        "figure_4": "none",
    },
    "off_topic": False,
    "hazard": False,
    "words": 29,
}


def tallies(task: str, findings: Sequence[Finding], context: ScoringContext) -> Iterator[Tally]:
    """bleu (corpus, 0-100), rouge1 and rouge_l (F1, 0-1), rqi (0-100 points), coverage.

    rqi comes with its four components (0-1), its base (points) and the mean number of
    hallucinated features. It needs a judge, or what one read earlier
    (``detail["extraction"]`` and ``detail["reference_extraction"]``); with neither it is
    undefined and says so. bertscore only with the scoring option ``bertscore``, an encoder.

    From the same readings, last, what the reports get right sign by sign
    (`s3eval.metrics.signs`): signs_precision, signs_recall, signs_f1 and sided_f1 over all
    signs together, and signs_penalised, the mean of each report's.
    """
    from s3eval.metrics.text import left_out

    asked = _with_reference(findings, context)
    written = [f for f in asked if isinstance(f.value, str) and not left_out(f.value)]
    if context.wants("bleu", "rouge1", "rouge_l", "bertscore", "coverage"):
        yield from _texts(task, asked, written, findings, context)
    yield from _quality(task, asked, written, findings, context)


def _with_reference(findings: Sequence[Finding], context: ScoringContext) -> list[Finding]:
    """The asked findings whose video has a report to compare with."""
    from s3eval.metrics.text import left_out

    return [
        f
        for f in asked_of(findings, context)
        if not left_out(context.dataset.annotation(f.video).report)
    ]


def read_requests(findings: Sequence[Finding], context: ScoringContext) -> Iterator[ReadReport]:
    """Every written report and the one that it is compared with."""
    from s3eval.metrics.text import left_out

    for f in _with_reference(findings, context):
        if isinstance(f.value, str) and not left_out(f.value):
            yield ReadReport(f.value)
            yield ReadReport(_reference(f, context))


def _texts(
    task: str,
    asked: Sequence[Finding],
    written: Sequence[Finding],
    findings: Sequence[Finding],
    context: ScoringContext,
) -> Iterator[Tally]:
    from s3eval.metrics import tallies as build
    from s3eval.metrics import text
    from s3eval.tasks.counts import counts_of

    videos = [f.video for f in written]
    pairs = [
        (text.normalise(f.value, True), text.normalise(_reference(f, context), True))
        for f in written
    ]
    notes = []
    if len(written) < len(asked):
        notes.append(f"{len(asked) - len(written)} of {len(asked)} without a report left out")
    unmerged = sum(f.detail.get("merged_by") == "extractive" for f in written)
    if unmerged:
        notes.append(f"{unmerged} put together from windows without a judge")
    facts: dict[str, Any] = {"counts": counts_of(findings), "note": "; ".join(notes)}
    statistics = [text.bleu_statistics(*pair) for pair in pairs]
    yield build.corpus_bleu(task, ITEM, videos, statistics, **facts)
    rouges = [text.rouge(*pair) for pair in pairs]
    yield build.mean(task, ITEM, "rouge1", videos, [r.rouge1 for r in rouges], **facts)
    yield build.mean(task, ITEM, "rouge_l", videos, [r.rouge_l for r in rouges], **facts)
    if encoder := context.options.get("bertscore"):
        triples = [(v, *pair) for v, pair in zip(videos, pairs, strict=True)]
        yield from build.bertscore(task, {ITEM: triples}, encoder, counts=facts["counts"])
    usable = {*videos}
    yield build.coverage(
        task, ITEM, [f.video for f in asked], [f.video in usable for f in asked], **facts
    )


def _reference(finding: Finding, context: ScoringContext) -> str:
    return context.dataset.annotation(finding.video).report or ""


def _quality(
    task: str,
    asked: Sequence[Finding],
    written: Sequence[Finding],
    findings: Sequence[Finding],
    context: ScoringContext,
) -> Iterator[Tally]:
    from s3eval.metrics import tallies as build
    from s3eval.tasks.counts import counts_of

    scored, how = _rqi(written, context)
    videos = [one.video for one in scored]
    left = len(asked) - len(scored)
    note = "; ".join(filter(None, [how, f"{left} of {len(asked)} not scored" if left else ""]))
    facts: dict[str, Any] = {"counts": counts_of(findings), "note": note}
    parts = {
        "rqi": ([one.index.score for one in scored], "points", True),
        "rqi_base": ([one.index.base for one in scored], "points", True),
        "rqi_structure": ([one.index.structure for one in scored], "", True),
        "rqi_coverage": ([one.index.coverage for one in scored], "", True),
        "rqi_localizing": ([one.index.localizing for one in scored], "", True),
        "rqi_temporal": ([one.index.temporal for one in scored], "", True),
        "hallucinated": ([float(len(one.index.hallucinated)) for one in scored], "features", False),
    }
    for name, (values, unit, better) in parts.items():
        if context.wants(name):
            yield build.mean(
                task, ITEM, name, videos, values, unit=unit, higher_is_better=better, **facts
            )
    if context.wants(*SIGNS):
        yield from _signs(task, scored, **facts)


def _signs(task: str, scored: Sequence[_Scored], **facts: Any) -> Iterator[Tally]:
    """What the reports get right sign by sign, over all their signs (micro).

    Over all signs, because the precision of a report that tells no sign is undefined: a mean of
    reports would leave out just those. The penalised recall is not linear in counts and is the
    mean over the reports whose reference tells a sign.
    """
    from s3eval.metrics import tallies as build
    from s3eval.metrics.signs import penalised_recall, sign_counts

    videos = [one.video for one in scored]
    plain = [sign_counts(one.report, one.reference) for one in scored]
    sided = [sign_counts(one.report, one.reference, with_side=True) for one in scored]
    matched = [c.matched for c in plain]
    named = [c.matched + c.invented for c in plain]
    wanted = [c.matched + c.missed for c in plain]
    both = [a + b for a, b in zip(named, wanted, strict=True)]
    shares = {
        "signs_precision": (matched, named),
        "signs_recall": (matched, wanted),
        "signs_f1": ([2 * m for m in matched], both),
        "sided_f1": ([2 * c.matched for c in sided], both),
    }
    for name, (above, below) in shares.items():
        yield build.pooled(task, ITEM, name, videos, above, below, **facts)
    penalised = [
        (one.video, penalised_recall(counts.recall, len(one.index.hallucinated)))
        for one, counts in zip(scored, plain, strict=True)
        if counts.recall is not None
    ]
    yield build.mean(
        task, ITEM, "signs_penalised", [v for v, _ in penalised], [x for _, x in penalised], **facts
    )


@dataclass(frozen=True)
class _Scored:
    """A video's two readings and the index made of them."""

    video: str
    report: ReportFacts
    reference: ReportFacts
    index: RQI


def _rqi(written: Sequence[Finding], context: ScoringContext) -> tuple[list[_Scored], str]:
    """Each report's index, and where the readings come from."""
    from s3eval.metrics.rqi import seizure_rqi

    readings, how = _readings(written, context)
    scored = []
    for finding, (report, reference) in zip(written, readings, strict=True):
        if report is None or reference is None:
            continue
        annotated = context.dataset.annotation(finding.video).sequence
        index = seizure_rqi(report, reference, context.protocol, annotated)
        scored.append(_Scored(finding.video, report, reference, index))
    return scored, how


_Pair = tuple[ReportFacts | None, ReportFacts | None]


def _readings(written: Sequence[Finding], context: ScoringContext) -> tuple[list[_Pair], str]:
    if context.has_judge:
        pairs = [(_read(f.value, context), _read(_reference(f, context), context)) for f in written]
        return pairs, "read by the judge"
    recorded = [
        (
            ReportFacts.from_recorded(f.detail.get("extraction")),
            ReportFacts.from_recorded(f.detail.get("reference_extraction")),
        )
        for f in written
    ]
    known = any(a and b for a, b in recorded)
    return recorded, "as recorded" if known else "needs a judge (--judge NAME)"


def _read(text: str, context: ScoringContext) -> ReportFacts | None:
    facts = context.judgement(ReadReport(text))
    return facts if isinstance(facts, ReportFacts) else None


def template_detail(finding: Finding) -> dict[str, Any]:
    """What the template's finding carries: its reading, and the reference's of the model's."""
    detail = {"extraction": dict(TEMPLATE_FACTS)}
    if "reference_extraction" in finding.detail:
        detail["reference_extraction"] = finding.detail["reference_extraction"]
    return detail
