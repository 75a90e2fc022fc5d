"""A checkpoint's use examined on a clip: its prompt, its tokens, sharing against independence.

For whoever has the weights: what tests show with tiny random checkpoints is shown here with the
checkpoint itself, on its own device and at its own precision.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from s3eval.facts.examination import Examination
from s3eval.hf.environment import is_out_of_memory
from s3eval.hf.independent import IndependentGenerator
from s3eval.hf.sharing import largest_difference, reference_answers, tolerance
from s3eval.hf.source import first_line

if TYPE_CHECKING:
    from s3eval.hf.clips import WatchedClip
    from s3eval.hf.generation import AnswerGenerator
    from s3eval.hf.model import TransformersModel
    from s3eval.model import Question

__all__ = ["examined", "prompt_faults"]

# A question no clip and no template holds by itself.
_MARK = "Qxj7 zebra"


def examined(
    model: TransformersModel,
    clip: WatchedClip,
    generator: AnswerGenerator,
    questions: Sequence[Question],
) -> Examination:
    """What is found about a clip: see `s3eval.facts.examination.Examination`.

    Args:
        model: loaded.
        clip: it is prefilled once, and read once more with each question's whole prompt.
        generator: the model's own.
        questions: asked in both ways, three tokens each; with none, sharing is not compared.
    """
    text = clip.template.render(_MARK)
    inputs = model.inputs(text, clip.media)
    read = [int(token) for token in inputs["input_ids"][0].tolist()]
    way, difference, allowed, reason = _shared(model, clip, generator, questions)
    return Examination(
        clip_tokens=len(read) - len(clip.template.tokens(text)),
        token_budget=model.options.max_media_tokens,
        context=model.context,
        sharing=way,
        difference=difference,
        allowed=allowed,
        sharing_reason=reason,
        prompt_faults=tuple(prompt_faults(model, clip, text, read)),
        dtype=str(model.model.dtype).removeprefix("torch."),
    )


def _shared(
    model: TransformersModel,
    clip: WatchedClip,
    generator: AnswerGenerator,
    questions: Sequence[Question],
) -> tuple[str, float | None, float, str]:
    """How questions share this clip, and how far logits are from those of independent calls."""
    if not questions:
        return "", None, 0.0, ""
    if model.options.sharing == "independent":
        reason = model.sharing.reason if model.sharing else ""
        return "independent", None, 0.0, reason or "nothing is shared"
    if model.options.tensor_parallel > 1:
        return "", None, 0.0, "not compared over several processes (tensor_parallel)"
    try:
        prefix = model.prefilled(clip)
        way = generator.way(prefix)
        tails = [model.tail(clip, prefix, question) for question in questions]
        prompts = [model.whole_prompt(clip, question) for question in questions]
        for tail, prompt in zip(tails, prompts, strict=True):
            if [*prefix.tokens, *tail] != prompt["input_ids"][0].tolist():
                return way, float("inf"), 0.0, "the prompt's tokens differ when split"
        reader = IndependentGenerator(model.model, model.processor.tokenizer, 1.0, False)
        references = reference_answers(reader, tails, prompts)
        difference = largest_difference(model.model, prefix, way, references, generator.pad)
    except Exception as error:
        if is_out_of_memory(error):
            raise
        return "", float("inf"), 0.0, first_line(error)
    return way, difference, tolerance(model.model, references), ""


def prompt_faults(
    model: TransformersModel, clip: WatchedClip, text: str, read: Sequence[int]
) -> list[str]:
    """What is wrong with a prompt, a line each.

    Args:
        text: the rendered prompt of a question. read: its tokens as the model gets them.
    """
    return [
        fault
        for fault in (
            _question_fault(text),
            _turn_fault(model, clip),
            _begin_fault(model.processor.tokenizer, read),
            _mark_fault(model.processor.tokenizer, text),
            _media_fault(model, clip, read),
        )
        if fault
    ]


def _question_fault(text: str) -> str:
    count = text.count(_MARK)
    return "" if count == 1 else f"the template writes the question {count} times"


def _turn_fault(model: TransformersModel, clip: WatchedClip) -> str:
    """Without the start of the model's own turn it may go on writing the user's."""
    after = clip.template.render(_MARK).rpartition(_MARK)[2].removesuffix(model.thinking.ending)
    try:
        bare = model.processor.apply_chat_template(
            [
                {
                    "role": "user",
                    "content": [*clip.media.content, {"type": "text", "text": _MARK}],
                }
            ],
            tokenize=False,
            add_generation_prompt=False,
        )
    except Exception as error:
        return f"the template fails without a turn of the model ({first_line(error)})"
    if str(bare).rpartition(_MARK)[2] == after:
        return "the template does not begin the model's turn (add_generation_prompt)"
    return ""


def _begin_fault(tokenizer: Any, read: Sequence[int]) -> str:
    begin = getattr(tokenizer, "bos_token_id", None)
    if begin is not None and list(read[:2]) == [begin, begin]:
        return "the prompt begins with two beginning-of-text tokens"
    return ""


def _mark_fault(tokenizer: Any, text: str) -> str:
    """Marks of turns that the tokenizer splits into letters are no marks to the model."""
    added = set(tokenizer.get_added_vocab())
    marks = dict.fromkeys(re.findall(r"<\|[^|<>\s]{1,40}\|>|<(?:start|end)_of_turn>", text))
    unknown = [mark for mark in marks if mark not in added and len(_ids(tokenizer, mark)) > 1]
    if unknown:
        return f"the tokenizer does not know the template's {', '.join(unknown[:3])}"
    return ""


def _ids(tokenizer: Any, text: str) -> list[int]:
    return list(tokenizer(text, add_special_tokens=False)["input_ids"])


def _media_fault(model: TransformersModel, clip: WatchedClip, read: Sequence[int]) -> str:
    """The clip's places must be in what the model gets."""
    config = model.model.config
    names = ("image_token_id", "video_token_id", "audio_token_id", "image_token_index",
             "video_token_index", "audio_token_index")  # fmt: skip
    places = {getattr(config, name, None) for name in names} - {None}
    if clip.media.senses and places and not places & set(read):
        return "the prompt has no place for the clip"
    return ""
