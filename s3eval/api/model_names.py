"""A model as users name it: ``NAME``, ``NAME?option=value&option=value`` or ``NAME:VALUE?...``."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from s3eval.errors import S3EvalError
from s3eval.plugins import installed

if TYPE_CHECKING:
    from s3eval.plugins import Registry
    from s3eval.specs import ModelSpec

__all__ = ["NamedModel", "named_model", "named_models"]


@dataclass(frozen=True)
class NamedModel:
    """What a name stands for.

    Attributes:
        spec: the installed model.
        options: those that the name sets, by option name.
        folder: the name of its run's folder below ``--out``; another for other options, so that
            two runs of one model with different options do not meet.
    """

    spec: ModelSpec
    options: Mapping[str, Any] = field(default_factory=dict)
    folder: str = ""


def named_model(name: str, registry: Registry) -> NamedModel:
    """The model of a name.

    ``hf:/weights/llava?dtype=bfloat16`` is the model ``hf`` with the options ``checkpoint`` (the
    one that its spec says the value sets, `ModelSpec.argument`) and ``dtype``. Values are read as
    JSON where they are JSON, else as text; ``%26`` stands for "&".

    Raises:
        S3EvalError: no such model, it takes no value, or the options are not ``key=value``.

    A model whose spec names no such option takes them as ``NAME?option=value``.

    >>> found = named_model("hf:/weights/llava?dtype=bfloat16", installed())  # doctest: +SKIP
    >>> found.options, found.folder  # doctest: +SKIP
    ({'checkpoint': '/weights/llava', 'dtype': 'bfloat16'}, 'hf-llava-5ae1c6')
    """
    called, question_mark, query = name.partition("?")
    head, colon, value = called.partition(":")
    if not (colon or question_mark) or name in registry.names("model"):
        spec = registry.get("model", name).spec
        return NamedModel(spec, folder=spec.name)
    spec = registry.get("model", head).spec
    if colon and not spec.argument:
        raise S3EvalError(
            f"The model '{head}' takes no value after ':'",
            where=name,
            fix=f"--model '{head}?key=value'",
        )
    options: dict[str, Any] = {spec.argument: value} if value else {}
    if question_mark:
        options |= _options(query, name)
    last = re.sub(r"[^A-Za-z0-9._-]+", "-", value.rstrip("/").rpartition("/")[2]).strip("-.")
    parts = [spec.name, last[:80]]
    if query or not last:
        parts.append(hashlib.sha256(f"{value}{question_mark}{query}".encode()).hexdigest()[:6])
    return NamedModel(spec, options, "-".join(p for p in parts if p))


def named_models(names: Iterable[str]) -> list[NamedModel]:
    """The installed models of several names, as `named_model`.

    Raises:
        S3EvalError: there is no name, or one of them is wrong.
    """
    registry = installed()
    named = [named_model(name, registry) for name in names]
    if not named:
        raise S3EvalError("No model is named", fix="s3eval list models")
    return named


def _options(query: str, name: str) -> dict[str, Any]:
    try:
        pairs = parse_qsl(query.replace("+", "%2B"), keep_blank_values=True, strict_parsing=True)
    except ValueError:
        pairs = []
    if not pairs:
        raise S3EvalError(
            "Expected options after '?' to be key=value, joined by '&'",
            where=name,
            fix="s3eval list models",
        )
    return {key: _read(value) for key, value in pairs}


def _read(value: str) -> Any:
    try:
        return json.loads(value)
    except ValueError:
        return value
