"""Importing the transformers library where torch and torchvision were built differently.

Below everything that imports that library: the models (`s3eval.hf`) and the text metric that
encodes with it (`s3eval.metrics.bertscore`).
"""

from __future__ import annotations

import importlib.util
import sys
from functools import cache
from typing import Any

from s3eval.errors import MachineError

__all__ = ["prepare_libraries"]


@cache
def prepare_libraries() -> Any:
    """Make ``import transformers`` work, and return what must be kept alive for it.

    The torchvision of the package index is built for CUDA. Beside a torch without CUDA its
    compiled part cannot be loaded, and its import then fails because the two operators it
    registers Python halves for were never declared. Declaring their schemas is enough for
    everything the processors use. Nothing is done where torchvision imports by itself or is
    absent. The cache of this function is what keeps the declarations alive.

    Raises:
        MachineError: torchvision fails to import for another reason.
    """
    if importlib.util.find_spec("torchvision") is None:
        return None
    try:
        import torchvision
    except RuntimeError as error:
        if "torchvision::nms" not in str(error):
            raise _broken_torchvision(error) from error
    except Exception as error:
        raise _broken_torchvision(error) from error
    else:
        return torchvision
    return _declare_operators()


def _declare_operators() -> Any:
    import torch

    declared = torch.library.Library("torchvision", "DEF")
    for name in ("nms", "qnms"):
        declared.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    for name in [m for m in sys.modules if m == "torchvision" or m.startswith("torchvision.")]:
        del sys.modules[name]
    try:
        import torchvision  # noqa: F401
    except Exception as error:
        raise _broken_torchvision(error) from error
    return declared


def _broken_torchvision(error: Exception) -> MachineError:
    return MachineError(
        "torchvision is installed but does not import",
        why=f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}",
        fix="install the torchvision that belongs to your torch "
        "(https://pytorch.org/get-started/locally)",
    )
