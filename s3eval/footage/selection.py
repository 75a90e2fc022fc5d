"""Which frames each clip is shown, and keeping each only once: arithmetic on frame numbers.

A *shown number* counts a video's frames in the order they are displayed, from 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from s3eval.footage.clips import Clip, sample_times
from s3eval.footage.types import FootageFailure

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["Choice", "Shelf", "choose"]

# Times from containers are rounded (Matroska: to 1 ms); a wanted time this little before a
# frame means that frame.
_ROUNDING = 1e-6
Size = tuple[int, int]


@dataclass(frozen=True)
class Choice:
    """The frames of a clip, by shown number (ascending, repeats where the video stands still)."""

    clip: Clip
    numbers: tuple[int, ...]


def choose(clip: Clip, times: NDArray[np.float64], end: float) -> Choice | FootageFailure:
    """Map each wanted time of a clip to the frame shown then.

    Args:
        clip: what is wanted.
        times: float64, shape (frames,), ascending presentation times in seconds.
        end: when the last frame stops being shown, in seconds.

    Returns:
        the choice; or a failure when a wanted time lies past the end, since showing the last
        frame again would pretend to footage that is not there. Up to a frame's length (0.1 s at
        most) is let pass: containers round durations up. Before the first frame the first one
        is shown, as players do.
    """
    import numpy as np

    wanted = np.asarray(sample_times(clip))
    spare = min(end - float(times[-1]), 0.1)
    if wanted[-1] >= end + spare:
        return FootageFailure(
            clip,
            f"frames up to {wanted[-1]:.2f} s are wanted, but the video's last frame ends at "
            f"{end:.2f} s (is the file cut off?)",
        )
    numbers = np.searchsorted(times, wanted + _ROUNDING, side="right") - 1
    return Choice(clip, tuple(int(n) for n in numbers.clip(0)))


@dataclass
class Shelf:
    """Keeps each (frame, size) once, in the array of the clip that is complete last.

    A clip's frames are one array, allocated empty (the system commits only what is written).
    A frame that several clips want is written to the array of the last of them; the others copy
    it when they are complete. So memory holds the distinct frames of the pending clips and no
    frame twice, and a clip that shares nothing is never copied.

    Args:
        choices: all clips of the pass, in the order they will be taken.
        sizes: (width, height) of each.
    """

    choices: Sequence[Choice]
    sizes: Sequence[Size]
    _home: dict[tuple[int, Size], tuple[int, int]] = field(default_factory=dict, repr=False)
    _arrays: dict[int, NDArray[np.uint8]] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        for index, choice in enumerate(self.choices):
            for row, number in enumerate(choice.numbers):
                self._home[number, self.sizes[index]] = (index, row)

    def sizes_of(self, number: int) -> list[Size]:
        """The sizes at which some clip wants this frame."""
        return [s for s in dict.fromkeys(self.sizes) if (number, s) in self._home]

    def put(self, number: int, size: Size, image: NDArray[np.uint8]) -> None:
        """Store a frame, shape (height, width, 3), if a clip yet to be taken wants it."""
        home = self._home.get((number, size))
        if home is not None:
            self._array(home[0])[home[1]] = image

    def take(self, index: int) -> NDArray[np.uint8]:
        """The frames of a clip, shape (n, height, width, 3); its own array is given away."""
        choice, size = self.choices[index], self.sizes[index]
        frames = self._array(index)
        for row, number in enumerate(choice.numbers):
            home = self._home[number, size]
            if home != (index, row):
                frames[row] = self._array(home[0])[home[1]]
        self.drop(index)
        return frames

    def drop(self, index: int) -> None:
        """Forget a clip; what it shares with clips yet to come lies in their arrays."""
        size = self.sizes[index]
        for number in set(self.choices[index].numbers):
            if self._home.get((number, size), (None,))[0] == index:
                del self._home[number, size]
        self._arrays.pop(index, None)

    def wanted(self) -> list[int]:
        """The shown numbers any clip wants, ascending."""
        return sorted({n for choice in self.choices for n in choice.numbers})

    def _array(self, index: int) -> NDArray[np.uint8]:
        import numpy as np

        if index not in self._arrays:
            (width, height), count = self.sizes[index], len(self.choices[index].numbers)
            self._arrays[index] = np.empty((count, height, width, 3), np.uint8)
        return self._arrays[index]
