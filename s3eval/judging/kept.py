"""What judges read earlier and keep, looked up without loading a judge: nobody is asked.

A chat judge keeps every reply under a key of its identity, what was wanted, and the text as sent.
A run records that identity, so that its readings can be found again by anyone who has the file.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from s3eval.errors import S3EvalError
from s3eval.judge import Judge, Unreadable
from s3eval.judging.extractions import (
    extraction_of,
    facts_for,
    kind_of,
    known_without_asking,
    text_of,
)
from s3eval.judging.replies import Ask, problem_of, reading_key
from s3eval.judging.stages import checked
from s3eval.plugin_calls import adapter_of, call_plugin
from s3eval.plugins import installed
from s3eval.privacy.detector import find_detector, redact
from s3eval.remote.cache import stored_replies

if TYPE_CHECKING:
    from s3eval.judge import JudgeRequest

__all__ = ["KeptReadings", "kept_by_chat", "kept_readings"]

#: What the gate adds to an identity; it is not part of a reading's key.
_GATE = ("phi", "detector")
#: Of so many texts each is redacted anew to look for it, even where none was there as it is.
_FEW = 50


@dataclass(frozen=True)
class KeptReadings:
    """What a judge keeps of some requests.

    Attributes:
        judge: its name and the model it asked, for people.
        readings: by request its validated facts, or `Unreadable`.
        missing: the distinct requests of which it keeps nothing usable.
    """

    judge: str
    readings: Mapping[JudgeRequest, Any]
    missing: tuple[JudgeRequest, ...] = ()


def kept_readings(
    name: str,
    identity: Mapping[str, Any],
    options: Mapping[str, Any],
    requests: Iterable[JudgeRequest],
) -> KeptReadings:
    """What the judge that a run was scored with keeps of some requests; nobody is asked.

    Args:
        name: of the judge, as ``s3eval list judges`` shows it.
        identity: of the judge, as the run recorded it.
        options: of the judge, where the run recorded any: its file of readings may be among them.

    Raises:
        S3EvalError: the judge is not installed, keeps no readings, or they cannot be read.
    """
    plugin = installed().get("judge", name)
    adapter = adapter_of(plugin, Judge)  # type: ignore[type-abstract]
    own = (one for one in adapter.__mro__ if one is not Judge)
    if not any("stored_readings" in vars(one) for one in own):
        raise S3EvalError(
            f"The judge '{name}' keeps no readings that can be shown",
            why=f"{plugin.package} does not say how they are looked up without asking anew "
            "(its judge has no 'stored_readings')",
        )
    distinct = list(dict.fromkeys(requests))
    wanted = [r for r in distinct if isinstance(r, adapter.serves)]
    given = call_plugin(
        f"stored_readings() of judge '{name}'",
        plugin.package,
        lambda: dict(adapter.stored_readings(identity, options, wanted)),
    )
    readings = {r: checked(f"judge '{name}'", r, given[r]) for r in wanted if r in given}
    model = identity.get("model")
    label = f"{name} ({model})" if isinstance(model, str) and model else name
    return KeptReadings(label, readings, tuple(r for r in distinct if r not in readings))


def kept_by_chat(
    identity: Mapping[str, Any], cache: str, requests: Sequence[JudgeRequest]
) -> dict[JudgeRequest, Any]:
    """What a chat judge's file of readings holds of some requests, and what needs no judge.

    Where texts were redacted before they were sent, one that is not there as it is gets redacted
    in the same way (on this machine) and is looked for once more.

    Args:
        identity: of the judge, as a run recorded it.
        cache: its option of that name: the file, "" for the one in the cache folder, "off".

    Raises:
        S3EvalError: the judge kept nothing, or its file is not here or cannot be read.
    """
    readings: dict[JudgeRequest, Any] = {}
    asks: dict[JudgeRequest, Ask] = {}
    for request in dict.fromkeys(requests):
        known = known_without_asking(request)
        if known is not None:
            readings[request] = known
        else:
            wanted = extraction_of(request)
            asks[request] = Ask(kind_of(request), text_of(request), wanted, wanted.max_tokens)
    if not asks:
        return readings
    if cache == "off":
        raise S3EvalError("This judge was told to keep no readings (its option cache=off)")
    judge = {k: v for k, v in identity.items() if k not in _GATE}
    file = cache or None
    readings |= _looked_up(judge, file, asks, {r: ask.text for r, ask in asks.items()})
    missing = {r: ask for r, ask in asks.items() if r not in readings}
    if missing and (len(missing) < len(asks) or len(asks) <= _FEW):
        readings |= _looked_up(judge, file, missing, _redacted(identity, missing))
    return readings


def _looked_up(
    judge: Mapping[str, Any],
    file: str | None,
    asks: Mapping[JudgeRequest, Ask],
    texts: Mapping[JudgeRequest, str],
) -> dict[JudgeRequest, Any]:
    keys = {
        r: reading_key(judge, asks[r].kind, asks[r].extraction.instructions, text)
        for r, text in texts.items()
    }
    held = stored_replies(file, keys.values()) if keys else {}
    readings = {r: _reading(r, asks[r], held[key]) for r, key in keys.items() if key in held}
    return {r: reading for r, reading in readings.items() if reading is not None}


def _redacted(
    identity: Mapping[str, Any], asks: Mapping[JudgeRequest, Ask]
) -> dict[JudgeRequest, str]:
    """The texts that redacting changes, as they were sent; {} where it cannot be repeated."""
    if identity.get("phi") != "redact":
        return {}
    try:
        detector = find_detector()
    except S3EvalError:
        return {}
    if detector.name != identity.get("detector"):
        return {}
    sent = {r: redact(ask.text, detector.find(ask.text)) for r, ask in asks.items()}
    return {r: text for r, text in sent.items() if text != asks[r].text}


def _reading(request: JudgeRequest, ask: Ask, value: Any) -> Any:
    """What a kept reply means; None where the judge itself would ask again."""
    if not isinstance(value, dict):
        return None
    reason, parsed = value.get("reason"), value.get("json")
    raw = value.get("raw")
    raw = raw if isinstance(raw, str) else ""
    if value.get("state") == "unreadable" and isinstance(reason, str):
        return Unreadable(reason, raw)
    if value.get("state") != "read" or not isinstance(parsed, dict) or problem_of(ask, parsed):
        return None
    return facts_for(request, parsed, raw)
