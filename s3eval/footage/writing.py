"""Footage as files: sound as WAV, frames as H.264 in MP4, with sound or without."""

from __future__ import annotations

import io
import wave
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from s3eval.facts.footage import SOUND_RATE

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from s3eval.facts.footage import Footage

__all__ = ["add_sound_block", "frame_rate", "mp4_of", "wav_of"]

# Samples of a frame of AAC.
_BLOCK = 1024


def wav_of(sound: NDArray[np.float32], rate: int = SOUND_RATE) -> bytes:
    """Sound as a WAV file of 16 bits.

    Args:
        sound: shape (samples,), mono; values beyond [-1, 1] are clipped.
        rate: samples a second.

    >>> import numpy as np
    >>> len(wav_of(np.zeros(16_000, np.float32)))
    32044
    """
    import numpy as np

    samples = (np.clip(sound, -1.0, 1.0) * 32767.0).astype("<i2")
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(rate)
        out.writeframes(samples.tobytes())
    return file.getvalue()


def frame_rate(footage: Footage) -> Fraction:
    """Frames a second of a file that shows a clip at its own speed; 1 without frames."""
    return Fraction(footage.fps or 1.0).limit_denominator(1000)


def mp4_of(
    frames: NDArray[np.uint8],
    rate: Fraction,
    sound: NDArray[np.float32] | None = None,
    sound_rate: int = SOUND_RATE,
    crf: int = 18,
) -> bytes:
    """Frames as H.264 in MP4, one every 1 / ``rate`` seconds, and sound as AAC.

    The same frames give the same file on the same build of FFmpeg.

    Args:
        frames: RGB, shape (n, height, width, 3), n above 0. Sides of H.264 are even: an odd
            last row or column is left out, which is less harm than a rescaled frame.
        rate: frames a second.
        sound: in [-1, 1], shape (samples,), mono, beginning with the first frame; without
            samples the file has no sound track.
        sound_rate: samples a second.
        crf: x264's constant rate factor, 0 to 51; less is closer to the frames.
    """
    import av

    height, width = (side - side % 2 for side in frames.shape[1:3])
    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as box:
        options = {"crf": str(crf), "threads": "1"}
        video = box.add_stream("libx264", rate=rate, options=options)
        video.height, video.width, video.pix_fmt = height, width, "yuv420p"
        track: Any = None
        if sound is not None and len(sound):
            track = box.add_stream("aac", rate=sound_rate, layout="mono")
        for frame in frames:
            picture = av.VideoFrame.from_ndarray(frame[:height, :width], format="rgb24")
            box.mux(video.encode(picture))
        box.mux(video.encode(None))
        if track is not None and sound is not None:
            sent = 0
            while sent < len(sound):
                sent = add_sound_block(box, track, sound, sent, sound_rate)
            box.mux(track.encode(None))
    return file.getvalue()


def add_sound_block(
    box: Any, track: Any, sound: NDArray[np.float32], start: int, rate: int = SOUND_RATE
) -> int:
    """Encode the next samples into a container that is being written.

    Args:
        box: PyAV's container. track: its audio stream, mono.
        sound: shape (samples,), mono.
        start: the first sample that is not encoded yet.
        rate: samples a second.

    Returns:
        the first sample that is then not encoded yet.
    """
    import av
    import numpy as np

    piece = np.ascontiguousarray(sound[None, start : start + _BLOCK])
    frame = av.AudioFrame.from_ndarray(piece, "fltp", "mono")
    frame.sample_rate, frame.pts, frame.time_base = rate, start, Fraction(1, rate)
    box.mux(track.encode(frame))
    return start + len(piece[0])
