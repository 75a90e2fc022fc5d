"""From hidden states to logits, as the library's own forward pass does it."""

from __future__ import annotations

from typing import Any

__all__ = ["logits_of"]


def logits_of(model: Any, hidden: Any) -> Any:
    """Hidden states to float32 logits, shape (rows, vocabulary).

    After the language-model head some families scale the logits (Cohere multiplies by
    ``logit_scale``, Granite divides by ``logits_scaling``) or cap them (Gemma:
    ``final_logit_softcapping``). Neither changes which token is the most probable, but both
    change its probability.
    """
    logits = model.get_output_embeddings()(hidden).float()
    text = model.config.get_text_config()
    if factor := getattr(text, "logit_scale", None):
        logits = logits * factor
    if divisor := getattr(text, "logits_scaling", None):
        logits = logits / divisor
    if cap := getattr(text, "final_logit_softcapping", None):
        logits = (logits / cap).tanh() * cap
    return logits
