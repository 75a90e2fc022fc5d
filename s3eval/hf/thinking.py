"""Models that think before they answer: off, or up to so many tokens, apart from the answer's.

The prompt says whether to think where the chat template has a switch for it. What is thought lies
between two marks, single tokens of the tokenizer; at the end of the budget the closing one is
written for the model, so that an answer always follows. The answer's own limit, and the
probabilities of its choices, begin after it.

A template that begins a thought by itself leaves it to the model to end it, within the answer's
tokens. What lies before the closing mark is kept as a thought there too; without a closing mark
there is no answer.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from s3eval.errors import S3EvalError

if TYPE_CHECKING:
    from s3eval.hf.decoding import PrefixDecoding
    from s3eval.hf.greedy import Greedy

__all__ = [
    "DEFAULT_BUDGET",
    "ThinkOption",
    "Thinking",
    "Thought",
    "ThoughtRow",
    "answer_text",
    "special_marks",
    "think",
    "thinking_of",
]

ThinkOption = Literal["off", "on"] | int | None
#: Tokens of thought where none are named (``thinking=on``).
DEFAULT_BUDGET = 2048
_WAY_OUT = "--model-option thinking=off, or thinking=TOKENS"
# Blank tokens between the closing mark and the answer.
_MOST_BLANKS = 4
_MARKS = (
    ("<think>", "</think>"),  # Qwen3, GLM, DeepSeek, MiniCPM-V
    ("<seed:think>", "</seed:think>"),
    ("[THINK]", "[/THINK]"),  # Magistral
    ("◁think▷", "◁/think▷"),  # Kimi-VL
    ("<|channel>", "<channel|>"),  # Gemma 4
    ("<unused94>", "<unused95>"),  # MedGemma
    ("<|START_THINKING|>", "<|END_THINKING|>"),  # Command A
    ("<|begin_of_thought|>", "<|end_of_thought|>"),
    ("<|inner_prefix|>", "<|inner_suffix|>"),  # Apertus
)


@dataclass(frozen=True)
class Thinking:
    """How a loaded model thinks.

    Attributes:
        budget: tokens of thought before the answer; 0: it is not let think, or as it likes.
        variables: of the chat template.
        ending: what the prompt ends with beyond the template: an empty thought where thinking
            is off and the template would begin one.
        opened: whether the prompt itself begins the thought.
        marks: token ids of the opening and the closing mark, where thoughts are looked for:
            there is a budget, or the prompt begins one; otherwise None.
        closing: token ids written for the model at the end of the budget, the closing mark
            among them; () without a budget.
    """

    budget: int = 0
    variables: Mapping[str, Any] = field(default_factory=dict)
    ending: str = ""
    opened: bool = False
    marks: tuple[int, int] | None = None
    closing: tuple[int, ...] = ()

    @property
    def is_within_answer(self) -> bool:
        """Whether the prompt begins a thought that has no tokens but the answer's."""
        return self.opened and not self.budget


#: Nothing is said of thinking, and nothing done about it.
AS_IT_LIKES = Thinking()


def thinking_of(processor: Any, option: ThinkOption, where: str) -> Thinking:
    """How a checkpoint is to think.

    Args:
        processor: the checkpoint's.
        option: "off", "on", tokens, or None to leave it to the checkpoint.
        where: names the checkpoint in messages.

    Raises:
        S3EvalError: it is to think, but has no marks for thoughts.
    """
    tokenizer = processor.tokenizer
    marks = _marks(tokenizer)
    if option is None:
        if marks is None or not _is_open(_prompt_end(processor, {}), *marks):
            return AS_IT_LIKES
        return Thinking(opened=True, marks=_mark_ids(tokenizer, marks))
    wanted = option != "off"
    variables = dict.fromkeys(_switches(processor), wanted)
    if marks is None:
        if wanted:
            raise S3EvalError(
                "This checkpoint has no marks for thoughts, so that it cannot be let think",
                where=where,
                fix="--model-option thinking=off, or without it",
            )
        return Thinking(variables=variables)
    opening, closing = marks
    opened = _is_open(_prompt_end(processor, variables), opening, closing)
    if not wanted:
        ending = f"\n\n{closing}\n\n" if opened else ""
        return Thinking(variables=variables, ending=ending)
    written = tuple(_ids(tokenizer, f"\n{closing}\n\n"))
    budget = DEFAULT_BUDGET if option == "on" else int(option)
    return Thinking(budget, variables, "", opened, _mark_ids(tokenizer, marks), written)


