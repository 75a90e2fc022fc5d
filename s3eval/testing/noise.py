"""Clips of noise: what a model's plumbing is tested with, no video file needed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from s3eval.facts.clips import Clip, Sampling

if TYPE_CHECKING:
    from s3eval.footage import Footage

__all__ = ["noise_clip"]


def noise_clip(
    seed: int = 0,
    *,
    frames: int = 6,
    height: int = 64,
    width: int = 96,
    seconds: float = 3.0,
    sound: bool = True,
    start: float = 10.0,
) -> Footage:
    """A clip of random frames, evenly spaced from its start, and a tone in noise.

    Args:
        seed: the same seed gives the same clip.
        frames: their number, 0 for a clip of sound alone.
        sound: False for a video without any.

    >>> clip = noise_clip(frames=4, seconds=2.0)
    >>> clip.frames.shape, clip.times.tolist(), clip.sound.shape
    ((4, 64, 96, 3), [10.0, 10.5, 11.0, 11.5], (32000,))
    """
    import numpy as np

    from s3eval.footage import Footage

    rng = np.random.default_rng(seed)
    shown = rng.integers(0, 256, (frames, height, width, 3), np.uint8)
    times = np.linspace(start, start + seconds, frames, endpoint=False)
    moments = np.arange(round(seconds * 16_000)) / 16_000
    # Noise sounds like noise whatever the seed; the pitch is what tells two clips apart.
    tone = np.sin(2 * np.pi * 150 * (1 + seed % 17) * moments)
    heard = (0.3 * tone + 0.1 * rng.standard_normal(len(moments))).astype(np.float32)
    clip = Clip("noise", start, start + seconds, Sampling())
    return Footage(clip, shown, times, heard if sound else None, start + seconds + 5)
