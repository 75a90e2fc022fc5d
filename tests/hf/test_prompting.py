"""A prompt in two parts is the prompt, as text and as tokens, or it is refused."""

from __future__ import annotations

from typing import Any

import pytest

from s3eval.errors import S3EvalError
from s3eval.hf.prompting import Template


class Letters:
    """A tokenizer of one token a letter, but for what it knows as a whole; counts its calls."""

    def __init__(self, *wholes: str) -> None:
        self.wholes, self.calls = wholes, 0

    def __call__(self, text: str, add_special_tokens: bool = True) -> dict[str, list[int]]:
        self.calls += 1
        ids = []
        while text:
            whole = next((w for w in self.wholes if text.startswith(w)), text[0])
            ids.append(hash(whole) % 10_000 if whole in self.wholes else ord(whole))
            text = text[len(whole) :]
        return {"input_ids": ids}


class Processor:
    """Writes the system instruction, the clip and the question one after the other."""

    def __init__(self, tokenizer: Any) -> None:
        self.tokenizer = tokenizer

    def apply_chat_template(self, messages: Any, **_: Any) -> str:
        parts = [part for message in messages for part in message["content"]]
        return "".join("<video>" if p["type"] == "video" else p["text"] for p in parts) + "|"


def template(*wholes: str) -> Template:
    return Template(Processor(Letters(*wholes)), [{"type": "video"}], {"<video>": "</v>"})


def test_the_tail_has_its_tokens() -> None:
    one = template()
    split = one.split("left?", "Be brief.")
    assert (split.head, split.tail) == ("Be brief.<video>", "left?|")
    assert list(split.tokens) == one.tokens("left?|")


def test_tokens_that_reach_over_the_clips_end_are_refused() -> None:
    """Each time anew: what is kept of the head does not hide it."""
    one = template(">l")
    assert one.split("right?").tail == "right?|"
    with pytest.raises(S3EvalError, match="tokens differ"):
        one.split("left?")
    assert one.split("right?").tail == "right?|"


def test_the_head_is_read_once() -> None:
    one = template()
    one.split("a?")
    tokenizer = one._tokenizer
    before = tokenizer.calls
    one.split("b?")
    assert tokenizer.calls == before + 2  # the tail alone, and the whole to compare with
