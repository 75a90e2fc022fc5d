"""The options of a model on a server."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from s3eval.remote.budget import Budget
from s3eval.remote.options import ServerOptions

__all__ = ["ServerModelOptions"]

# As `s3eval.hf.thinking` gives models on this machine.
_THINKING_TOKENS = 2048


class ServerModelOptions(ServerOptions):
    """Options of servers (`ServerOptions`) and these.

    Attributes:
        base_url: the server; vLLM's own address when not given.
        model: the id there; empty takes the only one served.
        media: "frames" sends images, "video" one MP4 of them.
        image_format, quality: of the frames.
        max_media_tokens: frames are reduced until the clip takes no more, at 28 x 28 pixels a
            token of an image or of a pair of a video's frames.
        sound: how the server takes sound, "input_audio" (OpenAI) or "audio_url" (vLLM).
        times: "note" says after the clip how long it is and how it was sampled, "each" also
            puts its time before every frame, "none" says nothing.
        send_media: "each" sends a clip with each of its questions; "once" with the first one, and
            names it in the others (vLLM keeps media under such names); "file" writes it to files
            that a server of this machine reads itself.
        media_folder: where such files are written, the system's temporary folder by default;
            what the server was started to allow (``--allowed-local-media-path``).
        serve: a server that is started on this machine for the run and ended with it.
        serve_command: the program that is started, where it is not found by its own name.
        serve_options: further arguments of it, e.g. "--tensor-parallel-size 2".
        serve_wait: seconds until it must answer; weights may have to be fetched first.
        thinking: "off", "on" (2,048 tokens) or so many tokens that a model may think before its
            answer, beside the answer's own; told to the chat template as ``enable_thinking``
            (vLLM, SGLang, llama.cpp). None says nothing.
        top_logprobs: alternatives of the first word asked for; 0 asks for none.
        max_cost, max_calls: dollars and calls this model may take; None without limit.
    """

    base_url: str = "http://127.0.0.1:8000/v1"
    model: str = ""
    media: Literal["frames", "video"] = "frames"
    image_format: Literal["jpeg", "png"] = "jpeg"
    quality: int = Field(90, ge=1, le=100)
    max_media_tokens: int = Field(24_576, ge=1)
    sound: Literal["input_audio", "audio_url"] = "input_audio"
    times: Literal["note", "each", "none"] = "note"
    send_media: Literal["each", "once", "file"] = "each"
    media_folder: str = ""
    serve: Literal["", "vllm", "sglang"] = ""
    serve_command: str = ""
    serve_options: str = ""
    serve_wait: float = Field(1800.0, gt=0)
    thinking: Literal["off", "on"] | Annotated[int, Field(ge=1)] | None = Field(
        None,
        description="Expected off, on or the most tokens of a thought, 1 or more",
        examples=["off", "on", 2048],
    )
    top_logprobs: int = Field(20, ge=0, le=100)
    max_cost: float | None = Field(None, ge=0)
    max_calls: int | None = Field(None, ge=0)

    def budget(self) -> Budget:
        """The budget of the options."""
        return Budget(self.max_calls, self.max_cost)

    @property
    def thinking_tokens(self) -> int:
        """Tokens of a reply beyond the answer's own."""
        if isinstance(self.thinking, int):
            return self.thinking
        return _THINKING_TOKENS if self.thinking == "on" else 0

    def body(self) -> dict[str, Any]:
        """Further fields of each request; the user's own win."""
        given = dict(self.extra_body or {})
        if self.thinking is None:
            return given
        switch = {"enable_thinking": self.thinking != "off"}
        kept = given.get("chat_template_kwargs")
        return {**given, "chat_template_kwargs": {**switch, **(kept or {})}}
