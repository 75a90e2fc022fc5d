"""Anthropic's messages: frames as images, the clip's part cached, files by their ids."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from s3eval.remote.capabilities import ServerCapabilities
from s3eval.remote.exchange import ChatRequest, Reply
from s3eval_model_hosted.media import Piece
from s3eval_model_hosted.service import (
    Json,
    SentFile,
    Service,
    decoded,
    encoded,
    multipart,
    number,
    system_and_content,
    table,
    tables,
    text_in,
)

__all__ = ["ClaudeService"]

_VERSION = {"anthropic-version": "2023-06-01"}
_FILES = {"anthropic-beta": "files-api-2025-04-14"}


class ClaudeService(Service):
    """The messages API. It takes no seed and gives no probabilities."""

    address = "https://api.anthropic.com/v1"
    key_variables = ("ANTHROPIC_API_KEY",)
    owner = "anthropic"

    def headers(self, key: str) -> Mapping[str, str]:
        """The headers of every request."""
        return {"x-api-key": key, **_VERSION, **_FILES}

    def path(self, model: str) -> str:
        """Where a request goes."""
        return "/messages"

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
        found = super().parts(pieces, files)
        if found:
            found[-1] = {**found[-1], "cache_control": {"type": "ephemeral"}}
        return found

    def body(
        self,
        model: str,
        request: ChatRequest,
        sampling: Mapping[str, Any],
        known: ServerCapabilities,
    ) -> Json:
        """A request's body."""
        system, content = system_and_content(request)
        body: Json = {
            "model": model,
            "max_tokens": request.max_tokens,
            "messages": [{"role": "user", "content": content}],
        }
        if system:
            body["system"] = system
        if isinstance(self.thinking, int):
            # With thinking the service takes no temperature of ours.
            body["thinking"] = {"type": "enabled", "budget_tokens": self.thinking}
        elif "temperature" in sampling:
            body["temperature"] = sampling["temperature"]
        return body

    def reply(
        self, text: str, body: Mapping[str, Any], scrub: Callable[[str], str], model: str
    ) -> Reply:
        """The texts of the message; its thinking apart."""
        found = decoded(text)
        blocks, usage = tables(found.get("content")), table(found.get("usage"))
        finish = text_in(found.get("stop_reason"))
        counts = [number(usage.get(name)) for name in _PROMPT_TOKENS]
        prompt = None if counts[0] is None else sum(n or 0 for n in counts)
        texts = (b.get("text") for b in blocks if b.get("type") == "text")
        thoughts = (b.get("thinking") for b in blocks if b.get("type") == "thinking")
        return Reply(
            text=scrub("".join(map(text_in, texts))) or ("refused" if finish == "refusal" else ""),
            finish={"max_tokens": "length", "end_turn": "stop"}.get(finish, finish),
            settings={"model": model, "answered_by": scrub(text_in(found.get("model")))},
            prompt_tokens=prompt,
            completion_tokens=number(usage.get("output_tokens")),
            thoughts=scrub("".join(map(text_in, thoughts))),
        )

    def upload(self, piece: Piece) -> tuple[str, Mapping[str, str], bytes]:
        """A form with the file; its name says nothing."""
        shown = 'form-data; name="file"; filename="frame"'
        kind, body = multipart(
            [({"Content-Disposition": shown, "Content-Type": piece.mime}, piece.data)]
        )
        return "/files", {"Content-Type": kind}, body


# What is read from a cache or written to one is counted apart.
_PROMPT_TOKENS = ("input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens")
