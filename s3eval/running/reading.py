"""Reading videos ahead of the model: decoders in threads, within a bound of memory.

FFmpeg and NumPy let go of Python's lock while they decode and scale, so threads use the cores.
Each decoder takes one video at a time, in the order of the dataset, and hands over its clips in
the order of time, prepared for the model.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from s3eval.errors import MachineError, S3EvalError, StopRunError
from s3eval.facts.clips import Clip
from s3eval.facts.footage import Footage, FootageFailure
from s3eval.model import Answer, Question
from s3eval.plugin_calls import is_out_of_memory, no_memory
from s3eval.running.asking import PreparedClip, prepared_clip
from s3eval.running.executing import Asked
from s3eval.running.reasons import reason_of

if TYPE_CHECKING:
    from s3eval.running.executing import VideoWork
    from s3eval.running.plan import VideoPlan
    from s3eval.running.session import Session

__all__ = ["ReadVideo", "Reader", "read_clips", "sorted_work"]


@dataclass
class ReadVideo:
    """A video that is being read.

    Attributes:
        plan: what is asked about it.
        todo: what the model has the senses for, by clip.
        known: answers that need no footage: what the model lacks the sense for.
        file: where it lies, or why it cannot be had.
        ready: clips that wait for the model, in the order of time.
        is_read: whether no further clip comes.
        error: what ended reading and ends the run.
    """

    plan: VideoPlan
    todo: Mapping[Clip, Sequence[Question]]
    known: Sequence[Asked] = ()
    file: Path | S3EvalError | OSError | None = None
    ready: deque[PreparedClip] = field(default_factory=deque)
    is_read: bool = False
    error: BaseException | None = None


def sorted_work(session: Session, work: VideoWork) -> ReadVideo:
    """What of a video's questions goes to the model, and where its file lies."""
    known, todo = list[Asked](), dict[Clip, list[Question]]()
    for clip, questions in work.unanswered.items():
        for question in questions:
            if session.model.uses_footage and question.sense not in session.senses:
                reason = f"the model has no {question.sense}"
                known.append(Asked(clip, question, Answer.skipped(reason)))
            else:
                todo.setdefault(clip, []).append(question)
    file: Path | S3EvalError | OSError | None = None
    if todo and session.model.uses_footage:
        try:
            # Now, since a model may change the working folder while decoders open files.
            file = session.dataset.path(work.plan.video).absolute()
        except (S3EvalError, OSError) as error:
            file = error
    return ReadVideo(work.plan, todo, known, file)


def read_clips(
    session: Session, video: ReadVideo, admitted: Callable[[int], bool] = lambda size: True
) -> Iterator[PreparedClip]:
    """Decode a video once and prepare each clip.

    Args:
        admitted: called with a clip's bytes before it is prepared; False ends reading.

    Raises:
        MachineError, StopRunError: those end more than a video.
    """
    model, seconds, file = session.model, session.seconds, video.plan.video.file
    waiting = dict(video.todo)
    try:
        footages = iter(_footage(session, video))
        while True:
            with seconds.measured("decoding"):
                footage = next(footages, None)
            if footage is None:
                return
            clip = footage.clip
            questions = waiting.pop(clip)
            if isinstance(footage, FootageFailure):
                answer = Answer.failed(footage.reason, footage.kind)
                failed = [Asked(clip, q, answer) for q in questions]
                yield PreparedClip(clip, file, failed)
                continue
            if not admitted(footage.nbytes):
                return
            ready = prepared_clip(model, footage, questions, file, seconds)
            # Or this clip's frames would stay in memory while the next clip's are made.
            del footage
            yield ready
            del ready
    except (StopRunError, MachineError):
        raise
    except (S3EvalError, OSError) as error:
        if is_out_of_memory(error):
            raise no_memory() from error
        reason = reason_of(error, file)
        for clip, questions in waiting.items():
            failed = [Asked(clip, q, Answer.failed(reason, "media")) for q in questions]
            yield PreparedClip(clip, file, failed)


def _footage(session: Session, video: ReadVideo) -> Iterable[Footage | FootageFailure]:
    clips = list(video.todo)
    if not session.model.uses_footage:
        duration = video.plan.video.duration or 0.0
        return (Footage.unseen(clip, duration) for clip in clips)
    from s3eval.footage.apart import decode_apart
    from s3eval.footage.decoding import decode

    if not isinstance(video.file, Path):
        raise video.file or S3EvalError("The video file is missing", where=video.plan.video.name)
    if not video.file.is_file():
        raise S3EvalError("The video file is missing", where=video.plan.video.name)
    read = decode_apart if session.limits.apart else decode
    return read(
        video.file,
        clips,
        sight="sight" in session.senses,
        sound="hearing" in session.senses,
    )


