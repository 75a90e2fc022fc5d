"""The camera's picture of a script at a time."""

from __future__ import annotations

import math
from collections.abc import Iterable

import cv2
import numpy as np
from numpy.typing import NDArray

from s3eval_synth.body import Joints, Pose, Vec, joints_of
from s3eval_synth.camera import Camera, camera_of
from s3eval_synth.curves import ease, wander
from s3eval_synth.figure import draw_arm, draw_leg, draw_neck, draw_seat, draw_trunk, draw_visitor
from s3eval_synth.head import HeadArtist, View
from s3eval_synth.poses import pose_at
from s3eval_synth.room import draw_bed, draw_blanket, draw_room
from s3eval_synth.script import Script
from s3eval_synth.sprites import Picture, blend

__all__ = ["FrameRenderer", "head_box", "render_frames"]


class FrameRenderer:
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
        self._blanket: tuple[tuple[Vec, ...], tuple[Picture, tuple[int, int]]] | None = None
        self._layer: tuple[object, Picture] | None = None
        self._arms: tuple[object, Picture] | None = None

    def frame(self, time: float) -> NDArray[np.uint8]:
        """The picture at ``time`` seconds: uint8 RGB, (height, width, 3)."""
        return self._lit(self._drawn(time), time)

    # ---- drawing ----------------------------------------------------------------------------

    def _drawn(self, time: float) -> Picture:
        pose = pose_at(self.script, time)
        joints = joints_of(pose).on_grid()
        view = head_view(self.camera, joints)
        patient = self.script.patient
        over = [i for i in (0, 1) if self._may_cover(joints, i, view)]
        _, layer = self._with_arms(joints, pose, time, over)
        canvas = layer.copy()
        self.head.draw(canvas, view, pose.face)
        for i in over:
            draw_arm(canvas, self.camera, joints, i, pose, patient)
        return canvas

    def _may_cover(self, joints: Joints, i: int, view: View) -> bool:
        """Whether an arm may lie before the head in the picture, and so is drawn after it."""
        if i in self._arms_before():
            return False
        points, _ = self.camera.project(np.array([joints.elbows[i], joints.wrists[i]]))
        reach = 0.30 * view.scale
        return bool((np.abs(points - (view.x, view.y)).max(axis=1) < reach).any())

    def _with_arms(
        self, joints: Joints, pose: Pose, time: float, over: list[int]
    ) -> tuple[object, Picture]:
        """The body with the arms that are clear of the head; kept while none of it moves."""
        body_key, body = self._body(joints, pose, time)
        early = [
            i for i in (0, 1)
            if i not in over
            and (i not in self._arms_before()
                 or (i != self._covered and self._crosses(joints, i)))
        ]  # fmt: skip
        arms = tuple((i, joints.elbows[i], joints.wrists[i], pose.fists[i]) for i in early)
        key = (body_key, joints.shoulders, arms)
        if self._arms is None or self._arms[0] != key:
            canvas = body.copy()
            for i in early:
                draw_arm(canvas, self.camera, joints, i, pose, self.script.patient)
            self._arms = (key, canvas)
        return self._arms

    def _arms_before(self) -> list[int]:
        """Arms that lie behind the trunk (the far one) or under the blanket."""
        far = {"side-left": 0, "side-right": 1}.get(self.script.setting.camera)
        return [i for i in (0, 1) if i in (far, self._covered)]

    @property
    def _covered(self) -> int | None:
        return {"left": 1, "right": 0}.get(self.script.setting.covered)

    @staticmethod
    def _crosses(joints: Joints, i: int) -> bool:
        """Whether the far arm lies over the trunk, so that the trunk cannot hide it."""
        wrist, pelvis = joints.wrists[i], joints.pelvis
        return sum((w - p) * f for w, p, f in zip(wrist, pelvis, joints.front, strict=True)) > 0.1

    def _body(self, joints: Joints, pose: Pose, time: float) -> tuple[object, Picture]:
        """Room, bed, legs, trunk and blanket; drawn again only when one of them has moved."""
        staff = self._staff_at(time)
        swell = round(pose.chest * 4) / 4
        before = self._arms_before()
        key = (
            staff, swell, joints.pelvis, joints.neck, joints.up, joints.shoulders, joints.knees,
            joints.ankles,
            tuple((joints.elbows[i], joints.wrists[i], pose.fists[i]) for i in before),
        )  # fmt: skip
        if self._layer is None or self._layer[0] != key:
            self._layer = (key, self._draw_body(joints, pose, swell, staff))
        return self._layer

    def _draw_body(
        self, joints: Joints, pose: Pose, swell: float, staff: tuple[float, float] | None
    ) -> Picture:
        patient, setting, camera = self.script.patient, self.script.setting, self.camera
        canvas = self._behind(staff)
        far_first = (1, 0) if setting.camera == "side-right" else (0, 1)
        if setting.blanket in ("off", "knees"):
            draw_seat(canvas, camera, joints, patient)
            for i in far_first:
                draw_leg(canvas, camera, joints, i, patient, feet=setting.blanket == "off")
        for i in self._arms_before():
            draw_arm(canvas, camera, joints, i, pose, patient)
        draw_neck(canvas, camera, joints, patient)
        draw_trunk(canvas, camera, joints, swell, patient)
        if setting.blanket != "off":
            patch, (x, y) = self._blanket_for(joints)
            blend(canvas, patch, x, y)
        return canvas

    def _staff_at(self, time: float) -> tuple[float, float] | None:
        """Where the visitor stands (x in metres) and how the legs swing; None when not there."""
        staff = self.script.setting.staff
        if staff is None or not staff[0] <= time <= staff[1]:
            return None
        begin, end, side = staff
        inside = min(ease((time - begin) / 2.4), ease((end - time) / 2.4))
        step = math.sin(2 * math.pi * 1.6 * time) if 0.02 < inside < 0.98 else 0.0
        return (1.0 if side == "left" else -1.0) * (2.9 - 1.95 * inside), step

    def _behind(self, staff: tuple[float, float] | None) -> Picture:
        if staff is None:
            return self.ground.copy()
        canvas = self.room.copy()
        draw_visitor(canvas, self.camera, staff[0], 1.55, staff[1])
        blend(canvas, self.bed, 0, 0)
        return canvas

    def _blanket_for(self, joints: Joints) -> tuple[Picture, tuple[int, int]]:
        limbs: tuple[Vec, ...] = (joints.pelvis, *joints.knees, *joints.ankles)
        if self.script.setting.covered:
            limbs = (*limbs, *joints.elbows, *joints.wrists)
        key = (*limbs, joints.up)
        if self._blanket is None or self._blanket[0] != key:
            self._blanket = (key, draw_blanket(self.camera, joints, self.script.setting))
        return self._blanket[1]

    # ---- light ------------------------------------------------------------------------------

    def _lit(self, canvas: Picture, time: float) -> NDArray[np.uint8]:
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
    view = head_view(camera, joints_of(pose_at(script, time)).on_grid())
    r = 0.145 * view.scale
    return (
        max(0, int(view.x - r)), max(0, int(view.y - r)),
        min(script.width, int(view.x + r)), min(script.height, int(view.y + r)),
    )  # fmt: skip


def render_frames(
    script: Script, times: Iterable[float], size: tuple[int, int] | None = None
) -> NDArray[np.uint8]:
    """Frames of a script without encoding, uint8 RGB, shape (n, height, width, 3).

    >>> from s3eval_synth.generate import single_sign
    >>> render_frames(single_sign("head_turning", side="left"), [0.0, 5.0], size=(160, 120)).shape
    (2, 120, 160, 3)
    """
    renderer = FrameRenderer(script, size)
    return np.stack([renderer.frame(t) for t in times])


def _vignette(width: int, height: int) -> Picture:
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    r = np.hypot((x / width - 0.5) * 1.05, y / height - 0.45)
    return np.clip(255 * (1.08 - 1.05 * r**2), 0, 255).astype(np.uint8)
