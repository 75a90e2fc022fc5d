"""Shaded sprites and how they are laid into a picture. Colours RGB in, premultiplied RGBA kept."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["RGB", "Picture", "blend", "capsule", "lay", "panel", "rounded", "tinted"]

Picture = NDArray[np.uint8]
RGB = tuple[int, int, int]
Point = tuple[float, float]
_LONG, _WIDE = 96, 48


def tinted(colour: RGB, k: float) -> RGB:
    """The colour brightened (k > 1) or darkened."""
    r, g, b = (int(min(255, max(0, round(c * k)))) for c in colour)
    return (r, g, b)


def _premultiplied(rgb: NDArray[np.float32], alpha: NDArray[np.float32]) -> Picture:
    out = np.dstack([rgb * alpha[..., None], alpha * 255.0])
    return np.clip(out + 0.5, 0, 255).astype(np.uint8)


@lru_cache(maxsize=256)
def _tube(colour: RGB, cap: int, cloth: bool) -> Picture:
    """A lit tube with round ends; ``cap`` is the share of an end in twentieths."""
    share = max(cap, 1) / 20
    along = (np.arange(_LONG, dtype=np.float32) + 0.5)[:, None] / _LONG
    across = ((np.arange(_WIDE, dtype=np.float32) + 0.5)[None, :] / _WIDE) * 2 - 1
    beyond = np.maximum(0, np.maximum((share - along), (along - 1 + share))) / share
    radius = np.sqrt(across**2 + beyond**2)
    alpha = np.clip((1 - radius) * _WIDE / 2 * 0.9, 0, 1)
    depth = np.sqrt(np.clip(1 - radius**2, 0, 1))
    light = np.clip(-0.52 * across + 0.80 * depth - 0.12 * beyond, 0, 1)
    shade = 0.50 + 0.56 * light - 0.20 * np.clip(radius - 0.75, 0, 1)
    if cloth:
        fold = np.sin(along * 23 + across * 2.2) * np.sin(along * 7 + 1 - across)
        shade = shade + 0.055 * fold.astype(np.float32)
    rgb = np.asarray(colour, np.float32)[None, None] * shade[..., None]
    return _premultiplied(rgb, alpha.astype(np.float32))


def blend(canvas: Picture, patch: Picture, x: int, y: int) -> None:
    """Lay a premultiplied RGBA patch over the canvas (RGBA) with its corner at (x, y); clipped."""
    height, width = canvas.shape[:2]
    x0, y0 = max(x, 0), max(y, 0)
    x1, y1 = min(x + patch.shape[1], width), min(y + patch.shape[0], height)
    if x0 >= x1 or y0 >= y1:
        return
    patch = patch[y0 - y : y1 - y, x0 - x : x1 - x]
    clear = cv2.bitwise_not(cv2.extractChannel(patch, 3))
    place = canvas[y0:y1, x0:x1]
    kept = cv2.multiply(place, cv2.merge([clear, clear, clear, clear]), scale=1 / 255)
    cv2.add(kept, patch, dst=kept)
    canvas[y0:y1, x0:x1] = kept


def lay(canvas: Picture, sprite: Picture, corners: NDArray[np.float32]) -> None:
    """Lay a sprite so that its corners (tl, tr, br, bl) fall on four points of the canvas."""
    height, width = canvas.shape[:2]
    x0, y0 = (int(v) for v in np.floor(corners.min(axis=0)))
    x1, y1 = (int(v) + 1 for v in np.ceil(corners.max(axis=0)))
    x0, y0, x1, y1 = max(x0, 0), max(y0, 0), min(x1, width), min(y1, height)
    if x0 >= x1 or y0 >= y1:
        return
    h, w = sprite.shape[:2]
    source = np.array([[0, 0], [w, 0], [w, h], [0, h]], np.float32)
    matrix = cv2.getPerspectiveTransform(source, corners - np.array([x0, y0], np.float32))
    patch = cv2.warpPerspective(sprite, matrix, (x1 - x0, y1 - y0), flags=cv2.INTER_LINEAR)
    blend(canvas, patch, x0, y0)


def capsule(
    canvas: Picture, a: Point, ra: float, b: Point, rb: float, colour: RGB, cloth: bool = False
) -> None:
    """A lit limb from ``a`` (radius ``ra`` pixels) to ``b`` (radius ``rb``)."""
    dx, dy = b[0] - a[0], b[1] - a[1]
    length = (dx * dx + dy * dy) ** 0.5
    if length < 1e-3:
        dx, dy, length = 1.0, 0.0, 1e-3
    else:
        dx, dy = dx / length, dy / length
    cap = round(20 * min(0.5, (ra + rb) / 2 / (length + ra + rb)))
    nx, ny = -dy, dx
    # The lit side of the sprite (its left edge) faces up and a little left.
    if nx * -0.35 + ny * -0.94 > 0:
        nx, ny = -nx, -ny
    ax, ay, bx, by = a[0] - dx * ra, a[1] - dy * ra, b[0] + dx * rb, b[1] + dy * rb
    corners = np.array(
        [
            [ax - nx * ra, ay - ny * ra], [ax + nx * ra, ay + ny * ra],
            [bx + nx * rb, by + ny * rb], [bx - nx * rb, by - ny * rb],
        ],
        np.float32,
    )  # fmt: skip
    lay(canvas, _tube(colour, cap, cloth), corners)


def rounded(width: int, height: int, corner: float) -> NDArray[np.float32]:
    """Alpha of a rounded rectangle, (height, width), antialiased."""
    x = np.abs(np.arange(width, dtype=np.float32)[None, :] + 0.5 - width / 2)
    y = np.abs(np.arange(height, dtype=np.float32)[:, None] + 0.5 - height / 2)
    dx, dy = x - (width / 2 - corner), y - (height / 2 - corner)
    outside = np.sqrt(np.clip(dx, 0, None) ** 2 + np.clip(dy, 0, None) ** 2)
    distance = outside + np.minimum(np.maximum(dx, dy), 0) - corner
    return np.clip(0.5 - distance, 0, 1).astype(np.float32)


def panel(rgb: NDArray[np.float32], alpha: NDArray[np.float32]) -> Picture:
    """A sprite from float RGB (h, w, 3) in 0..255 and alpha (h, w) in 0..1."""
    return _premultiplied(rgb.astype(np.float32), alpha.astype(np.float32))
