"""Qwen2.5-VL: pairs of frames in patches of 28 pixels, with positions in seconds."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal

from s3eval.hf.media import Media, frame_rate, frame_tensor, pixels_per_frame
from s3eval.hf.model import TransformersModel
from s3eval.hf.options import Options

if TYPE_CHECKING:
    from s3eval import Footage

PIXELS_PER_TOKEN = 28


class Qwen25VLOptions(Options):
    """Options of Qwen2.5-VL.

    Attributes:
        text_positions: where the text after a video starts. "trained": one after the video's
            highest position in time, height or width, as the models were trained and as the
            library did up to 4.57. "library": as the installed library does; since 5.x one
            after the highest in height or width, which for 30 s of video lies about a hundred
            positions before the video's end in time.
    """

    text_positions: Literal["trained", "library"] = "trained"


class Qwen25VL(TransformersModel):
    """Qwen2.5-VL."""

    architecture = "Qwen2_5_VLForConditionalGeneration"
    model_types = ("qwen2_5_vl",)
    media_ends = (("<|vision_end|>", "<|vision_end|>"),)
    options_type = Qwen25VLOptions

    def make_ready(self) -> None:
        """Put the text after a video where the model was trained to find it."""
        if getattr(self.options, "text_positions", "trained") == "trained":
            core = self.model.model
            core.get_rope_index = text_after_video(
                core.get_rope_index, self.model.config.video_token_id
            )

    def media(self, footage: Footage) -> Media:
        """The frames as one video at the rate they are shown."""
        if not len(footage.frames):
            return Media(frozenset())
        frames = frame_tensor(footage, pairs=True)
        count = len(frames)
        least, most = pixels_per_frame(count, PIXELS_PER_TOKEN, self.options, footage.clip.video)
        arguments: dict[str, Any] = {
            "videos": [frames],
            "do_sample_frames": False,
            "video_metadata": [
                {
                    "fps": frame_rate(footage),
                    "total_num_frames": count,
                    "frames_indices": list(range(count)),
                }
            ],
            "size": {"shortest_edge": max(least, PIXELS_PER_TOKEN**2), "longest_edge": most},
        }
        # The caps above are the whole budget; the library's own is about to become a default.
        if hasattr(self.processor.video_processor, "cap_pixels_per_frame"):
            arguments["cap_pixels_per_frame"] = False
        return Media(frozenset({"sight"}), ({"type": "video"},), arguments)


def text_after_video(positions_of: Callable[..., Any], video_token: int) -> Callable[..., Any]:
    """Positions with the text after each video moved behind its end in time.

    Args:
        positions_of: the library's ``get_rope_index``; returns positions, shape
            (3, batch, length), and offsets, shape (batch, 1).
        video_token: the id of the token that stands for a piece of video.

    Returns:
        a function of the same arguments and results. Where the library already places the text
        behind the video, it changes nothing.
    """

    def positions(input_ids: Any, *args: Any, **kwargs: Any) -> Any:
        import torch

        moved, _ = positions_of(input_ids, *args, **kwargs)
        mask = kwargs.get("attention_mask")
        offsets = []
        for row, ids in enumerate(input_ids):
            real = (
                torch.arange(len(ids), device=ids.device)
                if mask is None
                else mask[row].bool().nonzero()[:, 0]
            )
            video = (ids[real] == video_token).tolist()
            for i in range(1, len(video)):
                if video[i - 1] and not video[i]:
                    before, after = real[:i], real[i:]
                    start = moved[:, row, before].max() + 1
                    moved[:, row, after] += start - moved[0, row, after[0]]
            offsets.append(moved[:, row, real].max() + 1 - len(real))
        return moved, torch.stack(offsets)[:, None].to(input_ids.device)

    return positions
