"""Video, Annotation, Dataset: the facts everything else works from."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any

from s3eval.errors import UnknownNameError, counted
from s3eval.facts.files import media_file
from s3eval.facts.footage import FootageError
from s3eval.vocabulary import FEATURE_NAMES, HEARD, SEEN

__all__ = ["Annotation", "Dataset", "FeatureAnnotation", "Lateralization", "Video"]


@dataclass(frozen=True)
class Video:
    """One recording of one event.

    Attributes:
        name: unique in its dataset; the release's names start with the patient, "P01@...".
        patient: all videos of a patient share it; every split and interval goes by it.
        file: path relative to the dataset folder; "" when only annotation exists.
        diagnosis: "ES", "NES" or None when unknown.
        fold: 0 is the test set, 1.. training folds, None when in no fold.
        duration: seconds, None when not yet known (then read from the file when planning).
        facts: what else the format knows of the video ("camera": "ward"), JSON-able; carried
            into tables of findings and usable for subgroups, never interpreted by the core.
    """

    name: str
    patient: str
    file: str = ""
    diagnosis: str | None = None
    fold: int | None = None
    duration: float | None = None
    facts: Mapping[str, Any] = field(default_factory=dict, hash=False)


@dataclass(frozen=True)
class FeatureAnnotation:
    """One feature of one video: presence "yes", "no" or "na"; times in seconds or None."""

    presence: str
    start: float | None = None
    end: float | None = None
    justification: str = ""


@dataclass(frozen=True)
class Lateralization:
    """A spatial fact: value ("left", "right arm", ...) and when it shows, seconds or None."""

    value: str
    start: float | None = None
    end: float | None = None


@dataclass(frozen=True)
class Annotation:
    """What is known about one video. Anything may be missing.

    Attributes:
        features: by feature name.
        lateralization: by item: "head_turning", "arm_movement", "onset_body_part".
        sequence: feature names in order of onset, heard ones included; None when not annotated.
        report: the clinician's narrative, None when there is none.
        seizure_start, seizure_end: seconds.
        items: annotated values of further items, by item name; for tasks that ask about
            something else than the 20 features.
    """

    video: str
    features: Mapping[str, FeatureAnnotation] = field(default_factory=dict)
    lateralization: Mapping[str, Lateralization] = field(default_factory=dict)
    sequence: tuple[str, ...] | None = None
    report: str | None = None
    seizure_start: float | None = None
    seizure_end: float | None = None
    items: Mapping[str, Any] = field(default_factory=dict, hash=False)

    def presence(self, feature: str) -> str | None:
        """ "yes", "no", "na" or None when not annotated."""
        annotation = self.features.get(feature)
        return annotation.presence if annotation else None

    def signs_at(self, time: float) -> tuple[str, ...]:
        """The features annotated as showing at that second, in vocabulary order.

        >>> Annotation("v", {"tonic": FeatureAnnotation("yes", 3.0, 9.0)}).signs_at(5.0)
        ('tonic',)
        """
        showing = []
        for name in FEATURE_NAMES:
            f = self.features.get(name)
            if f is None or f.presence != "yes" or f.start is None:
                continue
            if f.start <= time and (f.end is None or time <= f.end):
                showing.append(name)
        return tuple(showing)

    def sequence_for(self, senses: Collection[str]) -> tuple[str, ...] | None:
        """The sequence restricted to what these senses perceive.

        >>> a = Annotation("v", sequence=("ictal_vocalization", "tonic"))
        >>> a.sequence_for({"sight"})
        ('tonic',)
        """
        if self.sequence is None:
            return None
        allowed = {*(SEEN if "sight" in senses else ()), *(HEARD if "hearing" in senses else ())}
        return tuple(f for f in self.sequence if f in allowed)


@dataclass(frozen=True, repr=False)
class Dataset:
    """Videos with their annotation. Immutable; ``select`` gives a smaller one.

    Attributes:
        name: from dataset.toml.
        root: the folder files are relative to; None for a dataset without files.
        videos: in table order.
        annotations: by video name, one for every video.
        digest: SHA-256 over the tables, recorded with every run.
        digest_covers: in words what the digest is made of ("videos.csv, features.csv"); a change
            of anything else goes unnoticed by runs.
        outside: whether files outside ``root`` may be read, by a path or a link that leads
            there: only ever what the user said, never what a dataset says of itself.
        patient_facts: by patient what the format knows of them ("age_group"), JSON-able.
        unlisted: names that were annotated and are no video, filled in when a dataset is made
            (not when part of one is selected): what is annotated under them is left out.

    >>> Dataset("ward", (Video("night-1", "p01"), Video("night-2", "p01")), {})
    <Dataset 'ward': 2 videos of 1 patient>
    """

    name: str
    videos: tuple[Video, ...]
    annotations: Mapping[str, Annotation]
    root: Path | None = None
    digest: str = ""
    description: str = ""
    digest_covers: str = ""
    outside: bool = False
    patient_facts: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    unlisted: tuple[str, ...] = field(default=(), repr=False, compare=False)

    def __post_init__(self) -> None:
        # What another dataset holds has been through here; a part of it lacks videos on purpose.
        if not isinstance(self.annotations, MappingProxyType):
            listed = {v.name for v in self.videos}
            extra = [n for n in self.annotations if n not in listed and n not in self.unlisted]
            object.__setattr__(self, "unlisted", (*self.unlisted, *extra))
        full = {v.name: self.annotations.get(v.name, Annotation(v.name)) for v in self.videos}
        object.__setattr__(self, "annotations", MappingProxyType(full))

    def __len__(self) -> int:
        return len(self.videos)

    def __repr__(self) -> str:
        # Not every annotation: a notebook shows this.
        patients = len({v.patient for v in self.videos})
        counts = f"{counted(len(self), 'video')} of {counted(patients, 'patient')}"
        return f"<Dataset {self.name!r}: {counts}>"

    def video(self, name: str) -> Video:
        """The video of that name.

        Raises:
            UnknownNameError: there is none; the nearest is suggested.
        """
        if name in self._by_name:
            return self._by_name[name]
        raise UnknownNameError("video", name, self._by_name, fix="videos.csv lists them")

    @cached_property
    def _by_name(self) -> Mapping[str, Video]:
        return {v.name: v for v in self.videos}

    def annotation(self, name: str) -> Annotation:
        """The annotation of that video (empty when nothing is known)."""
        if name not in self.annotations:
            self.video(name)
        return self.annotations[name]

    def path(self, video: Video) -> Path:
        """The absolute path of a video's file: a regular file that is there.

        Raises:
            FootageError: the dataset names none, it is missing, no regular file (a pipe, a
                device), or outside ``root`` without ``outside``; says the video's name, no path.
        """
        if self.root is None or not video.file:
            what = "No file for this video in the dataset"
            raise FootageError(what, "missing", where=video.name)
        within = None if self.outside else self.root
        return media_file(self.root / video.file, video.name, within=within)

    def facts(self, name: str) -> Mapping[str, Any]:
        """What the format knows of a video and of its patient, the video's own first."""
        video = self.video(name)
        return {**self.patient_facts.get(video.patient, {}), **video.facts}

    @cached_property
    def patients(self) -> Mapping[str, str]:
        """Patient by video name."""
        return {v.name: v.patient for v in self.videos}

    def select(
        self,
        videos: Collection[str] | None = None,
        folds: Collection[int] | None = None,
        limit: int | None = None,
    ) -> Dataset:
        """The part with these videos, in these folds, the first ``limit`` of them."""
        for name in videos or ():
            self.video(name)
        kept = [
            v
            for v in self.videos
            if (videos is None or v.name in videos) and (folds is None or v.fold in folds)
        ]
        return replace(self, videos=tuple(kept[:limit] if limit is not None else kept))
