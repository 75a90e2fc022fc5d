"""A video over time: what is annotated, and what each run says, item by item."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from s3eval.vocabulary import FEATURE_NAMES
from s3eval_view.report.beside import MOST_CHARACTERS, Step, align
from s3eval_view.report.evidence import words

if TYPE_CHECKING:
    from s3eval.facts.videos import Annotation
    from s3eval_view.report.evidence import Known
    from s3eval_view.server.media import Recording
    from s3eval_view.viewer.opened import ShownRun

__all__ = ["Bar", "Line", "Saying", "Telling", "Timeline", "anchor", "tellings_of", "timeline_of"]


@dataclass(frozen=True)
class Bar:
    """A stretch of a lane, or a moment of it where ``end`` is None; seconds of the video.

    ``kind`` is "annotated", "window" (a window that says yes) or "at" (an answered time).
    """

    kind: str
    start: float
    end: float | None
    words: str


@dataclass(frozen=True)
class Saying:
    """One finding about an item, or its annotation.

    Attributes:
        text: what is said, in a few words.
        mark: "right" or "wrong" for a label that can be compared, else "".
        state: of the finding; "annotated" for the annotation.
        times: seconds it names, to jump to.
        task: of the finding, "" for the annotation.
        more: a further line: the reason, how many windows say so.
    """

    text: str
    mark: str = ""
    state: str = "annotated"
    times: tuple[float, ...] = ()
    task: str = ""
    more: str = ""


@dataclass(frozen=True)
class Line:
    """One item: the annotation, what each run says, and a lane of bars for each of them."""

    item: str
    label: str
    truth: tuple[Saying, ...]
    sayings: tuple[tuple[Saying, ...], ...]
    lanes: tuple[tuple[Bar, ...], ...]
    is_shown: bool

    @property
    def differs(self) -> bool:
        """Whether a run says something else than the annotation."""
        return any(s.mark == "wrong" for some in self.sayings for s in some)


@dataclass(frozen=True)
class Timeline:
    """A video's items over its length.

    Attributes:
        seconds: its length: as stated, else the last time that anything names.
        seizure: annotated start and end.
        lines: items that annotation or a run says are there, by onset, then the others.
        ticks: seconds at which the axis is labelled.
    """

    seconds: float
    seizure: tuple[float, float] | None
    lines: tuple[Line, ...]

    @property
    def ticks(self) -> list[int]:
        """About eight moments at round seconds.

        >>> Timeline(62.0, None, ()).ticks
        [0, 10, 20, 30, 40, 50, 60]
        """
        steps = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600)
        step = next((s for s in steps if self.seconds / s <= 8), steps[-1])
        return list(range(0, int(self.seconds) + 1, step))

    def percent(self, seconds: float) -> str:
        """A moment as a place on the axis."""
        return f"{100 * min(max(seconds, 0.0), self.seconds) / self.seconds:.3f}%"

    def width(self, bar: Bar) -> str:
        """A bar's length on the axis."""
        start, end = max(bar.start, 0.0), bar.end if bar.end is not None else bar.start
        return f"{max(0.3, 100 * (min(end, self.seconds) - start) / self.seconds):.3f}%"


def anchor(task: str, item: str) -> str:
    """What a finding is called on the page of all that a run said.

    >>> anchor("recognition", "figure4")
    'recognition-figure4'
    """
    from s3eval_view.report.cells import stem

    return f"{stem(task)}-{stem(item)}"


def timeline_of(recording: Recording, runs: Sequence[ShownRun]) -> Timeline:
    """Labels and numbers about a video, over time."""
    video = recording.video
    annotation = recording.dataset.annotation(video.name)
    by_run = [
        [k for k in run.by_video.get(video.name, ()) if k.item.kind in ("label", "number")]
        for run in runs
    ]
    items = dict.fromkeys(k.finding.item for some in by_run for k in some)
    annotated = [f for f in FEATURE_NAMES if f in annotation.features]
    ordered = dict.fromkeys([*annotated, *(f for f in FEATURE_NAMES if f in items), *items])
    lines = [_line(item, annotation, runs, by_run) for item in ordered]
    lines.sort(key=lambda line: (not line.is_shown, line.item in items and _onset(line)))
    seizure = None
    if annotation.seizure_start is not None and annotation.seizure_end is not None:
        seizure = annotation.seizure_start, annotation.seizure_end
    return Timeline(_length(recording, seizure, lines), seizure, tuple(lines))


