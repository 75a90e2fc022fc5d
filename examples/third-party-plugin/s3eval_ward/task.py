"""A task with its own questions, its own truth and its own metric."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from s3eval import (
    Annotation,
    Answer,
    Extract,
    Extraction,
    Finding,
    Inquiry,
    Item,
    Piece,
    PlanContext,
    Question,
    Reading,
    ScoringContext,
    Tally,
    Task,
    TruthContext,
    Video,
)
from s3eval.tasks.baselines import answered_alike, majority, training_values
from s3eval.tasks.combining import finding_of_windows
from s3eval.tasks.counts import counts_of
from s3eval.tasks.items import asked_of, by_item, by_question, truths_of
from s3eval.vocabulary import Protocol

__all__ = ["Light"]

LABELS = ("on", "off")
ROOM = Extraction(
    name="room",
    version="1",
    instructions="Say whether the text calls the room bright or dark.",
    schema={
        "type": "object",
        "properties": {"room": {"type": "string", "enum": ["bright", "dark"]}},
        "required": ["room"],
    },
    build=lambda reply: str(reply["room"]),
)


class Light(Task):
    """Is the light on, and what does the room look like?"""

    headline: ClassVar[str] = "balanced_accuracy"
    options: ClassVar[Mapping[str, str]] = {"describe": "whether the room is described: yes or no"}

    def inquiries(
        self, video: Video, annotation: Annotation, context: PlanContext
    ) -> Iterator[Inquiry]:
        """Every window of the video, with one or two questions."""
        asked = [Question("light", "Is the light in the room on or off?", LABELS, 8)]
        if context.options.get("describe", "yes") == "yes":
            asked.append(Question("room", "Describe the light in the room in one sentence."))
        if "sight" in context.senses and video.duration:
            for clip in context.profile.windows(video.name, video.duration):
                yield Inquiry(self.name, clip, tuple(asked))

    def read(self, question: Question, answer: Answer, protocol: Protocol = "paper") -> Reading:
        """The one label that the answer names, or its text."""
        if question.key == "room":
            return Reading(answer.text.strip() or None, "nothing was said")
        words = {w.strip(".,!").lower() for w in answer.text.split()}
        named = [label for label in LABELS if label in words]
        return Reading(named[0]) if len(named) == 1 else Reading(reason="neither on nor off")

    def combine(
        self, video: str, pieces: Sequence[Piece], context: ScoringContext
    ) -> Iterator[Finding]:
        """The light of most windows; the first window's description."""
        for item, some in by_question(pieces).items():
            found = finding_of_windows(self.name, video, item, some)
            if found.state == "answered":
                values = [p.reading.value for p in some if p.reading.readable]
                value = majority(values) if item == "light" else values[0]
                given = [p.answer.probabilities.get("on") for p in some]
                known = [p for p in given if p is not None]
                probability = float(np.mean(known)) if known else None
                found = replace(found, value=value, probability=probability)
            yield found

    def items(self) -> Sequence[Item]:
        """A label, searched for "on", and a text."""
        return [Item("light", labels=LABELS, positive="on"), Item("room", "text")]

    def truth(self, video: Video, annotation: Annotation, item: str, context: TruthContext) -> Any:
        """What the ward's table says; the room is bright where the light is on."""
        light = annotation.items.get("light")
        if item == "room" and light in LABELS:
            return "bright" if light == "on" else "dark"
        return light if light in LABELS else None

    def baselines(
        self, findings: Sequence[Finding], context: ScoringContext
    ) -> Mapping[str, Sequence[Finding]]:
        """Always on, and what is most frequent among other patients' videos."""
        asked = [f for f in asked_of(findings, context) if f.item == "light"]
        learnt = training_values(asked, context, _light)
        return {
            "always-on": [answered_alike(f, "on") for f in asked],
            "majority": [
                answered_alike(f, majority(values))
                for f in asked
                if (values := learnt[f.video, f.item])
            ],
        }

    def read_requests(
        self, findings: Sequence[Finding], context: ScoringContext
    ) -> Iterator[Extract]:
        """The descriptions, for the judge to read."""
        for f in findings:
            if f.item == "room" and f.state == "answered":
                yield Extract(f.value, ROOM)

    def tallies(self, findings: Sequence[Finding], context: ScoringContext) -> Iterator[Tally]:
        """Balanced accuracy of the light; the share of descriptions that agree with it."""
        for item, some in by_item(findings, ["light", "room"]).items():
            asked = asked_of(some, context)
            truths = truths_of(self, asked, context)
            values = {f.video: self._value(f, context) for f in asked if f.video in truths}
            scored = [v for v, value in values.items() if value is not None]
            rows = [[truths[v] == values[v], truths[v] in ("on", "bright")] for v in scored]
            counts = counts_of(some, len(scored))
            note = "" if item == "light" or context.has_judge else "needs a judge (--judge NAME)"
            yield Tally(
                self.name, item, self.headline, tuple(scored), _rows(rows), _balanced,
                counts=counts, note=note,
            )  # fmt: skip

    def _value(self, finding: Finding, context: ScoringContext) -> str | None:
        if finding.state != "answered":
            return None
        if finding.item == "light":
            return str(finding.value)
        read = context.judgement(Extract(finding.value, ROOM))
        return read if isinstance(read, str) else None


def _light(context: ScoringContext, video: str, item: str) -> str | None:
    value = context.dataset.annotation(video).items.get(item)
    return value if value in LABELS else None


def _rows(rows: Sequence[Sequence[bool]]) -> NDArray[np.float64]:
    """Per video: right and positive, positive, right and negative, negative."""
    table = [[r and p, p, r and not p, not p] for r, p in rows]
    return np.array(table, dtype=np.float64).reshape(len(table), 4)


def _balanced(sums: NDArray[np.float64]) -> NDArray[np.float64]:
    """The mean of the shares right among the positive and among the negative, in [0, 1]."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return (sums[..., 0] / sums[..., 1] + sums[..., 2] / sums[..., 3]) / 2
