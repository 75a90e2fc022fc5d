"""What comes back from a plugin, checked once, where it enters.

Whatever a model gives for a question becomes one `Answer` that can be stored and read again, or a
failed answer that says what was wrong with it. Whatever a task combines is a `Finding` of that
task and video, JSON-able, or an error that names the task.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import replace
from numbers import Real
from operator import index
from typing import Any

import numpy as np

from s3eval.errors import S3EvalError
from s3eval.facts.identity import checked_identity
from s3eval.model import FAILURE_KINDS, Answer, Question
from s3eval.plugin_calls import at_most, described
from s3eval.task import Finding
from s3eval.terminal import without_paths

__all__ = [
    "LARGEST_FINDING",
    "LONGEST_ANSWER",
    "checked_answer",
    "checked_findings",
    "checked_identity",
]

#: Characters of an answer that are kept; a longer one is a fault of the model, not an answer.
LONGEST_ANSWER = 1_000_000
#: Characters of a finding as JSON; one rests on at most some dozens of windows.
LARGEST_FINDING = 5_000_000
#: Findings of one task about one video; more is a loop without an end.
MOST_FINDINGS = 20_000
_LONGEST_REASON = 20_000
_STATUSES = ("answered", "failed", "skipped")
_STATES = ("answered", "unreadable", "failed", "skipped")
#: How far above 1 or below 0 a probability may lie by rounding.
_ROUNDING = 1e-6


def checked_answer(given: Any, question: Question) -> Answer:
    """What a model gave for a question, as an answer that can be stored.

    Text is an answer. Probabilities may be NumPy numbers and a hair outside [0, 1]; others make
    the answer failed. NUL and half characters (lone surrogates) cannot be stored and are written
    as U+FFFD.

    >>> checked_answer("yes", Question("tonic", "Tonic?")).text
    'yes'
    >>> checked_answer(None, Question("tonic", "Tonic?")).reason
    'the model gave NoneType instead of an answer'
    """
    if isinstance(given, str):
        given = Answer.of(given)
    if not isinstance(given, Answer):
        return Answer.failed(f"the model gave {type(given).__name__} instead of an answer")
    try:
        return _checked_fields(given, question)
    except _Wrong as wrong:
        return Answer.failed(f"the model gave {wrong}")
    except (KeyboardInterrupt, MemoryError):
        raise
    except BaseException as error:  # an answer's own code: properties, a number's item()
        return Answer.failed(
            f"the model gave an answer that cannot be read: {_storable(described(error))[:400]}"
        )


class _Wrong(Exception):  # noqa: N818 - a reason, not an error of its own
    pass


def _checked_fields(given: Answer, question: Question) -> Answer:
    if given.status not in _STATUSES:
        raise _Wrong(f"the unknown status {given.status!r}")
    text, reason = _plain_text(given.text, "text"), _plain_text(given.reason, "reason")
    if len(text) > LONGEST_ANSWER:
        raise _Wrong(f"an answer of {len(text):,} characters (at most {LONGEST_ANSWER:,})")
    note = _line(_plain_text(given.note, "note"))
    # Never read, so that one which is too long is cut rather than the answer lost.
    thoughts = _storable(_plain_text(given.thoughts, "thoughts")[:LONGEST_ANSWER])
    if given.status != "answered":
        kind = given.kind if given.status == "failed" and given.kind in FAILURE_KINDS else ""
        reason = _line(reason) or "no reason was given"
        return Answer(given.status, reason=reason, kind=kind, note=note, thoughts=thoughts)
    probabilities = _probabilities(given.probabilities, question)
    mass = None if given.mass is None else _share(given.mass, "mass")
    return Answer(
        "answered", _storable(text), "", probabilities, mass, note=note, thoughts=thoughts
    )


def _line(text: str) -> str:
    """A reason or note in one line, without paths: media files are called after patients."""
    return without_paths(_storable(" ".join(text[:_LONGEST_REASON].split())))[:500]


def _plain_text(value: Any, name: str) -> str:
    if not isinstance(value, str):
        raise _Wrong(f"{type(value).__name__} instead of text as its {name}")
    # Of a class derived from str, the text alone.
    return str.__str__(value)


def _probabilities(given: Any, question: Question) -> dict[str, float]:
    if not isinstance(given, Mapping):
        raise _Wrong(f"{type(given).__name__} instead of probabilities by choice")
    probabilities = {}
    for choice, value in given.items():
        if not isinstance(choice, str) or (question.choices and choice not in question.choices):
            raise _Wrong(f"a probability for {choice!r}, which is no choice of the question")
        probabilities[choice] = _share(value, f"probability of '{choice}'")
    return probabilities


def _share(value: Any, name: str) -> float:
    """A number in [0, 1], whatever its type; rounding errors are set right."""
    if isinstance(value, bool) or not isinstance(value, Real):
        # NumPy's 0-d arrays and tensors say item().
        item = getattr(value, "item", None)
        if callable(item):
            try:
                value = item()
            except Exception as error:
                raise _Wrong(f"{type(value).__name__} as the {name}") from error
    if isinstance(value, bool) or not isinstance(value, (int, float, Real)):
        raise _Wrong(f"{type(value).__name__} as the {name}")
    try:
        number = float(value)
    except OverflowError:
        raise _Wrong(f"a number without bounds as the {name}") from None
    if not math.isfinite(number) or not -_ROUNDING <= number <= 1 + _ROUNDING:
        raise _Wrong(f"{number} as the {name}")
    return min(1.0, max(0.0, number))


def _storable(text: str) -> str:
    """The text without what no database or JSON file takes."""
    if "\x00" in text:
        text = text.replace("\x00", "\ufffd")
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        # Halves that belong together are joined, others replaced.
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def checked_findings(task: str, video: str, given: Any) -> list[Finding]:
    """What a task combined of a video.

    Raises:
        S3EvalError: something in it is no finding, or one of another task or video, has no known
            state, a value where there should be none (or none where there should be one), a
            probability outside [0, 1], or cannot be written as JSON.
    """
    if not isinstance(given, Iterable) or isinstance(given, (str, bytes, Mapping)):
        raise S3EvalError(f"Expected findings from combine, but got {type(given).__name__}")
    some = at_most(given, MOST_FINDINGS, "findings about one video")
    findings = [_checked_finding(task, video, finding) for finding in some]
    items = [finding.item for finding in findings]
    if len(set(items)) != len(items):
        raise S3EvalError("Two findings of one item about one video")
    return findings


def _checked_finding(task: str, video: str, finding: Any) -> Finding:
    if not isinstance(finding, Finding):
        raise S3EvalError(f"Expected findings from combine, but got {type(finding).__name__}")
    if (finding.task, finding.video) != (task, video):
        got = f"one of {finding.task!r:.80}" if finding.task != task else "one about another"
        raise S3EvalError(
            f"Expected a finding of '{task}' about the video it was given, but got {got}"
        )
    if not isinstance(finding.item, str) or not finding.item:
        raise S3EvalError(f"Expected the item of a finding to be a name, but got {finding.item!r}")
    if finding.state not in _STATES:
        raise S3EvalError(f"Expected a state among {', '.join(_STATES)}, but got {finding.state!r}")
    if (finding.state == "answered") != (finding.value is not None):
        raise S3EvalError(f"A finding is '{finding.state}' with the value {finding.value!r}"[:300])
    if finding.probability is not None:
        try:
            finding = replace(finding, probability=_share(finding.probability, "probability"))
        except _Wrong as wrong:
            raise S3EvalError(f"A finding has {wrong}") from None
    finding = _with_whole_counts(finding)
    if not isinstance(finding.reason, str) or not isinstance(finding.detail, Mapping):
        raise S3EvalError("Expected the reason of a finding to be text, its detail a mapping")
    missing = finding.detail.get("missing", ())
    if not isinstance(missing, (list, tuple)) or not all(isinstance(w, Mapping) for w in missing):
        raise S3EvalError("Expected 'missing' of a finding to list the windows that are missing")
    reason = without_paths(finding.reason)
    if reason != finding.reason:
        finding = replace(finding, reason=reason)
    return _written_finding(finding)


def _with_whole_counts(finding: Finding) -> Finding:
    try:
        counts = {name: index(getattr(finding, name)) for name in ("pieces", "readable")}
    except TypeError as error:
        raise S3EvalError("Expected whole counts in a finding", why=str(error)) from error
    if min(counts.values()) < 0:
        raise S3EvalError("Expected counts from 0 on in a finding", why=f"got {counts}")
    if type(finding.pieces) is int and type(finding.readable) is int:
        return finding
    return replace(finding, pieces=counts["pieces"], readable=counts["readable"])


def _written_finding(finding: Finding) -> Finding:
    """The finding as its file can hold it; halves of characters are replaced.

    Raises:
        S3EvalError: it cannot be written as JSON, or is larger than any finding.
    """
    facts = [finding.item, finding.value, dict(finding.detail), finding.reason]
    converted: list[Any] = []

    def number(value: Any) -> Any:
        converted.append(value)
        return _number(value)

    try:
        text = json.dumps(facts, allow_nan=False, ensure_ascii=False, default=number)
    except (TypeError, ValueError, RecursionError) as error:
        raise S3EvalError("A finding cannot be written as JSON", why=str(error)) from error
    except Exception as error:  # what item() of a number raises
        raise S3EvalError("A finding cannot be written", why=described(error)) from error
    if len(text) > LARGEST_FINDING:
        raise S3EvalError(f"A finding has {len(text):,} characters (at most {LARGEST_FINDING:,})")
    stored = _storable(text)
    if converted or stored is not text:
        item, value, detail, reason = json.loads(stored)
        finding = replace(finding, item=item, value=value, detail=detail, reason=reason)
    return finding


def _number(value: Any) -> Any:
    """A number of NumPy, as JSON has it."""
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"{type(value).__name__} is not JSON-able")
