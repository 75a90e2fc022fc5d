"""The model under test: how it is loaded and asked, and when two of its answers are the same."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from s3eval.errors import S3EvalError
from s3eval.model import Answer, Model, Question
from s3eval.running.asking import positioned_answers
from s3eval.running.boundary import checked_answer
from s3eval.specs import ModelSpec
from s3eval.testing.noise import noise_clip

if TYPE_CHECKING:
    from s3eval.facts.footage import Footage

__all__ = ["CLOSE", "QUESTIONS", "Subject", "ask_all", "checked_answers", "differing"]

#: What models are asked: choices, two sides, free text, something heard, an odd wording.
QUESTIONS = (
    Question("tonic", "Is there tonic posturing? Answer yes or no.", ("yes", "no"), 8),
    Question("head_turning", "Does the head turn left or right?", ("left", "right"), 8),
    Question("report", "Describe what happens in one sentence.", max_tokens=24),
    Question("ictal_vocalization", "Is there a cry?", ("yes", "no"), 8, sense="hearing"),
    Question("odd", "¿¡ \U0001f642 {braces} <tags> 100 %", ("yes", "no"), 8),
)
#: How far two probabilities may lie apart: what is computed in a batch is rounded differently.
CLOSE = 1e-3


@dataclass(frozen=True)
class Subject:
    """A model under test, with the options it is loaded with."""

    spec: ModelSpec
    options: Mapping[str, Any] = field(default_factory=dict)

    @contextmanager
    def loaded(self) -> Iterator[Model]:
        """The model, loaded anew and closed at the end."""
        model = self.spec.load().load(self.spec, dict(self.options))
        try:
            yield model
        finally:
            model.close()

    def questions(self, model: Model) -> list[Question]:
        """Those the engine would put: of senses that the model has."""
        senses = self.spec.senses if model.senses is None else model.senses
        return [q for q in QUESTIONS if not model.uses_footage or q.sense in senses]

    def clip(self, seed: int = 0, **more: Any) -> Footage:
        """A clip as the engine would hand it: without what the model does not perceive."""
        return noise_clip(seed, sound=self.spec.hears, **(_blind(self.spec) | more))


def _blind(spec: ModelSpec) -> dict[str, Any]:
    return {} if spec.sees else {"frames": 0}


def ask_all(model: Model, footage: Any, questions: Sequence[Question]) -> list[Any]:
    """What the model gives for questions about one clip, as it gives it."""
    watched = model.watch(model.prepare(footage))
    try:
        return list(model.ask(watched, questions))
    finally:
        model.release(watched)


def ask_as_a_run(model: Model, footage: Any, questions: Sequence[Question]) -> list[Any]:
    """The same as a run asks, which takes answers in any order where a model gives them so.

    Raises:
        S3EvalError: they are not one answer for each question.
    """
    watched = model.watch(model.prepare(footage))
    try:
        given = dict(positioned_answers(model, watched, questions))
    finally:
        model.release(watched)
    if len(given) < len(questions):
        raise S3EvalError(f"the model answered {len(given)} of {len(questions)} questions")
    return [given[place] for place in range(len(questions))]


def checked_answers(given: Sequence[Any], questions: Sequence[Question]) -> list[Answer]:
    """The same as the engine takes it."""
    return [checked_answer(g, q) for g, q in zip(given, questions, strict=True)]


def _same(a: Answer, b: Answer) -> bool:
    if (a.status, a.text) != (b.status, b.text) or {*a.probabilities} != {*b.probabilities}:
        return False
    return all(abs(a.probabilities[c] - b.probabilities[c]) <= CLOSE for c in a.probabilities)


def differing(a: Sequence[Answer], b: Sequence[Answer], asked: Sequence[Question]) -> str:
    """The keys of the questions whose answers differ, "" where none does."""
    pairs = zip(asked, a, b, strict=True)
    return ", ".join(f"'{q.key}'" for q, x, y in pairs if not _same(x, y))
