"""Classical vision: where a picture moves, in which rhythm, and which posture is held.

Frames become small grey pictures; every small pixel's course over time is cut into 4-s segments
and taken apart by frequency. What remains per window is a few dozen numbers: the strength and
extent of each rhythm by region, lasting changes against the window's usual picture by place,
asymmetry, stillness, brightness, and the same close-up for the face. The face is found as the
dark disc on the bright pillow, without any trained detector. Nothing here reads annotation.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["BANDS", "face_at", "features_of_frames"]

# Hz. What separates the rhythmic signs is their pace: automatisms and thrusting about 1-1.5,
# clonic jerks and blinking 2-3, twitching 3-4, shaking above.
BANDS = {
    "slow": (0.25, 0.75),
    "one": (0.75, 1.3),
    "half": (1.3, 2.0),
    "two": (2.0, 3.0),
    "three": (3.0, 4.1),
    "five": (4.1, 5.8),
}
ROWS, COLS = 36, 48  # the small picture: 4:3, cut from the middle
SEGMENT = 4.0  # seconds
_CELLS = 6  # the coarse grid of lasting changes: 6 x 8 cells


def features_of_frames(frames: NDArray[np.uint8], fps: float) -> dict[str, float]:
    """The numbers a judgement of a window rests on.

    Args:
        frames: uint8 RGB, shape (n, height, width, 3), evenly spaced.
        fps: frames a second; 12 see rhythms up to 6 Hz.
    """
    import numpy as np

    colour, small = _small(frames)
    where = face_at(np.median(small, axis=0))
    features = _rhythms(small, fps, _regions(where), "")
    features |= _postures(small, fps, where)
    features |= _light(small, colour)
    close = _close_up(frames, where)
    features |= _rhythms(close, fps, _face_regions(), "face_")
    features |= _face_changes(close, fps)
    return features


def _small(frames: NDArray[np.uint8]) -> tuple[float, NDArray[np.float32]]:
    """How coloured the window is (night pictures are grey), and (n, ROWS, COLS) of grey."""
    import numpy as np

    height, width = frames.shape[1:3]
    cut = min(width, round(height * COLS / ROWS))
    left = (width - cut) // 2
    some = frames[:: max(1, len(frames) // 8), ::4, left : left + cut : 4].astype(np.int16)
    colour = float(np.mean(some.max(-1) - some.min(-1)))
    return colour, np.stack([_shrunk(f[:, left : left + cut], ROWS, COLS) for f in frames])


def _shrunk(image: NDArray[np.uint8], rows: int, cols: int) -> NDArray[np.float32]:
    """Grey by area averages, shape (rows, cols)."""
    import numpy as np

    grey = image[..., 1].astype(np.float32)
    grey *= 0.5
    grey += 0.25 * image[..., 0]
    grey += 0.25 * image[..., 2]
    down = np.linspace(0, grey.shape[0], rows + 1).astype(int)
    across = np.linspace(0, grey.shape[1], cols + 1).astype(int)
    sums = np.add.reduceat(np.add.reduceat(grey, down[:-1], 0), across[:-1], 1)
    means: NDArray[np.float32] = sums / np.maximum(1, np.outer(np.diff(down), np.diff(across)))
    return means


def face_at(picture: NDArray[np.float32]) -> tuple[float, float]:
    """Row and column, as shares of the small picture, of the dark disc on a bright ground.

    >>> import numpy as np
    >>> room = np.full((36, 48), 90.0); room[2:14, 16:32] = 220; room[4:10, 22:27] = 100
    >>> [round(x, 1) for x in face_at(room)]
    [0.2, 0.5]
    """
    import numpy as np
    from scipy.ndimage import gaussian_filter, uniform_filter

    disc = gaussian_filter(picture, 1.6)
    ring = uniform_filter(picture, 11)
    bright = uniform_filter((picture > np.percentile(picture, 80)).astype(np.float32), 11)
    score = (ring - disc) / (picture.std() + 1) + 2 * bright
    rows, cols = np.mgrid[0:ROWS, 0:COLS]
    allowed = (rows > 2) & (rows < 0.42 * ROWS) & (np.abs(cols - COLS / 2) < 0.22 * COLS)
    best = int(np.where(allowed, score, -np.inf).argmax())
    return (best // COLS + 0.5) / ROWS, (best % COLS + 0.5) / COLS


def _regions(face: tuple[float, float]) -> dict[str, NDArray[np.bool_]]:
    """Masks of the small picture around the face: head, the two sides, trunk and legs."""
    import numpy as np

    rows, cols = np.mgrid[0:ROWS, 0:COLS]
    down, aside = (rows + 0.5) / ROWS - face[0], ((cols + 0.5) / COLS - face[1]) * COLS / ROWS
    head = (np.abs(down) < 0.11) & (np.abs(aside) < 0.10)
    arms = (down > 0.05) & (down < 0.50) & ~head
    return {
        "head": head,
        "left": arms & (aside < -0.12),
        "right": arms & (aside > 0.12),
        "trunk": arms & (np.abs(aside) <= 0.12),
        "low": down >= 0.50,
        "all": np.ones_like(head),
    }


@cache
def _face_regions() -> dict[str, NDArray[np.bool_]]:
    """Masks of the parts of a face picture, (32, 32) each."""
    import numpy as np

    rows, cols = np.mgrid[0:32, 0:32]
    inside = np.abs(cols - 15.5) < 8
    return {
        "eyes": inside & (rows >= 9) & (rows < 17),
        "mouth": inside & (rows >= 18) & (rows < 28),
        "whole": np.ones((32, 32), bool),
    }


def _rhythms(
    small: NDArray[np.float32], fps: float, regions: dict[str, NDArray[np.bool_]], prefix: str
) -> dict[str, float]:
    """By region and band: strength and extent of movement in its strongest segments."""
    import numpy as np

    length = min(len(small), max(8, round(SEGMENT * fps)))
    starts = range(0, max(1, len(small) - length + 1), max(1, round(fps)))
    taper = np.hanning(length).astype(np.float32)[:, None, None]
    hertz = np.fft.rfftfreq(length, 1 / fps)
    powers = []  # segments x bands x pixels
    for first in starts:
        part = small[first : first + length]
        spectrum = np.abs(np.fft.rfft((part - part.mean(0)) * taper, axis=0)) ** 2
        spectrum /= length
        powers.append([spectrum[(hertz >= a) & (hertz < b)].sum(0) for a, b in BANDS.values()])
    power = np.array(powers, np.float32)
    features: dict[str, float] = {}
    for region, mask in regions.items():
        inside = power[..., mask]
        strength = np.log1p(inside.mean(-1))
        extent = (inside > 12.0).mean(-1)
        share = inside.mean(-1) / (inside.mean((1, 2))[:, None] * len(BANDS) + 2.0)
        for b, band in enumerate(BANDS):
            name = f"{prefix}{region}_{band}"
            features[name] = _top(strength[:, b])
            features[f"{name}_share"] = _top(share[:, b])
            if region in ("all", "whole"):
                features[f"{name}_extent"] = _top(extent[:, b])
        total = strength[:, 1:].mean(1)
        features[f"{prefix}{region}_still"] = float(np.percentile(total, 10))
        features[f"{prefix}{region}_first"] = float(total[:2].mean())
    if "left" in regions:
        both = np.log1p(power[..., regions["left"]].mean(-1))[:, 1:].mean(1)
        other = np.log1p(power[..., regions["right"]].mean(-1))[:, 1:].mean(1)
        features["arms_both"] = _top(np.minimum(both, other))
        features["arms_one"] = _top(np.abs(both - other))
        features |= _onsets(small, fps, regions)
    return features


def _top(course: NDArray[np.floating]) -> float:
    """The mean of the three strongest segments: a sign lasts longer than one."""
    import numpy as np

    return float(np.sort(course)[-3:].mean())


def _onsets(
    small: NDArray[np.float32], fps: float, regions: dict[str, NDArray[np.bool_]]
) -> dict[str, float]:
    """How nearly together the two sides begin to move, over their stronger beginnings."""
    import numpy as np

    change = np.abs(np.diff(small, axis=0, prepend=small[:1]))
    sides = []
    for side in ("left", "right"):
        course = change[:, regions[side]].mean(1)
        width = max(1, round(fps / 3))
        smooth = np.convolve(course, np.ones(width) / width, "same")
        after = np.roll(smooth, -width)
        rise = np.maximum(0, after - smooth)
        rise[-width:] = 0
        sides.append(rise)
    near = max(1, round(0.5 * fps))
    left, right = (
        np.array([s[max(0, i - near) : i + near + 1].max() for i in range(len(s))]) for s in sides
    )
    return {
        "together": float(np.log1p(np.sort(np.minimum(left, right))[-3:].mean())),
        "apart": float(np.log1p(np.sort(np.abs(left - right))[-3:].mean())),
    }


def _postures(
    small: NDArray[np.float32], fps: float, face: tuple[float, float]
) -> dict[str, float]:
    """Changes that last at least two seconds, by place beside and below the face.

    Places are folded left on right: ``_max`` is the side with more change, ``_min`` the other,
    so that it does not matter which arm it is or which way the camera looks.
    """
    import numpy as np

    length = max(2, round(2 * fps))
    starts = range(0, max(1, len(small) - length + 1), max(1, round(fps)))
    held = np.stack([np.median(small[s : s + length], axis=0) for s in starts])
    usual = np.median(held, axis=0)
    calm = np.stack([small[s : s + length].std(0) for s in starts])
    # A limb that merely passes or shakes is no posture.
    change = np.clip(np.abs(held - usual) - 1.5 * calm - 4.0, 0, 60)
    rows, cols = np.mgrid[0:ROWS, 0:COLS]
    down = (rows + 0.5) / ROWS - face[0]
    aside = ((cols + 0.5) / COLS - face[1]) * COLS / ROWS
    features: dict[str, float] = {}
    for r, (top, bottom) in enumerate(((-0.12, 0.10), (0.10, 0.25), (0.25, 0.45), (0.45, 0.9))):
        for c, (near, far) in enumerate(((0.0, 0.12), (0.12, 0.24), (0.24, 0.38), (0.38, 0.7))):
            band = (down >= top) & (down < bottom)
            sides = []
            for sign in (-1, 1):
                mask = band & (sign * aside >= near) & (sign * aside < far)
                sides.append(change[:, mask].mean(1) if mask.any() else np.zeros(len(change)))
            more, less = np.maximum(*sides), np.minimum(*sides)
            features[f"held_{r}{c}_max"] = float(np.log1p(_top(more)))
            features[f"held_{r}{c}_min"] = float(np.log1p(_top(less)))
    whole = change.mean((1, 2))
    features["held_all"] = float(np.log1p(_top(whole)))
    features["held_long"] = float((whole > 0.8).mean())
    return features


def _light(small: NDArray[np.float32], colour: float) -> dict[str, float]:
    import numpy as np

    course = small.mean((1, 2))
    return {
        "bright": float(np.median(course)) / 100,
        "bright_first": float(course[:3].mean()) / 100,
        "coloured": colour / 30,
        "light_change": float(np.abs(np.diff(course)).max(initial=0)) / 20,
    }


def _close_up(frames: NDArray[np.uint8], face: tuple[float, float]) -> NDArray[np.float32]:
    """The face's surroundings in grey, shape (n, 32, 32), at the frames' own resolution."""
    import numpy as np

    height, width = frames.shape[1:3]
    cut = min(width, round(height * COLS / ROWS))
    # The disc's middle is the forehead's height; chin and mouth belong in the picture too.
    row, col = (face[0] + 0.025) * height, (width - cut) / 2 + face[1] * cut
    half = max(8, round(0.115 * height))
    top = int(min(max(0, row - half), height - 2 * half))
    left = int(min(max(0, col - half), width - 2 * half))
    close = frames[:, top : top + 2 * half, left : left + 2 * half]
    return np.stack([_shrunk(f, 32, 32) for f in close])


def _face_changes(close: NDArray[np.float32], fps: float) -> dict[str, float]:
    """Lasting changes of the face, how dark the eyes' band is, and turns of the head."""
    import numpy as np

    length = max(2, round(2 * fps))
    starts = range(0, max(1, len(close) - length + 1), max(1, round(fps)))
    held = np.stack([np.median(close[s : s + length], axis=0) for s in starts])
    usual = np.median(held, axis=0)
    change = np.abs(held - usual)
    features: dict[str, float] = {}
    for region, mask in _face_regions().items():
        course = change[:, mask].mean(1)
        features[f"face_{region}_held"] = float(np.log1p(_top(course)))
        half = np.zeros_like(mask)
        half[:, :16] = True
        sides = np.abs(change[:, mask & half].mean(1) - change[:, mask & ~half].mean(1))
        features[f"face_{region}_lopsided"] = float(np.log1p(_top(sides)))
    eyes = held[:, 9:17, 8:24]
    features["eyes_contrast"] = float(np.median(eyes.std((1, 2)))) / 10
    features["eyes_contrast_low"] = float(np.percentile(eyes.std((1, 2)), 10)) / 10
    features["eyes_contrast_high"] = float(np.percentile(eyes.std((1, 2)), 90)) / 10
    return features


def moving_side(frames: NDArray[np.uint8]) -> float:
    """The chance, 0 to 1, that the patient's left arm moves more.

    The patient faces the camera, so the patient's left is on the picture's right.
    """
    import numpy as np

    _, small = _small(frames)
    regions = _regions(face_at(np.median(small, axis=0)))
    change = np.abs(np.diff(small, axis=0)).mean(0)
    picture_left, picture_right = change[regions["left"]].mean(), change[regions["right"]].mean()
    total = picture_left + picture_right
    return float(picture_right / total) if total > 0 else 0.5


def seizure_span(frames: NDArray[np.uint8], fps: float) -> tuple[float, float] | None:
    """First and last time, seconds of the clip, at which movement is well above its usual."""
    import numpy as np

    _, small = _small(frames)
    width = max(1, round(fps))
    course = np.abs(np.diff(small, axis=0)).mean((1, 2))
    course = np.convolve(course, np.ones(width) / width, "same")
    quiet = np.percentile(course, 20)
    strong = np.flatnonzero(course > quiet + 0.25 * (np.percentile(course, 98) - quiet))
    if not len(strong) or course.max() < 1.5 * quiet + 0.05:
        return None
    return float(strong[0] / fps), float(strong[-1] / fps)
