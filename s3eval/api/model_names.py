"""A model as users name it: ``NAME``, ``NAME?option=value&option=value`` or ``NAME:VALUE?...``."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from s3eval.errors import S3EvalError
from s3eval.permission import LOCAL_ONLY, permitted_options
from s3eval.plugins import installed
from s3eval.running.models import checked_options

if TYPE_CHECKING:
    from s3eval.plugins import Plugin, Registry
    from s3eval.specs import ModelSpec

__all__ = ["NamedModel", "model_spec", "named_model", "named_models", "recorded_model"]


@dataclass(frozen=True)
class NamedModel:
    """What a name stands for.

    Attributes:
        spec: the installed model.
        options: all that it is loaded with, checked and as typed values: those that its name sets
            and those that are set for every model.
        own: those of them that its name sets.
        folder: the name of its run's folder below ``--out``; another for other options in the
            name, so that two runs of one model with different options do not meet. However the
            same options are spelt or ordered, it is the same.
        earlier: the folder that versions before 0.2 made for this very spelling.
    """

    spec: ModelSpec
    options: Mapping[str, Any] = field(default_factory=dict)
    own: Mapping[str, Any] = field(default_factory=dict)
    folder: str = ""
    earlier: str = ""

    def run_in(self, out: Path) -> Path:
        """The folder of its run below ``out``; an earlier version's, where only that is there."""
        named, before = out / self.folder, out / self.earlier
        is_before = not (named / "run.json").is_file() and (before / "run.json").is_file()
        return before if is_before else named


def named_model(
    name: str, registry: Registry | None = None, others: Mapping[str, Any] | None = None
) -> NamedModel:
    """The model of a name, with its options checked; nothing is loaded.

    ``hf:/weights/llava?dtype=bfloat16`` is the model ``hf`` with the options ``checkpoint`` (the
    one that its spec says the value sets, `ModelSpec.argument`) and ``dtype``. Values are read as
    JSON where they are JSON, else as text; ``%26`` stands for "&" and ``%2C`` for ",".

    A model whose spec names no such option takes them as ``NAME?option=value``.

    Args:
        registry: the plugins, default those installed.
        others: options for every model (``--model-option``); those of the name go before them.

    Raises:
        S3EvalError: no such model, it takes no value, the options are not ``key=value`` or one is
            given twice, or the model refuses them.

    >>> found = named_model("hf:/weights/llava?dtype=bfloat16")  # doctest: +SKIP
    >>> found.options, found.folder  # doctest: +SKIP
    ({'checkpoint': '/weights/llava', 'dtype': 'bfloat16'}, 'hf-llava-4bd0de')
    """
    known = registry or installed()
    head, value, query = _parts(name, known)
    plugin = known.get("model", head)
    spec = plugin.spec
    given = _given(plugin, name, value, query)
    everything = {**(others or {}), **given}
    permitted_options(spec, everything, LOCAL_ONLY)  # consent is no option
    options = checked_options(plugin, everything)
    own = {key: options[key] for key in given}
    spelt = {key: own[key] for key in sorted(own) if not (value and key == spec.argument)}
    folder, earlier = (_folder(spec, value or "", q or "") for q in (_query(spelt), query))
    return NamedModel(spec, options, own, folder, earlier)


def _parts(name: str, known: Registry) -> tuple[str, str | None, str | None]:
    """The model's name, what stands after ":" and after "?"; None where these signs do not."""
    if name in known.names("model"):
        return name, None, None
    called, question_mark, query = name.partition("?")
    head, colon, value = called.partition(":")
    if not head and (colon or question_mark):
        raise S3EvalError(
            f"No model is named before '{name[0]}'",
            where=name,
            fix=f"--model 'NAME{name}', with a name of s3eval list models",
        )
    several = [part for part in head.split(",") if part.strip() in known.names("model")]
    if several and "," in head:
        raise S3EvalError(
            "One model is named here, not several", where=name, fix=f"--model {several[0].strip()}"
        )
    return head, value if colon else None, query if question_mark else None


def _given(
    plugin: Plugin[ModelSpec], name: str, value: str | None, query: str | None
) -> dict[str, Any]:
    """The options that a name sets, as they are written there."""
    spec = plugin.spec
    if value is not None and not spec.argument:
        raise S3EvalError(
            f"The model '{spec.name}' takes no value after ':'",
            where=name,
            fix=f"--model '{spec.name}?key=value'",
        )
    given: dict[str, Any] = {spec.argument: value} if value else {}
    for key, setting in [] if query is None else _options(query, name, plugin):
        if key in given:
            raise S3EvalError(
                f"The option '{key}' is given twice", where=name, fix=f"{key}=VALUE once"
            )
        given[key] = setting
    return given


