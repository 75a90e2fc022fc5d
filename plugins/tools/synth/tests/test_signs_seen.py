"""Each seen sign, measured in rendered pixels.

Nothing here knows the pose or the annotation: regions are found by colour, sides by which half
of the picture moves (camera at the foot: the patient's left is the picture's right), rhythms by
the spectrum of what is seen.
"""

from __future__ import annotations

import dataclasses

import cv2
import numpy as np
import pytest
from s3eval_synth.generate import single_sign
from s3eval_synth.renderer import render_frames
from s3eval_synth.script import Act, Script, Setting

FPS = 25
SMALL, LARGE = (320, 240), (960, 720)


def frames_of(
    script: Script, start: float, seconds: float, size=SMALL, fps: float = FPS
) -> np.ndarray:
    times = start + np.arange(round(seconds * fps)) / fps
    return render_frames(script, times, size).astype(np.float32)


def grey(frames: np.ndarray) -> np.ndarray:
    return frames.mean(axis=-1)


def halves(frames: np.ndarray) -> tuple[float, float]:
    """Motion energy of the picture's left and right half."""
    motion = np.abs(np.diff(grey(frames), axis=0)).mean(axis=0)
    middle = motion.shape[1] // 2
    return float(motion[:, :middle].sum()), float(motion[:, middle:].sum())


def rhythm(signal: np.ndarray, fps: float = FPS, low: float = 0.5) -> float:
    """The strongest frequency of a signal, Hz."""
    wave = (signal - signal.mean()) * np.hanning(len(signal))
    power = np.abs(np.fft.rfft(wave, 8 * len(wave))) ** 2
    hz = np.fft.rfftfreq(8 * len(wave), 1 / fps)
    power[hz < low] = 0
    return float(hz[power.argmax()])


def beat(pictures: np.ndarray) -> np.ndarray:
    """How the moving pixels go together: the first principal component over time."""
    flat = pictures.reshape(len(pictures), -1)
    # What drifts over seconds (breathing, an idle head) is not a beat.
    window = np.ones((min(len(flat), 31), 1)) / min(len(flat), 31)
    flat = flat - cv2.filter2D(flat, -1, window, borderType=cv2.BORDER_REFLECT)
    moving = flat[:, flat.std(axis=0) > 3]
    assert moving.shape[1] > 20, "nothing moves here"
    values, vectors = np.linalg.eigh(moving @ moving.T)
    return vectors[:, values.argmax()]


def is_skin(frames: np.ndarray) -> np.ndarray:
    r, g, b = frames[..., 0], frames[..., 1], frames[..., 2]
    return (r > 95) & (r - b > 0.22 * r) & (r - g > 0.09 * r) & (r - g < 0.42 * r)


def face_of(frame: np.ndarray) -> tuple[slice, slice]:
    """Where the face is: the largest patch of skin in the upper middle of the picture."""
    height, width = frame.shape[:2]
    skin = is_skin(frame)
    skin[round(0.34 * height) :] = False
    skin[:, : round(0.33 * width)] = skin[:, round(0.67 * width) :] = False
    count, _, stats, _ = cv2.connectedComponentsWithStats(skin.astype(np.uint8))
    assert count > 1, "no face"
    x, y, w, h, _ = stats[1 + stats[1:, cv2.CC_STAT_AREA].argmax()]
    return slice(y, y + h), slice(x, x + w)


def eye_pixels(frames: np.ndarray) -> np.ndarray:
    """Pixels of eyeball (white or blue iris: bluer than any skin) in the face, per frame.

    Patches that reach the edge of the face's box are pillow, not eye.
    """
    rows, columns = face_of(frames[0])
    face = frames[:, rows, columns]
    inner = face[:, : round(0.62 * face.shape[1])]
    r, b = inner[..., 0], inner[..., 2]
    found = []
    for mask in ((b > 0.93 * r) & (b > 60)).astype(np.uint8):
        _, labels = cv2.connectedComponents(mask)
        edge = {*labels[0], *labels[-1], *labels[:, 0], *labels[:, -1]}
        found.append((mask & ~np.isin(labels, [*edge])).sum())
    return np.array(found, float)


