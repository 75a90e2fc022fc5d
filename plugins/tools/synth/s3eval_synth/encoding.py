"""Encoding: the frames and sound of a script as an H.264 + AAC file."""

from __future__ import annotations

import os
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from s3eval.footage.writing import add_sound_block
from s3eval_synth.renderer import FrameRenderer
from s3eval_synth.script import Script
from s3eval_synth.sound import RATE, sound_of

__all__ = ["write_video"]

# One thread and fixed parameters: the same frames give the same file on the same build of x264.
_X264 = {"preset": "superfast", "crf": "23", "threads": "1", "x264-params": "keyint=100:scenecut=0"}


def write_video(script: Script, path: Path) -> None:
    """Draw and encode one video; the file appears under its name only when it is whole.

    Raises:
        OSError: the disk is full or not writable.
    """
    import av
    import cv2

    cv2.setNumThreads(1)
    partial = path.with_name(f"{path.name}.{os.getpid()}.part")  # two commands may write at once
    try:
        with av.open(str(partial), "w", format="mp4", options={"movflags": "+faststart"}) as box:
            _fill(box, script)
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)


def _fill(box: Any, script: Script) -> None:
    import av

    video = box.add_stream("libx264", rate=script.fps, options=_X264)
    video.width, video.height, video.pix_fmt = script.width, script.height, "yuv420p"
    video.codec_context.time_base = Fraction(1, script.fps)
    audio = box.add_stream("aac", rate=RATE, layout="mono")
    audio.bit_rate = 64_000
    sound = sound_of(script)
    renderer = FrameRenderer(script)
    sent = 0
    for n in range(script.frame_count):
        frame = av.VideoFrame.from_ndarray(
            _planes(renderer.frame(n / script.fps)), format="yuv420p"
        )
        frame.pts, frame.time_base = n, Fraction(1, script.fps)
        box.mux(video.encode(frame))
        while sent < len(sound) and sent / RATE <= n / script.fps:
            sent = add_sound_block(box, audio, sound, sent, RATE)
    while sent < len(sound):
        sent = add_sound_block(box, audio, sound, sent, RATE)
    box.mux(video.encode(None))
    box.mux(audio.encode(None))


def _planes(rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    import cv2

    planes: NDArray[np.uint8] = cv2.cvtColor(rgb, cv2.COLOR_RGB2YUV_I420)
    return planes
