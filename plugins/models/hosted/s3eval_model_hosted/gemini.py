"""Google's Gemini service: generateContent, video with its rate and sound, files."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from s3eval.remote.capabilities import ServerCapabilities
from s3eval.remote.exchange import ChatRequest, Reply
from s3eval.remote.failures import CallError, failure_of_status
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

__all__ = ["GeminiService"]

_FILTERED = ("SAFETY", "PROHIBITED_CONTENT", "BLOCKLIST", "SPII", "RECITATION", "IMAGE_SAFETY")


class GeminiService(Service):
    """generateContent of the Gemini API (v1beta)."""

    address = "https://generativelanguage.googleapis.com/v1beta"
    key_variables = ("GEMINI_API_KEY", "GOOGLE_API_KEY")
    owner = "gemini"
    takes_video = True

    def headers(self, key: str) -> Mapping[str, str]:
        """The header that carries the key."""
        return {"x-goog-api-key": key}

    def path(self, model: str) -> str:
        """Where a request goes."""
        return f"/models/{model.removeprefix('models/')}:generateContent"

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

    def body(
        self,
        model: str,
        request: ChatRequest,
        sampling: Mapping[str, Any],
        known: ServerCapabilities,
    ) -> Json:
        """A request's body."""
        config: Json = {**sampling, "maxOutputTokens": request.max_tokens}
        if request.top_logprobs and "logprobs" not in known.without:
            config |= {"responseLogprobs": True, "logprobs": request.top_logprobs}
        if self.thinking is not None:
            budget = 0 if self.thinking == "off" else self.thinking
            config["thinkingConfig"] = {"thinkingBudget": budget, "includeThoughts": bool(budget)}
        system, content = system_and_content(request)
        body: Json = {
            "contents": [{"role": "user", "parts": content}],
            "generationConfig": config,
        }
        if system:
            body["systemInstruction"] = {"parts": [{"text": system}]}
        return body

    def reply(
        self, text: str, body: Mapping[str, Any], scrub: Callable[[str], str], model: str
    ) -> Reply:
        """The first candidate's text; parts marked as thoughts apart.

        Raises:
            CallError: the prompt or the reply was blocked, or there is none.
        """
        found = decoded(text)
        blocked = text_in(table(found.get("promptFeedback")).get("blockReason"))
        if blocked:
            raise CallError("moderation", f"the service blocked the prompt ({scrub(blocked)[:60]})")
        candidate = next(iter(tables(found.get("candidates"))), {})
        finish = text_in(candidate.get("finishReason"))
        parts = tables(table(candidate.get("content")).get("parts"))
        usage = table(found.get("usageMetadata"))
        written = number(usage.get("candidatesTokenCount"))
        thought = number(usage.get("thoughtsTokenCount")) or 0
        return Reply(
            text=scrub("".join(text_in(p.get("text")) for p in parts if not p.get("thought"))),
            finish="content_filter" if finish in _FILTERED else finish.lower(),
            settings={"model": model, "answered_by": scrub(text_in(found.get("modelVersion")))},
            prompt_tokens=number(usage.get("promptTokenCount")),
            completion_tokens=None if written is None else written + thought,
            logprobs=_logprobs(candidate),
            thoughts=scrub("".join(text_in(p.get("text")) for p in parts if p.get("thought"))),
        )

    def failure(
        self, status: int, headers: Mapping[str, str], text: str, scrub: Callable[[str], str]
    ) -> CallError:
        """A wrong key is HTTP 400 here, and the wait asked for stands in the body."""
        if status == 400 and ("API_KEY_INVALID" in text or "API key not valid" in text):
            return CallError("access", "HTTP 400: the key is not valid")
        if status == 429 and (seconds := _retry_delay(text)) is not None:
            headers = {"retry-after": str(seconds), **headers}
        return failure_of_status(status, headers, text, scrub)

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
        found = decoded(text)
        file = table(found.get("file")) or found
        state = text_in(file.get("state"))
        name, address = text_in(file.get("name")), text_in(file.get("uri"))
        if state == "FAILED" or not name or not address:
            raise CallError("bad-request", "the service could not process the clip's file")
        return SentFile(name.removeprefix("files/"), address, state in ("ACTIVE", ""))


def _logprobs(candidate: Mapping[str, Any]) -> tuple[Json, ...]:
    """The alternatives of each token as `choice_probabilities` takes them."""
    found = table(candidate.get("logprobsResult"))
    chosen = tables(found.get("chosenCandidates"))
    listed = tables(found.get("topCandidates"))
    return tuple(
        {
            "token": token.get("token"),
            "logprob": token.get("logProbability"),
            "top_logprobs": [
                {"token": one.get("token"), "logprob": one.get("logProbability")}
                for one in tables(others.get("candidates"))
            ],
        }
        for token, others in zip(chosen, listed, strict=False)
    )


def _retry_delay(text: str) -> float | None:
    """Seconds to wait, where the error's details say so ("7s")."""
    try:
        details = tables(table(table(json.loads(text)).get("error")).get("details"))
    except (ValueError, RecursionError):
        return None
    for detail in details:
        delay = text_in(detail.get("retryDelay")).removesuffix("s")
        try:
            return max(0.0, float(delay))
        except ValueError:
            continue
    return None
