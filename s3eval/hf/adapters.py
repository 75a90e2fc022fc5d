"""LoRA adapters: low-rank changes of a checkpoint's linear layers, kept in a folder of their own.

An adapter is added to the loaded checkpoint by peft, the library that training engines save it
with. Its layers are found by the names in its weights, not by the pattern in its configuration:
an engine that trains a whole omni model names the layers of its thinker ``thinker.…``, where
here the thinker is loaded alone, and releases of the transformers library put the text model at
other places. What fits no layer is refused: a layer left out would answer as the untuned one,
without any error.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

from s3eval.errors import S3EvalError
from s3eval.hf.environment import require
from s3eval.hf.options import Options
from s3eval.hf.source import first_line

__all__ = ["adapter_folder", "adapter_version", "with_adapter"]

_CONFIG = "adapter_config.json"
_WEIGHTS = ("adapter_model.safetensors", "adapter_model.bin")
_PREFIX = "base_model.model."
# Parts of names that lead to the text model alone.
_TEXT = frozenset(("", "model", "language_model", "text_model"))
# Of the configuration, what decides the answers beside the weights.
_DECIDING = (
    "peft_type",
    "r",
    "lora_alpha",
    "use_rslora",
    "use_dora",
    "rank_pattern",
    "alpha_pattern",
    "fan_in_fan_out",
    "modules_to_save",
    "bias",
)


def adapter_folder(options: Options, name: str) -> Path | None:
    """The folder of ``adapter=…``, None where no adapter is asked for.

    Args:
        options: the user's.
        name: the model's name, for messages.

    Raises:
        S3EvalError: peft is missing; no such folder, no adapter in it, one of another kind than
            LoRA; or it cannot be combined with another option.
    """
    if options.adapter is None:
        return None
    if options.tensor_parallel > 1:
        raise S3EvalError(
            "adapter and tensor_parallel exclude each other",
            where=name,
            fix="merge the adapter into the weights, then checkpoint=FOLDER",
        )
    folder = Path(options.adapter).expanduser()
    if not folder.is_dir():
        raise S3EvalError(
            f"No adapter folder '{options.adapter}' for '{name}'",
            fix="--model-option adapter=FOLDER, the one with adapter_config.json in it",
        )
    missing = [] if (folder / _CONFIG).is_file() else [_CONFIG]
    missing += [] if _weights(folder) else [_WEIGHTS[0]]
    if missing:
        raise S3EvalError(
            "This folder is no adapter", where=options.adapter, why=f"no {' and no '.join(missing)}"
        )
    kind = str(_facts(folder).get("peft_type", "none"))
    if kind.upper() != "LORA":
        raise S3EvalError(
            f"Expected a LoRA adapter, but got '{kind}'",
            where=options.adapter,
            fix="merge it into the weights with the tool that made it, then checkpoint=FOLDER",
        )
    require("peft", "adapter", 'pip install "s3eval-core[adapters]"')
    return folder


def adapter_version(folder: Path) -> str:
    """A hash of what an adapter changes: its weights, ranks and scales, not where it lies.

    Raises:
        S3EvalError: its configuration cannot be read.
    """
    facts = _facts(folder)
    digest = hashlib.sha256()
    kept = {key: facts[key] for key in _DECIDING if facts.get(key)}
    digest.update(json.dumps(kept, sort_keys=True).encode())
    with _weights(folder)[0].open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return "sha256:" + digest.hexdigest()[:16]


def with_adapter(model: Any, folder: Path, *, merge: bool = True) -> tuple[Any, dict[str, Any]]:
    """The model with an adapter in it, and what that adds to its identity.

    Args:
        model: a loaded model of the library; its layers are changed in place.
        folder: of `adapter_folder`.
        merge: whether the low-rank products are added to the weights, so that answering costs
            nothing more; weights of fewer bits cannot take them and keep them beside.

    Raises:
        S3EvalError: weights that cannot be read, fit no layer, or have other shapes.
    """
    import peft

    config, weights = _read(folder)
    known = dict(model.named_modules())
    decoder = next(name for name, module in known.items() if module is model.get_decoder())
    weights = {_moved(key, known, decoder): value for key, value in weights.items()}
    layers = _layers(weights)
    strange = sorted(layers - known.keys())
    if strange or not layers:
        raise _misfit(folder, strange, len(layers))
    config.target_modules = layers
    config.inference_mode = True
    try:
        wrapped = peft.PeftModel(model, config)
        result = peft.set_peft_model_state_dict(wrapped, weights)
    except Exception as error:
        raise S3EvalError(
            "This adapter does not fit the checkpoint",
            where=str(folder),
            why=first_line(error),
            fix="--model-option checkpoint=… with the one it was trained on",
        ) from error
    if result.unexpected_keys:
        raise _misfit(folder, sorted(result.unexpected_keys), len(weights))
    tuned = wrapped.merge_and_unload() if merge else model
    facts = {
        "adapter": adapter_version(folder),
        "adapter_merged": merge,
        "peft": peft.__version__,
    }
    return tuned.eval(), facts


def _read(folder: Path) -> tuple[Any, dict[str, Any]]:
    """peft's configuration, and the weights by the names that the loaded model has."""
    import peft
    from peft.utils import load_peft_weights

    try:
        config = peft.LoraConfig.from_pretrained(str(folder))
        weights = load_peft_weights(str(folder), device="cpu")
    except Exception as error:
        raise S3EvalError(
            "This adapter cannot be read", where=str(folder), why=first_line(error)
        ) from error
    return config, {_own_name(key): value for key, value in weights.items()}


