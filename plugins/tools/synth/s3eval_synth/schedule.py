"""The schedule of a video: when each sign happens, where the camera hangs, what is said.

Rules that keep the annotation true to the picture (each is tested):
- signs that use the same part of the body follow one another (`frequencies.CHANNELS`);
- where ``arms_move_simultaneously`` is absent, one arm always starts at least 1.5 s after the
  other, whatever the sign;
- the blanket and the camera are chosen after the signs, so that no sign is hidden.
"""

from __future__ import annotations

import random
from dataclasses import replace

from s3eval_synth.contents import VideoContents
from s3eval_synth.frequencies import CHANNELS, LENGTHS, ORDER
from s3eval_synth.script import Act, Line, Patient, Script, Setting, Sign

__all__ = ["lines_for", "schedule", "usual_sign"]

_BOTH_ARMS = (
    "clonic",
    "asynchronous_movement",
    "full_body_shaking",
    "arm_flexion",
    "arm_straightening",
)
_QUESTIONS = (
    ("Can you hear me?", 4), ("What is your name?", 4), ("Can you squeeze my hand?", 6),
    ("Do you know where you are?", 6),
)  # fmt: skip
_ANSWERS = (("Yes, I can.", 3), ("I am in the hospital.", 7), ("I am all right.", 4))
_WALLS = ((196, 204, 200), (206, 200, 186), (190, 198, 210), (208, 206, 204))
_BLANKETS = ((120, 160, 186), (196, 176, 140), (150, 120, 140), (206, 206, 200), (126, 160, 128))


def _round(t: float) -> float:
    return round(t, 1)


def usual_sign(
    feature: str, start: float, end: float, rng: random.Random, *, side: str = "",
    hz: float | None = None, style: str = "", lag: float = 0.0,
) -> Sign:  # fmt: skip
    """A sign with the side, rhythm and style that such a sign usually has."""
    one = side or rng.choice(("left", "right"))
    either = side or rng.choice(("left", "right", "both"))
    rhythm = {
        "eye_blinking": 2.0 + rng.random(), "face_twitching": 3.0 + rng.random(),
        "clonic": 2.0 + 1.2 * rng.random(), "oral_automatisms": 1.3 + 0.6 * rng.random(),
        "limb_automatisms": 0.9 + 0.5 * rng.random(), "pelvic_thrusting": 0.9 + 0.4 * rng.random(),
        "full_body_shaking": 4.2 + rng.random(), "asynchronous_movement": 1.3 + 0.5 * rng.random(),
    }.get(feature, 0.0)  # fmt: skip
    rhythm = round(rhythm if hz is None else hz, 2)
    sided = {
        "head_turning": one, "face_pulling": one, "face_twitching": one, "limb_automatisms": one,
        "figure4": one, "clonic": either, "arm_straightening": either, "arm_flexion": either,
        "asynchronous_movement": "both", "full_body_shaking": "both", "tonic": "both",
        "arms_move_simultaneously": "both",
    }.get(feature, "")  # fmt: skip
    styles = {
        "oral_automatisms": ("chewing", "lip-smacking"), "close_eyes": ("squeezed", "gentle"),
        "limb_automatisms": ("patting", "rubbing", "fumbling"),
    }.get(feature, ("",))  # fmt: skip
    parts = {
        "clonic": ("arm", "leg") if rng.random() < 0.4 else ("arm",), "tonic": ("trunk", "leg"),
        "asynchronous_movement": ("arm", "leg"), "full_body_shaking": ("arm", "leg", "trunk"),
        "limb_automatisms": ("arm",),
    }.get(feature, ())  # fmt: skip
    return Sign(
        feature, start, end, sided, rhythm, parts, lag if sided == "both" else 0.0, 1.0,
        style or rng.choice(styles),
    )  # fmt: skip


def schedule(video: VideoContents, index: int) -> Script:
    """The script of one video; ``index`` sets its picture size and frame rate."""
    rng = random.Random(f"s3eval plot {video.seed}")  # These words are part of what a seed means.
    signs = [_perhaps_brief(s, video.seed) for s in _timed_signs(video, rng)]
    begin = min((s.start for s in signs), default=0.0)
    lead = rng.uniform(5, 9)
    signs = [_shifted(s, lead - begin) for s in signs]
    over = max((s.end for s in signs), default=lead + 4)
    lines, staff_at = _conversation(video, signs, lead, over, rng)
    end = max([over, *(line.end for line in lines)])
    quiet = rng.uniform(5, 9) + (rng.uniform(35, 55) if index % 12 == 7 else 0.0)
    duration = min(150.0, max(30.0, float(int(end + quiet))))
    signs += _eyes_and_sleep(video, signs, lead, duration, rng)
    seizing = [s for s in signs if s.feature not in ("occur_during_sleep", "close_eyes")]
    lines += [
        line for s in signs for line in lines_for(s.feature, s.start, s.end, video.patient, "", rng)
    ]
    if video.verbal == "yes":
        talk = [line for line in lines if line.kind in ("ask", "answer")]
        signs.append(Sign("verbal_responsiveness", talk[0].start, max(line.end for line in talk)))
    wide = index % 3 == 2
    setting = _setting(video, signs, staff_at, duration, rng)
    start = min((s.start for s in seizing), default=lead)
    return Script(
        video.name, video.patient, setting, duration,
        tuple(sorted(signs, key=lambda s: (s.start, s.feature))),
        _acts(video, start, over, duration, setting.covered, rng),
        tuple(sorted(lines, key=lambda x: x.start)),
        1280 if wide else 640, 720 if wide else 480, 30 if index % 2 else 25, video.seed,
        video.diagnosis, _round(start), _round(over),
    )  # fmt: skip


