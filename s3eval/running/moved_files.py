"""Stored answers about videos whose files are no longer there: found by what they were asked of."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from s3eval.facts.videos import Dataset

if TYPE_CHECKING:
    from s3eval.running.plan import VideoPlan
    from s3eval.running.session import Session
    from s3eval.running.store import AnswerStore

__all__ = ["as_asked", "with_ends"]

#: How the media of a video begins whose file is not there (`running.session`).
_GONE = "missing:"


def as_asked(session: Session) -> Session:
    """The session, in which videos whose files are gone have the content that they were asked of.

    An answer's key holds the content of its video. Recordings of patients are often removed once
    a run is done, and its scores must not go with them. The store knows all contents, and which
    answers are about which video; a content under which one of these is found is the video's.

    Args:
        session: of a finished run, with its store.
    """
    gone = [p for p in session.plan.videos if session.media[p.video.name].startswith(_GONE)]
    if not gone:
        return session
    media, contents = dict(session.media), session.store.contents()
    for plan in gone:
        stored = session.store.keys_of(plan.video.name)
        content = next((c for c in contents if _is_about(session, plan, c, stored)), None)
        if content is not None:
            media[plan.video.name] = content
            # Most are of one video each: those that are left are tried first.
            contents.remove(content)
            contents.append(content)
    return replace(session, media=media)


def _is_about(session: Session, plan: VideoPlan, content: str, stored: frozenset[str]) -> bool:
    return any(key in stored for key in _some_keys(session, plan, content)) if stored else False


def _some_keys(session: Session, plan: VideoPlan, content: str) -> Iterator[str]:
    """The key of the first question of each clip, had the video this content."""
    one = replace(session, media={plan.video.name: content})
    for clip, questions in plan.questions.items():
        if questions:
            yield one.key(clip, questions[0])


def with_ends(dataset: Dataset, store: AnswerStore) -> Dataset:
    """The dataset, in which videos that are gone and have no duration end where they were asked.

    The last clip of a video ends with it, where a task asks about the whole of it.
    """
    root = dataset.root
    if root is None:
        return dataset
    gone = {
        v.name
        for v in dataset.videos
        if v.duration is None and v.file and not os.path.exists(root / v.file)
    }
    ends = store.ends() if gone else {}
    videos = tuple(
        replace(v, duration=ends[v.name]) if v.name in gone and v.name in ends else v
        for v in dataset.videos
    )
    return replace(dataset, videos=videos) if gone else dataset
