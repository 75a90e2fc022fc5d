"""What a browser plays of a file as it is, and converting the rest for a while.

Browsers play H.264, VP8, VP9 and AV1 in MP4, WebM or Ogg. Recordings of wards are often MPEG-2,
HEVC, Motion JPEG or DV, and often in AVI or MPEG-TS. Those are converted when somebody asks for
it: into a folder for temporary files that is emptied when the viewer ends, holds no more than a
bound, and is readable by this user only.
"""

from __future__ import annotations

import os
import tempfile
import threading
from collections import OrderedDict
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from s3eval.facts.footage import FootageError
from s3eval.footage.media import footage_errors, open_media, sound_stream
from s3eval.plugin_calls import fault_of
from s3eval_view.server.converting import convert

if TYPE_CHECKING:
    from s3eval_view.server.media import Recording

__all__ = ["Conversion", "Conversions", "why_not_played"]

#: Containers by FFmpeg's names; what a browser plays in them.
_CONTAINERS = {"mov", "mp4", "m4a", "matroska", "webm", "ogg", "wav", "mp3", "flac"}
_PICTURES = {"h264", "vp8", "vp9", "av1", "theora"}
_SOUNDS = {"aac", "mp3", "opus", "vorbis", "flac", "pcm_s16le", "pcm_u8", "pcm_f32le"}
_LAYOUTS = {"yuv420p", "yuvj420p", "nv12"}
#: Bytes of converted files that are kept at once.
BOUND = 2 * 2**30


def why_not_played(path: Path, name: str) -> str:
    """What of a file browsers do not play, in words; "" for one that they do.

    Raises:
        FootageError: it is no media file.
    """
    with footage_errors(name), open_media(path, name) as container:
        kinds = {*container.format.name.split(",")}
        pictures = next(iter(container.streams.video), None)
        sound = sound_stream(container)
        unplayed = []
        if not kinds & _CONTAINERS:
            unplayed.append(f"the container {container.format.long_name or container.format.name}")
        if pictures is not None and pictures.codec_context is not None:
            codec = pictures.codec_context
            if codec.name not in _PICTURES:
                unplayed.append(f"the picture codec {codec.codec.long_name or codec.name}")
            elif codec.name == "h264" and codec.pix_fmt not in (None, *_LAYOUTS):
                unplayed.append(f"the colour layout {codec.pix_fmt}")
        if sound is not None and sound.codec_context.name not in _SOUNDS:
            unplayed.append(f"the sound codec {sound.codec_context.name}")
        return ", ".join(unplayed)


@dataclass(frozen=True)
class Conversion:
    """How far a conversion is.

    Attributes:
        state: "none", "working", "ready" or "failed".
        done: share of the video that is converted, in [0, 1].
        words: what was done, or why it failed.
    """

    state: str = "none"
    done: float = 0.0
    words: str = ""


@dataclass
class Conversions:
    """Converted files of this session.

    Attributes:
        bound: bytes kept; the file that was played longest ago goes first.
    """

    bound: int = BOUND
    _folder: Any = field(default=None, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)
    _states: dict[str, Conversion] = field(default_factory=dict, repr=False)
    _files: OrderedDict[str, Path] = field(default_factory=OrderedDict, repr=False)
    # One at a time: each takes all cores.
    _working: threading.Lock = field(default_factory=threading.Lock, repr=False)
    _closed: bool = False

    def state(self, key: str) -> Conversion:
        """How far the conversion of a video is."""
        with self._lock:
            return self._states.get(key, Conversion())

    def start(self, key: str, recording: Recording) -> Conversion:
        """Begin to convert, unless it is done or at work already."""
        with self._lock:
            known = self._states.get(key, Conversion())
            if known.state in ("working", "ready"):
                return known
            self._states[key] = Conversion("working", 0.0, "waiting")
            if self._folder is None:
                self._folder = tempfile.TemporaryDirectory(prefix="s3eval-view-")
        work = threading.Thread(target=self._convert, args=(key, recording), daemon=True)
        work.start()
        return self.state(key)

    def file(self, key: str) -> Path:
        """The converted file.

        Raises:
            FootageError: it is not converted, or was removed for others.
        """
        with self._lock:
            if key not in self._files:
                raise FootageError("This video is not converted", "missing")
            self._files.move_to_end(key)
            return self._files[key]

    def close(self) -> None:
        """Remove all converted files."""
        with self._lock:
            self._closed = True
            self._states.clear()
            self._files.clear()
            folder, self._folder = self._folder, None
        if folder is not None:
            folder.cleanup()

    def _convert(self, key: str, recording: Recording) -> None:
        with self._working:
            target = Path(self._folder.name) / f"{key}.mp4" if self._folder else None
            if target is None:
                return
            try:
                words = convert(
                    recording.path(),
                    target,
                    recording.video.name,
                    lambda x: self._report_progress(key, x),
                )
            except Exception as error:  # whatever it is, the page that waits must hear of it
                target.unlink(missing_ok=True)
                self._set(key, Conversion("failed", 0.0, fault_of(error)))
                return
            with self._lock:
                if self._closed:
                    return
                self._files[key] = target
                self._states[key] = Conversion("ready", 1.0, words)
                self._make_room()

    def _make_room(self) -> None:
        """Remove what was played longest ago until the bound holds; the newest stays."""
        while len(self._files) > 1 and self._held() > self.bound:
            oldest, path = self._files.popitem(last=False)
            self._states.pop(oldest, None)
            path.unlink(missing_ok=True)

    def _held(self) -> int:
        return sum(os.stat(p).st_size for p in self._files.values() if p.exists())

    def _report_progress(self, key: str, done: float) -> None:
        if self._closed:
            raise FootageError("The viewer ended", "unreadable")
        self._set(key, Conversion("working", min(done, 1.0), "converting"))

    def _set(self, key: str, state: Conversion) -> None:
        with self._lock:
            if not self._closed:
                self._states[key] = replace(state)
