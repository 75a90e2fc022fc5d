"""The check of a model: every line in order, what fails first silences what rests on it."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from s3eval.api.model_names import named_model
from s3eval.errors import S3EvalError
from s3eval.facts.clips import SamplingProfile, profile
from s3eval.permission import LOCAL_ONLY, Permission, permitted_options
from s3eval.plugin_calls import call_plugin
from s3eval.plugins import installed
from s3eval.running.model_check import CheckLine, ModelCheck
from s3eval.running.models import load_model, loaded_senses, trouble_of_closing
from s3eval.running.session import identity_of
from s3eval.version import __version__
from s3eval_check_model.asking import Answered, Subject, shown
from s3eval_check_model.measuring import largest_clip, measured, memory_line, run_line, speed_line
from s3eval_check_model.perception import LINES, judged
from s3eval_check_model.scenes import all_scenes
from s3eval_check_model.structure import (
    batch_line,
    budget_line,
    examine,
    examine_clip,
    footage_line,
    mass_line,
    reversal_line,
    sharing_line,
    sound_line,
    template_line,
)

if TYPE_CHECKING:
    from s3eval.facts.examination import Examination
    from s3eval.running.plan import Plan

__all__ = ["check_loaded", "check_model"]

#: Told of what is being done: a line.
Progress = Callable[[str], None]


def check_model(
    name: str,
    options: Mapping[str, Any] | None = None,
    *,
    sampling_profile: str = "",
    sampling: Mapping[str, Any] | None = None,
    plan: Plan | None = None,
    permission: Permission = LOCAL_ONLY,
    progress: Progress = lambda line: None,
) -> ModelCheck:
    """Load a model and check it.

    Args:
        name: of the model, also ``NAME?option=value``. options: as ``--model-option`` gives them.
        sampling_profile: of the largest clip, "" for the model's own; ``sampling`` changes to it.
        plan: of a run of the user's dataset, whose time is to be told.
        permission: whether the drawn clips may leave this machine, for a model on another one.
        progress: told of what is being done.

    Raises:
        S3EvalError: it cannot be loaded, or looks at nothing.
    """
    named = named_model(name, others=options)
    spec = named.spec
    plugin = installed().get("model", spec.name)
    chosen = profile(sampling_profile or spec.profile).changed(**(sampling or {}))
    progress("loading the model")
    model = load_model(plugin, permitted_options(spec, named.options, permission))
    try:
        senses = loaded_senses(model, plugin)
        senses = spec.senses if senses is None else senses
        if not model.uses_footage or not senses:
            raise S3EvalError(
                f"'{name}' looks at nothing, so that there is nothing to check",
                fix="s3eval list models",
            )
        subject = Subject(spec, model, senses, plugin.package)
        identity = identity_of(model, spec.name, plugin.package)
        lines = check_loaded(subject, chosen, plan, progress)
    finally:
        if trouble := trouble_of_closing(model, plugin):
            progress(trouble)
    versions = {"s3eval-core": __version__, plugin.package: plugin.version}
    return ModelCheck(spec.name, identity, tuple(lines), versions)


def check_loaded(
    subject: Subject,
    sampling: SamplingProfile,
    plan: Plan | None = None,
    progress: Progress = lambda line: None,
    folder: Path | None = None,
) -> list[CheckLine]:
    """Check a model that is loaded.

    Args:
        sampling: the profile of the largest clip.
        plan: of a run whose time is to be told.
        folder: where the drawn videos are kept, and found again; a temporary one by default.

    Returns:
        a line for each thing checked, in the order of the documentation.
    """
    if folder is None:
        with tempfile.TemporaryDirectory(prefix="s3eval-check-") as name:
            return check_loaded(subject, sampling, plan, progress, Path(name))
    progress("drawing scenes and asking about them")
    answered = [a for some in shown(subject, all_scenes(), folder) for a in some]
    progress("comparing shared, independent, repeated and changed questions")
    examined, why = examine(subject, folder)
    lines = list(_structural(subject, folder, answered, examined, why))
    failed = [line.name for line in lines if line.verdict == "fail"]
    for line in LINES:
        result = judged(line, [a for a in answered if a.asked.line == line], failed)
        failed += [line] if result.verdict == "fail" else []
        lines.append(result)
    progress("measuring the largest clip")
    return [*lines, *_measured(subject, sampling, folder, plan)]


def _structural(
    subject: Subject,
    folder: Path,
    answered: Sequence[Answered],
    examined: Examination | None,
    why: str,
) -> Iterator[CheckLine]:
    dtype = examined.dtype if examined else _dtype(subject)
    yield template_line(examined, why)
    yield sharing_line(examined, why)
    yield batch_line(subject, folder, dtype)
    footage = footage_line(answered)
    yield footage
    # Whoever sees one clip for all others sees no change in it either.
    blocked = "says nothing while 'footage' fails" if footage.verdict == "fail" else ""
    yield reversal_line(subject, folder, dtype, blocked)
    yield sound_line(subject, folder, dtype, blocked)
    yield mass_line(answered)


def _dtype(subject: Subject) -> str:
    """The precision that a model states of itself, where it does."""
    what = f"identity() of model '{subject.spec.name}'"
    identity = call_plugin(what, subject.package, subject.model.identity)
    return str(identity.get("dtype", ""))


def _measured(
    subject: Subject, sampling: SamplingProfile, folder: Path, plan: Plan | None
) -> Iterator[CheckLine]:
    footage, decoding = largest_clip(sampling, folder, subject)
    what = f"a window of {len(footage.frames)} frames"
    examined, refusal = examine_clip(subject, footage, ())
    yield budget_line(examined, refusal, what)
    cost = measured(subject, footage, decoding)
    yield speed_line(cost)
    yield memory_line(cost)
    yield run_line(cost, plan)
