"""What a reply of a server is as an answer, and what its failures are."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from s3eval.errors import StopRunError
from s3eval.model import Answer
from s3eval.remote.budget import BudgetSpent
from s3eval.remote.failures import CallError
from s3eval.remote.probabilities import choice_probabilities

if TYPE_CHECKING:
    from s3eval.model import Question
    from s3eval.remote.exchange import Reply

__all__ = ["answer_of"]


def answer_of(
    ask: Callable[[], Reply], question: Question, stopped: Callable[[CallError], StopRunError]
) -> Answer:
    """The answer to a question that a server is asked.

    Args:
        ask: puts the question.
        stopped: the error of a call after which no other can succeed.

    Returns:
        the text with the probabilities of the choices and the thoughts; a failed answer where
        this call failed.

    Raises:
        StopRunError: the budget is spent, or ``stopped`` is right.

    >>> from s3eval.model import Question
    >>> def refused():
    ...     raise CallError("moderation", "the service blocked the prompt")
    >>> answer_of(refused, Question("tonic", "Tonic?"), lambda e: StopRunError(str(e))).status
    'failed'
    """
    try:
        reply = ask()
    except BudgetSpent as error:
        raise StopRunError(error.what, fix=error.fix) from None
    except CallError as error:
        if error.stops_all:
            raise stopped(error) from None
        return Answer.failed(str(error))
    probabilities, mass = choice_probabilities(reply.logprobs, question.choices)
    return Answer.of(reply.text, probabilities=probabilities, mass=mass, thoughts=reply.thoughts)
