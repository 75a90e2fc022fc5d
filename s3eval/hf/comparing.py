"""Finding out on loading whether a checkpoint answers alike when its questions share a prefix."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from s3eval.errors import S3EvalError, StopRunError
from s3eval.hf.clips import WatchedClip
from s3eval.hf.environment import is_out_of_memory
from s3eval.hf.independent import IndependentGenerator
from s3eval.hf.sharing import (
    Reference,
    SharingCheck,
    compare_ways,
    reference_answers,
    small_clip,
)
from s3eval.hf.source import first_line
from s3eval.model import Question

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from s3eval.hf.generation import AnswerGenerator
    from s3eval.hf.model import TransformersModel

__all__ = ["compared_on_loading"]

_SMALL_QUESTIONS = (
    Question("side", "Is there more to see on the left or on the right?", max_tokens=3),
    Question("any", "What happens?", max_tokens=3),
)


def compared_on_loading(model: TransformersModel, generator: AnswerGenerator) -> SharingCheck:
    """The fastest way of asking a small clip's questions that equals independent calls.

    Args:
        model: as it was loaded. generator: asks in the ways that may be usable.

    Returns:
        the way and what it was compared with; independent calls, with the reason, where the
        prompt cannot be split or the model fails.

    Raises:
        S3EvalError: it cannot be asked at all.
        StopRunError: memory ran out, or asking cannot go on.
    """
    media = model.media(small_clip(model.senses))
    clip = WatchedClip("a small clip", media, model.template(media))
    prompts = [model.whole_prompt(clip, question) for question in _SMALL_QUESTIONS]
    reader = IndependentGenerator(model.model, model.processor.tokenizer, 1.0, False)
    try:
        prefix = model.prefilled(clip, "")
        tails = [model.tail(clip, prefix, question) for question in _SMALL_QUESTIONS]
        for tail, prompt in zip(tails, prompts, strict=True):
            if [*prefix.tokens, *tail] != prompt["input_ids"][0].tolist():
                return SharingCheck("independent", reason="the prompt's tokens differ when split")
        candidates = generator.usable(prefix)
    except Exception as error:
        if is_out_of_memory(error) or isinstance(error, StopRunError):
            raise
        # Where asking alone fails as well, no question of a run would be answered.
        _answered(model, reader, [()], prompts[:1])
        return SharingCheck("independent", reason=first_line(error))
    references = _answered(model, reader, tails, prompts)
    return compare_ways(model.model, prefix, references, candidates, generator.pad)


def _answered(
    model: TransformersModel,
    reader: IndependentGenerator,
    tails: Sequence[Sequence[int]],
    prompts: Sequence[Mapping[str, Any]],
) -> list[Reference]:
    """What independent calls answer.

    Raises:
        S3EvalError: the library's own generate fails with this model.
    """
    try:
        return reference_answers(reader, tails, prompts)
    except Exception as error:
        if is_out_of_memory(error) or isinstance(error, StopRunError):
            raise
        import transformers

        raise S3EvalError(
            f"transformers {transformers.__version__} cannot generate with this checkpoint "
            f"('{model.model.config.model_type}')",
            where=model.spec.name,
            why=f"a small clip and one question: {first_line(error)}",
            fix="another version of transformers (docs/hf.md lists the architectures tried)",
        ) from None