def mouth_pixels(frames: np.ndarray) -> np.ndarray:
    """Dark pixels of an open mouth in the lower half of the face, per frame."""
    rows, columns = face_of(frames[0])
    face = frames[:, rows, columns]
    lower = face[:, round(0.42 * face.shape[1]) : round(0.8 * face.shape[1])]
    dark = (lower[..., 1] < 60) & (lower[..., 0] < 130)
    return dark.sum(axis=(1, 2)).astype(float)


def mouth_tilt(frames: np.ndarray) -> np.ndarray:
    """The slope of the lips, per frame: + when the corner on the picture's right is higher."""
    rows, columns = face_of(frames[0])
    face = frames[:, rows, columns]
    lower = face[:, round(0.42 * face.shape[1]) : round(0.8 * face.shape[1])]
    r, g = lower[..., 0], lower[..., 1]
    slopes = []
    for red in (g < 0.66 * r) & (r > 60):
        y, x = np.nonzero(red)
        slopes.append(-np.polyfit(x, y, 1)[0])
    return np.array(slopes)


def test_sleep_eyes_are_closed_until_waking():
    script = single_sign("occur_during_sleep", end=6.0, duration=12)
    asleep = eye_pixels(frames_of(script, 0.5, 5, LARGE, fps=2))
    awake = np.median(eye_pixels(frames_of(script, 7.0, 4, LARGE, fps=2)))
    assert awake > 60
    assert asleep.max() < 0.1 * awake


@pytest.mark.parametrize(("side", "towards"), [("left", 1), ("right", -1)])
def test_head_turns_to_the_patients_side(side, towards):
    script = single_sign("head_turning", side=side, start=3, end=11)

    def profile(start: float) -> np.ndarray:
        """Where the face's skin lies relative to the whole head with its hair, in head widths."""
        frames = frames_of(script, start, 3, LARGE, fps=2)
        top = frames[:, : round(0.27 * LARGE[1]), 330:630]
        skin = is_skin(top)
        hair = top.max(axis=-1) < 90
        x = np.arange(300)
        head = skin | hair
        skin_x = (skin * x).sum(axis=(1, 2)) / skin.sum(axis=(1, 2))
        head_x = (head * x).sum(axis=(1, 2)) / head.sum(axis=(1, 2))
        return (skin_x - head_x) / np.ptp(np.nonzero(head.any(axis=(0, 1)))[0])

    before, during = profile(0.0), profile(6.0)
    shift = during - np.median(before)
    assert (shift * towards > 0.035).all(), "turned, and held for three seconds"
    assert (np.abs(shift) > 5 * np.ptp(before)).all(), "far more than an idle head moves"


def test_blank_stare_open_eyes_fixed_irises_no_movement():
    script = single_sign("blank_stare", start=3, end=11)
    frames = frames_of(script, 4, 6, LARGE, fps=3)
    assert eye_pixels(frames).min() > 60, "eyes open"
    assert np.abs(np.diff(eye_pixels(frames))).max() <= 3, "irises fixed"
    rows, columns = face_of(frames[0])
    still = np.abs(np.diff(grey(frames)[:, rows, columns], axis=0)).mean()
    free = frames_of(single_sign(""), 4, 6, LARGE, fps=3)
    rows, columns = face_of(free[0])
    moving = np.abs(np.diff(grey(free)[:, rows, columns], axis=0)).mean()
    assert still < 0.1 * moving


@pytest.mark.parametrize("style", ["squeezed", "gentle"])
def test_closed_eyes_show_no_iris_most_of_the_video(style):
    script = single_sign("close_eyes", start=1.0, end=13.5, style=style)
    opened = np.median(eye_pixels(frames_of(script, 0.0, 0.9, LARGE, fps=8)))
    closed = eye_pixels(frames_of(script, 1.5, 11.5, LARGE, fps=1))
    assert opened > 60
    assert (closed < 0.15 * opened).mean() == 1.0


def test_blinking_rate():
    eyes = eye_pixels(frames_of(single_sign("eye_blinking", hz=2.5), 4, 4, LARGE, fps=12.5))
    assert rhythm(eyes, 12.5) == pytest.approx(2.5, abs=0.15)
    assert eyes.min() < 0.15 * eyes.max()
    rest = eye_pixels(frames_of(single_sign(""), 2, 8, LARGE, fps=5))
    assert (rest < 0.5 * np.median(rest)).mean() < 0.12, "ordinary blinks are rare"


