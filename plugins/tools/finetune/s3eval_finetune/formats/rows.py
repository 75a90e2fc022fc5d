"""A sample as a row of an engine's training file."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from s3eval_finetune.samples.sample import Sample

__all__ = ["FORMATS", "Format", "Media", "Sound"]

Sound = Literal["in-video", "separate"]


@dataclass(frozen=True)
class Media:
    """The files of a sample, absolute paths.

    Attributes:
        video: the clip; None for engines that take images.
        audio: its sound as a file of its own, where asked for.
        frames: pictures of it, and ``times`` when they show, in seconds of the clip.
    """

    video: Path | None = None
    audio: Path | None = None
    frames: Sequence[Path] = ()
    times: Sequence[float] = ()


@dataclass(frozen=True)
class Format:
    """An engine's form of training data.

    Attributes:
        name: as ``--format`` takes it.
        engine: the version whose own loader the rows were validated with.
        row: makes a row.
        frames: whether it takes pictures in place of a video.
    """

    name: str
    engine: str
    row: Callable[[Sample, Media], Mapping[str, Any]]
    frames: bool = False


def _swift(sample: Sample, media: Media) -> dict[str, Any]:
    """ms-swift: messages with tags, file lists; further columns go to rewards as they are.

    ``channel`` names the task in the log (``--enable_channel_loss``). A column named "video" or
    "audio" would be taken for media, so none is.
    """
    row: dict[str, Any] = {
        "messages": _messages(sample, _tags(media)),
        "videos": [str(media.video)],
        "task": sample.task,
        "solution": sample.solution_text(),
        "channel": sample.task,
        "id": sample.key,
    }
    if media.audio:
        row["audios"] = [str(media.audio)]
    return row


def _llama_factory(sample: Sample, media: Media) -> dict[str, Any]:
    """LLaMA-Factory: the same messages, declared in dataset_info.json as "sharegpt"."""
    row: dict[str, Any] = {
        "messages": _messages(sample, _tags(media)),
        "videos": [str(media.video)],
    }
    if media.audio:
        row["audios"] = [str(media.audio)]
    return row


def _trl(sample: Sample, media: Media) -> dict[str, Any]:
    """TRL: a prompt and a completion in parts, pictures beside them; it takes no video or sound.

    Each picture stands behind its time in the clip, without which Task 4 could not be answered.
    SFT learns the completion, GRPO leaves it out and hands ``task`` and ``solution`` to rewards.
    """
    parts: list[dict[str, str | None]] = []
    for seconds in media.times:
        stamp = f"{int(seconds) // 60:02d}:{int(seconds) % 60:02d}"
        parts += [{"type": "text", "text": stamp}, {"type": "image", "text": None}]
    parts.append({"type": "text", "text": sample.prompt})
    completion: list[dict[str, str | None]] = [{"type": "text", "text": sample.answer}]
    return {
        "prompt": [{"role": "user", "content": parts}],
        "completion": [{"role": "assistant", "content": completion}],
        "images": [str(path) for path in media.frames],
        "task": sample.task,
        "solution": sample.solution_text(),
        "id": sample.key,
    }


def _tags(media: Media) -> str:
    return "<video><audio>" if media.audio else "<video>"


def _messages(sample: Sample, tags: str) -> list[dict[str, str]]:
    # A report of a dataset could hold an engine's tag; it would be counted as another clip.
    safe = [text.replace("<video>", "").replace("<audio>", "").replace("<image>", "")
            for text in (sample.prompt, sample.answer)]  # fmt: skip
    return [
        {"role": "user", "content": f"{tags}{safe[0]}"},
        {"role": "assistant", "content": safe[1]},
    ]


FORMATS: dict[str, Format] = {
    "swift": Format("swift", "ms-swift 4.6.0", _swift),
    "trl": Format("trl", "TRL 1.16.0", _trl, frames=True),
    "llama-factory": Format("llama-factory", "LLaMA-Factory 0.9.5", _llama_factory),
}
