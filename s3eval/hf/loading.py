"""From a checkpoint's name to a model ready to be asked; refuses early and leaves nothing behind.

The order is deliberate: optional packages, memory by the published size, configuration (small),
architecture, memory as counted, files, weights. A model that cannot run is refused before
anything large is fetched or read.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from s3eval.errors import MachineError, S3EvalError
from s3eval.hf.adapters import adapter_folder, with_adapter
from s3eval.hf.environment import (
    is_out_of_memory,
    quiet_library,
    require,
)
from s3eval.hf.fingerprint import checkpoint_name, checkpoint_version
from s3eval.hf.memory import check_memory, estimate_memory, least_memory
from s3eval.hf.options import Options
from s3eval.hf.parallel import check_split, plan
from s3eval.hf.quantization import (
    check_quantization,
    quantized_beforehand,
    quantized_bits,
    quantizer,
    quantizer_version,
    require_quantizer,
    unpacked,
)
from s3eval.hf.source import Source, find_source, first_line
from s3eval.torch_environment import prepare_libraries

__all__ = ["FindClass", "Loaded", "load_checkpoint", "named_class"]

#: Given the model's name and the checkpoint, the class of the library that loads it.
FindClass = Callable[[str, Source], Any]

_WEIGHTS = (
    "model.safetensors",
    "model.safetensors.index.json",
    "pytorch_model.bin",
    "pytorch_model.bin.index.json",
)
# What turns clips and questions into tokens; of each the files any of which will do.
_PROCESSING = (
    (("tokenizer.json",), ("vocab.json", "merges.txt"), ("tokenizer.model",)),
    (("tokenizer_config.json",),),
    (("preprocessor_config.json",), ("processor_config.json",)),
)


@dataclass(frozen=True)
class Loaded:
    """A model in memory.

    ``identity`` holds what makes its answers its own: the checkpoint's commit or fingerprint,
    the dtype, the attention implementation, the quantiser and the adapter.
    """

    model: Any
    processor: Any
    device: str
    identity: dict[str, Any]


def load_checkpoint(
    name: str,
    checkpoint: str,
    find_class: FindClass,
    options: Options,
    parameters: int = 0,
    *,
    mixture: bool = False,
    trust_remote_code: bool = False,
) -> Loaded:
    """Load a checkpoint.

    Args:
        name: the model's name, for messages.
        checkpoint: a folder, or a repository id.
        find_class: decides by which class (`named_class`).
        options: the user's.
        parameters: the checkpoint's published size, 0 where it is not known; what cannot fit
            is then refused before even its configuration is fetched.
        mixture: whether it is a mixture of experts.
        trust_remote_code: whether code that lies beside the weights may run.

    Raises:
        S3EvalError: no such checkpoint, another architecture, missing or unreadable weights, a
            missing optional package.
        MachineError: the weights do not fit.
    """
    _require_extras(options)
    adapter = adapter_folder(options, name)
    prepare_libraries()
    with quiet_library():
        device = _device(options)
        if options.check_memory and parameters and options.quantization not in ("gptq", "awq"):
            dtype, bits = _dtype(None, device, options), quantized_bits({}, options)
            least = least_memory(parameters, dtype, bits, mixture=mixture)
            check_memory(name, least, dtype, device, bits)
        source = find_source(name, checkpoint, options.revision)
        if trust_remote_code:
            source = replace(source, arguments={**source.arguments, "trust_remote_code": True})
        loaded = _load(name, checkpoint, source, find_class(name, source), device, options)
        return loaded if adapter is None else _tuned(loaded, adapter, source, options)


def named_class(architecture: str, model_types: tuple[str, ...]) -> FindClass:
    """Finds a class by its name and refuses checkpoints of another ``model_type``."""

    def find(name: str, source: Source) -> Any:
        import transformers

        _check_architecture(name, source, model_types)
        kind = getattr(transformers, architecture, None)
        if kind is None:
            raise S3EvalError(
                f"transformers {transformers.__version__} does not know {architecture}",
                fix="pip install --upgrade transformers",
            )
        return kind

    return find


def _load(
    name: str, checkpoint: str, source: Source, kind: Any, device: str, options: Options
) -> Loaded:
    import transformers

    check_quantization(name, checkpoint, source.raw, options)
    quantized = quantizer_version(source.raw, options)
    config = _config(kind, source)
    check_split(name, config, options)
    dtype = _dtype(config, device, options)
    if options.check_memory:
        bits = quantized_bits(source.raw, options)
        experts = quantized_beforehand(source.raw)
        estimate = estimate_memory(kind, config, dtype, bits, experts=experts)
        check_memory(name, estimate, dtype, device, bits)
    _check_weights(source)
    _check_processing(source)
    processor = _processor(source)
    model = _weights(kind, source, config, device, dtype, options)
    identity = {
        "checkpoint": checkpoint_name(checkpoint),
        "version": checkpoint_version(checkpoint, source.commit),
        "dtype": str(dtype).removeprefix("torch."),
        "attention": getattr(model.config, "_attn_implementation", "") or "",
        "transformers": transformers.__version__,
        **quantized,
    }
    return Loaded(model, processor, str(model.device), identity)


def _tuned(loaded: Loaded, adapter: Path, source: Source, options: Options) -> Loaded:
    """The model with an adapter, beside weights of fewer bits and merged into all others."""
    merge = quantized_bits(source.raw, options) is None
    model, facts = with_adapter(loaded.model, adapter, merge=merge)
    return replace(loaded, model=model, identity={**loaded.identity, **facts})


def _require_extras(options: Options) -> None:
    require_quantizer(options)
    if options.attention == "flash_attention_2":
        require("flash_attn", "attention=flash_attention_2", "pip install flash-attn")
    if options.attention == "flash_attention_3":
        require("flash_attn_interface", "attention=flash_attention_3", "pip install flash-attn-3")
    if options.device_map:
        require("accelerate", "device_map", "pip install accelerate")


def _check_architecture(name: str, source: Source, model_types: tuple[str, ...]) -> None:
    model_type = source.raw.get("model_type", "")
    if model_type not in model_types:
        raise S3EvalError(
            f"Wrong architecture for '{name}': expected {' or '.join(model_types)}, "
            f"but got {model_type or 'none'}",
            where=source.place,
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


def _config(kind: Any, source: Source) -> Any:
    try:
        return kind.config_class.from_pretrained(source.place, **source.arguments)
    except Exception as error:
        raise S3EvalError(
            "This checkpoint's configuration does not fit its architecture",
            where=source.place,
            why=first_line(error),
        ) from error


def _dtype(config: Any, device: str, options: Options) -> Any:
    """The weights' dtype; without a configuration that of the published checkpoints."""
    import torch

    if options.dtype != "auto":
        return getattr(torch, options.dtype)
    if device == "cpu":
        return torch.float32
    if config is None:
        return torch.bfloat16
    own = getattr(config, "dtype", None) or getattr(config.get_text_config(), "dtype", None)
    return own if isinstance(own, torch.dtype) else torch.bfloat16


