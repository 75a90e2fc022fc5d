"""What a model tells of its own workings on a clip, for those who check how it is used."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Examination"]


@dataclass(frozen=True)
class Examination:
    """What a loaded model found out about how it takes one clip (`Model.examine`).

    Attributes:
        clip_tokens: tokens that the clip takes in the prompt, None where that is not known.
        token_budget: the most that it may take, None for no limit.
        context: the tokens that the model reads at once, None where that is not known.
        sharing: how questions share the clip, in a word ("packed", "independent"); "" where the
            model does not say.
        difference: the largest difference of a logit between questions that share the clip and
            the same asked independently, None where it was not compared.
        allowed: how large it may be at this precision.
        sharing_reason: why it was not compared.
        prompt_faults: what is wrong with the prompt around the clip, a line each; None where
            the prompt cannot be seen from here.
        dtype: the precision of the weights as the library names it ("bfloat16"), "" if unknown.

    >>> Examination(clip_tokens=900, token_budget=1000).fits
    True
    """

    clip_tokens: int | None = None
    token_budget: int | None = None
    context: int | None = None
    sharing: str = ""
    difference: float | None = None
    allowed: float = 0.0
    sharing_reason: str = ""
    prompt_faults: tuple[str, ...] | None = None
    dtype: str = ""

    @property
    def fits(self) -> bool | None:
        """Whether the clip is within budget and context; None where neither can be told."""
        limits = [n for n in (self.token_budget, self.context) if n is not None]
        if self.clip_tokens is None or not limits:
            return None
        return self.clip_tokens <= min(limits)
