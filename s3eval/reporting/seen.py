"""What a model saw: exactly the frames and sound it is handed for a clip."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from s3eval.facts.footage import SOUND_RATE, Footage
from s3eval.footage.writing import wav_of
from s3eval.reporting.pages import INK, PALE, PAPER, font

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["sheet_of", "write_wav"]

LINE = (53, 80, 122)
MARGIN, STRIP = 8, 90


def sheet_of(
    footage: Footage,
    title: str,
    caption: Callable[[float], str] = lambda time: "",
    width: int = 200,
    columns: int = 6,
) -> Any:
    """One page with every frame of a clip, each under its time, and the sound as a waveform.

    Args:
        footage: as a model gets it; frames are shown reduced, their true size is in the title.
        caption: further words under a frame shown at a time (seconds of the video).
        width: pixels of a frame on the page.

    Returns:
        a Pillow image.
    """
    from PIL import Image, ImageDraw

    count = len(footage.times)
    shape = footage.frames.shape
    height = round(width * shape[1] / shape[2]) if count else 0
    rows = -(-count // columns)
    cell = height + 34
    across = columns * (width + MARGIN) + MARGIN
    page = Image.new("RGB", (across, 64 + rows * cell + STRIP + MARGIN), PAPER)
    pen = ImageDraw.Draw(page)
    pen.text((MARGIN, 8), title, INK, font=font(17))
    pen.text((MARGIN, 34), _facts(footage), PALE, font=font(13))
    for n in range(count):
        x, y = MARGIN + (n % columns) * (width + MARGIN), 64 + (n // columns) * cell
        picture = Image.fromarray(footage.frames[n])
        page.paste(picture.resize((width, height), Image.Resampling.LANCZOS), (x, y))
        time = float(footage.times[n])
        pen.text((x, y + height + 2), f"{time:.2f} s", INK, font=font(12))
        pen.text((x, y + height + 16), caption(time)[: width // 6], PALE, font=font(11))
    _draw_sound(pen, footage, 64 + rows * cell, across)
    return page


def _facts(footage: Footage) -> str:
    clip, n = footage.clip, len(footage.times)
    parts = [f"{clip.start:g} to {clip.end:g} s of {footage.duration:.1f} s"]
    if n:
        _, height, width, _ = footage.frames.shape
        parts.append(f"{n} frames of {width}x{height}, {footage.fps:.2f} a second")
    else:
        parts.append("no frames")
    if footage.sound is None:
        parts.append("no sound")
    else:
        parts.append(f"{len(footage.sound) / SOUND_RATE:.1f} s of sound, 16 kHz mono")
    return " · ".join(parts)


def _draw_sound(pen: Any, footage: Footage, top: int, across: int) -> None:
    middle = top + STRIP // 2
    if footage.sound is None or not len(footage.sound):
        pen.text((MARGIN, middle - 8), "no sound", PALE, font=font(13))
        return
    columns = across - 2 * MARGIN
    for x, (low, high) in enumerate(_envelope(footage.sound, columns)):
        reach = STRIP // 2 - 4
        pen.line(
            [(MARGIN + x, middle - high * reach), (MARGIN + x, middle - low * reach + 1)], LINE
        )


def _envelope(sound: NDArray[np.float32], columns: int) -> NDArray[np.float64]:
    """Lowest and highest sample under each pixel column, shape (columns, 2), scaled to [-1, 1]."""
    edges = np.linspace(0, len(sound), columns + 1).astype(int)
    parts = [sound[a : max(b, a + 1)] for a, b in pairwise(edges)]
    envelope = np.array([(p.min(), p.max()) if len(p) else (0.0, 0.0) for p in parts], float)
    loudest = float(np.abs(envelope).max())
    return envelope / loudest if loudest > 0 else envelope


def write_wav(footage: Footage, path: Path) -> bool:
    """Write the clip's sound as a 16-bit WAV; False (and no file) when there is none."""
    if footage.sound is None:
        return False
    path.write_bytes(wav_of(footage.sound))
    return True
