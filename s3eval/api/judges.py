"""Which judge reads, and what it may do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from s3eval.errors import S3EvalError
from s3eval.judge import Judge
from s3eval.judging.load import load_judge
from s3eval.permission import LOCAL_ONLY, Permission
from s3eval.plugin_calls import call_plugin
from s3eval.plugins import installed
from s3eval.running.runs import SCORES_JUDGE

if TYPE_CHECKING:
    from s3eval.running.runs import Run
    from s3eval.running.settings import Settings

__all__ = [
    "DEFAULT_JUDGE",
    "JudgeChoice",
    "ShowProgress",
    "close_judge",
    "judge_of_run",
    "judge_of_scores",
    "judge_of_settings",
    "other_judge",
]

#: The judge that reads where none is named: it never leaves the machine.
DEFAULT_JUDGE = "lexicon"
Notify = Callable[[str], None]
ShowProgress = Callable[[str, int], AbstractContextManager[Callable[[int], None]]]


@dataclass(frozen=True)
class JudgeChoice:
    """A judge by name, and what it may do.

    Attributes:
        name: as ``s3eval list judges`` shows it, or "none".
        named: whether the user named it; else it is the default, or a run's own.
        options: the judge's options.
        permission: what may leave this machine, and at what cost.
    """

    name: str = DEFAULT_JUDGE
    named: bool = False
    options: Mapping[str, Any] = field(default_factory=dict)
    permission: Permission = LOCAL_ONLY

    def check_name(self) -> None:
        """Look for the judge that the user named, whether or not any task needs one.

        Raises:
            UnknownNameError: none of that name is installed.
        """
        if self.named and self.name not in ("", "none"):
            installed().get("judge", self.name)

    def open(
        self,
        needed: bool = True,
        notify: Notify | None = None,
        progress: ShowProgress | None = None,
    ) -> Judge | None:
        """Load the judge; None for "none" or where nothing needs one.

        Args:
            notify: handed one line before a batch is sent, and what was used.
            progress: shows how far a batch is.

        Raises:
            S3EvalError: unknown, missing parts, or not allowed.
        """

        judge = load_judge(self.name, self.options, self.permission, needed=needed)
        if judge is not None and notify is not None:
            called = f"report_to() of {type(judge).__name__}"
            call_plugin(called, type(judge).__module__, lambda: judge.report_to(notify, progress))
        return judge


def close_judge(judge: Judge | None, notify: Notify = lambda line: None) -> None:
    """Close a judge; that it cannot is told, and costs nothing that it read."""
    if judge is None:
        return
    try:
        call_plugin(f"close() of {type(judge).__name__}", type(judge).__module__, judge.close)
    except S3EvalError as error:
        notify(str(error))


def judge_of_run(run: Run, choice: JudgeChoice) -> JudgeChoice:
    """The judge that reads for a run: the one the user named, else the one it was made with.

    A recorded run brings its readings with it: no judge reads for it unless one is named.
    """
    if choice.named:
        return choice
    if run.facts.source == "recorded":
        return replace(choice, name="none")
    recorded = run.facts.options.get("judge")
    if recorded:
        return replace(choice, name=str(recorded["name"]), options=dict(recorded["options"]))
    # The first version kept only what the judge said it is.
    name = str(run.facts.judge.get("judge") or "none")
    return choice if name == choice.name else replace(choice, name=name)


def other_judge(run: Run, choice: JudgeChoice) -> Mapping[str, Any]:
    """The name and options of a judge that reads for a run, {} where it is the run's own."""
    own = judge_of_run(run, JudgeChoice())
    if (choice.name, dict(choice.options)) == (own.name, dict(own.options)):
        return {}
    return {"name": choice.name, "options": dict(choice.options)}


def judge_of_scores(run: Run) -> JudgeChoice:
    """The judge that the scores in a run's folder were read by.

    It is the run's own, unless ``s3eval score`` was told another, or other options.
    """
    kept, last = run.facts.options.get(SCORES_JUDGE), run.facts.judge.get("judge")
    if kept:
        return JudgeChoice(str(kept["name"]), True, dict(kept["options"]))
    made_with = judge_of_run(run, JudgeChoice())
    if not isinstance(last, str) or last in ("", made_with.name):
        return made_with
    # An earlier version kept only what the judge said it is.
    return JudgeChoice(last) if last in installed().names("judge") else made_with


def judge_of_settings(settings: Settings, permission: Permission) -> JudgeChoice:
    """The judge that a run's settings name, else the default; permission is given anew."""
    name, options = settings.judge or DEFAULT_JUDGE, settings.judge_options
    return JudgeChoice(name, bool(settings.judge), options, permission)
