"""Tasks whose scores, baselines, combining or requests break one check and nothing else."""

from __future__ import annotations

import itertools
from dataclasses import replace

from broken_tasks import LABELS, Good

from s3eval import Extract, Extraction, Item, Reading
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
