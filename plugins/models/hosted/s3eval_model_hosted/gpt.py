"""OpenAI's responses: frames as images, probabilities of the first word, files by their ids."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from s3eval.remote.capabilities import ServerCapabilities
from s3eval.remote.envelope import (
    Json,
    decoded,
    number,
    system_and_turns,
    table,
    tables,
    text_in,
)
from s3eval.remote.exchange import ChatRequest, Reply
from s3eval.remote.failures import CallError, error_parameter
from s3eval.remote.multipart import multipart
from s3eval_model_hosted.media import Piece
from s3eval_model_hosted.service import SentFile, Service, encoded

__all__ = ["GptService"]

# Files are deleted when the clip was asked about; one whose upload was not answered is not known
# here, and would otherwise be kept until somebody deletes it.
_FILE_FACTS = {
    "purpose": b"vision",
    "expires_after[anchor]": b"created_at",
    "expires_after[seconds]": b"86400",
}


class GptService(Service):
    """The responses API. Nothing is stored there (``store`` is false)."""

    address = "https://api.openai.com/v1"
    key_variables = ("OPENAI_API_KEY",)
    owner = "openai"

    def path(self, model: str) -> str:
        """Where a request goes."""
        return "/responses"

    def text(self, text: str) -> Json:
        """A text part."""
        return {"type": "input_text", "text": text}

    def part(self, piece: Piece, file: SentFile | None) -> Json:
        """An image by its bytes or by its file."""
        if file is not None:
            return {"type": "input_image", "file_id": file.reference}
        return {
            "type": "input_image",
            "image_url": f"data:{piece.mime};base64,{encoded(piece.data)}",
        }

    def body(
        self,
        model: str,
        request: ChatRequest,
        sampling: Mapping[str, Any],
        known: ServerCapabilities,
    ) -> Json:
        """A request's body."""
        system, turns = system_and_turns(request)
        body: Json = {
            "model": model,
            "input": [dict(turn) for turn in turns],
            "max_output_tokens": request.max_tokens,
            "store": False,
        }
        if "temperature" in sampling:
            body["temperature"] = sampling["temperature"]
        if system:
            body["instructions"] = system
        if request.top_logprobs and "logprobs" not in known.without:
            body["top_logprobs"] = request.top_logprobs
            body["include"] = ["message.output_text.logprobs"]
        if self.thinking is not None:
            body["reasoning"] = dict(self.nth_way(_ways(self.thinking), known))
        return body

    def reply(
        self, text: str, body: Mapping[str, Any], scrub: Callable[[str], str], model: str
    ) -> Reply:
        """The texts of the messages; summaries of reasoning apart."""
        response = decoded(text)
        output, usage = tables(response.get("output")), table(response.get("usage"))
        parts = [p for o in output if o.get("type") == "message" for p in tables(o.get("content"))]
        summaries = [
            text_in(s.get("text"))
            for o in output
            if o.get("type") == "reasoning"
            for s in tables(o.get("summary"))
        ]
        refusal = "".join(text_in(p.get("refusal")) for p in parts if p.get("type") == "refusal")
        texts = [p for p in parts if p.get("type") == "output_text"]
        why = text_in(table(response.get("incomplete_details")).get("reason"))
        finish = {"max_output_tokens": "length"}.get(why, why) or text_in(response.get("status"))
        return Reply(
            text=scrub(refusal or "".join(text_in(p.get("text")) for p in texts)),
            finish="refusal" if refusal else finish,
            settings={"model": model, "answered_by": scrub(text_in(response.get("model")))},
            prompt_tokens=number(usage.get("input_tokens")),
            completion_tokens=number(usage.get("output_tokens")),
            logprobs=tuple(entry for p in texts for entry in tables(p.get("logprobs"))),
            thoughts=scrub("\n".join(summaries)),
        )

    def failure(
        self, status: int, headers: Mapping[str, str], text: str, scrub: Callable[[str], str]
    ) -> CallError:
        """The failure a status stands for; efforts and summaries are refused by their field."""
        failure = super().failure(status, headers, text, scrub)
        if status == 400 and error_parameter(text).startswith("reasoning"):
            return CallError("unsupported", failure.reason, parameter="thinking")
        return failure

    def upload(self, piece: Piece) -> tuple[str, Mapping[str, str], bytes]:
        """A form with the file and what it is for; its name says nothing."""
        shown = 'form-data; name="file"; filename="frame.jpg"'
        kind, body = multipart(
            [
                *((_field(name), value) for name, value in _FILE_FACTS.items()),
                ({"Content-Disposition": shown, "Content-Type": piece.mime}, piece.data),
            ]
        )
        return "/files", {"Content-Type": kind}, body


def _field(name: str) -> dict[str, str]:
    return {"Content-Disposition": f'form-data; name="{name}"'}


def _ways(thinking: str | int) -> Sequence[Json]:
    """How a request says how much to think; not each model takes each effort, nor summaries."""
    if isinstance(thinking, int):
        return {"effort": "medium", "summary": "auto"}, {"effort": "medium"}
    if thinking == "off":
        return ({"effort": "none"},)
    return {"effort": "none"}, {"effort": "minimal"}, {"effort": "low"}
