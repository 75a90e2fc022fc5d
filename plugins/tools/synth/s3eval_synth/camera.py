"""Cameras: where they hang and how they project. Metres in, pixels out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from s3eval_synth.script import Setting

__all__ = ["Camera", "camera_of"]

Array = NDArray[np.float64]

# Bed coordinates: x to the patient's left, y from foot end to head end, z up from the floor.
_PLACES = {
    "foot": ((0.22, -2.0, 2.55), (0.0, 1.10, 0.85), 2.62),
    "side-left": ((2.35, -1.35, 2.35), (0.02, 1.08, 0.80), 2.55),
    "side-right": ((-2.35, -1.35, 2.35), (-0.02, 1.08, 0.80), 2.55),
}


@dataclass(frozen=True, eq=False)
class Camera:
    """A pinhole camera.

    Attributes:
        position: metres, shape (3,).
        axes: rows are right, down and forward in bed coordinates, shape (3, 3).
        focal: pixels.
        width, height: pixels.
    """

    position: Array
    axes: Array
    focal: float
    width: int
    height: int

    def project(self, points: Array) -> tuple[Array, Array]:
        """Pixels (n, 2) and depth in metres (n,) of points (n, 3)."""
        seen = (points - self.position) @ self.axes.T
        depth = seen[:, 2]
        scale = self.focal / depth
        centre = np.array([self.width / 2, self.height / 2])
        return seen[:, :2] * scale[:, None] + centre, depth


def camera_of(setting: Setting, width: int, height: int) -> Camera:
    """The camera a setting names, at a picture size.

    The picture's left is the patient's right for the camera at the foot.

    >>> import numpy as np
    >>> from s3eval_synth.script import Setting
    >>> camera = camera_of(Setting(camera="foot"), 640, 480)
    >>> pixels, _ = camera.project(np.array([[0.5, 1.0, 0.8], [-0.5, 1.0, 0.8]]))
    >>> bool(pixels[0, 0] > pixels[1, 0])
    True
    """
    place, target, zoom = _PLACES[setting.camera]
    a, b, c = setting.jitter
    position = np.array(place) + np.array([0.16 * a, 0.12 * b, 0.12 * c])
    forward = np.array(target) + np.array([0.03 * b, 0.02 * c, 0.02 * a]) - position
    forward /= np.linalg.norm(forward)
    right = np.cross(forward, (0.0, 0.0, 1.0))
    right /= np.linalg.norm(right)
    down = np.cross(forward, right)
    focal = zoom * height * (1 + 0.03 * c)
    return Camera(position, np.stack([right, down, forward]), focal, width, height)
