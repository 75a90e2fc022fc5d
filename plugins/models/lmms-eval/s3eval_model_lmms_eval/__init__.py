"""`lmms-eval`: any model of the lmms-eval toolkit, run in that toolkit's own environment."""

from __future__ import annotations

import os

from s3eval import ModelSpec, hookimpl
from s3eval_model_lmms_eval.installing import INSTALL, PYTHON_VARIABLE


@hookimpl
def s3eval_models() -> list[ModelSpec]:
    """The model of this package; which of lmms-eval's it is, a value or an option says."""
    return [
        ModelSpec(
            "lmms-eval",
            adapter="s3eval_model_lmms_eval.adapter:LmmsEvalModel",
            summary="any model of lmms-eval in its own environment (lmms-eval:NAME?argument=value)",
            install=INSTALL,
            sees=True,
            hears=True,
            remote=True,
            argument="model",
            # What is in another environment is not looked for here.
            wants=() if os.environ.get(PYTHON_VARIABLE) else ("lmms_eval",),
        )
    ]
