"""From a checkpoint's name to a model ready to be asked; refuses early and leaves nothing behind.

The order is deliberate: configuration (small), architecture, optional packages, memory, weights.
A model that cannot run is refused before anything large is fetched or read.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from s3eval.errors import MachineError, S3EvalError
from s3eval.transformers.environment import (
    is_out_of_memory,
    prepare_libraries,
    quiet_library,
    require,
)
from s3eval.transformers.fingerprint import checkpoint_name, checkpoint_version
from s3eval.transformers.needs import check_memory
from s3eval.transformers.options import Options
from s3eval.transformers.parallel import check_split, plan
from s3eval.transformers.quantization import (
    check_quantization,
    quantizer,
    quantizer_version,
    require_quantizer,
    unpacked,
)

__all__ = ["Loaded", "load_checkpoint"]

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
    the dtype, the attention implementation and the quantiser.
    """

    model: Any
    processor: Any
    device: str
    identity: dict[str, Any]


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
    check_quantization(name, checkpoint, raw, options)
    quantized = quantizer_version(raw, options)
    import transformers

    kind = getattr(transformers, architecture, None)
    if kind is None:
        raise S3EvalError(
            f"transformers {transformers.__version__} does not know {architecture}",
            fix="pip install --upgrade transformers",
        )
    device = _device(options)
    config = _config(kind, checkpoint, options)
    check_split(name, config, options)
    dtype = _dtype(config, device, options)
    if options.check_memory:
        check_memory(name, kind, config, dtype, device, options, raw)
    _check_weights(checkpoint)
    processor = _processor(checkpoint, options)
    model = _weights(kind, checkpoint, config, device, dtype, options)
    identity = {
        "checkpoint": checkpoint_name(checkpoint),
        "version": checkpoint_version(checkpoint, raw),
        "dtype": str(dtype).removeprefix("torch."),
        "attention": getattr(model.config, "_attn_implementation", "") or "",
        "transformers": transformers.__version__,
        **quantized,
    }
    return Loaded(model, processor, str(model.device), identity)


def _require_extras(options: Options) -> None:
    require_quantizer(options)
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


def _weights(
    kind: Any, checkpoint: str, config: Any, device: str, dtype: Any, options: Options
) -> Any:
    arguments: dict[str, Any] = {"revision": options.revision, "dtype": dtype}
    if options.attention != "auto":
        arguments["attn_implementation"] = options.attention
    if options.tensor_parallel > 1:
        from transformers.distributed import DistributedConfig

        arguments["distributed_config"] = DistributedConfig(
            tp_size=options.tensor_parallel, tp_plan=plan(kind, config)
        )
    elif options.device_map or (device == "cuda" and _many_gpus()):
        require("accelerate", "device_map", "pip install accelerate")
        arguments["device_map"] = options.device_map or "auto"
    elif device != "cpu":
        require("accelerate", f"device={device}", "pip install accelerate")
        arguments["device_map"] = {"": device}
    quantizing = quantizer(options, dtype)
    if quantizing is not None:
        arguments["quantization_config"] = quantizing
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
    return unpacked(model.eval())


def _many_gpus() -> bool:
    import torch

    return bool(torch.cuda.device_count() > 1)


def _place(checkpoint: str) -> str:
    folder = Path(checkpoint).expanduser()
    return str(folder) if folder.is_dir() else checkpoint


def _first(error: BaseException) -> str:
    """The first telling line of an exception."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return f"{type(error).__name__}: {lines[0][:300]}" if lines else type(error).__name__
