"""What is wanted of a text, and whether a reply to it can be used: no request is made here."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from s3eval.errors import S3EvalError
from s3eval.judge import Extraction, Unreadable
from s3eval.judging.extractions import BuildError, built
from s3eval.judging.prompts import messages
from s3eval.remote.cache import content_key
from s3eval.remote.client import ChatRequest, Reply
from s3eval.remote.jsontext import json_objects

__all__ = [
    "Ask", "longer", "outcome_of", "parsed_reply", "problem_of", "reading_key", "repaired",
    "schema_name",
]  # fmt: skip


@dataclass(frozen=True)
class Ask:
    """One text and what is wanted of it.

    Attributes:
        kind: "report", "answers:tonic", "merge:report"...: part of its key.
        text: what the user message holds; the only part that passes the privacy gate.
        extraction: what is wanted of it.
        max_tokens: longest reply.
    """

    kind: str
    text: str
    extraction: Extraction
    max_tokens: int


def reading_key(identity: Mapping[str, Any], kind: str, instructions: str, text: str) -> str:
    """The key under which the reading of a text is kept.

    Args:
        identity: the judge's, without what was done to texts before they were sent.
        text: as it was sent. What was done to it stands in it: the same words are asked once,
            whether they were redacted, checked or neither.

    >>> one = reading_key({"judge": "gpt"}, "report", "Read.", "He stares.")
    >>> one == reading_key({"judge": "gpt"}, "report", "Read.", "He jerks.")
    False
    """
    sent = [dict(m) for m in messages(instructions, text)]
    return content_key({**identity, "kind": kind, "messages": sent})


def outcome_of(value: Mapping[str, Any]) -> Mapping[str, Any] | Unreadable:
    """What the cache holds of a text, as it is handed out: its JSON, or why there is none."""
    if value["state"] == "read":
        parsed: Mapping[str, Any] = value["json"]
        return parsed
    return Unreadable(value["reason"], value["raw"], value["record"])


def parsed_reply(ask: Ask, reply: Reply) -> tuple[Mapping[str, Any] | None, str]:
    """The one JSON object of a reply that validates, or what is wrong with the reply."""
    if reply.finish == "length":
        return None, "the reply was cut off at its longest length"
    valid: list[Mapping[str, Any]] = []
    problem = "there is no complete JSON object in the reply"
    for parsed in json_objects(reply.text):
        wrong = problem_of(ask, parsed)
        if wrong:
            problem = wrong
        else:
            valid.append(parsed)
    if any(v != valid[0] for v in valid):
        return None, "the reply holds several different JSON objects"
    return (valid[0], "") if valid else (None, problem)


def problem_of(ask: Ask, reply: Mapping[str, Any]) -> str:
    """Why a reply is not what is wanted, "" where it is.

    Where the extraction's own code fails the reply is kept as it is: asking again would cost
    money and mend nothing, and mended code reads it without asking.
    """
    try:
        built(ask.extraction, reply)
    except S3EvalError as error:
        return str(error)
    except BuildError:
        return ""
    return ""


def schema_name(name: str) -> str:
    """An extraction's name as servers allow it: "answers:tonic" is "answers"."""
    return re.sub(r"[^A-Za-z0-9_-]", "_", name.partition(":")[0])[:64] or "reply"


def repaired(request: ChatRequest, reply: Reply, problem: str) -> ChatRequest:
    """The request once more, with what came back and what is wrong with it."""
    asked = f"That cannot be used: {problem} Reply again with the JSON object only."
    more = ({"role": "assistant", "content": reply.text}, {"role": "user", "content": asked})
    if reply.finish == "length":
        return longer(request)
    return replace(request, messages=(*request.messages, *more))


def longer(request: ChatRequest) -> ChatRequest:
    """The request with room for a reply twice as long."""
    return replace(request, max_tokens=2 * request.max_tokens)
