"""The options of a transformers model: typed, validated, unknown names refused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from s3eval.errors import S3EvalError, UnknownNameError, choice_meant, wrong_option

__all__ = ["Options", "Sharing", "Way", "parse_options"]

#: How questions share a prefix.
Way = Literal["packed", "batched", "forked"]
Sharing = Literal["auto", "packed", "batched", "forked", "independent"]
# What changes how fast an answer comes or how much it takes, and what `Loaded` records itself.
_NEUTRAL = {
    "checkpoint",
    "revision",
    "adapter",
    "dtype",
    "device",
    "device_map",
    "tensor_parallel",
    "attention",
    "batch",
    "sharing",
    "memory_limit",
    "check_memory",
}


class Options(BaseModel):
    """What ``--model-option key=value`` takes.

    Attributes:
        checkpoint: folder or repository id; empty takes the model's published one.
        revision: branch, tag or commit of the repository.
        adapter: folder of a LoRA adapter that is added to the checkpoint.
        dtype: "auto" is the checkpoint's own on a GPU and float32 on a CPU.
        device: "auto", "cpu", "cuda", "cuda:1", "mps".
        device_map: spread layers over devices ("auto", "balanced", "sequential").
        tensor_parallel: split every layer over this many processes, one a GPU; 1 splits nothing.
        attention: "auto" leaves the choice to the library (sdpa where it exists).
        quantization: quantise while loading (bitsandbytes), or state that the checkpoint is
            quantised (gptq, awq), which makes its absence an error.
        batch: at most this many questions at a time.
        sharing: how questions share the clip's prefix: all in one sequence ("packed"), as a
            batch ("batched"), one after the other ("forked"); "auto" takes the fastest that is
            exact for the architecture; "independent" shares nothing: every question is asked
            with the whole prompt by the library's own generate.
        memory_limit: GiB the questions may take beside weights and prefix; None takes half of
            what is free when they are asked.
        min_pixels, max_pixels: frames are brought between these, where the family can.
        max_frames: clips with more frames are refused; None leaves it to the token budget.
        max_media_tokens: frames are reduced until the clip fits; refused when it cannot.
        score_choices: answer questions that offer choices by the most probable one, without
            generating.
        temperature: above 0 tokens are drawn from the probabilities at this temperature, each draw
            by the question's seed, repetition and text; 0 takes the most probable token.
        thinking: "off" (the template is told so, and a thought that it would begin is closed),
            "on" (at most 2,048 tokens of thought before an answer) or so many tokens; None leaves
            it to the checkpoint, and thoughts count towards the answer's tokens.
        max_new_tokens: cut answers at this many tokens, where the task allows more.
        repetition_penalty: None takes the checkpoint's own.
        check_memory: refuse before loading when the weights cannot fit.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    checkpoint: str = ""
    revision: str | None = None
    adapter: str | None = Field(None, min_length=1)
    dtype: Literal["auto", "float32", "bfloat16", "float16"] = "auto"
    device: str = Field("auto", pattern=r"^(auto|cpu|mps|cuda(:\d+)?)$")
    device_map: Literal["auto", "balanced", "sequential"] | None = None
    tensor_parallel: int = Field(1, ge=1)
    attention: Literal["auto", "sdpa", "eager", "flash_attention_2", "flash_attention_3"] = "auto"
    quantization: Literal["bitsandbytes-4bit", "bitsandbytes-8bit", "gptq", "awq"] | None = None
    batch: int = Field(32, ge=1)
    sharing: Sharing = "auto"
    memory_limit: float | None = Field(None, gt=0)
    min_pixels: int = Field(640 * 480, ge=0)
    max_pixels: int = Field(1280 * 720, gt=0)
    max_frames: int | None = Field(None, gt=0)
    max_media_tokens: int = Field(24_576, gt=0)
    score_choices: bool = False
    temperature: float | None = Field(None, ge=0, le=10)
    thinking: Literal["off", "on"] | Annotated[int, Field(ge=1)] | None = Field(
        None,
        description="Expected off, on or the most tokens of a thought, 1 or more",
        examples=["off", "on", 2048],
    )
    max_new_tokens: int | None = Field(None, ge=1)
    repetition_penalty: float | None = Field(None, gt=0)
    check_memory: bool = True

    @field_validator("*", mode="before")
    @classmethod
    def _none_is_a_word(cls, value: Any) -> Any:
        """``key=none`` on the command line means None."""
        return None if isinstance(value, str) and value.lower() in {"none", "null"} else value

    def that_change_answers(self) -> dict[str, Any]:
        """The options that belong to the model's identity, as JSON."""
        kept = self.model_dump(exclude=_NEUTRAL)
        if not self.temperature:  # 0 is what is done without the option
            kept["temperature"] = None
        return {key: value for key, value in sorted(kept.items()) if value is not None}


T = TypeVar("T", bound=Options)


def parse_options(kind: type[T], model: str, given: Mapping[str, Any]) -> T:
    """Read options for a model.

    Args:
        kind: `Options` or a family's own.
        model: the model's name, for messages.
        given: key to value, values possibly as text.

    Raises:
        UnknownNameError: an unknown key; names the nearest.
        S3EvalError: a value that does not fit; says what would.

    >>> parse_options(Options, "m", {"batch": "8", "memory_limit": "none"}).batch
    8
    """
    for key in given:
        if key not in kind.model_fields:
            raise UnknownNameError(
                f"option of '{model}'",
                key,
                kind.model_fields,
                fix="--model-option with one of " + ", ".join(sorted(kind.model_fields)),
            )
    try:
        options = kind(**given)
    except ValidationError as error:
        first = error.errors()[0]
        name, why, taken = wrong_option(first, kind.model_fields)
        raise S3EvalError(
            f"Option '{name}' of '{model}' cannot be {first['input']!r}{choice_meant(first)}",
            why=why,
            fix=f"--model-option {taken}" if taken else "",
        ) from None
    if options.min_pixels > options.max_pixels:
        raise S3EvalError(
            f"Expected min_pixels <= max_pixels, but got {options.min_pixels} > "
            f"{options.max_pixels}",
            where=model,
        )
    return options