def special_marks(tokenizer: Any) -> dict[int, str]:
    """The marks of thoughts that a tokenizer leaves out with its special tokens, by token id.

    A model may begin a thought without being asked to; its marks alone tell readers of answers
    what is thought and what is said.
    """
    found: dict[int, str] = {}
    for mark in (mark for pair in _MARKS for mark in pair):
        ids = _ids(tokenizer, mark)
        is_one = len(ids) == 1 and tokenizer.convert_ids_to_tokens(ids[0]) == mark
        if is_one and not tokenizer.decode(ids, skip_special_tokens=True):
            found[ids[0]] = mark
    return found


def answer_text(tokenizer: Any, tokens: Sequence[int], marks: Mapping[int, str]) -> str:
    """What was written, without special tokens but for the marks of thoughts.

    Args:
        tokens: of an answer.
        marks: from `special_marks`.
    """
    pieces, begin = list[str](), 0
    for place, token in enumerate(tokens):
        if token in marks:
            if place > begin:
                pieces.append(tokenizer.decode(tokens[begin:place], skip_special_tokens=True))
            pieces.append(marks[token])
            begin = place + 1
    if begin < len(tokens) or not pieces:
        pieces.append(tokenizer.decode(tokens[begin:], skip_special_tokens=True))
    return "".join(pieces)


def _switches(processor: Any) -> list[str]:
    """What the chat template calls its switch; families call it by either name."""
    given = getattr(processor, "chat_template", None) or ""
    text = "\n".join(given.values()) if isinstance(given, dict) else str(given)
    return [n for n in ("enable_thinking", "thinking") if re.search(rf"\b{n}\b", text)]


def _marks(tokenizer: Any) -> tuple[str, str] | None:
    known = tokenizer.get_vocab()
    for pair in _MARKS:
        if all(mark in known and len(_ids(tokenizer, mark)) == 1 for mark in pair):
            return pair
    return None


def _mark_ids(tokenizer: Any, marks: tuple[str, str]) -> tuple[int, int]:
    opening, closing = marks
    return _ids(tokenizer, opening)[0], _ids(tokenizer, closing)[0]


def _ids(tokenizer: Any, text: str) -> list[int]:
    return list(tokenizer(text, add_special_tokens=False)["input_ids"])


def _prompt_end(processor: Any, variables: Mapping[str, Any]) -> str:
    """What the template writes after a question."""
    mark = "Qxj7 zebra"
    messages = [{"role": "user", "content": [{"type": "text", "text": mark}]}]
    try:
        text = processor.apply_chat_template(
            messages, tokenize=False, add_generation_prompt=True, **variables
        )
    except Exception:  # a template that takes no message without a clip
        return ""
    return str(text).rpartition(mark)[2]


def _is_open(text: str, opening: str, closing: str) -> bool:
    return opening in text and closing not in text.rpartition(opening)[2]


def think(
    decoding: PrefixDecoding,
    greedy: Greedy,
    logits: Any,
    thinking: Thinking,
    stops: frozenset[int],
    head: Callable[[Any], Any],
    text_of: Callable[[Sequence[int]], str],
    longest: Sequence[int],
) -> tuple[Any, list[ThoughtRow]]:
    """Let each question be thought about, up to where its answer begins.

    Args:
        decoding: where the questions were read. greedy: chooses tokens.
        logits: of the first token after each question, shape (questions, vocabulary).
        stops: tokens that end an answer.
        head: hidden states to logits. text_of: tokens to text.
        longest: the most tokens of each answer.

    Returns:
        logits of each answer's first token, shape as ``logits``; what was thought of each.
    """
    rows = [ThoughtRow(thinking, stops, text_of, n) for n in longest]
    logits, active = logits.clone(), list(range(len(rows)))
    while active:
        chosen = greedy.choose(active, logits[active])
        going, given = [], []
        for i, token in zip(active, chosen, strict=True):
            following = rows[i].following(token)
            greedy.correct(i, following)
            if following is not None:
                going.append(i)
                given.append(following)
        active = going
        if active:
            logits[active] = head(decoding.step(active, given))
    return logits, rows


