"""Functions of time that movements are made of: flanks, jerks, aimless wandering. All pure."""

from __future__ import annotations

import math

__all__ = ["ease", "envelope", "fidget", "hashed", "jerk", "wander"]


def ease(x: float) -> float:
    """Smooth step: 0 below 0, 1 above 1."""
    x = min(1.0, max(0.0, x))
    return x * x * (3 - 2 * x)


def envelope(t: float, start: float, end: float, rise: float = 0.4, fall: float = 0.8) -> float:
    """0 outside [start, end], 1 inside, with smooth flanks that lie inside.

    >>> envelope(0.99, 1.0, 3.0), envelope(2.0, 1.0, 3.0), envelope(3.01, 1.0, 3.0)
    (0.0, 1.0, 0.0)
    """
    rise, fall = min(rise, (end - start) / 3), min(fall, (end - start) / 3)
    return min(ease((t - start) / rise), ease((end - t) / fall))


def hashed(*parts: int) -> float:
    """A number in [0, 1) that depends on whole numbers only (the same on every machine)."""
    h = 2166136261
    for part in parts:
        h = ((h ^ (part & 0xFFFFFFFF)) * 16777619) & 0xFFFFFFFF
        h ^= h >> 13
        h = (h * 0x5BD1E995) & 0xFFFFFFFF
        h ^= h >> 15
    return h / 4294967296.0


def wander(t: float, seed: int, hz: float = 0.3) -> float:
    """A slow aimless value in about [-1, 1]: value noise of ``hz`` knots a second."""
    x = t * hz
    knot = math.floor(x)
    a, b = hashed(seed, knot) * 2 - 1, hashed(seed, knot + 1) * 2 - 1
    return a + (b - a) * ease(x - knot)


def fidget(t: float, seed: int, hz: float = 0.3) -> float:
    """Like `wander`, but still most of the time: people hold a posture, then shift it."""
    x = t * hz
    knot = math.floor(x)
    a, b = hashed(seed, knot) * 2 - 1, hashed(seed, knot + 1) * 2 - 1
    return a + (b - a) * ease((x - knot) / 0.3)


def jerk(phase: float) -> float:
    """One clonic jerk a cycle: fast contraction (30 %), slower relaxation; 0..1."""
    phase -= math.floor(phase)
    return ease(phase / 0.3) if phase < 0.3 else ease((1 - phase) / 0.7)