def _shifted(sign: Sign, by: float) -> Sign:
    return replace(sign, start=_round(sign.start + by), end=_round(sign.end + by))


def _perhaps_brief(sign: Sign, seed: int) -> Sign:
    """One clonic sign in four is brief (a few jerks), the others are sustained."""
    if sign.feature != "clonic" or random.Random(f"s3eval brief {seed}").random() >= 0.25:
        return sign
    return replace(sign, end=_round(sign.start + abs(sign.lag) + 3.5))


def _timed_signs(video: VideoContents, rng: random.Random) -> list[Sign]:
    """The timed signs, from 0, channel by channel."""
    timed = [f for f in ORDER if f in video.features]
    if "figure4" in video.features:
        timed = [f for f in timed if f not in ("arm_straightening", "arm_flexion", "tonic")]
        timed.append("figure4")
    rank = {f: i + rng.gauss(0, 2.2) for i, f in enumerate((*ORDER[:7], "figure4", *ORDER[7:]))}
    timed.sort(key=lambda f: rank[f])
    free: dict[str, float] = {}
    signs: list[Sign] = []
    cursor = 0.0
    for feature in timed:
        channels = CHANNELS["tonic" if feature == "figure4" else feature]
        start = max([cursor, *(free.get(c, 0.0) for c in channels)])
        start = _round(start + rng.uniform(0.6, 1.6))
        added = _signs_of(feature, start, video, rng)
        signs += added
        for channel in channels:
            free[channel] = max(s.end for s in added) + 0.4
        cursor = start + rng.uniform(0.8, 2.5)
    return signs


def _signs_of(feature: str, start: float, video: VideoContents, rng: random.Random) -> list[Sign]:
    together = "arms_move_simultaneously" in video.features
    lag = rng.choice((-1, 1)) * rng.uniform(1.6, 2.4)
    if feature == "figure4":
        return _figure4(start, lag, rng)
    end = _round(start + rng.uniform(*LENGTHS[feature]))
    sign = usual_sign(feature, start, end, rng)
    if feature in _BOTH_ARMS and sign.side == "both" and not together:
        sign = replace(sign, lag=round(lag, 1), end=_round(end + 2))
    return [sign]


def _figure4(start: float, lag: float, rng: random.Random) -> list[Sign]:
    """One arm stretches, the other bends (one after the other), the body stiffens."""
    side = rng.choice(("left", "right"))
    other = "right" if side == "left" else "left"
    late = _round(start + abs(lag))
    end = _round(late + rng.uniform(7, 11))
    straight, bent = (start, late) if lag > 0 else (late, start)
    return [
        Sign("arm_straightening", straight, end, side),
        Sign("arm_flexion", bent, end, other),
        Sign("figure4", late, end, side),
        Sign("tonic", _round(late + 0.5), end, "both", 0.0, ("trunk", "leg")),
    ]


def _eyes_and_sleep(
    video: VideoContents, signs: list[Sign], lead: float, duration: float, rng: random.Random
) -> list[Sign]:
    made = []
    asleep = "occur_during_sleep" in video.features
    if asleep:
        made.append(Sign("occur_during_sleep", 0.0, _round(max(3.0, lead - rng.uniform(0.3, 1.2)))))
    if "close_eyes" in video.features:
        begin = 0.0 if asleep else _round(rng.uniform(0.5, 0.10 * duration))
        close = _round(duration - rng.uniform(0.5, 0.08 * duration))
        made.append(usual_sign("close_eyes", begin, close, rng))
    return made


def lines_for(
    feature: str, start: float, end: float, patient: Patient, verbal: str, rng: random.Random
) -> tuple[Line, ...]:
    """What is heard with a sign: groans that fill it; for ``verbal`` a question and answer."""
    lines: list[Line] = []
    if feature == "ictal_vocalization":
        t = start
        while t < end - 0.6 or not lines:
            length = min(rng.uniform(1.1, 1.9), end - t)
            lines.append(Line("patient", "groan", _round(t), _round(t + length), 1, "groan"))
            t += length + rng.uniform(0.5, 0.9)
        last = lines[-1]
        lines[-1] = replace(last, end=end)
    if feature == "verbal_responsiveness" and verbal:
        lines += _exchange(start, verbal, rng)
    return tuple(lines)


