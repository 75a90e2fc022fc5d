"""What a service is beyond its dialect: its address, its keys, how it takes clips and files."""

from __future__ import annotations

import base64
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from s3eval.remote.dialect import Dialect
from s3eval.remote.envelope import Json, decoded, text_in
from s3eval.remote.failures import CallError
from s3eval_model_hosted.media import Piece

__all__ = [
    "SentFile",
    "Service",
    "encoded",
]


@dataclass(frozen=True)
class SentFile:
    """A file at the service: the name it is deleted by, and what requests call it."""

    name: str
    reference: str
    is_ready: bool = True


class Service(Dialect):
    """A hosted service."""

    #: Its address; where its key is looked for, and whose it is in messages.
    address: ClassVar[str]
    key_variables: ClassVar[tuple[str, ...]]
    owner: ClassVar[str]
    #: Whether it takes a clip as one video, sound within it.
    takes_video: ClassVar[bool] = False
    #: Whether files can be sent once and named in requests.
    takes_files: ClassVar[bool] = True

    @abstractmethod
    def part(self, piece: Piece, file: SentFile | None) -> Json:
        """A piece of media as a part of a request, by its bytes or by its file."""

    @abstractmethod
    def text(self, text: str) -> Json:
        """A text as a part of a request."""

    def parts(self, pieces: Sequence[Piece], files: Sequence[SentFile]) -> list[Json]:
        """A clip's parts, each after its label.

        Args:
            files: of each piece, or none where they are sent within the request.
        """
        parts: list[Json] = []
        for place, piece in enumerate(pieces):
            if piece.label:
                parts.append(self.text(piece.label))
            parts.append(self.part(piece, files[place] if files else None))
        return parts

    def upload_address(self, base_url: str) -> str:
        """The address that files are sent to; of the same host."""
        return base_url

    def upload(self, piece: Piece) -> tuple[str, Mapping[str, str], bytes]:
        """Path, headers and body of the request that sends a file."""
        raise NotImplementedError

    def sent_file(self, text: str) -> SentFile:
        """The file that a response tells of; by its id, unless a service says otherwise.

        Raises:
            CallError: it tells of none, or that the file cannot be used.
        """
        name = text_in(decoded(text).get("id"))
        if not name:
            raise CallError("bad-request", "the service gave no id for the file")
        return SentFile(name, name)

    def file_path(self, file: SentFile) -> str:
        """The path by which a file is asked for and deleted."""
        return f"/files/{file.name}"


def encoded(data: bytes) -> str:
    """Bytes as base64."""
    return base64.b64encode(data).decode("ascii")
