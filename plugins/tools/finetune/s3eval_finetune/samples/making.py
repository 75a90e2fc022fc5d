"""All samples of a dataset's training folds, in a fixed order."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from s3eval.errors import S3EvalError, refuse_unknown
from s3eval.facts.clips import profile
from s3eval.task import PlanContext
from s3eval_finetune.samples import clips, narratives, signs
from s3eval_finetune.samples.sample import Left, Sample, seeded

if TYPE_CHECKING:
    from s3eval.facts.videos import Annotation, Dataset, Video
    from s3eval.vocabulary import Sense

__all__ = [
    "RECIPES",
    "Choice",
    "Made",
    "limited",
    "make_samples",
    "training_videos",
    "with_split",
]

#: What `--recipe` takes: the samples of Appendix E.
RECIPES = ("s3",)
Maker = Callable[["Video", "Annotation", PlanContext], Iterator[Sample | Left]]
_MAKERS: Mapping[int, Maker] = {
    1: signs.recognition,
    2: signs.justification,
    3: clips.spatial,
    4: clips.timing,
    5: narratives.sequence,
    6: narratives.report,
    7: clips.diagnosis,
}


@dataclass(frozen=True)
class Choice:
    """What is to be made.

    Attributes:
        folds: training folds; empty for all above 0.
        tasks: numbers of tasks, in [1, 7].
        seed: of everything drawn.
        senses: what the model perceives; nothing else is asked.
    """

    folds: frozenset[int] = frozenset()
    tasks: tuple[int, ...] = (1, 2, 3, 4, 5, 6, 7)
    seed: int = 0
    senses: frozenset[Sense] = frozenset({"sight", "hearing"})


@dataclass(frozen=True)
class Made:
    """The samples, what made none, and whose videos they are."""

    samples: tuple[Sample, ...]
    left: tuple[Left, ...] = ()
    videos: tuple[str, ...] = field(default=())


def training_videos(dataset: Dataset, folds: Collection[int]) -> tuple[Video, ...]:
    """The videos of the training folds, after a check that no patient is on both sides.

    Every fold that is not chosen counts as held out: the test set, and a fold left out for
    validation. A patient of the chosen folds in any of them is a leak.

    Raises:
        S3EvalError: the test set is asked for, no video has a fold, or a patient leaks.
    """
    from s3eval.statistics.splits import refuse_leaks

    known = sorted({v.fold for v in dataset.videos if v.fold is not None})
    split = "s3eval data split DATASET FILE, then --split FILE"
    if not any(fold > 0 for fold in known):
        raise S3EvalError("No video is in a training fold", where=dataset.name, fix=split)
    if 0 in folds:
        raise S3EvalError("Fold 0 is the test set; nothing is trained on it", fix="other --folds")
    refuse_unknown("fold", [str(f) for f in sorted(folds)], [str(f) for f in known if f > 0])
    wanted = {*folds} or {f for f in known if f > 0}
    chosen = tuple(v for v in dataset.videos if v.fold in wanted)
    sides = {v.name: int(v.fold in wanted) for v in dataset.videos if v.fold is not None}
    refuse_leaks(sides, dataset.patients)
    return chosen


def make_samples(dataset: Dataset, choice: Choice) -> Made:
    """The samples of the chosen folds and tasks, ordered by task, video and item.

    Of each video's file the header is read. A dataset without files can be counted: a video is
    then taken to last as long as its annotation, and to have sound.

    Raises:
        S3EvalError: see `training_videos`; or a file cannot be read.
    """
    videos = training_videos(dataset, choice.folds)
    context = PlanContext(profile("standard"), choice.senses, seed=choice.seed)
    facts = {v.name: _known(dataset, v, context) for v in videos}
    samples: list[Sample] = []
    left: list[Left] = []
    for number in sorted(choice.tasks):
        for video in videos:
            annotation, known, senses = dataset.annotation(video.name), *facts[video.name]
            perceived = replace(context, senses=choice.senses & senses)
            for made in _MAKERS[number](known, annotation, perceived):
                if isinstance(made, Left):
                    left.append(made)
                else:
                    samples.append(made)
    return Made(tuple(samples), tuple(left), tuple(v.name for v in videos))


def _known(dataset: Dataset, video: Video, context: PlanContext) -> tuple[Video, frozenset[Sense]]:
    """The video with its duration, and the senses its file has something for."""
    from s3eval.footage.decoding import probe
    from s3eval.running.plan import assumed_duration

    both: frozenset[Sense] = frozenset({"sight", "hearing"})
    if not video.file:
        seconds = video.duration or assumed_duration(
            dataset.annotation(video.name), context.profile
        )
        return replace(video, duration=seconds), both
    facts = probe(dataset.path(video), name=video.name)
    senses: set[Sense] = {"hearing"} if facts.has_sound else set()
    senses |= {"sight"} if facts.width else set()
    return replace(video, duration=video.duration or facts.duration), frozenset(senses)


def with_split(dataset: Dataset, file: Path) -> Dataset:
    """The dataset with the folds of a split file; videos that are not in it have none.

    Raises:
        S3EvalError: it cannot be read, or names no video of the dataset.
    """
    from s3eval.statistics.splits import read_split

    folds = read_split(file).folds
    if not any(v.name in folds for v in dataset.videos):
        raise S3EvalError("This split names no video of the dataset", where=file)
    return replace(
        dataset, videos=tuple(replace(v, fold=folds.get(v.name)) for v in dataset.videos)
    )


def limited(samples: Sequence[Sample], most: int | None, seed: int) -> tuple[Sample, ...]:
    """At most so many samples of each task, drawn by the seed, in their order."""
    if most is None:
        return tuple(samples)
    kept: set[int] = set()
    for number in {s.number for s in samples}:
        places = [i for i, s in enumerate(samples) if s.number == number]
        kept.update(sorted(places, key=lambda i: (seeded(seed, "limit", samples[i].key), i))[:most])
    return tuple(s for i, s in enumerate(samples) if i in kept)
