"""Keys and passwords: found in text that others wrote, and in options by what they are called.

Reasons and options are kept in files that are passed on, and printed on terminals that are copied
from. What is ordinary prose about keys, passwords and tokens stays whole.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

__all__ = ["MASK", "is_secret", "without_keys", "without_secrets"]

#: What stands for a secret value of an option.
MASK = "***"

_SECRET_NAME = re.compile(
    r"(?:^|[^a-z])(?:api_?key|key|token|secret|passw(?:or)?d|credentials?|(?:proxy-)?authorization"
    r"|cookie)$",
    re.IGNORECASE,
)

_CHARACTER = r"[\w.~+/=%-]"
_HAS_DIGIT = rf"(?={_CHARACTER}{{0,400}}?\d)"
_HAS_LETTER = rf"(?={_CHARACTER}{{0,400}}?[A-Za-z])"
# Names that nothing but a key or a password follows.
_NAME = (
    r"(?<![A-Za-z])(?i:(?:x-)?api[-_ ]?key|(?:access|auth|refresh|api|hf)[-_ ]token"
    r"|client[-_ ]secret|secret[-_ ](?:access[-_ ])?key|password|passwd)"
)
_VALUE = r"[^\s'\"&,;]{6,400}"
# After a colon and a blank: "password: required field", "API key: OPENAI_API_KEY is not set".
_PROSE = (
    r"(?!https?://|(?:[A-Za-z][a-z]*(?:[-'/_][a-z]+)?|[A-Z]+(?:_[A-Z]+)*)[.:!?)\]]*(?:[\s,;'\"]|$))"
)

#: Each with what stands before the secret and stays, where something does.
_KEYS = tuple(
    re.compile(pattern)
    for pattern in (
        r"(?P<before>\b(?i:authorization)['\"]?\s?[:=,]\s?b?['\"]?"
        rf"(?i:bearer|basic|token|key|apikey)\s+){_CHARACTER}{{8,400}}(?::{_CHARACTER}{{1,400}})?",
        rf"(?P<before>\b(?i:authorization)['\"]?\s?[:=]\s?['\"]?){_HAS_DIGIT}{_CHARACTER}{{8,400}}",
        # Without that name only what no word is: "basic movements" stay.
        rf"(?P<before>\b(?i:bearer)\s+)(?:{_HAS_DIGIT}{_CHARACTER}{{8,400}}"
        rf"|[\w.~+/-]{{7,400}}=)",
        r"(?P<before>\b(?i:basic)\s+)(?:(?=[A-Za-z+/]{0,400}\d)[A-Za-z][A-Za-z0-9+/]{7,400}={0,2}"
        r"|[A-Za-z][A-Za-z0-9+/]{5,400}={1,2})(?![\w.-])",
        # In quotation marks, assigned, or after a blank where it is no word.
        rf"(?P<before>{_NAME}['\"]?\s?[=:]\s?['\"]|{_NAME}['\"]?(?:\s?=\s?|:(?!\s))){_VALUE}",
        rf"(?P<before>{_NAME}(?:\s(?i:provided|given))?['\"]?\s?:\s){_PROSE}{_VALUE}",
        # A tokenizer has tokens too: their numbers, words and marks are no keys.
        r"(?P<before>(?<![A-Za-z])(?<!unexpected )(?<!unknown )(?<!special )(?<!stop )"
        r"(?:(?i:token|secret)|(?<=[?&])(?i:key|sig|signature))['\"]?\s?[=:]\s?['\"]?)"
        rf"(?!\d{{1,6}}-[a-z]){_HAS_DIGIT}{_HAS_LETTER}{_CHARACTER}{{8,400}}",
        r"\b(?:(?:sk|rk|gsk|xai)-(?=[\w-]{0,400}\d)[\w-]{16,400}"
        r"|(?:hf|ghp|gsk|github_pat)_(?=\w{0,400}\d)\w{20,400}|(?:hf|ghp)_[A-Za-z0-9]{20,400}"
        r"|AKIA[A-Z0-9]{12,60}|AIza[\w-]{20,60})",
        # Up to the last "@" before the path; "git" is everybody's name, and what is masked stays.
        r"(?<=://)(?!git@|\*{3}@)[^\s/?#'\"]{1,400}(?=@)",
    )
)


def without_keys(text: str, instead: str = "a key") -> str:
    """The text without keys as services write them, and without users and passwords of addresses.

    Args:
        instead: what stands for each.

    >>> without_keys("Authorization: Token abcdef1234567 of https://me:hidden@host/?token=abcd1234")
    'Authorization: Token a key of https://a key@host/?token=a key'
    >>> without_keys("only basic movements; password: required field; token limit: 4096")
    'only basic movements; password: required field; token limit: 4096'
    """
    for pattern in _KEYS:
        text = pattern.sub(lambda match: (match.groupdict().get("before") or "") + instead, text)
    return text


def is_secret(name: str) -> bool:
    """Whether an option of that name holds a secret.

    >>> is_secret("options.judge.api_key"), is_secret("max_tokens")
    (True, False)
    """
    return _SECRET_NAME.search(name) is not None


def without_secrets(value: Any, name: str = "") -> Any:
    """A value of options with secrets masked, however deep in tables and lists they stand.

    Paths stay whole: for files that the user asked for, where they tell which weights were used.

    Args:
        name: what the value is called; "" for a table of options.

    >>> without_secrets({"base_url": "http://me:pw@host/v1", "extra": [{"api_key": "a"}], "n": 2})
    {'base_url': 'http://***@host/v1', 'extra': [{'api_key': '***'}], 'n': 2}
    """
    if is_secret(name) and value is not None and not isinstance(value, bool):
        return MASK
    if isinstance(value, Mapping):
        return {key: without_secrets(inner, str(key)) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [without_secrets(inner, name) for inner in value]
    return without_keys(value, MASK) if isinstance(value, str) else value
