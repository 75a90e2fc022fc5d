"""A span of a video as a file of its own, right to a frame.

Three ways, the cheapest that is exact: the whole file as it is; its packets copied, where the
span begins at a keyframe and ends where no later picture is needed; else encoded anew.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from s3eval.errors import MachineError
from s3eval.facts.clips import Clip, Sampling
from s3eval.facts.footage import FootageError, FootageFailure, MediaFacts
from s3eval.footage.index import VideoIndex, index_of
from s3eval.footage.media import (
    footage_errors,
    open_media,
    packets,
    picture_stream,
    sound_stream,
    zero_of,
)
from s3eval.footage.selection import choose
from s3eval.footage.stated import facts_of
from s3eval_finetune.appendix import FRAMES

if TYPE_CHECKING:
    from s3eval_finetune.samples.sample import Span

__all__ = ["Cut", "Source", "Way", "cut", "open_source"]

Way = Literal["whole", "copied", "encoded"]
# A frame this little before the span's start belongs to it: times are rounded to milliseconds.
_ROUNDING = 1e-3
# Seconds that the sound, or a rounded duration, may outlast the pictures.
_SPARE = 0.5
# What an MP4 file takes as it is.
_PICTURES = frozenset({"h264", "hevc"})
_SOUNDS = frozenset({"aac", "mp3"})


@dataclass(frozen=True)
class Source:
    """A video file that is cut, read once: what it states, and when its frames show."""

    path: Path
    name: str
    facts: MediaFacts
    index: VideoIndex


@dataclass(frozen=True)
class Cut:
    """What became of a span.

    Attributes:
        way: "whole" (the file as it is), "copied" (packets) or "encoded".
        frames: how many it holds.
        first, last: when its first and last frame show, in seconds of the video.
        sound: False where the video has none; the file's track is silent then.
    """

    way: Way
    frames: int
    first: float
    last: float
    sound: bool


def open_source(path: Path, name: str) -> Source:
    """Read a video's packets and header.

    Raises:
        FootageError: it has no pictures, or cannot be read.
    """
    index = index_of(path, name)
    return Source(path, name, facts_of(path, name, lambda: index), index)


def cut(source: Source, span: Span, out: Path) -> Cut:
    """Write a span to an MP4 file, which appears under its name only when it is whole.

    Args:
        source: the video.
        span: its end may lie up to half a second past the video's end.
        out: the file.

    Raises:
        FootageError: the span reaches past the video, or a frame of it is damaged.
        MachineError: the disk is full.
    """
    from s3eval_finetune.media.encoding import encode

    numbers = _numbers(source, span)
    way = _way(source, span, numbers)
    part = out.with_name(f"{out.stem}.{os.getpid()}.part.mp4")  # two commands may write at once
    try:
        with footage_errors(source.name):
            if way == "whole":
                shutil.copyfile(source.path, part)
            elif way == "copied":
                _copy(source, span, numbers, part)
            else:
                encode(source, span, numbers, part)
        os.replace(part, out)
    except OSError as error:
        why = error.strerror or str(error)
        raise MachineError("A clip could not be written", why=why) from None
    finally:
        part.unlink(missing_ok=True)
    times = source.index.times[[numbers[0], numbers[-1]]]
    sound = source.facts.has_sound
    return Cut(way, len(numbers), float(times[0]), float(times[1]), sound)


def _numbers(source: Source, span: Span) -> Sequence[int]:
    """The shown numbers of the span's frames."""
    index = source.index
    if span.show == "sparse":
        # From the span's start on, so that the first frame shows at 0 of the file.
        sampling = Sampling(FRAMES / span.seconds, FRAMES)
        chosen = choose(Clip(span.video, span.start, span.end, sampling), index.times, index.end)
        if isinstance(chosen, FootageFailure):
            raise FootageError(
                "A span is not in the video", "damaged", where=span.video, why=chosen.reason
            )
        return sorted(set(chosen.numbers))
    if span.end > index.end + _SPARE:
        raise FootageError(
            "A span is not in the video",
            "damaged",
            where=span.video,
            why=f"it ends at {span.end:.2f} s, the pictures at {index.end:.2f} s",
        )
    first, end = np.searchsorted(index.times, [span.start - _ROUNDING, span.end - _ROUNDING])
    if first >= end:
        raise FootageError("No frame shows in a span", "damaged", where=span.video)
    return range(int(first), int(end))


def _way(source: Source, span: Span, numbers: Sequence[int]) -> Way:
    facts, index = source.facts, source.index
    plain = (
        span.show == "all"
        and facts.codec in _PICTURES
        and facts.rotation == 0
        and facts.has_sound
        and index.packet_of is not None
        and not index.damaged
    )
    if not plain:
        return "encoded"
    with open_media(source.path, source.name) as container:
        named = {*container.format.name.split(",")}
        sound = sound_stream(container).codec_context.name
        if "mp4" not in named or sound not in _SOUNDS:
            return "encoded"
        if len(container.streams) != 2:
            return "encoded"
    if len(numbers) == len(index.times) and span.start == 0:
        return "whole"
    return "copied" if _closed(index, numbers) else "encoded"


def _closed(index: VideoIndex, numbers: Sequence[int]) -> bool:
    """Whether these frames are packets that follow each other, and need no other ones.

    They start with a keyframe, none that is shown before it comes after it in the file, and
    behind their last packet in the file none of them is left: what is dropped is needed by
    nothing that is kept, since a packet refers to packets before it in the file alone.
    """
    assert index.packet_of is not None
    places = sorted(index.packet_of[n] for n in numbers)
    group = index.groups.of(places[0])
    if group < 0 or index.groups.first(group) != places[0] or index.groups.leading.get(group):
        return False
    # A leading packet of a later group refers to the group before, which is kept as well.
    return places[-1] - places[0] + 1 == len(places) and index.packet_of[numbers[0]] == places[0]


def _copy(source: Source, span: Span, numbers: Sequence[int], part: Path) -> None:
    import av

    index = source.index
    wanted = {index.pts[n] for n in numbers}
    with (
        open_media(source.path, source.name) as container,
        av.open(str(part), "w", format="mp4", options={"movflags": "+faststart"}) as box,
    ):
        picture, sound = picture_stream(container, source.name), sound_stream(container)
        zero = zero_of(container, index.pts[0] * float(picture.time_base))
        outs = {s.index: box.add_stream_from_template(s) for s in (picture, sound)}
        for packet in packets(container, picture, sound):
            if packet.pts is None or packet.dts is None:
                continue
            at = float(packet.pts * packet.time_base) - zero
            if packet.stream.index == picture.index:
                kept = packet.pts in wanted
            else:
                # A packet of sound lasts some hundredths of a second; those that begin within
                # the span are kept at their times.
                kept = span.start <= at < span.end
            if kept:
                _send(box, packet, outs[packet.stream.index], span.start + zero)


def _send(box: Any, packet: Any, stream: Any, start: float) -> None:
    """Write a packet, its times counted from the span's start."""
    shift = round(start / float(packet.time_base))
    packet.pts -= shift
    packet.dts -= shift
    packet.stream = stream
    box.mux(packet)
