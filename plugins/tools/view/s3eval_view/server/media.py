"""Videos, served in ranges from where they lie: never copied, never named in an address.

An address holds an identifier made of the dataset's digest and the video's name; what it leads
to is looked up here, so that no request can name a file.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from s3eval.facts.footage import FootageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import BaseRoute

    from s3eval.facts.videos import Dataset, Video

__all__ = ["Media", "Recording", "identified", "identifier", "media_routes"]


def identifier(dataset: Dataset, video: str, salt: str = "") -> str:
    """What stands for a video in addresses: 16 hexadecimal digits, the same at every start.

    Args:
        salt: makes others of the same videos, for those who must not know which they are shown.

    >>> from s3eval.facts.videos import Dataset
    >>> len(identifier(Dataset("d", (), {}), "P01@v1.mp4"))
    16
    """
    facts = "\0".join((salt, dataset.digest or dataset.name, video))
    return hashlib.sha256(facts.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def identified(recordings: Iterable[Recording], salt: str = "") -> dict[str, Recording]:
    """Recordings by their identifiers."""
    return {identifier(r.dataset, r.video.name, salt): r for r in recordings}


@dataclass(frozen=True)
class Recording:
    """A video of a dataset."""

    dataset: Dataset
    video: Video

    def path(self) -> Path:
        """Where its file lies.

        Raises:
            FootageError: the dataset names none, it is missing, no regular file, or outside the
                dataset's folder.
        """
        return self.dataset.path(self.video)


class Media:
    """The videos that may be shown, by identifier.

    Args:
        recordings: by identifier (`identified`).
        shows_videos: False with ``--no-video``: neither files nor frames are given to anybody.
    """

    def __init__(self, recordings: Mapping[str, Recording], shows_videos: bool = True) -> None:
        self.shows_videos = shows_videos
        self._known = recordings

    def __contains__(self, key: str) -> bool:
        return key in self._known

    def recording(self, key: str) -> Recording:
        """The recording of an identifier.

        Raises:
            FootageError: there is none, or videos are not shown here.
        """
        if not self.shows_videos:
            raise FootageError(
                "Videos are not shown here", "missing", fix="start without --no-video"
            )
        if key not in self._known:
            raise FootageError("No such video here", "missing")
        return self._known[key]


#: What browsers call the containers that they play; everything else is sent as bytes.
_TYPES = {
    ".mp4": "video/mp4",
    ".m4v": "video/mp4",
    ".mov": "video/mp4",
    ".webm": "video/webm",
    ".mkv": "video/webm",
    ".ogv": "video/ogg",
    ".wav": "audio/wav",
    ".mp3": "audio/mpeg",
    ".m4a": "audio/mp4",
}


def media_routes(media: Callable[[], Media]) -> list[BaseRoute]:
    """``/media/IDENTIFIER``: the file itself, whole or a range of it.

    Args:
        media: gives the videos that may be shown at the moment.
    """
    from starlette.routing import Route

    def serve(request: Request) -> Response:
        from starlette.responses import FileResponse, PlainTextResponse

        try:
            path = media().recording(request.path_params["key"]).path()
        except FootageError as error:
            return PlainTextResponse(str(error), 404)
        kind = _TYPES.get(path.suffix.lower(), "application/octet-stream")
        # Starlette answers Range and If-Range, several ranges too.
        return FileResponse(path, media_type=kind)

    return [Route("/media/{key:str}", serve, methods=["GET", "HEAD"], name="media")]
