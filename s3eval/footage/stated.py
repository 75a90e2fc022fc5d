"""What a file states about itself, believed only as far as its packets bear it out."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

from s3eval.facts.footage import FootageError, MediaFacts
from s3eval.footage.index import VideoIndex, index_of
from s3eval.footage.limits import MAX_ASPECT, MAX_PIXELS, MAX_SECONDS
from s3eval.footage.media import (
    footage_errors,
    has_pictures,
    open_media,
    orientation_of,
    packets,
    picture_stream,
    sound_stream,
    zero_of,
)
from s3eval.footage.sizes import UPRIGHT, Orientation

__all__ = ["displayed_size", "facts_of", "first_time", "sound_span"]

# Fewer bits a second than this are a still picture or a header that promises what is not there:
# reading the packets of so small a file costs little.
_FEW_BITS = 100_000
# A cut-off file fails for the minutes that are not there. One that states ten times what it
# holds, and ten minutes more, is no recording of that length: one failure says so, not a
# thousand.
_FAR, _LONG = 10, 600.0
# Packets within which the first picture comes out (ten seconds at 60 a second, and more).
_SOON = 1_000


def facts_of(
    path: Path, name: str = "", index: Callable[[], VideoIndex] | None = None
) -> MediaFacts:
    """What a file says about itself; decodes one frame, for its orientation.

    Of a file with sound and no pictures the packets are read: formats without an index only
    guess how long they are. So they are where a stated duration is hard to believe.

    Args:
        path: the file.
        name: what errors call it.
        index: reads the packets of its pictures, where the caller wants them as well.

    Raises:
        FootageError: neither pictures nor sound, pictures larger or a file longer than anyone
            records, or how long it is cannot be found out.
    """
    index = index or partial(index_of, path, name)
    with footage_errors(name), open_media(path, name) as container:
        if sound_stream(container) is not None and not has_pictures(container):
            return _sound_facts(container, name)
        stream = picture_stream(container, name)
        context = stream.codec_context
        _check_size(stream, name)
        orientation = _first_orientation(container, stream)
        wide, high = displayed_size(stream, orientation)
        sound = sound_stream(container)
        return MediaFacts(
            duration=_duration(container, stream, path.stat().st_size, name, index),
            width=wide,
            height=high,
            fps=float(stream.average_rate or stream.guessed_rate or 0),
            frames=int(stream.frames or 0),
            has_sound=sound is not None,
            rotation=orientation.clockwise,
            codec=str(context.name),
            sound_end=_sound_end(container, stream, sound),
        )


def _check_size(stream: Any, name: str) -> None:
    context = stream.codec_context
    wide, high = int(context.width), int(context.height)
    if not wide or not high:
        why = f"none is stated, or one above {MAX_PIXELS:,} pixels"
        raise FootageError("The video has no picture size", "damaged", where=name, why=why)
    if wide * high > MAX_PIXELS:
        what = f"The video's pictures have {wide} x {high} pixels"
        raise FootageError(what, "too-large", where=name, why=f"at most {MAX_PIXELS:,} are decoded")
    aspect = float(_aspect(stream))
    if not 1 / MAX_ASPECT <= aspect <= MAX_ASPECT:
        what = f"The video's pixels are stated to be {aspect:g} times as wide as high"
        raise FootageError(what, "damaged", where=name)


def _duration(
    container: Any, stream: Any, size: int, name: str, index: Callable[[], VideoIndex]
) -> float:
    """Seconds, as stated; from the packets where nothing, or nothing credible, is stated."""
    stated = _stated_duration(container, stream)
    if stated is not None and not 0 < stated <= MAX_SECONDS:
        stated = None
    if stated is not None and size * 8 >= stated * _FEW_BITS:
        return stated
    end = index().end
    if stated is None and not 0 < end <= MAX_SECONDS:
        what = f"The video's time stamps end at {end:.3g} s"
        why = f"a recording lasts above 0 and at most {MAX_SECONDS:,.0f} s"
        raise FootageError(what, "too-long", where=name, why=why)
    if stated is not None and stated > max(_FAR * end, end + _LONG):
        what = f"The video states {stated:.0f} s, but its pictures end at {end:.1f} s"
        raise FootageError(what, "damaged", where=name, fix="copy the file again, or repair it")
    return stated if stated is not None else end


def _sound_facts(container: Any, name: str) -> MediaFacts:
    stream = sound_stream(container)
    span = _packets_span(container, stream)
    if span is None:
        raise FootageError("The file holds no sound", "nothing-to-show", where=name)
    duration = span[1] - zero_of(container, span[0])
    if not 0 < duration <= MAX_SECONDS:
        what = f"The sound's time stamps span {duration:.3g} s"
        why = f"a recording lasts above 0 and at most {MAX_SECONDS:,.0f} s"
        raise FootageError(what, "too-long", where=name, why=why)
    codec = str(stream.codec_context.name)
    return MediaFacts(duration, 0, 0, 0.0, 0, True, 0, codec, sound_end=duration)


def sound_span(path: Path, name: str = "") -> tuple[float, float] | None:
    """When the sound that is heard starts and ends, in seconds from the video's start.

    Reads the packets, decodes nothing; None without sound.
    """
    with footage_errors(name), open_media(path, name) as container:
        stream = sound_stream(container)
        span = None if stream is None else _packets_span(container, stream)
        if span is None:
            return None
        zero = zero_of(container, first_time(container, stream))
        return span[0] - zero, span[1] - zero


def _packets_span(container: Any, stream: Any) -> tuple[float, float] | None:
    """(first start, last end) of a stream's packets in the container's time; None without."""
    first, last = None, 0.0
    for packet in packets(container, stream):
        if packet.pts is not None:
            start = float(packet.pts * packet.time_base)
            end = start + float((packet.duration or 0) * packet.time_base)
            first, last = (start, end) if first is None else (first, max(last, end))
    return None if first is None else (first, last)


def first_time(container: Any, sound: Any) -> float:
    """When the first picture (without pictures the first sound) starts, container time."""
    stream = picture_stream(container, "") if has_pictures(container) else sound
    if stream.start_time is None:
        return 0.0
    return float(stream.start_time * stream.time_base)


def _sound_end(container: Any, pictures: Any, sound: Any) -> float:
    if sound is None or sound.start_time is None:
        return 0.0
    zero = zero_of(container, float((pictures.start_time or 0) * pictures.time_base))
    if sound.duration:
        return float((sound.start_time + sound.duration) * sound.time_base) - zero
    tag = _clock(sound.metadata.get("DURATION", ""))
    return 0.0 if tag is None else tag - zero


def _aspect(stream: Any) -> Any:
    return stream.sample_aspect_ratio or stream.codec_context.sample_aspect_ratio or 1


def displayed_size(stream: Any, orientation: Orientation) -> tuple[int, int]:
    """(width, height) upright with square pixels: the stored width is stretched."""
    context = stream.codec_context
    wide, high = max(1, round(context.width * float(_aspect(stream)))), int(context.height)
    return (high, wide) if orientation.swap else (wide, high)


def _first_orientation(container: Any, stream: Any) -> Orientation:
    import av

    for packet in islice(packets(container, stream), _SOON):
        try:
            for frame in packet.decode():
                return orientation_of(frame)
        except av.error.FFmpegError:
            continue
    return UPRIGHT


def _stated_duration(container: Any, stream: Any) -> float | None:
    """Seconds from the video's start to the picture's end, as stated; None when nothing is."""
    unit = float(stream.time_base)
    if stream.start_time is None:
        return None
    first = stream.start_time * unit
    lead = first - zero_of(container, first)
    if stream.duration:
        return float(lead + stream.duration * unit)
    tag = _clock(stream.metadata.get("DURATION", ""))
    if tag is not None:  # Matroska: the end of the last frame, from the container's zero
        return tag - zero_of(container, first)
    return None


def _clock(text: str) -> float | None:
    try:
        hours, minutes, seconds = text.split(":")
        return int(hours) * 3600 + int(minutes) * 60 + float(seconds)
    except (ValueError, OverflowError):
        return None
