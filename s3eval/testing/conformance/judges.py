"""What is checked of a judge: lists in and out, the right facts, always the same."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from s3eval.errors import S3EvalError
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
from s3eval.judging.stages import checked
from s3eval.specs import JudgeSpec
from s3eval.tasks.questions import questions
from s3eval.testing.conformance.problems import Check, Problem, run_checks
from s3eval.testing.conformance.specs import (
    adapter_is,
    loads_again,
    refuses_unknown_options,
    spec_fields,
)
from s3eval.vocabulary import FEATURE_NAMES, LOCALIZING, SECTIONS

__all__ = ["check_judge"]

#: What a run's check of results calls the judge; no judge begins its own reasons with it.
_NAMED = "the judge under test"
_TEXTS = (
    "At onset the head turns to the left. Then the right arm jerks. Afterwards he is confused.",
    "The patient walks to the door. Nothing else is seen.",
    "",
    "\x00 \U0001f642 " + "word " * 500,
)


@dataclass(frozen=True)
class _Gait:
    """What `_GAIT` builds of a reply; nothing else makes it, so a raw reply is told from it."""

    word: str

    @classmethod
    def of(cls, reply: Mapping[str, Any]) -> _Gait:
        word = reply.get("gait")
        if word not in ("walks", "stands"):
            raise S3EvalError(f"Expected 'gait' to be walks or stands, but got {word!r:.60}")
        return cls(word)


_GAIT = Extraction(
    name="conformance",
    version="2",
    instructions="Say whether the patient walks or stands.",
    schema={
        "type": "object",
        "properties": {"gait": {"type": "string", "enum": ["walks", "stands"]}},
        "required": ["gait"],
    },
    build=_Gait.of,
)
_KINDS: Mapping[type, tuple[type, tuple[JudgeRequest, ...]]] = {
    ReadReport: (ReportFacts, tuple(ReadReport(text) for text in _TEXTS)),
    AnswerQuestions: (
        FeatureAnswers,
        tuple(AnswerQuestions(f, t) for f in ("head_turning", "clonic") for t in _TEXTS),
    ),
    MergeTexts: (
        MergedText,
        (
            MergeTexts(_TEXTS[:2], "report"),
            MergeTexts(_TEXTS[1::-1], "report"),
            MergeTexts(_TEXTS[2:], "justification"),
        ),
    ),
    Extract: (_Gait, tuple(Extract(text, _GAIT) for text in _TEXTS)),
}


#: What serves each kind where a judge does not override `answer`.
_CALLS: Mapping[type, str] = {
    ReadReport: "read_reports",
    AnswerQuestions: "answer_questions",
    MergeTexts: "merge",
    Extract: "extract",
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


def _load(subject: _Subject) -> Iterator[tuple[str, str]]:
    yield from loads_again(subject.spec, subject.loaded, Judge)


def _options(subject: _Subject) -> Iterator[tuple[str, str]]:
    yield from refuses_unknown_options(subject.spec, subject.options)


def _serves(subject: _Subject) -> Iterator[tuple[str, str]]:
    with subject.loaded() as judge:
        if not judge.serves or not set(judge.serves) <= set(_KINDS):
            known = ", ".join(kind.__name__ for kind in _KINDS)
            yield "serves names something else than kinds of request", f"use some of {known}"
        if judge.remote != subject.spec.remote and not _stays_here(judge):
            yield (
                f"remote is {judge.remote} on the judge and {subject.spec.remote} in the spec",
                "say the same in both: consent is asked by it",
            )


def _stays_here(judge: Judge) -> bool:
    """Whether the judge found on loading that nothing leaves: its server is on this machine.

    A class attribute that was never set means that the author forgot it.
    """
    decided = "remote" in vars(judge) or isinstance(getattr(type(judge), "remote", None), property)
    return decided and not judge.remote


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
        for kind in judge.serves:
            requests = _KINDS[kind][1]
            try:
                results: Any = judge.answer(requests)
            except NotImplementedError as error:
                yield (
                    f"serves names {kind.__name__}, which it cannot serve: {error}",
                    f"leave {kind.__name__} out of serves, or override {_CALLS[kind]}()",
                )
                continue
            except ValueError as error:
                if "zip()" not in str(error):
                    raise
                yield (
                    f"{_CALLS[kind]}() gives more or fewer results than it got texts",
                    "return one result for each, in order, Unreadable where it cannot be read",
                )
                continue
            if not isinstance(results, (list, tuple)) or len(results) != len(requests):
                count = len(results) if isinstance(results, (list, tuple)) else "no list"
                yield (
                    f"{len(requests)} {kind.__name__} requests got {count} results",
                    "return one result for each, in order, Unreadable where it cannot be read",
                )


def _types(subject: _Subject) -> Iterator[tuple[str, str]]:
    with subject.loaded() as judge:
        for _, requests, results in _answered(judge):
            for request, result in zip(requests, results, strict=True):
                if wrong := _wrong_type(request, result):
                    yield wrong
                    break  # the others of this kind are likely to be wrong in the same way


def _wrong_type(request: JudgeRequest, result: Any) -> tuple[str, str] | None:
    """What a run would not take, and an extraction that was not built; None where it is right."""
    kind = type(request)
    expected = _KINDS[kind][0]
    if not isinstance(result, (expected, Unreadable)):
        wanted = "extraction.build(reply)" if kind is Extract else expected.__name__
        return (
            f"{kind.__name__} got {type(result).__name__}",
            f"return {wanted} or Unreadable(reason, raw)",
        )
    if isinstance(result, Unreadable) and not result.reason:
        return f"an Unreadable for {kind.__name__} has no reason", "say why"
    taken = checked(_NAMED, request, result)
    if isinstance(taken, Unreadable) and taken.reason.startswith(f"{_NAMED}: "):
        reason = taken.reason.removeprefix(f"{_NAMED}: ")
        return (
            f"a run refuses what {kind.__name__} got: {reason}",
            f"give the fields of {type(result).__name__} as its docstring describes them",
        )
    return None


def _vocabulary(subject: _Subject) -> Iterator[tuple[str, str]]:
    with subject.loaded() as judge:
        for _, _, results in _answered(judge):
            for result in results:
                wrong = [*_unknown_words(result)]
                yield from wrong
                if wrong:
                    break


def _unknown_words(result: Any) -> Iterator[tuple[str, str]]:
    """Words of a result that no score knows, or not in that place."""
    if isinstance(result, ReportFacts):
        yield from _words_of_report(result)
    elif isinstance(result, FeatureAnswers):
        asked = {question.key: question for question in questions(result.feature)}
        for key, answer in result.answers.items():
            given = (answer,) if isinstance(answer, str) else tuple(answer)
            if key not in asked or not {*given} <= {*asked[key].allowed}:
                yield (
                    f"of '{result.feature}' the question '{key}' is answered {_quoted(given)}",
                    "answer the questions of s3eval.tasks.questions, with their choices",
                )


def _words_of_report(facts: ReportFacts) -> Iterator[tuple[str, str]]:
    if unknown := [name for name in facts.features if name not in FEATURE_NAMES]:
        yield (
            f"features holds {_quoted(unknown)}, which is none of the 20 features",
            "name features as s3eval.vocabulary.FEATURE_NAMES does, or return Unreadable",
        )
    elif len({*facts.features}) != len(facts.features):
        yield "features names one twice", "name each once, where the report first tells of it"
    if [section for section in SECTIONS if section in facts.sections] != [*facts.sections]:
        yield (
            f"sections is {_quoted(facts.sections)}",
            f"give those of {', '.join(SECTIONS)} that are present, in this order",
        )
    words = facts.localizing
    if {*words} != {*LOCALIZING} or not all(w and w == w.lower() for w in words.values()):
        yield (
            f"localizing is {dict(words)}",
            f"give a lower-case word for each of {', '.join(LOCALIZING)} and for nothing else, "
            '"none" where it is not mentioned',
        )


def _quoted(words: Sequence[str]) -> str:
    return ", ".join(f"'{word}'" for word in words) or "empty"


def _empty(subject: _Subject) -> Iterator[tuple[str, str]]:
    with subject.loaded() as judge:
        for kind, requests, results in _answered(judge):
            for request, result in zip(requests, results, strict=True):
                if _finds_something(request, result):
                    yield (
                        f"it finds something in an empty text ({kind.__name__})",
                        "return empty facts or Unreadable: there is nothing to read",
                    )
                elif _loses_everything(request, result):
                    yield (
                        "it merges texts that say something to an empty text",
                        "return the merged text, or Unreadable where they cannot be merged",
                    )
                    break


def _finds_something(request: JudgeRequest, result: Any) -> bool:
    if getattr(request, "text", None) != "" or isinstance(result, Unreadable):
        return False
    if isinstance(result, ReportFacts):
        located = any(result.localizing[name] != "none" for name in LOCALIZING)
        said = result.features or result.sections or result.hazard or result.off_topic
        return bool(said) or located
    return isinstance(request, Extract)


def _loses_everything(request: JudgeRequest, result: Any) -> bool:
    if not isinstance(request, MergeTexts) or not isinstance(result, MergedText):
        return False
    return not result.text.strip() and any(text.strip() for text in request.texts)


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
    """A second judge has read nothing before: what the first remembers would hide the order."""
    with subject.loaded() as judge, subject.loaded() as other:
        for kind, requests, results in _answered(judge):
            turned = [list(one.answer(requests[::-1]))[::-1] for one in (judge, other)]
            if any(given != list(results) for given in turned):
                yield (
                    f"{kind.__name__}: in another order the texts are read differently",
                    "let no text see another, keep nothing on the judge that changes how later "
                    "texts are read, and return results in the order of the requests",
                )


_LOADED = ("adapter", "load")
_READY = (*_LOADED, "serves", "lists", "types")
_CHECKS: Sequence[Check[_Subject]] = (
    Check("spec", lambda subject: spec_fields(subject.spec)),
    Check("adapter", _adapter),
    Check("load", _load, ("adapter",)),
    Check("options", _options, _LOADED),
    Check("identity", _identity, _LOADED),
    Check("serves", _serves, _LOADED),
    Check("lists", _lists, (*_LOADED, "serves")),
    Check("types", _types, (*_LOADED, "serves", "lists")),
    Check("vocabulary", _vocabulary, _READY),
    Check("empty text", _empty, _READY),
    Check("evidence", _evidence, _READY),
    Check("determinism", _determinism, _READY),
    Check("order", _order, (*_READY, "determinism")),
)
