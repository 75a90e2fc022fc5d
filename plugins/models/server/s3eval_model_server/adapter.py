"""Asking a model on a server: the clip first, so that its prefix cache serves every question."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from s3eval.documentation import page
from s3eval.errors import S3EvalError, StopRunError, nearest
from s3eval.model import Answer, Model, Question
from s3eval.privacy import Blocked, Gate
from s3eval.remote.answering import answer_of, request_of
from s3eval.remote.client import ChatClient, ChatRequest, Reply
from s3eval.remote.endpoint import Endpoint
from s3eval.remote.exchange import JsonParts
from s3eval.remote.failures import CallError
from s3eval.remote.options import read_options
from s3eval.remote.pool import RequestPool, first_ahead, in_order
from s3eval_model_server.local import LocalServer, free_port
from s3eval_model_server.options import ServerModelOptions
from s3eval_model_server.sending import ClipSender, SentClip
from s3eval_model_server.starting import start_command

if TYPE_CHECKING:
    from s3eval import Footage, ModelSpec

KEY_VARIABLES = ("S3EVAL_SERVER_KEY",)
# A server without a list of models.
_NO_LIST = ("HTTP 404", "HTTP 405")
_KEEPS_NONE = "{} keeps no media under a name: each question carries its clip again"
START = "vllm serve MODEL, or base_url=http://HOST:PORT/v1"


class ServerModel(Model):
    """A model behind an OpenAI-compatible server.

    Args:
        spec: which senses it has.
        options: where it is served, as what, and how clips are sent.
        server: what serves it, where that is started by the run.
    """

    #: Where `s3eval doctor` looks whether there is a key.
    key_variables: ClassVar[tuple[str, ...]] = KEY_VARIABLES

    def __init__(
        self, spec: ModelSpec, options: ServerModelOptions, server: LocalServer | None = None
    ) -> None:
        self._spec, self._options, self._server = spec, options, server
        variables = KEY_VARIABLES
        endpoint = options.endpoint("server", variables)
        # The gate first: not even the list of models is asked for without permission, nor of a
        # server that no clip may be sent to.
        self._gate = Gate(endpoint, options.permission)
        for kind, sense in (("frames", spec.sees), ("sound", spec.hears)):
            if sense:
                self._gate.clear_media(kind)
        if options.send_media == "file" and not endpoint.local:
            raise S3EvalError(
                f"{endpoint.host} cannot read files of this machine",
                fix="--model-option send_media=each, or once where it is vLLM",
            )
        if server is None:
            endpoint = _named(endpoint, options)
        self._gate.endpoint = endpoint  # the same server, now with its model's name
        self._client = ChatClient(
            endpoint,
            sampling=options.sampling(),
            retry=options.retry(),
            budget=options.budget(),
            prices=options.prices(),
            extra_body=options.body(),
        )
        self.concurrency = options.concurrency
        self.temperature = options.temperature
        self._sender = ClipSender(options, spec.sees, spec.hears, not endpoint.local)
        self._pool: RequestPool[Answer] = RequestPool(options.concurrency)

    @classmethod
    def checked_options(cls, spec: ModelSpec, options: Mapping[str, Any]) -> Mapping[str, Any]:
        """The options as typed values.

        Raises:
            S3EvalError: an unknown option, or a value that does not fit.
        """
        chosen = read_options(ServerModelOptions, options, spec.name)
        return chosen.model_dump(include=set(options))

    @classmethod
    def load(cls, spec: ModelSpec, options: Mapping[str, Any]) -> ServerModel:
        """Find the server and the model on it.

        Raises:
            S3EvalError: an unknown option, nobody answers, no such model there, no permission;
                a server to be started that is not installed.
        """
        chosen = read_options(ServerModelOptions, options, spec.name)
        if not chosen.serve:
            return cls(spec, chosen)
        server, chosen = _to_be_started(chosen)
        return cls(spec, chosen, server)

    def identity(self) -> Mapping[str, Any]:
        """Server, model, sampling and how clips are sent."""
        options, endpoint = self._options, self._client.endpoint
        kept = ("temperature", "seed", "media", "image_format", "quality", "sound", "times",
                "max_media_tokens")  # fmt: skip
        return {
            # Ports of this machine change from start to start.
            "server": "this machine" if endpoint.local else endpoint.host,
            "model": endpoint.model,
            "extra_body": options.body(),
            **({} if options.thinking is None else {"thinking": options.thinking}),
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

    def prepare(self, footage: Footage) -> SentClip:
        """Encode the clip once for all questions.

        Raises:
            S3EvalError: there is nothing in it for this model.
        """
        return self._sender.clip(footage)

    def release(self, watched: SentClip) -> None:
        """Remove the clip's files, where it was sent as files."""
        self._sender.forget(watched)

    def ask(self, watched: SentClip, questions: Sequence[Question]) -> Iterable[Answer]:
        """Answers in order, otherwise as `ask_as_completed`."""
        return in_order(self.ask_as_completed(watched, questions))

    def ask_as_completed(
        self, watched: SentClip, questions: Sequence[Question]
    ) -> Iterator[tuple[int, Answer]]:
        """Answers as they come; of questions that share a prefix the first goes ahead alone.

        Raises:
            StopRunError: the server refuses access or stays down, or the budget is spent.
        """
        if self._server is not None:
            self._server.ensure()
        for kind, data in watched.raw:
            self._gate.sending(kind, data, {})

        def submit(position: int, is_first: bool) -> Future[Answer]:
            work = partial(self._answer, watched, questions[position], is_first)
            return self._pool.submit(work, is_first=is_first)

        # The others find the clip in the server's prefix cache once the first is done.
        yield from first_ahead(submit, _by_prefix(questions))

    def _answer(self, watched: SentClip, question: Question, is_first: bool) -> Answer:
        try:
            ask = partial(self._reply, watched, question, is_first)
            return answer_of(ask, question, self._stopped)
        except Blocked as reason:
            return Answer.failed(str(reason))

    def _stopped(self, error: CallError) -> StopRunError:
        endpoint = self._client.endpoint
        return StopRunError(
            f"{endpoint.name} cannot be asked",
            why=str(error),
            fix=_advice(error, endpoint, self._options),
        )

    def _reply(self, watched: SentClip, question: Question, is_first: bool) -> Reply:
        """What the server says; a clip that it does not know by name is sent again, whole."""
        parts = self._sender.parts(watched, is_first)
        if parts is watched.whole:
            return self._client.complete(self._request(watched, parts, question))
        try:
            reply = self._client.complete(self._request(watched, parts, question), attempts=1)
        except CallError as error:
            if error.stops_all or error.kind in ("moderation", "refusal", "empty"):
                raise
            if self._sender.refused_name(watched):
                print(_KEEPS_NONE.format(self._client.endpoint.name), file=sys.stderr)
            return self._client.complete(self._request(watched, watched.whole, question))
        self._sender.took_name()
        return reply

    def _request(self, watched: SentClip, parts: JsonParts, question: Question) -> ChatRequest:
        cleared = self._gate.clear(question.text)
        self._gate.sending("text", cleared.text, cleared.redactions)
        return request_of(
            question,
            [parts, {"type": "text", "text": cleared.text}],
            thinking_tokens=self._options.thinking_tokens,
            top_logprobs=self._options.top_logprobs,
            media_tokens=watched.tokens,
        )

    def usage(self) -> Mapping[str, int]:
        """Tokens as the server counts them, of tries that brought no answer too."""
        return self._client.account.usage

    def close(self) -> None:
        """Stop waiting and close the connections."""
        self._pool.close()
        self._client.close()
        self._sender.close()
        if self._server is not None:
            self._server.close()


