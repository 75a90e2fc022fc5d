"""`hf`: any model that the transformers library maps to image-text-to-text or multimodal text."""

from __future__ import annotations

from s3eval import ModelSpec, hookimpl


@hookimpl
def s3eval_models() -> list[ModelSpec]:
    """The models of this package.

    ``sees`` and ``hears`` say what a checkpoint may do; which of them the one that is named does
    is known once its processor is loaded.
    """
    return [
        ModelSpec(
            "hf",
            adapter="s3eval_model_hf.adapter:HfModel",
            summary="any checkpoint of the transformers library (checkpoint=…)",
            needs=("torch", "transformers", "torchvision"),
            install='pip install torch==2.13.0 && pip install "s3eval-core[transformers]"',
            sees=True,
            hears=True,
            argument="checkpoint",
        ),
    ]
