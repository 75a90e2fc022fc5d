"""Which options of a model a run's name stands for."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from s3eval.running.made_alike import shown_value
from s3eval.secrets_in_text import without_secrets
from s3eval.terminal import without_media, without_paths

if TYPE_CHECKING:
    from s3eval.running.runs import Run

__all__ = ["model_options_of", "variant_lines"]


def model_options_of(runs: Iterable[Run]) -> dict[str, Mapping[str, Any]]:
    """The options that the models of runs were loaded with, by the run's name.

    Runs whose model had none are left out.
    """
    options = {run.name: run.facts.options.get("model") for run in runs}
    return {name: given for name, given in options.items() if given and isinstance(given, Mapping)}


def variant_lines(options: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """A line for each run whose model had options: what its name stands for.

    Lines are copied into papers: secrets are masked at any depth, and of a path, which may lead
    through a patient's name, only its last part is shown.

    Args:
        options: of the model, by the run's name.

    >>> variant_lines({"bright-cd7f8e": {"threshold": 0.2, "sound": False}, "motion": {}})
    ['bright-cd7f8e: threshold=0.2, sound=false']
    >>> variant_lines({"hf-7b": {"checkpoint": "/home/me/7b", "extra": {"api_key": "sk-1"}}})
    ['hf-7b: checkpoint=7b, extra={"api_key": "***"}']
    """
    return [
        f"{name}: {', '.join(f'{key}={_shown(key, value)}' for key, value in given.items())}"
        for name, given in options.items()
        if given
    ]


def _shown(key: str, value: Any) -> str:
    value = _without_folders(without_secrets(value, key))
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return shown_value(key, text)


# From a root, from home, from here, or through two folders at least: "org/model" of a hub is none,
# nor is a prompt that offers "left/right/none".
_PART = r"[^\\/\n:?*\"<>|]+"
_PATH = re.compile(
    rf"(?:(?:(?!https?:)[a-z][a-z0-9+.-]*:)?(?:[\\/]{{1,3}}|~[^\\/]*[\\/]|\.{{1,2}}[\\/]|[A-Za-z]:[\\/])(?:{_PART}[\\/])*{_PART}"
    rf"|(?:{_PART}[\\/]){{2,}}{_PART}(?<!\.)|{_PART}\\{_PART})[\\/]*"
)


def _without_folders(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _without_folders(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_without_folders(inner) for inner in value]
    if not isinstance(value, str):
        return value
    if _PATH.fullmatch(value):
        return without_media(re.split(r"[\\/]", value.rstrip("\\/"))[-1])
    return without_paths(value)
