"""Contact sheets: what was drawn, for people to look at."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from s3eval.errors import S3EvalError
from s3eval.facts.videos import Annotation, Dataset, Video
from s3eval.reporting.pages import INK, PALE, PAPER, font, save
from s3eval.vocabulary import FEATURES, Feature, feature

if TYPE_CHECKING:
    from s3eval_synth.script import Script

__all__ = ["active_signs", "save", "signs_overview", "video_sheet"]

Picture = NDArray[np.uint8]


def _page(width: int, height: int) -> tuple[Any, Any]:
    from PIL import Image, ImageDraw

    page = Image.new("RGB", (width, height), PAPER)
    return page, ImageDraw.Draw(page)


def _fitted(frame: Picture, width: int, height: int) -> Any:
    from PIL import Image

    return Image.fromarray(frame).resize((width, height), Image.Resampling.LANCZOS)


def active_signs(note: Annotation, time: float) -> tuple[str, ...]:
    """Labels of the signs annotated at that time, in vocabulary order."""
    return tuple(feature(name).label for name in note.signs_at(time))


# ---- the frames of one video ------------------------------------------------------------------


def video_sheet(dataset: Dataset, video: Video, frames: int = 10, width: int = 240) -> Any:
    """A labelled sheet of one video's frames, with times and the signs annotated then.

    Args:
        frames: how many, evenly spread.
        width: pixels of each.

    Returns:
        a Pillow image.

    Raises:
        S3EvalError: the video has no file.
    """
    note = dataset.annotation(video.name)
    taken = _frames(dataset.path(video), frames, video.name)
    shape = taken[0][1].shape
    height = round(width * shape[0] / shape[1])
    columns = min(5, len(taken))
    rows = -(-len(taken) // columns)
    cell = height + 46
    page, pen = _page(columns * (width + 8) + 8, rows * cell + 34)
    title = f"{video.name.split('@')[0]} · {video.diagnosis or '?'} · {shape[1]}x{shape[0]}"
    pen.text((10, 8), title, INK, font=font(16))
    for n, (time, frame) in enumerate(taken):
        x, y = 8 + (n % columns) * (width + 8), 34 + (n // columns) * cell
        page.paste(_fitted(frame, width, height), (x, y))
        pen.text((x, y + height + 2), f"{time:.1f} s", PALE, font=font(12))
        shown = active_signs(note, time)
        if n == 0 and note.presence("occur_during_sleep") == "yes":
            shown = ("asleep", *shown)
        signs = ", ".join(shown) or "-"
        for line, text in enumerate(_wrapped(signs, width - 46)):
            pen.text((x + 46, y + height + 2 + 13 * line), text, INK, font=font(12))
    return page


def _wrapped(text: str, width: int, most: int = 3) -> list[str]:
    """The text in lines no wider than ``width`` pixels, at most ``most`` of them."""
    face, lines = font(12), [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if face.getlength(longer) <= width or not lines[-1]:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines[:most]


def _frames(path: Path, count: int, name: str) -> list[tuple[float, Picture]]:
    from s3eval.footage.media import footage_errors, open_media, picture_stream

    taken: list[tuple[float, Picture]] = []
    with footage_errors(name), open_media(path, name) as box:
        stream = picture_stream(box, name)
        length = float(box.duration or 0) / 1e6
        for n in range(count):
            wanted = length * (n + 0.5) / count
            box.seek(int(wanted / stream.time_base), stream=stream)
            for frame in box.decode(stream):
                if frame.time is not None and frame.time >= wanted - 1e-6:
                    taken.append((frame.time, frame.to_ndarray(format="rgb24")))
                    break
    if not taken:
        raise S3EvalError("No frame could be read", where=name)
    return taken


# ---- an overview of the drawn signs ------------------------------------------------------------

# feature: (what to show, seconds between frames, first frame's offset from the onset)
_FACE, _HEAD, _BODY, _LEGS = "face", "head", "body", "legs"
_SHOTS: dict[str, tuple[str, float, float]] = {
    "occur_during_sleep": (_HEAD, 1.2, 1.0),
    "head_turning": (_HEAD, 0.5, -0.3),
    "blank_stare": (_FACE, 1.0, 0.8),
    "close_eyes": (_FACE, 0.2, -0.2),
    "eye_blinking": (_FACE, 0.1, 2.0),
    "face_pulling": (_FACE, 0.2, -0.1),
    "face_twitching": (_FACE, 0.06, 2.0),
    "tonic": (_LEGS, 0.22, -0.1),
    "clonic": (_BODY, 0.08, 2.0),
    "arm_straightening": (_BODY, 0.26, -0.1),
    "arm_flexion": (_BODY, 0.24, -0.1),
    "figure4": (_BODY, 0.26, -0.1),
    "oral_automatisms": (_FACE, 0.11, 2.0),
    "limb_automatisms": (_BODY, 0.17, 2.0),
    "asynchronous_movement": (_LEGS, 0.17, 2.0),
    "pelvic_thrusting": (_LEGS, 0.17, 2.0),
    "full_body_shaking": (_LEGS, 0.06, 2.0),
    "arms_move_simultaneously": (_BODY, 0.22, -0.1),
}
_SIDES = {"arm_flexion": "right"}
_CAMERAS = {"pelvic_thrusting": "side-left", "tonic": "side-right"}
# Left, top, right, bottom of the 1280 x 960 picture.
_BOXES = {
    (_HEAD, "foot"): (440, 0, 836, 300),
    (_BODY, "foot"): (180, 20, 1140, 747),
    (_LEGS, "foot"): (140, 20, 1140, 778),
    (_LEGS, "side-left"): (90, 60, 1180, 886),
    (_LEGS, "side-right"): (90, 60, 1180, 886),
}


def signs_overview(
    frames: int = 6, height: int = 112, features: Sequence[Feature] = FEATURES
) -> Any:
    """One row a feature: a few consecutive frames of a drawn patient; a spectrogram for sounds.

    Args:
        frames: pictures in a row.
        height: pixels of each.

    Returns:
        a Pillow image.
    """
    width, label = round(height * 1.32), 232
    page, pen = _page(label + frames * (width + 4) + 6, len(features) * (height + 6) + 6)
    for row, sign in enumerate(features):
        y = 6 + row * (height + 6)
        if sign.sense == "hearing":
            caption, whole = _heard_row(sign.name, frames * (width + 4) - 4, height)
            page.paste(whole, (label, y))
        else:
            caption, pictures = _seen_row(sign.name, frames, width, height)
            for n, picture in enumerate(pictures):
                page.paste(picture, (label + n * (width + 4), y))
        pen.text((10, y + 8), sign.label, INK, font=font(17))
        for line, text in enumerate(caption):
            pen.text((10, y + 34 + 16 * line), text, PALE, font=font(13))
    return page


def _seen_row(name: str, frames: int, width: int, height: int) -> tuple[list[str], list[Any]]:
    from s3eval_synth.generate import single_sign
    from s3eval_synth.renderer import render_frames

    shot, step, offset = _SHOTS[name]
    camera = _CAMERAS.get(name, "foot")
    blanket = "chest" if name == "occur_during_sleep" else None
    script = single_sign(name, side=_SIDES.get(name, "left"), camera=camera, blanket=blanket)
    sign = script.signs[0]
    times = [sign.start + offset + step * n for n in range(frames)]
    pictures = render_frames(script, times, (1280, 960))
    box = _BOXES.get((shot, camera)) or _face_box(script, width / height)
    made = [_fitted(p[box[1] : box[3], box[0] : box[2]], width, height) for p in pictures]
    caption = [f"{step:.2f} s apart"]
    if sign.hz:
        caption.append(f"{sign.hz:.1f} Hz")
    if sign.side:
        caption.append("both sides" if sign.side == "both" else f"patient's {sign.side}")
    return caption, made


def _face_box(script: Script, shape: float) -> tuple[int, int, int, int]:
    from s3eval_synth.renderer import head_box

    left, top, right, bottom = (2 * v for v in head_box(script, script.duration))
    half = round((bottom - top) * shape / 2)
    middle = (left + right) // 2
    return middle - half, top, middle + half, bottom


def _heard_row(name: str, width: int, height: int) -> tuple[list[str], Any]:
    from s3eval_synth.generate import single_sign
    from s3eval_synth.sound import RATE, sound_of

    script = single_sign(name)
    sound = sound_of(script)[int(2.0 * RATE) : int(9.0 * RATE)]
    picture = _spectrogram(sound, RATE)
    caption = ["sound, 2-9 s", "0-4 kHz"]
    talk = [line for line in script.lines if line.kind in ("ask", "answer")]
    caption += [f"{line.who} {line.kind}s {line.start:.1f} s" for line in talk]
    return caption, _fitted(picture, width, height)


def _spectrogram(sound: NDArray[np.float32], rate: int, top: float = 4000.0) -> Picture:
    """Log power, time to the right, low frequencies at the bottom: (height, width, 3)."""
    n, hop = 1024, 256
    window = np.hanning(n)
    starts = range(0, len(sound) - n, hop)
    frames = np.stack([sound[a : a + n] * window for a in starts])
    power = np.abs(np.fft.rfft(frames, axis=1)) ** 2
    power = power[:, : int(top / rate * n)].T[::-1]
    level = np.clip((10 * np.log10(power + 1e-9) + 22) / 55, 0, 1)
    return np.stack([255 * level**0.8, 245 * level**1.5, 60 + 130 * level**3], -1).astype(np.uint8)
