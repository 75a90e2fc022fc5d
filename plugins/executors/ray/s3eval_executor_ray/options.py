"""What the executor may be told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from s3eval.errors import S3EvalError, refuse_unknown

__all__ = ["Options", "read_options"]


class Options(BaseModel):
    """The executor's options.

    Attributes:
        workers: how many; None for one for each GPU, without GPUs for each core.
        cpus, gpus: what each worker takes; ``gpus`` None for 1 where there are any.
        address: of a running cluster, "" for one of this machine that ends with the run.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    workers: int | None = Field(default=None, ge=1)
    cpus: float = Field(default=1.0, gt=0)
    gpus: float | None = Field(default=None, ge=0)
    address: str = ""


def read_options(given: Mapping[str, Any]) -> Options:
    """The options, checked.

    Raises:
        S3EvalError: one that is not known, or of another kind or range.

    >>> read_options({"workers": 2}).workers
    2
    """
    refuse_unknown("option of executor 'ray'", given, list(Options.model_fields))
    try:
        return Options.model_validate(dict(given))
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(map(str, first["loc"]))
        raise S3EvalError(
            f"Wrong value of option '{name}' of executor 'ray'", why=first["msg"]
        ) from error
