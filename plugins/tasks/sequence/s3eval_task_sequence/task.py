"""Task 5: the features in order of onset."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from s3eval import answers
from s3eval.model import Question
from s3eval.task import (
    Finding,
    Inquiry,
    Item,
    Piece,
    PlanContext,
    Reading,
    ScoringContext,
    Task,
    TruthContext,
)
from s3eval.tasks.combining import finding_of_windows, overlap_merge
from s3eval.tasks.items import asked_of, by_question, leading_sense
from s3eval.vocabulary import FEATURES, Protocol, Sense

if TYPE_CHECKING:
    from collections.abc import Collection

    from s3eval.facts.tally import Tally
    from s3eval.facts.videos import Annotation, Video
    from s3eval.model import Answer

__all__ = ["SequenceTask", "prompt"]

ITEM = "sequence"

# Verbatim from the paper's Table 9, Task 5, but for the list, which is filled in.
PROMPT = (
    "Output the sequence of any observed seizure symptoms of the patient in the video in "
    "chronological order. The symptoms are limited to {symptoms}. If a symptom is not present in "
    "the video, it should not be included in the output. Example output: head turning, arm "
    "straightening, arm flexion, tonic, clonic. Output only the seizure symptoms. Do not include "
    "any other text."
)


def prompt(senses: Collection[str]) -> str:
    """The question, with the symptoms these senses perceive.

    For a model that only sees it is the paper's text word for word; the paper prints no other,
    but scores models that hear against sequences with the heard features, so they are offered.
    """
    offered = [f.label for f in FEATURES if f.sense in senses and f.name != "occur_during_sleep"]
    return PROMPT.format(symptoms=", ".join(offered))


class SequenceTask(Task):
    """The ictal march (paper, Section 3.2.5): windows answer lists, aligned by their overlap.

    The reference is the annotated sequence restricted to what the model perceives
    (``detail["senses"]`` of a finding; sight where it does not say). A video whose reference is
    empty has nothing to order and is not scored. Windows without a readable list are left out
    of the merge and counted.
    """

    name = "sequence"
    headline: ClassVar[str] = "lcs_ratio"

    def inquiries(
        self, video: Video, annotation: Annotation, context: PlanContext
    ) -> Iterator[Inquiry]:
        """Every window, with the one question."""
        if not context.senses or not video.duration:
            return
        sense = leading_sense(context.senses)
        asked = (Question(ITEM, prompt(context.senses), max_tokens=192, sense=sense),)
        detail = {"senses": sorted(context.senses)}
        for clip in context.profile.windows(video.name, video.duration):
            yield Inquiry(self.name, clip, asked, detail)

    def read(self, question: Question, answer: Answer, protocol: Protocol = "paper") -> Reading:
        """A list of tokens; empty where the model says there are none."""
        return answers.read_sequence(answer.text, protocol=protocol)

    def combine(
        self, video: str, pieces: Sequence[Piece], context: ScoringContext
    ) -> Iterator[Finding]:
        """The windows' lists as one, in order of time."""
        for question_pieces in by_question(pieces).values():
            senses = {"senses": question_pieces[0].inquiry.detail.get("senses", [])}
            finding = finding_of_windows(self.name, video, ITEM, question_pieces, senses)
            if finding.state == "answered":
                value = overlap_merge(
                    p.reading.value for p in question_pieces if p.reading.readable
                )
                unknown = answers.unknown_tokens(value)
                detail = {**finding.detail, **({"unknown": unknown} if unknown else {})}
                finding = replace(finding, value=value, detail=detail)
            yield finding

    def tallies(self, findings: Sequence[Finding], context: ScoringContext) -> Iterator[Tally]:
        """edit_distance (lower is better), temporal_f1, lcs_ratio and coverage.

        Means over videos. temporal_f1 is the published tables' under ``release``, where endless
        repetition scores high, and the paper's ordered-pair F1 under ``paper``.
        """
        from s3eval.metrics import sequence as metric
        from s3eval.metrics import tallies as build
        from s3eval.tasks.counts import counts_of

        known = [(f, true) for f in asked_of(findings, context) if (true := _reference(f, context))]
        pairs = [(f.video, list(f.value), true) for f, true in known if f.state == "answered"]
        videos = [v for v, _, _ in pairs]
        lost = len(known) - len(pairs)
        note = f"{lost} of {len(known)} without a list left out" if lost else ""
        facts: dict[str, Any] = {"counts": counts_of(findings), "note": note}
        release = context.protocol == "release"
        f1 = metric.temporal_f1_release if release else metric.temporal_f1_paper
        distances = [float(metric.edit_distance(answer, true)) for _, answer, true in pairs]
        yield build.mean(
            self.name, ITEM, "edit_distance", videos, distances, higher_is_better=False, **facts
        )
        kind = "as published: rewards repetition" if release else "ordered pairs, as the paper says"
        about = "; ".join(filter(None, [kind, note]))
        yield build.mean(
            self.name,
            ITEM,
            "temporal_f1",
            videos,
            [f1(answer, true) for _, answer, true in pairs],
            counts=counts_of(findings),
            note=about,
        )
        ratios = [metric.lcs_ratio(answer, true) for _, answer, true in pairs]
        yield build.mean(self.name, ITEM, "lcs_ratio", videos, ratios, **facts)
        asked = [f.video for f, _ in known]
        answered = [f.state == "answered" for f, _ in known]
        yield build.coverage(self.name, ITEM, asked, answered, **facts)

    def baselines(
        self, findings: Sequence[Finding], context: ScoringContext
    ) -> Mapping[str, Sequence[Finding]]:
        """empty-sequence, and the most frequent sequence of the training videos."""
        from s3eval.tasks.baselines import answered_alike, training_values

        known = [f for f in asked_of(findings, context) if _reference(f, context)]
        senses = _senses(known[0]) if known else ()
        learnt = training_values(known, context, lambda c, video, _: _annotated(c, video, senses))
        kept = {f.video: {"senses": f.detail["senses"]} for f in known if "senses" in f.detail}
        return {
            "empty-sequence": [answered_alike(f, [], kept.get(f.video)) for f in known],
            "most-frequent-sequence": [
                answered_alike(f, list(_most_frequent(values)), kept.get(f.video))
                for f in known
                if (values := learnt[f.video, f.item])
            ],
        }

    def items(self) -> Sequence[Item]:
        """The one sequence, a list of feature names in order of onset."""
        return [Item(ITEM, "list")]

    def truth(
        self, video: Video, annotation: Annotation, item: str, context: TruthContext
    ) -> tuple[str, ...] | None:
        """The annotated sequence, restricted to what is perceived; None where that is empty."""
        return annotation.sequence_for(context.senses) or None

    def reader_finding(
        self, video: str, item: str, answer: str, senses: Sequence[Sense]
    ) -> Finding:
        """A reader's sequence carries what the reader perceived: its truth depends on it."""
        finding = super().reader_finding(video, item, answer, senses)
        if finding.state != "answered":
            return finding
        return replace(finding, detail={"senses": sorted(senses)})


def _senses(finding: Finding) -> Collection[str]:
    return finding.detail.get("senses") or ("sight",)


def _annotated(
    context: ScoringContext, video: str, senses: Collection[str]
) -> tuple[str, ...] | None:
    return context.dataset.annotation(video).sequence_for(senses) or None


def _reference(finding: Finding, context: ScoringContext) -> list[str]:
    return list(_annotated(context, finding.video, _senses(finding)) or ())


def _most_frequent(values: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    counts = Counter(values)
    return min(counts, key=lambda v: (-counts[v], v))
