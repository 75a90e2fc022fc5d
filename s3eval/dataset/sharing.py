"""A dataset as it may be given to others: ``s3eval data export``.

Every exporter gets what this makes, so that none can write what was not asked for: texts are
checked for what may identify somebody, video files are left out unless they are wanted, names can
be replaced by numbers.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from s3eval.errors import S3EvalError
from s3eval.facts.videos import Annotation, Dataset, Video
from s3eval.privacy.detector import Detector, find_detector, redact

if TYPE_CHECKING:
    from s3eval.permission import Phi

__all__ = ["Shared", "shareable"]


@dataclass(frozen=True)
class Shared:
    """What an exporter gets.

    Attributes:
        dataset: the dataset to write; without files (``root`` None) unless videos are wanted.
        replaced: how many stretches of each kind were replaced in texts, or with "block" how many
            texts were left out for each kind.
    """

    dataset: Dataset
    replaced: Mapping[str, int] = field(default_factory=dict)


def shareable(
    dataset: Dataset,
    phi: Phi = "redact",
    *,
    videos: bool = False,
    renumber: bool = False,
    detector: Callable[[], Detector] = find_detector,
) -> Shared:
    """A dataset without what its export should not hold.

    Args:
        phi: what is done with texts that may identify somebody: "redact" replaces the words,
            "block" leaves the text out, "off" checks nothing.
        videos: whether the video files are part of it; they show faces, which no check removes.
        renumber: whether videos and patients are called ``v001`` and ``p01``, in the order of the
            table. File names are not changed.
        detector: makes what finds such words; called only where there is a text or a name to check.

    Raises:
        S3EvalError: no detector is installed, a name may identify somebody, or videos are wanted
            and the dataset has none.
    """
    if videos and (dataset.root is None or not any(v.file for v in dataset.videos)):
        raise S3EvalError(
            "This dataset has no video files to export",
            where=dataset.name,
            fix="leave --videos out",
        )
    counted: Counter[str] = Counter()
    if renumber:
        dataset = _renumbered(dataset)
    if phi != "off":
        check = _Check(phi, detector, counted)
        if not renumber:
            check.names(dataset)
        dataset = _checked(dataset, check.text)
    if not videos:
        without = tuple(replace(v, file="") for v in dataset.videos)
        dataset = replace(dataset, videos=without, root=None)
    return Shared(dataset, dict(sorted(counted.items())))


class _Check:
    """Checks texts with one detector, loaded when the first is checked."""

    def __init__(self, phi: Phi, make: Callable[[], Detector], counted: Counter[str]) -> None:
        self._phi, self._make, self._counted = phi, make, counted
        self._made: Detector | None = None

    def _detector(self) -> Detector:
        self._made = self._made or self._make()
        return self._made

    def text(self, text: str) -> str:
        """The text as it may be written, "" where it is left out."""
        if not text.strip():
            return text
        spans = self._detector().find(text)
        self._counted.update(s.kind for s in spans)
        return redact(text, spans) if self._phi == "redact" or not spans else ""

    def names(self, dataset: Dataset) -> None:
        """Refuse names of videos and patients that hold a date, a name or the like.

        Raises:
            S3EvalError: how many, and of which kinds; never the names themselves.
        """
        names = {v.name for v in dataset.videos} | {v.patient for v in dataset.videos}
        by_name = {name: self._detector().find(name) for name in names}
        kinds = Counter(span.kind for spans in by_name.values() for span in spans)
        if kinds:
            some = sum(bool(spans) for spans in by_name.values())
            listed = ", ".join(kind.replace("_", " ") for kind in sorted(kinds))
            raise S3EvalError(
                f"{some} of {len(names)} names of videos and patients may identify somebody",
                where=dataset.name,
                why=f"they look as if they hold: {listed}",
                fix="--renumber calls videos v001, v002, ... and patients p01, p02, ...",
            )


def _checked(dataset: Dataset, text: Callable[[str], str]) -> Dataset:
    annotations = {name: _annotation(a, text) for name, a in dataset.annotations.items()}
    videos = tuple(replace(v, facts=_texts(v.facts, text)) for v in dataset.videos)
    facts = {name: _texts(known, text) for name, known in dataset.patient_facts.items()}
    return replace(
        dataset,
        description=text(dataset.description),
        videos=videos,
        annotations=annotations,
        patient_facts=facts,
    )


def _annotation(annotation: Annotation, text: Callable[[str], str]) -> Annotation:
    features = {
        name: replace(f, justification=text(f.justification))
        for name, f in annotation.features.items()
    }
    report = annotation.report
    return replace(
        annotation,
        features=features,
        report=(text(report) or None) if report is not None else None,
        items=_texts(annotation.items, text),
    )


def _texts(values: Mapping[str, Any], text: Callable[[str], str]) -> dict[str, Any]:
    return {k: text(v) if isinstance(v, str) else v for k, v in values.items()}


def _renumbered(dataset: Dataset) -> Dataset:
    patients = {p: f"p{n:02d}" for n, p in enumerate(dict.fromkeys(dataset.patients.values()), 1)}
    names = {v.name: f"v{n:03d}" for n, v in enumerate(dataset.videos, 1)}

    def called(video: Video) -> Video:
        return replace(video, name=names[video.name], patient=patients[video.patient])

    return replace(
        dataset,
        videos=tuple(called(v) for v in dataset.videos),
        annotations={
            names[name]: replace(a, video=names[name]) for name, a in dataset.annotations.items()
        },
        patient_facts={
            patients[p]: known for p, known in dataset.patient_facts.items() if p in patients
        },
    )