def _check_weights(source: Source) -> None:
    folder = source.folder
    if folder is None:
        return
    present = [folder / name for name in _WEIGHTS if (folder / name).is_file()]
    if not present:
        raise S3EvalError(
            "This checkpoint has no weights",
            where=source.place,
            why="no model.safetensors in it",
            fix="download it again, large files included",
        )
    if present[0].suffix == ".json":
        shards = set(json.loads(present[0].read_text(encoding="utf-8"))["weight_map"].values())
        absent = sorted(s for s in shards if not (folder / s).is_file())
        if absent:
            raise S3EvalError(
                f"{len(absent)} of {len(shards)} weight files are missing",
                where=source.place,
                why="first: " + absent[0],
                fix="download the checkpoint again, large files included",
            )


def _check_processing(source: Source) -> None:
    """Refuse a folder from which the library would make an empty tokenizer silently."""
    folder = source.folder
    if folder is None:
        return
    absent = [
        " and ".join(ways[0])
        for ways in _PROCESSING
        if not any(all((folder / file).is_file() for file in way) for way in ways)
    ]
    if absent:
        raise S3EvalError(
            "This checkpoint cannot read a prompt or a clip",
            where=source.place,
            why=f"{', '.join(absent)} missing",
            fix="copy them from where the weights came from, or download the checkpoint again",
        )


def _processor(source: Source) -> Any:
    from transformers import AutoProcessor

    try:
        processor = AutoProcessor.from_pretrained(source.place, **source.arguments)
    except Exception as error:
        raise S3EvalError(
            "This checkpoint's processor cannot be loaded",
            where=source.place,
            why=first_line(error),
        ) from error
    if not hasattr(processor, "tokenizer"):
        raise S3EvalError(
            "This checkpoint takes text alone: it has no processor of images, video or sound",
            where=source.place,
        )
    if not getattr(processor, "chat_template", None):
        processor.chat_template = getattr(processor.tokenizer, "chat_template", None)
    if not processor.chat_template:
        raise S3EvalError(
            "This checkpoint has no chat template",
            where=source.place,
            why="is it an instruction-tuned one, with chat_template.json or .jinja?",
        )
    return processor


def _weights(
    kind: Any, source: Source, config: Any, device: str, dtype: Any, options: Options
) -> Any:
    arguments: dict[str, Any] = {**source.arguments, "dtype": dtype}
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
        model, report = kind.from_pretrained(source.place, output_loading_info=True, **arguments)
    except Exception as error:
        if is_out_of_memory(error):
            raise MachineError(
                "Memory ran out while the weights were loaded",
                where=source.place,
                fix="--model-option quantization=bitsandbytes-4bit or device_map=auto",
            ) from error
        raise S3EvalError(
            "This checkpoint's weights cannot be loaded",
            where=source.place,
            why=first_line(error),
            fix="download the checkpoint again, large files included: one may be cut off"
            if source.folder
            else f"hf download {source.place}",
        ) from error
    missing = sorted(report.get("missing_keys") or ())
    if missing:
        raise S3EvalError(
            f"{len(missing)} weights are missing from this checkpoint; random ones would answer "
            "in their place",
            where=source.place,
            why="first: " + missing[0],
            fix="download the checkpoint again",
        )
    return unpacked(model.eval())


def _many_gpus() -> bool:
    import torch

    return bool(torch.cuda.device_count() > 1)
