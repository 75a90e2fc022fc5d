"""From a checkpoint's name to a model ready to be asked; refuses early and leaves nothing behind.

The order is deliberate: configuration (small), architecture, optional packages, memory, weights.
A model that cannot run is refused before anything large is fetched or read.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from s3eval.errors import S3EvalError
from s3eval.transformers.environment import (
    GIB,
    MachineError,
    free_memory,
    is_out_of_memory,
    prepare_libraries,
    quiet_library,
    require,
)
from s3eval.transformers.options import Options

__all__ = ["Loaded", "Needs", "estimate_needs", "load_checkpoint"]

_WEIGHTS = (
    "model.safetensors",
    "model.safetensors.index.json",
    "pytorch_model.bin",
    "pytorch_model.bin.index.json",
)


@dataclass(frozen=True)
class Loaded:
    """A model in memory.

    ``identity`` holds what makes its answers its own: the checkpoint's commit or fingerprint,
    the dtype and the attention implementation.
    """

    model: Any
    processor: Any
    device: str
    identity: dict[str, Any]


@dataclass(frozen=True)
class Needs:
    """What a model takes: ``parameters`` (count), ``weights`` and ``working`` memory in bytes."""

    parameters: int
    weights: int
    working: int

    @property
    def total(self) -> int:
        """Bytes in all."""
        return self.weights + self.working


def load_checkpoint(
    name: str, checkpoint: str, architecture: str, model_types: tuple[str, ...], options: Options
) -> Loaded:
    """Load a checkpoint as the named architecture.

    Args:
        name: the model's name, for messages.
        checkpoint: a folder, or a repository id.
        architecture: a class of the transformers library.
        model_types: the ``model_type`` values its configuration may have.
        options: the user's.

    Raises:
        S3EvalError: no such checkpoint, another architecture, missing or unreadable weights, a
            missing optional package.
        MachineError: the weights do not fit.
    """
    _require_extras(options)
    prepare_libraries()
    with quiet_library():
        return _load(name, checkpoint, architecture, model_types, options)


def _load(
    name: str, checkpoint: str, architecture: str, model_types: tuple[str, ...], options: Options
) -> Loaded:
    raw = _raw_config(name, checkpoint, options)
    _check_architecture(name, checkpoint, raw, model_types)
    _check_quantization(name, checkpoint, raw, options)
    import transformers

    kind = getattr(transformers, architecture, None)
    if kind is None:
        raise S3EvalError(
            f"transformers {transformers.__version__} does not know {architecture}",
            fix="pip install --upgrade transformers",
        )
    device = _device(options)
    config = _config(kind, checkpoint, options)
    dtype = _dtype(config, device, options)
    if options.check_memory:
        _check_memory(name, kind, config, dtype, device, options, raw)
    _check_weights(checkpoint)
    processor = _processor(checkpoint, options)
    model = _weights(kind, checkpoint, device, dtype, options)
    identity = {
        "checkpoint": checkpoint_name(checkpoint),
        "version": _version(checkpoint, raw),
        "dtype": str(dtype).removeprefix("torch."),
        "attention": getattr(model.config, "_attn_implementation", "") or "",
        "transformers": transformers.__version__,
    }
    return Loaded(model, processor, str(model.device), identity)


def checkpoint_name(checkpoint: str) -> str:
    """A repository id as it is; of a folder only its name, so that moving it changes nothing."""
    path = Path(checkpoint).expanduser()
    return path.resolve().name if path.is_dir() else checkpoint


def _require_extras(options: Options) -> None:
    quantization = options.quantization or ""
    if quantization.startswith("bitsandbytes"):
        require("bitsandbytes", "quantization=bitsandbytes", "pip install bitsandbytes")
    if quantization == "gptq":
        require("gptqmodel", "quantization=gptq", "pip install gptqmodel")
    if quantization == "awq":
        require("gptqmodel", "quantization=awq", "pip install gptqmodel")
    if options.attention == "flash_attention_2":
        require("flash_attn", "attention=flash_attention_2", "pip install flash-attn")
    if options.attention == "flash_attention_3":
        require("flash_attn_interface", "attention=flash_attention_3", "pip install flash-attn-3")
    if options.device_map:
        require("accelerate", "device_map", "pip install accelerate")


def _raw_config(name: str, checkpoint: str, options: Options) -> dict[str, Any]:
    from transformers import PreTrainedConfig

    folder = Path(checkpoint).expanduser()
    if not folder.is_dir() and (
        checkpoint.startswith((".", "/", "~")) or checkpoint.count("/") > 1
    ):
        raise S3EvalError(
            f"No checkpoint folder for '{name}'",
            where=checkpoint,
            fix="--model-option checkpoint=FOLDER or a repository id",
        )
    if folder.is_dir() and not (folder / "config.json").is_file():
        raise S3EvalError(
            f"This folder is no checkpoint of '{name}'",
            where=checkpoint,
            why="no config.json in it",
        )
    try:
        raw, _ = PreTrainedConfig.get_config_dict(
            str(folder) if folder.is_dir() else checkpoint, revision=options.revision
        )
    except Exception as error:
        if folder.is_dir():
            raise S3EvalError(
                "This checkpoint's config.json cannot be read", where=checkpoint, why=_first(error)
            ) from error
        raise S3EvalError(
            f"Checkpoint '{checkpoint}' of '{name}' is neither a folder nor in the local model "
            "cache, and cannot be fetched",
            why=_first(error),
            fix=f"hf download {checkpoint}  or  --model-option checkpoint=FOLDER",
        ) from error
    return dict(raw)


def _check_architecture(
    name: str, checkpoint: str, raw: dict[str, Any], model_types: tuple[str, ...]
) -> None:
    found = raw.get("model_type", "")
    if found not in model_types:
        raise S3EvalError(
            f"Wrong architecture for '{name}': expected {' or '.join(model_types)}, "
            f"but got {found or 'none'}",
            where=checkpoint,
            fix="s3eval list models",
        )


def _check_quantization(name: str, checkpoint: str, raw: dict[str, Any], options: Options) -> None:
    method = str((raw.get("quantization_config") or {}).get("quant_method", ""))
    wanted = options.quantization
    if wanted in ("gptq", "awq") and method != wanted:
        raise S3EvalError(
            f"quantization={wanted} needs a checkpoint quantised so, but this one is "
            f"{method or 'not quantised'}",
            where=checkpoint,
            fix="--model-option checkpoint=... with the quantised one",
        )
    if method in ("gptq", "awq"):
        require("gptqmodel", f"The {method} checkpoint of '{name}'", "pip install gptqmodel")
    if method == "bitsandbytes":
        require("bitsandbytes", f"The checkpoint of '{name}'", "pip install bitsandbytes")


def _device(options: Options) -> str:
    import torch

    if options.device.startswith("cuda") and not torch.cuda.is_available():
        raise MachineError(
            f"device={options.device}, but no GPU is visible to torch {torch.__version__}",
            fix="install a torch built for your GPU, or --model-option device=cpu",
        )
    if options.device != "auto":
        return options.device
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def _config(kind: Any, checkpoint: str, options: Options) -> Any:
    try:
        return kind.config_class.from_pretrained(_place(checkpoint), revision=options.revision)
    except Exception as error:
        raise S3EvalError(
            "This checkpoint's configuration does not fit its architecture",
            where=checkpoint,
            why=_first(error),
        ) from error


def _dtype(config: Any, device: str, options: Options) -> Any:
    import torch

    if options.dtype != "auto":
        return getattr(torch, options.dtype)
    if device == "cpu":
        return torch.float32
    own = getattr(config, "dtype", None) or getattr(config.get_text_config(), "dtype", None)
    return own if isinstance(own, torch.dtype) else torch.bfloat16


def estimate_needs(kind: Any, config: Any, dtype: Any, bits: float | None = None) -> Needs:
    """The memory a model takes, counted on a model without storage.

    Args:
        kind: its class. config: its configuration.
        dtype: of the weights. bits: a parameter's bits when quantised, else None.

    Returns:
        weights, and working memory: a prefix of 25,000 tokens with as much again for the
        questions, and a tenth of the weights.
    """
    import torch

    with torch.device("meta"):
        parameters = sum(p.numel() for p in kind._from_config(config).parameters())
    weights = int(parameters * (bits / 8 if bits else dtype.itemsize))
    text = config.get_text_config()
    heads = getattr(text, "num_key_value_heads", None) or text.num_attention_heads
    width = getattr(text, "head_dim", None) or text.hidden_size // text.num_attention_heads
    token = 2 * text.num_hidden_layers * heads * width * dtype.itemsize
    longest = min(25_000, text.max_position_embeddings)
    return Needs(parameters, weights, 2 * longest * token + weights // 10)


def _check_memory(
    name: str, kind: Any, config: Any, dtype: Any, device: str, options: Options, raw: Any
) -> None:
    bits = {"bitsandbytes-4bit": 4.5, "bitsandbytes-8bit": 8.5}.get(options.quantization or "")
    stored = raw.get("quantization_config") or {}
    bits = bits or (float(stored["bits"]) + 0.5 if "bits" in stored else None)
    needs = estimate_needs(kind, config, dtype, bits)
    free = free_memory(device)
    if needs.total <= free:
        return
    place = "on its GPUs" if device.startswith("cuda") else "of main memory and no GPU"
    raise MachineError(
        f"'{name}' needs about {needs.total / GIB:.0f} GiB ({needs.parameters / 1e9:.1f} billion "
        f"parameters in {bits or str(dtype).removeprefix('torch.')}"
        f"{' bits' if bits else ''}: {needs.weights / GIB:.0f} GiB, and "
        f"{needs.working / GIB:.0f} GiB to work in), but this machine has "
        f"{free / GIB:.0f} GiB free {place}",
        fix="a smaller model, --model-option quantization=bitsandbytes-4bit on a GPU, a model "
        "server (s3eval-model-server), or --model-option check_memory=false to try anyway",
    )


def _check_weights(checkpoint: str) -> None:
    folder = Path(checkpoint).expanduser()
    if not folder.is_dir():
        return
    present = [folder / name for name in _WEIGHTS if (folder / name).is_file()]
    if not present:
        raise S3EvalError(
            "This checkpoint has no weights",
            where=checkpoint,
            why="no model.safetensors in it",
            fix="download it again, large files included",
        )
    if present[0].suffix == ".json":
        shards = set(json.loads(present[0].read_text(encoding="utf-8"))["weight_map"].values())
        absent = sorted(s for s in shards if not (folder / s).is_file())
        if absent:
            raise S3EvalError(
                f"{len(absent)} of {len(shards)} weight files are missing",
                where=checkpoint,
                why="first: " + absent[0],
                fix="download the checkpoint again, large files included",
            )


def _processor(checkpoint: str, options: Options) -> Any:
    from transformers import AutoProcessor

    try:
        processor = AutoProcessor.from_pretrained(_place(checkpoint), revision=options.revision)
    except Exception as error:
        raise S3EvalError(
            "This checkpoint's processor cannot be loaded", where=checkpoint, why=_first(error)
        ) from error
    if not hasattr(processor, "apply_chat_template") or not getattr(
        processor, "chat_template", None
    ):
        raise S3EvalError(
            "This checkpoint has no chat template",
            where=checkpoint,
            why="is it an instruction-tuned one, with chat_template.json or .jinja?",
        )
    return processor


def _weights(kind: Any, checkpoint: str, device: str, dtype: Any, options: Options) -> Any:
    arguments: dict[str, Any] = {"revision": options.revision, "dtype": dtype}
    if options.attention != "auto":
        arguments["attn_implementation"] = options.attention
    if options.tensor_parallel:
        arguments["tp_plan"] = "auto"
    elif options.device_map or (device == "cuda" and _many_gpus()):
        require("accelerate", "device_map", "pip install accelerate")
        arguments["device_map"] = options.device_map or "auto"
    elif device != "cpu":
        require("accelerate", f"device={device}", "pip install accelerate")
        arguments["device_map"] = {"": device}
    quantizer = _quantizer(options, dtype)
    if quantizer is not None:
        arguments["quantization_config"] = quantizer
    try:
        model, report = kind.from_pretrained(
            _place(checkpoint), output_loading_info=True, **arguments
        )
    except Exception as error:
        if is_out_of_memory(error):
            raise MachineError(
                "Memory ran out while the weights were loaded",
                where=checkpoint,
                fix="--model-option quantization=bitsandbytes-4bit or device_map=auto",
            ) from error
        raise S3EvalError(
            "This checkpoint's weights cannot be loaded", where=checkpoint, why=_first(error)
        ) from error
    missing = sorted(report.get("missing_keys") or ())
    if missing:
        raise S3EvalError(
            f"{len(missing)} weights are missing from this checkpoint; random ones would answer "
            "in their place",
            where=checkpoint,
            why="first: " + missing[0],
            fix="download the checkpoint again",
        )
    return model.eval()


def _quantizer(options: Options, dtype: Any) -> Any:
    if not (options.quantization or "").startswith("bitsandbytes"):
        return None
    from transformers import BitsAndBytesConfig

    if options.quantization == "bitsandbytes-8bit":
        return BitsAndBytesConfig(load_in_8bit=True)
    return BitsAndBytesConfig(
        load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_compute_dtype=dtype
    )


def _many_gpus() -> bool:
    import torch

    return bool(torch.cuda.device_count() > 1)


def _place(checkpoint: str) -> str:
    folder = Path(checkpoint).expanduser()
    return str(folder) if folder.is_dir() else checkpoint


def _version(checkpoint: str, raw: dict[str, Any]) -> str:
    """The repository's commit, or a fingerprint of a folder's configuration and weights.

    Of each weight file the size and three samples of 64 KiB are read, so that the largest
    checkpoint takes no time; two checkpoints that differ only elsewhere would be taken as one.
    """
    folder = Path(checkpoint).expanduser()
    if not folder.is_dir():
        return str(raw.get("_commit_hash") or "")
    digest = hashlib.sha256()
    names = ("*.json", "*.jinja", "*.txt", "*.safetensors", "*.bin")
    for path in sorted(p for pattern in names for p in folder.glob(pattern)):
        size = path.stat().st_size
        digest.update(f"{path.name}:{size}:".encode())
        with path.open("rb") as handle:
            for start in sorted({0, max(0, size // 2 - 32_768), max(0, size - 65_536)}):
                handle.seek(start)
                digest.update(handle.read(65_536))
    return "sha256:" + digest.hexdigest()[:16]


def _first(error: BaseException) -> str:
    """The first telling line of an exception."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return f"{type(error).__name__}: {lines[0][:300]}" if lines else type(error).__name__
