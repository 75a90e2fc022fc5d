"""Decoding in a process of its own: a decoder that crashes or hangs takes only its clips.

Optional: the same footage as :func:`s3eval.footage.decoding.decode`, at the price of starting a
process and copying frames through a pipe. For files of unknown origin, and for pipelines that
must not wait. What comes back is JSON and plain arrays: a process that a hostile file took over
can send wrong pixels, nothing that is run.
"""

from __future__ import annotations

import json
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from s3eval.errors import S3EvalError
from s3eval.facts.clips import Clip, Sampling
from s3eval.facts.footage import Footage, FootageError, FootageFailure
from s3eval.footage.decoding import decode

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["decode_apart", "serve"]

_COMMAND = (sys.executable, "-m", "s3eval.footage.apart")
# Decoding four times slower than the recording lasts is no decoding any more.
_PATIENCE, _SLOWEST = 120.0, 4.0
_NO_MEMORY = 4
# Processes lost in a row, each at another clip, after which a video is given up.
_MOST_LOST = 3


def decode_apart(
    path: str | Path,
    clips: Sequence[Clip],
    *,
    sight: bool = True,
    sound: bool = True,
    backend: str = "pyav",
    patience: float | None = None,
    memory: int | None = None,
) -> Iterator[Footage | FootageFailure]:
    """Decode as :func:`s3eval.footage.decoding.decode` does, in another process.

    Args:
        path, clips, sight, sound, backend: as for ``decode``.
        patience: seconds to wait for a clip; then the process is ended. None: 120 s and four times
            what the clips span. The time the caller takes between two clips does not count.
        memory: bytes of address space the process may use (where the system can limit it).

    Yields:
        what ``decode`` yields; a FootageFailure of kind "decoder" for the clip at which the
        process crashes, hangs or needs more memory. The clips behind it are decoded by another
        process; after three such clips in a row the rest of the video is given up.

    Raises:
        S3EvalError: as ``decode``.
    """
    waiting = sorted(clips, key=lambda c: (c.end, c.start))
    lost = 0
    while waiting:
        wait = _PATIENCE + _SLOWEST * waiting[-1].end if patience is None else patience
        asked = {
            "path": str(path),
            "clips": [asdict(c) for c in waiting],
            "options": {"sight": sight, "sound": sound, "backend": backend},
            "memory": memory,
        }
        why = ""
        for received in _of_one_process(asked, waiting, wait):
            if isinstance(received, str):
                why = received
                break
            waiting, lost = waiting[1:], 0
            yield received
            del received  # or its frames would stay while the next ones come
        if not why:
            return
        # The clip whose turn it was. Those behind it are tried again, unless the file is such that
        # every clip of it comes to this.
        lost += 1
        given_up = waiting if lost == _MOST_LOST else waiting[:1]
        yield from (FootageFailure(clip, why, "decoder") for clip in given_up)
        waiting = waiting[len(given_up) :]


