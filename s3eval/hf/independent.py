"""Asking without sharing: every question with the whole prompt, by the library's own generate.

The reference that every way of sharing is compared with, and what is done where none is exact.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from s3eval.errors import S3EvalError
from s3eval.hf.choices import Tokens, as_answer, choice_probabilities, spellings
from s3eval.hf.environment import is_out_of_memory
from s3eval.hf.greedy import draw, draw_seed
from s3eval.hf.thinking import (
    AS_IT_LIKES,
    Thinking,
    Thought,
    ThoughtRow,
    answer_text,
    special_marks,
)
from s3eval.model import Answer, Question

__all__ = ["IndependentGenerator"]


class IndependentGenerator:
    """Answers one question at a time from a whole prompt.

    Args:
        model: a model of the library that generates.
        tokenizer: its tokenizer.
        penalty: repetition penalty, 1 for none.
        score_choices: whether questions with choices are answered by the most probable one.
        thinking: how questions are thought about before they are answered.
        temperature: above 0 tokens are drawn.
    """

    def __init__(
        self,
        model: Any,
        tokenizer: Any,
        penalty: float,
        score_choices: bool,
        thinking: Thinking = AS_IT_LIKES,
        temperature: float = 0.0,
    ) -> None:
        self._model, self._tokenizer = model, tokenizer
        self._penalty, self._score_choices = penalty, score_choices
        self._thinking, self._marks = thinking, special_marks(tokenizer)
        self._temperature = temperature

    def answer(self, inputs: Mapping[str, Any], question: Question, longest: int) -> Answer:
        """Answer a question.

        Args:
            inputs: what the processor made of the whole prompt, a batch of one.
            question: what the prompt asks. longest: the most tokens of an answer.
        """
        try:
            return self._answer(inputs, question, longest)
        except Exception as error:
            if not is_out_of_memory(error):
                raise
            return Answer.failed("memory ran out for a single question", "memory")

    def _answer(self, inputs: Mapping[str, Any], question: Question, longest: int) -> Answer:
        scored_only = bool(question.choices) and self._score_choices
        ends = self._model.generation_config.eos_token_id
        stops = {ends} if isinstance(ends, int) else set(ends or ())
        seed = draw_seed(question)
        thought = self._think(inputs, frozenset(stops), seed, longest)
        if thought.failure:
            return as_answer("", None, thought.text, thought.failure)
        before, thoughts, longest = thought.tokens, thought.text, thought.left
        steps = len(before) + (1 if scored_only else longest)
        tokens, logits = self.generate(inputs, steps, before, seed)
        tokens, logits = tokens[len(before) :], logits[len(before) :]
        written = [t for t in tokens if t not in stops]
        text = answer_text(self._tokenizer, written, self._marks)
        if not question.choices:
            return as_answer(text, None, thoughts)
        (scores,) = choice_probabilities(
            _Forced(self, inputs, before),
            [0],
            [logits[0].log_softmax(-1).cpu()],
            [spellings(self._tokenizer, question.choices)],
            lambda states: states.log_softmax(-1).cpu(),
        )
        return as_answer(scores.best if scored_only else text, scores, thoughts)

    def _think(
        self, inputs: Mapping[str, Any], stops: frozenset[int], seed: int, longest: int
    ) -> Thought:
        """What is read before the answer."""
        if self._thinking.marks is None:
            return Thought("", longest)
        row = ThoughtRow(self._thinking, stops, self._tokenizer.decode, longest)
        read: list[int] = []
        while len(read) < row.most:
            # Up to where the model is corrected; then on from there.
            tokens, _ = self.generate(inputs, row.most, read, seed)
            for token in tokens[len(read) :]:
                following = row.following(token)
                if following is None:
                    text = self._tokenizer.decode(row.tokens, skip_special_tokens=True)
                    return Thought(text.strip(), row.left, row.failure, tuple(read))
                read.append(following)
                if following != token:
                    break
        raise S3EvalError("A thought that has no end", where="thinking")

    def generate(
        self,
        inputs: Mapping[str, Any],
        longest: int,
        forced: Sequence[int] = (),
        seed: int | None = None,
    ) -> tuple[list[int], Any]:
        """The answer's tokens, the end token included, and the float32 logits they came from.

        Args:
            forced: tokens that the answer starts with whatever their probability.
            seed: of the draws, where there is a temperature; None takes the most probable.

        Returns:
            token ids; logits before any penalty, shape (steps, vocabulary).
        """
        import torch
        from transformers import LogitsProcessorList

        processors: list[Any] = [_Force(forced)] if forced else []
        if self._temperature > 0 and seed is not None:
            processors.append(_Draw(len(forced), self._temperature, seed))
        with torch.inference_mode():
            made = self._model.generate(
                **inputs,
                max_new_tokens=longest,
                do_sample=False,
                num_beams=1,
                repetition_penalty=self._penalty,
                output_logits=True,
                return_dict_in_generate=True,
                logits_processor=LogitsProcessorList(processors),
            )
        steps = len(made.logits)
        tokens = made.sequences[0, -steps:].tolist()
        return tokens, torch.stack([step[0] for step in made.logits]).float()


class _Force:
    """Leaves one possible token at each of the first steps; the raw logits stay as they are."""

    def __init__(self, tokens: Sequence[int]) -> None:
        self._tokens, self._step = list(tokens), 0

    def __call__(self, ids: Any, scores: Any) -> Any:
        import torch

        if self._step < len(self._tokens):
            token = self._tokens[self._step]
            scores = torch.full_like(scores, -torch.inf)
            scores[:, token] = 0.0
        self._step += 1
        return scores


class _Draw:
    """Leaves one possible token at each step, the one that is drawn; after those forced."""

    def __init__(self, forced: int, temperature: float, seed: int) -> None:
        self._forced, self._temperature, self._seed = forced, temperature, seed
        self._step = 0

    def __call__(self, ids: Any, scores: Any) -> Any:
        import torch

        if self._step >= self._forced:
            token = draw(scores[0], self._temperature, self._seed, self._step)
            scores = torch.full_like(scores, -torch.inf)
            scores[:, token] = 0.0
        self._step += 1
        return scores


class _Forced:
    """Reads some tokens as the start of an answer, each with the whole prompt."""

    def __init__(
        self, generator: IndependentGenerator, inputs: Mapping[str, Any], before: Tokens = ()
    ) -> None:
        self._generator, self._inputs, self._before = generator, inputs, before

    def look_ahead(self, which: Sequence[int], tokens: Sequence[Tokens]) -> list[Any]:
        """The logits after each token, shape (tokens, vocabulary); ``which`` is always 0."""
        read: dict[Tokens, Any] = {}
        # A longer sequence also gives the logits of those it starts with.
        for sequence in sorted({tuple(t) for t in tokens}, key=len, reverse=True):
            longer = next((t for t in read if t[: len(sequence)] == sequence), None)
            if longer is None:
                forced = (*self._before, *sequence)
                _, logits = self._generator.generate(self._inputs, len(forced) + 1, forced)
                read[sequence] = logits[len(self._before) + 1 :]
            else:
                read[sequence] = read[longer][: len(sequence)]
        return [read[tuple(t)] for t in tokens]
