"""The options of the generic model."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from s3eval.hf.options import Options


class HfOptions(Options):
    """Options of `hf`; those of every transformers model, and three more.

    Attributes:
        frames: how frames are given: as one video, as images with their times as text, or the
            first of these that the processor and the chat template take ("auto").
        sound: False leaves the sound out.
        trust_remote_code: whether Python files that lie beside the weights may run.
        min_pixels: a frame is never reduced below this to fit the token budget; frames are never
            enlarged.
    """

    frames: Literal["auto", "video", "images"] = "auto"
    sound: bool = True
    trust_remote_code: bool = False
    min_pixels: int = Field(0, ge=0)
