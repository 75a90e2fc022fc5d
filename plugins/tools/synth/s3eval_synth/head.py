"""The head: an ellipsoid wearing a painted face, so that it can truly turn.

The face is painted flat (stereographic map of the ellipsoid about the nose) and looked up for
every pixel of the head; nose and ears stand out of the ellipsoid.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from s3eval_synth.body import Face
from s3eval_synth.script import Patient
from s3eval_synth.sprites import RGB, Picture, blend, capsule, tinted

__all__ = ["HeadArtist", "View"]

SIZE, UNIT = 320, 100.0
HALF = SIZE / 2
# Half axes in metres: sideways, up, forwards. A little larger than life, to be legible.
AXES = (0.091, 0.125, 0.105)
_SHIFT = 4
_ONE = 1 << _SHIFT


@dataclass(frozen=True, eq=False)
class View:
    """The head as the camera sees it: centre and metres-to-pixels, axes (left, up, forward).

    ``axes`` rows are in picture coordinates (right, down, away), each of unit length.
    """

    x: float
    y: float
    scale: float
    axes: NDArray[np.float64]


def _points(*points: tuple[float, float]) -> NDArray[np.int32]:
    return np.array([[round(x * _ONE), round(y * _ONE)] for x, y in points], np.int32)


def _fill(image: Picture, colour: RGB, *points: tuple[float, float]) -> None:
    cv2.fillPoly(image, [_points(*points)], (*colour, 255), cv2.LINE_AA, _SHIFT)


def _stroke(image: Picture, colour: RGB, width: float, *points: tuple[float, float]) -> None:
    cv2.polylines(
        image, [_points(*points)], False, (*colour, 255), max(1, round(width)), cv2.LINE_AA, _SHIFT
    )


def _curve(x0: float, x1: float, height: float, steps: int = 10) -> list[tuple[float, float]]:
    """A parabola from (x0, 0) to (x1, 0) that rises by ``height`` in its middle."""
    ts = [i / steps for i in range(steps + 1)]
    return [(x0 + (x1 - x0) * t, 4 * height * t * (1 - t)) for t in ts]


def _stepped(face: Face) -> tuple[Face, tuple[float, ...]]:
    """The face in steps of 1/32, so that a face once painted serves all that look the same."""

    def step(v: float) -> float:
        return round(v * 32) / 32

    lids, pull, gaze = ([step(v) for v in pair] for pair in (face.lids, face.pull, face.gaze))
    rest = [step(v) for v in (face.squeeze, face.brow, face.mouth, face.pucker, face.jaw)]
    return Face(lids, pull, gaze, *rest), (*lids, *pull, *gaze, *rest)


class HeadArtist:
    """Paints one patient's head.

    Args:
        patient: whose head.
    """

    def __init__(self, patient: Patient) -> None:
        self.patient = patient
        self.base = self._paint_base()
        self._last: tuple[tuple[float, ...], Picture] | None = None

    # ---- the painted face -------------------------------------------------------------------

    def _paint_base(self) -> Picture:
        skin, hair = self.patient.skin, self.patient.hair
        image = np.empty((SIZE, SIZE, 4), np.uint8)
        image[:] = (*skin, 255)
        y, x = np.mgrid[0:SIZE, 0:SIZE].astype(np.float32)
        u, v = (x - HALF) / UNIT, (HALF - y) / UNIT
        # Cheeks and eye sockets, softly.
        tone = image[..., :3].astype(np.float32)
        for cx, cy, r, delta in (
            (0.30, -0.16, 0.16, (10, -8, -8)), (-0.30, -0.16, 0.16, (10, -8, -8)),
            (0.20, 0.09, 0.15, (-20, -20, -16)), (-0.20, 0.09, 0.15, (-20, -20, -16)),
            (0.0, -0.55, 0.16, (9, 9, 9)), (0.0, -0.40, 0.10, (-9, -10, -10)),
        ):  # fmt: skip
            weight = np.exp(-((u - cx) ** 2 + (v - cy) ** 2) / r**2)
            tone += weight[..., None] * np.array(delta, np.float32)
        # Hair or head wrap beyond the hairline.
        line = 0.43 - 0.30 * u**2 + 0.012 * np.sin(17 * u)
        behind = np.clip((np.sqrt(u**2 + (v * 0.5) ** 2) - 0.86) * 12, 0, 1)
        over = np.maximum(np.clip((v - line) * 24, 0, 1), behind * (v > -0.75))
        if self.patient.cap:
            band = 0.93 + 0.07 * np.sin(34 * v + 5 * u)
            cover = np.dstack([238 * band, 236 * band, 226 * band])
        else:
            strand = 0.86 + 0.2 * np.sin(46 * u + 7 * np.sin(4 * v)) * 0.6
            cover = np.asarray(hair, np.float32)[None, None] * strand[..., None]
        tone = tone * (1 - over[..., None]) + cover * over[..., None]
        image[..., :3] = np.clip(tone, 0, 255)
        return image

    def _texture(self, face: Face) -> Picture:
        face, key = _stepped(face)
        if self._last is not None and self._last[0] == key:
            return self._last[1]
        image = self.base.copy()
        for i, sign in enumerate((-1.0, 1.0)):
            self._eye(image, face, i, sign)
            self._brow(image, face, i, sign)
        self._nose_shadow(image)
        self._mouth(image, face)
        self._last = (key, image)
        return image

    def _eye(self, image: Picture, face: Face, i: int, sign: float) -> None:
        skin = self.patient.skin
        cx, cy = HALF + sign * 21.5, HALF - 6.0
        wide, tall = 12.5, 6.6
        # Lids at rest cover the top of the iris; a stare bares it.
        closed = min(1.0, max(-0.3, 0.16 + 0.84 * face.lids[i]))
        left, right = -wide, wide
        upper = tall * (1 - 1.06 * closed) if closed < 0.94 else -1.2
        top = [(cx + x, cy - y - 0.8) for x, y in _curve(left, right, max(upper, -1.4))]
        low = tall * 0.62 * (1 - 0.55 * max(closed, 0) ** 2) if closed < 0.94 else -1.6
        bottom = [(cx + x, cy + y - 0.8) for x, y in _curve(right, left, low if low > 0 else 1.6)]
        lid = tinted(skin, 0.86)
        if closed > 0.02:
            crease = [(cx + x, cy - y - 0.8) for x, y in _curve(left, right, tall + 2)]
            _fill(image, lid, *crease, *reversed(top))
        if closed < 0.94:
            self._ball(image, cx, cy, face.gaze, [*top, *bottom])
        lash = tinted(self.patient.hair, 0.45) if not self.patient.cap else (46, 34, 30)
        _stroke(image, lash, 2.4, *top)
        _stroke(image, tinted(skin, 0.66), 1, *bottom)
        if closed < 0.9:
            fold = [(cx + x, cy - y - 3.2) for x, y in _curve(left, right, max(upper, 2) + 1.2)]
            _stroke(image, tinted(skin, 0.72), 1, *fold)
        if face.squeeze > 0.3:
            for k in (-3.0, 0.5, 4.0):
                _stroke(
                    image, tinted(skin, 0.62), 1.4,
                    (cx + sign * 13, cy + k * 0.4), (cx + sign * 21, cy + k * 1.5),
                )  # fmt: skip
            _stroke(
                image, tinted(skin, 0.68), 1.4, (cx - sign * 9, cy + 6.5), (cx + sign * 9, cy + 6)
            )

    def _ball(
        self, image: Picture, cx: float, cy: float, gaze: list[float],
        outline: list[tuple[float, float]],
    ) -> None:  # fmt: skip
        x0, y0 = int(cx) - 18, int(cy) - 14
        patch = np.empty((28, 37, 4), np.uint8)
        patch[:] = (240, 238, 234, 255)
        ix = cx - x0 + max(-1.0, min(1.0, gaze[0])) * 6.0
        iy = cy - y0 - 0.6 - max(-1.0, min(1.0, gaze[1])) * 2.6
        centre = (round(ix * _ONE), round(iy * _ONE))
        dark = tinted(self.patient.eyes, 0.5)
        for radius, colour in ((5.9, dark), (5.0, self.patient.eyes), (2.7, (14, 12, 12))):
            cv2.circle(patch, centre, round(radius * _ONE), (*colour, 255), -1, cv2.LINE_AA, _SHIFT)
        cv2.circle(
            patch, (round((ix - 1.8) * _ONE), round((iy - 1.9) * _ONE)), round(1.3 * _ONE),
            (255, 255, 255, 255), -1, cv2.LINE_AA, _SHIFT,
        )  # fmt: skip
        mask = np.zeros((28, 37), np.uint8)
        inside = [(x - x0, y - y0) for x, y in outline]
        cv2.fillPoly(mask, [_points(*inside)], 255, cv2.LINE_AA, _SHIFT)
        place = image[y0 : y0 + 28, x0 : x0 + 37]
        weight = mask[..., None].astype(np.uint16)
        mixed = patch * weight + place * (255 - weight)
        place[:] = (mixed // 255).astype(np.uint8)

    def _brow(self, image: Picture, face: Face, i: int, sign: float) -> None:
        colour = tinted(self.patient.hair, 0.7)
        lift = face.brow * 4 + face.pull[i] * 1.5 - 3.0
        inner = (HALF + sign * 10.5, HALF - 19.5 - lift + (3.5 * max(0.0, -face.brow)))
        arch = (HALF + sign * 25, HALF - 22.5 - lift)
        outer = (HALF + sign * 35.5, HALF - 18.5 - lift)
        _stroke(image, colour, 3, inner, arch)
        _stroke(image, colour, 2, arch, outer)
        if face.brow < -0.3 and sign > 0:
            for k in (-3.0, 3.0):
                _stroke(
                    image, tinted(self.patient.skin, 0.66), 1.3, (HALF + k, HALF - 23),
                    (HALF + k * 0.8, HALF - 14),
                )  # fmt: skip

    def _nose_shadow(self, image: Picture) -> None:
        soft = tinted(self.patient.skin, 0.84)
        cv2.ellipse(
            image, (round(HALF * _ONE), round((HALF + 17.5) * _ONE)),
            (round(9 * _ONE), round(3 * _ONE)), 0, 0, 180, (*soft, 255), -1, cv2.LINE_AA, _SHIFT,
        )  # fmt: skip

    def _mouth(self, image: Picture, face: Face) -> None:
        skin = self.patient.skin
        lip = (int(skin[0] * 0.82), int(skin[1] * 0.58), int(skin[2] * 0.58))
        right, left = face.pull
        wide = 18.5 * (1 - 0.42 * max(0.0, face.pucker) + 0.16 * max(0.0, -face.pucker))
        cx = HALF + 5.5 * (left - right) + 4.0 * face.jaw * 0.6
        cy = HALF + 36.0 - 1.5 * (left + right)
        a = (cx - wide - 11 * right, cy - 10.5 * right + 1)
        b = (cx + wide + 11 * left, cy - 10.5 * left + 1)
        gape = 24.0 * face.mouth + 3.2 * (left + right) * 0.6
        thick = 3.2 + 2.6 * max(0.0, face.pucker)
        low = (cx + 3.0 * face.jaw, cy + 1.5 + gape)
        top = [a, (cx - wide * 0.35, cy - thick), (cx, cy - thick * 0.62)]
        top += [(cx + wide * 0.35, cy - thick), b]
        under = [b, (low[0] + wide * 0.45, low[1] + thick), (low[0], low[1] + thick * 1.35)]
        under += [(low[0] - wide * 0.45, low[1] + thick), a]
        _fill(image, lip, *top, *under)
        inner = [a, (cx, cy - 0.2), b, (low[0] + wide * 0.42, low[1]), (low[0], low[1] + 0.6)]
        inner += [(low[0] - wide * 0.42, low[1])]
        if gape > 2.5:
            _fill(image, (66, 22, 24), *inner)
            if face.mouth < 0.5 or face.pucker < 0:
                _fill(
                    image, (232, 228, 218),
                    (cx - wide * 0.55, cy + 0.8), (cx + wide * 0.55, cy + 0.8),
                    (cx + wide * 0.4, cy + min(gape * 0.45, 4.5)),
                    (cx - wide * 0.4, cy + min(gape * 0.45, 4.5)),
                )  # fmt: skip
        else:
            _stroke(image, tinted(lip, 0.5), 1.6, a, (cx, cy + gape * 0.5), b)
        for pull, sign in ((right, -1.0), (left, 1.0)):
            depth = 0.92 - 0.26 * pull
            corner = a if sign < 0 else b
            # The fold from the wing of the nose to the corner of the mouth.
            _stroke(
                image, tinted(skin, depth), 1.0 + 1.1 * pull, (HALF + sign * 11, HALF + 15),
                (HALF + sign * (19 + 5 * pull), HALF + 22), (corner[0] + sign * 5, corner[1] - 1),
                (corner[0] + sign * (4 + 2 * pull), corner[1] + 6),
            )  # fmt: skip
            if pull > 0.15:
                _stroke(
                    image, tinted(skin, 0.74), 1.5 * pull,
                    (HALF + sign * 34, HALF + 16), (HALF + sign * 39, HALF + 28),
                    (HALF + sign * 35, HALF + 38),
                )  # fmt: skip

    # ---- the head in the picture ------------------------------------------------------------

    def draw(self, canvas: Picture, view: View, face: Face) -> None:
        """Draw the head; the jaw follows the opening of the mouth."""
        self._hair(canvas, view)
        self._ears(canvas, view, behind=True)
        self._skull(canvas, view, face)
        self._ears(canvas, view, behind=False)
        self._nose(canvas, view)

    def _spot(self, view: View, left: float, up: float, forward: float) -> tuple[float, float]:
        offset = view.axes.T @ np.array([left, up, forward]) * view.scale
        return view.x + float(offset[0]), view.y + float(offset[1])

    def _hair(self, canvas: Picture, view: View) -> None:
        """The volume of the hair (or the wrap) behind and above the skull."""
        colour = (232, 230, 220) if self.patient.cap else tinted(self.patient.hair, 0.9)
        a = self._spot(view, 0, 0.044, -0.012)
        b = self._spot(view, 0, -0.004, -0.034)
        thick = 0.094 if self.patient.cap else 0.093
        capsule(canvas, a, thick * view.scale, b, 0.086 * view.scale, colour)

    def _ears(self, canvas: Picture, view: View, behind: bool) -> None:
        if self.patient.cap:
            return
        colour = tinted(self.patient.skin, 0.9)
        for sign in (-1.0, 1.0):
            if (view.axes[0, 2] * sign > 0.05) == behind:
                a = self._spot(view, sign * AXES[0] * 0.99, 0.004, -0.012)
                b = self._spot(view, sign * AXES[0] * 0.96, -0.030, -0.004)
                capsule(canvas, a, 0.0135 * view.scale, b, 0.009 * view.scale, colour)

    def _skull(self, canvas: Picture, view: View, face: Face) -> None:
        reach = 0.142 * view.scale
        x0, y0 = math.floor(view.x - reach), math.floor(view.y - reach)
        n = math.ceil(2 * reach) + 2
        dx = (np.arange(n, dtype=np.float32) + (x0 + 0.5 - view.x)) / np.float32(view.scale)
        dy = (np.arange(n, dtype=np.float32) + (y0 + 0.5 - view.y)) / np.float32(view.scale)
        axes = view.axes
        # The chin is narrower than the skull, and sinks when the mouth opens: bend the picture.
        ux, uy = axes[1, 0], axes[1, 1]
        flat = math.hypot(ux, uy) or 1.0
        ux, uy = ux / flat, uy / flat
        gx, gy = dx[None, :], dy[:, None]
        along = gx * np.float32(ux) + gy * np.float32(uy)
        across = gx * np.float32(-uy) + gy * np.float32(ux)
        below = np.clip(-along / AXES[1] - 0.05, 0, 1.3)
        across = across * (1 + 0.30 * below * below)
        along = along / (1 + np.float32(0.13 * face.mouth) * below)
        px = across * np.float32(-uy) + along * np.float32(ux)
        py = across * np.float32(ux) + along * np.float32(uy)
        # The ray (px, py, s) in the head's frame, scaled to a unit sphere: q = q0 + s d.
        d = axes[:, 2] / np.array(AXES)
        ex, ey = axes[:, 0] / np.array(AXES), axes[:, 1] / np.array(AXES)
        dd = float(d @ d)
        bx, by = float(ex @ d), float(ey @ d)
        xx, xy, yy = float(ex @ ex), float(ex @ ey), float(ey @ ey)
        f = np.float32
        b = f(bx) * px + f(by) * py
        c = f(xx) * px * px + f(2 * xy) * px * py + f(yy) * py * py - f(1)
        root = b * b - f(dd) * c
        hit = np.sqrt(np.maximum(root, 0))
        s = (-b - hit) / f(dd)
        q = [f(ex[k]) * px + f(ey[k]) * py + f(d[k]) * s for k in range(3)]
        fall = 1 / np.maximum(f(1) + q[2], f(0.18))
        texture = self._texture(face)
        patch = cv2.remap(
            texture, q[0] * fall * f(UNIT) + f(HALF), f(HALF) - q[1] * fall * f(UNIT),
            cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE,
        )  # fmt: skip
        # hit/sqrt(dd) is how squarely the surface faces the camera: 1 in the middle, 0 at the rim.
        facing = hit / f(math.sqrt(dd))
        normal_up = -(q[0] * f(ey[0]) + q[1] * f(ey[1]) + q[2] * f(ey[2])) * f(0.1)
        light = np.clip(f(0.60) + f(0.36) * facing + f(0.14) * normal_up, 0, 1.06)
        edge = np.clip(facing * facing * f(reach * 0.5) - f(0.2), 0, 1)
        shade = light * edge
        patch = cv2.multiply(patch, cv2.merge([shade, shade, shade, edge]), dtype=cv2.CV_8U)
        blend(canvas, patch, x0, y0)

    def _nose(self, canvas: Picture, view: View) -> None:
        toward = -view.axes[2, 2]
        if toward < -0.05:
            return
        skin, scale = self.patient.skin, view.scale
        bridge = self._spot(view, 0, 0.020, AXES[2] * 0.97)
        tip = self._spot(view, 0, -0.026, AXES[2] + 0.020)
        wings = [self._spot(view, s * 0.0120, -0.029, AXES[2] * 0.99) for s in (-1.0, 1.0)]
        # The flank away from the light is darker; wings, ridge, tip; nostrils under the tip.
        for sign, wing in zip((-1.0, 1.0), wings, strict=True):
            tone = tinted(skin, 0.80 if sign * view.axes[0, 0] > 0 else 0.92)
            cv2.fillPoly(canvas, [_points(bridge, tip, wing)], (*tone, 255), cv2.LINE_AA, _SHIFT)
            capsule(canvas, wing, 0.0085 * scale, tip, 0.0105 * scale, tinted(skin, 0.97))
        capsule(canvas, bridge, 0.0046 * scale, tip, 0.0118 * scale, tinted(skin, 1.02))
        dark = tinted(skin, 0.42)
        for sign in (-1.0, 1.0):
            x, y = self._spot(view, sign * 0.0062, -0.0355, AXES[2] + 0.012)
            radius = max(8, round(0.0026 * scale * _ONE))
            cv2.circle(
                canvas, (round(x * _ONE), round(y * _ONE)), radius, (*dark, 255), -1, cv2.LINE_AA,
                _SHIFT,
            )  # fmt: skip
