"""Answers from a shared prefix: greedy text and choice probabilities, in groups that fit."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from s3eval.hf.choices import (
    ChoiceProbabilities,
    Tokens,
    as_answer,
    choice_probabilities,
    spellings,
)
from s3eval.hf.decoding import PrefixDecoding, start_decoding
from s3eval.hf.environment import GIB, free_memory, is_out_of_memory
from s3eval.hf.greedy import Greedy, draw_seed
from s3eval.hf.logits import logits_of
from s3eval.hf.options import Options, Way
from s3eval.hf.prefix import Prefix
from s3eval.hf.thinking import (
    AS_IT_LIKES,
    Thinking,
    Thought,
    answer_text,
    special_marks,
    think,
)
from s3eval.model import Answer, Question

__all__ = ["AnswerGenerator", "TokenizedQuestion"]

_log = logging.getLogger(__name__)
# The fastest first; the last one is possible with every cache.
_WAYS: tuple[Way, ...] = ("packed", "batched", "forked")


@dataclass(frozen=True)
class TokenizedQuestion:
    """A question ready to be read: the tokens after the prefix, the longest answer in tokens."""

    question: Question
    tail: tuple[int, ...]
    longest: int


class AnswerGenerator:
    """Puts questions to a model after a prefix.

    Args:
        model: a conditional-generation model of the library.
        tokenizer: its tokenizer.
        options: batch, sharing, memory limit and scoring are read from it.
        thinking: how questions are thought about before they are answered.
    """

    def __init__(
        self, model: Any, tokenizer: Any, options: Options, thinking: Thinking = AS_IT_LIKES
    ) -> None:
        self._model, self._tokenizer, self._options = model, tokenizer, options
        self._thinking, self._marks = thinking, special_marks(tokenizer)
        settings = model.generation_config
        stops = settings.eos_token_id
        if stops is None:
            stops = tokenizer.eos_token_id
        self.stops = frozenset([stops] if isinstance(stops, int) else stops or ())
        own = getattr(settings, "repetition_penalty", None) or 1.0
        self.penalty = float(options.repetition_penalty or own)
        self.pad = tokenizer.pad_token_id or 0
        #: Tokens generated so far.
        self.written_tokens = 0
        self._spellings: dict[tuple[str, ...], dict[str, tuple[Tokens, ...]]] = {}

    def ask(self, prefix: Prefix, asked: Sequence[TokenizedQuestion]) -> Iterator[Answer]:
        """Answer in order, yielding each group as soon as it is done.

        A group for which memory runs out is split in two and tried again; a single question
        that still does not fit fails with that reason.
        """
        waiting = list(self._groups(prefix, asked))
        while waiting:
            group = waiting.pop(0)
            try:
                answers = self._answer(prefix, group)
            except Exception as error:
                if not is_out_of_memory(error):
                    raise
                self._release()
                if len(group) == 1:
                    answers = [Answer.failed("memory ran out for a single question", "memory")]
                else:
                    half = len(group) // 2
                    _log.warning("memory ran out for %d questions; trying %d", len(group), half)
                    waiting[:0] = [group[:half], group[half:]]
                    continue
            yield from answers

    def _groups(
        self, prefix: Prefix, asked: Sequence[TokenizedQuestion]
    ) -> Iterator[list[TokenizedQuestion]]:
        """Consecutive questions that fit the batch and the memory limit together."""
        way, limit = self.way(prefix), self._limit(prefix)
        # Rows of a batch cannot wait for one that thinks longer.
        alone = way == "forked" or (way == "batched" and self._thinking.marks is not None)
        largest = 1 if alone else self._options.batch
        group: list[TokenizedQuestion] = []
        for one in asked:
            grown = [*group, one]
            held = self._bytes(prefix, grown, way == "packed")
            if group and (len(grown) > largest or held > limit):
                yield group
                grown = [one]
            group = grown
        if group:
            yield group

    def way(self, prefix: Prefix) -> Way:
        """The fastest way that is wanted and exact for this cache and attention.

        Packing needs an attention implementation that takes any mask.
        """
        return self.usable(prefix)[0]

    def usable(self, prefix: Prefix) -> tuple[Way, ...]:
        """The way that is wanted and the slower ones, as far as they are exact."""
        wanted = self._options.sharing
        slower = _WAYS[_WAYS.index(wanted) :] if wanted in _WAYS else _WAYS
        masks = getattr(self._model.config, "_attn_implementation", "sdpa") in ("sdpa", "eager")
        return tuple(w for w in slower if w in prefix.ways and (masks or w != "packed"))

    def _limit(self, prefix: Prefix) -> float:
        if self._options.memory_limit is not None:
            return self._options.memory_limit * GIB
        return free_memory(str(prefix.device)) / 2

    def _bytes(self, prefix: Prefix, group: Sequence[TokenizedQuestion], packed: bool) -> int:
        """What a group takes beside the prefix: keys, values and, when packed, the mask.

        Packed, the prefix counts once more for what a pass holds for a while: a layer being
        moved, keys and values repeated for every head. Otherwise each row holds its own.
        """
        sizes = [len(a.tail) + a.longest + self._thinking.budget for a in group]
        rows, written = (1, sum(sizes)) if packed else (len(group), max(sizes))
        # At most twice what is written is allocated behind the prefix (`kv_cache.Buffer`).
        held: int = rows * (prefix.length + 2 * written) * prefix.bytes_per_token
        if packed:
            item: int = prefix.dtype.itemsize
            held += sum(len(a.tail) for a in group) * (prefix.length + written) * item
        return held

    def _answer(self, prefix: Prefix, group: Sequence[TokenizedQuestion]) -> list[Answer]:
        import torch

        with torch.inference_mode():
            decoding = start_decoding(self.way(prefix), self._model, prefix, self.pad)
            logits = self._logits(decoding.start([a.tail for a in group]))
            greedy = Greedy(
                prefix,
                [a.tail for a in group],
                self.penalty,
                self._options.temperature or 0.0,
                [draw_seed(a.question) for a in group],
            )
            thoughts = [Thought("", a.longest) for a in group]
            if self._thinking.marks is not None:
                logits, thoughts = self._think(decoding, greedy, logits, group)
            failed = {i for i, thought in enumerate(thoughts) if thought.failure}
            scores = self._choices(decoding, group, logits, failed)
            scored = {i for i in scores if self._options.score_choices}
            left = [0 if i in scored | failed else t.left for i, t in enumerate(thoughts)]
            texts = self._generate(greedy, decoding, logits, left)
        return [
            as_answer(
                scores[i].best if i in scored else texts[i],
                scores.get(i),
                thoughts[i].text,
                thoughts[i].failure,
            )
            for i in range(len(group))
        ]

    def _think(
        self,
        decoding: PrefixDecoding,
        greedy: Greedy,
        logits: Any,
        group: Sequence[TokenizedQuestion],
    ) -> tuple[Any, list[Thought]]:
        """The logits of each answer's first token, and what was thought before it."""
        decode, longest = self._tokenizer.decode, [a.longest for a in group]
        logits, rows = think(
            decoding, greedy, logits, self._thinking, self.stops, self._logits, decode, longest
        )
        self.written_tokens += sum(row.read for row in rows)
        texts = [decode(row.tokens, skip_special_tokens=True).strip() for row in rows]
        return logits, [
            Thought(text, row.left, row.failure) for text, row in zip(texts, rows, strict=True)
        ]

    def _choices(
        self,
        decoding: PrefixDecoding,
        group: Sequence[TokenizedQuestion],
        logits: Any,
        failed: set[int],
    ) -> dict[int, ChoiceProbabilities]:
        which = [i for i, a in enumerate(group) if a.question.choices and i not in failed]
        if not which:
            return {}
        firsts = logits[which].log_softmax(-1).cpu()
        offered = [self._written(group[i].question.choices) for i in which]
        scored = choice_probabilities(
            decoding, which, list(firsts), offered, self._log_probabilities
        )
        return dict(zip(which, scored, strict=True))

    def _written(self, choices: tuple[str, ...]) -> dict[str, tuple[Tokens, ...]]:
        """The choices' spellings; the same few choices are offered again and again."""
        if choices not in self._spellings:
            self._spellings[choices] = spellings(self._tokenizer, choices)
        return self._spellings[choices]

    def _generate(
        self,
        greedy: Greedy,
        decoding: PrefixDecoding,
        logits: Any,
        longest: Sequence[int],
    ) -> list[str]:
        """Greedy text for each question of at most so many tokens, "" where that is 0."""
        written: list[list[int]] = [[] for _ in longest]
        active = [i for i, most in enumerate(longest) if most > 0]
        logits = logits[active] if active else logits
        while active:
            tokens = greedy.choose(active, logits)
            going = []
            for i, token in zip(active, tokens, strict=True):
                if token in self.stops:
                    continue
                written[i].append(token)
                if len(written[i]) < longest[i]:
                    going.append(i)
            active = going
            if active:
                logits = self._logits(decoding.step(active, [written[i][-1] for i in active]))
        self.written_tokens += sum(map(len, written))
        return [answer_text(self._tokenizer, w, self._marks) for w in written]

    def _logits(self, hidden: Any) -> Any:
        return logits_of(self._model, hidden)

    def _log_probabilities(self, hidden: Any) -> Any:
        return self._logits(hidden).log_softmax(-1).cpu()

    @staticmethod
    def _release() -> None:
        import gc

        import torch

        gc.collect()
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
