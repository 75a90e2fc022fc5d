"""A clip as parts of a chat message: frames as images or as one video, sound as WAV."""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from s3eval.footage.writing import frame_rate, mp4_of, wav_of

if TYPE_CHECKING:
    from s3eval import Footage
    from s3eval_model_server.options import ServerModelOptions

__all__ = ["Media", "media_of"]

# Side in pixels of what a token stands for (paper, Appendix H).
_SIDE = 28


@dataclass(frozen=True)
class Media:
    """The parts that stand for a clip, in the order sent, and the bytes they came from.

    ``tokens`` is a generous estimate of what they take, for budgets: one for every 14 x 14
    pixels of a frame, 50 for a second of sound.
    """

    parts: tuple[dict[str, Any], ...]
    raw: tuple[tuple[str, bytes], ...]
    tokens: int


def media_of(footage: Footage, options: ServerModelOptions, *, sees: bool, hears: bool) -> Media:
    """The message parts of a clip for a model with these senses."""
    parts: list[dict[str, Any]] = []
    raw: list[tuple[str, bytes]] = []
    tokens = 0
    if sees and len(footage.frames):
        frames = _within_budget(footage.frames, options)
        _, height, width, _ = frames.shape
        tokens += len(frames) * (height // 14 + 1) * (width // 14 + 1)
        write = _video if options.media == "video" else _images
        more = write(footage, frames, options)
        for part, data in more:
            parts.append(part)
            if data is not None:
                raw.append(("frames", data))
    if hears and footage.sound is not None and len(footage.sound):
        data = wav_of(footage.sound, footage.sound_rate)
        parts.append(_sound_part(data, options.sound))
        raw.append(("sound", data))
        tokens += int(footage.clip.seconds * 50) + 1
    if parts and options.times != "none":
        parts.append({"type": "text", "text": _note(footage)})
    return Media(tuple(parts), tuple(raw), tokens)


def _within_budget(frames: Any, options: ServerModelOptions) -> Any:
    """The frames, reduced where the clip would take more than ``max_media_tokens``.

    A token stands for 28 x 28 pixels (paper, Appendix H) of an image, or of a pair of frames
    of a video. Reduced sides are whole tokens.
    """
    count, height, width, _ = frames.shape
    pieces = -(-count // 2) if options.media == "video" else count
    most = options.max_media_tokens // pieces * _SIDE**2
    if -(-height // _SIDE) * -(-width // _SIDE) * pieces <= options.max_media_tokens:
        return frames
    import numpy as np
    from PIL import Image

    scale = (most / (height * width)) ** 0.5
    size = [max(1, int(side * scale / _SIDE)) * _SIDE for side in (width, height)]
    reduced = [Image.fromarray(f).resize(size, Image.Resampling.BICUBIC) for f in frames]
    return np.stack([np.asarray(image) for image in reduced])


def _images(
    footage: Footage, frames: Any, options: ServerModelOptions
) -> list[tuple[dict[str, Any], bytes | None]]:
    from PIL import Image

    parts: list[tuple[dict[str, Any], bytes | None]] = []
    for time, frame in zip(footage.times, frames, strict=True):
        if options.times == "each":
            label = {"type": "text", "text": f"[{float(time) - footage.clip.start:.1f} s]"}
            parts.append((label, None))
        buffer = io.BytesIO()
        image = Image.fromarray(frame)
        if options.image_format == "jpeg":
            image.save(buffer, "JPEG", quality=options.quality)
        else:
            image.save(buffer, "PNG", compress_level=1)
        uri = _data_uri(f"image/{options.image_format}", buffer.getvalue())
        parts.append(({"type": "image_url", "image_url": {"url": uri}}, buffer.getvalue()))
    return parts


def _video(
    footage: Footage, frames: Any, options: ServerModelOptions
) -> list[tuple[dict[str, Any], bytes | None]]:
    """The frames as one H.264 file at the rate they were sampled with."""
    data = mp4_of(frames, frame_rate(footage))
    part = {"type": "video_url", "video_url": {"url": _data_uri("video/mp4", data)}}
    return [(part, data)]


def _sound_part(data: bytes, form: str) -> dict[str, Any]:
    if form == "audio_url":
        return {"type": "audio_url", "audio_url": {"url": _data_uri("audio/wav", data)}}
    encoded = base64.b64encode(data).decode("ascii")
    return {"type": "input_audio", "input_audio": {"data": encoded, "format": "wav"}}


def _note(footage: Footage) -> str:
    seconds = footage.clip.seconds
    if not len(footage.frames):
        return f"This is the sound of a video clip of {seconds:.1f} seconds."
    every = f", one every {1 / footage.fps:.2f} seconds" if footage.fps > 0 else ""
    return (
        f"These are {len(footage.frames)} frames of a video clip of {seconds:.1f} seconds{every}."
    )


def _data_uri(kind: str, data: bytes) -> str:
    return f"data:{kind};base64,{base64.b64encode(data).decode('ascii')}"
