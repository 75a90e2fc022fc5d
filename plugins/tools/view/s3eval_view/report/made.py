"""How a run was made: everything that determines it, and the command that repeats it."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator, Mapping
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from s3eval.running.store import AnswerStore
from s3eval.version import __version__

if TYPE_CHECKING:
    from s3eval.facts.videos import Dataset
    from s3eval.running.runs import Run, RunFacts
    from s3eval_view.report.evidence import RunEvidence

__all__ = ["command_of", "facts_of", "facts_of_run"]


def facts_of(run: RunEvidence) -> list[tuple[str, str]]:
    """(what, value) of a scored run in the order of reading."""
    scored = run.scored
    return facts_of_run(scored.run, run.dataset, scored.protocol, scored.judge)


def facts_of_run(
    run: Run, dataset: Dataset, protocol: str = "", judge: Mapping[str, Any] | None = None
) -> list[tuple[str, str]]:
    """(what, value) in the order of reading.

    Args:
        protocol, judge: of the scores; "" and None for those that the run was made with.
    """
    facts = run.facts
    rows = [
        ("model", facts.model),
        ("answers", "asked" if facts.source == "asked" else "recorded elsewhere and imported"),
        ("perceives", " and ".join(facts.senses) or "nothing"),
        ("dataset", f"{dataset.name}: {len(dataset)} videos"),
        ("dataset digest (SHA-256)", facts.digest or "none"),
        ("videos", _listed({k: v for k, v in facts.selection.items() if v is not None}) or "all"),
        ("tasks", ", ".join(facts.tasks)),
        ("protocol", protocol or facts.protocol),
        ("judge", _listed(facts.judge if judge is None else judge) or "none"),
        ("sampling profile", f"{facts.profile}: {_profile(facts)}"),
        ("seed", str(facts.seed)),
        ("checkpoint, decoding and options of the model", _listed(_identity(facts)) or "none"),
        ("options", _listed(facts.options) or "none"),
        ("versions when it was made", _listed(facts.versions)),
        ("version that wrote this report", f"s3eval-core {__version__}"),
        ("time and failures", _time(run)),
        ("note", facts.note),
        ("command to repeat it", command_of(facts)),
        ("or with its own settings file", _settings(run)),
    ]
    return [(what, value) for what, value in rows if value]


def _identity(facts: RunFacts) -> dict[str, Any]:
    """What the adapter says of itself; files are named without their folders."""
    return {k: _short(v) for k, v in facts.identity.items()}


def _short(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {k: _short(v) for k, v in value.items()}
    if isinstance(value, str) and PurePath(value).is_absolute():
        return PurePath(value).name
    return value


def _listed(facts: Mapping[str, Any]) -> str:
    parts = []
    for key, value in facts.items():
        plain = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        if plain not in ("{}", "[]", "null", ""):
            parts.append(f"{key}: {plain}")
    return "; ".join(parts)


def _profile(facts: RunFacts) -> str:
    from dataclasses import asdict

    from s3eval.facts.clips import PROFILES

    name = facts.profile.split("(")[0]
    known = PROFILES.get(name)
    if known is None:
        return "not among those of this version"
    changed = " (before the changes named)" if name != facts.profile else ""
    settings = {k: v for k, v in asdict(known).items() if k != "name"}
    return ", ".join(f"{k.replace('_', ' ')} {v:g}" for k, v in settings.items()) + changed


def _time(run: Run) -> str:
    path = run.path / "answers.sqlite"
    if not path.is_file():
        return "not recorded"
    with AnswerStore(path, read_only=True) as store:
        answers = list(store)
    timed = [a.seconds for a in answers if a.seconds is not None]
    failed = sum(a.answer.status == "failed" for a in answers)
    spent = f"; {sum(timed):,.0f} s of asking" if timed else ""
    return f"{len(answers)} answers stored, {failed} of them failed{spent}"


def _settings(run: Run) -> str:
    """What ``run.toml`` in the run's folder repeats, where it is there."""
    there = (run.path / "run.toml").is_file()
    return "s3eval run --config run.toml --out RUNS" if there else ""


def command_of(facts: RunFacts) -> str:
    """The command that makes the run again; folders are named DATASET and RUNS.

    >>> from s3eval.running.runs import RunFacts
    >>> command_of(RunFacts("motion", ("sight",), ("recognition",), "/data/ward"))
    's3eval run --model motion --tasks recognition --data DATASET --protocol paper --seed 0 -o RUNS'
    """
    if facts.source != "asked":
        return ""
    words = ["s3eval", "run", "--model", facts.model, "--tasks", ",".join(facts.tasks)]
    words += ["--data", "DATASET", "--protocol", facts.protocol, "--seed", str(facts.seed)]
    words += [w for pair in _options(facts) for w in pair]
    return shlex.join([*words, "-o", "RUNS"])


def _options(facts: RunFacts) -> Iterator[tuple[str, str]]:
    options, selection = facts.options, facts.selection
    for key, value in (options.get("model") or {}).items():
        yield "--model-option", f"{key}={_plain(value)}"
    for task, own in (options.get("tasks") or {}).items():
        for key, value in own.items():
            yield "--task-option", f"{task}.{key}={_plain(value)}"
    if options.get("profile"):
        yield "--profile", str(options["profile"])
    for key, value in (options.get("sampling") or {}).items():
        yield "--sampling", f"{key}={_plain(value)}"
    if (options.get("judge") or {}).get("name"):
        yield "--judge", str(options["judge"]["name"])
    for key in ("videos", "folds"):
        if selection.get(key):
            yield f"--{key}", ",".join(str(v) for v in selection[key])
    if selection.get("limit"):
        yield "--limit", str(selection["limit"])


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
