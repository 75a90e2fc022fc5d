"""What is checked of a judge: lists in and out, the right facts, always the same."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from s3eval.judge import (
    AnswerQuestions,
    Extract,
    Extraction,
    FeatureAnswers,
    Judge,
    JudgeRequest,
    MergedText,
    MergeTexts,
    ReadReport,
    ReportFacts,
    Unreadable,
)
from s3eval.specs import JudgeSpec
from s3eval.testing.conformance.problems import Check, Problem, run_checks
from s3eval.testing.conformance.specs import adapter_is, refuses_unknown_options, spec_fields

__all__ = ["check_judge"]

_TEXTS = (
    "At onset the head turns to the left. Then the right arm jerks. Afterwards he is confused.",
    "The patient walks to the door. Nothing else is seen.",
    "",
    "\x00 \U0001f642 " + "word " * 500,
)
_WALKS = Extraction(
    name="conformance",
    version="1",
    instructions="Say whether the patient walks.",
    schema={
        "type": "object",
        "properties": {"walks": {"type": "string", "enum": ["yes", "no"]}},
        "required": ["walks"],
    },
    build=lambda reply: str(reply["walks"]),
)
_KINDS: Mapping[type, tuple[type, tuple[JudgeRequest, ...]]] = {
    ReadReport: (ReportFacts, tuple(ReadReport(text) for text in _TEXTS)),
    AnswerQuestions: (
        FeatureAnswers,
        tuple(AnswerQuestions(f, t) for f in ("head_turning", "clonic") for t in _TEXTS),
    ),
    MergeTexts: (
        MergedText,
        (MergeTexts(_TEXTS[:2], "report"), MergeTexts(_TEXTS[2:], "justification")),
    ),
    Extract: (object, tuple(Extract(text, _WALKS) for text in _TEXTS)),
}


@dataclass(frozen=True)
class _Subject:
    spec: JudgeSpec
    options: Mapping[str, Any] = field(default_factory=dict)

    @contextmanager
    def loaded(self) -> Iterator[Judge]:
        judge: Judge = self.spec.load().load(self.spec, dict(self.options))
        try:
            yield judge
        finally:
            judge.close()


def check_judge(spec: JudgeSpec, options: Mapping[str, Any] | None = None) -> list[Problem]:
    """Everything that is wrong with a judge, an empty list where nothing is.

    The judge is loaded and asked about a few invented texts; a judge that asks a service asks it.

    Args:
        spec: the spec, as the hook returns it.
        options: as ``--judge-option`` gives them.
    """
    return run_checks(_CHECKS, _Subject(spec, options or {}))


def _adapter(subject: _Subject) -> Iterator[tuple[str, str]]:
    yield from adapter_is(subject.spec, Judge)  # type: ignore[type-abstract]


def _options(subject: _Subject) -> Iterator[tuple[str, str]]:
    yield from refuses_unknown_options(subject.spec, subject.options)


def _serves(subject: _Subject) -> Iterator[tuple[str, str]]:
    with subject.loaded() as judge:
        if not judge.serves or not set(judge.serves) <= set(_KINDS):
            known = ", ".join(kind.__name__ for kind in _KINDS)
            yield "serves names something else than kinds of request", f"use some of {known}"
        if judge.remote != subject.spec.remote:
            yield (
                f"remote is {judge.remote} on the judge and {subject.spec.remote} in the spec",
                "say the same in both: consent is asked by it",
            )


def _identity(subject: _Subject) -> Iterator[tuple[str, str]]:
    with subject.loaded() as judge, subject.loaded() as again:
        try:
            text = json.dumps(dict(judge.identity()), sort_keys=True, allow_nan=False)
        except (TypeError, ValueError) as error:
            yield f"identity() cannot be written as JSON: {error}", "give names and numbers"
            return
        if text == "{}":
            yield "identity() is empty", "give name, version, model and settings: it is recorded"
        elif text != json.dumps(dict(again.identity()), sort_keys=True):
            yield "identity() differs between two judges loaded alike", "leave times and ids out"


def _answered(judge: Judge) -> Iterator[tuple[type, Sequence[JudgeRequest], Any]]:
    for kind in judge.serves:
        requests = _KINDS[kind][1]
        yield kind, requests, judge.answer(requests)


def _lists(subject: _Subject) -> Iterator[tuple[str, str]]:
    with subject.loaded() as judge:
        if list(judge.answer([])):
            yield "asked about nothing it gives results", "return one result for each request"
        for kind, requests, results in _answered(judge):
            if not isinstance(results, (list, tuple)) or len(results) != len(requests):
                count = len(results) if isinstance(results, (list, tuple)) else "no list"
                yield (
                    f"{len(requests)} {kind.__name__} requests got {count} results",
                    "return one result for each, in order, Unreadable where it cannot be read",
                )


def _types(subject: _Subject) -> Iterator[tuple[str, str]]:
    with subject.loaded() as judge:
        for kind, _, results in _answered(judge):
            expected = _KINDS[kind][0]
            for result in results:
                if result is None or not isinstance(result, (expected, Unreadable)):
                    got = type(result).__name__
                    yield (
                        f"a {kind.__name__} request got {got}",
                        f"return {expected.__name__} or Unreadable(reason, raw)",
                    )
                    break
                if isinstance(result, Unreadable) and not result.reason:
                    yield f"an Unreadable for {kind.__name__} has no reason", "say why"
                    break


def _empty(subject: _Subject) -> Iterator[tuple[str, str]]:
    with subject.loaded() as judge:
        for kind, requests, results in _answered(judge):
            for request, result in zip(requests, results, strict=True):
                if _finds_something(request, result):
                    yield (
                        f"it finds something in an empty text ({kind.__name__})",
                        "return empty facts or Unreadable: there is nothing to read",
                    )


def _finds_something(request: JudgeRequest, result: Any) -> bool:
    if getattr(request, "text", None) != "" or isinstance(result, Unreadable):
        return False
    if isinstance(result, ReportFacts):
        return bool(result.features or result.sections or result.hazard or result.off_topic)
    return isinstance(request, Extract)


def _evidence(subject: _Subject) -> Iterator[tuple[str, str]]:
    with subject.loaded() as judge:
        for _, requests, results in _answered(judge):
            for request, result in zip(requests, results, strict=True):
                text: str | None = getattr(request, "text", None)
                if text is None:
                    continue
                for e in getattr(result, "evidence", ()):
                    if text[e.start : e.end] != e.quote:
                        yield (
                            f"evidence for '{e.fact}' does not stand where it says",
                            "let text[start:end] be the quote",
                        )
                        return


def _determinism(subject: _Subject) -> Iterator[tuple[str, str]]:
    with subject.loaded() as judge, subject.loaded() as again:
        for kind, requests, first in _answered(judge):
            if list(first) != list(again.answer(requests)):
                yield (
                    f"{kind.__name__}: the same texts are read differently the second time",
                    "read without sampling (temperature 0)",
                )


def _order(subject: _Subject) -> Iterator[tuple[str, str]]:
    with subject.loaded() as judge:
        for kind, requests, results in _answered(judge):
            if list(judge.answer(requests[::-1]))[::-1] != list(results):
                yield (
                    f"{kind.__name__}: in another order the texts are read differently",
                    "let no text see another, and return results in the order of the requests",
                )


_READY = ("adapter", "serves", "lists", "types")
_CHECKS: Sequence[Check[_Subject]] = (
    Check("spec", lambda subject: spec_fields(subject.spec)),
    Check("adapter", _adapter),
    Check("options", _options, ("adapter",)),
    Check("identity", _identity, ("adapter",)),
    Check("serves", _serves, ("adapter",)),
    Check("lists", _lists, ("adapter", "serves")),
    Check("types", _types, ("adapter", "serves", "lists")),
    Check("empty text", _empty, _READY),
    Check("evidence", _evidence, _READY),
    Check("determinism", _determinism, _READY),
    Check("order", _order, (*_READY, "determinism")),
)
