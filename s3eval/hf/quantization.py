"""Quantised models: what they need, how many bits they take, and that they compute as stated."""

from __future__ import annotations

from typing import Any

from s3eval.errors import S3EvalError
from s3eval.hf.environment import prepare_bitsandbytes, require
from s3eval.hf.options import Options

__all__ = [
    "check_quantization",
    "quantized_beforehand",
    "quantized_bits",
    "quantizer",
    "quantizer_version",
    "require_quantizer",
    "unpacked",
]

_GPTQ = "pip install gptqmodel"
_BITSANDBYTES = "pip install bitsandbytes"


def require_quantizer(options: Options) -> None:
    """Refuse when the package for ``quantization`` is missing.

    Raises:
        S3EvalError: it is not installed; names the command that brings it.
    """
    wanted = options.quantization or ""
    if wanted.startswith("bitsandbytes"):
        require("bitsandbytes", "quantization=bitsandbytes", _BITSANDBYTES)
        require("accelerate", "quantization=bitsandbytes", "pip install accelerate")
    elif wanted:
        require("gptqmodel", f"quantization={wanted}", _GPTQ)


def check_quantization(name: str, checkpoint: str, raw: dict[str, Any], options: Options) -> None:
    """Refuse a checkpoint that is not quantised as stated, or whose package is missing.

    Args:
        name: the model's name, for messages.
        checkpoint: where it is.
        raw: its config.json.
        options: the user's.

    Raises:
        S3EvalError: quantised otherwise, not at all, or not to be read without a package.
    """
    method, wanted = _method(raw), options.quantization
    if wanted in ("gptq", "awq") and method != wanted:
        raise S3EvalError(
            f"quantization={wanted} needs a checkpoint quantised so, but this one is "
            f"{method or 'not quantised'}",
            where=checkpoint,
            fix="--model-option checkpoint=... with the quantised one",
        )
    if method and wanted and wanted.startswith("bitsandbytes"):
        raise S3EvalError(
            f"quantization={wanted} quantises while loading, but this checkpoint is quantised "
            f"already ({method})",
            where=checkpoint,
            fix="leave the option out",
        )
    if method in ("gptq", "awq"):
        require("gptqmodel", f"The {method} checkpoint of '{name}'", _GPTQ)
    if method == "bitsandbytes":
        require("bitsandbytes", f"The checkpoint of '{name}'", _BITSANDBYTES)
        require("accelerate", f"The checkpoint of '{name}'", "pip install accelerate")


def quantized_bits(raw: dict[str, Any], options: Options) -> float | None:
    """Bits a quantised weight takes, its share of the scales included; None when none is.

    >>> quantized_bits({}, Options(quantization="bitsandbytes-4bit"))
    4.5
    >>> quantized_bits({"quantization_config": {"quant_method": "gptq", "bits": 8}}, Options())
    8.5
    """
    stored = raw.get("quantization_config") or {}
    if options.quantization == "bitsandbytes-4bit" or stored.get("load_in_4bit"):
        return 4.5
    if options.quantization == "bitsandbytes-8bit" or stored.get("load_in_8bit"):
        return 8.5
    return float(stored["bits"]) + 0.5 if "bits" in stored else None


def quantized_beforehand(raw: dict[str, Any]) -> bool:
    """Whether the checkpoint was quantised layer by layer (GPTQ, AWQ), experts included."""
    return _method(raw) in ("gptq", "awq")


def quantizer(options: Options, dtype: Any) -> Any:
    """The library's configuration for quantising while loading, or None."""
    if not (options.quantization or "").startswith("bitsandbytes"):
        return None
    from transformers import BitsAndBytesConfig

    if options.quantization == "bitsandbytes-8bit":
        return BitsAndBytesConfig(load_in_8bit=True)
    return BitsAndBytesConfig(
        load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_compute_dtype=dtype
    )


def quantizer_version(raw: dict[str, Any], options: Options) -> dict[str, str]:
    """``{"quantizer": "bitsandbytes 0.50.2"}`` for the model's identity; {} when not used.

    Raises:
        MachineError: bitsandbytes does not import.
    """
    wanted = options.quantization or ""
    if wanted.startswith("bitsandbytes") or _method(raw) == "bitsandbytes":
        return {"quantizer": "bitsandbytes " + prepare_bitsandbytes()}
    return {}


def unpacked(model: Any) -> Any:
    """The model, computing in the dtype it was loaded with on every CPU.

    On CPUs with bfloat16 instructions bitsandbytes would repack its 4-bit layers at the first
    call: computed in bfloat16 whatever was asked for, and failing for layers that are no whole
    number of blocks (a feed-forward part of Qwen2.5-VL's vision encoder is 3,420 wide).
    """
    for module in model.modules():
        if hasattr(module, "support_avx512bf16_for_cpu"):
            module.support_avx512bf16_for_cpu = False
    return model


def _method(raw: dict[str, Any]) -> str:
    return str((raw.get("quantization_config") or {}).get("quant_method", ""))
