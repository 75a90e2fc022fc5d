"""Several clips with a hosted model at once: overlap, waits asked for, the budget, files."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import numpy as np
import pytest
from s3eval_model_hosted.adapter import Claude, Gemini, Gpt, HostedModel

from s3eval import Answer, Clip, Footage, Question, S3EvalError, Sampling, discover
from s3eval.errors import StopRunError

pytest.importorskip("httpx")
pytestmark = pytest.mark.usefixtures("service_keys")
KINDS: dict[str, type[HostedModel]] = {"gemini": Gemini, "claude": Claude, "gpt": Gpt}
EACH = pytest.mark.parametrize("kind", [*KINDS])


def said(kind: str) -> dict[str, Any]:
    """A reply as the service words it: 400 tokens read, 2 written."""
    if kind == "gemini":
        candidate = {"content": {"parts": [{"text": "yes"}]}, "finishReason": "STOP"}
        usage = {"promptTokenCount": 400, "candidatesTokenCount": 2}
        return {"candidates": [candidate], "usageMetadata": usage}
    usage = {"input_tokens": 400, "output_tokens": 2}
    if kind == "claude":
        return {"content": [{"type": "text", "text": "yes"}], "usage": usage}
    message = {"type": "message", "content": [{"type": "output_text", "text": "yes"}]}
    return {"status": "completed", "output": [message], "usage": usage}


def clip(number: int) -> Footage:
    rng = np.random.default_rng(number)
    pictures = rng.integers(0, 255, (4, 48, 64, 3), dtype=np.uint8)
    times = np.arange(4) / 2
    return Footage(Clip(f"v{number}", 0.0, 2.0, Sampling()), pictures, times, None, 60.0)


def questions(count: int) -> list[Question]:
    return [Question(f"q{n}", f"Question {n}?", max_tokens=16) for n in range(count)]


def load(kind: str, server: Any, **options: Any) -> HostedModel:
    spec = next(p.spec for p in discover().of("model") if p.spec.name == kind)
    base = server.root + ("/v1beta" if kind == "gemini" else "/v1")
    quick = {"model": "m", "first_wait": 0.01, "attempts": 3, "timeout": 30.0, "max_wait": 2.0}
    return KINDS[kind].load(spec, {**quick, "base_url": base, **options})


def ask_clips(model: HostedModel, clips: int, count: int) -> list[list[Answer] | S3EvalError]:
    """As a run asks: each clip in a thread of its own; its answers, or what stopped it."""

    def one(number: int) -> list[Answer] | S3EvalError:
        try:
            watched = model.watch(model.prepare(clip(number)))
            answers = list(model.ask(watched, questions(count)))
            model.release(watched)
            return answers
        except S3EvalError as error:
            return error

    with ThreadPoolExecutor(clips) as threads:
        return list(threads.map(one, range(clips)))


class InFlight:
    """Answers with ``answer`` and remembers how many requests were with the server at once.

    The first two are answered once both are there, so that it is no chance whether they overlap.
    """

    def __init__(self, answer: Callable[[Any, int], Any], seconds: float = 0.05) -> None:
        self.answer, self.seconds = answer, seconds
        self.now, self.most, self._lock = 0, 0, threading.Lock()
        self._two = threading.Barrier(2)

    def __call__(self, asked: Any, before: int) -> Any:
        with self._lock:
            self.now += 1
            self.most = max(self.most, self.now)
        if before < 2:
            with suppress(threading.BrokenBarrierError):
                self._two.wait(20)
        time.sleep(self.seconds)
        try:
            return self.answer(asked, before)
        finally:
            with self._lock:
                self.now -= 1


@EACH
def test_as_many_clips_overlap_as_the_option_says(kind: str, service: Any) -> None:
    together = threading.Barrier(4)

    def answer(asked: Any, before: int) -> Any:
        # The first question of each clip is answered only once all four have arrived.
        if b"Question 0?" in asked.body:
            together.wait(20)
        return 200, said(kind), {}

    with service(answer) as server:
        model = load(kind, server, concurrency=4)
        assert model.concurrency == 4
        results = ask_clips(model, 4, 3)
        model.close()
    assert all([a.text for a in answers] == ["yes"] * 3 for answers in results)  # type: ignore[union-attr]
    assert len(server.asked) == 12 and not together.broken


@EACH
def test_no_more_requests_are_in_flight_than_that(kind: str, service: Any) -> None:
    answer = InFlight(lambda asked, before: (200, said(kind), {}))
    with service(answer) as server:
        model = load(kind, server, concurrency=2)
        ask_clips(model, 4, 3)
        model.close()
    assert answer.most == 2 and len(server.asked) == 12


@EACH
def test_an_answer_does_not_wait_for_a_slower_one_before_it(kind: str, service: Any) -> None:
    held = threading.Event()

    def answer(asked: Any, before: int) -> Any:
        if b"Question 1?" in asked.body:
            held.wait(30)
        return 200, said(kind), {}

    with service(answer) as server:
        model = load(kind, server, concurrency=4)
        coming = iter(model.ask_as_completed(model.watch(model.prepare(clip(0))), questions(4)))
        first = [next(coming)[0] for _ in range(3)]
        assert first[0] == 0 and sorted(first) == [0, 2, 3]
        held.set()
        assert [(place, a.text) for place, a in coming] == [(1, "yes")]
        model.close()


@EACH
def test_all_clips_wait_where_one_is_told_to(kind: str, service: Any) -> None:
    together, wait = threading.Barrier(3), 0.7
    refused: list[float] = []
    later: list[float] = []
    lock = threading.Lock()

    def answer(asked: Any, before: int) -> Any:
        if before >= 3:
            later.append(time.monotonic())
            return 200, said(kind), {}
        together.wait(20)
        with lock:
            if not refused:
                refused.append(time.monotonic())
                return 429, {"error": {"message": "slow down"}}, {"Retry-After": str(wait)}
        # The others are answered after the refusal has arrived.
        ends = time.monotonic() + 20
        while not model._client._pause._not_before and time.monotonic() < ends:
            time.sleep(0.01)
        return 200, said(kind), {}

    with service(answer) as server:
        model = load(kind, server, concurrency=3)
        results = ask_clips(model, 3, 2)
        model.close()
    assert all([a.text for a in answers] == ["yes"] * 2 for answers in results)  # type: ignore[union-attr]
    assert len(later) == 4 and min(later) - refused[0] >= wait


@EACH
def test_a_wait_longer_than_allowed_fails_the_question_at_once(kind: str, service: Any) -> None:
    def answer(asked: Any, before: int) -> Any:
        return 429, {"error": {"message": "slow down"}}, {"Retry-After": "3600"}

    begun = time.monotonic()
    with service(answer) as server:
        model = load(kind, server, concurrency=2)
        results = ask_clips(model, 2, 1)
        model.close()
    assert time.monotonic() - begun < 60 and len(server.asked) == 2
    assert all(answers[0].status == "failed" for answers in results)  # type: ignore[index]


@EACH
def test_the_calls_of_a_budget_are_not_exceeded_by_clips_at_once(kind: str, service: Any) -> None:
    answer = InFlight(lambda asked, before: (200, said(kind), {}))
    with service(answer) as server:
        model = load(kind, server, concurrency=4, max_calls=5)
        # More questions than calls for each: one clip that is ahead of the others is not finished.
        results = ask_clips(model, 4, 6)
        model.close()
    assert len(server.asked) == 5 and answer.most > 1
    assert all(isinstance(result, StopRunError) for result in results)


@EACH
def test_the_dollars_of_a_budget_are_not_exceeded_by_clips_at_once(kind: str, service: Any) -> None:
    answer = InFlight(lambda asked, before: (200, said(kind), {}))
    prices = {"prompt_price": 1000.0, "completion_price": 1000.0}
    with service(answer) as server:
        model = load(kind, server, **prices)
        bound = model._client.bound(
            model._request(model.watch(model.prepare(clip(0))), questions(1)[0])
        )
        model.close()
        assert bound > 0.402, "what a call costs here is within its bound"
        limit = 2.5 * bound
        model = load(kind, server, concurrency=4, max_cost=limit, **prices)
        results = ask_clips(model, 4, 3)
        spent = model.spent()
        model.close()
    assert spent is not None and 0.402 * 2 <= spent <= limit
    assert spent == pytest.approx(0.402 * len(server.asked))
    # Two bounds fit beside each other, a third does not.
    assert answer.most == 2
    assert any(isinstance(result, StopRunError) for result in results)


@EACH
def test_files_of_clips_at_once_are_each_deleted(kind: str, service: Any) -> None:
    with service(uploading(kind)) as server:
        model = load(kind, server, concurrency=3, files_above=0)
        ask_clips(model, 3, 2)
        model.close()
    deleted = [asked.path for asked in server.of("DELETE")]
    assert len(deleted) == len({*deleted}) == len(server.of("POST", "/files")) > 0


@EACH
def test_files_of_a_clip_that_was_not_asked_to_its_end_are_deleted_at_the_end(
    kind: str, service: Any
) -> None:
    with service(uploading(kind)) as server:
        model = load(kind, server, files_above=0)
        model.watch(model.prepare(clip(0)))
        assert not server.of("DELETE")
        model.close()
    assert len(server.of("DELETE")) == len(server.of("POST", "/files")) > 0


def test_a_service_that_asks_for_a_long_wait_before_a_file_is_not_waited_for(service: Any) -> None:
    refusal = (429, {"error": {"message": "slow down"}}, {"Retry-After": "3600"})
    begun = time.monotonic()
    with service(lambda asked, before: refusal) as server:
        model = load("claude", server, files_above=0)
        with pytest.raises(S3EvalError, match="cannot be sent as files"):
            model.watch(model.prepare(clip(0)))
        model.close()
    assert time.monotonic() - begun < 60 and len(server.asked) == 1


def uploading(kind: str) -> Callable[[Any, int], Any]:
    """A service that takes files."""

    def answer(asked: Any, before: int) -> Any:
        name = f"file-{before}"
        if asked.method == "POST" and asked.path.endswith("/files"):
            file = {"name": f"files/{name}", "uri": f"https://host/{name}", "state": "ACTIVE"}
            return 200, {"file": file} if kind == "gemini" else {"id": name}, {}
        return 200, {} if asked.method == "DELETE" else said(kind), {}

    return answer


@pytest.mark.slow
def test_a_run_has_several_videos_with_the_service_at_once(service: Any, tmp_path: Any) -> None:
    pytest.importorskip("s3eval_task_recognition")
    from click.testing import CliRunner
    from s3eval_synth.testing import tiny_dataset

    from s3eval.cli.run import command

    data = tmp_path / "tiny"
    tiny_dataset(data, videos=2)
    together = threading.Barrier(2)

    def answer(asked: Any, before: int) -> Any:
        if before < 2:
            with suppress(threading.BrokenBarrierError):
                together.wait(20)
        return 200, said("claude"), {}

    with service(answer) as server:
        options = (f"base_url={server.root}/v1", "model=m")
        named = [word for option in options for word in ("--model-option", option)]
        where = ["--data", str(data), "--out", str(tmp_path / "runs"), "--resamples", "20"]
        arguments = ["--model", "claude", "--tasks", "recognition", *where, *named]
        result = CliRunner().invoke(command, arguments, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    assert not together.broken, "two videos were with the service at once"
