"""The judge behind every chat model: a service's plugin says only where and which."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import urlsplit

from pydantic import Field, create_model

from s3eval.errors import S3EvalError
from s3eval.judge import FeatureAnswers, Judge, MergedText, ReportFacts, Unreadable
from s3eval.judging import prompts
from s3eval.judging.asking import Ask, Asker, ShowProgress
from s3eval.judging.questions import questions
from s3eval.judging.schemas import feature_answers, report_facts
from s3eval.privacy.gate import Gate
from s3eval.remote.budget import Account, Preview, Prices
from s3eval.remote.cache import ReplyCache
from s3eval.remote.client import ChatClient, Notify
from s3eval.remote.endpoint import is_same_host
from s3eval.remote.options import ServerOptions, read_options
from s3eval.vocabulary import LOCALIZING

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
    """

    name: str
    base_url: str
    model: str
    key_variables: tuple[str, ...]
    prices: Prices | None = None
    extra_body: Mapping[str, Any] = field(default_factory=dict)


class ChatOptions(ServerOptions):
    """Options of a chat judge: those of servers and these.

    Attributes:
        repairs: further tries when a reply does not validate.
        max_tokens: longest reply.
        cache: file of the readings; "" for the one in the cache folder, "off" for none.
    """

    repairs: int = Field(2, ge=0)
    max_tokens: int = Field(1024, ge=16)
    cache: str = ""


