"""Tasks whose scores, baselines, combining or requests break one check and nothing else."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace

from broken_tasks import LABELS, Good

from s3eval import Extract, Extraction, Item, Question, Reading
from s3eval.metrics import tallies as build
from s3eval.tasks.baselines import answered_alike
from s3eval.tasks.counts import counts_of
from s3eval.tasks.items import asked_of, truths_of

COUNTER = itertools.count()
OTHER = {"ES": "NES", "NES": "ES"}
KIND = Extraction(name="kind", version="1", instructions="Name it.", schema={"type": "object"})


class ReadsNothing(Good):
    def read(self, question, answer, protocol="paper"):
        return Reading(reason="cannot be read")


class ReadsSwapped(Good):
    def read(self, question, answer, protocol="paper"):
        reading = super().read(question, answer)
        return Reading(OTHER[reading.value]) if reading.readable else reading


class ChoicesNotLabels(Good):
    def inquiries(self, video, annotation, context):
        for inquiry in super().inquiries(video, annotation, context):
            question = replace(inquiry.questions[0], choices=("es", "nes"))
            yield replace(inquiry, questions=(question,))


class LabelWithoutChoicesUnread(Good):
    """Free text is asked for, and only one of the labels is ever read."""

    def inquiries(self, video, annotation, context):
        for inquiry in super().inquiries(video, annotation, context):
            yield replace(inquiry, questions=(replace(inquiry.questions[0], choices=()),))

    def read(self, question, answer, protocol="paper"):
        reading = super().read(question, answer)
        return reading if reading.value != "NES" else Reading(reason="names neither")


class _Changed(Good):
    """What is answered is changed after it was combined."""

    def combine(self, video, pieces, context):
        for finding in super().combine(video, pieces, context):
            yield self.changed(finding, pieces) if finding.state == "answered" else finding


class CombineRaises(_Changed):
    def changed(self, finding, pieces):
        raise KeyError(finding.item)


class CombineRaisesForSeveral(_Changed):
    def changed(self, finding, pieces):
        (_,) = pieces
        return finding


class CombineMakesNoLabel(_Changed):
    def changed(self, finding, pieces):
        return replace(finding, value="maybe")


class CombineNamesNoItem(_Changed):
    def changed(self, finding, pieces):
        return replace(finding, item="kind")


class CombineDraws(_Changed):
    def changed(self, finding, pieces):
        return replace(finding, value=LABELS[next(COUNTER) % 2])


class CombineIgnoresAnswers(_Changed):
    def changed(self, finding, pieces):
        return replace(finding, value="NES")


class DefaultForUnreadable(Good):
    def combine(self, video, pieces, context):
        for finding in super().combine(video, pieces, context):
            is_unreadable = finding.state == "unreadable"
            yield replace(finding, state="answered", value="NES") if is_unreadable else finding


class ScoresDraw(Good):
    def right(self, scored, truths):
        return [float(next(COUNTER) % 5 == 0) for _ in scored]


class ScoresEverythingOne(Good):
    def right(self, scored, truths):
        return [1.0 for _ in scored]


class ScoresByPlace(Good):
    """Half of the videos count as right, whatever was answered."""

    def right(self, scored, truths):
        return [float(i % 2) for i, _ in enumerate(scored)]


class DropsWrongAnswers(Good):
    def tallies(self, findings, context):
        asked = asked_of(findings, context)
        truths = truths_of(self, asked, context)
        right = [f.video for f in asked if f.video in truths and f.value == truths[f.video]]
        counts = counts_of(asked, len(right))
        yield build.mean(self.name, "type", "accuracy", right, [1.0] * len(right), counts=counts)


class CountsNothing(Good):
    def tallies(self, findings, context):
        for tally in super().tallies(findings, context):
            none = replace(tally.counts, asked=0, answered=0, readable=0, scored=0, failed=0)
            yield replace(tally, counts=none)


class CountsNoFailures(Good):
    def tallies(self, findings, context):
        yield from super().tallies([f for f in findings if f.state == "answered"], context)


class BaselineOfItsOwnTruth(Good):
    def baselines(self, findings, context):
        asked = asked_of(findings, context)
        truths = truths_of(self, asked, context)
        return {"majority": [answered_alike(f, truths[f.video]) for f in asked]}


class BaselineDraws(Good):
    def baselines(self, findings, context):
        return {"drawn": [answered_alike(f, LABELS[next(COUNTER) % 5 % 2]) for f in findings]}


class TruthOfZero(Good):
    """Its truth may be 0; another item is annotated nowhere."""

    def items(self):
        return [Item("onset", "number", unit="s"), Item("end", "number", unit="s")]

    def truth(self, video, annotation, item, context):
        if item == "end":
            return None
        return 0.0 if video.diagnosis == "ES" else 5.0


class AsksAJudge(Good):
    def read_requests(self, findings, context):
        for finding in findings:
            yield Extract(str(finding.value), KIND)


class TruthNeedsFacts(Good):
    def truth(self, video, annotation, item, context):
        return {"ES": "ES", "NES": "NES"}[video.diagnosis]


class ScoresFailures(Good):
    """What failed is scored as the most usual label."""

    def tallies(self, findings, context):
        truths = truths_of(self, findings, context)
        right = [float((f.value or "NES") == truths[f.video]) for f in findings]
        videos, counts = [f.video for f in findings], counts_of(findings, len(findings))
        counts = replace(counts, scored=min(counts.readable, counts.scored))
        yield build.mean(self.name, "type", "accuracy", videos, right, counts=counts)


class BaselineOfSome(Good):
    def baselines(self, findings, context):
        return {"first": [answered_alike(findings[0], "ES")] if findings else []}


class FindingOfAnotherTask(_Changed):
    def changed(self, finding, pieces):
        return replace(finding, task="other")


class ProbabilityAboveOne(_Changed):
    def changed(self, finding, pieces):
        return replace(finding, probability=1.7)


class _WithSeconds(Good):
    """A number beside the label, measured by another metric than the headline."""

    better: bool | None = False

    def inquiries(self, video, annotation, context):
        for inquiry in super().inquiries(video, annotation, context):
            question = Question("onset", "When does it start?", (), 8)
            yield replace(inquiry, questions=(*inquiry.questions, question))

    def read(self, question, answer, protocol="paper"):
        if question.key != "onset":
            return super().read(question, answer)
        try:
            return self.number(float(answer.text))
        except ValueError:
            return Reading(reason="no number")

    def number(self, seconds):
        return Reading(seconds) if math.isfinite(seconds) else Reading(reason="no number")

    def items(self):
        return [*super().items(), Item("onset", "number", unit="s")]

    def truth(self, video, annotation, item, context):
        known = super().truth(video, annotation, item, context)
        return {"ES": 5.0, "NES": 9.0}.get(known) if item == "onset" else known

    def baselines(self, findings, context):
        labels = [f for f in asked_of(findings, context) if f.item == "type"]
        return {"always-es": [answered_alike(f, "ES") for f in labels]}

    def tallies(self, findings, context):
        yield from super().tallies([f for f in findings if f.item == "type"], context)
        some = [f for f in findings if f.item == "onset"]
        truths = truths_of(self, some, context)
        scored = [f for f in some if f.state == "answered" and f.video in truths]
        off = [abs(f.value - truths[f.video]) for f in scored]
        videos, counts = [f.video for f in scored], counts_of(some, len(scored))
        facts = {"counts": counts, "higher_is_better": self.better}
        yield build.mean(self.name, "onset", "mae", videos, off, **facts)


class ReadsNoNumber(_WithSeconds):
    def number(self, seconds):
        return Reading(seconds)


class ErrorIsBetter(_WithSeconds):
    better = True


class LooksUpAnotherText(Good):
    """The judge is asked about a text, and the result of another is looked up."""

    def read_requests(self, findings, context):
        return [Extract(f"{f.value} ", KIND) for f in findings]

    def tallies(self, findings, context):
        for finding in findings:
            context.judgement(Extract(finding.value, KIND))
        yield from super().tallies(findings, context)


class ManyProblems(Good):
    def items(self):
        return [Item(f"onset {i}", "number") for i in (*range(5), 0)]
