"""The options of a hosted model."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from s3eval.remote.budget import Budget
from s3eval.remote.options import ServerOptions

__all__ = ["HostedOptions"]


class HostedOptions(ServerOptions):
    """Options of servers (`ServerOptions`) and these.

    Attributes:
        base_url: the service's own address when not given.
        model: the id of the model there; needed.
        thinking: "off" (fails where a model must think), "least" (as little as it allows) or
            tokens of thought before the answer; None leaves it to the service.
        max_pixels: of a frame; larger ones are reduced.
        quality: of JPEG frames.
        files_above: megabytes of a clip above which it is sent once as files rather than with
            each question.
        top_logprobs: alternatives of the first word asked for, where the service gives any.
        max_cost, max_calls: dollars and calls this model may take; None without limit.
    """

    base_url: str = ""
    model: str = ""
    thinking: Literal["off", "least"] | Annotated[int, Field(ge=1)] | None = Field(
        None,
        description="Expected off, least or the most tokens of a thought, 1 or more",
        examples=["off", "least", 4000],
    )
    max_pixels: int = Field(640 * 480, ge=28 * 28)
    quality: int = Field(90, ge=1, le=100)
    files_above: float = Field(10.0, ge=0)
    top_logprobs: int = Field(5, ge=0, le=20)
    max_cost: float | None = Field(None, ge=0)
    max_calls: int | None = Field(None, ge=0)

    @property
    def thinking_tokens(self) -> int:
        """Tokens of a reply beyond the answer's own."""
        return self.thinking if isinstance(self.thinking, int) else 0

    def budget(self) -> Budget:
        """The budget of the options."""
        return Budget(self.max_calls, self.max_cost)
