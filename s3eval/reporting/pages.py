"""Pages of pictures: the paper, the ink and the saving that all sheets share."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

from s3eval.errors import S3EvalError

__all__ = ["INK", "PALE", "PAPER", "check_name", "font", "save"]

SUFFIXES = (".png", ".jpg", ".jpeg")

INK, PALE, PAPER = (28, 32, 38), (110, 118, 128), (250, 250, 248)


@lru_cache(maxsize=8)
def font(size: int) -> Any:
    """Pillow's own typeface at that size in pixels."""
    from PIL import ImageFont

    return ImageFont.load_default(size)


def check_name(path: Path) -> None:
    """Refuse a file whose name does not end as that of a picture that can be written.

    Raises:
        S3EvalError: it ends otherwise.
    """
    if path.suffix.lower() not in SUFFIXES:
        what = "Expected a .png or .jpg file"
        raise S3EvalError(what, where=path, fix=path.with_suffix(".png").name)


def save(page: Any, path: Path) -> Path:
    """Write a page as PNG or JPEG, by its suffix.

    Raises:
        S3EvalError: another suffix.
    """
    check_name(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    quality = {} if path.suffix.lower() == ".png" else {"quality": 76}
    page.save(path, optimize=True, **quality)
    return path
