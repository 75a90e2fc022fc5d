"""Asking a model on a server: the clip first, so that its prefix cache serves every question."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, ClassVar

from s3eval.errors import S3EvalError, StopRunError, nearest
from s3eval.model import Answer, Model, Question
from s3eval.privacy import Blocked, Gate
from s3eval.remote.budget import BudgetSpent
from s3eval.remote.client import ChatClient, ChatRequest
from s3eval.remote.endpoint import Endpoint
from s3eval.remote.failures import CallError
from s3eval.remote.options import read_options
from s3eval.remote.probabilities import choice_probabilities
from s3eval_model_server.media import Media, media_of
from s3eval_model_server.options import ServerModelOptions

if TYPE_CHECKING:
    from s3eval import Footage, ModelSpec

KEY_VARIABLES = ("S3EVAL_SERVER_KEY",)
# A server without a list of models.
_NO_LIST = ("HTTP 404", "HTTP 405")
START = "vllm serve MODEL, or base_url=http://HOST:PORT/v1 (docs/servers.md)"


class ServerModel(Model):
    """A model behind an OpenAI-compatible server.

    Args:
        spec: which senses it has.
        options: where it is served, as what, and how clips are sent.
    """

    #: Where `s3eval doctor` looks whether there is a key.
    key_variables: ClassVar[tuple[str, ...]] = KEY_VARIABLES

    def __init__(self, spec: ModelSpec, options: ServerModelOptions) -> None:
        self._spec, self._options = spec, options
        variables = KEY_VARIABLES
        endpoint = options.endpoint("server", variables)
        # The gate first: not even the list of models is asked for without permission, nor of a
        # server that no clip may be sent to.
        self._gate = Gate(endpoint, options.permission)
        for kind, sense in (("frames", spec.sees), ("sound", spec.hears)):
            if sense:
                self._gate.clear_media(kind)
        endpoint = _named(endpoint, options)
        self._gate.endpoint = endpoint  # the same server, now with its model's name
        self._client = ChatClient(
            endpoint,
            sampling=options.sampling(),
            retry=options.retry(),
            budget=options.budget(),
            prices=options.prices(),
            extra_body=options.extra_body,
        )
        self._pool = ThreadPoolExecutor(options.concurrency, thread_name_prefix="s3eval-server")

    @classmethod
    def load(cls, spec: ModelSpec, options: Mapping[str, Any]) -> ServerModel:
        """Find the server and the model on it.

        Raises:
            S3EvalError: an unknown option, nobody answers, no such model there, no permission.
        """
        return cls(spec, read_options(ServerModelOptions, options, spec.name))

    def identity(self) -> Mapping[str, Any]:
        """Server, model, sampling and how clips are sent."""
        options, endpoint = self._options, self._client.endpoint
        kept = ("temperature", "seed", "media", "image_format", "quality", "sound", "times",
                "max_media_tokens")  # fmt: skip
        return {
            # Ports of this machine change from start to start.
            "server": "this machine" if endpoint.local else endpoint.host,
            "model": endpoint.model,
            "extra_body": dict(options.extra_body or {}),
            **{name: getattr(options, name) for name in kept},
            **self._gate.identity,
        }

    def notice(self) -> str:
        """Which server and model are asked, where nobody named the server."""
        if "base_url" in self._options.model_fields_set:
            return ""
        return (
            f"asks {self._client.endpoint.name}, what answers at the default address "
            "(--model-option base_url=… for another)"
        )

    def spent(self) -> float | None:
        """Dollars so far; None on this machine, and where no prices were given."""
        return None if self._client.endpoint.local else self._client.account.cost

    def watch(self, footage: Footage) -> Media:
        """Encode the clip once for all questions.

        Raises:
            S3EvalError: there is nothing in it for this model.
        """
        media = media_of(footage, self._options, sees=self._spec.sees, hears=self._spec.hears)
        if not media.parts:
            raise S3EvalError("The clip has neither frames nor sound for this model")
        return media

    def ask(self, watched: Media, questions: Sequence[Question]) -> Iterable[Answer]:
        """Answers in order; of questions that share a prefix the first goes ahead alone.

        Raises:
            StopRunError: the server refuses access or stays down, or the budget is spent.
        """
        for kind, data in watched.raw:
            self._gate.sending(kind, data, {})
        answers: dict[int, Future[Answer]] = {}
        waiting = _by_prefix(questions)
        given = 0
        try:
            for group in waiting:
                # The others find the clip in the server's prefix cache once the first is done.
                answers[group[0]] = self._submit(watched, questions[group[0]])
                answers[group[0]].result()  # a stop is raised here, before anything else is sent
                for position in group[1:]:
                    answers[position] = self._submit(watched, questions[position])
                while given in answers:
                    yield answers[given].result()
                    given += 1
        finally:
            for future in answers.values():
                future.cancel()

    def _submit(self, watched: Media, question: Question) -> Future[Answer]:
        return self._pool.submit(self._answer, watched, question)

    def _answer(self, watched: Media, question: Question) -> Answer:
        try:
            request = self._request(watched, question)
            reply = self._client.complete(request)
        except Blocked as reason:
            return Answer.failed(str(reason))
        except BudgetSpent as error:
            raise StopRunError(error.what, fix=error.fix) from None
        except CallError as error:
            if error.stops_all:
                raise StopRunError(
                    f"{self._client.endpoint.name} cannot be asked",
                    why=str(error),
                    fix=_advice(error, self._client.endpoint, self._options),
                ) from None
            return Answer.failed(str(error))
        probabilities, mass = choice_probabilities(reply.logprobs, question.choices)
        return Answer.of(reply.text, probabilities=probabilities, mass=mass)

    def _request(self, watched: Media, question: Question) -> ChatRequest:
        cleared = self._gate.clear(question.text)
        self._gate.sending("text", cleared.text, cleared.redactions)
        user = {"role": "user", "content": [*watched.parts, {"type": "text", "text": cleared.text}]}
        system = {"role": "system", "content": question.system}
        return ChatRequest(
            (system, user) if question.system else (user,),
            question.max_tokens,
            top_logprobs=self._options.top_logprobs if question.choices else 0,
            media_tokens=watched.tokens,
        )

    def close(self) -> None:
        """Stop waiting and close the connections."""
        self._client.close()
        self._pool.shutdown(wait=False, cancel_futures=True)


def _by_prefix(questions: Sequence[Question]) -> Iterator[list[int]]:
    """Positions of questions that share what stands before the clip, first come first."""
    groups: dict[str, list[int]] = {}
    for position, question in enumerate(questions):
        groups.setdefault(question.system, []).append(position)
    return iter(groups.values())


def _advice(error: CallError, endpoint: Endpoint, options: ServerModelOptions) -> str:
    """What to do about a server that cannot be asked: its key, its model, or starting it."""
    if not error.reason.startswith(("HTTP 401", "HTTP 403")):
        return START
    variable = options.key_variable or KEY_VARIABLES[0]
    sent = "another key than the one sent" if endpoint.key else "a key, none was sent"
    return f"{sent}: export {variable}=…, or keyring set s3eval server (docs/servers.md)"


def _named(endpoint: Endpoint, options: ServerModelOptions) -> Endpoint:
    """The endpoint with a model the server has.

    Raises:
        S3EvalError: nobody answers; access is refused; several models or another one served.
    """
    client = ChatClient(endpoint, retry=options.retry())
    try:
        served = client.models()
    except CallError as error:
        if error.transient or error.kind == "oversized":
            raise S3EvalError(
                f"No server answers at {endpoint.host}", why=error.reason, fix=START
            ) from None
        if error.kind == "access" and not error.reason.startswith(_NO_LIST):
            raise S3EvalError(
                f"{endpoint.host} refuses",
                why=error.reason,
                fix=_advice(error, endpoint, options),
            ) from None
        served = []  # some servers do not list what they serve
    finally:
        client.close()
    wanted = options.model
    if not wanted and len(served) == 1:
        return Endpoint(endpoint.base_url, served[0], endpoint.key)
    if not wanted:
        listed = ", ".join(served[:8]) or "it does not list its models"
        raise S3EvalError(
            f"Which model at {endpoint.host}?", why=listed, fix="--model-option model=NAME"
        )
    if served and wanted not in served and endpoint.local:
        close = nearest(wanted, served)
        hint = f"; did you mean '{close}'?" if close else f"; it has {', '.join(served[:8])}"
        raise S3EvalError(f"No model '{wanted}' at {endpoint.host}{hint}")
    return Endpoint(endpoint.base_url, wanted, endpoint.key)