def _to_be_started(options: ServerModelOptions) -> tuple[LocalServer, ServerModelOptions]:
    """The server that the options want started, and the options with where it will answer.

    Raises:
        S3EvalError: no model is named, an address is, or the server is not installed.
    """
    if not options.model or "base_url" in options.model_fields_set:
        raise S3EvalError(
            f"serve={options.serve} starts a server on this machine for a model that is named",
            fix="--model-option model=NAME, without base_url",
        )
    port = free_port()
    folder = Path(options.media_folder or tempfile.gettempdir()).resolve()
    command = start_command(options, port, folder)
    base_url = f"http://127.0.0.1:{port}/v1"
    server = LocalServer(command, base_url, options.serve_wait)
    return server, options.model_copy(update={"base_url": base_url})


def _by_prefix(questions: Sequence[Question]) -> Iterator[list[int]]:
    """Positions of questions that share what stands before the clip, first come first."""
    groups: dict[str, list[int]] = {}
    for position, question in enumerate(questions):
        groups.setdefault(question.system, []).append(position)
    return iter(groups.values())


def _advice(error: CallError, endpoint: Endpoint, options: ServerModelOptions) -> str:
    """What to do about a server that cannot be asked: its key, its model, or starting it."""
    if not error.reason.startswith(("HTTP 401", "HTTP 403")):
        return _start()
    variable = options.key_variable or KEY_VARIABLES[0]
    sent = "another key than the one sent" if endpoint.key else "a key, none was sent"
    ways = f"export {variable}=…, or keyring set s3eval server ({page('servers.md')})"
    return f"{sent}: {ways}"


def _start() -> str:
    return f"{START} ({page('servers.md')})"


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
                f"No server answers at {endpoint.host}", why=error.reason, fix=_start()
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
