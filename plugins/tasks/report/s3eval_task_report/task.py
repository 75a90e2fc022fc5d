"""Task 6: the narrative report."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from s3eval import answers
from s3eval.judge import MergeTexts, ReadReport
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
from s3eval.tasks.combining import finding_of_windows, merged_by_judge
from s3eval.tasks.items import asked_of, by_question, leading_sense
from s3eval.vocabulary import Protocol

if TYPE_CHECKING:
    from s3eval.facts.tally import Tally
    from s3eval.facts.videos import Annotation, Video
    from s3eval.model import Answer

__all__ = ["ITEM", "TEMPLATE", "Report", "extractive"]

ITEM = "report"
#: What the texts are that a judge merges.
MERGED = "report"

# Verbatim from the paper's Table 9, Task 6 (typographic quotes made plain).
PROMPT = (
    "You are an expert clinician. Write a concise semiology description for this seizure video, "
    "focusing ONLY on observable patient signs. HARD RESTRICTIONS: (i) Do NOT mention staff, "
    "restraints, bed/blanket/pillow, room devices, cameras, EEG leads/overlays, or timestamps. "
    '(ii) Avoid vague words like "agitation", "restlessness", "discomfort", or "adjusting '
    'position". WHAT TO COVER (include an item ONLY if it is clearly visible in this video). '
    "(iii) Write 1-3 short sentences in English only, specific and minimal. (iv) Examples (no "
    'labels): "Blank stare, then rightward head version with right arm extension; later '
    'bilateral tonic-clonic." Output ONLY the paragraph (no lists, no headers, no JSON).'
)

# Ours: a report that fits many seizures and looks at none.
TEMPLATE = (
    "The patient is lying in bed and turns the head to the right. The right arm stiffens and "
    "extends, followed by bilateral tonic-clonic movements. Afterwards the patient is confused."
)


class Report(Task):
    """A report a window, merged over the video (paper, Sections 3.2.6 and 3.3.2).

    The judge merges several windows' reports; without one their sentences follow each other in
    order of time, repeated sentences once, which ``detail["merged_by"]`` and the score's note
    say. A judge that fails to merge makes the finding failed.
    """

    name = "report"
    headline: ClassVar[str] = "rqi"

    def inquiries(
        self, video: Video, annotation: Annotation, context: PlanContext
    ) -> Iterator[Inquiry]:
        """Every window, with the one question."""
        if not context.senses or not video.duration:
            return
        sense = leading_sense(context.senses)
        asked = (Question(ITEM, PROMPT, max_tokens=256, sense=sense),)
        for clip in context.profile.windows(video.name, video.duration):
            yield Inquiry(self.name, clip, asked)

    def read(self, question: Question, answer: Answer, protocol: Protocol = "paper") -> Reading:
        """The paragraph, in one line; a refusal is no report."""
        return answers.read_report(answer.text)

    def combine(
        self, video: str, pieces: Sequence[Piece], context: ScoringContext
    ) -> Iterator[Finding]:
        """One report."""
        for question_pieces in by_question(pieces).values():
            texts = _texts(question_pieces)
            finding = finding_of_windows(self.name, video, ITEM, question_pieces, {"texts": texts})
            yield _merged(finding, texts, context) if texts else finding

    def merge_requests(
        self, video: str, pieces: Sequence[Piece], context: ScoringContext
    ) -> Iterator[MergeTexts]:
        """The windows' reports, where there are several."""
        for question_pieces in by_question(pieces).values():
            distinct = tuple(dict.fromkeys(_texts(question_pieces)))
            if len(distinct) > 1:
                yield MergeTexts(distinct, MERGED)

    def tallies(self, findings: Sequence[Finding], context: ScoringContext) -> Iterator[Tally]:
        """bleu, rouge1, rouge_l, rqi with its parts, and coverage."""
        from s3eval_task_report.scores import tallies

        yield from tallies(self.name, findings, context)

    def read_requests(
        self, findings: Sequence[Finding], context: ScoringContext
    ) -> Iterator[ReadReport]:
        """Every report and the one it is compared with."""
        from s3eval_task_report.scores import read_requests

        yield from read_requests(findings, context)

    def items(self) -> Sequence[Item]:
        """The one report, a text."""
        return [Item(ITEM, "text")]

    def truth(
        self, video: Video, annotation: Annotation, item: str, context: TruthContext
    ) -> str | None:
        """The clinician's narrative."""
        return annotation.report or None

    def baselines(
        self, findings: Sequence[Finding], context: ScoringContext
    ) -> Mapping[str, Sequence[Finding]]:
        """The same invented report for every video, scored like a model's."""
        from s3eval.tasks.baselines import answered_alike
        from s3eval_task_report.scores import template_detail

        return {
            "template-report": [
                answered_alike(f, TEMPLATE, template_detail(f)) for f in asked_of(findings, context)
            ]
        }


def _texts(pieces: Sequence[Piece]) -> list[str]:
    return [p.reading.value for p in pieces if p.reading.readable]


def _merged(finding: Finding, texts: Sequence[str], context: ScoringContext) -> Finding:
    distinct = tuple(dict.fromkeys(texts))
    if len(distinct) == 1:
        return replace(finding, value=distinct[0])
    if not context.has_judge:
        return replace(
            finding,
            value=extractive(distinct),
            detail={**finding.detail, "merged_by": "extractive"},
        )
    return merged_by_judge(finding, distinct, MERGED, context, "reports")


def extractive(texts: Sequence[str]) -> str:
    """The sentences of all texts in order, each once.

    >>> extractive(["He stares. He turns left.", "He turns left. He jerks."])
    'He stares. He turns left. He jerks.'
    """
    import re

    sentences = [s.strip() for text in texts for s in re.split(r"(?<=[.!?])\s+", text)]
    return " ".join({s.lower(): s for s in reversed(sentences) if s}[k] for k in _once(sentences))


def _once(sentences: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(s.lower() for s in sentences if s))
