"""Scenes as video files, so that they pass through the decoder as everything else does."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from s3eval.facts.footage import SOUND_RATE
from s3eval.footage.writing import add_sound_block
from s3eval_check_model.scenes import SECONDS

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from s3eval_check_model.scenes import Scene

__all__ = ["write_scene", "write_video"]

# Four frames a second: every frame that two a second show is one that was drawn at its time.
_FPS = 4


def write_scene(scene: Scene, path: Path) -> None:
    """Write a scene as H.264 and AAC in MP4."""
    write_video(path, scene.draw, scene.sound(), SECONDS, _FPS)


def write_video(
    path: Path,
    draw: Callable[[float], NDArray[np.uint8]],
    sound: NDArray[np.float32],
    seconds: float,
    fps: int,
) -> None:
    """Write a video.

    Args:
        draw: seconds to a picture, uint8 RGB, shape (height, width, 3), sides even.
        sound: float32 in [-1, 1], shape (samples,), 16 kHz.
        fps: frames a second.
    """
    import av

    height, width = draw(0.0).shape[:2]
    with av.open(str(path), "w", format="mp4") as box:
        video = box.add_stream("libx264", rate=fps, options={"preset": "ultrafast", "crf": "18"})
        video.width, video.height, video.pix_fmt = width, height, "yuv420p"
        audio = box.add_stream("aac", rate=SOUND_RATE, layout="mono")
        for number in range(round(seconds * fps)):
            frame = av.VideoFrame.from_ndarray(draw(number / fps), format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, fps)
            box.mux(video.encode(frame))
        box.mux(video.encode(None))
        sent = 0
        while sent < len(sound):
            sent = add_sound_block(box, audio, sound, sent)
        box.mux(audio.encode(None))
