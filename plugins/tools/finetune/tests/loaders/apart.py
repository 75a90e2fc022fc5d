"""What the loaders of all engines need where torch is a CPU build: torchvision's operators named.

The torchvision of the package index is built for CUDA, and does not import beside such a torch
(`s3eval.torch_environment` tells why). Harmless where it does.
"""

import importlib.util

import torch

if importlib.util.find_spec("torchvision") is not None and not torch.cuda.is_available():
    _DECLARED = torch.library.Library("torchvision", "DEF")
    for _name in ("nms", "qnms"):
        _DECLARED.define(f"{_name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
