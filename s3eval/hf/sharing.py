"""Whether sharing a clip between questions is exact, found out on the model itself.

What may be shared is decided by the kinds of cache layers (`kv_cache.ways`). That is not enough
for an architecture nobody has tried: positions, masks, or what happens between the decoder and
the logits may differ as well. So before its first question both ways are compared on a small
clip: the shared way, and the library's own generate on whole prompts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from s3eval.hf.decoding import start_decoding
from s3eval.hf.environment import is_out_of_memory
from s3eval.hf.independent import IndependentGenerator
from s3eval.hf.logits import logits_of
from s3eval.hf.prefix import Prefix
from s3eval.hf.source import first_line

if TYPE_CHECKING:
    from s3eval.facts.footage import Footage
    from s3eval.hf.options import Sharing, Way
    from s3eval.vocabulary import Sense

__all__ = [
    "COMPARED_BY_TESTS",
    "Reference",
    "SharingCheck",
    "compare_ways",
    "largest_difference",
    "reference_answers",
    "small_clip",
    "tolerance",
]

#: Architectures (``model_type``) for which the tests compare sharing with independent calls.
COMPARED_BY_TESTS = frozenset(
    {
        "audioflamingo3",
        "internvl",
        "qwen2_5_omni",
        "qwen2_5_omni_thinker",
        "qwen2_5_vl",
        "qwen3_omni_moe",
        "qwen3_omni_moe_thinker",
        "qwen3_vl",
    }
)
# Logits compared for each question: of the first answer token and of two after it.
_STEPS = 3


@dataclass(frozen=True)
class SharingCheck:
    """What the comparison came to.

    Attributes:
        way: how questions are asked from now on.
        difference: the largest difference of a logit from independent calls, None when nothing
            could be compared.
        allowed: how large it may be.
        reason: why a faster way is not taken; "" when the fastest is.
    """

    way: Sharing
    difference: float | None = None
    allowed: float = 0.0
    reason: str = ""

    def __str__(self) -> str:
        if self.way == "independent":
            return f"every question is asked with the whole prompt: {self.reason}"
        line = f"questions share the clip ({self.way})"
        if self.difference is not None:
            line += (
                f"; on a small clip logits differ from independent calls by at most "
                f"{self.difference:.1g}"
            )
        return line + (f"; {self.reason}" if self.reason else "")


@dataclass(frozen=True)
class Reference:
    """A question asked independently: the tokens after the prefix, the answer and its logits."""

    tail: tuple[int, ...]
    answer: tuple[int, ...]
    logits: Any


def reference_answers(
    generator: IndependentGenerator,
    tails: Sequence[Sequence[int]],
    prompts: Sequence[Mapping[str, Any]],
) -> list[Reference]:
    """Ask each question with its whole prompt.

    Args:
        tails: the tokens of each prompt after the shared prefix.
        prompts: what the processor made of each whole prompt.
    """
    asked = []
    for tail, prompt in zip(tails, prompts, strict=True):
        answer, logits = generator.generate(prompt, _STEPS)
        asked.append(Reference(tuple(tail), tuple(answer), logits))
    return asked


def tolerance(model: Any, references: Sequence[Reference]) -> float:
    """How far logits may differ without meaning that something else was computed.

    1e-4 in float32; at a lower precision, or quantised, 32 units in the last place. Both in
    terms of the logits' standard deviation where that is above one. At a lower precision only
    a gross difference is therefore seen.
    """
    import torch

    exact = model.dtype == torch.float32 and getattr(model, "hf_quantizer", None) is None
    dtype = model.dtype if exact or model.dtype != torch.float32 else torch.bfloat16
    spread = max(float(reference.logits.std()) for reference in references)
    return max(1e-4, 32 * float(torch.finfo(dtype).eps)) * max(1.0, spread)


def largest_difference(
    model: Any, prefix: Prefix, way: Way, references: Sequence[Reference], pad: int
) -> float:
    """The largest difference of a logit between a way of sharing and independent calls.

    The questions are asked twice, in both orders, so that what one leaves behind in the prefix
    shows in the other; each is continued token by token, and once read ahead.
    """
    import torch

    largest = 0.0
    order = list(range(len(references)))
    with torch.inference_mode():
        for indices in (order, order[::-1]):
            groups = [[i] for i in indices] if way == "forked" else [indices]
            for group in groups:
                asked = [references[i] for i in group]
                for computed, expected in _continued(model, prefix, way, asked, pad):
                    difference = float((computed - expected.to(computed.device)).abs().max())
                    # A comparison with NaN is false, and NaN is no agreement.
                    largest = largest if difference <= largest else difference
    return largest


def _continued(model: Any, prefix: Prefix, way: Way, asked: Sequence[Reference], pad: int) -> Any:
    """Pairs of logits, shared and independent, of the same shape."""
    decoding = start_decoding(way, model, prefix, pad)
    shared = logits_of(model, decoding.start([r.tail for r in asked]))
    for row, reference in zip(shared, asked, strict=True):
        yield row, reference.logits[0]
    longer = [i for i, r in enumerate(asked) if len(r.answer) > 1]
    if longer:
        states = decoding.look_ahead(longer, [asked[i].answer[:-1] for i in longer])
        for i, hidden in zip(longer, states, strict=True):
            yield logits_of(model, hidden), asked[i].logits[1:]
    for step in range(1, _STEPS):
        going = [i for i, r in enumerate(asked) if len(r.answer) > step]
        if not going:
            return
        hidden = decoding.step(going, [asked[i].answer[step - 1] for i in going])
        for row, i in zip(logits_of(model, hidden), going, strict=True):
            yield row, asked[i].logits[step]


def compare_ways(
    model: Any,
    prefix: Prefix,
    references: Sequence[Reference],
    candidates: Sequence[Way],
    pad: int,
) -> SharingCheck:
    """The first candidate that equals independent calls; "independent" when none does.

    Args:
        model: the model of the library.
        prefix: the prefilled small clip.
        references: questions about it asked independently.
        candidates: ways to try, in this order.
        pad: the token rows of a batch are padded with.
    """
    allowed = tolerance(model, references)
    reasons = []
    for way in candidates:
        try:
            difference = largest_difference(model, prefix, way, references, pad)
        except Exception as error:
            if is_out_of_memory(error):
                raise
            reasons.append(f"{way} fails ({first_line(error)})")
            continue
        if difference <= allowed:
            return SharingCheck(way, difference, allowed, ", ".join(reasons))
        reasons.append(f"{way} differs from independent calls by {difference:.1g}")
    return SharingCheck("independent", None, allowed, ", ".join(reasons))


def small_clip(senses: frozenset[Sense]) -> Footage:
    """Four seconds of noise: four frames of 224 x 224 pixels, and sound where it is heard."""
    import numpy as np

    from s3eval.facts.clips import Clip, Sampling
    from s3eval.facts.footage import SOUND_RATE, Footage

    rng = np.random.default_rng(0)
    count = 4 if "sight" in senses else 0
    frames = rng.integers(0, 256, (count, 224, 224, 3), np.uint8)
    sound = None
    if "hearing" in senses:
        sound = (0.1 * rng.standard_normal(4 * SOUND_RATE)).astype(np.float32)
    clip = Clip("small clip", 0.0, 4.0, Sampling())
    return Footage(clip, frames, np.arange(count, dtype=np.float64), sound, 4.0)
