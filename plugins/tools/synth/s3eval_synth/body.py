"""The articulated patient: a pose, and where it puts the joints in the bed. Metres, radians."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

__all__ = ["REST", "Face", "Joints", "Pose", "Vec", "add", "between", "joints_of", "scaled", "unit"]

Vec = tuple[float, float, float]

MATTRESS = 0.58
HIP_Y = 0.93
UPPER_ARM, FOREARM = 0.285, 0.255
THIGH, SHIN = 0.43, 0.42
SHOULDER = 0.195
BACKREST = math.radians(46)
# Hands at rest, in the frame of the trunk: (outwards, up the trunk, out of the chest).
REST: Vec = (0.27, 0.03, 0.13)


def add(a: Vec, b: Vec, k: float = 1.0) -> Vec:
    """``a + k b``."""
    return (a[0] + k * b[0], a[1] + k * b[1], a[2] + k * b[2])


def scaled(a: Vec, k: float) -> Vec:
    """``k a``."""
    return (a[0] * k, a[1] * k, a[2] * k)


def between(a: Vec, b: Vec, k: float) -> Vec:
    """The point a share ``k`` of the way from ``a`` to ``b``."""
    return (a[0] + k * (b[0] - a[0]), a[1] + k * (b[1] - a[1]), a[2] + k * (b[2] - a[2]))


def dot(a: Vec, b: Vec) -> float:
    """Scalar product."""
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


def cross(a: Vec, b: Vec) -> Vec:
    """Vector product."""
    return (
        a[1] * b[2] - a[2] * b[1],
        a[2] * b[0] - a[0] * b[2],
        a[0] * b[1] - a[1] * b[0],
    )


def unit(a: Vec) -> Vec:
    """``a`` at length 1."""
    return scaled(a, 1.0 / (math.sqrt(dot(a, a)) or 1.0))


@dataclass
class Face:
    """What the face does; 0 is neutral. Sides are the patient's, + is left where signed.

    ``lids`` (right, left): 0 open, 1 closed; ``squeeze``: eyes screwed up; ``brow``: + raised,
    - lowered; ``mouth``: opening 0..1; ``pucker``: -1 wide .. 1 pursed; ``jaw``: sideways;
    ``pull`` (right, left): corner of the mouth drawn out and up; ``gaze``: (+ left, + up).
    """

    lids: list[float] = field(default_factory=lambda: [0.0, 0.0])
    pull: list[float] = field(default_factory=lambda: [0.0, 0.0])
    gaze: list[float] = field(default_factory=lambda: [0.0, 0.0])
    squeeze: float = 0.0
    brow: float = 0.0
    mouth: float = 0.0
    pucker: float = 0.0
    jaw: float = 0.0


@dataclass
class Pose:
    """Everything that moves. Index 0 of a pair is the patient's right, 1 the left.

    ``hands``: targets in the frame of the trunk (outwards, up, forwards). ``feet``: offsets
    (outwards, towards the head, up) from lying straight. ``elbows``: poles in the same frame.
    """

    yaw: float = 0.0
    pitch: float = 0.0
    roll: float = 0.0
    trunk: list[float] = field(default_factory=lambda: [0.0, 0.0, 0.0])
    hips: list[float] = field(default_factory=lambda: [0.0, 0.0, 0.0])
    head: list[float] = field(default_factory=lambda: [0.0, 0.0])
    chest: float = 0.0
    hands: list[Vec] = field(default_factory=lambda: [REST, REST])
    elbows: list[Vec] = field(default_factory=lambda: [(1.0, -0.5, -0.4), (1.0, -0.5, -0.4)])
    fists: list[float] = field(default_factory=lambda: [0.15, 0.15])
    feet: list[Vec] = field(default_factory=lambda: [(0.0, 0.0, 0.0), (0.0, 0.0, 0.0)])
    face: Face = field(default_factory=Face)


@dataclass(frozen=True)
class Joints:
    """Where the joints are, bed coordinates in metres; pairs are (right, left).

    ``up``, ``front`` are the trunk's axes; ``head_axes`` the head's (left, up, forward).
    """

    pelvis: Vec
    neck: Vec
    head: Vec
    up: Vec
    front: Vec
    head_axes: tuple[Vec, Vec, Vec]
    shoulders: tuple[Vec, Vec]
    elbows: tuple[Vec, Vec]
    wrists: tuple[Vec, Vec]
    hips: tuple[Vec, Vec]
    knees: tuple[Vec, Vec]
    ankles: tuple[Vec, Vec]

    def on_grid(self, step: float = 0.001) -> Joints:
        """The same joints on a grid of a millimetre, so that what is still looks exactly still."""

        def snap(v: Vec) -> Vec:
            return (round(v[0] / step) * step, round(v[1] / step) * step, round(v[2] / step) * step)

        pairs = {
            name: (snap(getattr(self, name)[0]), snap(getattr(self, name)[1]))
            for name in ("shoulders", "elbows", "wrists", "hips", "knees", "ankles")
        }
        points = {name: snap(getattr(self, name)) for name in ("pelvis", "neck", "head")}
        return replace(self, **points, **pairs)  # type: ignore[arg-type]


def _reach(root: Vec, target: Vec, first: float, second: float, pole: Vec) -> tuple[Vec, Vec]:
    """Two-bone inverse kinematics: the middle joint (towards ``pole``) and the end reached."""
    way = add(target, root, -1.0)
    length = math.sqrt(dot(way, way)) or 1e-6
    reached = min(length, (first + second) * 0.999)
    along = scaled(way, 1.0 / length)
    end = add(root, along, reached)
    foot = (first * first - second * second + reached * reached) / (2 * reached)
    height = math.sqrt(max(0.0, first * first - foot * foot))
    side = add(pole, along, -dot(pole, along))
    return add(add(root, along, foot), unit(side), height), end


def _head_axes(pose: Pose, up: Vec, front: Vec) -> tuple[Vec, Vec, Vec]:
    # The pillow holds the head 16 degrees further forward than the trunk.
    tilt = math.radians(16) - pose.pitch
    c, s = math.cos(tilt), math.sin(tilt)
    upward = add(scaled(up, c), front, s)
    forward = add(scaled(front, c), up, -s)
    left: Vec = (1.0, 0.0, 0.0)
    c, s = math.cos(pose.yaw), math.sin(pose.yaw)
    left, forward = add(scaled(left, c), forward, -s), add(scaled(forward, c), left, s)
    c, s = math.cos(pose.roll), math.sin(pose.roll)
    # + roll: the crown goes to the patient's left.
    return add(scaled(left, c), upward, -s), add(scaled(upward, c), left, s), forward


def joints_of(pose: Pose, size: float = 1.0) -> Joints:
    """The joints of a patient lying in the bed, backrest raised.

    >>> joints = joints_of(Pose())
    >>> joints.wrists[1][0] > 0 > joints.wrists[0][0]    # the left hand lies at +x
    True
    """
    lean = BACKREST + pose.trunk[2]
    up: Vec = (0.0, math.cos(lean), math.sin(lean))
    front: Vec = (0.0, -math.sin(lean), math.cos(lean))
    pelvis: Vec = (pose.hips[0], HIP_Y + pose.hips[1], MATTRESS + 0.12 + pose.hips[2])
    chest: Vec = add(add(pelvis, up, 0.47), front, pose.trunk[1])
    chest = (chest[0] + pose.trunk[0], chest[1], chest[2])
    neck = add(chest, up, 0.05)
    axes = _head_axes(pose, up, front)
    head = add(add(neck, axes[1], 0.165), axes[2], 0.035)
    head = add((head[0] + pose.head[0], head[1], head[2]), front, pose.head[1])
    shoulders, elbows, wrists, hips, knees, ankles = [], [], [], [], [], []
    for i, sign in enumerate((-1.0, 1.0)):
        shoulder = add((chest[0] + sign * SHOULDER, chest[1], chest[2]), up, -0.02)
        pole = _trunk_vector(pose.elbows[i], sign, up, front)
        target = add(pelvis, _trunk_vector(pose.hands[i], sign, up, front))
        elbow, wrist = _reach(shoulder, target, UPPER_ARM, FOREARM, pole)
        hip: Vec = (pelvis[0] + sign * 0.095, pelvis[1], pelvis[2] - 0.01)
        out, forth, rise = pose.feet[i]
        ankle: Vec = (sign * (0.13 + out), HIP_Y - 0.842 + forth, MATTRESS + 0.075 + rise)
        knee, ankle = _reach(hip, ankle, THIGH, SHIN, (sign * 0.25, -0.3, 1.0))
        shoulders.append(shoulder)
        elbows.append(elbow)
        wrists.append(wrist)
        hips.append(hip)
        knees.append(knee)
        ankles.append(ankle)
    return Joints(
        pelvis, neck, head, up, front, axes,
        _pair(shoulders), _pair(elbows), _pair(wrists), _pair(hips), _pair(knees), _pair(ankles),
    )  # fmt: skip


def _trunk_vector(v: Vec, sign: float, up: Vec, front: Vec) -> Vec:
    return add(add((sign * v[0], 0.0, 0.0), up, v[1]), front, v[2])


def _pair(both: list[Vec]) -> tuple[Vec, Vec]:
    return both[0], both[1]
