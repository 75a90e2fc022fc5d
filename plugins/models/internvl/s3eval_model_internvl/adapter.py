"""InternVL3.5: each frame is squeezed into one square tile of a fixed number of tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING

from s3eval import S3EvalError
from s3eval.hf.media import Media, check_frames, frame_rate, frame_tensor
from s3eval.hf.model import TransformersModel

if TYPE_CHECKING:
    from s3eval import Footage


class InternVL(TransformersModel):
    """InternVL3.5. Pixel options do not apply: the tile's size (448 x 448) is the model's own."""

    architecture = "InternVLForConditionalGeneration"
    model_types = ("internvl",)
    media_ends = (("<video>", "</img>"),)

    def media(self, footage: Footage) -> Media:
        """The frames as one video, each a tile."""
        if not len(footage.frames):
            return Media(frozenset())
        self._check_budget(footage)
        frames = frame_tensor(footage)
        count = len(frames)
        metadata = {
            "fps": frame_rate(footage),
            "total_num_frames": count,
            "frames_indices": list(range(count)),
        }
        return Media(
            frozenset({"sight"}),
            ({"type": "video"},),
            {"videos": [frames], "do_sample_frames": False, "video_metadata": [metadata]},
        )

    def _check_budget(self, footage: Footage) -> None:
        count = len(footage.frames)
        check_frames(count, self.options, footage.clip.video)
        tokens = count * self.processor.image_seq_length
        if tokens > self.options.max_media_tokens:
            raise S3EvalError(
                f"The clip's {count} frames need {tokens:,} tokens, over the budget of "
                f"{self.options.max_media_tokens:,}",
                where=footage.clip.video,
                fix=f"fewer frames, or --model-option max_media_tokens={tokens}",
            )