def model_spec(name: str) -> ModelSpec:
    """The spec of the model that a name calls; options in the name are not checked.

    Raises:
        S3EvalError: no such model.

    >>> model_spec("replay?file=answers.csv").name
    'replay'
    """
    known = installed()
    return known.get("model", _parts(name, known)[0]).spec


def recorded_model(name: str, options: Mapping[str, Any]) -> NamedModel:
    """An installed model with the options that a run recorded, checked as a user's are.

    Recorded options may have been edited, or be of an earlier version of the model's package.

    Args:
        name: the model's, without options.

    Raises:
        S3EvalError: no such model, or it refuses the options.
    """
    plugin = installed().get("model", name)
    permitted_options(plugin.spec, options, LOCAL_ONLY)  # consent is no option
    try:
        checked = checked_options(plugin, options)
    except S3EvalError as error:
        error.what = f"The options recorded in run.toml: {error.what}"
        raise
    return NamedModel(plugin.spec, checked)


def named_models(names: Iterable[str], others: Mapping[str, Any] | None = None) -> list[NamedModel]:
    """The installed models of several names, as `named_model`; each once, however it is spelt.

    Args:
        others: options for every one of them.

    Raises:
        S3EvalError: there is no name, one of them is wrong, or the runs of two would be in one
            folder.
    """
    registry, several = installed(), [*names]
    by_folder: dict[str, tuple[str, NamedModel]] = {}
    for name in several:
        try:
            model = named_model(name, registry, others)
        except S3EvalError as error:
            if part := _after_comma(several, registry):
                comma = f"%2C for the comma before '{part}', if it is within a value after '?'"
                error.fix = f"{error.fix}, or {comma}" if error.fix else comma
            raise
        same, first = by_folder.setdefault(model.folder, (name, model))
        if dict(first.options) != dict(model.options):
            raise S3EvalError(
                f"The runs of '{same}' and '{name}' would be in one folder",
                where=model.folder,
                fix=f"'{model.spec.name}?{model.spec.argument}=VALUE' for one of them, or "
                "one after the other with another --out",
            )
    if not by_folder:
        raise S3EvalError("No model is named", fix="s3eval list models")
    return [model for _, model in by_folder.values()]


def _after_comma(names: Sequence[str], known: Registry) -> str:
    """What no model is called and follows a name with a value: the end of a value with a comma.

    Commas separate names where they are given together.
    """
    models = known.names("model")
    return next(
        (
            name
            for before, name in pairwise(names)
            if ("?" in before or ":" in before) and re.split("[?:]", name)[0] not in models
        ),
        "",
    )


def _folder(spec: ModelSpec, value: str, query: str) -> str:
    last = re.sub(r"[^A-Za-z0-9._-]+", "-", value.rstrip("/").rpartition("/")[2]).strip("-.")
    parts = [spec.name, last[:80]]
    if query or (value and not last):
        joined = f"{value}?{query}" if query else value
        parts.append(hashlib.sha256(joined.encode()).hexdigest()[:6])
    return "-".join(p for p in parts if p)


def _options(query: str, name: str, plugin: Plugin[ModelSpec]) -> list[tuple[str, Any]]:
    try:
        pairs = parse_qsl(query.replace("+", "%2B"), keep_blank_values=True, strict_parsing=True)
    except ValueError:
        pairs = []
    if not pairs or not all(key for key, _ in pairs):
        raise S3EvalError(
            "Expected options after '?' to be key=value, joined by '&'",
            where=name,
            fix=_advice(plugin),
        )
    return [(key, _read(value)) for key, value in pairs]


def _advice(plugin: Plugin[ModelSpec]) -> str:
    """Which options a model takes, in its own words: those of its refusal of one without a name."""
    try:
        checked_options(plugin, {"": ""})
    except S3EvalError as error:
        return error.fix or f"--model {plugin.spec.name}"
    return f"--model '{plugin.spec.name}?key=value'"


def _read(value: str) -> Any:
    try:
        return json.loads(value)
    except ValueError:
        return value


def _query(options: Mapping[str, Any]) -> str:
    """Options as a name spells them, one spelling for each value.

    >>> _query({"note": "a&b", "rate": 8.0, "sound": False, "threshold": 0.2})
    'note=a%26b&rate=8&sound=false&threshold=0.2'
    """
    return "&".join(f"{key}={_spelt(value)}" for key, value in options.items())


def _spelt(value: Any) -> str:
    """A value so that `_read` reads it again, as people spell it: 8 for 8.0, none for None."""
    if value is None:
        return "none"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    text = value
    if not isinstance(value, str) or not isinstance(_read(value), str):
        text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    text = re.sub(r"%(?=[0-9A-Fa-f]{2})", "%25", text)
    return text.replace("&", "%26").replace(",", "%2C")
