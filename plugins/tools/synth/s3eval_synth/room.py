"""The room and the bed, drawn once per video; and the blanket, drawn when the legs move."""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from s3eval_synth.body import BACKREST, HIP_Y, MATTRESS, Joints, Vec
from s3eval_synth.camera import Camera
from s3eval_synth.script import Setting
from s3eval_synth.sprites import RGB, Picture, capsule, lay, panel, rounded, tinted

__all__ = ["blanket_mesh", "draw_bed", "draw_blanket", "draw_room"]

_COS, _SIN = math.cos(BACKREST), math.sin(BACKREST)


def _quad(canvas: Picture, camera: Camera, colour: RGB, *corners: Vec) -> None:
    pixels, _ = camera.project(np.array(corners))
    points = np.round(pixels * 16).astype(np.int32)
    cv2.fillConvexPoly(canvas, points, (*colour, 255), cv2.LINE_AA, 4)


def _corners(camera: Camera, *points: Vec) -> NDArray[np.float32]:
    pixels, _ = camera.project(np.array(points))
    return pixels.astype(np.float32)


def _tube(
    canvas: Picture, camera: Camera, a: Vec, b: Vec, radius: float, colour: RGB
) -> None:  # fmt: skip
    pixels, depth = camera.project(np.array([a, b]))
    (p, q), (dp, dq) = pixels.tolist(), depth.tolist()
    capsule(canvas, p, radius * camera.focal / dp, q, radius * camera.focal / dq, colour)


