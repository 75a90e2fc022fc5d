"""From hidden states to logits, as the library's own forward pass does it."""

from __future__ import annotations

import inspect
from functools import cache
from typing import Any

__all__ = ["logits_of"]


def logits_of(model: Any, hidden: Any) -> Any:
    """Hidden states to float32 logits, shape (rows, vocabulary).

    After the language-model head some classes scale the logits by ``logit_scale`` (Cohere) or
    divide them by ``logits_scaling`` (Granite), or cap them at ``final_logit_softcapping``
    (Gemma 4). Neither changes which token is the most probable, but both change its
    probability. Configurations may state what their class does not do (Gemma 3), so it is done
    where the class does it.
    """
    logits = model.get_output_embeddings()(hidden).float()
    text = model.config.get_text_config()
    kind: Any = type(model)
    for name in _applied(kind):
        value = getattr(text, name, None)
        if value is None:
            continue
        if name == "logit_scale":
            logits = logits * value
        elif name == "logits_scaling":
            logits = logits / value
        else:
            logits = (logits / value).tanh() * value
    return logits


@cache
def _applied(kind: Any) -> tuple[str, ...]:
    """What a class does to its logits, by the names that its forward pass mentions."""
    try:
        source = inspect.getsource(kind.forward)
    except (OSError, TypeError):
        return ()
    known = ("logit_scale", "logits_scaling", "final_logit_softcapping")
    return tuple(name for name in known if name in source)
