"""Chat prompts that are the same up to and including the clip, whatever is asked about it."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from s3eval.errors import S3EvalError
from s3eval.hf.thinking import AS_IT_LIKES, Thinking

__all__ = ["Split", "Template"]


@dataclass(frozen=True)
class Split:
    """A rendered prompt in two: ``head`` ends with the clip, ``tail`` holds the question.

    ``tokens`` are the token ids of the tail.
    """

    head: str
    tail: str
    tokens: tuple[int, ...]


class Template:
    """A processor's chat template, split right after the media block.

    Args:
        processor: the checkpoint's.
        content: the parts of the user's message that stand for the clip.
        ends: what a media block may end with as rendered, and the token it ends with once the
            processor has written it out ({"<video>": "</img>"}).
        thinking: what the template is told of thinking, and what the prompt ends with.
    """

    def __init__(
        self,
        processor: Any,
        content: Sequence[Mapping[str, Any]],
        ends: Mapping[str, str],
        thinking: Thinking = AS_IT_LIKES,
    ) -> None:
        self._thinking = thinking
        self._processor, self._content, self._ends = processor, list(content), dict(ends)
        self._tokenizer = processor.tokenizer
        self._heads: dict[str, str] = {}
        # By system instruction: the head as the processor writes it out, and its tokens.
        self._written: dict[str, tuple[str, list[int]]] = {}

    def render(self, question: str, system: str = "") -> str:
        """The whole prompt, with the generation prompt at its end."""
        messages: list[dict[str, Any]] = []
        if system:
            messages.append({"role": "system", "content": [{"type": "text", "text": system}]})
        content = [*self._content, {"type": "text", "text": question}]
        messages.append({"role": "user", "content": content})
        text = self._processor.apply_chat_template(
            messages, tokenize=False, add_generation_prompt=True, **self._thinking.variables
        )
        return f"{text}{self._thinking.ending}"

    def head(self, system: str = "") -> str:
        """The part of the prompt that does not depend on the question; ends with the clip.

        Raises:
            S3EvalError: the template writes the question before the clip, so no prefix can be
                shared.
        """
        if system not in self._heads:
            mark = secrets.token_hex(8)
            before, separator, _ = self.render(mark, system).partition(mark)
            cut = max(
                (before.rfind(end) + len(end) for end in self._ends if end in before), default=0
            )
            if not separator or not cut:
                raise S3EvalError(
                    "This chat template does not put the clip before the question",
                    why=f"expected one of {', '.join(self._ends)} before the question",
                    fix="use the checkpoint's own chat template",
                )
            self._heads[system] = before[:cut]
        return self._heads[system]

    def split(self, question: str, system: str = "") -> Split:
        """The prompt for a question in two parts.

        Raises:
            S3EvalError: the parts do not make up the whole, as text or as tokens; then sharing
                would change what the model reads.
        """
        head, whole = self.head(system), self.render(question, system)
        if not whole.startswith(head):
            raise S3EvalError(
                "The question changed the prompt before the clip", where=question[:60]
            )
        tail = whole[len(head) :]
        written, before = self._written_head(system)
        after = self.tokens(tail)
        if before + after != self.tokens(written + tail):
            raise S3EvalError("The prompt's tokens differ when split", where=question[:60])
        return Split(head, tail, tuple(after))

    def _written_head(self, system: str) -> tuple[str, list[int]]:
        """The head with the end it has once its media block is written out, and its tokens."""
        if system not in self._written:
            head = self.head(system)
            end = next(e for e in self._ends if head.endswith(e))
            written = head[: len(head) - len(end)] + self._ends[end]
            self._written[system] = written, self.tokens(written)
        return self._written[system]

    def tokens(self, text: str) -> list[int]:
        """The token ids of a text, no special tokens added."""
        return list(self._tokenizer(text, add_special_tokens=False)["input_ids"])
