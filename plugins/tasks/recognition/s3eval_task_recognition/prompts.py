"""The questions of Tasks 1 and 2: the paper's prompts (Tables 6-8), one a feature."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING

from s3eval.model import Question
from s3eval.vocabulary import FEATURES, Feature

if TYPE_CHECKING:
    from collections.abc import Collection

    from s3eval.vocabulary import Sense

__all__ = ["THREE_VALUED", "prompts", "question", "questions"]

#: The feature whose answer may be "na": nobody addressed the patient.
THREE_VALUED = "verbal_responsiveness"


@lru_cache(maxsize=1)
def _tables() -> Mapping[str, Mapping[str, str]]:
    import sys

    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    text = files(__package__).joinpath("prompts.toml").read_text(encoding="utf-8")
    tables: Mapping[str, Mapping[str, str]] = tomllib.loads(text)
    return tables


def prompts() -> Mapping[str, str]:
    """The prompt of each feature.

    >>> prompts()["close_eyes"][:60]
    "Do the patient's eyes remain consistently closed or mostly c"
    """
    return _tables()["prompts"]


def question(feature: Feature, justified: bool = False) -> Question:
    """The question about one feature; ``justified`` asks for the reason in the same answer.

    Tasks 1 and 2 make it here, so that together they put the very same question, once.

    >>> from s3eval.vocabulary import feature
    >>> question(feature("verbal_responsiveness")).choices
    ('yes', 'no', 'na')
    """
    text = prompts()[feature.name]
    return Question(
        key=feature.name,
        text=f"{text} {_tables()['justify']['text']}" if justified else text,
        choices=("yes", "no", "na") if feature.name == THREE_VALUED else ("yes", "no"),
        max_tokens=160 if justified else 16,
        sense=feature.sense,
    )


def questions(senses: Collection[Sense], justified: bool = False) -> tuple[Question, ...]:
    """The questions these senses allow, in canonical order.

    >>> [q.key for q in questions({"hearing"})]
    ['verbal_responsiveness', 'ictal_vocalization']
    """
    return tuple(question(f, justified) for f in FEATURES if f.sense in senses)
