"""Google's Gemini service: generateContent, video with its rate and sound, files."""

from __future__ import annotations

import json
from collections.abc import Mapping

from s3eval.remote.envelope import Json, decoded, table, text_in
from s3eval.remote.failures import CallError
from s3eval.remote.gemini import GeminiDialect
from s3eval.remote.multipart import multipart
from s3eval_model_hosted.media import Piece
from s3eval_model_hosted.service import SentFile, Service, encoded

__all__ = ["GeminiService"]


class GeminiService(GeminiDialect, Service):
    """generateContent of the Gemini API (v1beta)."""

    address = "https://generativelanguage.googleapis.com/v1beta"
    key_variables = ("GEMINI_API_KEY", "GOOGLE_API_KEY")
    owner = "gemini"
    takes_video = True

    def text(self, text: str) -> Json:
        """A text part."""
        return {"text": text}

    def part(self, piece: Piece, file: SentFile | None) -> Json:
        """Bytes within the request, or the address of a file; a video with its rate."""
        if file is None:
            part: Json = {"inlineData": {"mimeType": piece.mime, "data": encoded(piece.data)}}
        else:
            part = {"fileData": {"mimeType": piece.mime, "fileUri": file.reference}}
        if piece.kind == "video":
            # Without it the service takes one frame a second.
            part["videoMetadata"] = {"fps": round(piece.fps, 3)}
        return part

    def upload_address(self, base_url: str) -> str:
        """Files go to a path of their own on the same host."""
        host, _, version = base_url.rpartition("/")
        return f"{host}/upload/{version}"

    def upload(self, piece: Piece) -> tuple[str, Mapping[str, str], bytes]:
        """One request of two parts: what the file is, and its bytes; its name says nothing."""
        facts = json.dumps({"file": {"mimeType": piece.mime, "displayName": "clip"}}).encode()
        kind, body = multipart(
            [
                ({"Content-Type": "application/json; charset=utf-8"}, facts),
                ({"Content-Type": piece.mime}, piece.data),
            ],
            "related",
        )
        return "/files", {"Content-Type": kind, "X-Goog-Upload-Protocol": "multipart"}, body

    def sent_file(self, text: str) -> SentFile:
        """The file, ready once it was processed.

        Raises:
            CallError: there is none, or processing failed.
        """
        response = decoded(text)
        file = table(response.get("file")) or response
        state = text_in(file.get("state"))
        name, address = text_in(file.get("name")), text_in(file.get("uri"))
        if state == "FAILED" or not name or not address:
            raise CallError("bad-request", "the service could not process the clip's file")
        return SentFile(name.removeprefix("files/"), address, state in ("ACTIVE", ""))
