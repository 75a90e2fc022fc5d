"""Datasets and results in the formats of hubs. Nothing here sends anything.

>>> [spec.name for spec in s3eval_exporters()]
['hf', 'parquet', 'every-eval-ever', 'model-card']
"""

from __future__ import annotations

from s3eval.hooks import hookimpl
from s3eval.specs import ExporterSpec

__all__ = ["s3eval_exporters"]


@hookimpl
def s3eval_exporters() -> list[ExporterSpec]:
    """Two formats of datasets and two of runs."""
    return [
        ExporterSpec(
            "hf",
            adapter="s3eval_hub.datasets_folder:write",
            summary="annotation as a folder for datasets.load_dataset, a row for each video",
            needs=("pyarrow",),
            install="pip install s3eval-hub",
            of="dataset",
        ),
        ExporterSpec(
            "parquet",
            adapter="s3eval_hub.tables:write",
            summary="the annotation's tables, each as a Parquet file",
            needs=("pyarrow",),
            install="pip install s3eval-hub",
            of="dataset",
        ),
        ExporterSpec(
            "every-eval-ever",
            adapter="s3eval_hub.every_eval_ever:write",
            summary="scores in the common schema of Every Eval Ever, a JSON file for each run",
        ),
        ExporterSpec(
            "model-card",
            adapter="s3eval_hub.model_card:write",
            summary="scores as evaluation results in a model card of the Hugging Face hub",
            needs=("huggingface_hub",),
            install="pip install 's3eval-hub[model-card]'",
        ),
    ]
