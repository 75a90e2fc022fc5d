"""Ablations: one run over several settings, everything else equal (Tables 25, 29 and 30)."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

from s3eval.errors import S3EvalError, UnknownNameError
from s3eval.model import Answer, Model, Question
from s3eval.running.asking import positioned_answers

if TYPE_CHECKING:
    from s3eval.facts.clips import SamplingProfile

__all__ = ["AXES", "PROMPTS", "Phrasing", "Rephrased", "Setting", "settings"]

#: axis -> what it changes. Other axes: sampling.KEY, model.KEY, task.TASK.KEY.
AXES: Mapping[str, str] = {
    "fps": "frames a second of the windows, with as many frames as that takes (Table 29)",
    "frames": "the frame budget of windows, clips and whole videos",
    "clip": "what Task 4 is asked about: centred, random or full-video (Table 30)",
    "prompt": "how questions are put: published, careful, sceptical, or a TOML file",
    "judge": "who reads free text (Table 25)",
    "profile": "a sampling profile by name",
}


@dataclass(frozen=True)
class Phrasing:
    """A way of putting the questions.

    Attributes:
        name: "published" for the paper's own words.
        template: around every question; "{text}" stands for it.
        questions: whole texts by question key, before the template.
    """

    name: str = "published"
    template: str = "{text}"
    questions: Mapping[str, str] = field(default_factory=dict)

    def put(self, question: Question) -> Question:
        """The question in this phrasing."""
        text = self.questions.get(question.key, question.text)
        return replace(question, text=self.template.replace("{text}", text))

    @property
    def digest(self) -> str:
        """Names the exact words, for the key of the answers."""
        words = json.dumps([self.template, dict(self.questions)], sort_keys=True)
        return hashlib.sha256(words.encode()).hexdigest()[:16]


#: Ours, not the paper's. "sceptical" speaks against the bias towards yes (paper, Appendix K).
PROMPTS: Mapping[str, Phrasing] = {
    "published": Phrasing(),
    "careful": Phrasing("careful", "Watch the whole clip closely before you answer. {text}"),
    "sceptical": Phrasing("sceptical", "Most patients show only a few signs. {text}"),
}


class Rephrased(Model):
    """A model that is asked in other words; its answers are kept apart from the published ones."""

    def __init__(self, model: Model, phrasing: Phrasing) -> None:
        self._model, self._phrasing = model, phrasing
        self.uses_footage, self.concurrency = model.uses_footage, model.concurrency

    def identity(self) -> Mapping[str, Any]:
        """The model's own, with the phrasing's name and hash."""
        words = {"name": self._phrasing.name, "sha256": self._phrasing.digest}
        return {**self._model.identity(), "phrasing": words}

    def notice(self) -> str:
        """The model's own."""
        return self._model.notice()

    def prepare(self, footage: Any) -> Any:
        """The model's own."""
        return self._model.prepare(footage)

    def watch(self, footage: Any) -> Any:
        """The model's own."""
        return self._model.watch(footage)

    def release(self, watched: Any) -> None:
        """The model's own."""
        self._model.release(watched)

    def ask(self, watched: Any, questions: Sequence[Question]) -> Iterable[Answer]:
        """The model's answers to the rephrased questions."""
        return self._model.ask(watched, [self._phrasing.put(q) for q in questions])

    def ask_as_completed(
        self, watched: Any, questions: Sequence[Question]
    ) -> Iterable[tuple[int, Answer]] | None:
        """The same, where the model gives them in any order."""
        return positioned_answers(self._model, watched, [self._phrasing.put(q) for q in questions])

    def usage(self) -> Mapping[str, int]:
        """The model's own."""
        return self._model.usage()

    def close(self) -> None:
        """Free the model."""
        self._model.close()


@dataclass(frozen=True)
class Setting:
    """One point of a sweep: what differs from the plain run.

    Attributes:
        values: (axis, value) pairs, in the order of the axes.
        sampling, model_options, task_options, judge, profile: what they come to.
    """

    values: tuple[tuple[str, str], ...]
    sampling: Mapping[str, Any] = field(default_factory=dict)
    model_options: Mapping[str, Any] = field(default_factory=dict)
    task_options: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    judge: str = ""
    profile: str = ""
    phrasing: Phrasing = field(default_factory=Phrasing)

    @property
    def label(self) -> str:
        """For tables and folder names.

        >>> Setting((("fps", "4"), ("judge", "lexicon"))).label
        'fps=4,judge=lexicon'
        >>> Setting((("fps", "0.5"), ("prompt", "mine/plain.toml"))).label
        'fps=0.5,prompt=plain'
        """
        return ",".join(f"{axis}={_in_short(value)}" for axis, value in self.values)


def _in_short(value: str) -> str:
    """A value without folders and the ending of a file; what follows a number's dot is none."""
    path = Path(value)
    return path.stem if path.suffix[1:2].isalpha() else path.name


