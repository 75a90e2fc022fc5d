"""Clips, windows and sampling profiles: arithmetic only, nothing here opens a file.

Source: paper, Section 3.3.2 and Appendix H.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

from s3eval.errors import S3EvalError, UnknownNameError, refuse_unknown

__all__ = [
    "MAX_SECONDS",
    "PROFILES",
    "Clip",
    "Sampling",
    "SamplingProfile",
    "check_duration",
    "event_clip",
    "profile",
    "sample_times",
    "whole",
    "windows",
]

# Two days: monitoring units start a new file at least once a day. What states more (a damaged
# header, a slip in a table) would be cut into windows until memory ends.
MAX_SECONDS = 48 * 3600.0


@dataclass(frozen=True)
class Sampling:
    """How the frames of a clip are chosen, and how large they may be.

    Attributes:
        fps: frames a second on a grid that starts at the clip's start; None spreads
            ``max_frames`` evenly over the clip.
        max_frames: the frame budget; a grid that exceeds it is spread evenly instead.
        min_pixels: frames smaller than this many pixels are enlarged to it, never further;
            0 leaves small frames alone.
        max_pixels: frames larger than this many pixels are reduced to it.
    """

    fps: float | None = 2.0
    max_frames: int = 60
    min_pixels: int = 0
    max_pixels: int = 1280 * 720

    def __post_init__(self) -> None:
        if self.fps is not None and not self.fps > 0:
            raise S3EvalError(f"Expected fps to be above 0 or None, but got {self.fps}")
        if self.max_frames < 1:
            raise S3EvalError(f"Expected max_frames to be at least 1, but got {self.max_frames}")
        if self.max_pixels < 1 or self.min_pixels > self.max_pixels:
            raise S3EvalError(
                f"Expected min_pixels <= max_pixels, but got {self.min_pixels} > {self.max_pixels}"
            )


@dataclass(frozen=True)
class Clip:
    """A stretch of a video and how it is sampled. Times in seconds from the video's start.

    >>> Clip("v1", 25.0, 55.0, Sampling()).seconds
    30.0
    """

    video: str
    start: float
    end: float
    sampling: Sampling

    def __post_init__(self) -> None:
        if not 0 <= self.start < self.end:
            raise S3EvalError(
                f"Expected 0 <= start < end, but got {self.start} to {self.end}", where=self.video
            )

    @property
    def seconds(self) -> float:
        """Length in seconds."""
        return self.end - self.start


@dataclass(frozen=True)
class SamplingProfile:
    """A model family's published sampling: window, overlap, rates and budgets (Appendix H).

    Attributes:
        window_seconds, overlap_seconds, window_fps, window_frames: Tasks 1, 2, 5, 6.
        clip_fps, clip_frames: Tasks 3 and 4 (event clips).
        video_frames: Task 7 (frames spread over the whole video).
        min_pixels, max_pixels: the pixel budget of a frame, 480p to 720p.
    """

    name: str
    window_seconds: float = 30.0
    overlap_seconds: float = 5.0
    window_fps: float = 2.0
    window_frames: int = 60
    clip_fps: float = 1.0
    clip_frames: int = 60
    video_frames: int = 60
    min_pixels: int = 0
    max_pixels: int = 1280 * 720

    @property
    def window_sampling(self) -> Sampling:
        """How a window is sampled."""
        return self._sampling(self.window_fps, self.window_frames)

    @property
    def clip_sampling(self) -> Sampling:
        """How an event clip is sampled."""
        return self._sampling(self.clip_fps, self.clip_frames)

    @property
    def video_sampling(self) -> Sampling:
        """How a whole video is sampled."""
        return self._sampling(None, self.video_frames)

    def windows(self, video: str, duration: float) -> tuple[Clip, ...]:
        """The sliding cover of a video that Tasks 1, 2, 5 and 6 share.

        >>> [(c.start, c.end) for c in profile("standard").windows("v", 40.0)]
        [(0.0, 30.0), (25.0, 40.0)]
        """
        sampling = self.window_sampling
        return windows(video, duration, self.window_seconds, self.overlap_seconds, sampling)

    def _sampling(self, fps: float | None, frames: int) -> Sampling:
        return Sampling(fps, frames, self.min_pixels, self.max_pixels)

    def changed(self, **changes: object) -> SamplingProfile:
        """A copy with some values changed; the name says so, since scores depend on it.

        >>> profile("standard").changed(window_fps=4.0).name
        'standard(window_fps=4.0)'

        Raises:
            S3EvalError: no such value of a profile (UnknownNameError), or no number above 0
                (``overlap_seconds`` and ``min_pixels`` may be 0).
        """
        if not changes:
            return self
        known = [f.name for f in fields(self) if f.name != "name"]
        for key, value in changes.items():
            refuse_unknown("value of a sampling profile", [key], known)
            least = 0 if key in ("overlap_seconds", "min_pixels") else 1e-9
            kinds = int if isinstance(getattr(self, key), int) else (int, float)
            is_number = isinstance(value, kinds) and not isinstance(value, bool)
            if not is_number or not least <= value < math.inf:  # type: ignore[operator]
                raise S3EvalError(
                    f"Expected {key} to be a{' whole' if kinds is int else ''} number above 0, "
                    f"but got {value!r}"
                )
        label = ",".join(f"{k}={v}" for k, v in sorted(changes.items()))
        return replace(self, name=f"{self.name}({label})", **changes)  # type: ignore[arg-type]


# "standard": all models but Qwen3; "long": Qwen3-VL and Qwen3-Omni (Section 3.3.2).
PROFILES: dict[str, SamplingProfile] = {
    "standard": SamplingProfile("standard"),
    "long": SamplingProfile(
        "long",
        window_seconds=60.0,
        window_frames=120,
        clip_fps=2.0,
        clip_frames=120,
        video_frames=120,
    ),
    # Classical vision needs the movement itself: 12 frames a second see rhythms up to 6 Hz.
    "dense": SamplingProfile(
        "dense",
        window_fps=12.0,
        window_frames=360,
        clip_fps=12.0,
        clip_frames=720,
        video_frames=360,
        max_pixels=640 * 360,
    ),
}


def profile(name: str) -> SamplingProfile:
    """The sampling profile of that name.

    Raises:
        UnknownNameError: there is none; the nearest is suggested.
    """
    if name not in PROFILES:
        raise UnknownNameError("sampling profile", name, PROFILES, fix="s3eval list profiles")
    return PROFILES[name]


def check_duration(video: str, seconds: float) -> None:
    """Refuse a duration that no recording has.

    Raises:
        S3EvalError: not above 0, above ``MAX_SECONDS``, or no number; names the video.
    """
    if not 0 < seconds <= MAX_SECONDS:
        raise S3EvalError(
            f"Expected a duration above 0 and at most {MAX_SECONDS:,.0f} s, but got {seconds:g}",
            where=video,
        )


def windows(
    video: str, duration: float, window: float, overlap: float, sampling: Sampling
) -> tuple[Clip, ...]:
    """The sliding cover of a video: windows of ``window`` seconds sharing ``overlap`` seconds.

    The last window ends with the video and may be shorter; a video no longer than one window
    is one window.

    >>> [(c.start, c.end) for c in windows("v", 70, 30, 5, Sampling())]
    [(0.0, 30.0), (25.0, 55.0), (50.0, 70.0)]
    """
    if not 0 <= overlap < window:
        raise S3EvalError(f"Expected 0 <= overlap < window, but got {overlap} and {window}")
    check_duration(video, duration)
    clips, start, step = [], 0.0, window - overlap
    while True:
        end = min(start + window, duration)
        clips.append(Clip(video, float(start), float(end), sampling))
        if end >= duration:
            return tuple(clips)
        start += step


def whole(video: str, duration: float, sampling: Sampling) -> Clip:
    """The whole video as one clip (Task 7, and Task 4 of Table 30)."""
    return Clip(video, 0.0, float(duration), sampling)


def event_clip(
    video: str, duration: float, at: float, length: float, sampling: Sampling, place: float = 0.5
) -> Clip:
    """A clip of ``length`` seconds with the event at ``place`` (0 start, 1 end) of it.

    The clip is cut where the video starts or ends, never shifted, so the event keeps its
    distance to the uncut end (release: ``target_time`` is 30 unless the start cuts it).

    >>> c = event_clip("v", 200, 12.0, 60, Sampling(1.0)); (c.start, c.end)
    (0.0, 42.0)
    """
    start = at - length * place
    return Clip(video, max(0.0, start), min(float(duration), start + length), sampling)


def sample_times(clip: Clip) -> Sequence[float]:
    """The wanted presentation times of a clip's frames, in seconds of the video, ascending.

    On a grid: start, start + 1/fps, ... below the end. Spread: the centres of ``max_frames``
    equal parts, so neither edge is favoured.

    >>> sample_times(Clip("v", 10.0, 12.0, Sampling(2.0, 60)))
    (10.0, 10.5, 11.0, 11.5)
    >>> sample_times(Clip("v", 0.0, 8.0, Sampling(None, 4)))
    (1.0, 3.0, 5.0, 7.0)
    """
    sampling, length = clip.sampling, clip.seconds
    if sampling.fps is not None:
        count = max(1, int(length * sampling.fps + 1e-9))
        if count <= sampling.max_frames:
            return tuple(clip.start + i / sampling.fps for i in range(count))
    count = sampling.max_frames
    return tuple(clip.start + length * (i + 0.5) / count for i in range(count))
