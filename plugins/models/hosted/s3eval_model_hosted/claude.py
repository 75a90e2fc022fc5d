"""Anthropic's messages: frames as images, the clip's part cached, files by their ids."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from s3eval.remote.anthropic import AnthropicDialect
from s3eval.remote.envelope import Json
from s3eval.remote.multipart import multipart
from s3eval_model_hosted.media import Piece
from s3eval_model_hosted.service import SentFile, Service, encoded

__all__ = ["ClaudeService"]

_FILES = {"anthropic-beta": "files-api-2025-04-14"}


class ClaudeService(AnthropicDialect, Service):
    """The messages API. It takes no seed and gives no probabilities."""

    address = "https://api.anthropic.com/v1"
    key_variables = ("ANTHROPIC_API_KEY",)
    owner = "anthropic"

    def headers(self, key: str) -> Mapping[str, str]:
        """The headers of every request."""
        return {**super().headers(key), **_FILES}

    def text(self, text: str) -> Json:
        """A text part."""
        return {"type": "text", "text": text}

    def part(self, piece: Piece, file: SentFile | None) -> Json:
        """An image by its bytes or by its file."""
        if file is not None:
            return {"type": "image", "source": {"type": "file", "file_id": file.reference}}
        source = {"type": "base64", "media_type": piece.mime, "data": encoded(piece.data)}
        return {"type": "image", "source": source}

    def parts(self, pieces: Sequence[Piece], files: Sequence[SentFile]) -> list[Json]:
        """The clip's parts; up to its last one the service keeps the prompt for what follows."""
        parts = super().parts(pieces, files)
        if parts:
            parts[-1] = {**parts[-1], "cache_control": {"type": "ephemeral"}}
        return parts

    def upload(self, piece: Piece) -> tuple[str, Mapping[str, str], bytes]:
        """A form with the file; its name says nothing."""
        shown = 'form-data; name="file"; filename="frame"'
        kind, body = multipart(
            [({"Content-Disposition": shown, "Content-Type": piece.mime}, piece.data)]
        )
        return "/files", {"Content-Type": kind}, body
