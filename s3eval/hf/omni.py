"""Models that see and hear one clip, its sound laid between its frames in time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from s3eval.errors import S3EvalError
from s3eval.hf.media import Media, frame_rate, frame_tensor, pixels_per_frame
from s3eval.hf.model import TransformersModel
from s3eval.hf.options import Options

if TYPE_CHECKING:
    from s3eval.footage import Footage

__all__ = ["OmniModel", "OmniOptions"]


class OmniOptions(Options):
    """Options of a model that sees and hears.

    Attributes:
        sound: False shows the frames without the sound.
    """

    sound: bool = True


class OmniModel(TransformersModel):
    """Frames and sound of the same clip, interleaved by the processor.

    The processor of these families takes the frame rate and the frames' size as arguments and
    ignores video metadata. That the sound belongs to the video has to be said twice, to the
    processor (which interleaves the tokens) and to the model (which places them in time);
    forgetting the second changes the answers without any error.
    """

    options_type = OmniOptions
    #: Side in pixels of the square a visual token stands for.
    pixels_per_token: ClassVar[int]
    #: Whether the feature extractor cuts sound that is longer than its window, silently.
    cuts_sound: ClassVar[bool] = False

    def media(self, footage: Footage) -> Media:
        """Video with sound, video alone, sound alone, or nothing."""
        hears = footage.sound is not None and len(footage.sound) > 0 and self._hearing
        sees = len(footage.frames) > 0
        if hears:
            self._check_sound(footage)
        if not sees and not hears:
            return Media(frozenset())
        if not sees:
            return Media(frozenset({"hearing"}), ({"type": "audio"},), {"audio": [footage.sound]})
        arguments = self._video(footage)
        if not hears:
            return Media(frozenset({"sight"}), ({"type": "video"},), arguments)
        return Media(
            frozenset({"sight", "hearing"}),
            ({"type": "video"},),
            {**arguments, "audio": [footage.sound], **_sound_of_the_video()},
            {"use_audio_in_video": True},
        )

    @property
    def _hearing(self) -> bool:
        return bool(getattr(self.options, "sound", True))

    def _video(self, footage: Footage) -> dict[str, Any]:
        frames = frame_tensor(footage, pairs=True)
        side = self.pixels_per_token
        least, most = pixels_per_frame(len(frames), side, self.options, footage.clip.video)
        arguments: dict[str, Any] = {
            "videos": [frames],
            "do_sample_frames": False,
            "fps": frame_rate(footage),
            "size": {"shortest_edge": max(least, side * side), "longest_edge": most},
        }
        if hasattr(self.processor.video_processor, "cap_pixels_per_frame"):
            arguments["cap_pixels_per_frame"] = False
        return arguments

    def _check_sound(self, footage: Footage) -> None:
        assert footage.sound is not None
        seconds = len(footage.sound) / footage.sound_rate
        longest = float(self.processor.feature_extractor.chunk_length)
        if self.cuts_sound and seconds > longest:
            raise S3EvalError(
                f"The clip has {seconds:.0f} s of sound, but '{self.spec.name}' hears "
                f"{longest:.0f} s",
                where=footage.clip.video,
                fix="shorter clips, or --model-option sound=false to show the frames alone",
            )


def _sound_of_the_video() -> dict[str, Any]:
    """How the installed library wants to hear that the sound belongs to the video."""
    from transformers import processing_utils

    if hasattr(processing_utils, "OmniModalProcessorMixin"):
        return {"load_audio_from_video": True, "audio_from_video_indices": [0]}
    return {"use_audio_in_video": True}
