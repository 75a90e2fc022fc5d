"""Putting many texts before a chat model: each once, within budget, kept the moment it is read."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any

from s3eval.errors import S3EvalError, StopRunError
from s3eval.judge import Unreadable
from s3eval.judging.batching.batches import BATCH_PRICE, Batches
from s3eval.judging.prompts import closed, messages
from s3eval.judging.replies import (
    Ask,
    longer,
    outcome_of,
    parsed_reply,
    problem_of,
    reading_key,
    repaired,
    schema_name,
)
from s3eval.privacy.gate import Blocked, Cleared, Gate
from s3eval.remote.budget import BudgetSpent, Preview, Prices, token_bound
from s3eval.remote.cache import ReplyCache
from s3eval.remote.client import ChatClient, ChatRequest, Notify, Reply
from s3eval.remote.failures import CallError

__all__ = ["Ask", "Asker", "ServerStopped", "ShowProgress"]

# Verdicts about a text that asking again would not change; everything else is asked anew.
_LASTING = ("unreadable", "moderation", "refusal", "empty")
_POLL_SECONDS = 0.2
# How long a text stays reserved for a process that died while asking about it.
_LEASE_SECONDS = 10.0


class ServerStopped(StopRunError):  # noqa: N818 - a state, not a mistake
    """No further text can be asked now; what was read is kept."""

    exit_code = 4


#: A label and how many steps there are, to what is called with each number of steps done.
ShowProgress = Callable[[str, int], AbstractContextManager[Callable[[int], None]]]


@dataclass(frozen=True)
class _Job:
    key: str
    ask: Ask
    request: ChatRequest
    cleared: Cleared


class Asker:
    """Asks one endpoint about texts.

    Args:
        client: the client.
        gate: what may leave the machine.
        cache: where readings are kept.
        identity: what makes a reading this judge's: part of every key and record.
        repairs: further tries when a reply does not validate; the model is told why.
        notify: called with one line before a batch is sent.
        progress: shows how far a batch is (`s3eval.reporting.progress.steps_shown`).
        batches: sends texts as batches of the service; None asks about each by itself.
    """

    def __init__(
        self,
        client: ChatClient,
        gate: Gate,
        cache: ReplyCache,
        identity: Mapping[str, Any],
        *,
        repairs: int = 2,
        notify: Notify | None = None,
        progress: ShowProgress | None = None,
        batches: Batches | None = None,
    ) -> None:
        self.client, self.gate, self.cache = client, gate, cache
        self.identity, self.repairs, self.notify = dict(identity), repairs, notify
        self.progress, self.batches = progress, batches
        self.from_cache = 0
        self._stop = threading.Event()
        # What the gate made of a text: announced texts are cleared once.
        self._cleared: dict[str, Cleared | Blocked] = {}
        self._announced = 0

    def ask(self, asks: Sequence[Ask]) -> list[Mapping[str, Any] | Unreadable]:
        """The reply's JSON for each, in order, or why there is none.

        Raises:
            BudgetSpent: the budget is used up; what was read is kept, the same call goes on.
            ServerStopped: access refused, or the server fails again and again.
        """
        blocked, jobs = self._plan(asks)
        kept, todo = self._kept_and_open(jobs)
        self.from_cache += sum(j is not None and j.key in kept for j in jobs)
        # A batch that was announced needs no line of its own.
        if len(todo) > self._announced:
            self._show_preview(jobs, todo)
        self._announced = max(0, self._announced - len(todo))
        self._stop_before_calls(todo)
        if self.batches is not None and todo:
            kept |= self._batched(todo)
            # What a batch could not read is asked about once more, by itself.
            todo = [job for job in todo if job.key not in kept]
        kept |= dict(self._run(todo))
        return self._outcomes(jobs, kept, blocked)

    def announce(self, asks: Sequence[Ask]) -> None:
        """Show, in one line, what asking all of this will take; nothing is sent.

        Raises:
            BudgetSpent: the budget is one of no calls, which is how a user says "only show".
        """
        _, jobs = self._plan(asks)
        _, todo = self._kept_and_open(jobs)
        if not todo:
            return
        self._show_preview(jobs, todo)
        self._announced = len(todo)
        self._stop_before_calls(todo)

    def _stop_before_calls(self, todo: Sequence[_Job]) -> None:
        """Stop where calls are limited to none and some would be needed."""
        if self.client.budget.max_calls == 0 and todo:
            try:
                self.client.budget.hold(0.0)
            except BudgetSpent as error:
                raise self._stopping(error, 0, len(todo)) from None

    def kept(self, asks: Sequence[Ask]) -> list[Mapping[str, Any] | Unreadable | None]:
        """What is known of each without asking; None of what would have to be asked."""
        blocked, jobs = self._plan(asks)
        kept, _ = self._kept_and_open(jobs)
        return [
            outcome_of(kept[job.key]) if job is not None and job.key in kept else blocked.get(i)
            for i, job in enumerate(jobs)
        ]

    def preview(self, asks: Sequence[Ask]) -> Preview:
        """What asking these would take; nothing is sent."""
        _, jobs = self._plan(asks)
        return self._preview(jobs, self._kept_and_open(jobs)[1])

    def _show_preview(self, jobs: Sequence[_Job | None], todo: Sequence[_Job]) -> None:
        if self.notify is not None:
            self.notify(f"{self.client.endpoint.name}: {self._preview(jobs, todo)}")

    def _kept_and_open(
        self, jobs: Sequence[_Job | None]
    ) -> tuple[dict[str, Mapping[str, Any]], list[_Job]]:
        """What the cache holds, by key, and the distinct jobs that it does not hold."""
        distinct = {job.key: job for job in jobs if job is not None}
        kept = {k: value for k, job in distinct.items() if (value := self._kept(job)) is not None}
        return kept, [job for key, job in distinct.items() if key not in kept]

    def _plan(self, asks: Sequence[Ask]) -> tuple[dict[int, Unreadable], list[_Job | None]]:
        blocked: dict[int, Unreadable] = {}
        jobs: list[_Job | None] = []
        for position, ask in enumerate(asks):
            try:
                jobs.append(self._job(ask))
            except Blocked as reason:
                record = {**self.identity, "failure": "blocked"}
                blocked[position] = Unreadable(str(reason), record=record)
                jobs.append(None)
        return blocked, jobs

    def _job(self, ask: Ask) -> _Job:
        cleared = self._clear(ask.text)
        extraction = ask.extraction
        sent = messages(extraction.instructions, cleared.text)
        schema = closed(extraction.schema) or None
        request = ChatRequest(sent, ask.max_tokens, schema, schema_name(extraction.name))
        asker = {k: v for k, v in self.identity.items() if k not in self.gate.identity}
        key = reading_key(asker, ask.kind, extraction.instructions, cleared.text)
        return _Job(key, ask, request, cleared)

    def _clear(self, text: str) -> Cleared:
        if text not in self._cleared:
            try:
                self._cleared[text] = self.gate.clear(text)
            except Blocked as reason:
                self._cleared[text] = reason
        cleared = self._cleared[text]
        if isinstance(cleared, Blocked):
            raise cleared
        return cleared

    def _kept(self, job: _Job) -> Mapping[str, Any] | None:
        """What the cache holds for a job, unless asking again may bring more.

        A reading may validate no longer, and a reply that was cut off have more room now.
        """
        value = self.cache.get(job.key)
        if value is None:
            return None
        if value["state"] == "read":
            return None if problem_of(job.ask, value["json"]) else value
        had = value["record"].get("longest", job.request.max_tokens)
        return None if had < job.request.max_tokens else value

    def _preview(self, jobs: Sequence[_Job | None], todo: Sequence[_Job]) -> Preview:
        waiting = {job.key for job in todo}
        asked = [job for job in jobs if job is not None]
        prompt = sum(token_bound(j.request.messages) // 4 for j in todo)
        completion = sum(j.request.max_tokens // 4 for j in todo)
        prices: Prices | None = self.client.prices
        share = 1.0 if self.batches is None else BATCH_PRICE
        return Preview(
            items=len(jobs),
            cached=sum(j.key not in waiting for j in asked),
            calls=len(todo),
            prompt_tokens=prompt,
            completion_tokens=completion,
            cost=share * prices.cost(prompt, completion) if prices else None,
            cost_bound=share * sum(self.client.bound(j.request) for j in todo) if prices else None,
        )

    def _run(self, todo: Sequence[_Job]) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """Ask in parallel; on a stop, what is in flight is finished and kept first."""
        self._stop.clear()
        stopped: BaseException | None = None
        done = 0
        if not todo:
            return
        workers = min(self.client.retry.concurrency, len(todo))
        shown = self.progress or _unseen
        with (
            shown(self.client.endpoint.name, len(todo)) as advance,
            self._leases([job.key for job in todo]) as mine,
            ThreadPoolExecutor(workers, thread_name_prefix="s3eval-judge") as pool,
        ):
            futures: dict[Future[Mapping[str, Any] | None], str] = {
                pool.submit(self._one, job, job.key in mine): job.key for job in todo
            }
            try:
                for future in as_completed(futures):
                    try:
                        value = future.result()
                    except (BudgetSpent, CallError) as error:
                        stopped = stopped or error
                        self._stop.set()
                    else:
                        if value is not None:
                            done += 1
                            advance(1)
                            yield futures[future], value
            except BaseException:
                self._stop.set()
                pool.shutdown(wait=False, cancel_futures=True)
                raise
        if stopped is not None:
            raise self._stopping(stopped, done, len(todo)) from None

    def _batched(self, todo: Sequence[_Job]) -> dict[str, Mapping[str, Any]]:
        """What batches of the service read; each reading is kept the moment it is there."""
        assert self.batches is not None
        self.batches.notify = self.notify
        by_key = {job.key: job for job in todo}
        read = dict[str, Mapping[str, Any]]()

        def sending(keys: Sequence[str]) -> None:
            for cleared in (by_key[key].cleared for key in keys):
                self.gate.sending("text", cleared.text, cleared.redactions)

        try:
            requests = {job.key: job.request for job in todo}
            for key, reply in self.batches.run(requests, sending):
                value = self._of_batch(by_key[key], reply)
                if value is not None:
                    read[key] = value
        except (BudgetSpent, CallError) as error:
            raise self._stopping(error, len(read), len(todo)) from None
        return read

    def _of_batch(self, job: _Job, reply: Reply | CallError) -> dict[str, Any] | None:
        """A reading, or a verdict that asking again would not change; None to ask by itself."""
        assert self.batches is not None
        record = {**self.identity, **self.batches.record, "attempts": 1}
        if isinstance(reply, CallError):
            if reply.kind not in ("moderation", "refusal"):
                return None
            record["failure"] = reply.kind
            value = {
                "state": "unreadable", "reason": reply.reason, "raw": reply.raw, "record": record
            }  # fmt: skip
        else:
            parsed, _ = parsed_reply(job.ask, reply)
            if parsed is None:
                return None
            record |= reply.settings
            value = {"state": "read", "json": dict(parsed), "raw": reply.text, "record": record}
        self.cache.put(job.key, value)
        return value

    @contextmanager
    def _leases(self, keys: Sequence[str]) -> Iterator[set[str]]:
        """Claim these texts, as far as no other process has; renew until the batch ends."""
        mine = self.cache.claim(keys, _LEASE_SECONDS)
        ended = threading.Event()

        def renew() -> None:
            while not ended.wait(_LEASE_SECONDS / 3):
                self.cache.renew(_LEASE_SECONDS)

        renewer = threading.Thread(target=renew, name="s3eval-leases", daemon=True)
        renewer.start()
        try:
            yield mine
        finally:
            ended.set()
            renewer.join()
            self.cache.release(keys)

    def _stopping(self, error: BaseException, done: int, wanted: int) -> S3EvalError:
        progress = f"{done} of {wanted} new texts were read and are kept"
        if isinstance(error, BudgetSpent):
            needs = "" if self.client.endpoint.sends else ", with --allow-remote and a key"
            return BudgetSpent(f"{error.what}; {progress}", fix=error.fix + needs)
        return ServerStopped(
            f"{self.client.endpoint.name} cannot be asked",
            why=f"{error}; {progress}",
            fix="put that right, then run the same command again",
        )

    def _one(self, job: _Job, mine: bool) -> Mapping[str, Any] | None:
        """Ask about one text; where another process is asking the same, wait for its reply."""
        while not self._stop.is_set():
            # Looked up again once it is ours: another may have finished before we claimed it.
            value = self._kept(job)
            if value is not None:
                return value
            if mine:
                return self._question(job)
            mine = bool(self.cache.claim([job.key], _LEASE_SECONDS))
            if not mine:
                self._stop.wait(_POLL_SECONDS)
        return None

    def _question(self, job: _Job) -> dict[str, Any]:
        request, problem, raw, record = job.request, "", "", dict(self.identity)
        attempt = 0
        for attempt in range(1, self.repairs + 2):
            try:
                self.gate.sending("text", job.cleared.text, job.cleared.redactions)
                reply = self.client.complete(request)
            except CallError as error:
                if error.stops_all:
                    raise
                problem, raw = error.reason, error.raw or raw
                record |= {"failure": error.kind}
                if error.kind != "empty":
                    break
                if error.is_cut:
                    record["longest"] = request.max_tokens
                    request = longer(request)
                continue
            raw = reply.text
            record = {**self.identity, **reply.settings, "attempts": attempt}
            parsed, problem = parsed_reply(job.ask, reply)
            if parsed is not None:
                value = {"state": "read", "json": dict(parsed), "raw": raw, "record": record}
                self.cache.put(job.key, value)
                return value
            record["failure"] = "unreadable"
            if reply.finish == "length":
                record["longest"] = request.max_tokens
            request = repaired(job.request, reply, problem)
        record["attempts"] = attempt
        value = {"state": "unreadable", "reason": problem, "raw": raw, "record": record}
        if record.get("failure") in _LASTING:
            self.cache.put(job.key, value)
        return value

    def _outcomes(
        self,
        jobs: Sequence[_Job | None],
        kept: Mapping[str, Mapping[str, Any]],
        blocked: Mapping[int, Unreadable],
    ) -> list[Mapping[str, Any] | Unreadable]:
        """What each job came to, in order."""
        return [
            outcome_of(kept[job.key]) if job is not None else blocked[i]
            for i, job in enumerate(jobs)
        ]


@contextmanager
def _unseen(label: str, total: int) -> Iterator[Callable[[int], None]]:
    yield lambda steps: None
