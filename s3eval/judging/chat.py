"""The judge behind every chat model: a service's plugin says only where and which."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import urlsplit

from pydantic import Field, create_model

from s3eval.errors import S3EvalError
from s3eval.judge import (
    AnswerQuestions,
    Extract,
    Extraction,
    FeatureAnswers,
    Judge,
    JudgeRequest,
    MergedText,
    MergeTexts,
    ReadReport,
    ReportFacts,
    Unreadable,
)
from s3eval.judging import prompts
from s3eval.judging.asking import Ask, Asker, ShowProgress
from s3eval.judging.batching.batches import Batches
from s3eval.judging.extractions import (
    extraction_of,
    facts_for,
    kind_of,
    known_without_asking,
    text_of,
)
from s3eval.judging.formats import FORMATS, Format, FormatName
from s3eval.judging.kept import kept_by_chat
from s3eval.privacy.gate import Gate
from s3eval.remote.budget import Account, Preview, Prices
from s3eval.remote.cache import ReplyCache
from s3eval.remote.capabilities import ServerCapabilities
from s3eval.remote.client import ChatClient, Notify
from s3eval.remote.endpoint import Endpoint, is_same_host
from s3eval.remote.options import ServerOptions, read_options

if TYPE_CHECKING:
    from s3eval.specs import JudgeSpec

__all__ = ["ChatJudge", "ChatOptions", "Service"]


@dataclass(frozen=True)
class Service:
    """A hosted chat model.

    Attributes:
        name: the judge's name.
        base_url, model: where it is served and what it is called there.
        key_variables: environment variables that may hold its key.
        prices: list prices when this was written; options override them.
        extra_body: the service's own switches, so that it answers directly.
        format: how it words requests, replies and batches.
        owner: whose key it is in the keyring and in messages, where that is not the name.
        known: what its model refuses, so that it is not offered that first.
    """

    name: str
    base_url: str
    model: str
    key_variables: tuple[str, ...]
    prices: Prices | None = None
    extra_body: Mapping[str, Any] = field(default_factory=dict)
    format: FormatName = "chat"
    owner: str = ""
    known: ServerCapabilities = field(default_factory=ServerCapabilities)

    def in_format(self, name: FormatName) -> Service:
        """This service, or the one whose own format is named, with no model of its own."""
        if name == self.format:
            return self
        chosen = FORMATS[name]
        return Service(
            self.name,
            chosen.address,
            "",
            chosen.key_variables,
            format=name,
            owner=name,
        )


class ChatOptions(ServerOptions):
    """Options of a chat judge: those of servers and these.

    Attributes:
        repairs: further tries when a reply does not validate.
        max_tokens: longest reply, instead of what each extraction allows.
        cache: file of the readings; "" for the one in the cache folder, "off" for none.
        format: how the service words requests: "chat" (OpenAI's chat completions), "anthropic"
            (its messages) or "gemini" (Google's generateContent).
        batch: whether texts are sent as batches of the service, answered within a day at about
            half the price. ``batch_poll``: seconds between looks whether a batch has ended;
            ``batch_wait``: seconds after which a command waits no longer.
    """

    repairs: int = Field(2, ge=0)
    max_tokens: int | None = Field(None, ge=16)
    cache: str = ""
    format: FormatName = "chat"
    batch: bool = False
    batch_poll: float = Field(30.0, gt=0)
    batch_wait: float = Field(172_800.0, gt=0)


class ChatJudge(Judge):
    """Reads whatever a task wants of a text by asking a chat model.

    Every request is put as an extraction (`s3eval.judging.extractions`): those of the paper's
    tasks, and those any other task states.

    Args:
        service: the service asked.
        options: its options, typed.
    """

    service: ClassVar[Service]
    serves: ClassVar[tuple[type, ...]] = (ReadReport, AnswerQuestions, MergeTexts, Extract)

    def __init__(self, service: Service, options: ChatOptions) -> None:
        if not options.model:
            raise S3EvalError(
                f"Which model of the format '{options.format}'?",
                fix="--judge-option model=NAME (its id there)",
            )
        form: Format = FORMATS[options.format]
        # What is no address is refused here, before anything is made of it.
        address = Endpoint(options.base_url, options.model).base_url
        own_server = is_same_host(address, service.base_url)
        host = urlsplit(address).hostname
        # The service's key goes to the service alone; another server's key is named by option.
        endpoint = options.endpoint(
            (service.owner or service.name) if own_server else f"{service.name}@{host}",
            service.key_variables if own_server else (),
            needs_key=True,
            called=f"judge '{service.name}'" if own_server else "",
        )
        gate = Gate(endpoint, options.permission)
        extra_body, thinking = options.extra_body, None
        if extra_body is None:
            thinking = form.thinking
            extra_body = dict(service.extra_body) if own_server else {}
        own_model = own_server and options.model == service.model
        self._cache = ReplyCache(":memory:" if options.cache == "off" else options.cache or None)
        capabilities = self._cache.capabilities()
        if own_model and capabilities.get(endpoint) == ServerCapabilities():
            capabilities.put(endpoint, service.known)
        self._client = ChatClient(
            endpoint,
            sampling=options.sampling(),
            retry=options.retry(),
            budget=options.budget(),
            prices=options.prices(service.prices if own_model else None),
            extra_body=extra_body,
            capabilities=capabilities,
            dialect=form.dialect(thinking),
        )
        self._max_tokens = options.max_tokens
        self._closed = False
        self._identity = {
            "judge": service.name,
            "model": options.model,
            "base_url": endpoint.base_url,
            "prompt_version": prompts.PROMPT_VERSION,
            "temperature": options.temperature,
            "seed": options.seed,
            "extra_body": extra_body,
            **({} if options.format == "chat" else {"format": options.format}),
            **({} if thinking is None else {"thinking": thinking}),
            **gate.identity,
        }
        # A judge that can send nothing (`Endpoint.sends`) needs no consent.
        self.remote = endpoint.sends and not endpoint.local
        if options.batch and options.cache == "off":
            raise S3EvalError(
                "A batch cannot be waited for without a cache",
                why="which batches are under way is kept there",
                fix="--judge-option cache=FILE",
            )
        self._batches = None
        if options.batch:
            self._batches = Batches(
                self._client,
                self._cache,
                form.batches,
                poll=options.batch_poll,
                wait=options.batch_wait,
            )
        self._asker = Asker(
            self._client,
            gate,
            self._cache,
            self._identity,
            repairs=options.repairs,
            batches=self._batches,
        )

    @classmethod
    def load(cls, spec: JudgeSpec, options: Mapping[str, Any]) -> ChatJudge:
        """The judge with the user's options over its service's defaults.

        Raises:
            S3EvalError: an unknown option, no key, or sending was not allowed.
        """
        named = options.get("format", cls.service.format)
        # An unknown one is refused below, with the options.
        is_known = isinstance(named, str) and named in FORMATS
        service = cls.service.in_format(named) if is_known else cls.service
        shape = create_model(
            "Options",
            __base__=ChatOptions,
            base_url=(str, service.base_url),
            model=(str, service.model),
            format=(FormatName, service.format),
        )
        return cls(service, read_options(shape, options, service.name))

    def report_to(self, notify: Notify, progress: ShowProgress | None = None) -> None:
        """Where lines about what will be and what was asked go, and how progress is shown."""
        self._asker.notify, self._asker.progress = notify, progress

    def identity(self) -> Mapping[str, Any]:
        """Judge, model, server, prompt version, sampling, and what was done to texts."""
        return dict(self._identity)

    @property
    def account(self) -> Account:
        """Calls, tokens and dollars so far, and replies that came from the cache."""
        return replace(self._client.account, cached=self._asker.from_cache)

    def answer(self, requests: Sequence[JudgeRequest]) -> list[Any]:
        """Serve requests of any kind as one batch: in parallel, under one budget.

        What needs no judge (an empty report, a single text to merge) is not sent.

        Raises:
            BudgetSpent: the budget is used up; what was read is kept, the same call goes on.
            ServerStopped: access refused, or the server fails again and again.
        """
        results = [known_without_asking(request) for request in requests]
        waiting = [i for i, result in enumerate(results) if result is None]
        replies = self._asker.ask([self._ask_of(requests[i]) for i in waiting])
        for i, reply in zip(waiting, replies, strict=True):
            results[i] = _result(requests[i], reply)
        return results

    def announce(self, requests: Sequence[JudgeRequest]) -> None:
        """Show in one line what these would take.

        Raises:
            BudgetSpent: calls are limited to none, so nothing more is wanted.
        """
        self._asker.announce([self._ask_of(r) for r in self._unknown(requests)])

    def kept(self, requests: Sequence[JudgeRequest]) -> dict[JudgeRequest, Any]:
        """What was read earlier, or needs no judge."""
        known = {r: result for r in requests if (result := known_without_asking(r)) is not None}
        waiting = self._unknown(requests)
        replies = self._asker.kept([self._ask_of(r) for r in waiting])
        pairs = zip(waiting, replies, strict=True)
        return known | {r: _result(r, reply) for r, reply in pairs if reply is not None}

    @classmethod
    def stored_readings(
        cls,
        identity: Mapping[str, Any],
        options: Mapping[str, Any],
        requests: Sequence[JudgeRequest],
    ) -> Mapping[JudgeRequest, Any]:
        """What the file of readings holds of these, for the judge that a run recorded."""
        return kept_by_chat(identity, str(options.get("cache") or ""), requests)

    def preview(self, requests: Sequence[JudgeRequest]) -> Preview:
        """What serving these would take; nothing is sent."""
        return self._asker.preview([self._ask_of(r) for r in self._unknown(requests)])

    def extract(self, texts: Sequence[str], extraction: Extraction) -> list[Any]:
        """What ``extraction.build`` makes of each text, or `Unreadable`."""
        return self.answer([Extract(text, extraction) for text in texts])

    def read_reports(self, texts: Sequence[str]) -> list[ReportFacts | Unreadable]:
        """What each report says; an empty one says nothing and is not sent."""
        return self.answer([ReadReport(text) for text in texts])

    def answer_questions(
        self, items: Sequence[tuple[str, str]]
    ) -> list[FeatureAnswers | Unreadable]:
        """Each feature's questions answered from its justification."""
        return self.answer([AnswerQuestions(feature, text) for feature, text in items])

    def merge(self, groups: Sequence[Sequence[str]], kind: str) -> list[MergedText | Unreadable]:
        """Each group of window texts as one; a single distinct text stays as it is."""
        return self.answer([MergeTexts(tuple(texts), kind) for texts in groups])

    def close(self) -> None:
        """Report what was used; close connections and the cache."""
        if self._closed:
            return
        self._closed = True
        if self._asker.notify is not None and self._client.account.calls:
            self._asker.notify(f"{self._client.endpoint.name}: {self.account}")
        if self._batches is not None:
            self._batches.stop()
        self._client.close()
        self._cache.close()

    def _unknown(self, requests: Sequence[JudgeRequest]) -> list[JudgeRequest]:
        return [r for r in requests if known_without_asking(r) is None]

    def _ask_of(self, request: JudgeRequest) -> Ask:
        extraction = extraction_of(request)
        longest = self._max_tokens or extraction.max_tokens
        return Ask(kind_of(request), text_of(request), extraction, longest)


def _result(request: JudgeRequest, reply: Mapping[str, Any] | Unreadable) -> Any:
    return reply if isinstance(reply, Unreadable) else facts_for(request, reply)
