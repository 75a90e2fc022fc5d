"""How large a frame is shown, and making it so."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from s3eval.footage.clips import Sampling

__all__ = ["UPRIGHT", "Orientation", "resized", "target_size"]


@dataclass(frozen=True)
class Orientation:
    """How stored pixels are laid out for display: rows and columns swapped first, then flips.

    Covers all eight cases a display matrix with right angles can express; a mirrored recording
    matters here, since left and right are asked for.
    """

    swap: bool = False
    flip_x: bool = False
    flip_y: bool = False

    @classmethod
    def of_matrix(cls, matrix: tuple[int, ...]) -> Orientation:
        """From the nine numbers of a display matrix (ISO 14496-12); other angles snap.

        >>> Orientation.of_matrix((0, -65536, 0, 65536, 0, 0, 0, 0, 1 << 30)).clockwise
        270
        """
        a, b, _, c, d = matrix[:5]
        if abs(a) + abs(d) >= abs(b) + abs(c):
            return cls(False, a < 0, d < 0)
        return cls(True, c < 0, b < 0)

    @property
    def clockwise(self) -> int:
        """Degrees the stored picture is turned clockwise (mirroring left aside)."""
        if self.swap:
            return 90 if self.flip_x else 270 if self.flip_y else 90
        return 180 if self.flip_y else 0

    def upright(self, image: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """The image as displayed, shape (h, w, 3); a view."""
        shown = image.swapaxes(0, 1) if self.swap else image
        return shown[:: -1 if self.flip_y else 1, :: -1 if self.flip_x else 1]


UPRIGHT = Orientation()


def target_size(width: int, height: int, sampling: Sampling) -> tuple[int, int]:
    """The (width, height) at which a frame of this displayed size is shown.

    Within [min_pixels, max_pixels] where even sides allow it, the aspect kept as closely as
    they do; max_pixels wins over min_pixels.

    >>> from s3eval.footage import Sampling
    >>> target_size(1920, 1080, Sampling())
    (1280, 720)
    >>> target_size(641, 480, Sampling())
    (640, 480)
    """
    pixels = width * height
    if pixels > sampling.max_pixels:
        scale, even = math.sqrt(sampling.max_pixels / pixels), _even_below
    elif pixels < sampling.min_pixels:
        scale, even = math.sqrt(sampling.min_pixels / pixels), _even_above
    else:
        scale, even = 1.0, _even_below
    wide, high = even(width * scale), even(height * scale)
    # A very long picture cannot keep its aspect within a tiny budget: its long side gives way.
    if wide * high > sampling.max_pixels:
        wide = min(wide, _even_below(sampling.max_pixels / high))
        high = min(high, _even_below(sampling.max_pixels / wide))
    return wide, high


def _even_below(length: float) -> int:
    return max(2, 2 * int(length / 2 + 1e-9))


def _even_above(length: float) -> int:
    return max(2, 2 * math.ceil(length / 2 - 1e-9))


def resized(
    image: NDArray[np.uint8], size: tuple[int, int], orientation: Orientation = UPRIGHT
) -> NDArray[np.uint8]:
    """The image upright at (width, height): bicubic with antialiasing, as models resize.

    FFmpeg's own scaler is not used: its result lies 35 dB away from the antialiased bicubic of
    the models' preprocessing. Turning comes last, when there are fewer pixels to turn.
    """
    import numpy as np
    from PIL import Image

    stored = (size[1], size[0]) if orientation.swap else size
    if (image.shape[1], image.shape[0]) != stored:
        picture = Image.fromarray(image).resize(stored, Image.Resampling.BICUBIC)
        image = np.asarray(picture)
    return orientation.upright(image)
