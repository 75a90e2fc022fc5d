"""The key under which an answer is stored: a hash of everything that determines it.

What was asked before a field existed must keep its key. So the fields of the first version are
always part of it, and any later field only where it differs from its default.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping
from dataclasses import MISSING, fields
from functools import lru_cache
from typing import Any

from s3eval.facts.clips import Clip, Sampling
from s3eval.model import Question

__all__ = ["AnswerKeys", "answer_key"]

_QUESTION = frozenset({"key", "text", "choices", "max_tokens", "sense", "system"})
_SAMPLING = frozenset({"fps", "max_frames", "min_pixels", "max_pixels"})


class AnswerKeys:
    """Keys of one model's answers; each part is written once, however often it occurs.

    Args:
        model: the model's name and identity, JSON-able.

    >>> clip = Clip("v", 0.0, 30.0, Sampling())
    >>> key = AnswerKeys({"name": "motion"}).of("sha", clip, Question("tonic", "Tonic?"))
    >>> key == answer_key({"name": "motion"}, "sha", clip, Question("tonic", "Tonic?"))
    True
    """

    def __init__(self, model: Mapping[str, Any]) -> None:
        self._model = _json(model)
        self._last: tuple[str, Clip] | None = None
        self._before_question = ""

    def of(self, media: str, clip: Clip, question: Question) -> str:
        """The key of an answer.

        Args:
            media: content hash of the video file; "name:..." for models that do not look.
            clip: what is shown (its video's name does not count, the content does).
            question: what is asked.
        """
        # Questions come clip by clip.
        if self._last is None or self._last[1] is not clip or self._last[0] != media:
            shown = f"[{_json(round(clip.start, 6))}, {_json(round(clip.end, 6))}, "
            self._before_question = (
                f'{{"clip": {shown}{_sampling(clip.sampling)}], "media": {_json(media)}, '
                f'"model": {self._model}, "question": '
            )
            self._last = media, clip
        text = f"{self._before_question}{_question(question)}}}"
        return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def answer_key(model: Mapping[str, Any], media: str, clip: Clip, question: Question) -> str:
    """The key of a single answer; see `AnswerKeys`."""
    return AnswerKeys(model).of(media, clip, question)


def _json(value: Any) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False, default=str)


@lru_cache(maxsize=4096)
def _question(question: Question) -> str:
    return _json(_facts(question, _QUESTION))


@lru_cache(maxsize=256)
def _sampling(sampling: Sampling) -> str:
    return _json(_facts(sampling, _SAMPLING))


def _facts(value: Any, always: Collection[str]) -> dict[str, Any]:
    """Its fields: the first version's always, later ones where they are not the default."""
    facts: dict[str, Any] = {}
    for field in fields(value):
        given = getattr(value, field.name)
        default = field.default
        if default is MISSING and field.default_factory is not MISSING:
            default = field.default_factory()
        if field.name in always or given != default:
            facts[field.name] = given
    return facts
