"""How each finding of a run about one video came about: inquiry, answer, reading, combining."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from s3eval_view.report.evidence import words
from s3eval_view.viewer.judges import Judged
from s3eval_view.viewer.readings import Read, index_steps, read_of_recorded, read_of_request
from s3eval_view.viewer.timeline import anchor

if TYPE_CHECKING:
    from s3eval.facts.clips import Clip
    from s3eval.facts.tally import Step
    from s3eval.running.scoring import Material
    from s3eval.task import Finding, Piece, Task
    from s3eval_view.report.evidence import Known
    from s3eval_view.server.media import Recording
    from s3eval_view.viewer.judges import Judges
    from s3eval_view.viewer.opened import ShownRun

__all__ = ["Asked", "ExplainedFinding", "clips_of", "explained_findings"]


@dataclass(frozen=True)
class Asked:
    """One question about one clip, and what came of it.

    Attributes:
        clip: its number among the clips of the video, as in addresses of its frames.
        start, end: of the clip, seconds of the video.
        prompt, system: what the model read.
        status, raw, reason: of the answer.
        reading: what was read from it, "" where nothing could be.
        unread: why nothing could be read.
        probabilities: that the model gave the choices.
    """

    clip: int
    start: float
    end: float
    sampling: str
    prompt: str
    system: str
    status: str
    raw: str
    reason: str
    reading: str
    unread: str
    probabilities: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class ExplainedFinding:
    """One finding with all that led to it.

    Attributes:
        anchor: what it is called on its page.
        known: the finding, its item and its truth.
        asked: its answers, in order of time; () for a recorded run.
        how_read, how_combined: the task's own words.
        detail: what else the task kept.
        read: what a judge read for it, or earlier.
        note: why readings are not there, "" where they are or none are wanted.
        steps: from the readings of a report to its index.
    """

    anchor: str
    label: str
    known: Known
    asked: tuple[Asked, ...]
    how_read: str
    how_combined: str
    detail: tuple[tuple[str, str], ...]
    read: tuple[Read, ...]
    note: str = ""
    steps: tuple[Step, ...] = ()

    @property
    def prompts(self) -> list[str]:
        """The questions that were put, each once."""
        return list(dict.fromkeys(one.prompt for one in self.asked))

    @property
    def value(self) -> str:
        """The finding in words."""
        finding = self.known.finding
        if finding.state != "answered":
            return finding.state
        return _in_words(finding.value)

    @property
    def truth(self) -> str:
        """The annotated value in words."""
        return "not annotated" if self.known.truth is None else _in_words(self.known.truth)


def _in_words(value: Any) -> str:
    if isinstance(value, (list, tuple)):
        return ", ".join(words(str(v)) for v in value) or "(empty)"
    return f"{value:.2f}" if isinstance(value, float) else str(value)


def clips_of(material: Material, video: str) -> list[Clip]:
    """The clips that a run asked about, by time; their places are their numbers."""
    clips = {
        piece.inquiry.clip: None
        for videos in (material.pieces or {}).values()
        for piece in videos.get(video, ())
    }
    return sorted(clips, key=lambda c: (c.start, c.end, repr(c.sampling)))


def explained_findings(
    run: ShownRun, recording: Recording, judges: Judges
) -> list[ExplainedFinding]:
    """All findings of a run about a video, each with what led to it."""
    video = recording.video.name
    material = run.material_about(video) if run.is_asked else run.material(with_pieces=False)
    clips = {clip: n for n, clip in enumerate(clips_of(material, video), 1)}
    judged = _judged(run, material, video, judges)
    pieces = {
        name: _by_item(run.tasks.by_name[name], video, videos.get(video, ()), material)
        for name, videos in (material.pieces or {}).items()
    }
    findings = []
    for known in run.by_video.get(video, ()):
        mine = pieces.get(known.finding.task, {}).get(known.finding.item, [])
        findings.append(_explained(run, material, known, mine, clips, judged))
    return findings


def _by_item(
    task: Task, video: str, pieces: Sequence[Piece], material: Material
) -> dict[str, list[Piece]]:
    """Pieces by the item that they give a finding about, each in order of time.

    What a piece is about is the task's business: it is asked to make a finding of that one alone.
    """
    context = material.context(task.name, None, {})
    by_item: dict[str, list[Piece]] = {}
    for piece in sorted(pieces, key=lambda p: (p.inquiry.clip.start, p.inquiry.clip.end)):
        for finding in task.combine(video, [piece], context):
            by_item.setdefault(finding.item, []).append(piece)
    return by_item


def _explained(
    run: ShownRun,
    material: Material,
    known: Known,
    pieces: Sequence[Piece],
    clips: Mapping[Clip, int],
    judged: Judged,
) -> ExplainedFinding:
    finding = known.finding
    task = run.tasks.by_name[finding.task]
    readings = judged.readings or {}
    context = material.context(finding.task, readings, run.findings)
    wanted = [
        *task.merge_requests(finding.video, pieces, context),
        *task.read_requests([finding], context),
    ]
    distinct = dict.fromkeys(wanted)
    read = [
        read_of_request(r, readings[r], known, judged.source, judged.pointed.get(r, ()))
        for r in distinct
        if r in readings
    ]
    is_missing = len(read) < len(distinct)
    recorded = [] if read else read_of_recorded(known)
    annotation = run.dataset.annotation(finding.video)
    return ExplainedFinding(
        anchor(finding.task, finding.item),
        f"{words(finding.task)}: {words(finding.item)}",
        known,
        tuple(_asked(p, clips) for p in pieces),
        _doc(task.read),
        _doc(task.combine),
        tuple(_details(finding)),
        tuple(read or recorded),
        judged.note if is_missing and not recorded else "",
        index_steps(known, readings, material.protocol, annotation),
    )


def _asked(piece: Piece, clips: Mapping[Clip, int]) -> Asked:
    clip, answer, reading = piece.inquiry.clip, piece.answer, piece.reading
    s = clip.sampling
    rate = f"{s.fps:g} a second" if s.fps is not None else "spread evenly"
    sampling = f"{rate}, at most {s.max_frames} frames of {s.max_pixels:,} pixels"
    return Asked(
        clips.get(clip, 0),
        clip.start,
        clip.end,
        sampling,
        piece.question.text,
        piece.question.system,
        answer.status,
        answer.text,
        answer.reason,
        _in_words(reading.value) if reading.readable else "",
        reading.reason,
        dict(answer.probabilities),
    )


def _doc(function: Any) -> str:
    """The first paragraph of what a task says of its own step; not what the contract says of it."""
    text = inspect.cleandoc(function.__doc__ or "")
    return " ".join(text.split("\n\n")[0].split())


#: Shown in other ways.
_SHOWN_ELSEWHERE = ("extraction", "reference_extraction", "windows", "missing", "texts")


def _details(finding: Finding) -> list[tuple[str, str]]:
    details = []
    for key, value in finding.detail.items():
        if key not in _SHOWN_ELSEWHERE:
            details.append((words(key), _detail(value)))
    return details


def _detail(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, (list, tuple)):
        return ", ".join(_detail(v) for v in value)
    return str(value)


def _judged(run: ShownRun, material: Material, video: str, judges: Judges) -> Judged:
    """What the run's judge makes of what its findings about one video want of it."""
    if not run.tasks.judged:
        return Judged()
    requests: list[Any] = []
    for name in run.task_names:
        context = material.context(name, {}, run.findings)
        task = run.tasks.by_name[name]
        pieces = (material.pieces or {}).get(name, {}).get(video, ())
        requests += task.merge_requests(video, pieces, context)
        mine = [k.finding for k in run.by_video.get(video, ()) if k.finding.task == name]
        requests += task.read_requests(mine, context)
    judged = judges.read(run, requests)
    return replace(judged, pointed=judges.pointed(judged))
