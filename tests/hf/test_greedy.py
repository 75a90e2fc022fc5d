"""Greedy choice with repeated tokens discounted: the library's own rule, for all rows at once."""

from __future__ import annotations

from typing import Any

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")


def by_the_library(penalty: float, prompts: list[list[int]], steps: Any) -> list[list[int]]:
    """What generate's processor chooses, each row alone."""
    from transformers import RepetitionPenaltyLogitsProcessor

    rule = RepetitionPenaltyLogitsProcessor(penalty)
    written = [list(prompt) for prompt in prompts]
    for logits in steps:
        for row, tokens in enumerate(written):
            tokens.append(int(rule(torch.tensor([tokens]), logits[row : row + 1]).argmax()))
    return [w[len(p) :] for w, p in zip(written, prompts, strict=True)]


@pytest.mark.parametrize("penalty", [1.0, 1.05, 3.0])
def test_the_librarys_rule(penalty: float) -> None:
    from s3eval.hf.greedy import Greedy
    from s3eval.hf.prefix import Prefix

    torch.manual_seed(0)
    prefix = Prefix((5, 6, 5), None, 3, 2, 1)
    tails = [(1, 2, 3, 1), (4,), ()]
    steps = torch.randn(12, len(tails), 30)
    greedy = Greedy(prefix, tails, penalty)
    chosen = [greedy.choose(range(len(tails)), logits) for logits in steps]
    wanted = by_the_library(penalty, [[*prefix.tokens, *t] for t in tails], steps)
    assert [list(column) for column in zip(*chosen, strict=True)] == wanted


def test_answers_that_have_ended_change_nothing_for_the_others() -> None:
    from s3eval.hf.greedy import Greedy
    from s3eval.hf.prefix import Prefix

    torch.manual_seed(1)
    prefix = Prefix((5, 6), None, 2, 1, 1)
    tails = [(1,), (2, 3), (4,)]
    steps = torch.randn(8, len(tails), 12)
    whole = by_the_library(2.0, [[*prefix.tokens, *t] for t in tails], steps)
    greedy = Greedy(prefix, tails, 2.0)
    for number, logits in enumerate(steps):
        which = [0, 1, 2] if number < 3 else [1, 2] if number < 5 else [2]
        given = logits.clone()
        assert greedy.choose(which, logits[which]) == [whole[i][number] for i in which]
        assert torch.equal(given, logits)
