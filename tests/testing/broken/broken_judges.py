"""A judge that conforms, and for each check one that breaks it and nothing else."""

from __future__ import annotations

import itertools
from dataclasses import replace

from s3eval import Extract, Judge, MergedText, MergeTexts, ReadReport, ReportFacts, Unreadable
from s3eval.judge import AnswerQuestions, Evidence, FeatureAnswers
from s3eval.tasks.questions import questions
from s3eval.vocabulary import LOCALIZING

COUNTER = itertools.count()
LOADED = itertools.count()


def facts_of(features=(), sections=(), localizing=None, **more):
    return ReportFacts(
        sections, features, dict.fromkeys(LOCALIZING, "none") | (localizing or {}), **more
    )


class Good(Judge):
    serves = (ReadReport, MergeTexts)

    def identity(self):
        return {"judge": "good", "version": "1"}

    def read_reports(self, texts):
        return [self.facts(text) for text in texts]

    def facts(self, text):
        at = text.find("jerks")
        if at < 0:
            return facts_of(words=len(text.split()))
        evidence = (Evidence("clonic", "jerks", at, at + 5),)
        return facts_of(("clonic",), words=len(text.split()), evidence=evidence)

    def merge(self, groups, kind):
        return [MergedText(" ".join(group)) for group in groups]


class NoJudge:
    pass


class TakesAnyOption(Good):
    @classmethod
    def load(cls, spec, options):
        return cls()


class NoIdentity(Good):
    def identity(self):
        return {}


class IdentityOfTheMoment(Good):
    def __init__(self):
        self.made = next(COUNTER)

    def identity(self):
        return {"made": self.made}


class ServesTexts(Good):
    serves = (str,)


class RemoteInSecret(Good):
    remote = True


class ServerOnThisMachine(Good):
    """Conforms: its spec says that text may leave, and these options name a local server."""

    def __init__(self):
        self.remote = False


class TooFew(Good):
    def read_reports(self, texts):
        return super().read_reports(texts)[1:]


class NoFacts(Good):
    def facts(self, text):
        return {"features": []}


class NoReason(Good):
    def facts(self, text):
        return Unreadable("")


class FindsInNothing(Good):
    def facts(self, text):
        return super().facts(text) if text else facts_of(("clonic",))


class LocalizesInNothing(Good):
    def facts(self, text):
        return super().facts(text) if text else facts_of(localizing={"figure_4": "left"})


class ExtractsFromNothing(Good):
    serves = (Extract,)

    def extract(self, texts, extraction):
        return [extraction.build({"gait": "walks"}) for _ in texts]


class EvidenceElsewhere(Good):
    def facts(self, text):
        found = super().facts(text)
        moved = tuple(Evidence(e.fact, e.quote, e.start + 1, e.end + 1) for e in found.evidence)
        return facts_of(found.features, words=found.words, evidence=moved)


class Draws(Good):
    def facts(self, text):
        return facts_of(words=next(COUNTER))


class SeesOtherTexts(Good):
    def read_reports(self, texts):
        return [facts_of(words=i) for i, _ in enumerate(texts)]


class LoadsNothing(Good):
    @classmethod
    def load(cls, spec, options):
        return object()


class LoadsOnce(Good):
    def __init__(self):
        if next(LOADED):
            raise RuntimeError("only once")


class CloseRaises(Good):
    def close(self):
        raise RuntimeError("nothing to close")


class NotBuilt(Good):
    """The reply as it came."""

    serves = (Extract,)

    def extract(self, texts, extraction):
        return [{"gait": "walks"} if text.strip() else Unreadable("empty") for text in texts]


class OutsideTheSchema(Good):
    serves = (Extract,)

    def extract(self, texts, extraction):
        return ["maybe" if text.strip() else Unreadable("empty") for text in texts]


class NoLocalizing(Good):
    """A run refuses it."""

    def facts(self, text):
        return replace(super().facts(text), localizing={"hand": "left"})


class MergesToNoText(Good):
    """A run refuses it."""

    def merge(self, groups, kind):
        return [MergedText(None) for _ in groups]


class UnknownFeature(Good):
    def facts(self, text):
        return facts_of(("jumping",)) if super().facts(text).features else facts_of()


class FeatureTwice(Good):
    def facts(self, text):
        return facts_of(super().facts(text).features * 2)


class UnknownSection(Good):
    def facts(self, text):
        return facts_of(sections=("beginning",) if text else ())


class SectionsTurned(Good):
    def facts(self, text):
        return facts_of(sections=("postictal", "onset") if text else ())


class LocalizesHands(Good):
    def facts(self, text):
        return facts_of(localizing={"hand": "left"})


class LocalizesInCapitals(Good):
    def facts(self, text):
        return facts_of(localizing={"head_turning": "Left"} if text else {})


class OtherQuestions(Good):
    serves = (AnswerQuestions,)

    def answer_questions(self, items):
        return [FeatureAnswers(feature, {"speed": "fast"}) for feature, _ in items]


class OtherAnswers(Good):
    serves = (AnswerQuestions,)

    def answer_questions(self, items):
        return [
            FeatureAnswers(feature, {questions(feature)[0].key: "maybe"}) for feature, _ in items
        ]


class MergesToNothing(Good):
    def merge(self, groups, kind):
        return [MergedText(" ") for _ in groups]


class RemembersTexts(Good):
    """The same for the same judge, whatever it is asked later."""

    def __init__(self):
        self.seen = {}

    def facts(self, text):
        return facts_of(words=self.seen.setdefault(text, len(self.seen)))


class ReadsOnce(Good):
    """The same for every judge that is asked the first time."""

    def __init__(self):
        self.seen = set()

    def facts(self, text):
        known = text in self.seen
        self.seen.add(text)
        return facts_of() if known else super().facts(text)


class ServesTooMuch(Good):
    """Its reading of reports was forgotten."""

    def read_reports(self, texts):
        return Judge.read_reports(self, texts)