@pytest.mark.parametrize(("side", "towards"), [("left", 1), ("right", -1)])
def test_face_pulls_to_one_side_and_stays(side, towards):
    script = single_sign("face_pulling", side=side)
    before = mouth_tilt(frames_of(script, 0.2, 2.4, LARGE, fps=3))
    during = mouth_tilt(frames_of(script, 4.5, 5, LARGE, fps=3))
    assert np.abs(before).max() < 0.12
    assert (during * towards > 0.2).all(), "that corner is drawn up, for five seconds"
    assert during.std() < 0.1, "sustained, no twitching"


@pytest.mark.parametrize(("side", "towards"), [("left", 1), ("right", -1)])
def test_face_twitches_brief_repetitive_one_side(side, towards):
    script = single_sign("face_twitching", side=side, hz=4.0)
    tilt = mouth_tilt(frames_of(script, 5, 3, LARGE))
    assert rhythm(tilt, low=1.5) == pytest.approx(4.0, abs=0.2)
    assert np.percentile(tilt * towards, 95) > 0.15, "to that side"
    assert np.percentile(tilt * towards, 15) < 0.10, "brief: it relaxes between"


def test_tonic_is_a_new_posture_held_stiff():
    script = single_sign("tonic", start=3, end=11)
    rest = grey(frames_of(script, 0.0, 2.5, fps=2)).mean(axis=0)
    onset = np.abs(np.diff(grey(frames_of(script, 2.9, 0.8)), axis=0)).mean()
    held = grey(frames_of(script, 4.0, 5.5, fps=5))
    assert np.abs(held - rest).mean() > 3.0, "another posture"
    drift = np.abs(held - held.mean(axis=0)).mean()
    assert drift < 0.25 * np.abs(held - rest).mean(), "held, for over five seconds"
    assert onset > 1.2 * np.abs(np.diff(held, axis=0)).mean(), "the onset is sudden"
    lower = slice(SMALL[1] // 2, None)
    assert np.abs(held - rest)[:, lower].mean() > 3.0, "the legs too"


@pytest.mark.parametrize("camera", ["foot", "side-left", "side-right"])
@pytest.mark.parametrize("side", ["left", "right"])
def test_clonic_jerks_have_their_rate_and_side(side, camera):
    frames = frames_of(
        single_sign("clonic", side=side, hz=3.0, camera=camera, parts=("arm",)), 5, 2.4
    )
    assert rhythm(beat(grey(frames))) == pytest.approx(3.0, abs=0.15)
    left_half, right_half = halves(frames)
    # Seen from the foot or from either side of it, the patient's left is the picture's right.
    moving, quiet = (right_half, left_half) if side == "left" else (left_half, right_half)
    assert moving > 2.5 * quiet


def _reach(frames: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """How far skin reaches to the picture's left and right of its middle, in widths, per frame."""
    skin = is_skin(frames)
    skin[:, : round(0.20 * frames.shape[1])] = False  # The headboard is wood, not skin.
    skin[:, round(0.62 * frames.shape[1]) :] = False
    width = frames.shape[2]
    columns = skin.sum(axis=1) > 1
    columns[:, : round(0.06 * width)] = columns[:, round(0.94 * width) :] = False
    left = np.array([0.5 - np.argmax(c) / width for c in columns])
    right = np.array([0.5 - np.argmax(c[::-1]) / width for c in columns])
    return left, right


@pytest.mark.parametrize("side", ["left", "right"])
def test_arm_is_held_straight(side):
    script = single_sign("arm_straightening", side=side, setting=PLAIN)
    before = _reach(frames_of(script, 0.2, 2, SMALL, fps=2))
    during = _reach(frames_of(script, 5, 4, SMALL, fps=3))
    arm, other = (1, 0) if side == "left" else (0, 1)
    assert (during[arm] - np.median(before[arm]) > 0.07).all(), "reaches out, for four seconds"
    assert np.abs(during[other] - np.median(before[other])).max() < 0.03, "the other arm rests"


# A wall that cannot be taken for skin.
PLAIN = Setting(wall=(196, 204, 210), blanket="waist")


def _lap_and_chest(frames: np.ndarray, right_half: bool) -> tuple[np.ndarray, np.ndarray]:
    """Skin in the lap (where hands rest) and at the chest, of one half of the picture."""
    height, width = frames.shape[1:3]
    skin = is_skin(frames)
    middle = width // 2
    half = skin[:, :, middle:] if right_half else skin[:, :, :middle]
    lap = half[:, round(0.50 * height) : round(0.72 * height)].sum(axis=(1, 2))
    chest = half[:, round(0.27 * height) : round(0.46 * height)].sum(axis=(1, 2))
    return lap, chest


@pytest.mark.parametrize("side", ["left", "right"])
def test_arm_is_held_flexed(side):
    script = single_sign("arm_flexion", side=side, setting=PLAIN)
    right_half = side == "left"
    lap, chest = _lap_and_chest(frames_of(script, 0.2, 2, fps=2), right_half)
    lap_held, chest_held = _lap_and_chest(frames_of(script, 5, 4, fps=3), right_half)
    assert (lap_held < 0.35 * np.median(lap)).all(), "the hand has left the lap"
    assert (chest_held > np.median(chest) + 40).all(), "forearm and fist lie at the chest"
    lap_other, _ = _lap_and_chest(frames_of(script, 5, 4, fps=3), not right_half)
    assert lap_other.min() > 40, "the other hand rests"


@pytest.mark.parametrize("side", ["left", "right"])
def test_figure4_one_arm_straight_the_other_flexed(side):
    script = single_sign("figure4", side=side, setting=PLAIN)
    before = _reach(frames_of(script, 0.2, 2, fps=2))
    frames = frames_of(script, 5, 4, fps=3)
    during = _reach(frames)
    arm = 1 if side == "left" else 0
    assert (during[arm] - np.median(before[arm]) > 0.07).all()
    lap, chest = _lap_and_chest(frames_of(script, 0.2, 2, fps=2), side == "right")
    lap_held, chest_held = _lap_and_chest(frames, side == "right")
    assert (lap_held < 0.35 * np.median(lap)).all()
    assert (chest_held > np.median(chest) + 40).all()


@pytest.mark.parametrize("style", ["chewing", "lip-smacking"])
def test_mouth_repeats_its_movement(style):
    frames = frames_of(single_sign("oral_automatisms", hz=1.6, style=style), 4, 5, LARGE, fps=12.5)
    mouth = mouth_pixels(frames)
    assert rhythm(mouth, 12.5) == pytest.approx(1.6, abs=0.15)
    assert np.percentile(mouth, 90) > mouth.min() + 40
    rest = mouth_pixels(frames_of(single_sign(""), 4, 4, LARGE, fps=3))
    assert np.ptp(rest) < 0.3 * np.ptp(mouth)


@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize("style", ["patting", "rubbing", "fumbling"])
def test_hand_repeats_its_movement(side, style):
    frames = frames_of(
        single_sign("limb_automatisms", side=side, hz=1.2, style=style), 4.5, 5, fps=12.5
    )
    assert rhythm(beat(grey(frames)), 12.5) == pytest.approx(1.2, abs=0.1)
    left_half, right_half = halves(frames)
    moving, quiet = (right_half, left_half) if side == "left" else (left_half, right_half)
    assert moving > 1.5 * quiet
    motion = np.abs(np.diff(grey(frames), axis=0)).mean(axis=0)
    assert (motion > 0.3 * motion.max()).mean() < 0.04, "a hand, not the body"


def test_limbs_shake_out_of_step():
    frames = grey(
        frames_of(single_sign("asynchronous_movement", hz=1.6, blanket="off"), 4, 6, fps=12.5)
    )
    band = slice(round(0.2 * SMALL[1]), round(0.62 * SMALL[1]))
    middle = SMALL[0] // 2
    right_arm = rhythm(beat(frames[:, band, : middle - 45]), 12.5)
    left_arm = rhythm(beat(frames[:, band, middle + 45 :]), 12.5)
    assert abs(left_arm - right_arm) > 0.3
    legs = frames[:, round(0.68 * SMALL[1]) :]
    assert np.abs(np.diff(legs, axis=0)).mean() > 1.0


@pytest.mark.parametrize("camera", ["foot", "side-left"])
def test_hips_go_back_and_forth(camera):
    frames = frames_of(single_sign("pelvic_thrusting", hz=1.1, camera=camera), 4, 6, fps=12.5)
    pictures = grey(frames)
    assert rhythm(beat(pictures), 12.5) == pytest.approx(1.1, abs=0.1)
    motion = np.abs(np.diff(pictures, axis=0)).mean(axis=0)
    height = motion.shape[0]
    hips = motion[round(0.45 * height) : round(0.80 * height)].mean()
    head = motion[: round(0.22 * height)].mean()
    assert hips > 2 * head


def test_everything_shakes_at_once():
    frames = grey(frames_of(single_sign("full_body_shaking", hz=4.5, blanket="off"), 5, 3))
    assert rhythm(beat(frames)) == pytest.approx(4.5, abs=0.9)
    quiet = grey(frames_of(single_sign("", blanket="off"), 5, 1.5))
    h, w = SMALL[1], SMALL[0]
    regions = {
        "head": (slice(0, round(0.22 * h)), slice(w // 3, 2 * w // 3)),
        "trunk": (slice(round(0.3 * h), round(0.5 * h)), slice(round(0.42 * w), round(0.58 * w))),
        "right arm": (slice(round(0.3 * h), round(0.62 * h)), slice(round(0.2 * w), w // 3)),
        "left arm": (slice(round(0.3 * h), round(0.62 * h)), slice(2 * w // 3, round(0.8 * w))),
        "legs": (slice(round(0.70 * h), None), slice(w // 4, 3 * w // 4)),
    }
    for name, (rows, columns) in regions.items():
        shaking = np.abs(np.diff(frames[:, rows, columns], axis=0)).mean()
        resting = np.abs(np.diff(quiet[:, rows, columns], axis=0)).mean()
        assert shaking > 4 * resting + 0.5, name


def _onset(frames: np.ndarray) -> float:
    """Seconds into the frames when motion first exceeds a tenth of its greatest."""
    motion = np.abs(np.diff(frames, axis=0)).mean(axis=(1, 2))
    motion = np.convolve(motion, np.ones(3) / 3, "same")
    return float(np.argmax(motion > 0.15 * motion.max()) / FPS)


def test_arms_start_together_and_otherwise_do_not():
    middle = SMALL[0] // 2
    frames = grey(frames_of(single_sign("arms_move_simultaneously", start=3, end=7), 2, 3))
    assert abs(_onset(frames[:, 40:, :middle]) - _onset(frames[:, 40:, middle:])) < 0.15
    clonic = single_sign("clonic", side="both", hz=2.5, start=3, end=9, parts=("arm",))
    clonic = dataclasses.replace(clonic, signs=(dataclasses.replace(clonic.signs[0], lag=1.8),))
    frames = grey(frames_of(clonic, 2, 5))
    # A positive lag: the left arm (the picture's right) follows.
    late = _onset(frames[:, 40:, middle:]) - _onset(frames[:, 40:, :middle])
    assert late == pytest.approx(1.8, abs=0.35)


def test_ordinary_behaviour_is_no_sign():
    script = dataclasses.replace(
        single_sign(""), acts=(Act("look", 2, 6, "left"), Act("shift", 7, 10))
    )
    frames = grey(frames_of(script, 1, 9, fps=10))
    motion = np.abs(np.diff(frames, axis=0)).mean(axis=(1, 2))
    jerking = frames_of(single_sign("clonic", side="left", hz=3, parts=("arm",)), 5, 2, fps=10)
    assert np.median(motion) < 0.2 * np.median(np.abs(np.diff(grey(jerking), axis=0)).mean((1, 2)))


def test_night_is_grey_and_still_shows_the_sign():
    night = Setting(lights=((0.0, "off"),), blanket="waist")
    script = single_sign("clonic", side="left", hz=3.0, setting=night, parts=("arm",))
    frames = frames_of(script, 5, 2.4)
    assert np.ptp(frames, axis=-1).max() == 0, "infrared has no colour"
    assert rhythm(beat(grey(frames))) == pytest.approx(3.0, abs=0.15)


def test_television_flickers_everywhere_alike():
    plain = single_sign("", setting=Setting())
    tv = single_sign("", setting=Setting(tv=True))
    corner = grey(frames_of(tv, 1, 2))[:, -40:, :40].mean(axis=(1, 2))
    assert (
        corner.std() > 3 * grey(frames_of(plain, 1, 2))[:, -40:, :40].mean(axis=(1, 2)).std() + 0.3
    )
