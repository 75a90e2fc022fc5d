"""What is checked of a task's baselines: they answer where the run does, and without looking."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from s3eval.running.task_results import checked_baselines
from s3eval.task import Finding, ScoringContext
from s3eval.testing.conformance.task_subject import Subject

if TYPE_CHECKING:
    from s3eval.facts.videos import Dataset, Video

__all__ = ["baselines"]

#: Videos whose truth is changed, one after the other.
_MOST_CHANGED = 12


def baselines(subject: Subject) -> Iterator[tuple[str, str]]:
    """On the run's videos and items, twice the same, and not from the truth of what they answer."""
    findings = subject.findings()
    asked = {(f.video, f.item) for f in findings}
    given = _answers(subject, findings)
    for name, some in given.items():
        if {(f.video, f.item) for f in some} - asked:
            yield (
                f"the baseline '{name}' answers about other videos or items than the run",
                "answer exactly where findings are",
            )
            return
        if partial := next(_partial(findings, some), None):
            yield (
                f"the baseline '{name}' answers about {partial}",
                "answer about every video of an item or about none: chance is taken on "
                "the same videos",
            )
            return
        if any(f.task != subject.spec.name for f in some):
            yield f"the baseline '{name}' names another task", "use self.name"
            return
    if _values(given) != _values(_answers(subject, findings)):
        yield "baselines() gives other answers when it is called again", "make it a function"
        return
    yield from _leaks(subject, findings, _values(given))


def _partial(findings: Sequence[Finding], given: Sequence[Finding]) -> Iterator[str]:
    """The items of which a baseline answers about some videos and not about others."""
    for item in dict.fromkeys(f.item for f in given):
        asked = {f.video for f in findings if f.item == item}
        answered = {f.video for f in given if f.item == item}
        if len(answered) < len(asked):
            yield f"{len(answered)} of {len(asked)} videos that '{item}' was asked of"


def _answers(subject: Subject, findings: Sequence[Finding]) -> dict[str, list[Finding]]:
    context = ScoringContext(subject.data)
    return checked_baselines(subject.spec.name, subject.task.baselines(findings, context))


_Key = tuple[str, str, str]


def _values(given: dict[str, list[Finding]]) -> dict[_Key, Any]:
    return {(name, f.video, f.item): f.value for name, some in given.items() for f in some}


def _leaks(
    subject: Subject, findings: Sequence[Finding], before: dict[_Key, Any]
) -> Iterator[tuple[str, str]]:
    """A baseline's answer about a video that changes with the truth of that video."""
    for video in subject.data.videos[:_MOST_CHANGED]:
        other = _otherwise(subject, video)
        if other is None:
            continue
        after = _values(_answers(other, findings))
        for key, value in before.items():
            name, of, item = key
            if of == video.name and key in after and after[key] != value:
                yield (
                    f"the baseline '{name}' answers {value!r:.40} about '{item}' of a video, and "
                    f"{after[key]!r:.40} where that video's own truth is another",
                    "learn from other patients (s3eval.tasks.baselines.training_values)",
                )
                return


def _otherwise(subject: Subject, video: Video) -> Subject | None:
    """The task on data where this video has the truth of another patient's, if one differs.

    Only what the truth comes from is exchanged: the annotation, else the diagnosis, else facts.
    """
    data, now = subject.data, _truths(subject, video.name)
    if not now:
        return None
    for part in ("annotation", "diagnosis", "facts", "patient facts"):
        for donor in data.videos:
            if donor.patient == video.patient:
                continue
            other = replace(subject, data=_exchanged(data, video, donor, part))
            if _truths(other, video.name) != now:
                return other
    return None


def _truths(subject: Subject, name: str) -> dict[str, Any]:
    video = subject.data.video(name)
    truths = {item.name: subject.truth(video, item.name) for item in subject.task.items()}
    return {name: truth for name, truth in truths.items() if truth is not None}


def _exchanged(data: Dataset, video: Video, donor: Video, part: str) -> Dataset:
    if part == "annotation":
        note = replace(data.annotation(donor.name), video=video.name)
        return replace(data, annotations={**data.annotations, video.name: note})
    if part == "patient facts":
        known = data.patient_facts
        theirs = {video.patient: known.get(donor.patient, {})}
        return replace(data, patient_facts={**known, **theirs})
    fact: Any = getattr(donor, part)
    changed: Video = replace(video, **{part: fact})
    return replace(data, videos=tuple(changed if v == video else v for v in data.videos))