def _exchange(t: float, verbal: str, rng: random.Random) -> list[Line]:
    words, syllables = rng.choice(_QUESTIONS)
    first = Line("staff", "ask", _round(t), _round(t + 0.24 * syllables + 0.3), syllables, words)
    if verbal == "yes":
        words, syllables = rng.choice(_ANSWERS)
        begin = _round(first.end + rng.uniform(0.6, 1.0))
        end = _round(begin + 0.22 * syllables + 0.3)
        return [first, Line("patient", "answer", begin, end, syllables, words)]
    words, syllables = rng.choice(_QUESTIONS)
    again = _round(first.end + rng.uniform(2.6, 3.4))
    end = _round(again + 0.24 * syllables + 0.3)
    return [first, Line("staff", "ask", again, end, syllables, words)]


def _conversation(
    video: VideoContents, signs: list[Sign], lead: float, over: float, rng: random.Random
) -> tuple[list[Line], float | None]:
    """The question (and answer) at a time when the mouth is free; when the staff come in."""
    if video.verbal == "na":
        return [], (lead + rng.uniform(3, 8)) if rng.random() < 0.15 else None
    busy = [
        (s.start - 1.0, s.end + 1.0)
        for s in signs
        if "mouth" in CHANNELS.get(s.feature, frozenset())
    ]
    t = lead + rng.uniform(2.5, 5.0)
    while t < over and any(a < t + 8.0 and t < b for a, b in busy):
        t += 0.5
    if any(a < t + 8.0 and t < b for a, b in busy):
        t = over + 2.0
    return _exchange(t, video.verbal, rng), max(0.5, t - 3.5)


def _acts(
    video: VideoContents,
    start: float,
    over: float,
    duration: float,
    covered: str,
    rng: random.Random,
) -> tuple[Act, ...]:
    """Ordinary movements before and after, which are no signs."""
    acts = []
    sides = [side for side in ("left", "right") if side != covered]
    if "occur_during_sleep" not in video.features and start > 5.0:
        t = rng.uniform(0.8, 1.6)
        acts.append(Act(rng.choice(("look", "shift")), _round(t), _round(min(start - 0.6, t + 3)),
                        rng.choice(sides)))  # fmt: skip
    quiet = duration - over
    if quiet > 5 and video.verbal == "na":
        t = over + rng.uniform(1.2, 2.0)
        kind = rng.choice(("look", "scratch", "shift"))
        acts.append(Act(kind, _round(t), _round(t + 2.8), rng.choice(sides)))
    return tuple(acts)


def _setting(
    video: VideoContents,
    signs: list[Sign],
    staff_at: float | None,
    duration: float,
    rng: random.Random,
) -> Setting:
    shown = {s.feature: s for s in signs}
    cameras = ["foot", "foot", "side-left", "side-right"]
    # The face must stay in view, on the side where it moves.
    for feature in ("head_turning", "face_pulling", "face_twitching"):
        if feature in shown:
            cameras = [c for c in cameras if c in ("foot", f"side-{shown[feature].side}")]
    camera = rng.choice(cameras)
    legs = any(s.feature == "tonic" or "leg" in s.parts for s in signs)
    if legs or "pelvic_thrusting" in shown:
        blanket = rng.choice(("off", "knees", "knees"))
    else:
        blanket = rng.choice(("waist", "waist", "chest"))
    asleep = "occur_during_sleep" in shown
    covered = ""
    if not legs and "pelvic_thrusting" not in shown:
        used = {s.side for s in signs if "arms" in CHANNELS.get(s.feature, ())}
        free = [x for x in ("left", "right") if x not in used and "both" not in used]
        if free and (blanket == "chest" or rng.random() < 0.3):
            covered, blanket = rng.choice(free), "chest"
    night = rng.random() < (0.65 if asleep else 0.10)
    lights: tuple[tuple[float, str], ...] = ((0.0, "off" if night else "on"),)
    if night and staff_at is not None:
        lights += ((_round(staff_at + 1.5), "on"),)
    elif not night and rng.random() < 0.08:
        lights += ((_round(0.7 * duration), "off"),)
    staff = None
    if staff_at is not None:
        side = rng.choice(("left", "right"))
        if camera != "foot":
            side = "right" if camera == "side-left" else "left"
        leave = min(duration + 5, staff_at + rng.uniform(14, 24))
        staff = (_round(staff_at), _round(leave), side)
    jitter = tuple(round(rng.uniform(-1, 1), 2) for _ in range(3))
    return Setting(
        camera, (jitter[0], jitter[1], jitter[2]), blanket, covered, staff, lights,
        rng.random() < 0.2, rng.choice(_WALLS), rng.choice(_BLANKETS),
    )  # fmt: skip
