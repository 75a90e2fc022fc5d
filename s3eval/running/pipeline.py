"""The pipeline: videos are decoded and prepared ahead while the model answers.

A model that says nothing about itself gets one clip at a time, in the order of the dataset, in
the thread that runs it, exactly as without a pipeline; only decoding and `Model.prepare` happen
beside it. One that answers several questions at once (`Model.concurrency`) gets several clips,
each in a thread of its own. Answers are yielded to one thread, which writes them.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, TypeVar

from s3eval.running.asking import PreparedClip, ask_prepared
from s3eval.running.executing import Asked, VideoWork
from s3eval.running.reading import Reader, read_clips, sorted_work

if TYPE_CHECKING:
    from s3eval.running.session import Session

__all__ = ["ask_videos"]

T = TypeVar("T")

# Seconds between two looks for a video that is not at hand yet.
_LOOK_AGAIN = 0.02
# Questions of open clips for each one the model answers at once. A clip's first question goes
# ahead alone, so that half of the time a clip keeps one place busy instead of many; with four
# times as many questions at hand all places are busy, and the server's prefix cache has to hold
# no more clips than that takes.
_AT_HAND = 4


def ask_videos(session: Session, works: Iterable[VideoWork | None]) -> Iterator[Asked]:
    """Put the questions of each video and yield the answers as they come.

    When ``session.stopping()`` is true, no further clip is begun; what is begun is finished.

    Args:
        works: taken one by one, a few videos ahead, in the thread that takes the answers. None
            stands for a video that is not at hand yet.

    Yields:
        in the order of the dataset where the model takes one clip at a time; otherwise as
        answers come.

    Raises:
        StopRunError, MachineError: asking ended early; answers that were begun were yielded.
    """
    if not session.limits.threads or (session.concurrency == 1 and not session.model.uses_footage):
        return _one_after_the_other(session, works)
    if session.concurrency == 1:
        return _in_order(session, works)
    return _several_at_once(session, works)


def _one_after_the_other(session: Session, works: Iterable[VideoWork | None]) -> Iterator[Asked]:
    for work in works:
        if work is None:
            if session.stopping():
                return
            time.sleep(_LOOK_AGAIN)
            continue
        video = sorted_work(session, work)
        yield from video.known
        for clip in read_clips(session, video):
            if session.stopping():
                return
            yield from ask_prepared(session.model, clip, session.seconds)
        if session.stopping():
            return


_OVER = object()


class _Feed:
    """Gives the reader videos as long as it has room."""

    def __init__(self, session: Session, works: Iterable[VideoWork | None], reader: Reader) -> None:
        self._session, self._works, self._reader = session, iter(works), reader
        self.is_over = self._is_waiting = False

    def feed(self) -> Iterator[Asked]:
        """Give videos; yields what needs no reading."""
        while not self.is_over and not self._session.stopping() and self._reader.has_room:
            work = next(self._works, _OVER)
            self.is_over, self._is_waiting = work is _OVER, work is None
            if not isinstance(work, VideoWork):
                return
            video = sorted_work(self._session, work)
            yield from video.known
            if video.todo:
                self._reader.give(video)

    @property
    def patience(self) -> float | None:
        """Seconds until it is worth looking for a further video; None where nothing may come."""
        return _LOOK_AGAIN if self._is_waiting else None


def _news_of(news: queue.SimpleQueue[T], feed: _Feed) -> T | None:
    """The next thing that happened; None where a further video may be at hand."""
    try:
        return news.get(timeout=feed.patience)
    except queue.Empty:
        return None


def _in_order(session: Session, works: Iterable[VideoWork | None]) -> Iterator[Asked]:
    """One clip at a time, in this thread, in the order of the dataset."""
    news: queue.SimpleQueue[None] = queue.SimpleQueue()
    reader = Reader(session, lambda: news.put(None), in_order=True)
    feed = _Feed(session, works, reader)
    try:
        while not session.stopping():
            yield from feed.feed()
            if not reader.videos and feed.is_over:
                return
            clip = reader.take(reader.videos[0]) if reader.videos else None
            if clip is not None:
                yield from ask_prepared(session.model, clip, session.seconds)
                reader.free(clip)
                del clip
            elif reader.videos and reader.is_done(reader.videos[0]):
                reader.videos.popleft()
            else:
                with session.seconds.measured("waiting"):
                    _news_of(news, feed)
    finally:
        reader.close()


class _Ended:
    """A clip whose questions have all been put, or what ended asking them."""

    def __init__(self, clip: PreparedClip, count: int, error: BaseException | None) -> None:
        self.clip, self.count, self.error = clip, count, error


class _OpenClips:
    """Clips with the model, each in a thread of its own."""

    def __init__(self, session: Session, news: queue.SimpleQueue[Asked | _Ended | None]) -> None:
        self._session, self._news = session, news
        self._clips = self._questions = 0
        self._abandoned = threading.Event()

    def __bool__(self) -> bool:
        return self._clips > 0

    @property
    def has_room(self) -> bool:
        """Whether the model should get another clip."""
        most = self._session.concurrency
        return self._clips < most and self._questions < _AT_HAND * most

    def open(self, clip: PreparedClip) -> None:
        """Ask about a clip in a thread."""
        self._clips += 1
        self._questions += len(clip.questions)
        name = f"s3eval-clip-{self._clips}"
        threading.Thread(target=self._ask, args=(clip,), name=name, daemon=True).start()

    def ended(self, event: _Ended) -> None:
        """A clip is no longer with the model."""
        self._clips -= 1
        self._questions -= event.count

    def abandon(self) -> None:
        """Nobody waits for the answers any more."""
        self._abandoned.set()

    def _ask(self, clip: PreparedClip) -> None:
        error, count = None, len(clip.questions)
        try:
            for asked in ask_prepared(self._session.model, clip, self._session.seconds):
                if self._abandoned.is_set():
                    break
                self._news.put(asked)
        except BaseException as raised:  # the thread that takes the answers raises it
            error = raised
        self._news.put(_Ended(clip, count, error))


def _several_at_once(session: Session, works: Iterable[VideoWork | None]) -> Iterator[Asked]:
    """As many clips as the model takes; answers as they come."""
    news: queue.SimpleQueue[Asked | _Ended | None] = queue.SimpleQueue()
    reader = Reader(session, lambda: news.put(None), in_order=False)
    feed, opened = _Feed(session, works, reader), _OpenClips(session, news)
    error: BaseException | None = None
    try:
        while True:
            if error is None and not session.stopping():
                yield from feed.feed()
                try:
                    _open_ready(reader, opened)
                except Exception as raised:
                    error = raised
            is_finished = feed.is_over and not reader.videos
            if not opened and (error is not None or session.stopping() or is_finished):
                break
            begun, idle = time.perf_counter(), not opened
            event = _news_of(news, feed)
            if idle:
                session.seconds.add("waiting", time.perf_counter() - begun)
            if isinstance(event, Asked):
                yield event
            elif event is not None:
                opened.ended(event)
                reader.free(event.clip)
                error = error or event.error
    finally:
        opened.abandon()
        reader.close()
    if error is not None:
        raise error


def _open_ready(reader: Reader, opened: _OpenClips) -> None:
    """Open clips that are ready, those of earlier videos first."""
    for video in list(reader.videos):
        while opened.has_room and (clip := reader.take(video)) is not None:
            opened.open(clip)
        if reader.is_done(video):
            reader.videos.remove(video)
