"""Which frames each clip is shown: arithmetic on frame numbers.

A *shown number* counts a video's frames in the order they are displayed, from 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from s3eval.facts.clips import Clip, sample_times
from s3eval.facts.footage import FootageFailure

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["Choice", "choose"]

# Times from containers are rounded (Matroska: to 1 ms); a wanted time this little before a
# frame means that frame.
_ROUNDING = 1e-6


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
