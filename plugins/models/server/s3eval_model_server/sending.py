"""How a clip travels: with every question, once under a name, or as files of this machine."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from s3eval.errors import S3EvalError
from s3eval.remote.exchange import JsonParts
from s3eval_model_server.media import Media, media_of

if TYPE_CHECKING:
    from s3eval import Footage
    from s3eval_model_server.options import ServerModelOptions

__all__ = ["ClipSender", "SentClip"]

# Parts that hold media, and what a file of those with an address is called.
_KINDS = ("image_url", "video_url", "audio_url", "input_audio")
_SUFFIX = {"image_url": ".jpg", "video_url": ".mp4", "audio_url": ".wav"}
# A server that refused so often, and never took a clip by its name, keeps none.
_REFUSALS = 3


@dataclass
class SentClip:
    """A clip as it is sent.

    Attributes:
        whole: the message parts with all they need.
        named: the same, naming media that the server keeps; None where it is not to keep any.
        raw: kind and bytes of what leaves this machine, for the record; empty for this machine.
        tokens: generous estimate of what the clip takes.
        nbytes: what it takes in memory here.
        files: to be removed when all questions are answered.
        is_kept: whether the server is taken to keep it.
    """

    whole: JsonParts
    named: JsonParts | None
    raw: tuple[tuple[str, bytes], ...]
    tokens: int
    files: tuple[Path, ...] = ()
    is_kept: bool = True

    @property
    def nbytes(self) -> int:
        """Bytes in memory."""
        named = len(self.named.data) if self.named is not None else 0
        return len(self.whole.data) + named + sum(len(data) for _, data in self.raw)


@dataclass
class ClipSender:
    """Makes clips ready to be sent, and remembers whether the server keeps what it was sent.

    Args:
        options: how clips are sent.
        sees, hears: the model's senses.
        is_recorded: whether what is sent leaves this machine, so that it is recorded.
    """

    options: ServerModelOptions
    sees: bool
    hears: bool
    is_recorded: bool
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)
    _folder: Path | None = None
    _taken: int = 0
    _refused: int = 0

    def clip(self, footage: Footage) -> SentClip:
        """A clip's message parts, encoded once for all its questions.

        Raises:
            S3EvalError: there is nothing in it for this model.
        """
        media = media_of(footage, self.options, sees=self.sees, hears=self.hears)
        if not media.parts:
            raise S3EvalError("The clip has neither frames nor sound for this model")
        parts, files = list(media.parts), tuple[Path, ...]()
        named = None
        if self.options.send_media == "file":
            parts, files = self._as_files(media)
        elif self.options.send_media == "once":
            parts, short = _with_names(media)
            named = JsonParts.of(short)
        raw = media.raw if self.is_recorded else ()
        return SentClip(JsonParts.of(parts), named, raw, media.tokens, files)

    def parts(self, clip: SentClip, is_first: bool) -> JsonParts:
        """What stands for the clip in a request: its media, or their names alone."""
        if is_first or clip.named is None or not clip.is_kept or not self.keeps_media:
            return clip.whole
        return clip.named

    @property
    def keeps_media(self) -> bool:
        """Whether the server may still be taken to keep media."""
        with self._lock:
            return self._taken > 0 or self._refused < _REFUSALS

    def took_name(self) -> None:
        """The server answered a question whose clip was only named."""
        with self._lock:
            self._taken += 1

    def refused_name(self, clip: SentClip) -> bool:
        """The server did not know a clip by name; True when it is given up for good just now."""
        with self._lock:
            clip.is_kept = False
            self._refused += 1
            return self._taken == 0 and self._refused == _REFUSALS

    def forget(self, clip: SentClip) -> None:
        """Remove a clip's files."""
        for file in clip.files:
            file.unlink(missing_ok=True)

    def close(self) -> None:
        """Remove all files."""
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)

    def _as_files(self, media: Media) -> tuple[list[dict[str, Any]], tuple[Path, ...]]:
        """Parts that refer to files which the server reads itself."""
        folder, files, parts = self._own_folder(), list[Path](), list[dict[str, Any]]()
        data = iter(content for _, content in media.raw)
        for part in media.parts:
            kind = part["type"]
            content = next(data) if kind in _KINDS else b""
            if kind in _SUFFIX:
                files.append(_file_of(content, _SUFFIX[kind], folder))
                parts.append({**part, kind: {"url": files[-1].as_uri()}})
            else:
                parts.append(part)
        return parts, tuple(files)

    def _own_folder(self) -> Path:
        """A folder that only this user may read, below the one the server may read."""
        with self._lock:
            if self._folder is None:
                below = self.options.media_folder or None
                self._folder = Path(tempfile.mkdtemp(prefix="s3eval-media-", dir=below)).resolve()
            return self._folder


def _file_of(content: bytes, suffix: str, folder: Path) -> Path:
    """A new file that only this user may read."""
    suffix = ".png" if content.startswith(b"\x89PNG") else suffix
    handle, path = tempfile.mkstemp(suffix, dir=folder)
    with open(handle, "wb") as file:
        file.write(content)
    return Path(path)


def _with_names(media: Media) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The parts with a name for each medium, and the same with the names alone (vLLM).

    A name is the hash of what it stands for: equal for equal content, whoever sends it.
    """
    whole, short = list[dict[str, Any]](), list[dict[str, Any]]()
    data = iter(content for _, content in media.raw)
    for part in media.parts:
        kind = part["type"]
        if kind in _KINDS:
            name = hashlib.sha256(next(data)).hexdigest()
            whole.append({**part, "uuid": name})
            short.append({"type": kind, kind: None, "uuid": name})
        else:
            whole.append(part)
            short.append(part)
    return whole, short