def _of_one_process(
    asked: Mapping[str, Any], clips: Sequence[Clip], wait: float
) -> Iterator[Footage | FootageFailure | str]:
    """What a process gives; a text at the end says what ended it before the last clip."""
    # Nothing of its standard error is shown: FFmpeg may name files there.
    with subprocess.Popen(
        _COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        try:
            yield from _received(process, asked, list(clips), wait)
        finally:
            process.kill()


def _received(
    process: subprocess.Popen[bytes], asked: Mapping[str, Any], clips: list[Clip], wait: float
) -> Iterator[Footage | FootageFailure | str]:
    messages: queue.Queue[_Message | None] = queue.Queue(maxsize=1)
    stopped = threading.Event()
    reader = threading.Thread(target=_pump, args=(process, asked, messages, stopped), daemon=True)
    reader.start()
    waiting = [*clips]
    try:
        while waiting:
            try:
                message = messages.get(timeout=wait)
            except queue.Empty:
                yield f"the decoder gave nothing for {wait:.0f} s and was ended"
                return
            if message is None:
                yield _ending(process)
                return
            yield message.footage(waiting.pop(0))
            del message  # or its frames would stay while the next ones come
    finally:
        stopped.set()


class _Message:
    """A header and the arrays it announces, as they came through the pipe."""

    def __init__(self, header: Mapping[str, Any], parts: Sequence[bytearray]) -> None:
        self.header, self.parts = header, parts

    def footage(self, clip: Clip) -> Footage | FootageFailure:
        """What was sent about this clip.

        Raises:
            S3EvalError: what the other process raised.
        """
        import numpy as np

        header = self.header
        if "error" in header:
            error = header["error"]
            kind, facts = error.pop("kind"), error
            raise FootageError(kind=kind, **facts) if kind else S3EvalError(**facts)
        if "reason" in header:
            return FootageFailure(clip, header["reason"])
        frames: NDArray[np.uint8] = np.frombuffer(self.parts[0], np.uint8).reshape(header["shape"])
        times = np.frombuffer(self.parts[1], np.float64)
        sound = np.frombuffer(self.parts[2], np.float32) if len(self.parts) > 2 else None
        return Footage(clip, frames, times, sound, header["duration"])


def _pump(
    process: subprocess.Popen[bytes],
    asked: Mapping[str, Any],
    messages: queue.Queue[_Message | None],
    stopped: threading.Event,
) -> None:
    """Send what is asked; hand on what comes back, one message ahead; None at the end."""
    assert process.stdin is not None and process.stdout is not None
    message: _Message | None
    try:
        process.stdin.write(json.dumps(asked).encode() + b"\n")
        process.stdin.flush()
        while (message := _next(process.stdout)) is not None and _put(messages, message, stopped):
            del message
    except (OSError, ValueError, KeyError, EOFError):
        pass
    _put(messages, None, stopped)


def _put(
    messages: queue.Queue[_Message | None], message: _Message | None, stopped: threading.Event
) -> bool:
    while not stopped.is_set():
        try:
            messages.put(message, timeout=0.2)
        except queue.Full:
            continue
        return True
    return False


def _next(source: IO[bytes]) -> _Message | None:
    line = source.readline(100_000)
    if not line:
        return None
    header = json.loads(line)
    parts = []
    for size in header.get("sizes", ()):
        part = bytearray(size)
        view = memoryview(part)
        while view:
            count = source.readinto(view)  # type: ignore[attr-defined]
            if not count:
                raise EOFError
            view = view[count:]
        parts.append(part)
    return _Message(header, parts)


def _ending(process: subprocess.Popen[bytes]) -> str:
    try:
        code = process.wait(timeout=10)
    except subprocess.TimeoutExpired:
        return "the decoder stopped answering"
    if code == _NO_MEMORY:
        return "the decoder needed more memory than it was given"
    if code < 0:
        return f"the decoder crashed ({signal.Signals(-code).name})"
    return f"the decoder ended too early (exit code {code})"


def serve(source: IO[bytes], out: IO[bytes]) -> int:
    """The other process: read one request, send its footage; returns the exit code."""
    asked = json.loads(source.readline())
    _limit(asked["memory"])
    clips = [Clip(**{**c, "sampling": Sampling(**c["sampling"])}) for c in asked["clips"]]
    try:
        for footage in decode(asked["path"], clips, **asked["options"]):
            _send(out, footage)
    except S3EvalError as error:
        facts = {key: getattr(error, key, "") for key in ("what", "kind", "where", "why", "fix")}
        out.write(json.dumps({"error": facts}).encode() + b"\n")
    except MemoryError:
        return _NO_MEMORY
    out.flush()
    return 0


def _send(out: IO[bytes], footage: Footage | FootageFailure) -> None:
    import numpy as np

    if isinstance(footage, FootageFailure):
        out.write(json.dumps({"reason": footage.reason}).encode() + b"\n")
    else:
        arrays: list[NDArray[Any]] = [
            np.ascontiguousarray(footage.frames),
            np.ascontiguousarray(footage.times),
        ]
        arrays += [] if footage.sound is None else [np.ascontiguousarray(footage.sound)]
        header = {
            "shape": footage.frames.shape,
            "duration": footage.duration,
            "sizes": [a.nbytes for a in arrays],
        }
        out.write(json.dumps(header).encode() + b"\n")
        for array in arrays:
            if array.nbytes:
                out.write(array.reshape(-1).view(np.uint8).data)
    out.flush()


def _limit(memory: int | None) -> None:
    if memory is None or sys.platform == "win32":
        return
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))


if __name__ == "__main__":
    sys.exit(serve(sys.stdin.buffer, sys.stdout.buffer))