def _onset(line: Line) -> float:
    starts = [bar.start for bar in line.lanes[0]]
    return min(starts, default=1e9)


def _length(recording: Recording, seizure: Any, lines: Sequence[Line]) -> float:
    if recording.video.duration:
        return float(recording.video.duration)
    times = [
        b.end if b.end is not None else b.start for x in lines for lane in x.lanes for b in lane
    ]
    return float(max([1.0, *times, *(seizure or ())]))


def _line(
    item: str, annotation: Annotation, runs: Sequence[ShownRun], by_run: Sequence[Sequence[Known]]
) -> Line:
    mine = [[k for k in some if k.finding.item == item] for some in by_run]
    sayings = tuple(
        tuple(_saying(k, run) for k in some) for run, some in zip(runs, mine, strict=True)
    )
    truth, bars = _annotated(item, annotation, [k for some in mine for k in some])
    lanes = (tuple(bars), *(tuple(b for k in some for b in _bars(k)) for some in mine))
    shown = annotation.presence(item) == "yes" or any(
        k.item.positive and k.finding.value == k.item.positive for some in mine for k in some
    )
    others = item not in FEATURE_NAMES
    tasks = list(dict.fromkeys(words(k.finding.task) for some in mine for k in some))
    # "video only" alone tells nobody that it is about the diagnosis.
    label = f"{tasks[0]}: {words(item)}" if others and len(tasks) == 1 else words(item)
    return Line(item, label, truth, sayings, lanes, shown or others)


def _annotated(
    item: str, annotation: Annotation, known: Sequence[Known]
) -> tuple[tuple[Saying, ...], list[Bar]]:
    """What the annotation says of an item, and when."""
    sayings: list[Saying] = []
    bars: list[Bar] = []
    feature = annotation.features.get(item)
    if feature is not None:
        times = tuple(t for t in (feature.start, feature.end) if t is not None)
        sayings.append(Saying(feature.presence, times=times, more=feature.justification))
        if feature.presence == "yes" and feature.start is not None:
            bars.append(Bar("annotated", feature.start, feature.end, f"{words(item)}, annotated"))
    place = annotation.lateralization.get(item)
    if place is not None:
        times = tuple(t for t in (place.start, place.end) if t is not None)
        sayings.append(Saying(place.value, times=() if feature is not None else times))
        if feature is None and place.start is not None:
            bars.append(Bar("annotated", place.start, place.end, f"{words(item)}, annotated"))
    if not sayings:
        values = list(dict.fromkeys(k.truth for k in known if k.truth is not None))
        for value in values:
            one = next(k for k in known if k.truth == value)
            times = _moments(value, one)
            sayings.append(Saying("" if times else _value(value, one), times=times))
            bars += [
                Bar("annotated", t, None, f"{words(item)}, annotated") for t in _moments(value, one)
            ]
    return tuple(sayings), bars


def _moments(value: Any, known: Known) -> tuple[float, ...]:
    is_time = known.item.kind == "number" and known.item.unit == "s"
    return (float(value),) if is_time and isinstance(value, (int, float)) else ()


def _value(value: Any, known: Known) -> str:
    if isinstance(value, float):
        return f"{value:.1f} {known.item.unit}".strip()
    return words(str(value))


