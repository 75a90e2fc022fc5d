"""One pass over a video file serves every clip wanted of it.

>>> from s3eval.footage import Sampling, windows
>>> clips = windows("v1", 70, 30, 5, Sampling(2.0, 60))
>>> for footage in decode("videos/v1.mp4", clips):  # doctest: +SKIP
...     print(footage.clip.start, footage.frames.shape)
0.0 (60, 720, 1280, 3)
25.0 (60, 720, 1280, 3)
50.0 (40, 720, 1280, 3)
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from contextlib import ExitStack, closing
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

from s3eval.facts.clips import Clip
from s3eval.facts.footage import Footage, FootageFailure, MediaFacts
from s3eval.footage.backends import Picture, Spoiled, reader
from s3eval.footage.files import content_hash
from s3eval.footage.index import index_of
from s3eval.footage.limits import MAX_HEARD
from s3eval.footage.media import footage_errors
from s3eval.footage.selection import Choice, choose
from s3eval.footage.shelf import Shelf
from s3eval.footage.sizes import Orientation, Scaler, target_size
from s3eval.footage.sound import MAX_LOST, Sound, sound_of
from s3eval.footage.stated import facts_of

if TYPE_CHECKING:
    from s3eval.footage.index import VideoIndex

__all__ = ["content_hash", "decode", "probe"]


def probe(path: str | Path, *, name: str = "") -> MediaFacts:
    """What a video or sound file says about itself: duration, size as displayed, sound.

    Args:
        path: the file.
        name: what errors call it: the video's name in its dataset, never the file's.

    Raises:
        FootageError: no such file, no regular file, neither pictures nor sound, cut off before
            its index, or beyond what is decoded (:mod:`s3eval.footage.limits`).
    """
    return facts_of(Path(path), name)


def decode(
    path: str | Path,
    clips: Sequence[Clip],
    *,
    sight: bool = True,
    sound: bool = True,
    backend: str = "pyav",
) -> Iterator[Footage | FootageFailure]:
    """Decode a video file once and yield the footage of every clip, ordered by clip end.

    Args:
        path: the video file, or a sound file: its footage has no frames.
        clips: any number, overlapping as they like, for any tasks; equal ones come repeatedly.
        sight: False for a model that only hears: frames are then left out and not decoded.
        sound: False for a model that does not hear.
        backend: "pyav", or "decord" where installed.

    Yields:
        a Footage as soon as it is complete and known to be undamaged, or a FootageFailure for
        a clip that reaches past the end of the file or into a damaged part of it; the others
        are still served. Held meanwhile are the frames of pending clips, each once; in
        memory up to a bound, beyond it in temporary files without a name.

    Raises:
        FootageError: the file cannot be read at all; names the video, never a path.
    """
    if not clips:
        return
    file, name = Path(path), clips[0].video
    ordered = sorted(clips, key=lambda c: (c.end, c.start))
    with footage_errors(name), ExitStack() as stack:
        heard = stack.enter_context(sound_of(file, ordered, name)) if sound else None
        index = cache(partial(index_of, file, name))
        facts = facts_of(file, name, index)
        frames: _Given
        if not facts.has_pictures:
            frames = _sound_alone(ordered, facts)
        elif sight:
            frames = _frames(file, index(), ordered, facts, backend)
        else:
            frames = _unseen(ordered, index(), facts)
        stack.enter_context(closing(frames))
        # map, not a loop: a loop's variable would keep the last clip alive while the next is
        # made.
        yield from map(partial(_with_sound, heard), frames)


_Given = Generator[Footage | FootageFailure, None, None]


def _unseen(clips: Sequence[Clip], index: VideoIndex, facts: MediaFacts) -> _Given:
    """Clips without frames; the end of the pictures is the end of the video all the same."""
    for clip in clips:
        chosen = choose(clip, index.times, index.end)
        if isinstance(chosen, FootageFailure):
            yield chosen
        else:
            yield Footage.unseen(clip, facts.duration)


def _sound_alone(clips: Sequence[Clip], facts: MediaFacts) -> _Given:
    """Clips of a sound file: without frames, whoever asks."""
    for clip in clips:
        if clip.end > facts.duration + MAX_LOST:
            yield FootageFailure(
                clip,
                f"sound up to {clip.end:.2f} s is wanted, but the file's sound ends at "
                f"{facts.duration:.2f} s (is the file cut off?)",
            )
        else:
            yield Footage.unseen(clip, facts.duration)


def _with_sound(heard: Sound | None, footage: Footage | FootageFailure) -> Footage | FootageFailure:
    if heard is None:
        return footage
    if isinstance(footage, Footage):
        footage = _heard(heard, footage)
    heard.passed()
    return footage


def _heard(heard: Sound, footage: Footage) -> Footage | FootageFailure:
    clip = footage.clip
    if clip.seconds > MAX_HEARD:
        hours = f"{clip.seconds / 3600:.1f} h of sound are wanted at once"
        return FootageFailure(clip, f"{hours}, more than {MAX_HEARD / 3600:.0f} h are not decoded")
    lost = heard.lost_in(clip)
    if lost > MAX_LOST:
        return FootageFailure(clip, f"{lost:.1f} s of its sound are damaged")
    return Footage(clip, footage.frames, footage.times, heard.of(clip), footage.duration)


def _frames(
    file: Path, index: VideoIndex, clips: Sequence[Clip], facts: MediaFacts, backend: str
) -> _Given:
    chosen = [choose(clip, index.times, index.end) for clip in clips]
    choices = [c for c in chosen if isinstance(c, Choice)]
    sizes = [target_size(facts.width, facts.height, c.clip.sampling) for c in choices]
    with closing(Shelf(choices, sizes)) as shelf:
        store, spoiled, final, taken = _Store(shelf), dict[int, str](), -1, 0
        events = reader(backend)(file, index, shelf.wanted())
        for choice in chosen:
            if isinstance(choice, FootageFailure):
                yield choice
                continue
            while final < choice.numbers[-1]:
                event = next(events)
                if isinstance(event, Picture):
                    store(event)
                elif isinstance(event, Spoiled):
                    spoiled.update(dict.fromkeys(event.numbers, event.reason))
                else:
                    final = event.number
            bad = [n for n in choice.numbers if n in spoiled]
            if bad:
                shelf.drop(taken)
                yield _spoiled(choice.clip, bad, spoiled[bad[0]], index)
            else:
                times = index.times[list(choice.numbers)]
                yield Footage(choice.clip, shelf.take(taken), times, None, facts.duration)
            taken += 1


class _Store:
    """Puts a picture on the shelf at every size some clip wants it."""

    def __init__(self, shelf: Shelf) -> None:
        self.shelf = shelf
        self.scalers: dict[tuple[tuple[int, int], Orientation], Scaler] = {}

    def __call__(self, picture: Picture) -> None:
        for size in self.shelf.sizes_of(picture.number):
            key = size, picture.orientation
            scaler = self.scalers.setdefault(key, Scaler(*key))
            self.shelf.put(picture.number, size, scaler(picture.frame))


def _spoiled(clip: Clip, bad: Sequence[int], why: str, index: VideoIndex) -> FootageFailure:
    first, last = index.times[bad[0]], index.times[bad[-1]]
    count = len(set(bad))
    return FootageFailure(
        clip, f"{count} of its frames ({first:.1f} to {last:.1f} s) are damaged: {why}"
    )
