"""What a run would take: counted, and where asked for measured by a short probe."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from s3eval.api.evaluating import unreported, unshown
from s3eval.errors import counted
from s3eval.running.efficiency import stored_efficiency, total_of
from s3eval.running.evaluate import Reporter, plan_evaluation
from s3eval.running.evaluate import evaluate as ask
from s3eval.running.planning import Need, Tempo, needed, picture_size
from s3eval.running.store import AnswerStore
from s3eval.secrets_in_text import without_secrets

if TYPE_CHECKING:
    from s3eval.api.model_names import NamedModel
    from s3eval.api.requests import Request
    from s3eval.running.awaited import Awaited
    from s3eval.running.recording import Report

__all__ = ["Need", "counts_of", "needs"]


def needs(
    request: Request,
    model: NamedModel,
    out: Path,
    probe: int = 0,
    notify: Callable[[str], None] = unshown,
) -> Need:
    """What asking one model takes; with ``probe`` 0 nothing is loaded, asked or written.

    Args:
        out: the run's folder; where a run is in it, its answers tell how fast the model is.
        probe: how many videos are asked about to measure that, their answers thrown away.

    Raises:
        S3EvalError: as `s3eval.api.evaluate`.
    """
    work = request.evaluation(model, out, None)
    plan = plan_evaluation(work)
    tempo = _tempo_of_probe(request, model, probe, notify) if probe else _tempo_of_run(out)
    size, opened = picture_size(work.dataset) if model.spec.sees else ((0, 0), 0)
    return needed(model.spec, plan, size, opened, work.settings.model_options, tempo)


def counts_of(request: Request, model: NamedModel, out: Path) -> dict[str, Any]:
    """How much one model would be asked: videos, clips, seconds shown, questions by task.

    Args:
        out: the run's folder, by whose name the model is called; one model with other options has
            another.

    Returns:
        counts by name, and under ``model_options`` the model's options if it has any: secrets
        masked, paths whole, for ``--json`` writes the user's own file.
    """
    work = request.evaluation(model, out, None)
    plan = plan_evaluation(work)
    shown = sum(clip.seconds for p in plan.videos for clip in p.questions)
    options = without_secrets(work.settings.model_options)
    return {
        "model": out.name,
        "videos": len(plan.videos),
        "clips": sum(len(p.questions) for p in plan.videos),
        "seconds_shown": round(shown, 1),
        "unplanned": len(plan.unplanned),
        **plan.count(),
        **({"model_options": options} if options else {}),
    }


def _tempo_of_run(out: Path) -> Tempo | None:
    """How fast the answers came that are there already.

    By the clock of the commands that asked, where that was kept: reading videos counts. Of other
    runs by the seconds of each answer.
    """
    asked = total_of(stored_efficiency(out))
    if asked.answers:
        source = f"{asked.answers} answers in the run that is there, reading videos included"
        return Tempo(asked.seconds, asked.answers, source)
    file = out / "answers.sqlite"
    if not file.is_file():
        return None
    with AnswerStore(file, read_only=True) as store:
        spent = [s.seconds for s in store if s.seconds and s.answer.status == "answered"]
    if not spent:
        return None
    source = f"{len(spent)} answers in the run that is there, without reading videos"
    return Tempo(sum(spent), len(spent), source)


def _tempo_of_probe(
    request: Request, model: NamedModel, videos: int, notify: Callable[[str], None]
) -> Tempo:
    """Ask about a few videos spread over the dataset, in a folder that is thrown away."""
    names = [video.name for video in request.dataset.videos]
    some = names[:: max(1, len(names) // videos)][:videos]
    part = replace(
        request,
        settings=replace(request.settings, selection={"videos": some}),
        dataset=request.dataset.select(videos=some),
        reuse=(),
    )
    with tempfile.TemporaryDirectory(prefix="s3eval-plan-") as folder:
        work = replace(part.evaluation(model, Path(folder) / model.folder, None), only_ask=True)
        begun = time.perf_counter()
        first: list[float] = []
        outcome = ask(work, reporter=_first_noted(first), notify=notify)
        ended = time.perf_counter()
    asked = outcome.asked
    count = asked.answered + asked.failed + asked.skipped
    loading = (first[0] if first else ended) - begun
    source = f"a probe of {count} questions about {counted(len(some), 'video')}"
    if asked.failed:
        source += f", {asked.failed} of which failed"
    return Tempo(ended - begun - loading, count, source, loading)


def _first_noted(first: list[float]) -> Reporter:
    """A reporter that notes when asking begins: the model is loaded by then."""

    def reporter(awaited: Awaited) -> AbstractContextManager[Report]:
        first.append(time.perf_counter())
        return unreported("", awaited)

    return reporter
