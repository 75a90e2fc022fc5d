"""How large a frame is shown, and making it so."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from s3eval.facts.clips import Sampling

__all__ = ["UPRIGHT", "Orientation", "Scaler", "target_size"]

# Without full_chroma_inp every second column of two of the three colours is dropped at half size.
_EXACT = "flags=bicubic+accurate_rnd+full_chroma_inp+full_chroma_int:param0=0:param1=0.5"


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
    bounded = min(max(pixels, sampling.min_pixels), sampling.max_pixels)
    scale = math.sqrt(bounded / pixels)
    even = _even_above if bounded > pixels else _even_below
    wide, high = even(width * scale), even(height * scale)
    if wide * high > sampling.max_pixels:
        wide, high = _even_below(width * scale), _even_below(height * scale)
    # A very long picture cannot keep its aspect within a tiny budget: its long side gives way.
    if wide * high > sampling.max_pixels:
        wide = min(wide, _even_below(sampling.max_pixels / high))
        high = min(high, _even_below(sampling.max_pixels / wide))
    return wide, high


def _even_below(length: float) -> int:
    return max(2, 2 * int(length / 2 + 1e-9))


def _even_above(length: float) -> int:
    return max(2, 2 * math.ceil(length / 2 - 1e-9))


class Scaler:
    """Brings frames upright to one size: bicubic with antialiasing, as models resize.

    FFmpeg's scaler as it is usually called lies 32-35 dB from the antialiased bicubic of the
    models' preprocessing: it scales the subsampled colour planes, with another bicubic kernel.
    Given planar RGB at full size, Keys' kernel (a = -0.5) and exact rounding, it lies 63-66 dB
    from a float reference, nearer than Pillow (59-63), at a quarter of Pillow's cost.

    Turning comes last, when there are fewer pixels to turn.
    """

    def __init__(self, size: tuple[int, int], orientation: Orientation = UPRIGHT) -> None:
        self.stored = (size[1], size[0]) if orientation.swap else size
        self.orientation = orientation
        self._graphs: dict[tuple[int, int], Any] = {}

    def __call__(self, frame: Any) -> NDArray[np.uint8]:
        """An ``av.VideoFrame`` as uint8 RGB, shape (height, width, 3); may be a view."""
        if (frame.width, frame.height) != self.stored:
            graph = self._graph(frame.width, frame.height)
            graph.push(frame.reformat(format="gbrp"))
            frame = graph.pull()
        return self.orientation.upright(frame.to_ndarray(format="rgb24"))

    def _graph(self, width: int, height: int) -> Any:
        import av

        if (width, height) not in self._graphs:
            # A stream may change its size, and a hostile one does at every picture.
            self._graphs.clear()
            wide, high = self.stored
            graph = av.filter.Graph()
            chain = [
                graph.add_buffer(
                    width=width,
                    height=height,
                    format=av.VideoFormat("gbrp"),
                    time_base=Fraction(1, 1000),
                ),
                graph.add("scale", f"{wide}:{high}:{_EXACT}"),
                graph.add("format", "gbrp"),
                graph.add("buffersink"),
            ]
            for before, after in itertools.pairwise(chain):
                before.link_to(after)
            graph.configure()
            self._graphs[width, height] = graph
        return self._graphs[width, height]
