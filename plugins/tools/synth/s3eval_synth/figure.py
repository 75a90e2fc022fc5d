"""Drawing the body: trunk in a gown, arms with hands, legs, and a visitor who stands by."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np

from s3eval_synth.body import Joints, Pose, Vec, add, between, cross, scaled, unit
from s3eval_synth.camera import Camera
from s3eval_synth.script import Patient
from s3eval_synth.sprites import RGB, Picture, capsule, lay, panel, rounded, tinted

__all__ = ["draw_arm", "draw_leg", "draw_neck", "draw_seat", "draw_trunk", "draw_visitor"]


def _seen(camera: Camera, *points: Vec) -> tuple[list[tuple[float, float]], list[float]]:
    """Pixels and pixels-per-metre of some points."""
    pixels, depth = camera.project(np.array(points))
    return [(float(x), float(y)) for x, y in pixels], [camera.focal / float(d) for d in depth]


def _limb(
    canvas: Picture, camera: Camera, a: Vec, ra: float, b: Vec, rb: float, colour: RGB,
    cloth: bool = False,
) -> None:  # fmt: skip
    (p, q), (sp, sq) = _seen(camera, a, b)
    capsule(canvas, p, ra * sp, q, rb * sq, colour, cloth)


@lru_cache(maxsize=64)
def _gown(colour: RGB, skin: RGB) -> Picture:
    """The front of a gown with its neckline, 128 x 160."""
    width, height = 128, 160
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    u, v = (x + 0.5) / width * 2 - 1, (y + 0.5) / height
    shade = 1.03 - 0.30 * np.abs(u) ** 2.6 - 0.08 * (u > 0) * u - 0.06 * v
    shade += 0.05 * np.sin(9 * u + 5 * np.sin(4 * v)) * np.sin(11 * v + 2)
    rgb = np.asarray(colour, np.float32)[None, None] * shade[..., None]
    dots = ((x // 3 % 5 == 0) & (y // 3 % 5 == 0)) | ((x // 3 % 5 == 2) & (y // 3 % 5 == 3))
    rgb[dots] *= 0.84
    neck = (np.abs(u) / 0.36) ** 1.4 + v / 0.17 < 1
    hem = (np.abs(u) / 0.42) ** 1.4 + v / 0.205 < 1
    rgb[hem] = np.asarray(tinted(colour, 0.72), np.float32)
    rgb[neck] = np.asarray(tinted(skin, 0.93), np.float32)
    # Shoulders slope from the neck; the waist is a little narrower.
    alpha = rounded(width, height, 26)
    slope = np.clip((v - 0.16 * (np.abs(u) - 0.30)) * 90, 0, 1)
    return panel(rgb, alpha * slope)


def draw_neck(canvas: Picture, camera: Camera, joints: Joints, patient: Patient) -> None:
    """The neck, before the head."""
    chin = add(joints.neck, joints.up, 0.10)
    skin = tinted(patient.skin, 0.85)
    _limb(canvas, camera, add(joints.neck, joints.up, -0.05), 0.058, chin, 0.050, skin)


def draw_trunk(
    canvas: Picture, camera: Camera, joints: Joints, chest: float, patient: Patient
) -> None:
    """The trunk: hips, flanks, then the front of the gown; ``chest`` is the breath, -1..1."""
    gown = patient.gown
    swell = 0.105 + 0.006 * chest
    low = add(joints.pelvis, joints.up, 0.02)
    for i, sign in enumerate((-1.0, 1.0)):
        top = add(add(joints.shoulders[i], (sign * -0.045, 0, 0)), joints.up, -0.03)
        hip = add(add(low, (sign * 0.105, 0, 0)), joints.up, 0.03)
        _limb(canvas, camera, top, 0.085, hip, 0.090, tinted(gown, 0.9), cloth=True)
    corners = []
    for up, wide in ((0.055, 0.225), (-0.50, 0.212)):
        middle = add(add(joints.neck, joints.up, up - 0.06), joints.front, swell * 0.55)
        if up < 0:
            # The skirt of the gown lies over the hips.
            middle = add(low, (0.0, -0.085, 0.095))
        corners.append([add(middle, (s * wide, 0, 0)) for s in (-1, 1)])
    (tl, tr, bl, br), _ = _seen(camera, *corners[0], *corners[1])
    lay(canvas, _gown(gown, patient.skin), np.array([tl, tr, br, bl], np.float32))


def draw_seat(canvas: Picture, camera: Camera, joints: Joints, patient: Patient) -> None:
    """The hips, before the legs."""
    a, b = (add(joints.pelvis, (sign * 0.08, -0.03, -0.01)) for sign in (-1.0, 1.0))
    _limb(canvas, camera, a, 0.112, b, 0.112, tinted(patient.gown, 0.76), cloth=True)


def draw_leg(
    canvas: Picture, camera: Camera, joints: Joints, i: int, patient: Patient, feet: bool = True
) -> None:
    """One leg: trousers to the ankle, a foot with toes up."""
    cloth = tinted(patient.gown, 0.80)
    hip, knee, ankle = joints.hips[i], joints.knees[i], joints.ankles[i]
    sock: RGB = (226, 222, 214)
    heel = add(ankle, (0, -0.02, -0.01))
    toe = add(ankle, ((-1 if i == 0 else 1) * 0.035, -0.09, 0.165))
    _limb(canvas, camera, hip, 0.092, knee, 0.066, cloth, cloth=True)
    if feet:
        _limb(canvas, camera, heel, 0.040, toe, 0.036, sock)
    _limb(canvas, camera, knee, 0.064, ankle, 0.046, cloth, cloth=True)


def draw_arm(
    canvas: Picture, camera: Camera, joints: Joints, i: int, pose: Pose, patient: Patient
) -> None:
    """One arm: bare forearm, short sleeve, hand."""
    shoulder, elbow, wrist = joints.shoulders[i], joints.elbows[i], joints.wrists[i]
    skin = patient.skin
    _limb(canvas, camera, shoulder, 0.052, elbow, 0.043, skin)
    _limb(
        canvas, camera, shoulder, 0.068, between(shoulder, elbow, 0.62), 0.062, patient.gown, True
    )
    _limb(canvas, camera, elbow, 0.043, wrist, 0.031, skin)
    _hand(canvas, camera, elbow, wrist, joints, pose.fists[i], i, skin)


def _hand(
    canvas: Picture, camera: Camera, elbow: Vec, wrist: Vec, joints: Joints, fist: float, i: int,
    skin: RGB,
) -> None:  # fmt: skip
    along = unit(add(wrist, elbow, -1.0))
    spread = unit(cross(along, joints.front))
    out = scaled(cross(spread, along), 1.0)
    palm = add(wrist, along, 0.072)
    _limb(canvas, camera, add(wrist, along, 0.012), 0.031, palm, 0.036, skin)
    thumb_side = 1.0 if i == 0 else -1.0
    edge = tinted(skin, 0.68)
    dark, light = [], []
    length = 0.080 * (1 - 0.62 * fist)
    for k in (-1.5, -0.5, 0.5, 1.5):
        root = add(palm, spread, k * 0.0195)
        fan = add(along, spread, 0.10 * k * (1 - fist))
        tip = add(add(root, fan, length), out, 0.028 * fist)
        dark.append((root, tip))
    thumb_root = add(add(wrist, along, 0.03), spread, thumb_side * 0.030)
    thumb_tip = add(add(thumb_root, along, 0.045), spread, thumb_side * (0.026 - 0.045 * fist))
    light.append((thumb_root, thumb_tip))
    segments = dark + light
    points, scales = _seen(camera, *[p for pair in segments for p in pair])
    r = 0.0098 * scales[0]
    pixels = np.round(np.array(points) * 16).astype(np.int32).reshape(-1, 2, 2)
    fill = tinted(skin, 0.98)
    for finger in pixels:
        for grow, colour in ((1.35, edge), (0.92, fill)):
            thick = max(1, round(2 * r * grow))
            cv2.polylines(canvas, [finger], False, (*colour, 255), thick, cv2.LINE_AA, 4)


def draw_visitor(canvas: Picture, camera: Camera, x: float, y: float, step: float) -> None:
    """A member of staff in scrubs, standing at (x, y) metres and facing the bed."""
    scrubs: RGB = (58, 120, 128)
    skin: RGB = (196, 150, 122)
    hips: Vec = (x, y, 0.92)
    chest: Vec = (x, y, 1.34)
    inward = -1.0 if x > 0 else 1.0
    swing = 0.10 * step
    for side in (-1.0, 1.0):
        foot: Vec = (x, y + 0.09 * side + swing * side, 0.06)
        _limb(
            canvas, camera, (x, y + 0.09 * side, 0.9), 0.10, foot, 0.06, tinted(scrubs, 0.85), True
        )
    _limb(canvas, camera, hips, 0.165, chest, 0.175, scrubs, True)
    for side in (-1.0, 1.0):
        shoulder: Vec = (x, y + 0.19 * side, 1.40)
        elbow: Vec = (x + inward * 0.08, y + 0.23 * side - swing * side, 1.13)
        hand: Vec = (x + inward * 0.22, y + 0.20 * side - swing * side, 1.02)
        _limb(canvas, camera, shoulder, 0.062, elbow, 0.05, scrubs, True)
        _limb(canvas, camera, elbow, 0.042, hand, 0.034, skin)
    head: Vec = (x + inward * 0.03, y, 1.66)
    _limb(canvas, camera, (x, y, 1.45), 0.055, head, 0.05, tinted(skin, 0.85))
    _limb(canvas, camera, add(head, (0, 0, -0.02)), 0.088, add(head, (0, 0, 0.03)), 0.098, skin)
    back = (-inward * 0.03, 0.02, 0.05)
    _limb(canvas, camera, add(head, back), 0.098, add(head, (-inward * 0.04, 0.03, 0.0)), 0.085,
          (52, 40, 34))  # fmt: skip