def _saying(known: Known, run: ShownRun) -> Saying:
    finding, truth = known.finding, known.truth
    if finding.state != "answered":
        return Saying(finding.state, "", finding.state, (), finding.task, finding.reason)
    more = ""
    if known.item.kind == "number" and isinstance(truth, (int, float)):
        off = float(finding.value) - float(truth)
        more = f"{'+' if off >= 0 else '−'}{abs(off):.1f} {known.item.unit} off"
    windows = [w for w in _windows(known) if w[2] == known.item.positive]
    if finding.pieces > 1:
        more = f"{len(windows)} of {finding.pieces} windows"
    text = _value(finding.value, known)
    if finding.probability is not None:
        text += f" ({finding.probability:.0%})"
    times = _moments(finding.value, known)
    if times and min(times) >= 0:
        text = words(finding.task)  # the time itself is the button beside it
    elif finding.task not in run.tasks.providing("features") and finding.item in FEATURE_NAMES:
        text = f"{words(finding.task)}: {text}"
    return Saying(text, known.mark, finding.state, times, finding.task, more)


def _windows(known: Known) -> list[tuple[float, float, Any]]:
    """The windows that a finding keeps with what each says."""
    kept = known.finding.detail.get("windows")
    if not isinstance(kept, (list, tuple)):
        return []
    return [tuple(w) for w in kept if isinstance(w, (list, tuple)) and len(w) == 3]


def _bars(known: Known) -> Iterator[Bar]:
    finding = known.finding
    if finding.state != "answered":
        return
    for start, end, value in _windows(known):
        if known.item.positive and value == known.item.positive:
            yield Bar("window", float(start), float(end), f"{start:g} to {end:g} s: {value}")
    for time in (t for t in _moments(finding.value, known) if t >= 0):
        yield Bar("at", time, None, f"{words(finding.task)}: {time:.1f} s")


@dataclass(frozen=True)
class Telling:
    """A list or text about a video: the annotation, and what each run says of it.

    ``answers`` holds (place among the runs, text, steps of the alignment of a list, state).
    """

    task: str
    item: str
    label: str
    kind: str
    truth: str
    answers: tuple[tuple[int, str, tuple[Step, ...], str], ...]


def tellings_of(recording: Recording, runs: Sequence[ShownRun]) -> list[Telling]:
    """Sequences and reports; justifications of features stand with their features."""
    by_item: dict[tuple[str, str], list[tuple[int, Known]]] = {}
    for place, run in enumerate(runs):
        reasons = run.tasks.providing("justification")
        for known in run.by_video.get(recording.video.name, ()):
            if known.item.kind in ("list", "text") and known.finding.task not in reasons:
                key = known.finding.task, known.finding.item
                by_item.setdefault(key, []).append((place, known))
    return [_telling(task, item, some) for (task, item), some in by_item.items()]


def _telling(task: str, item: str, known: Sequence[tuple[int, Known]]) -> Telling:
    first = next((k for _, k in known if k.truth is not None), known[0][1])
    answers: list[tuple[int, str, tuple[Step, ...], str]] = []
    for place, one in known:
        finding = one.finding
        if finding.state != "answered":
            answers.append((place, finding.reason, (), finding.state))
        elif isinstance(finding.value, (list, tuple)):
            steps = align(finding.value, list(one.truth or ()))
            text = _cut(", ".join(words(str(t)) for t in finding.value))
            answers.append((place, text, steps, "answered"))
        else:
            answers.append((place, _cut(str(finding.value)), (), "answered"))
    name = words(task) if words(task) == words(item) else f"{words(task)}: {words(item)}"
    return Telling(task, item, name, first.item.kind, _joined(first.truth), tuple(answers))


def _cut(text: str) -> str:
    """A text that fits beside others; the whole of it stands with what led to it."""
    more = len(text) - MOST_CHARACTERS
    return text if more <= 0 else f"{text[:MOST_CHARACTERS]} … ({more} further characters)"


def _joined(value: Any) -> str:
    if value is None:
        return "(not annotated)"
    if isinstance(value, (list, tuple)):
        return " → ".join(words(str(t)) for t in value) or "(empty)"
    return str(value)