class ChatJudge(Judge):
    """Reads reports, answers questions and merges texts by asking a chat model.

    Args:
        service: the service asked.
        options: its options, typed.
    """

    service: ClassVar[Service]

    def __init__(self, service: Service, options: ChatOptions) -> None:
        own_server = is_same_host(options.base_url, service.base_url)
        # The service's key goes to the service alone; another server's key is named by option.
        endpoint = options.endpoint(
            service.name if own_server else f"{service.name}@{urlsplit(options.base_url).hostname}",
            service.key_variables if own_server else (),
            needs_key=True,
        )
        gate = Gate(endpoint, options.permission)
        extra_body = options.extra_body
        if extra_body is None:
            extra_body = dict(service.extra_body) if own_server else {}
        self._cache = ReplyCache(":memory:" if options.cache == "off" else options.cache or None)
        self._client = ChatClient(
            endpoint,
            sampling=options.sampling(),
            retry=options.retry(),
            budget=options.budget(),
            prices=options.prices(
                service.prices if own_server and options.model == service.model else None
            ),
            extra_body=extra_body,
            capabilities=self._cache.capabilities(),
        )
        self._max_tokens = options.max_tokens
        self._only_previews = options.permission.max_calls == 0
        self._closed = False
        self._identity = {
            "judge": service.name,
            "model": options.model,
            "base_url": endpoint.base_url,
            "prompt_version": prompts.PROMPT_VERSION,
            "temperature": options.temperature,
            "seed": options.seed,
            "extra_body": extra_body,
            **gate.identity,
        }
        self.remote = not endpoint.local  # type: ignore[misc]
        self._asker = Asker(
            self._client, gate, self._cache, self._identity, repairs=options.repairs
        )

    @classmethod
    def load(cls, spec: JudgeSpec, options: Mapping[str, Any]) -> ChatJudge:
        """The judge with the user's options over its service's defaults.

        Raises:
            S3EvalError: an unknown option, no key, or sending was not allowed.
        """
        service = cls.service
        shape = create_model(
            "Options",
            __base__=ChatOptions,
            base_url=(str, service.base_url),
            model=(str, service.model),
        )
        return cls(service, read_options(shape, options, service.name))

    def report_to(self, notify: Notify, progress: ShowProgress | None = None) -> None:
        """Have one line told before each batch is sent, how far it is, and what was used."""
        self._asker.notify, self._asker.progress = notify, progress

    def identity(self) -> Mapping[str, Any]:
        """Judge, model, server, prompt version, sampling, and what was done to texts."""
        return dict(self._identity)

    @property
    def account(self) -> Account:
        """Calls, tokens and dollars so far, and replies that came from the cache."""
        return replace(self._client.account, cached=self._asker.from_cache)

    @property
    def gathers(self) -> bool:
        """Whether it only notes what it would ask (`s3eval.judging.ahead`)."""
        return self._asker.gathers

    def gathering(self) -> AbstractContextManager[Mapping[str, Ask]]:
        """Within, nothing is sent; what would be is noted."""
        return self._asker.gathering()

    def ask(self, asks: Sequence[Ask]) -> object:
        """Ask what was noted, in parallel; the readings are kept."""
        return self._asker.ask(asks)

    def preview_reports(self, texts: Sequence[str]) -> Preview:
        """What reading these reports would take; nothing is sent."""
        return self._asker.preview([self._report_ask(t) for t in texts if t.strip()])

    def read_reports(self, texts: Sequence[str]) -> list[ReportFacts | Unreadable]:
        """What each report says; an empty one says nothing and is not sent."""
        return self._each(
            texts,
            lambda text: None if text.strip() else _EMPTY_REPORT,
            self._report_ask,
            lambda text, found: report_facts(found, words=len(text.split())),
        )

    def answer_questions(
        self, items: Sequence[tuple[str, str]]
    ) -> list[FeatureAnswers | Unreadable]:
        """Each feature's questions answered from its justification."""
        return self._each(
            items,
            self._without_asking,
            self._answers_ask,
            lambda item, found: feature_answers(item[0], found),
        )

    def merge(self, groups: Sequence[Sequence[str]], kind: str) -> list[MergedText | Unreadable]:
        """Each group of window texts as one; a single distinct text stays as it is."""

        def alone(texts: Sequence[str]) -> MergedText | None:
            distinct = _distinct(texts)
            return MergedText(distinct[0] if distinct else "") if len(distinct) < 2 else None

        merged = self._each(
            groups,
            alone,
            lambda texts: self._merge_ask(texts, kind),
            lambda texts, found: MergedText(str(found["text"]).strip()),
        )
        if self.gathers and self._only_previews:
            # What is read later is not written yet; its windows are about as long.
            return [
                MergedText(" ".join(_distinct(texts))) if isinstance(m, Unreadable) else m
                for texts, m in zip(groups, merged, strict=True)
            ]
        return merged

    def close(self) -> None:
        """Say what was used; close connections and the cache."""
        if self._closed:
            return
        self._closed = True
        if self._asker.notify is not None and self._client.account.calls:
            self._asker.notify(f"{self._client.endpoint.name}: {self.account}")
        self._client.close()
        self._cache.close()

    def _each(
        self,
        items: Sequence[Any],
        known: Callable[[Any], Any],
        ask: Callable[[Any], Ask],
        build: Callable[[Any, Mapping[str, Any]], Any],
    ) -> list[Any]:
        """Results in order: known without asking, else asked and built from the reply."""
        results = [known(item) for item in items]
        waiting = [i for i, result in enumerate(results) if result is None]
        for i, found in zip(
            waiting, self._asker.ask([ask(items[i]) for i in waiting]), strict=True
        ):
            results[i] = found if isinstance(found, Unreadable) else build(items[i], found)
        return results

    def _without_asking(self, item: tuple[str, str]) -> FeatureAnswers | Unreadable | None:
        feature, text = item
        if not questions(feature):
            return FeatureAnswers(feature, {})
        return None if text.strip() else Unreadable("there is no text to read")

    def _report_ask(self, text: str) -> Ask:
        return Ask(
            "report",
            text.strip(),
            prompts.report_prompt,
            prompts.report_reply_schema(),
            lambda found: report_facts(found, words=0),
            self._max_tokens,
        )

    def _answers_ask(self, item: tuple[str, str]) -> Ask:
        feature, text = item
        return Ask(
            f"answers:{feature}",
            text.strip(),
            lambda sent: prompts.answers_prompt(feature, sent),
            prompts.answers_reply_schema(feature),
            lambda found: feature_answers(feature, found),
            self._max_tokens,
        )

    def _merge_ask(self, texts: Sequence[str], kind: str) -> Ask:
        return Ask(
            f"merge:{kind}",
            prompts.numbered(_distinct(texts)),
            lambda sent: prompts.merge_prompt(sent, kind),
            prompts.merge_reply_schema(),
            _check_merged,
            self._max_tokens,
        )


_EMPTY_REPORT = ReportFacts((), (), dict.fromkeys(LOCALIZING, "none"))


def _distinct(texts: Sequence[str]) -> list[str]:
    return [*dict.fromkeys(t.strip() for t in texts if t.strip())]


def _check_merged(found: Mapping[str, Any]) -> None:
    text = found.get("text")
    if not isinstance(text, str) or not text.strip():
        raise S3EvalError("Expected 'text' to hold the merged text")
