"""decord as an alternative: for comparison with results obtained by it.

decord is unmaintained since 2021. It counts frames; which frame is shown when is taken from the
file's packets, as for PyAV, never from a frame rate. Files it miscounts (edit lists, transport
streams) are refused instead of shown with the wrong times.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from s3eval.errors import S3EvalError
from s3eval.facts.files import media_file
from s3eval.footage.backends import Event, Final, Picture, Spoiled
from s3eval.footage.index import VideoIndex

__all__ = ["read"]

_HANGS = (".ts", ".m2ts", ".mts", ".mpg")


def read(path: Path, index: VideoIndex, wanted: Sequence[int]) -> Iterator[Event]:
    """The events of one pass over a file (see :class:`s3eval.footage.backends.Reader`).

    Raises:
        S3EvalError: decord hangs on this container or counts other frames than the file has.
    """
    import av
    import decord

    if path.suffix.lower() in _HANGS:
        raise S3EvalError("decord cannot read transport streams", fix="--backend pyav")
    try:
        video = decord.VideoReader(str(media_file(path)), num_threads=1)
    except Exception as error:
        raise S3EvalError(
            "decord cannot open the video file",
            why=type(error).__name__,
            fix="--backend pyav",
        ) from None
    if len(video) != len(index.times):
        raise S3EvalError(
            f"decord counts {len(video)} frames where the file shows {len(index.times)}",
            fix="--backend pyav",
        )
    for number in wanted:
        try:
            array = video[number].asnumpy()
        except Exception as error:  # decord raises its own and plain errors alike
            yield Spoiled(frozenset({number}), f"decord: {type(error).__name__}")
        else:
            yield Picture(number, av.VideoFrame.from_ndarray(array, format="rgb24"))
        yield Final(number)
