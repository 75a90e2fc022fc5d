"""The scores of Task 2 (paper, Section 3.2.2 and Appendix C; Tables 14 and 20)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from s3eval.judge import AnswerQuestions, FeatureAnswers
from s3eval.tasks.items import asked_of, by_item
from s3eval.vocabulary import FEATURE_NAMES

if TYPE_CHECKING:
    from s3eval.facts.tally import Tally
    from s3eval.task import Finding, ScoringContext

__all__ = ["read_requests", "tallies"]


def tallies(task: str, findings: Sequence[Finding], context: ScoringContext) -> Iterator[Tally]:
    """bleu, rouge, interpretation and coverage per feature, then their means over features.

    bleu is corpus BLEU (0-100); rouge is ROUGE-1 F1 under ``release`` and ROUGE-L F1 under
    ``paper`` (0-1), the mean over videos; both leave out pairs without a text on either side.
    interpretation (0-1) needs a judge, or scores a judge gave earlier
    (``detail["interpretation"]``); with neither it is undefined and says so. bertscore only with
    the scoring option ``bertscore``, an encoder.
    """
    from s3eval.metrics import tallies as build

    items = by_item(findings, FEATURE_NAMES)
    made: list[Tally] = []
    for item, of_item in items.items():
        if context.wants("bleu", "rouge", "coverage"):
            made += _texts(task, item, of_item, context)
        made.append(_interpretation(task, item, of_item, context))
    if encoder := context.options.get("bertscore"):
        made += build.bertscore(task, {i: _pairs(i, f, context) for i, f in items.items()}, encoder)
    yield from made
    for metric in ("bleu", "rouge", "bertscore", "interpretation", "coverage"):
        parts = [t for t in made if t.metric == metric]
        average = build.mean_over_items(parts)
        if average:
            # "ROUGE-1", "as recorded": what holds for every item; counts differ by item.
            common = {t.note.split("; ")[0] for t in parts if t.videos}
            more = common.pop() if len(common) == 1 and metric != "bleu" else ""
            yield replace(average, note="; ".join(filter(None, [average.note, more])))


def _annotated(item: str, findings: Sequence[Finding], context: ScoringContext) -> list[Finding]:
    """The asked findings whose video has a justification to compare with."""
    from s3eval.metrics.text import left_out

    asked = asked_of(findings, context)
    return [f for f in asked if not left_out(_reference(context, f.video, item))]


def _pairs(
    item: str, findings: Sequence[Finding], context: ScoringContext
) -> list[tuple[str, str, str]]:
    """(video, text, annotated text), as compared, where both are texts."""
    from s3eval.metrics.text import left_out, normalise

    return [
        (f.video, normalise(f.value), normalise(_reference(context, f.video, item)))
        for f in _annotated(item, findings, context)
        if isinstance(f.value, str) and not left_out(f.value)
    ]


def _texts(
    task: str, item: str, findings: Sequence[Finding], context: ScoringContext
) -> Iterator[Tally]:
    from s3eval.metrics import tallies as build
    from s3eval.metrics import text
    from s3eval.tasks.counts import counts_of

    annotated, pairs = _annotated(item, findings, context), _pairs(item, findings, context)
    videos = [video for video, _, _ in pairs]
    facts: dict[str, Any] = {"counts": counts_of(findings)}
    left = len(annotated) - len(pairs)
    note = f"{left} of {len(annotated)} without a text left out" if left else ""
    statistics = [text.bleu_statistics(given, true) for _, given, true in pairs]
    yield build.corpus_bleu(task, item, videos, statistics, note=note, **facts)
    rouges = [text.rouge(given, true) for _, given, true in pairs]
    release = context.protocol == "release"
    values = [r.rouge1 if release else r.rouge_l for r in rouges]
    kind = "ROUGE-1" if release else "ROUGE-L"
    yield build.mean(
        task, item, "rouge", videos, values, note="; ".join(filter(None, [kind, note])), **facts
    )
    usable = {*videos}
    asked = [f.video for f in annotated]
    yield build.coverage(task, item, asked, [v in usable for v in asked], **facts)


def _reference(context: ScoringContext, video: str, item: str) -> str:
    feature = context.dataset.annotation(video).features.get(item)
    return feature.justification if feature else ""


def _presences(context: ScoringContext) -> dict[tuple[str, str], str]:
    """What the run's task of features found, for texts that do not carry their yes or no."""
    return {
        (f.video, f.item): str(f.value)
        for f in context.provided.get("features", ())
        if f.state == "answered"
    }


