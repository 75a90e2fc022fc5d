"""Where a run's time went and how many tokens it took, kept beside its answers.

``efficiency.json`` in the run's folder has an entry for each command that asked something. It is
apart from ``run.json``, which holds what determines findings and is the same each time.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from s3eval.errors import S3EvalError
from s3eval.model import Model
from s3eval.plugin_calls import call_plugin
from s3eval.running.executing import Asked
from s3eval.running.limits import STAGES, StageSeconds
from s3eval.running.runs import write_json

__all__ = ["FILE", "Efficiency", "measured", "stored_efficiency", "total_of"]

FILE = "efficiency.json"
_FORMAT = 1
Report = Callable[[Asked, bool], None]


@dataclass(frozen=True)
class Efficiency:
    """What asking took.

    Attributes:
        answers: that came, failed and skipped ones among them.
        seconds: on the clock.
        stages: seconds of each stage (`s3eval.running.limits.Stage`); those of decoders and of
            clips asked about at the same time are added up, so that they may exceed ``seconds``.
        tokens_in, tokens_out: as the model counts them, None where it does not.

    >>> print(Efficiency(20, 4.0, {"decoding": 3.0, "asking": 2.5}, 1200, 20))
    20 answers in 4.0 s: decoding 3.0 s, asking 2.5 s; 1,200 tokens in, 20 out
    """

    answers: int
    seconds: float
    stages: Mapping[str, float] = field(default_factory=dict)
    tokens_in: int | None = None
    tokens_out: int | None = None

    def __str__(self) -> str:
        text = f"{self.answers:,} answers in {self.seconds:.1f} s"
        spent = [f"{s} {self.stages[s]:.1f} s" for s in STAGES if self.stages.get(s, 0.0) >= 0.05]
        if spent:
            text += f": {', '.join(spent)}"
        if self.tokens_in is not None and self.tokens_out is not None:
            text += f"; {self.tokens_in:,} tokens in, {self.tokens_out:,} out"
        return text


@contextmanager
def measured(
    folder: Path, model: Model, seconds: StageSeconds, notify: Callable[[Efficiency], None]
) -> Iterator[Callable[[Report], Report]]:
    """Measure asking, whatever ends it, and keep the result in the run's folder.

    Args:
        folder: the run's.
        model: loaded; its `Model.usage` is read before and after.
        seconds: what is added up meanwhile.
        notify: called at the end with the result, where anything was asked.

    Yields:
        what makes a report of answers count them.
    """
    answers = 0

    def counting(report: Report) -> Report:
        def counted(asked: Asked, old: bool) -> None:
            nonlocal answers
            answers += not old
            report(asked, old)

        return counted

    before, begun = _usage(model), time.perf_counter()
    try:
        yield counting
    finally:
        wall = time.perf_counter() - begun
        if answers:
            after = _usage(model)
            used = {name: after[name] - before.get(name, 0) for name in after}
            stages: dict[str, float] = {
                stage: round(spent, 3) for stage, spent in seconds.as_dict().items()
            }
            efficiency = Efficiency(
                answers, round(wall, 3), stages, used.get("tokens_in"), used.get("tokens_out")
            )
            # A full disk, or a folder that is gone, is told by what follows.
            with suppress(OSError, S3EvalError):
                _keep(folder / FILE, efficiency)
            notify(efficiency)


def _usage(model: Model) -> dict[str, int]:
    """What the model counts; nothing where that fails, since answers need none of it."""
    try:
        given: Any = call_plugin("usage()", "", model.usage)
    except S3EvalError:
        return {}
    names = ("tokens_in", "tokens_out")
    if not isinstance(given, Mapping):
        return {}
    return {name: given[name] for name in names if isinstance(given.get(name), int)}


def _keep(path: Path, efficiency: Efficiency) -> None:
    kept = [asdict(e) for e in stored_efficiency(path.parent)]
    write_json(path, {"format": _FORMAT, "commands": [*kept, asdict(efficiency)]})


def stored_efficiency(folder: Path) -> list[Efficiency]:
    """What was kept of a run, an entry for each command; none where nothing can be read."""
    try:
        raw = json.loads((folder / FILE).read_text(encoding="utf-8"))
        return [Efficiency(**entry) for entry in raw["commands"]]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return []


def total_of(entries: Iterable[Efficiency]) -> Efficiency:
    """Several commands added up.

    >>> print(total_of([Efficiency(1, 1.0), Efficiency(2, 3.0)]))
    3 answers in 4.0 s
    """
    known = list(entries)

    def tokens(name: str) -> int | None:
        counts = [getattr(e, name) for e in known if getattr(e, name) is not None]
        return sum(counts) if counts else None

    return Efficiency(
        sum(e.answers for e in known),
        sum(e.seconds for e in known),
        {stage: sum(e.stages.get(stage, 0.0) for e in known) for stage in STAGES},
        tokens("tokens_in"),
        tokens("tokens_out"),
    )
