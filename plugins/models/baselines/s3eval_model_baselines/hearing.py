"""Hearing by signal processing: voiced stretches, what kind each is, and who answers whom.

A voiced stretch is where the sound is loud against the room and periodic as a voice is (70 to
400 Hz). Long, low, dark stretches are groans; the others are speech. Speech that follows other
speech within about a second is an answer. Nothing here reads annotation.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["HEARD", "Voice", "features_of_sound", "voices"]

HOP, LENGTH = 160, 640  # samples at 16 kHz: 10 ms steps, 40 ms frames
_LOUD_DB, _PERIODIC = 9.0, 0.45
_JOIN, _SHORTEST = 0.16, 0.12  # seconds
_GROAN = 0.75  # a vowel held longer than this is no syllable

# The features of :func:`features_of_sound`, in order.
HEARD = ("groan_seconds", "longest_groan", "speech_seconds", "utterances", "replies", "loudness")


@dataclass(frozen=True)
class Voice:
    """A voiced stretch.

    Attributes:
        start, end: seconds of the sound.
        steady: longest part without a dip, seconds; a groan is one long vowel.
        pitch: Hz, median.
        centre: Hz, centre of gravity of the spectrum: dark voices have a low one.
    """

    start: float
    end: float
    steady: float
    pitch: float
    centre: float

    @property
    def groan(self) -> bool:
        """Whether it is a groan rather than speech."""
        return self.steady >= _GROAN


def voices(sound: NDArray[np.float32], rate: int = 16_000) -> list[Voice]:
    """The voiced stretches of a mono sound, in order.

    >>> import numpy as np
    >>> t = np.arange(32_000) / 16_000
    >>> hum = sum(np.sin(2 * np.pi * 110 * k * t) / k for k in range(1, 9)) * ((t > .5) & (t < 1.7))
    >>> [(round(v.start, 1), round(v.end, 1), v.groan) for v in voices(0.1 * hum)]
    [(0.5, 1.7, True)]
    """
    import numpy as np

    if len(sound) < 4 * LENGTH:
        return []
    frames = np.lib.stride_tricks.sliding_window_view(sound, LENGTH)[::HOP].astype(np.float64)
    windowed = frames * np.hanning(LENGTH)
    power = np.abs(np.fft.rfft(windowed, 2 * LENGTH)) ** 2
    hertz = np.fft.rfftfreq(2 * LENGTH, 1 / rate)
    level = 10 * np.log10(power[:, (hertz > 90) & (hertz < 4000)].sum(1) + 1e-9)
    room = np.percentile(level, 15)
    pitch, strength = _pitch(power, rate)
    voiced = (level > room + _LOUD_DB) & (level > level.max() - 35) & (strength > _PERIODIC)
    centre = (power * hertz).sum(1) / (power.sum(1) + 1e-12)
    step = HOP / rate
    stretches = []
    for first, last in _runs(voiced, round(_JOIN / step)):
        inside = slice(first, last)
        if (last - first) * step < _SHORTEST:
            continue
        steady = _steady(level[inside], centre[inside]) * step
        stretches.append(
            Voice(
                first * step + LENGTH / rate / 2,
                last * step + LENGTH / rate / 2,
                steady,
                float(np.median(pitch[inside])),
                float(np.median(centre[inside])),
            )
        )
    return stretches


def _pitch(power: NDArray[np.float64], rate: int) -> tuple[NDArray, NDArray]:
    """Pitch in Hz and how periodic, 0 to 1, of each frame: the autocorrelation's best lag."""
    import numpy as np

    correlation = np.fft.irfft(power)
    correlation /= correlation[:, :1] + 1e-12
    shortest, longest = rate // 400, rate // 70
    lags = np.arange(shortest, longest)
    # The window's own taper lowers long lags; dividing it out makes lags comparable.
    window = np.hanning(LENGTH)
    taper = np.correlate(window, window, "full")[LENGTH - 1 :] / (window @ window)
    part = correlation[:, shortest:longest] / np.maximum(taper[shortest:longest], 0.2)
    best = part.argmax(1)
    return rate / lags[best], part.max(1)


def _runs(flags: NDArray[np.bool_], gap: int) -> list[tuple[int, int]]:
    """[first, last) of the stretches of True, joined over at most ``gap`` frames of False."""
    import numpy as np

    edges = np.flatnonzero(np.diff(np.concatenate([[False], flags, [False]]).astype(int)))
    runs: list[tuple[int, int]] = []
    for first, last in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
        if runs and first - runs[-1][1] <= gap:
            runs[-1] = (runs[-1][0], last)
        else:
            runs.append((first, last))
    return runs


def _steady(level: NDArray[np.float64], centre: NDArray[np.float64]) -> int:
    """Frames of the longest part between dips of loudness; syllables dip, a groan does not."""
    import numpy as np

    dips = level < np.percentile(level, 80) - 7.0
    marks = np.flatnonzero(np.concatenate([[True], dips, [True]]))
    return int(np.diff(marks).max() - 1)


def features_of_sound(sound: NDArray[np.float32], rate: int = 16_000) -> dict[str, float]:
    """The numbers a judgement of the sound rests on, by name (``HEARD``)."""
    import numpy as np

    stretches = voices(sound, rate)
    groans = [v for v in stretches if v.groan]
    speech = _utterances([v for v in stretches if not v.groan])
    replies = [b for a, b in itertools.pairwise(speech) if 0.3 <= b[0] - a[1] <= 1.6]
    return {
        "groan_seconds": sum(v.end - v.start for v in groans),
        "longest_groan": max((v.steady for v in groans), default=0.0),
        "speech_seconds": sum(b - a for a, b in speech),
        "utterances": float(len(speech)),
        "replies": float(len(replies)),
        "loudness": float(20 * np.log10(np.sqrt(np.mean(sound**2)) + 1e-6)) if len(sound) else -120,
    }


def _utterances(speech: list[Voice]) -> list[tuple[float, float]]:
    """Voiced stretches that belong to one sentence, joined; single short ones are noise."""
    joined: list[tuple[float, float]] = []
    for voice in speech:
        if joined and voice.start - joined[-1][1] < 0.4:
            joined[-1] = (joined[-1][0], voice.end)
        else:
            joined.append((voice.start, voice.end))
    return [(a, b) for a, b in joined if b - a >= 0.35]
