"""Asking a hosted model: the clip first, as video, images and sound or as files of the service."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from s3eval import Answer, Model, ModelSpec, Question, S3EvalError
from s3eval.documentation import page
from s3eval.errors import StopRunError
from s3eval.privacy import Blocked, Gate
from s3eval.remote.answering import answer_of, request_of
from s3eval.remote.client import ChatClient, ChatRequest, Reply
from s3eval.remote.exchange import JsonParts
from s3eval.remote.failures import CallError
from s3eval.remote.options import read_options
from s3eval.remote.pool import RequestPool, first_ahead, in_order
from s3eval_model_hosted.claude import ClaudeService
from s3eval_model_hosted.files import Files
from s3eval_model_hosted.gemini import GeminiService
from s3eval_model_hosted.gpt import GptService
from s3eval_model_hosted.media import Piece, images_of, sound_of, video_of
from s3eval_model_hosted.options import HostedOptions
from s3eval_model_hosted.service import SentFile, Service

if TYPE_CHECKING:
    from s3eval import Footage

__all__ = ["Claude", "Gemini", "Gpt", "HostedModel"]

_MEGABYTE = 1_000_000


@dataclass
class WatchedClip:
    """A clip on its way: its pieces, what requests hold of it, and its files at the service."""

    pieces: Sequence[Piece]
    tokens: int
    parts: JsonParts | None = None
    files: Sequence[SentFile] = ()

    @property
    def nbytes(self) -> int:
        """Bytes of the pieces."""
        return sum(len(piece.data) for piece in self.pieces)


class HostedModel(Model):
    """A model of a hosted service.

    Args:
        spec: which senses it has. options: which model, and how clips are sent.
    """

    service_type: ClassVar[type[Service]]

    def __init__(self, spec: ModelSpec, options: HostedOptions) -> None:
        self._spec, self._options = spec, options
        self._service = self.service_type(options.thinking)
        service = self._service
        if not options.base_url:
            options = options.model_copy(update={"base_url": service.address})
        # Consent before the key: what may not be sent to needs none.
        endpoint = options.endpoint(service.owner, service.key_variables, needs_key=True)
        self._gate = Gate(endpoint, options.permission)
        for kind, sense in (("frames", spec.sees), ("sound", spec.hears)):
            if sense:
                self._gate.clear_media(kind)
        self._client = ChatClient(
            endpoint,
            sampling=options.sampling(),
            retry=options.retry(),
            budget=options.budget(),
            prices=options.prices(),
            extra_body=options.extra_body,
            dialect=service,
        )
        waits = options.first_wait, options.max_wait
        self._files = Files(service, endpoint, options.timeout, *waits)
        self.concurrency = options.concurrency
        self.temperature = options.temperature
        self._pool: RequestPool[Answer] = RequestPool(options.concurrency)

    @classmethod
    def checked_options(cls, spec: ModelSpec, options: Mapping[str, Any]) -> Mapping[str, Any]:
        """The options as typed values.

        Raises:
            S3EvalError: an unknown option, a value that does not fit, or no model named.
        """
        return _read(spec, options).model_dump(include=set(options))

    @classmethod
    def load(cls, spec: ModelSpec, options: Mapping[str, Any]) -> HostedModel:
        """Make the service ready; nothing is sent.

        Raises:
            S3EvalError: an unknown option, no model named, no permission, no key.
        """
        return cls(spec, _read(spec, options))

    def identity(self) -> Mapping[str, Any]:
        """Service, model, sampling and how clips are sent."""
        options, endpoint = self._options, self._client.endpoint
        return {
            "server": "this machine" if endpoint.local else endpoint.host,
            "model": endpoint.model,
            "temperature": options.temperature,
            "seed": options.seed,
            "thinking": options.thinking,
            "max_pixels": options.max_pixels,
            "quality": options.quality,
            "extra_body": dict(options.extra_body or {}),
            **self._gate.identity,
        }

    def prepare(self, footage: Footage) -> WatchedClip:
        """Encode the clip once for all questions.

        Raises:
            S3EvalError: there is nothing in it for this model.
        """
        pieces: list[Piece] = []
        has_sound = self._spec.hears and footage.sound is not None and len(footage.sound) > 0
        if len(footage.frames):
            if self._service.takes_video:
                pieces.append(video_of(footage, self._options.max_pixels))
            else:
                options = self._options
                pieces += images_of(footage, options.max_pixels, options.quality)
        elif has_sound:
            pieces.append(sound_of(footage))
        if not pieces:
            raise S3EvalError("The clip has neither frames nor sound for this model")
        # Generous, for the budget: no service takes more for a frame or a second of sound.
        pixels = min(self._options.max_pixels, footage.frames.shape[1] * footage.frames.shape[2])
        tokens = len(footage.frames) * (pixels // 196 + 64) + int(50 * footage.clip.seconds)
        return WatchedClip(pieces, tokens)

    def watch(self, footage: WatchedClip) -> WatchedClip:
        """Send a large clip's files, and write out what every request holds of it.

        Raises:
            S3EvalError: the service does not take it. StopRunError: nor any other.
        """
        clip = footage
        for piece in clip.pieces:
            self._gate.sending("sound" if piece.kind == "sound" else "frames", piece.data, {})
        if self._service.takes_files and clip.nbytes > self._options.files_above * _MEGABYTE:
            try:
                clip.files = self._files.send(clip.pieces)
            except CallError as error:
                if error.stops_all:
                    raise self._stopped(error) from None
                raise S3EvalError("The clip cannot be sent as files", why=str(error)) from None
        clip.parts = JsonParts.of(self._service.parts(clip.pieces, clip.files))
        return clip

    def release(self, watched: WatchedClip) -> None:
        """Delete the clip's files at the service."""
        self._files.delete(watched.files)
        watched.files = ()

    def ask(self, watched: WatchedClip, questions: Sequence[Question]) -> Iterable[Answer]:
        """Answers in order, otherwise as `ask_as_completed`."""
        return in_order(self.ask_as_completed(watched, questions))

    def ask_as_completed(
        self, watched: WatchedClip, questions: Sequence[Question]
    ) -> Iterator[tuple[int, Answer]]:
        """Answers as they come; the first question goes ahead, so that others find the clip cached.

        Called for several clips at once (`Model.concurrency`); no more requests than that are in
        flight for all of them together.

        Raises:
            StopRunError: the service refuses access or stays down, or the budget is spent.
        """

        def submit(position: int, is_first: bool) -> Future[Answer]:
            work = partial(self._answer, watched, questions[position])
            return self._pool.submit(work, is_first=is_first)

        try:
            yield from first_ahead(submit, [range(len(questions))] if questions else [])
        except BaseException:
            # Whoever stops here releases no clip: what was sent is not left there.
            self.release(watched)
            raise

    def _answer(self, watched: WatchedClip, question: Question) -> Answer:
        def ask() -> Reply:
            try:
                return self._client.complete(self._request(watched, question))
            except CallError as error:
                if error.kind == "access" and _is_about(watched.files, error.reason):
                    # The key was good enough to send it: only this clip cannot be asked about.
                    raise CallError(
                        "bad-request", f"the clip's file is not there any more ({error.reason})"
                    ) from None
                raise

        try:
            return answer_of(ask, question, self._stopped)
        except Blocked as reason:
            return Answer.failed(str(reason))

    def _request(self, watched: WatchedClip, question: Question) -> ChatRequest:
        cleared = self._gate.clear(question.text)
        self._gate.sending("text", cleared.text, cleared.redactions)
        return request_of(
            question,
            [watched.parts, self._service.text(cleared.text)],
            thinking_tokens=self._options.thinking_tokens,
            top_logprobs=self._options.top_logprobs,
            media_tokens=watched.tokens,
        )

    def _stopped(self, error: CallError) -> StopRunError:
        variable = self._options.key_variable or self._service.key_variables[0]
        return StopRunError(
            f"{self._client.endpoint.name} cannot be asked",
            why=str(error),
            fix=f"export {variable}=…, or another model ({page('servers.md')})",
        )

    def spent(self) -> float | None:
        """Dollars so far; None where no prices were given."""
        return self._client.account.cost

    def usage(self) -> Mapping[str, int]:
        """Tokens as the service counts them, of tries that brought no answer too."""
        return self._client.account.usage

    def close(self) -> None:
        """Stop waiting and close the connections."""
        self._pool.close()
        self._client.close()
        self._files.close()


def _is_about(files: Sequence[SentFile], reason: str) -> bool:
    """Whether a refusal names one of a clip's files."""
    return any(file.name in reason or file.reference in reason for file in files)


class Gemini(HostedModel):
    """A model of Google's Gemini service."""

    service_type = GeminiService
    #: Where `s3eval doctor` looks whether there is a key.
    key_variables: ClassVar[tuple[str, ...]] = GeminiService.key_variables


class Claude(HostedModel):
    """A model of Anthropic's service."""

    service_type = ClaudeService
    #: Where `s3eval doctor` looks whether there is a key.
    key_variables: ClassVar[tuple[str, ...]] = ClaudeService.key_variables


class Gpt(HostedModel):
    """A model of OpenAI's service."""

    service_type = GptService
    #: Where `s3eval doctor` looks whether there is a key.
    key_variables: ClassVar[tuple[str, ...]] = GptService.key_variables


def _read(spec: ModelSpec, options: Mapping[str, Any]) -> HostedOptions:
    chosen = read_options(HostedOptions, options, spec.name)
    if not chosen.model:
        raise S3EvalError(
            f"Which model of '{spec.name}'?", fix="--model-option model=NAME (its id there)"
        )
    return chosen