def _own_name(key: str) -> str:
    """A weight's name in a thinker that is loaded alone.

    >>> _own_name("base_model.model.thinker.model.layers.0.mlp.up_proj.lora_A.weight")
    'base_model.model.model.layers.0.mlp.up_proj.lora_A.weight'
    """
    return key.replace(f"{_PREFIX}thinker.", _PREFIX, 1)


def _moved(key: str, known: Collection[str], decoder: str) -> str:
    """A low-rank weight's name where its layer is now, the name itself where that is not known.

    A layer of the text model is looked for under where the decoder is, any other one with and
    without the part ``model`` that releases of the library put around the encoders.

    >>> known = ["model.language_model.layers.0.q_proj", "model.visual.blocks.0.qkv"]
    >>> old = "base_model.model.model.layers.0.q_proj.lora_A.weight"
    >>> _moved(old, known, "model.language_model")
    'base_model.model.model.language_model.layers.0.q_proj.lora_A.weight'
    """
    layer, mark, rest = key.removeprefix(_PREFIX).partition(".lora_")
    if not mark or layer in known:
        return key
    before, separator, inner = layer.partition("layers.")
    places = [f"model.{layer}", layer.removeprefix("model.")]
    if separator and {*before.split(".")} <= _TEXT:
        places.insert(0, f"{decoder}.layers.{inner}")
    now = next((place for place in places if place in known), layer)
    return f"{_PREFIX}{now}{mark}{rest}"


def _layers(keys: Iterable[str]) -> set[str]:
    """The layers that low-rank weights belong to.

    >>> _layers(["base_model.model.a.b.lora_A.weight", "base_model.model.lm_head.weight"])
    {'a.b'}
    """
    return {key.removeprefix(_PREFIX).split(".lora_", 1)[0] for key in keys if ".lora_" in key}


def _facts(folder: Path) -> Mapping[str, Any]:
    try:
        facts = json.loads((folder / _CONFIG).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise S3EvalError(
            f"This adapter's {_CONFIG} cannot be read", where=str(folder), why=first_line(error)
        ) from error
    return facts if isinstance(facts, dict) else {}


def _weights(folder: Path) -> list[Path]:
    return [folder / name for name in _WEIGHTS if (folder / name).is_file()]


def _misfit(folder: Path, strange: list[str], count: int) -> S3EvalError:
    why = f"first: {strange[0]}" if strange else "it holds no low-rank weights"
    return S3EvalError(
        f"{len(strange)} of {count} parts of this adapter fit no layer of the checkpoint; "
        "they would be left out",
        where=str(folder),
        why=why,
        fix="--model-option checkpoint=… with the one it was trained on",
    )
