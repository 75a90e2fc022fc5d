"""The options of a model of lmms-eval."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from s3eval import S3EvalError
from s3eval.errors import choice_meant
from s3eval.permission import OPTION, Permission
from s3eval_model_lmms_eval.installing import PYTHON_VARIABLE

__all__ = ["LmmsEvalOptions", "read_options"]


class LmmsEvalOptions(BaseModel):
    """Options of `lmms-eval`. Every other option is an argument of the model's class.

    Attributes:
        model: the model's name in lmms-eval's registry, e.g. "qwen2_5_vl".
        python: the interpreter of the environment that lmms-eval is installed in; else that of
            the variable ``S3EVAL_LMMS_EVAL_PYTHON``, else this one.
        media: "video" hands over one MP4 of the sampled frames, "images" the frames.
        sound: whether the clip's sound goes along; questions about sound are skipped without.
        simple: whether the older ("simple") class is taken where the registry has two.
        seconds: the most a clip may take, all its questions; 0 for no limit.
    """

    model_config = ConfigDict(extra="allow", frozen=True)

    model: str = Field(min_length=1)
    python: str = ""
    media: Literal["video", "images"] = "video"
    sound: bool = False
    simple: bool = False
    seconds: float = Field(0.0, ge=0.0)

    @property
    def interpreter(self) -> str:
        """The interpreter that lmms-eval is imported by."""
        return self.python or os.environ.get(PYTHON_VARIABLE, "") or sys.executable

    @property
    def arguments(self) -> Mapping[str, Any]:
        """What the model's class is called with."""
        return dict(self.model_extra or {})


def read_options(given: Mapping[str, Any]) -> tuple[LmmsEvalOptions, Permission]:
    """The options and the user's permission.

    Raises:
        S3EvalError: no model is named, or a value does not fit.

    >>> options, permission = read_options({"model": "qwen2_5_vl", "pretrained": "a/b"})
    >>> options.arguments, permission.allow_remote
    ({'pretrained': 'a/b'}, False)
    """
    values = dict(given)
    permission = values.pop(OPTION, Permission())
    if not values.get("model"):
        raise S3EvalError(
            "Which model of lmms-eval?", fix='--model "lmms-eval:qwen2_5_vl?pretrained=FOLDER"'
        )
    try:
        return LmmsEvalOptions(**values), permission
    except ValidationError as error:
        first = error.errors()[0]
        raise S3EvalError(
            f"Option '{first['loc'][0]}' of 'lmms-eval' cannot be "
            f"{first['input']!r}{choice_meant(first)}",
            why=str(first["msg"]),
        ) from None
