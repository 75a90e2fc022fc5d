"""Poses: a script and a time give a pose. Pure, so any frame can be drawn on its own.

Each sign is a small function that changes the pose; its rhythm is an exact function of time.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from s3eval_synth.body import Pose, Vec, between
from s3eval_synth.curves import ease, envelope, fidget, hashed, jerk, wander
from s3eval_synth.script import Script, Sign

__all__ = ["blink_times", "pose_at"]

TAU = 2 * math.pi
# Hand positions in the frame of the trunk (outwards, up, forwards), metres.
STRAIGHT: Vec = (0.74, 0.14, 0.42)
FLEXED: Vec = (0.10, 0.34, 0.20)
FISTS_UP: Vec = (0.24, 0.30, 0.26)
LIFTED: Vec = (0.34, 0.42, 0.42)
FLAIL: Vec = (0.42, 0.26, 0.34)
FUMBLE: Vec = (0.06, 0.10, 0.20)
WIDE_ELBOW: Vec = (1.0, -0.45, 0.25)
# Signs during which ordinary behaviour (glances, small shifts, ordinary blinks) stops.
_SEIZING = frozenset(
    ("blank_stare", "tonic", "clonic", "full_body_shaking", "head_turning", "figure4")
)  # fmt: skip


def blink_times(script: Script) -> tuple[float, ...]:
    """When ordinary single blinks begin, seconds: one in 3.5-6.5 s."""
    times, t, n = [], 1.2, 0
    while t < script.duration:
        times.append(t)
        t += 3.5 + 3.0 * hashed(script.seed, 77, n)
        n += 1
    return tuple(times)


def pose_at(script: Script, t: float) -> Pose:
    """The pose of the patient at ``t`` seconds."""
    pose = Pose()
    asleep = script.of("occur_during_sleep")
    awake = 1.0 if asleep is None else ease((t - asleep.end + 0.6) / 0.6)
    calm = 1.0 - max(
        (envelope(t, s.start, s.end) for s in script.signs if s.feature in _SEIZING), default=0.0
    )
    _breathe(pose, t, deep=1 - awake)
    _idle(pose, script, t, awake * calm)
    _sleep(pose, script, 1 - awake)
    for act in script.acts:
        _ACTS[act.kind](pose, envelope(t, act.start, act.end, 0.9, 0.9), act.side, t)
    for sign in script.signs:
        if sign.start <= t < sign.end and sign.feature in _SIGNS:
            _SIGNS[sign.feature](pose, sign, t, script)
    _voice(pose, script, t)
    return pose


# ---- ordinary behaviour ---------------------------------------------------------------------


def _breathe(pose: Pose, t: float, deep: float) -> None:
    rate = 0.24 - 0.05 * deep
    pose.chest = (0.5 + 0.3 * deep) * math.sin(TAU * rate * t)


def _idle(pose: Pose, script: Script, t: float, much: float) -> None:
    seed = script.seed
    pose.yaw += much * 0.10 * fidget(t, seed + 1, 0.3)
    pose.pitch += much * 0.05 * fidget(t, seed + 2, 0.3)
    pose.roll += much * 0.05 * fidget(t, seed + 3, 0.3)
    glance = fidget(t, seed + 4, 0.7)
    pose.face.gaze[0] += much * 0.8 * glance
    pose.face.gaze[1] += much * 0.35 * fidget(t, seed + 5, 0.7)
    for i in (0, 1):
        x, y, z = pose.hands[i]
        shift = much * 0.012
        pose.hands[i] = (
            x + shift * fidget(t, seed + 6 + i, 0.3), y + shift * fidget(t, seed + 8 + i, 0.3), z
        )  # fmt: skip
    if much > 0.5:
        for begin in blink_times(script):
            if begin <= t < begin + 0.24:
                lid = math.sin(math.pi * (t - begin) / 0.24)
                pose.face.lids = [max(v, lid) for v in pose.face.lids]


def _sleep(pose: Pose, script: Script, much: float) -> None:
    if much <= 0:
        return
    side = 1.0 if hashed(script.seed, 5) > 0.5 else -1.0
    pose.yaw += much * side * 0.22
    pose.roll += much * side * 0.16
    pose.pitch -= much * 0.05
    pose.face.lids = [max(v, much) for v in pose.face.lids]
    pose.face.mouth = max(pose.face.mouth, 0.08 * much)


def _look(pose: Pose, much: float, side: str, t: float) -> None:
    pose.yaw += much * 0.42 * _sign(side)
    pose.face.gaze[0] += much * 0.5 * _sign(side)


def _scratch(pose: Pose, much: float, side: str, t: float) -> None:
    i = _index(side)
    pose.hands[i] = between(pose.hands[i], (0.07, 0.62 + 0.015 * math.sin(t * 9), 0.20), much)


def _shift(pose: Pose, much: float, side: str, t: float) -> None:
    pose.trunk[0] += 0.035 * much * _sign(side)
    pose.roll += 0.08 * much * _sign(side)
    x, y, z = pose.feet[_index(side)]
    pose.feet[_index(side)] = (x, y + 0.12 * much, z)


_ACTS: dict[str, Callable[[Pose, float, str, float], None]] = {
    "look": _look,
    "scratch": _scratch,
    "shift": _shift,
}


# ---- signs ----------------------------------------------------------------------------------


def _sign(side: str) -> float:
    return 1.0 if side == "left" else -1.0


def _index(side: str) -> int:
    return 1 if side == "left" else 0


def _sides(sign: Sign) -> list[int]:
    return [i for i, side in enumerate(("right", "left")) if sign.moves(side)]


def _late(sign: Sign, i: int) -> float:
    """When the arm of that side starts: the left follows for lag > 0, the right for lag < 0."""
    follower = 1 if sign.lag > 0 else 0
    return sign.start + (abs(sign.lag) if i == follower else 0.0)


def _head_turning(pose: Pose, sign: Sign, t: float, script: Script) -> None:
    much = envelope(t, sign.start, sign.end, 1.6, 1.4)
    # Forced: it goes in small steps and trembles at the end of its way.
    step = 0.025 * math.sin(TAU * 4 * t) * (1 if much < 0.97 else 0.35)
    pose.yaw = pose.yaw * (1 - much) + much * _sign(sign.side) * (1.08 + step)
    pose.roll = pose.roll * (1 - much) - much * _sign(sign.side) * 0.10
    pose.pitch += 0.10 * much
    pose.face.gaze[0] = pose.face.gaze[0] * (1 - much) + much * _sign(sign.side)


def _blank_stare(pose: Pose, sign: Sign, t: float, script: Script) -> None:
    much = envelope(t, sign.start, sign.end, 0.5, 0.5)
    pose.face.gaze = [v * (1 - much) for v in pose.face.gaze]
    pose.face.lids = [v * (1 - much) - 0.12 * much for v in pose.face.lids]
    pose.face.mouth = max(pose.face.mouth, 0.10 * much)
    pose.yaw *= 1 - much
    pose.pitch *= 1 - much
    pose.roll *= 1 - much
    pose.chest *= 1 - 0.7 * much


def _close_eyes(pose: Pose, sign: Sign, t: float, script: Script) -> None:
    much = envelope(t, sign.start, sign.end, 0.35, 0.5)
    pose.face.lids = [max(v, much) for v in pose.face.lids]
    if sign.style == "squeezed":
        pose.face.squeeze = max(pose.face.squeeze, much)
        pose.face.brow -= 0.8 * much


def _eye_blinking(pose: Pose, sign: Sign, t: float, script: Script) -> None:
    much = envelope(t, sign.start, sign.end, 0.15, 0.15)
    lid = 0.5 - 0.5 * math.cos(TAU * sign.hz * (t - sign.start))
    lid = much * min(1.0, 1.35 * lid)
    pose.face.lids = [v * (1 - much) + lid for v in pose.face.lids]


def _face_pulling(pose: Pose, sign: Sign, t: float, script: Script) -> None:
    much = envelope(t, sign.start, sign.end, 0.6, 0.6)
    i = _index(sign.side)
    pose.face.pull[i] = max(pose.face.pull[i], much)
    pose.face.lids[i] = max(pose.face.lids[i], 0.45 * much)


def _face_twitching(pose: Pose, sign: Sign, t: float, script: Script) -> None:
    much = envelope(t, sign.start, sign.end, 0.2, 0.2)
    i = _index(sign.side)
    twitch = jerk(sign.hz * (t - sign.start)) * much
    pose.face.pull[i] = max(pose.face.pull[i], 0.75 * twitch)
    pose.face.lids[i] = max(pose.face.lids[i], 0.25 * twitch)


def _tonic(pose: Pose, sign: Sign, t: float, script: Script) -> None:
    much = envelope(t, sign.start, sign.end, 0.5, 1.2)
    tremor = 0.0035 * math.sin(TAU * 9 * t) * much
    pose.pitch += 0.20 * much
    pose.trunk[1] += 0.045 * much + tremor
    pose.trunk[2] -= 0.05 * much
    pose.face.brow -= 0.7 * much
    pose.face.pucker -= 0.6 * much
    pose.face.mouth = max(pose.face.mouth, 0.22 * much)
    for i in (0, 1):
        pose.fists[i] = max(pose.fists[i], much)
        x, y, z = pose.hands[i]
        pose.hands[i] = (x + tremor, y + 0.03 * much, z + 0.03 * much - tremor)
        out, forth, rise = pose.feet[i]
        pose.feet[i] = (out + 0.02 * much, forth - 0.03 * much, rise + 0.13 * much + tremor)


def _clonic(pose: Pose, sign: Sign, t: float, script: Script) -> None:
    for i in _sides(sign):
        start = _late(sign, i)
        much = envelope(t, start, sign.end, 0.5, 0.5)
        pull = jerk(sign.hz * (t - sign.start)) * sign.amount
        base: Vec = (0.27, 0.13, 0.24)
        jerked: Vec = (0.23, 0.33, 0.32)
        pose.hands[i] = between(pose.hands[i], between(base, jerked, pull), much)
        pose.fists[i] = max(pose.fists[i], much)
        if "leg" in sign.parts:
            out, forth, rise = pose.feet[i]
            pose.feet[i] = (out, forth + much * (0.05 + 0.09 * pull), rise + 0.02 * much * pull)
        pose.head[0] += 0.006 * much * pull * (1 if i else -1)


def _arm(target: Vec, fist: float) -> Callable[[Pose, Sign, float, Script], None]:
    def posture(pose: Pose, sign: Sign, t: float, script: Script) -> None:
        for i in _sides(sign):
            much = envelope(t, _late(sign, i), sign.end, 0.9, 1.1)
            tremor = 0.004 * math.sin(TAU * 8 * t + i)
            x, y, z = target
            goal = (x, y + tremor, z + tremor)
            pose.hands[i] = between(pose.hands[i], goal, much)
            pose.elbows[i] = between(pose.elbows[i], WIDE_ELBOW, much)
            pose.fists[i] += (fist - pose.fists[i]) * much

    return posture


def _oral(pose: Pose, sign: Sign, t: float, script: Script) -> None:
    much = envelope(t, sign.start, sign.end, 0.3, 0.3)
    wave = 0.5 - 0.5 * math.cos(TAU * sign.hz * (t - sign.start))
    face = pose.face
    if sign.style == "chewing":
        face.mouth = max(face.mouth, much * (0.05 + 0.40 * wave))
        face.jaw += much * 0.8 * math.sin(TAU * sign.hz * (t - sign.start))
    else:
        face.mouth = max(face.mouth, much * 0.75 * max(0.0, wave - 0.25))
        face.pucker += much * (1.0 - 1.8 * wave)


def _limb_automatisms(pose: Pose, sign: Sign, t: float, script: Script) -> None:
    for i in _sides(sign):
        much = envelope(t, sign.start, sign.end, 0.7, 0.7)
        a = TAU * sign.hz * (t - sign.start)
        x, y, z = FUMBLE
        if sign.style == "patting":
            goal = (x + 0.08, y + 0.02, z + 0.055 * (1 - math.cos(a)))
        elif sign.style == "rubbing":
            goal = (x + 0.02, y + 0.11 * math.sin(a), z)
        else:
            goal = (x + 0.05 * math.cos(a), y + 0.045 * math.sin(a), z + 0.02 * math.sin(2 * a))
        pose.hands[i] = between(pose.hands[i], goal, much)
        pose.fists[i] += much * (0.35 + 0.3 * math.sin(a) - pose.fists[i])


# Frequencies of (right arm, left arm, right leg, left leg) relative to the sign's: no two alike.
_RATIOS = (1.0, 1.47, 0.71, 1.23)


def _asynchronous(pose: Pose, sign: Sign, t: float, script: Script) -> None:
    for i in (0, 1):
        much = envelope(t, _late(sign, i), sign.end, 0.5, 0.8) * sign.amount
        a = TAU * sign.hz * _RATIOS[i] * (t - sign.start) + 1.3 * wander(t, script.seed + 20 + i, 1)
        size = 0.085 * (1 + 0.55 * wander(t, script.seed + 30 + i, 0.8))
        x, y, z = FLAIL
        goal = (x + size * math.sin(a), y + size * math.cos(a), z + 0.6 * size * math.sin(a + 1))
        pose.hands[i] = between(pose.hands[i], goal, much)
        b = TAU * sign.hz * _RATIOS[2 + i] * (t - sign.start)
        kick = (0.5 + 0.5 * math.sin(b)) * (1 + 0.4 * wander(t, script.seed + 40 + i, 0.7))
        out, forth, rise = pose.feet[i]
        pose.feet[i] = (out + 0.03 * much * math.sin(b), forth + 0.17 * much * kick, rise)
    much = envelope(t, sign.start, sign.end, 0.8, 0.8)
    pose.yaw += much * 0.20 * math.sin(TAU * 0.55 * sign.hz * (t - sign.start))


def _pelvic(pose: Pose, sign: Sign, t: float, script: Script) -> None:
    much = envelope(t, sign.start, sign.end, 0.6, 0.6)
    thrust = 0.5 - 0.5 * math.cos(TAU * sign.hz * (t - sign.start))
    pose.hips[2] += much * 0.19 * thrust
    pose.hips[1] -= much * 0.11 * thrust
    for i in (0, 1):
        out, forth, rise = pose.feet[i]
        pose.feet[i] = (out + 0.05 * much, forth + 0.36 * much, rise)
    # The shoulders stay on the bed: the trunk pivots about them.
    pose.trunk[2] -= 0.44 * much * thrust
    pose.pitch -= 0.34 * much * thrust


def _full_body(pose: Pose, sign: Sign, t: float, script: Script) -> None:
    s = script.seed
    much = envelope(t, sign.start, sign.end, 0.6, 0.9) * sign.amount
    # Waxing and waning, the phase wanders: shaking, not clonic jerks.
    swell = 0.8 + 0.35 * wander(t, s + 50, 0.9)
    a = TAU * sign.hz * (t - sign.start) + 1.1 * wander(t, s + 51, 1.5)
    pose.trunk[0] += 0.020 * much * swell * math.sin(a)
    pose.trunk[1] += 0.012 * much * swell * math.sin(a + 1.0)
    pose.hips[0] += 0.014 * much * swell * math.sin(a + 0.6)
    pose.head[0] += 0.012 * much * swell * math.sin(a + 0.9)
    pose.yaw += 0.10 * much * swell * math.sin(a + 2.0)
    for i, side in enumerate((-1.0, 1.0)):
        arm = envelope(t, _late(sign, i), sign.end, 0.5, 0.8) * sign.amount
        shake = 0.055 * swell * math.sin(a + 0.9 * i)
        base: Vec = (0.30, 0.18, 0.26)
        goal = (base[0] + shake * side, base[1] + shake, base[2] - 0.7 * shake)
        pose.hands[i] = between(pose.hands[i], goal, arm)
        pose.fists[i] = max(pose.fists[i], 0.7 * arm)
        out, forth, rise = pose.feet[i]
        leg = much * swell * math.sin(a + 1.7 * i)
        pose.feet[i] = (out + 0.02 * leg, forth + 0.05 * much + 0.05 * leg, rise + 0.015 * much)


def _together(pose: Pose, sign: Sign, t: float, script: Script) -> None:
    # Both arms leave at the same moment, rise, hold, fall; again until the sign ends.
    count = max(1, round((sign.end - sign.start) / 4.5))
    length = (sign.end - sign.start) / count
    turn = min(count - 1, int((t - sign.start) / length))
    begin = sign.start + turn * length
    much = envelope(t, begin, begin + 0.86 * length, 0.9, 1.1)
    for i in (0, 1):
        pose.hands[i] = between(pose.hands[i], LIFTED, much)
        pose.elbows[i] = between(pose.elbows[i], WIDE_ELBOW, much)


def _voice(pose: Pose, script: Script, t: float) -> None:
    for line in script.lines:
        if line.who != "patient" or not line.start <= t < line.end:
            continue
        much = envelope(t, line.start, line.end, 0.12, 0.2)
        if line.kind == "groan":
            pose.face.mouth = max(pose.face.mouth, 0.55 * much)
        else:
            rate = line.syllables / (line.end - line.start)
            beat = 0.5 - 0.5 * math.cos(TAU * rate * (t - line.start))
            pose.face.mouth = max(pose.face.mouth, 0.42 * beat * much)


_SIGNS: dict[str, Callable[[Pose, Sign, float, Script], None]] = {
    "head_turning": _head_turning,
    "blank_stare": _blank_stare,
    "close_eyes": _close_eyes,
    "eye_blinking": _eye_blinking,
    "face_pulling": _face_pulling,
    "face_twitching": _face_twitching,
    "tonic": _tonic,
    "clonic": _clonic,
    "arm_straightening": _arm(STRAIGHT, 0.75),
    "arm_flexion": _arm(FLEXED, 1.0),
    "oral_automatisms": _oral,
    "limb_automatisms": _limb_automatisms,
    "asynchronous_movement": _asynchronous,
    "pelvic_thrusting": _pelvic,
    "full_body_shaking": _full_body,
    "arms_move_simultaneously": _together,
}