def draw_room(camera: Camera, setting: Setting) -> Picture:
    """Walls, floor, window or door, monitor, drip stand, chair: RGBA, opaque."""
    wall = setting.wall
    canvas = np.empty((camera.height, camera.width, 4), np.uint8)
    canvas[:] = (*tinted((150, 142, 130), 0.9), 255)
    far, side, high = 2.75, 2.3, 3.2
    for x0, x1, tone in ((-side, side, 1.0),):
        _quad(canvas, camera, tinted(wall, tone), (x0, far, 0), (x1, far, 0), (x1, far, high),
              (x0, far, high))  # fmt: skip
    for s, tone in ((-1, 0.90), (1, 0.82)):
        if setting.camera == ("side-left" if s > 0 else "side-right"):
            continue
        near = -0.6 if setting.camera == "foot" else -0.9
        _quad(canvas, camera, tinted(wall, tone), (s * side, near, 0), (s * side, far, 0),
              (s * side, far, high), (s * side, near, high))  # fmt: skip
    skirting = tinted(wall, 0.6)
    _quad(canvas, camera, skirting, (-side, far, 0), (side, far, 0), (side, far, 0.1),
          (-side, far, 0.1))  # fmt: skip
    _furniture(canvas, camera, setting, far, side)
    blur = max(3, camera.height // 160) | 1
    canvas = cv2.GaussianBlur(canvas, (blur, blur), 0)
    y = np.linspace(1.04, 0.90, camera.height, dtype=np.float32)[:, None]
    x = np.linspace(1.02, 0.96, camera.width, dtype=np.float32)[None, :]
    light = y * x
    canvas[..., :3] = np.clip(canvas[..., :3] * light[..., None], 0, 255).astype(np.uint8)
    return canvas


def _furniture(canvas: Picture, camera: Camera, setting: Setting, far: float, side: float) -> None:
    # A panel with sockets behind the bed, a picture or window on the wall.
    _quad(canvas, camera, (214, 206, 190), (-1.0, far, 1.15), (1.0, far, 1.15), (1.0, far, 1.42),
          (-1.0, far, 1.42))  # fmt: skip
    for k in (-0.8, -0.65, 0.6, 0.75):
        _quad(canvas, camera, (120, 124, 128), (k, far, 1.24), (k + 0.08, far, 1.24),
              (k + 0.08, far, 1.32), (k, far, 1.32))  # fmt: skip
    flip = -1.0 if setting.camera == "side-left" else 1.0
    wx = flip * -1.75
    _quad(canvas, camera, (96, 104, 110), (wx - 0.45, far, 1.2), (wx + 0.45, far, 1.2),
          (wx + 0.45, far, 2.4), (wx - 0.45, far, 2.4))  # fmt: skip
    _quad(canvas, camera, (182, 208, 224), (wx - 0.40, far, 1.25), (wx + 0.40, far, 1.25),
          (wx + 0.40, far, 2.35), (wx - 0.40, far, 2.35))  # fmt: skip
    # Monitor on an arm, with traces.
    mx, my = flip * 1.25, 2.35
    box = [
        (mx - 0.24, my, 1.42),
        (mx + 0.24, my, 1.42),
        (mx + 0.24, my, 1.78),
        (mx - 0.24, my, 1.78),
    ]
    _quad(canvas, camera, (54, 56, 60), *box)
    inner = [
        (mx - 0.21, my, 1.45),
        (mx + 0.21, my, 1.45),
        (mx + 0.21, my, 1.75),
        (mx - 0.21, my, 1.75),
    ]
    _quad(canvas, camera, (18, 26, 30), *inner)
    for n, colour in enumerate(((90, 220, 110), (240, 220, 90), (110, 190, 240))):
        xs = np.linspace(mx - 0.20, mx + 0.20, 40)
        z = 1.70 - 0.09 * n + 0.02 * np.sin(xs * 60 + n) * (np.sin(xs * 17) > 0)
        line, _ = camera.project(np.column_stack([xs, np.full(40, my), z]))
        cv2.polylines(canvas, [np.round(line * 16).astype(np.int32)], False, (*colour, 255), 1,
                      cv2.LINE_AA, 4)  # fmt: skip
    _tube(canvas, camera, (mx, my, 1.42), (mx, my, 0.1), 0.025, (130, 132, 136))
    # Drip stand.
    dx = flip * -0.95
    _tube(canvas, camera, (dx, 2.3, 0.1), (dx, 2.3, 2.05), 0.015, (170, 172, 176))
    _tube(canvas, camera, (dx + 0.07, 2.28, 1.72), (dx + 0.07, 2.28, 1.95), 0.06, (206, 216, 214))
    # A locker beside the bed.
    lx = flip * 1.15
    _quad(canvas, camera, (166, 172, 174), (lx - 0.25, 2.0, 0), (lx + 0.25, 2.0, 0),
          (lx + 0.25, 2.0, 0.78), (lx - 0.25, 2.0, 0.78))  # fmt: skip
    _quad(canvas, camera, (200, 204, 204), (lx - 0.25, 2.0, 0.78), (lx + 0.25, 2.0, 0.78),
          (lx + 0.25, 2.45, 0.78), (lx - 0.25, 2.45, 0.78))  # fmt: skip


def _upright(x: float, y: float, half: float, low: float, high: float) -> tuple[Vec, ...]:
    """Corners of a standing rectangle that faces the foot end."""
    return (x - half, y, low), (x + half, y, low), (x + half, y, high), (x - half, y, high)


def _sheet(tone: RGB, folds: float) -> Picture:
    height, width = 160, 128
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    u, v = x / width * 2 - 1, y / height
    shade = 1.0 - 0.10 * np.abs(u) ** 3
    shade += folds * np.sin(13 * v + 4 * np.sin(5 * u)) * np.sin(6 * u + 3 * v + 1)
    # The body's soft shadow.
    shade -= 0.17 * np.exp(-((u / 0.55) ** 2))
    rgb = np.asarray(tone, np.float32)[None, None] * shade[..., None]
    return panel(rgb, rounded(width, height, 9))


def draw_bed(camera: Camera, setting: Setting) -> Picture:
    """Bed, mattress, sheet and pillow on a transparent ground: premultiplied RGBA."""
    canvas = np.zeros((camera.height, camera.width, 4), np.uint8)
    frame: RGB = (146, 150, 156)
    half, low = 0.47, 0.40
    top, hinge = MATTRESS, HIP_Y + 0.03
    head: Vec = (0.0, hinge + 0.98 * _COS, top + 0.98 * _SIN)
    # Headboard behind the backrest.
    _quad(canvas, camera, (150, 158, 166), (-0.5, 2.05, 0.3), (0.5, 2.05, 0.3), (0.5, 2.05, 1.22),
          (-0.5, 2.05, 1.22))  # fmt: skip
    for s in (-1, 1):
        _tube(canvas, camera, (s * 0.50, 0.02, low), (s * 0.50, 2.0, low), 0.03, frame)
        shade = tinted((224, 226, 228), 0.78 if s > 0 else 0.84)
        _quad(canvas, camera, shade, (s * half, 0, low), (s * half, hinge, low),
              (s * half, hinge, top), (s * half, 0, top))  # fmt: skip
        _quad(canvas, camera, shade, (s * half, hinge, low + 0.05), (s * half, hinge, top),
              (s * half, head[1], head[2]), (s * half, head[1] + 0.1, head[2] - 0.12))  # fmt: skip
    _quad(canvas, camera, tinted((224, 226, 228), 0.74), (-half, 0, low), (half, 0, low),
          (half, 0, top), (-half, 0, top))  # fmt: skip
    flat = _corners(
        camera, (-half, hinge, top), (half, hinge, top), (half, 0, top), (-half, 0, top)
    )
    lay(canvas, _sheet((232, 234, 236), 0.03), flat)
    back = _corners(
        camera, (-half, head[1], head[2]), (half, head[1], head[2]), (half, hinge - 0.02, top),
        (-half, hinge - 0.02, top),
    )  # fmt: skip
    lay(canvas, _sheet((236, 238, 240), 0.035), back)
    _pillow(canvas, camera, hinge, top)
    for s in (-1, 1):
        # Rails, lowered.
        for z in (0.50, 0.62):
            _tube(canvas, camera, (s * 0.53, 0.75, z), (s * 0.53, 1.45, z), 0.014, (188, 192, 198))
        for y in (0.75, 1.1, 1.45):
            _tube(canvas, camera, (s * 0.53, y, 0.42), (s * 0.53, y, 0.62), 0.012, (188, 192, 198))
    return canvas


def _pillow(canvas: Picture, camera: Camera, hinge: float, top: float) -> None:
    def at(x: float, up: float, out: float) -> Vec:
        return (x, hinge + up * _COS - out * _SIN, top + up * _SIN + out * _COS)

    height, width = 96, 160
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    u, v = x / width * 2 - 1, y / height * 2 - 1
    shade = 1.04 - 0.16 * np.abs(u) ** 4 - 0.20 * np.clip(v, 0, 1) ** 3
    shade -= 0.16 * np.exp(-((u / 0.42) ** 2 + ((v - 0.1) / 0.6) ** 2))
    shade += 0.02 * np.sin(14 * u + 5 * v)
    rgb = np.asarray((246, 246, 244), np.float32)[None, None] * shade[..., None]
    corners = _corners(camera, at(-0.36, 1.02, 0.10), at(0.36, 1.02, 0.10), at(0.37, 0.56, 0.08),
                       at(-0.37, 0.56, 0.08))  # fmt: skip
    shadow = panel(np.full((height, width, 3), 120, np.float32), rounded(width, height, 26) * 0.35)
    lay(canvas, shadow, corners + np.float32(camera.height * 0.008))
    lay(canvas, panel(rgb, rounded(width, height, 30)), corners)


# ---- blanket --------------------------------------------------------------------------------

_EDGES = {"knees": 0.42, "waist": 0.86, "chest": 1.14}
_COLUMNS, _ROWS = 21, 24


def blanket_mesh(joints: Joints, setting: Setting) -> NDArray[np.float64]:
    """The draped blanket, shape (rows, columns, 3), metres: the body pushes it up.

    Raises:
        KeyError: the setting has no blanket.
    """
    edge = _EDGES[setting.blanket]
    ys = np.linspace(edge, -0.03, _ROWS)
    xs = np.linspace(-0.60, 0.60, _COLUMNS)
    x, y = np.meshgrid(xs, ys)
    base = MATTRESS + 0.015 + np.maximum(0, y - HIP_Y) * math.tan(BACKREST)
    z = base.copy()
    for a, b, r in _under(joints, setting):
        ax, ay, az = a
        dx, dy = b[0] - ax, b[1] - ay
        length = dx * dx + dy * dy or 1e-9
        t = np.clip(((x - ax) * dx + (y - ay) * dy) / length, 0, 1)
        away = np.hypot(x - ax - t * dx, y - ay - t * dy)
        height = az + t * (b[2] - az) + np.sqrt(np.clip(r * r - away * away, 0, None))
        tent = height + 0.012 - 1.1 * np.clip(away - 0.8 * r, 0, None)
        z = np.maximum(z, tent)
    hang = np.clip(np.abs(x) - 0.47, 0, None)
    z -= 1.9 * hang
    z += 0.006 * np.sin(11 * x + 9 * y) * np.sin(17 * y - 5 * x)
    return np.dstack([x * (1 - 0.25 * hang), y, z])


def _under(joints: Joints, setting: Setting) -> list[tuple[Vec, Vec, float]]:
    parts: list[tuple[Vec, Vec, float]] = []
    for i in (0, 1):
        parts.append((joints.hips[i], joints.knees[i], 0.085))
        parts.append((joints.knees[i], joints.ankles[i], 0.06))
        x, y, z = joints.ankles[i]
        parts.append(((x, y - 0.03, z + 0.05), (x, y - 0.08, z + 0.13), 0.04))
    up = joints.up
    chest: Vec = tuple(p + 0.3 * u for p, u in zip(joints.pelvis, up, strict=True))  # type: ignore[assignment]
    parts.append((joints.pelvis, chest, 0.15))
    if setting.covered:
        i = 1 if setting.covered == "left" else 0
        parts.append((joints.elbows[i], joints.wrists[i], 0.06))
    return parts


def draw_blanket(
    camera: Camera, joints: Joints, setting: Setting
) -> tuple[Picture, tuple[int, int]]:
    """The blanket as a premultiplied patch and where its corner lies."""
    mesh = blanket_mesh(joints, setting)
    rows, columns = mesh.shape[:2]
    pixels, _ = camera.project(mesh.reshape(-1, 3))
    low = np.clip(np.floor(pixels.min(axis=0)).astype(int) - 2, 0, None)
    high = np.ceil(pixels.max(axis=0)).astype(int) + 3
    width = int(min(high[0], camera.width) - low[0])
    height = int(min(high[1], camera.height) - low[1])
    points = np.round((pixels - low) * 16).astype(np.int32).reshape(rows, columns, 2)
    across = mesh[:-1, 1:] - mesh[:-1, :-1]
    along = mesh[:-1, :-1] - mesh[1:, :-1]
    normal = np.cross(across, along)
    normal /= np.linalg.norm(normal, axis=2, keepdims=True)
    light = np.array([-0.38, -0.30, 0.87])
    shade = 0.48 + 0.55 * np.clip(normal @ light, 0, 1)
    shade[0] *= 1.10  # The folded hem.
    shade[1] *= 0.90
    colour = np.asarray(setting.blanket_colour, np.float64)
    stripe = np.where(np.arange(rows - 1) % 6 == 4, 0.90, 1.0)[:, None]
    colours = np.clip(colour * (shade * stripe)[..., None], 0, 255).astype(int).tolist()
    patch = np.zeros((height, width, 4), np.uint8)
    quads = np.stack([points[:-1, :-1], points[:-1, 1:], points[1:, 1:], points[1:, :-1]], axis=2)
    order = range(columns - 1)
    if setting.camera == "side-right":
        order = range(columns - 2, -1, -1)
    for r in range(rows - 1):
        for c in order:
            red, green, blue = colours[r][c]
            cv2.fillConvexPoly(patch, quads[r, c], (red, green, blue, 255), cv2.LINE_8, 4)
    size = max(3, camera.height // 68) | 1
    smooth = cv2.blur(patch, (size, size))
    inside = cv2.erode(patch[..., 3], np.ones((3, 3), np.uint8))
    cv2.copyTo(smooth, cv2.compare(cv2.extractChannel(smooth, 3), 254, cv2.CMP_GE), patch)
    cv2.copyTo(cv2.blur(patch, (3, 3)), cv2.bitwise_not(inside), patch)
    return patch, (int(low[0]), int(low[1]))
