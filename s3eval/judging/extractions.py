"""The paper's three requests of a judge as extractions, and what needs no judge at all.

A chat model is asked for everything in one way: instructions, a text, the schema of its reply,
and what makes facts of that. A task's own `Extraction` is such a thing; here the three calls of
the paper's tasks become one, too.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from s3eval.errors import S3EvalError
from s3eval.judge import (
    AnswerQuestions,
    Extract,
    Extraction,
    FeatureAnswers,
    JudgeRequest,
    MergedText,
    MergeTexts,
    ReadReport,
    ReportFacts,
    Unreadable,
)
from s3eval.judging import prompts
from s3eval.judging.schemas import feature_answers, report_facts
from s3eval.tasks.questions import questions
from s3eval.vocabulary import LOCALIZING

__all__ = [
    "BuildError",
    "answers_extraction",
    "built",
    "extraction_of",
    "facts_for",
    "kind_of",
    "known_without_asking",
    "merge_extraction",
    "report_extraction",
    "text_of",
]

_NOTHING_SAID = ReportFacts((), (), dict.fromkeys(LOCALIZING, "none"))


class BuildError(Exception):
    """The code of an extraction failed on a reply: a fault of its author, not of the model."""


@functools.cache
def report_extraction() -> Extraction:
    """What a report says, its words not yet counted (paper, D.1).

    >>> report_extraction().name
    'report'
    """
    return Extraction(
        "report",
        prompts.PROMPT_VERSION,
        prompts.report_instructions(),
        prompts.report_reply_schema(),
        functools.partial(report_facts, words=0),
    )


@functools.cache
def answers_extraction(feature: str) -> Extraction:
    """A feature's chained questions (paper, Appendix C).

    Raises:
        UnknownNameError: no feature is called so.

    >>> answers_extraction("tonic").build({"stiff": "no"}).answers
    {'stiff': 'no'}
    """
    return Extraction(
        f"answers:{feature}",
        prompts.ANSWERS_VERSIONS.get(feature, prompts.PROMPT_VERSION),
        prompts.answers_instructions(feature),
        prompts.answers_reply_schema(feature),
        functools.partial(feature_answers, feature),
    )


def merge_extraction(kind: str) -> Extraction:
    """One text of several windows'; ``kind`` says what the texts are."""
    return Extraction(
        f"merge:{kind}",
        prompts.PROMPT_VERSION,
        prompts.merge_instructions(kind),
        prompts.merge_reply_schema(),
        _merged,
    )


def extraction_of(request: JudgeRequest) -> Extraction:
    """The request as an extraction."""
    if isinstance(request, ReadReport):
        return report_extraction()
    if isinstance(request, AnswerQuestions):
        return answers_extraction(request.feature)
    if isinstance(request, MergeTexts):
        return merge_extraction(request.kind)
    return request.extraction


def kind_of(request: JudgeRequest) -> str:
    """Names what is wanted in the key of a reading: those of the paper as they always were."""
    extraction = extraction_of(request)
    if isinstance(request, Extract):
        return f"extract:{extraction.name}:{extraction.version}"
    return extraction.name


def text_of(request: JudgeRequest) -> str:
    """The text that is sent.

    >>> text_of(MergeTexts((" He stares. ", "He jerks.", "He stares."), "report"))
    '[1] He stares.\\n\\n[2] He jerks.'
    """
    if isinstance(request, MergeTexts):
        return prompts.numbered(_distinct(request.texts))
    return request.text.strip()


def known_without_asking(request: JudgeRequest) -> Any:
    """What no judge is needed for, None where one is.

    An empty report says nothing, a single distinct text is merged already, and a feature without
    questions has no answers. Any other empty text is unreadable.

    >>> known_without_asking(MergeTexts(("He stares.", " He stares."), "report")).text
    'He stares.'
    >>> known_without_asking(ReadReport("He stares.")) is None
    True
    """
    if isinstance(request, MergeTexts):
        distinct = _distinct(request.texts)
        return MergedText(distinct[0] if distinct else "") if len(distinct) < 2 else None
    if isinstance(request, AnswerQuestions) and not questions(request.feature):
        return FeatureAnswers(request.feature, {})
    if request.text.strip():
        return None
    return (
        _NOTHING_SAID if isinstance(request, ReadReport) else Unreadable("there is no text to read")
    )


def built(extraction: Extraction, reply: Mapping[str, Any]) -> Any:
    """The facts of a reply.

    Raises:
        S3EvalError: the reply does not say what is wanted; the model is told so.
        BuildError: ``build`` failed in another way.

    >>> built(Extraction("gait", "1", "", {}, lambda reply: reply["walks"]), {"walks": True})
    True
    """
    try:
        return extraction.build(reply)
    except (S3EvalError, MemoryError, KeyboardInterrupt):
        raise
    except LookupError as error:
        raise S3EvalError(f"Expected {error} in the reply, but it is not there.") from error
    except ValueError as error:
        raise S3EvalError(" ".join(str(error).split())[:300]) from error
    except BaseException as error:  # a plugin may raise anything, SystemExit included
        raise BuildError(
            f"extraction '{extraction.name}' failed on a reply: {type(error).__name__}: {error}"
        ) from error


def facts_for(request: JudgeRequest, reply: Mapping[str, Any], raw: str = "") -> Any:
    """What a reply that was accepted means for a request."""
    try:
        facts = built(extraction_of(request), reply)
    except (S3EvalError, BuildError) as error:
        return Unreadable(str(error), raw)
    if isinstance(request, ReadReport):
        return replace(facts, words=len(request.text.split()))
    return facts


def _distinct(texts: Sequence[str]) -> list[str]:
    return [*dict.fromkeys(t.strip() for t in texts if t.strip())]


def _merged(reply: Mapping[str, Any]) -> MergedText:
    text = reply.get("text")
    if not isinstance(text, str) or not text.strip():
        raise S3EvalError("Expected 'text' to hold the merged text")
    return MergedText(text.strip())
