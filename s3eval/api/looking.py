"""What a model is shown of a video: what ``s3eval look`` does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from s3eval.errors import S3EvalError

if TYPE_CHECKING:
    from s3eval.dataset import Dataset, Video
    from s3eval.facts.clips import Clip
    from s3eval.facts.footage import Footage
    from s3eval.running.plan import VideoPlan
    from s3eval.specs import ModelSpec
    from s3eval.vocabulary import Sense

__all__ = [
    "ClipsShown",
    "Viewing",
    "clip_of",
    "clips_shown",
    "footage_of",
    "save_seen",
    "seconds_of",
    "video_of",
]


@dataclass(frozen=True)
class Viewing:
    """Through which eyes and ears a video is looked at.

    Attributes:
        model: as this model gets it, by its senses and profile; "" for all there is. Options in its
            name are checked; none changes which frames and sound it is handed.
        task: whose clips; "" for the task that says which features a video shows, else the first.
        profile: the sampling profile; "" for the model's own, else "standard".
        sampling: changes of single values of the profile.
    """

    model: str = ""
    task: str = ""
    profile: str = ""
    sampling: Mapping[str, Any] | None = None

    @property
    def spec(self) -> ModelSpec | None:
        """The model's spec; None where no model is named.

        Raises:
            S3EvalError: no such model is installed, or it refuses the options in its name.
        """
        from s3eval.api.model_names import model_spec, named_model

        spec = model_spec(self.model) if self.model else None
        if spec is None or spec.name == self.model:
            return spec  # a model that needs an option, a checkpoint say, is looked through without
        return named_model(self.model).spec

    @property
    def task_name(self) -> str:
        """The task asked for, or the one that stands for it; "" where none is installed."""
        from s3eval.plugins import installed

        tasks = [p.spec for p in installed().of("task")]
        if self.task or not tasks:
            return self.task
        return next((t.name for t in tasks if "features" in t.provides), tasks[0].name)

    def plan(self, dataset: Dataset, video: Video) -> VideoPlan:
        """The clips and questions of a task about a video.

        Raises:
            S3EvalError: an unknown task, profile or sampling value, or a video of which the
                length is not known.
        """
        from s3eval.facts.clips import profile
        from s3eval.running.loading import load_tasks
        from s3eval.running.plan import make_plan

        spec = self.spec
        chosen = profile(self.profile or (spec.profile if spec else "standard"))
        chosen = chosen.changed(**dict(self.sampling or {}))
        senses: frozenset[Sense] = spec.senses if spec else frozenset(("sight", "hearing"))
        tasks = load_tasks([self.task_name])
        plan = make_plan(dataset.select([video.name]), tasks, chosen, senses)
        for unplanned in plan.unplanned.values():
            raise S3EvalError("This video cannot be planned", why=unplanned.reason)
        return plan.videos[0]


@dataclass(frozen=True)
class ClipsShown:
    """The clips of a task that a model is shown of a video.

    Attributes:
        task: whose clips.
        clips: by row its number from 1, start and end in seconds, how many questions are asked
            about it, and its sampling.
    """

    task: str
    clips: tuple[Mapping[str, Any], ...]


def video_of(dataset: Dataset, name: str) -> Video:
    """The video of a name, or the only one whose name begins so.

    Raises:
        S3EvalError: none, or several begin so.
    """
    starting = [v for v in dataset.videos if v.name.startswith(name)]
    if len(starting) > 1 and name not in [v.name for v in starting]:
        several = ", ".join(v.name for v in starting[:5])
        raise S3EvalError(f"{len(starting)} videos begin with '{name}'", fix=several)
    return starting[0] if len(starting) == 1 else dataset.video(name)


def clips_shown(dataset: Dataset, video: Video, viewing: Viewing) -> ClipsShown:
    """The clips of the task, numbered."""
    questions = viewing.plan(dataset, video).questions
    rows = [
        {"clip": n, "start": c.start, "end": c.end, "questions": len(q), **asdict(c.sampling)}
        for n, (c, q) in enumerate(questions.items(), start=1)
    ]
    return ClipsShown(viewing.task_name, tuple(rows))


def seconds_of(text: str | None, where: str = "") -> float | None:
    """A time in a video, as a dataset's tables have them; None where there is none.

    Args:
        text: 12.5, 1:05 or 0:01:05.
        where: the option that it was given to, for the message.

    Raises:
        S3EvalError: it is no time.

    >>> seconds_of("1:05.5"), seconds_of(None)
    (65.5, None)
    """
    from s3eval.dataset.tables import number, time_fix

    if text is None:
        return None
    try:
        seconds = number(text.strip())
    except ValueError:
        seconds = None
    if seconds is None:
        expected = time_fix(text)
        raise S3EvalError(f"'{text}' is no time in a video", where=where, fix=expected)
    return seconds


def clip_of(
    dataset: Dataset,
    video: Video,
    viewing: Viewing,
    number: int | None = None,
    start: float | None = None,
    end: float | None = None,
) -> Clip:
    """One of the clips shown, or a clip of one's own.

    Args:
        number: of a clip, from 1; None for one of one's own.
        start, end: in seconds; the video's beginning and end where they are None.

    Raises:
        S3EvalError: there are fewer clips, or both a number and a time are given.
    """
    from s3eval.facts.clips import Clip

    if number is not None and (start is not None or end is not None):
        raise S3EvalError(
            "--clip and --start or --end exclude each other",
            why="a clip that has a number has its times",
            fix="--start and --end alone for a clip of your own",
        )

    plan = viewing.plan(dataset, video)
    clips = [*plan.questions]
    if number is None:
        last = end if end is not None else plan.video.duration or 0.0
        return Clip(video.name, start or 0.0, last, clips[0].sampling)
    if number > len(clips):
        raise S3EvalError(f"There are {len(clips)} clips", fix="without --clip, they are listed")
    return clips[number - 1]


def footage_of(dataset: Dataset, video: Video, clip: Clip, viewing: Viewing) -> Footage:
    """The frames and sound that the model is handed for a clip.

    Raises:
        S3EvalError: it cannot be decoded.
    """
    from s3eval.facts.footage import FootageFailure
    from s3eval.footage.decoding import decode

    spec = viewing.spec
    sight, sound = (spec.sees, spec.hears) if spec else (True, True)
    footage = next(iter(decode(dataset.path(video), [clip], sight=sight, sound=sound)))
    if isinstance(footage, FootageFailure):
        raise S3EvalError("This clip cannot be shown", why=footage.reason)
    return footage


def save_seen(
    footage: Footage, dataset: Dataset, video: Video, viewing: Viewing, out: Path
) -> Path | None:
    """Write the frames as a picture with the annotated signs under each, and the sound beside it.

    Args:
        out: PNG or JPEG.

    Returns:
        the WAV file; None where there is no sound.
    """
    from s3eval.reporting.pages import save
    from s3eval.reporting.seen import sheet_of, write_wav
    from s3eval.vocabulary import feature

    annotation = dataset.annotation(video.name)

    def signs(time: float) -> str:
        return ", ".join(feature(name).label for name in annotation.signs_at(time))

    shown = f"as {viewing.model} is shown it" if viewing.model else "as sampled"
    save(sheet_of(footage, f"{video.name.split('@')[0]} · {shown}", signs), out)
    wav = out.with_suffix(".wav")
    return wav if write_wav(footage, wav) else None
