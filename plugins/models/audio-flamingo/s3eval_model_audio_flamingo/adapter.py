"""Audio Flamingo 3: hears 16 kHz mono in windows of 30 s, sees nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from s3eval import S3EvalError
from s3eval.hf.media import Media
from s3eval.hf.model import TransformersModel

if TYPE_CHECKING:
    from s3eval import Footage


class AudioFlamingo3(TransformersModel):
    """Audio Flamingo 3."""

    architecture = "AudioFlamingo3ForConditionalGeneration"
    model_types = ("audioflamingo3",)
    media_ends = (("<sound>", "<sound>"),)

    def media(self, footage: Footage) -> Media:
        """The clip's sound; its frames are not looked at."""
        sound = footage.sound
        if sound is None or not len(sound):
            return Media(frozenset())
        seconds, longest = len(sound) / footage.sound_rate, self.processor.max_audio_len
        if seconds > longest:
            raise S3EvalError(
                f"The clip has {seconds:.0f} s of sound, but '{self.spec.name}' hears "
                f"{longest:.0f} s",
                where=footage.clip.video,
                fix="shorter clips",
            )
        return Media(frozenset({"hearing"}), ({"type": "audio"},), {"audio": [sound]})
