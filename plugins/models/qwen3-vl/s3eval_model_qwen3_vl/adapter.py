"""Qwen3-VL: pairs of frames in patches of 32 pixels, each pair headed by its time in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from s3eval.hf.media import Media, frame_tensor, pixels_per_frame
from s3eval.hf.model import TransformersModel

if TYPE_CHECKING:
    from s3eval import Footage

PIXELS_PER_TOKEN = 32
# Frames are numbered in milliseconds of the clip, so that the times written into the prompt are
# those of the frames whatever their spacing.
TICKS = 1000


class Qwen3VL(TransformersModel):
    """Qwen3-VL. Without metadata its processor would assume 24 frames a second."""

    architecture = "Qwen3VLForConditionalGeneration"
    model_types = ("qwen3_vl",)
    media_ends = (("<|vision_end|>", "<|vision_end|>"),)

    def media(self, footage: Footage) -> Media:
        """The frames as one video, with the time of each in the clip."""
        if not len(footage.frames):
            return Media(frozenset())
        frames = frame_tensor(footage, pairs=True)
        count = len(frames)
        least, most = pixels_per_frame(count, PIXELS_PER_TOKEN, self.options, footage.clip.video)
        ticks = [round((t - footage.clip.start) * TICKS) for t in footage.times.tolist()]
        ticks += ticks[-1:] * (count - len(ticks))
        arguments: dict[str, Any] = {
            "videos": [frames],
            "do_sample_frames": False,
            "video_metadata": [
                {
                    "fps": TICKS,
                    "total_num_frames": round(footage.clip.seconds * TICKS),
                    "frames_indices": ticks,
                }
            ],
            # Here the sizes are those of all frames together.
            "size": {
                "shortest_edge": max(least, PIXELS_PER_TOKEN**2) * count,
                "longest_edge": most * count,
            },
        }
        if hasattr(self.processor.video_processor, "cap_pixels_per_frame"):
            arguments["cap_pixels_per_frame"] = False
        return Media(frozenset({"sight"}), ({"type": "video"},), arguments)
