"""Where a clip ends in a chat prompt, found by rendering two questions."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from s3eval import S3EvalError
from s3eval.hf.prompting import Template
from s3eval.hf.thinking import AS_IT_LIKES, Thinking

__all__ = ["Cut", "QuestionTemplate", "placeholders", "renders"]

#: Where the shared part ends: after the last special token before the question, or right before
#: the question.
Cut = Literal["token", "question"]


def placeholders(processor: Any) -> list[str]:
    """What stands for an image, a video or sound in a rendered prompt, where that is known."""
    names = ("image_token", "video_token", "audio_token")
    return [t for t in (getattr(processor, n, None) for n in names) if isinstance(t, str) and t]


def renders(processor: Any, kind: str) -> bool:
    """Whether the chat template writes something for a part of this kind ("image", ...)."""
    text = {"type": "text", "text": "x"}

    def render(*content: Mapping[str, Any]) -> str:
        messages = [{"role": "user", "content": list(content)}]
        return str(processor.apply_chat_template(messages, tokenize=False))

    try:
        with_part, without = render({"type": kind}, text), render(text)
    except Exception:
        return False
    # A template for text alone would write the list of parts as Python does.
    return with_part != without and "'type'" not in with_part


class QuestionTemplate(Template):
    """A chat template of any checkpoint; the questions share all that does not depend on them.

    Args:
        processor: the checkpoint's.
        content: the parts of the user's message that stand for the clip.
        cut: where the shared part ends.
        thinking: what the template is told of thinking, and what the prompt ends with.
    """

    def __init__(
        self,
        processor: Any,
        content: Sequence[Mapping[str, Any]],
        cut: Cut,
        thinking: Thinking = AS_IT_LIKES,
    ) -> None:
        super().__init__(processor, content, {}, thinking)
        self._cut = cut
        self._endings: dict[tuple[int, ...], tuple[str, list[int]]] = {}

    def head(self, system: str = "") -> str:
        """The part of the prompt that does not depend on the question, the clip included.

        Raises:
            S3EvalError: the template writes the question before the clip.
        """
        if system not in self._heads:
            self._heads[system] = self._shared(system)
        return self._heads[system]

    def _shared(self, system: str) -> str:
        # Different from the first letter on, so that the common start ends before the question.
        marks = ["A" + secrets.token_hex(8), "Z" + secrets.token_hex(8)]
        first, second = (self.render(mark, system) for mark in marks)
        pairs = enumerate(zip(first, second, strict=False))
        common = first[: next((i for i, (a, b) in pairs if a != b), 0)]
        known = placeholders(self._processor)
        if marks[0] not in first or any(common.count(t) != first.count(t) for t in known):
            raise S3EvalError("This chat template does not put the clip before the question")
        if self._cut == "question":
            return common
        special = [*self._tokenizer.get_added_vocab(), *known]
        return common[: max((common.rfind(t) + len(t) for t in special if t in common), default=0)]

    def tail_after(self, before: Sequence[int], question: str, system: str) -> tuple[int, ...]:
        """The tokens of a prompt after its shared part.

        Args:
            before: the tokens of the shared part as the processor wrote it out.

        Raises:
            S3EvalError: the shared part depends on the question, or a token spans its end.
        """
        head, whole = self.head(system), self.render(question, system)
        if not whole.startswith(head):
            raise S3EvalError("The question changed the prompt before the clip")
        text, ids = self._end(tuple(before[-24:]))
        tokens = self.tokens(text + whole[len(head) :])
        if tokens[: len(ids)] != ids:
            raise S3EvalError("A token spans the end of the clip's part of the prompt")
        return tuple(tokens[len(ids) :])

    def _end(self, before: tuple[int, ...]) -> tuple[str, list[int]]:
        """The last tokens before the tail, from a special one on, and how they are written.

        Tokenizers write a text otherwise at its start than after other text; a special token
        before the tail makes it read as it is read in the whole prompt.
        """
        if before not in self._endings:
            added = set(self._tokenizer.get_added_vocab().values())
            start = max((i for i, token in enumerate(before) if token in added), default=0)
            ids = list(before[start:])
            text = self._tokenizer.decode(
                ids, skip_special_tokens=False, clean_up_tokenization_spaces=False
            )
            if self.tokens(text) != ids:
                raise S3EvalError("The end of the clip's part of the prompt is not read as written")
            self._endings[before] = text, ids
        return self._endings[before]
