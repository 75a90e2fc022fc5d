"""What a checkpoint perceives, and how it takes a clip: found out with its own processor."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from s3eval.hf.media import Media
from s3eval.hf.sharing import small_clip
from s3eval.hf.source import first_line
from s3eval_model_hf.clips import ClipFormat
from s3eval_model_hf.template import QuestionTemplate, renders

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

    from s3eval import Footage
    from s3eval_model_hf.options import HfOptions

__all__ = ["cut_sound", "find_format", "prompt_tokens", "special_tokens"]


def special_tokens(processor: Any, text: str) -> Mapping[str, bool]:
    """Whether the tokenizer may add its own: not where the template wrote the first of them."""
    begin = getattr(processor.tokenizer, "bos_token", None)
    return {"add_special_tokens": False} if begin and text.startswith(begin) else {}


def prompt_tokens(processor: Any, text: str, media: Media) -> list[int]:
    """The tokens of a prompt as the processor writes it out."""
    # As tensors: some processors read their own results as such.
    made = processor(
        text=[text], return_tensors="pt", **special_tokens(processor, text), **media.processor
    )
    tokens: list[int] = made["input_ids"][0].tolist()
    return tokens


def find_format(
    processor: Any, config: Any, options: HfOptions
) -> tuple[ClipFormat, tuple[str, ...]]:
    """How a checkpoint takes clips.

    A part of the processor counts when the chat template has a place for what it makes, and when
    it makes something of a small clip.

    Args:
        processor: the checkpoint's. config: its configuration.
        options: ``frames`` and ``sound`` are the user's.

    Returns:
        the format, and why a part is not used, a line each.
    """
    reasons: list[str] = []
    frames = _frames_format(processor, options, reasons)
    sound = options.sound and _hears(processor, config, reasons)
    return ClipFormat(frames.frames, sound, frames.times_as_text), tuple(reasons)


def _frames_format(processor: Any, options: HfOptions, reasons: list[str]) -> ClipFormat:
    kinds: tuple[tuple[Literal["video", "images"], str, str], ...] = (
        ("video", "video_processor", "video"),
        ("images", "image_processor", "image"),
    )
    for kind, part, written in kinds:
        if options.frames not in ("auto", kind) or getattr(processor, part, None) is None:
            continue
        if not renders(processor, written):
            reasons.append(f"the chat template has no place for {kind}")
            continue
        form = ClipFormat(kind)
        try:
            # Only what can be shown to depend on times is relied on to tell them.
            if kind == "images":
                return ClipFormat(kind, False, _times_of_images(processor))
            return ClipFormat(kind, False, "" if _tells_times(processor, form) else "list")
        except Exception as error:
            reasons.append(f"frames as {kind} are not possible ({first_line(error)})")
    return ClipFormat()


def _hears(processor: Any, config: Any, reasons: list[str]) -> bool:
    parts = (getattr(processor, p, None) for p in ("feature_extractor", "audio_processor"))
    if not any(part is not None for part in parts):
        return False
    if getattr(config, "audio_config", config) is None:
        reasons.append("this checkpoint has no encoder of sound")
        return False
    if not renders(processor, "audio"):
        reasons.append("the chat template has no place for sound")
        return False
    try:
        _prepared(processor, ClipFormat("", True), small_clip(frozenset({"hearing"})))
    except Exception as error:
        reasons.append(f"sound is not possible ({first_line(error)})")
        return False
    return True


def _prepared(processor: Any, form: ClipFormat, footage: Footage) -> dict[str, Any]:
    """All that the processor makes of a clip and a prompt."""
    media = form.media(processor, footage, footage.frames)
    text = QuestionTemplate(processor, media.content, "question").render("x")
    made = processor(
        text=[text], return_tensors="pt", **special_tokens(processor, text), **media.processor
    )
    return dict(made)


def _tells_times(processor: Any, form: ClipFormat) -> bool:
    """Whether the same frames at other times become something else."""
    from dataclasses import replace

    footage = small_clip(frozenset({"sight"}))
    # Not twice as slow: a processor may tell only the rate, or whole seconds.
    slower = replace(footage, times=footage.times * 3.0)
    return _differ(_prepared(processor, form, footage), _prepared(processor, form, slower))


def _times_of_images(processor: Any) -> Literal["each", "list"]:
    """ "each" where the template leaves texts between the images they belong to."""
    footage = small_clip(frozenset({"sight"}))
    form = ClipFormat("images", False, "each")
    _prepared(processor, form, footage)
    media = form.media(processor, footage, footage.frames)
    prompt = QuestionTemplate(processor, media.content, "question").render("question")
    after = prompt.partition("0.0 s:")[2]
    between = after.partition("1.0 s:")[0]
    return "each" if between.strip() and between != after else "list"


def _differ(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Whether two results of a processor differ in any value."""
    import torch

    for key in one.keys() | other.keys():
        a, b = one.get(key), other.get(key)
        if isinstance(a, torch.Tensor) and isinstance(b, torch.Tensor):
            if a.shape != b.shape or not torch.equal(a, b):
                return True
        elif repr(a) != repr(b):
            return True
    return False


def cut_sound(processor: Any, sound: NDArray[np.float32], rate: int) -> bool:
    """Whether the processor leaves out the end of a sound.

    It does when its last quarter of a second may be anything.

    Args:
        sound: shape (samples,). rate: samples a second.
    """
    from dataclasses import replace

    import numpy as np

    footage = small_clip(frozenset({"hearing"}))
    changed = sound.copy()
    last = changed[-rate // 4 :]
    last[:] = 0.5 * np.sin(np.arange(len(last)) * 0.3)
    form = ClipFormat("", True)
    one, other = (_prepared(processor, form, replace(footage, sound=s)) for s in (sound, changed))
    return not _differ(one, other)