class Reader:
    """Decoders that read videos ahead.

    Args:
        session: whose videos; its ``limits`` say how many decoders and how much memory.
        changed: called, from any thread, when a clip is ready or a video has been read.
        in_order: whether clips are taken in the order of the videos only.

    Close it: otherwise its threads would wait forever.
    """

    def __init__(self, session: Session, changed: Callable[[], None], in_order: bool) -> None:
        self._session, self._notify, self._in_order = session, changed, in_order
        self._state = threading.Condition()
        self._unread: deque[ReadVideo] = deque()
        #: Videos that are read or have clips left, in order; changed by the caller's thread only.
        self.videos: deque[ReadVideo] = deque()
        self._held, self._closed = 0, False
        self._decoders = session.limits.threads
        self._threads = list[threading.Thread]()

    @property
    def has_room(self) -> bool:
        """Whether another video should be given, so that no decoder waits for one."""
        with self._state:
            reading = sum(not video.is_read for video in self.videos)
        return reading <= self._decoders and len(self.videos) < self._most_videos

    @property
    def _most_videos(self) -> int:
        """Videos that are known at once; more only where the model takes many clips."""
        return 2 * self._decoders + 2 + self._session.concurrency

    @property
    def held(self) -> int:
        """Bytes of clips that are ready or with the model."""
        with self._state:
            return self._held

    def give(self, video: ReadVideo) -> None:
        """Have a video read."""
        with self._state:
            self.videos.append(video)
            self._unread.append(video)
            self._state.notify_all()
        if len(self._threads) < self._decoders:
            name = f"s3eval-decoder-{len(self._threads)}"
            thread = threading.Thread(target=self._run, name=name, daemon=True)
            self._threads.append(thread)
            thread.start()

    def take(self, video: ReadVideo) -> PreparedClip | None:
        """The video's next clip, None where none is ready.

        Raises:
            MachineError, StopRunError, ...: what ended reading, after the clips before it.
        """
        with self._state:
            if video.ready:
                clip = video.ready.popleft()
                self._state.notify_all()
                return clip
            if video.error is not None:
                raise video.error
            return None

    def is_done(self, video: ReadVideo) -> bool:
        """Whether all clips of a video were taken."""
        with self._state:
            return video.is_read and not video.ready and video.error is None

    def free(self, clip: PreparedClip) -> None:
        """A clip has been asked about: its memory is free for others."""
        with self._state:
            self._held -= clip.size
            clip.size, clip.prepared = 0, None
            self._state.notify_all()

    def close(self) -> None:
        """Stop reading; a decoder in the middle of a picture ends soon, and is not waited for."""
        with self._state:
            self._closed = True
            self._unread.clear()
            for video in self.videos:
                video.ready.clear()
            self._state.notify_all()

    def _run(self) -> None:
        while True:
            with self._state:
                while not self._unread and not self._closed:
                    self._state.wait()
                if self._closed:
                    return
                video = self._unread.popleft()
            self._read(video)
            self._notify()

    def _read(self, video: ReadVideo) -> None:
        error: BaseException | None = None
        # What was admitted for the clip that is being prepared.
        asked = [0]

        def admitted(size: int) -> bool:
            asked[0] = size
            return self._admit(video, size)

        try:
            for clip in read_clips(self._session, video, admitted):
                if not self._hand_over(video, clip, asked[0]):
                    break
                asked[0] = 0
                del clip
        except BaseException as raised:  # whatever it is, the run must hear of it
            error = no_memory() if is_out_of_memory(raised) else raised
        with self._state:
            self._held -= asked[0] if error is not None else 0
            video.error, video.is_read = error, True

    def _admit(self, video: ReadVideo, size: int) -> bool:
        """Wait until there is memory for a clip; False when closed.

        Taken in order, the video whose turn it is always has one clip ready: were it to wait for
        clips of later videos to be taken, nobody would ever take them.
        """
        with self._state:
            while not self._closed:
                is_first = self._in_order and bool(self.videos) and self.videos[0] is video
                is_next = is_first and not video.ready
                if is_next or not self._held or self._held + size <= self._session.limits.memory:
                    self._held += size
                    return True
                self._state.wait()
            return False

    def _hand_over(self, video: ReadVideo, clip: PreparedClip, admitted: int) -> bool:
        with self._state:
            self._held += clip.size - admitted
            if self._closed:
                return False
            video.ready.append(clip)
        self._notify()
        return True
