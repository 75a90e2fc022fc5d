"""The camera's picture of a script at a time."""

from __future__ import annotations

from collections.abc import Iterable

import cv2
import numpy as np
from numpy.typing import NDArray

from s3eval.synth.acting import ease, pose_at, wander
from s3eval.synth.body import Joints, Pose, joints_of
from s3eval.synth.camera import Camera, camera_of
from s3eval.synth.figure import draw_arm, draw_leg, draw_neck, draw_trunk, draw_visitor
from s3eval.synth.head import HeadArtist, View
from s3eval.synth.room import draw_bed, draw_blanket, draw_room
from s3eval.synth.script import Script
from s3eval.synth.sprites import Picture, blend

__all__ = ["Film", "head_box", "render_scene"]


class Film:
    """Draws the frames of one script. Keeps what does not change between frames.

    Frames may be asked for in any order; each depends on the script and its time only.

    Args:
        script: what to draw.
        size: (width, height) in pixels, by default the script's own.
    """

    def __init__(self, script: Script, size: tuple[int, int] | None = None) -> None:
        self.script = script
        width, height = size or (script.width, script.height)
        self.camera = camera_of(script.setting, width, height)
        self.room = draw_room(self.camera, script.setting)
        self.bed = draw_bed(self.camera, script.setting)
        self.ground = self.room.copy()
        blend(self.ground, self.bed, 0, 0)
        self.head = HeadArtist(script.patient)
        self.vignette = _vignette(width, height)
        self._blanket: tuple[tuple[int, ...], tuple[Picture, tuple[int, int]]] | None = None

    def frame(self, time: float) -> NDArray[np.uint8]:
        """The picture at ``time`` seconds: uint8 RGB, (height, width, 3)."""
        return self._developed(self._drawn(time), time)

    # ---- drawing ----------------------------------------------------------------------------

    def _drawn(self, time: float) -> Picture:
        script, camera = self.script, self.camera
        pose = pose_at(script, time)
        joints = joints_of(pose)
        canvas = self._behind(time)
        patient, setting = script.patient, script.setting
        near = {"side-left": 1, "side-right": 0}.get(setting.camera)
        far_first = (0, 1) if near in (None, 1) else (1, 0)
        if setting.blanket in ("off", "knees"):
            for i in far_first:
                draw_leg(canvas, camera, joints, i, patient)
        far_arm = None if near is None else 1 - near
        covered = {"left": 1, "right": 0}.get(setting.covered)
        before = [i for i in far_first if i in (far_arm, covered)]
        for i in before:
            draw_arm(canvas, camera, joints, i, pose, patient)
        draw_neck(canvas, camera, joints, patient)
        draw_trunk(canvas, camera, joints, pose, patient)
        if setting.blanket != "off":
            patch, (x, y) = self._blanket_for(joints)
            blend(canvas, patch, x, y)
        self._draw_head(canvas, joints, pose)
        for i in far_first:
            if i not in before or (i == far_arm and i != covered and self._crosses(joints, i)):
                draw_arm(canvas, camera, joints, i, pose, patient)
        return canvas

    @staticmethod
    def _crosses(joints: Joints, i: int) -> bool:
        """Whether the far arm lies over the trunk, so that the trunk cannot hide it."""
        wrist, pelvis = joints.wrists[i], joints.pelvis
        return sum((w - p) * f for w, p, f in zip(wrist, pelvis, joints.front, strict=True)) > 0.1

    def _behind(self, time: float) -> Picture:
        staff = self.script.setting.staff
        if staff is None or not staff[0] <= time <= staff[1]:
            return self.ground.copy()
        begin, end, side = staff
        sign = 1.0 if side == "left" else -1.0
        walk = 2.4
        inside = min(ease((time - begin) / walk), ease((end - time) / walk))
        moving = 0.02 < inside < 0.98
        canvas = self.room.copy()
        step = float(np.sin(2 * np.pi * 1.6 * time)) if moving else 0.0
        draw_visitor(canvas, self.camera, sign * (2.9 - 1.95 * inside), 1.55, step)
        blend(canvas, self.bed, 0, 0)
        return canvas

    def _blanket_for(self, joints: Joints) -> tuple[Picture, tuple[int, int]]:
        limbs = (joints.pelvis, *joints.hips, *joints.knees, *joints.ankles)
        if self.script.setting.covered:
            limbs += (*joints.elbows, *joints.wrists)
        key = tuple(round(v * 400) for point in limbs for v in point)
        if self._blanket is None or self._blanket[0] != key:
            self._blanket = (key, draw_blanket(self.camera, joints, self.script.setting))
        return self._blanket[1]

    def _draw_head(self, canvas: Picture, joints: Joints, pose: Pose) -> None:
        self.head.draw(canvas, head_view(self.camera, joints), pose.face)

    # ---- light ------------------------------------------------------------------------------

    def _developed(self, canvas: Picture, time: float) -> NDArray[np.uint8]:
        setting = self.script.setting
        gain = 1.0
        if setting.tv:
            gain += (0.045 if setting.lit(time) else 0.16) * wander(time, self.script.seed + 90, 5)
        if setting.lit(time):
            rgb: NDArray[np.uint8] = cv2.cvtColor(canvas, cv2.COLOR_RGBA2RGB)
            return cv2.convertScaleAbs(rgb, alpha=gain) if gain != 1.0 else rgb
        # Infrared: grey, lit from the camera, dark corners.
        grey = cv2.cvtColor(canvas, cv2.COLOR_RGBA2GRAY)
        grey = cv2.multiply(grey, self.vignette, scale=0.80 * gain / 255)
        return cv2.cvtColor(grey, cv2.COLOR_GRAY2RGB)


def head_view(camera: Camera, joints: Joints) -> View:
    """How the camera sees the head: along its own line of sight, not the picture's axis."""
    pixels, depth = camera.project(np.array([joints.head]))
    sight = np.array(joints.head) - camera.position
    sight /= np.linalg.norm(sight)
    right = np.cross(sight, (0.0, 0.0, 1.0))
    right /= np.linalg.norm(right)
    axes = np.array(joints.head_axes) @ np.stack([right, np.cross(sight, right), sight]).T
    return View(float(pixels[0, 0]), float(pixels[0, 1]), camera.focal / float(depth[0]), axes)


def head_box(script: Script, time: float) -> tuple[int, int, int, int]:
    """Where the head is in the picture: (left, top, right, bottom) pixels, clipped."""
    camera = camera_of(script.setting, script.width, script.height)
    view = head_view(camera, joints_of(pose_at(script, time)))
    r = 0.145 * view.scale
    return (
        max(0, int(view.x - r)), max(0, int(view.y - r)),
        min(script.width, int(view.x + r)), min(script.height, int(view.y + r)),
    )  # fmt: skip


def render_scene(
    script: Script, times: Iterable[float], size: tuple[int, int] | None = None
) -> NDArray[np.uint8]:
    """Frames of a script without encoding, uint8 RGB, shape (n, height, width, 3).

    >>> from s3eval.synth.casting import solo
    >>> render_scene(solo("head_turning", side="left"), [0.0, 5.0], size=(160, 120)).shape
    (2, 120, 160, 3)
    """
    film = Film(script, size)
    return np.stack([film.frame(t) for t in times])


def _vignette(width: int, height: int) -> Picture:
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    r = np.hypot((x / width - 0.5) * 1.05, y / height - 0.45)
    return np.clip(255 * (1.08 - 1.05 * r**2), 0, 255).astype(np.uint8)