def settings(
    over: Sequence[str],
    base: SamplingProfile,
    task_options: Mapping[str, Collection[str]] | None = None,
) -> list[Setting]:
    """All combinations of the axes' values, the first value of each being the baseline's.

    Args:
        over: "axis=value,value,..." each.
        base: the profile that is changed.
        task_options: the options that each task of the run takes; the axis "clip" is the option
            "placement" of those that take it.

    Raises:
        S3EvalError: an axis twice, without values, or with a value it does not take, or two
            settings that would have one folder.

    >>> from s3eval.facts.clips import profile
    >>> made = settings(["fps=2,10"], profile("standard"))
    >>> [(s.label, s.sampling["window_frames"]) for s in made]
    [('fps=2', 60), ('fps=10', 300)]
    """
    axes: dict[str, list[str]] = {}
    for text in over:
        axis, _, values = text.partition("=")
        named = [v.strip() for v in values.split(",") if v.strip()]
        if not named:
            raise S3EvalError(f"Expected --over AXIS=VALUE,VALUE, but got '{text}'")
        if axis in axes:
            raise S3EvalError(f"The axis '{axis}' is given twice")
        axes[axis] = list(dict.fromkeys(named))
    points = product(*([(axis, value) for value in values] for axis, values in axes.items()))
    made = [_setting(point, base, task_options or {}) for point in points]
    by_label: dict[str, Setting] = {}
    for setting in made:
        if by_label.setdefault(setting.label, setting) is not setting:
            raise S3EvalError(
                f"Two settings would be called '{setting.label}', and their runs be in one folder",
                fix="files and folders of other names, or one sweep after the other",
            )
    return made


def _setting(
    point: tuple[tuple[str, str], ...],
    base: SamplingProfile,
    task_options: Mapping[str, Collection[str]],
) -> Setting:
    from s3eval.facts.clips import profile

    setting = Setting(point)
    named = dict(point).get("profile")
    chosen = profile(named) if named else base
    for axis, value in point:
        if axis == "clip":
            setting = _placed(setting, value, task_options)
        else:
            setting = _changed(setting, axis, value, chosen)
    return setting


def _changed(setting: Setting, axis: str, value: str, base: SamplingProfile) -> Setting:
    sampling = dict(setting.sampling)
    if axis == "fps":
        fps = _positive(axis, value)
        # More frames a second are only seen if the budget grows with them.
        frames = math.ceil(base.window_seconds * fps)
        return replace(setting, sampling={**sampling, "window_fps": fps, "window_frames": frames})
    if axis == "frames":
        n = _whole(axis, value)
        budget = {"window_frames": n, "clip_frames": n, "video_frames": n}
        return replace(setting, sampling={**sampling, **budget})
    if axis == "prompt":
        return replace(setting, phrasing=phrasing(value))
    if axis in ("judge", "profile"):
        return replace(setting, **{axis: value})  # type: ignore[arg-type]
    kind, _, key = axis.partition(".")
    if kind == "sampling" and key:
        return replace(setting, sampling={**sampling, key: _value(value)})
    if kind == "model" and key:
        options = {**setting.model_options, key: _value(value)}
        return replace(setting, model_options=options)
    task, dot, name = key.partition(".")
    if kind == "task" and dot:
        return _with_task(setting, task, name, _value(value))
    known = [*AXES, "sampling.KEY", "model.KEY", "task.TASK.KEY"]
    raise UnknownNameError("axis", axis, known, fix=f"one of {', '.join(known)}")


def _placed(setting: Setting, value: str, task_options: Mapping[str, Collection[str]]) -> Setting:
    """The option "placement" of every task that has one."""
    placement = {"full": "full-video", "centered": "centred"}.get(value, value)
    placed = [task for task, options in task_options.items() if "placement" in options]
    if not placed:
        raise S3EvalError(
            "The axis 'clip' changes the option 'placement', which none of the tasks takes",
            fix="--tasks with one that does (s3eval list tasks)",
        )
    for task in placed:
        setting = _with_task(setting, task, "placement", placement)
    return setting


def _with_task(setting: Setting, task: str, key: str, value: Any) -> Setting:
    mine = {**setting.task_options.get(task, {}), key: value}
    return replace(setting, task_options={**setting.task_options, task: mine})


def _positive(axis: str, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 < value < math.inf:
        raise S3EvalError(f"Expected {axis} to be above 0, but got '{text}'")
    return value


def _whole(axis: str, text: str) -> int:
    value = _positive(axis, text)
    if not value.is_integer():
        raise S3EvalError(f"Expected {axis} to be a whole number, but got '{text}'")
    return int(value)


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def phrasing(value: str) -> Phrasing:
    """A phrasing by name, or from a TOML file with ``template`` and a table ``[questions]``.

    Raises:
        S3EvalError: no such phrasing, or the file is none.
    """
    if value in PROMPTS:
        return PROMPTS[value]
    path = Path(value)
    if not path.is_file():
        fix = f"one of {', '.join(PROMPTS)}, or a TOML file"
        raise UnknownNameError("phrasing", value, PROMPTS, fix=fix)
    from s3eval.toml_file import read_toml

    facts = read_toml(path, "This phrasing is not TOML")
    template, questions = facts.get("template", "{text}"), facts.get("questions", {})
    if not isinstance(template, str) or not isinstance(questions, dict):
        raise S3EvalError("Expected template to be text and questions a table", where=path)
    from_file = Phrasing(path.stem, template, questions)
    if "{text}" not in from_file.template:
        raise S3EvalError("Expected '{text}' in the template", where=path)
    return from_file