@dataclass(frozen=True)
class Thought:
    """What came before an answer.

    Attributes:
        text: what was thought. left: the most tokens that the answer may still have.
        failure: why no answer follows, "" where one does.
        tokens: all that were read, the marks and blanks included.
    """

    text: str
    left: int
    failure: str = ""
    tokens: tuple[int, ...] = ()


class ThoughtRow:
    """Where one question is: before its thought, within it, after it.

    Args:
        thinking: with marks. stops: tokens that end an answer. text_of: tokens to text.
        longest: the most tokens of the answer.

    Attributes:
        tokens: of the thought so far, without the marks.
        read: tokens so far, marks and blanks included.
        failure: why no answer begins after the thought, "" where one does.
    """

    def __init__(
        self,
        thinking: Thinking,
        stops: frozenset[int],
        text_of: Callable[[Sequence[int]], str],
        longest: int,
    ) -> None:
        assert thinking.marks is not None
        self._opening, self._closing = thinking.marks
        self._budget, self._end = thinking.budget or longest, list(thinking.closing)
        self._stops, self._text_of = stops, text_of
        self._longest, self._is_within_answer = longest, thinking.is_within_answer
        self._stage = "within" if thinking.opened else "before"
        self._written: list[int] = []  # what is still to be written for the model
        self._blanks = 0
        self.tokens: list[int] = []
        self.read, self.failure = 0, ""

    @property
    def most(self) -> int:
        """The most tokens that can be read before the answer."""
        if self._is_within_answer:
            return self._longest + 1
        # The opening mark, and blanks before and after the thought.
        return self._budget + len(self._end) + 3 * _MOST_BLANKS

    @property
    def left(self) -> int:
        """The most tokens that the answer may have."""
        return self._longest - self.read * self._is_within_answer

    def following(self, token: int) -> int | None:
        """The token that follows, given the one that the model chose.

        None: the answer begins, or there is none (``failure``).
        """
        if self._is_within_answer:
            self.failure = self._lack(token)
        following = None if self.failure else self._following(token)
        self.read += following is not None
        return following

    def _lack(self, token: int) -> str:
        """Why a thought within the answer's tokens leaves no answer."""
        within = self._stage == "within"
        if self.left <= 0:
            lack = "did not end within" if within else "took all of the answer's"
            return f"the thought {lack} {self._longest} tokens: {_WAY_OUT}"
        if within and token in self._stops:
            return f"the reply ended within its thought: {_WAY_OUT}"
        return ""

    def _following(self, token: int) -> int | None:
        if self._written:
            return self._written.pop(0)
        if self._stage == "before":
            if token == self._opening:
                self._stage = "within"
                return token
            return self._blank(token)
        if self._stage == "within":
            return self._within(token)
        return self._blank(token)

    def _within(self, token: int) -> int:
        if token == self._closing:
            self._stage = "after"
            return token
        if token in self._stops or len(self.tokens) >= self._budget:
            self._stage, self._written = "after", self._end[1:]
            # What was written for the model ends with blanks already.
            self._blanks = _MOST_BLANKS
            return self._end[0]
        self.tokens.append(token)
        return token

    def _blank(self, token: int) -> int | None:
        """Blanks before an answer are no part of it."""
        if self._blanks >= _MOST_BLANKS or token in self._stops:
            return None
        if self._text_of([token]).strip():
            return None
        self._blanks += 1
        return token
