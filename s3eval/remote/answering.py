"""A question as a request to a server; its reply as an answer, and what its failures are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from s3eval.errors import StopRunError
from s3eval.model import Answer
from s3eval.remote.budget import BudgetSpent
from s3eval.remote.exchange import ChatRequest
from s3eval.remote.failures import CallError
from s3eval.remote.probabilities import choice_probabilities

if TYPE_CHECKING:
    from s3eval.model import Question
    from s3eval.remote.exchange import Reply

__all__ = ["answer_of", "request_of"]


def request_of(
    question: Question,
    content: Sequence[Any],
    *,
    thinking_tokens: int = 0,
    top_logprobs: int = 0,
    media_tokens: int = 0,
) -> ChatRequest:
    """The request that puts a question to a server.

    Args:
        question: its text is not taken from here, for it is cleared of identifiers before.
        content: the parts of the user's message, the question's text among them.
        thinking_tokens: tokens of the reply beyond the answer's own.
        top_logprobs: alternatives of the first word, asked for where the answer is one of choices.
        media_tokens: upper bound of the tokens that the media parts take.

    >>> from s3eval.model import Question
    >>> asked = Question("tonic", "Tonic?", system="You see a seizure.", max_tokens=16)
    >>> made = request_of(asked, [{"type": "text", "text": "Tonic?"}], thinking_tokens=100)
    >>> made.max_tokens, [m["role"] for m in made.messages]
    (116, ['system', 'user'])
    """
    user = {"role": "user", "content": list(content)}
    system = {"role": "system", "content": question.system}
    return ChatRequest(
        (system, user) if question.system else (user,),
        question.max_tokens + thinking_tokens,
        top_logprobs=top_logprobs if question.choices else 0,
        media_tokens=media_tokens,
        seed=question.seed + question.repeat,
    )


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
