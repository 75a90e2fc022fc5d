"""A judge that conforms, and for each check one that breaks it and nothing else."""

from __future__ import annotations

import itertools

from s3eval import Extract, Judge, MergedText, MergeTexts, ReadReport, ReportFacts, Unreadable
from s3eval.judge import Evidence

COUNTER = itertools.count()


class Good(Judge):
    serves = (ReadReport, MergeTexts)

    def identity(self):
        return {"judge": "good", "version": "1"}

    def read_reports(self, texts):
        return [self.facts(text) for text in texts]

    def facts(self, text):
        at = text.find("jerks")
        if at < 0:
            return ReportFacts((), (), {}, words=len(text.split()))
        evidence = (Evidence("clonic", "jerks", at, at + 5),)
        return ReportFacts((), ("clonic",), {}, words=len(text.split()), evidence=evidence)

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
        return super().facts(text) if text else ReportFacts((), ("clonic",), {})


class ExtractsFromNothing(Good):
    serves = (Extract,)

    def extract(self, texts, extraction):
        return ["no" for _ in texts]


class EvidenceElsewhere(Good):
    def facts(self, text):
        found = super().facts(text)
        moved = tuple(Evidence(e.fact, e.quote, e.start + 1, e.end + 1) for e in found.evidence)
        return ReportFacts((), found.features, {}, words=found.words, evidence=moved)


class Draws(Good):
    def facts(self, text):
        return ReportFacts((), (), {}, words=next(COUNTER))


class SeesOtherTexts(Good):
    def read_reports(self, texts):
        return [ReportFacts((), (), {}, words=i) for i, _ in enumerate(texts)]
