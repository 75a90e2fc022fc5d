"""Tiny random checkpoints of every model architecture, saved like published ones.

Each has 0.1-0.5 million random parameters (hidden 64, two layers), a byte-level BPE tokenizer
trained on the spot, the family's special tokens, its chat template and its processor. A plugin
loads the folder exactly as a real checkpoint. The answers are noise; that they depend on the
clip is ensured by weights three times as large as usual.

    python -m s3eval.testing.checkpoints qwen3_vl tiny-qwen3-vl
    s3eval run --model qwen3-vl-8b --model-option checkpoint=tiny-qwen3-vl ...
"""

from __future__ import annotations

import argparse
import atexit
import json
import shutil
import tempfile
import warnings
from functools import cache
from pathlib import Path
from typing import Any

from s3eval.errors import UnknownNameError
from s3eval.testing.architectures import ARCHITECTURES, FURTHER, Encoder, Scale

__all__ = [
    "ARCHITECTURES",
    "FURTHER",
    "Encoder",
    "Scale",
    "build_checkpoint",
    "build_model",
    "shared_checkpoint",
]


def build_model(architecture: str, *, seed: int = 0, scale: Scale | None = None) -> tuple[Any, Any]:
    """A random model of an architecture and its processor, in memory.

    Built on the default device and dtype (``torch.set_default_device``, ``set_default_dtype``).

    Raises:
        UnknownNameError: no such architecture; the nearest is suggested.
    """
    known = {**ARCHITECTURES, **FURTHER}
    if architecture not in known:
        raise UnknownNameError("architecture", architecture, known, fix="--help")
    from s3eval.hf.environment import quiet_library
    from s3eval.torch_environment import prepare_libraries

    prepare_libraries()
    import torch

    scale = scale or Scale()
    with quiet_library(), warnings.catch_warnings(), torch.random.fork_rng():
        warnings.simplefilter("ignore")
        torch.manual_seed(seed)
        model, processor, stops = known[architecture](scale)
        _enlarge(model, scale.weight_scale)
    model.generation_config.eos_token_id = stops
    model.generation_config.pad_token_id = stops[-1]
    return model.eval(), processor


def build_checkpoint(
    architecture: str, folder: str | Path, *, seed: int = 0, scale: Scale | None = None
) -> Path:
    """Build a tiny random checkpoint of an architecture into a folder.

    Args:
        architecture: one of `ARCHITECTURES` or `FURTHER`.
        folder: made if need be; a checkpoint already in it is overwritten.
        seed: of the random weights; the same seed gives the same weights.
        scale: sizes other than the tiny ones.

    Returns:
        the folder.

    Raises:
        UnknownNameError: no such architecture; the nearest is suggested.
    """
    model, processor = build_model(architecture, seed=seed, scale=scale)
    path = Path(folder)
    path.mkdir(parents=True, exist_ok=True)
    with _quiet():
        model.save_pretrained(path)
        processor.save_pretrained(path)
    if architecture in _NESTED:
        _nest(path, _NESTED[architecture])
    return path


@cache
def shared_checkpoint(architecture: str, seed: int = 0) -> Path:
    """A tiny checkpoint in a temporary folder, built once in this process and removed at its end.

    For tests; do not change what is in it.
    """
    folder = Path(tempfile.mkdtemp(prefix=f"s3eval-{architecture}-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return build_checkpoint(architecture, folder, seed=seed)


def _quiet() -> Any:
    from s3eval.hf.environment import quiet_library

    return quiet_library()


def _enlarge(model: Any, factor: float) -> None:
    """Multiply all matrices, so that what is seen and heard moves the logits.

    Convolutions are brought to a gain above one as well: with the usual small weights what
    passes several of them would vanish beside the position embeddings added after them.
    """
    import torch

    convolutions = (torch.nn.Conv1d, torch.nn.Conv2d, torch.nn.Conv3d)
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.ndim > 1:
                parameter.mul_(factor)
        for module in model.modules():
            if isinstance(module, convolutions) and factor != 1.0:
                weight = module.weight
                weight.div_(weight.std() * weight[0].numel() ** 0.5).mul_(factor)


# Published omni checkpoints hold a talker beside the thinker: the thinker's weights carry a
# prefix and its configuration is nested. The tiny ones are laid out likewise.
_NESTED = {
    "qwen2_5_omni": ("qwen2_5_omni", "Qwen2_5OmniForConditionalGeneration"),
    "qwen3_omni": ("qwen3_omni_moe", "Qwen3OmniMoeForConditionalGeneration"),
}


def _nest(path: Path, names: tuple[str, str]) -> None:
    from safetensors.torch import load_file, save_file

    weights = load_file(path / "model.safetensors")
    save_file(
        {f"thinker.{key}": value for key, value in weights.items()},
        path / "model.safetensors",
        metadata={"format": "pt"},
    )
    thinker = json.loads((path / "config.json").read_text(encoding="utf-8"))
    whole = {
        "model_type": names[0],
        "architectures": [names[1]],
        "enable_audio_output": False,
        "thinker_config": thinker,
    }
    (path / "config.json").write_text(json.dumps(whole, indent=1), encoding="utf-8")


def _main() -> None:
    parser = argparse.ArgumentParser(description="Build a tiny random checkpoint.")
    parser.add_argument("architecture", choices=sorted({**ARCHITECTURES, **FURTHER}))
    parser.add_argument("folder")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    print(build_checkpoint(given.architecture, given.folder, seed=given.seed))


if __name__ == "__main__":
    _main()