def _interpretation(
    task: str, item: str, findings: Sequence[Finding], context: ScoringContext
) -> Tally:
    from s3eval.metrics import tallies as build
    from s3eval.tasks.counts import counts_of

    asked = asked_of(findings, context)
    if context.has_judge:
        scores = _read_scores(item, asked, context)
        left = len(asked) - len(scores)
        note = f"{left} of {len(asked)} without a text or not read by the judge" if left else ""
    else:
        scores = {
            f.video: float(f.detail["interpretation"])
            for f in asked
            if f.detail.get("interpretation") is not None
        }
        note = "as recorded" if scores else "needs a judge (--judge NAME)"
    videos, values = list(scores), list(scores.values())
    return build.mean(
        task, item, "interpretation", videos, values, counts=counts_of(findings), note=note
    )


def _read_scores(item: str, asked: Sequence[Finding], context: ScoringContext) -> dict[str, float]:
    """The interpretation score by video, of the texts that the judge could read."""
    from s3eval.metrics.interpretation import interpretation_score
    from s3eval.metrics.text import left_out
    from s3eval.tasks.questions import scored_keys

    presences = _presences(context)
    keys = scored_keys(item, context.protocol) if item in FEATURE_NAMES else ()
    scores: dict[str, float] = {}
    for finding in asked:
        truth = context.dataset.annotation(finding.video).presence(item)
        stated = finding.detail.get("presence") or presences.get((finding.video, item))
        if truth is None or stated is None or left_out(finding.value):
            continue  # No text is no justification: it is left out, not 0.
        reference = _reference(context, finding.video, item)
        given = _answers(item, finding.value, keys, context)
        expected = _answers(item, reference, keys, context)
        value = interpretation_score(stated, truth, given, expected, keys)
        if value is not None:
            scores[finding.video] = float(value)
    return scores


def _answers(
    item: str, text: str, keys: Sequence[str], context: ScoringContext
) -> FeatureAnswers | None:
    """What the judge answered; the questions that a leading "no" made needless say so.

    The judge is asked the leading question under either protocol. Where the paper's list does
    not hold it, its "no" still answers the list: there is no manifestation to describe.
    """
    from s3eval.metrics.interpretation import NOT_ASKED

    reply = context.judgement(AnswerQuestions(item, text))
    if not isinstance(reply, FeatureAnswers):
        return None
    if next(iter(reply.answers.values()), "") != "no":
        return reply
    return replace(reply, answers={**dict.fromkeys(keys, NOT_ASKED), **reply.answers})


def read_requests(
    findings: Sequence[Finding], context: ScoringContext
) -> Iterator[AnswerQuestions]:
    """Every text that decides a score.

    Only where the yes/no answers agree: where they differ the score is 0 whatever the texts say.
    """
    from s3eval.metrics.text import left_out
    from s3eval.tasks.questions import questions

    presences = _presences(context)
    for finding in asked_of(findings, context):
        item = finding.item
        if item not in FEATURE_NAMES or not questions(item):
            continue
        truth = context.dataset.annotation(finding.video).presence(item)
        stated = finding.detail.get("presence") or presences.get((finding.video, item))
        texts = [finding.value, _reference(context, finding.video, item)]
        if truth == stated and not any(left_out(t) for t in texts):
            yield from (AnswerQuestions(item, t) for t in texts)
