"""What readers and raters look at: frames and sound as a model is handed them, or the whole video.

Nothing sent tells which video it is: addresses hold salted identifiers, failures no names, and
times are those within the clip, since where a clip lies in its video may say what was annotated.
Frames keep their full size, as JPEG of quality 95: half a minute of lossless ones is too much for
a browser to load between two questions.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Collection
from functools import partial
from typing import TYPE_CHECKING, Any

from s3eval.errors import S3EvalError
from s3eval.facts.footage import FootageError
from s3eval_view.server.frames import ClipFrames, Frames, jpeg_of
from s3eval_view.server.media import Media, Recording, identified, identifier
from s3eval_view.server.playing import Conversions, why_not_played

if TYPE_CHECKING:
    from s3eval.facts.clips import Clip
    from s3eval.facts.videos import Dataset
    from s3eval.vocabulary import Sense

__all__ = ["FAILURE", "Shown"]

#: What is said of a clip that cannot be shown.
FAILURE = "This recording, or this part of it, cannot be shown"
_full_size = partial(jpeg_of, width=1 << 16, quality=95)


class Shown:
    """The clips and videos of a dataset for those who must not know which they are.

    Args:
        dataset: whose files are shown.
        senses: what is perceived.
        salt: of the identifiers in addresses.
        whole_videos: whether the video itself is played where the clip is the whole of it.
    """

    def __init__(
        self, dataset: Dataset, senses: Collection[Sense], salt: str, whole_videos: bool
    ) -> None:
        self.dataset, self.senses, self.salt = dataset, frozenset(senses), salt
        self.whole_videos = whole_videos
        self.frames = Frames(picture=_full_size)
        self.conversions = Conversions()
        shown = dataset.videos if whole_videos else ()
        self._known = identified((Recording(dataset, v) for v in shown), salt)

    def media(self) -> Media:
        """The videos that may be played as a whole; none where frames are shown."""
        return Media(self._known, self.whole_videos)

    def recording(self, clip: Clip) -> Recording:
        """The recording that a clip is of."""
        return Recording(self.dataset, self.dataset.video(clip.video))

    def clip(self, clip: Clip) -> ClipFrames:
        """The frames and sound of a clip.

        Raises:
            FootageError: it cannot be shown; the message names no video.
        """
        sight, hearing = "sight" in self.senses, "hearing" in self.senses
        try:
            return self.frames.of(self.recording(clip), clip, sight, hearing)
        except (S3EvalError, OSError) as error:
            raise FootageError(FAILURE, "damaged") from error

    def prepare(self, clip: Clip) -> None:
        """Decode a clip in the background: it is looked at next."""

        def decoded() -> None:
            with contextlib.suppress(FootageError):  # told when it is looked at
                self.clip(clip)

        threading.Thread(target=decoded, daemon=True).start()

    def facts(self, clip: Clip, is_whole: bool) -> dict[str, Any]:
        """What a page needs to show a clip: times of the frames, whether there is sound, and the
        identifier of the video where it is played as a whole.

        Raises:
            FootageError: as `clip`.
        """
        if is_whole and self.whole_videos:
            try:
                unplayed = why_not_played(self.recording(clip).path(), clip.video)
            except (S3EvalError, OSError) as error:
                raise FootageError(FAILURE, "damaged") from error
            key = identifier(self.dataset, clip.video, self.salt)
            return {"video": key, "converts": bool(unplayed), "seconds": round(clip.seconds, 2)}
        frames = self.clip(clip)
        times = [round(max(0.0, t - clip.start), 2) for t in frames.times]
        return {
            "times": times,
            "sound": frames.sound is not None,
            "seconds": round(clip.seconds, 2),
            "width": frames.width,
            "height": frames.height,
        }

    def conversion(self, key: str, starts: bool) -> dict[str, Any]:
        """How far the conversion of a video that the browser does not play is; names nothing."""
        recording = self.media().recording(key)
        state = self.conversions.start(key, recording) if starts else self.conversions.state(key)
        return {"state": state.state, "done": round(state.done, 3)}

    def close(self) -> None:
        """Remove converted files."""
        self.conversions.close()
