"""BERTScore (Tasks 2 and 6): likeness of contextual token embeddings, by bert-score.

The encoder's weights are never fetched here: where they are not on this machine the state is
`EncoderNotAvailableError`, which callers show as "skipped", never as a score.
"""

from __future__ import annotations

import importlib.util
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from s3eval.errors import S3EvalError

__all__ = [
    "ENCODER",
    "LAYER",
    "BertScores",
    "EncoderNotAvailableError",
    "bert_scores",
    "encoder_state",
]

#: What the benchmark used: hidden layer 9 of this encoder, texts cut at 512 tokens.
ENCODER = "microsoft/deberta-xlarge-mnli"
LAYER = 9
MAX_TOKENS = 512


class EncoderNotAvailableError(S3EvalError):
    """BERTScore cannot be computed on this machine, and why."""


@dataclass(frozen=True)
class BertScores:
    """F1 of each pair, with the encoder that gave it: figures of two encoders do not compare.

    ``values`` is None where a text was left out; usually in [0, 1], at most 1.
    """

    values: tuple[float | None, ...]
    encoder: str
    layer: int

    @property
    def mean(self) -> float | None:
        """Mean over the scored pairs; None without any."""
        scored = [v for v in self.values if v is not None]
        return sum(scored) / len(scored) if scored else None


def encoder_state(encoder: str = ENCODER) -> str:
    """ "available", or what is missing. Imports neither torch nor transformers.

    >>> encoder_state("no-such/encoder").startswith("encoder not available")
    True
    """
    missing = [m for m in ("torch", "transformers", "bert_score") if not _installed(m)]
    if missing:
        return f"encoder not available: {', '.join(missing)} not installed"
    if Path(encoder).is_dir() or _cached(encoder):
        return "available"
    return f"encoder not available: the weights of {encoder} are not on this machine"


def _installed(module: str) -> bool:
    return importlib.util.find_spec(module) is not None


def _cached(encoder: str) -> bool:
    from huggingface_hub import try_to_load_from_cache

    def has(file: str) -> bool:
        return isinstance(try_to_load_from_cache(encoder, file), str)

    weights = ("model.safetensors", "pytorch_model.bin", "model.safetensors.index.json")
    return has("config.json") and any(map(has, weights))


def bert_scores(
    predicted: Sequence[str],
    references: Sequence[str],
    encoder: str = ENCODER,
    layer: int = LAYER,
    device: str | None = None,
) -> BertScores:
    """BERTScore F1 of each pair: greedy cosine matching over all tokens, no IDF, no rescaling.

    Args:
        predicted, references: n texts each; pairs with a text that `left_out` are None.
        encoder: a model id in the local cache, or a folder with a saved model.
        layer: the hidden layer compared.
        device: "cpu", "cuda"...; None takes a GPU where there is one.

    Raises:
        EncoderNotAvailableError: packages or weights are missing on this machine.
        S3EvalError: the two differ in length.

    Source: protocol, Task 2; columns BS of Tables 14 and 20, BERTScore of 18 and 24. Computed by
    bert-score, whose own default (weight 0 for the start and end tokens) the benchmark did not use.

    >>> bert_scores([""], ["nothing to compare"], encoder="no-such/encoder").values
    (None,)
    """
    from s3eval.metrics.text import left_out, normalise

    if len(predicted) != len(references):
        raise S3EvalError(
            "Expected as many predictions as references, "
            f"but got {len(predicted)} and {len(references)}"
        )
    pairs = list(zip(predicted, references, strict=True))
    scored = [i for i, (p, r) in enumerate(pairs) if not left_out(p) and not left_out(r)]
    values: list[float | None] = [None] * len(pairs)
    if scored:
        scores = _f1(
            [normalise(predicted[i]) for i in scored],
            [normalise(references[i]) for i in scored],
            _loaded(encoder, layer, device),
        )
        for i, value in zip(scored, scores, strict=True):
            values[i] = value
    return BertScores(tuple(values), encoder, layer)


def _f1(predicted: list[str], references: list[str], loaded: tuple[Any, Any, str]) -> list[float]:
    from bert_score.utils import bert_cos_score_idf

    model, tokenizer, device = loaded
    # Weight 1 for every token, the special ones included.
    weights: defaultdict[int, float] = defaultdict(lambda: 1.0)
    precision_recall_f1 = bert_cos_score_idf(
        model, references, predicted, tokenizer, weights, batch_size=32, device=device
    )
    return [float(f1) for f1 in precision_recall_f1[..., 2]]


@lru_cache(maxsize=1)
def _loaded(encoder: str, layer: int, device: str | None) -> tuple[Any, Any, str]:
    state = encoder_state(encoder)
    if state != "available":
        raise EncoderNotAvailableError(
            f"BERTScore: {state}",
            fix=f"pip install 's3eval-core[bertscore]' and hf download {encoder}",
        )
    from s3eval.torch_environment import prepare_libraries

    prepare_libraries()
    import torch
    from transformers import AutoModel, AutoTokenizer

    place = device or ("cuda" if torch.cuda.is_available() else "cpu")
    try:
        tokenizer = AutoTokenizer.from_pretrained(encoder, local_files_only=True)
        model = AutoModel.from_pretrained(encoder, local_files_only=True)
    except (OSError, ValueError) as error:
        raise EncoderNotAvailableError(
            "BERTScore: encoder not available: it does not load", where=encoder, why=str(error)
        ) from error
    tokenizer.model_max_length = MAX_TOKENS
    layers = getattr(getattr(model, "encoder", None), "layer", None)
    if layers is None or len(layers) < layer:
        raise EncoderNotAvailableError(
            f"BERTScore: encoder not available: it has no hidden layer {layer}", where=encoder
        )
    # The output of the first `layer` layers is what bert-score compares.
    model.encoder.layer = torch.nn.ModuleList(layers[:layer])
    return model.eval().to(place), tokenizer, place
