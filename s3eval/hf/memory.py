"""How much memory a model takes, counted before anything of it is fetched or read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from s3eval.errors import MachineError
from s3eval.hf.environment import GIB, free_memory

__all__ = ["MemoryEstimate", "check_memory", "estimate_memory", "least_memory"]


@dataclass(frozen=True)
class MemoryEstimate:
    """What a model takes: ``weights`` and ``working`` memory in bytes.

    ``parameters`` counts all, ``quantizable`` those a quantiser would reach. ``counted`` is
    False for a lower bound by the published size alone.
    """

    parameters: int
    quantizable: int
    weights: int
    working: int
    counted: bool = True

    @property
    def total(self) -> int:
        """Bytes in all."""
        return self.weights + self.working


def least_memory(
    parameters: int, dtype: Any, bits: float | None = None, *, mixture: bool = False
) -> MemoryEstimate:
    """The least a model of a published size takes: what is known before its configuration is.

    Args:
        parameters: how many it has.
        dtype: of the weights. bits: of a quantised weight, None when none is; otherwise all
            are taken as quantised.
        mixture: a mixture of experts, which quantising would help little.

    Returns:
        weights, and a tenth of them to work in; the memory of a prefix is left out.

    >>> import torch
    >>> least_memory(1_000_000_000, torch.bfloat16).weights
    2000000000
    """
    weights = int(parameters * (bits / 8 if bits else dtype.itemsize))
    reached = 0 if mixture and not bits else parameters
    return MemoryEstimate(parameters, reached, weights, weights // 10, counted=False)


def estimate_memory(
    kind: Any, config: Any, dtype: Any, bits: float | None = None, *, experts: bool = False
) -> MemoryEstimate:
    """The memory a model takes, counted on a model without storage.

    Args:
        kind: its class. config: its configuration.
        dtype: of the weights. bits: of a quantised weight, None when none is.
        experts: whether the experts of a mixture are quantised, too.

    Returns:
        weights, and working memory: a prefix of 25,000 tokens with as much again for the
        questions, and a tenth of the weights.
    """
    import torch

    with torch.device("meta"):
        model = kind._from_config(config)
    parameters = sum(p.numel() for p in model.parameters())
    quantizable = _quantizable(model, experts)
    quantized = quantizable if bits else 0
    weights = int((parameters - quantized) * dtype.itemsize + quantized * (bits or 0) / 8)
    cache = _cache_bytes(config.get_text_config(), dtype)
    return MemoryEstimate(parameters, quantizable, weights, 2 * cache + weights // 10)


def _cache_bytes(text: Any, dtype: Any) -> int:
    """Keys and values of 25,000 tokens, or of the longest sequence where that is shorter.

    0 where the configuration does not state its attention heads as one number.
    """
    try:
        heads = getattr(text, "num_key_value_heads", None) or text.num_attention_heads
        width = getattr(text, "head_dim", None) or text.hidden_size // text.num_attention_heads
    except (AttributeError, RuntimeError):  # not stated, or another number in every layer
        return 0
    if not isinstance(heads, int):
        return 0
    token = 2 * text.num_hidden_layers * heads * width * dtype.itemsize
    return int(min(25_000, getattr(text, "max_position_embeddings", None) or 25_000) * token)


def _quantizable(model: Any, experts: bool) -> int:
    """Parameters of the linear layers but the last, which with the embeddings stays as it is.

    The library keeps the experts of a mixture outside linear layers, so what quantises while
    loading passes them by; checkpoints quantised beforehand hold them quantised.
    """
    import torch

    kept = (model.get_output_embeddings(), model.get_input_embeddings())
    layers = (m for m in model.modules() if isinstance(m, torch.nn.Linear) and m not in kept)
    stacked = (p for p in model.parameters() if p.ndim == 3) if experts else ()
    return int(sum(m.weight.numel() for m in layers) + sum(p.numel() for p in stacked))


def check_memory(
    name: str, estimate: MemoryEstimate, dtype: Any, device: str, bits: float | None
) -> None:
    """Refuse a model that cannot fit, with the numbers.

    Args:
        name: the model's name, for messages.
        estimate: what it takes (`least_memory`, `estimate_memory`).
        dtype: the weights'. bits: of a quantised weight, None when none is.
        device: where it would go.

    Raises:
        MachineError: weights and working memory are more than what is free.
    """
    free = free_memory(device)
    if estimate.total <= free:
        return
    held = str(dtype).removeprefix("torch.")
    if bits:
        held += f", {estimate.quantizable / 1e9:.1f} of them in {bits:g} bits"
    about = "about" if estimate.counted else "at least"
    raise MachineError(
        f"'{name}' needs {about} {estimate.total / GIB:.0f} GiB "
        f"({estimate.parameters / 1e9:.1f} billion parameters in {held}: "
        f"{estimate.weights / GIB:.0f} GiB, and {estimate.working / GIB:.0f} GiB to work in), "
        f"but this machine has {free / GIB:.0f} GiB free {_place(device)}",
        fix=_suggestion(estimate, device, bits),
    )


def _place(device: str) -> str:
    import torch

    if device != "cpu":
        return f"on device {device}"
    return "of main memory" + ("" if torch.cuda.is_available() else " and no GPU")


def _suggestion(estimate: MemoryEstimate, device: str, bits: float | None) -> str:
    """What would be enough: GPUs of so much memory, or something smaller."""
    gpus = f"GPUs of {1.2 * 2 * estimate.parameters / GIB:.0f} GiB together (bfloat16), "
    helps = bits is None and estimate.quantizable > estimate.parameters / 2
    return (
        (gpus if device == "cpu" else "")
        + "a smaller model, "
        + ("--model-option quantization=bitsandbytes-4bit on a GPU, " if helps else "")
        + "a model server (s3eval-model-server), or --model-option check_memory=false to try anyway"
    )
