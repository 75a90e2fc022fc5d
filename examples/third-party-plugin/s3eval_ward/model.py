"""A model with typed options: the light is on where the picture is bright."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from s3eval import Answer, Footage, Model, ModelSpec, Question, S3EvalError
from s3eval.errors import refuse_unknown

__all__ = ["Brightness", "Options"]


class Options(BaseModel):
    """The options of the model, checked before anything is asked."""

    model_config = ConfigDict(extra="forbid")

    threshold: float = Field(60.0, ge=0, le=255, description="grey level from which it is bright")


class Brightness(Model):
    """Answers from the mean grey level of a clip's frames."""

    def __init__(self, options: Options) -> None:
        self.options = options

    @classmethod
    def checked_options(cls, spec: ModelSpec, options: Mapping[str, Any]) -> Mapping[str, Any]:
        """Read ``--model-option threshold=…``; nothing is loaded yet."""
        refuse_unknown(f"option of model '{spec.name}'", options, Options.model_fields)
        try:
            return Options(**options).model_dump(include=set(options))
        except ValidationError as error:
            first = error.errors()[0]
            raise S3EvalError(
                f"Option '{first['loc'][0]}' of '{spec.name}' is wrong", why=first["msg"]
            ) from error

    @classmethod
    def load(cls, spec: ModelSpec, options: Mapping[str, Any]) -> Brightness:
        """Make the model ready."""
        return cls(Options(**cls.checked_options(spec, options)))

    def identity(self) -> Mapping[str, Any]:
        """What changes an answer: other options are other answers."""
        return {"version": "1", **self.options.model_dump()}

    def answer(self, footage: Footage, question: Question) -> Answer:
        """One answer, with probabilities where the question offers choices."""
        level = float(footage.frames.mean())
        share = min(1.0, level / (2 * self.options.threshold))
        if not question.choices:
            word = "bright" if share >= 0.5 else "dark"
            return Answer.of(f"The room is {word}.")
        on, off = question.choices
        text = on if share >= 0.5 else off
        return Answer.of(text, probabilities={on: share, off: 1 - share}, mass=1.0)
