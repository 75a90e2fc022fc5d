"""A task that conforms, and for each check one that breaks it and nothing else."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import ClassVar

import numpy as np

from s3eval import Finding, Inquiry, Item, Question, Reading, Task
from s3eval.metrics import tallies as build
from s3eval.tasks.baselines import answered_alike
from s3eval.tasks.combining import finding_of_windows
from s3eval.tasks.counts import counts_of
from s3eval.tasks.items import asked_of, by_question, truths_of

COUNTER = itertools.count()
LABELS = ("ES", "NES")


class Good(Task):
    headline = "accuracy"
    options: ClassVar = {"brief": "whether the question is short: yes or no"}

    def inquiries(self, video, annotation, context):
        context.options.get("brief", "no")
        if "sight" in context.senses and video.duration:
            for clip in context.profile.windows(video.name, video.duration):
                yield Inquiry(self.name, clip, (Question("type", "ES or NES?", LABELS, 8),))

    def read(self, question, answer, protocol="paper"):
        named = [label for label in LABELS if label in answer.text.split()]
        return Reading(named[0]) if len(named) == 1 else Reading(reason="names neither or both")

    def combine(self, video, pieces, context):
        for item, some in by_question(pieces).items():
            found = finding_of_windows(self.name, video, item, some)
            values = [p.reading.value for p in some if p.reading.readable]
            yield replace(found, value=values[0]) if found.state == "answered" else found

    def items(self):
        return [Item("type", labels=LABELS, positive="ES")]

    def truth(self, video, annotation, item, context):
        return video.diagnosis

    def baselines(self, findings, context):
        return {"always-es": [answered_alike(f, "ES") for f in asked_of(findings, context)]}

    def tallies(self, findings, context):
        asked = asked_of(findings, context)
        truths = truths_of(self, asked, context)
        scored = [f for f in asked if f.video in truths and f.state == "answered"]
        right = self.right(scored, truths)
        videos = [f.video for f in scored]
        yield build.mean(
            self.name, "type", "accuracy", videos, right, counts=counts_of(asked, len(scored))
        )

    def right(self, scored, truths):
        return [float(f.value == truths[f.video]) for f in scored]


class NoTask:
    pass


class NoItems(Good):
    def items(self):
        return []


class PositiveIsNoLabel(Good):
    def items(self):
        return [Item("type", labels=LABELS, positive="yes")]


class NumberWithoutUnit(Good):
    def items(self):
        return [Item("type", labels=LABELS), Item("onset", "number")]

    def truth(self, video, annotation, item, context):
        return video.diagnosis if item == "type" else None


class PlansByChance(Good):
    def inquiries(self, video, annotation, context):
        for inquiry in super().inquiries(video, annotation, context):
            question = replace(inquiry.questions[0], text=f"{next(COUNTER)}: ES or NES?")
            yield replace(inquiry, questions=(question,))


class AsksTheDeaf(Good):
    def inquiries(self, video, annotation, context):
        for inquiry in super().inquiries(video, annotation, context):
            question = replace(inquiry.questions[0], sense="hearing")
            yield replace(inquiry, questions=(question,))


class LeavesTheVideo(Good):
    def inquiries(self, video, annotation, context):
        for inquiry in super().inquiries(video, annotation, context):
            yield replace(inquiry, clip=replace(inquiry.clip, end=inquiry.clip.end + 1))


class SecretOption(Good):
    def inquiries(self, video, annotation, context):
        context.options.get("colour")
        yield from super().inquiries(video, annotation, context)


class OptionWithoutHelp(Good):
    options: ClassVar = {"brief": ""}


class RaisesOnOddText(Good):
    def read(self, question, answer, protocol="paper"):
        return Reading({"ES": "ES", "NES": "NES"}[answer.text])


class NoReasonWhyUnread(Good):
    def read(self, question, answer, protocol="paper"):
        return Reading(None)


class LabelOfNothing(Good):
    def read(self, question, answer, protocol="paper"):
        return Reading("ES" if answer.text.strip() == "ES" else "NES")


class LabelOfARefusal(Good):
    def read(self, question, answer, protocol="paper"):
        if not answer.text.strip():
            return Reading(reason="empty")
        return super().read(question, answer) if "ES" in answer.text else Reading("NES")


class DefaultForFailures(Good):
    def combine(self, video, pieces, context):
        for item in by_question(pieces):
            yield Finding(self.name, video, item, "answered", "NES")


class FindingOfNothing(Good):
    def combine(self, video, pieces, context):
        found = list(super().combine(video, pieces, context))
        yield from found or [Finding(self.name, video, "type", "failed", reason="not asked")]


class TruthIsNoLabel(Good):
    def truth(self, video, annotation, item, context):
        return video.diagnosis.lower()


class NoTruth(Good):
    def truth(self, video, annotation, item, context):
        return None


class RowsAreNaN(Good):
    def right(self, scored, truths):
        return [float("nan")] * len(scored)


class UnknownVideos(Good):
    def tallies(self, findings, context):
        for tally in super().tallies(findings, context):
            yield replace(tally, videos=tuple(f"{v}!" for v in tally.videos))


class HeadlineIsNoMetric(Good):
    headline = "f1"


class RowsOfAnotherShape(Good):
    def tallies(self, findings, context):
        for tally in super().tallies(findings, context):
            yield replace(tally, rows=np.ones((len(tally.videos) + 1, 2)))


class BaselineElsewhere(Good):
    def baselines(self, findings, context):
        made = [replace(f, item="other") for f in findings]
        return {"other": made}


class RewardsWrongAnswers(Good):
    def right(self, scored, truths):
        return [float(f.value != truths[f.video]) for f in scored]


class BaselineBeatsTruth(Good):
    """Accuracy of a baseline that comes with a value the truth never has."""

    def baselines(self, findings, context):
        return {"lucky": [answered_alike(f, "lucky") for f in asked_of(findings, context)]}

    def right(self, scored, truths):
        return [2.0 if f.value == "lucky" else float(f.value == truths[f.video]) for f in scored]
