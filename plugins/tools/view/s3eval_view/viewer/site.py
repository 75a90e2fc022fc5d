"""The viewer as an application: its pages, and what they are made of."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from s3eval_view.server.app import Pages, make_app
from s3eval_view.server.frames import Frames
from s3eval_view.server.media import Media, media_routes
from s3eval_view.server.playing import Conversions
from s3eval_view.viewer.comments import Comment, Comments
from s3eval_view.viewer.judges import Judges
from s3eval_view.viewer.opened import Opened, Shown, ShownRun
from s3eval_view.viewer.progress import Progress, planned_of, progress_of
from s3eval_view.viewer.voices import Row, rows_of
from s3eval_view.viewer.walks import Walks

if TYPE_CHECKING:
    from starlette.types import ASGIApp

__all__ = ["TITLE", "Now", "Site", "opened_site", "site_of", "viewer_pages"]

TITLE = "s3eval view"


@dataclass(frozen=True, eq=False)
class Now:
    """Everything that pages show at one moment; made anew when a run's files change."""

    shown: Shown

    @cached_property
    def rows(self) -> Sequence[Row]:
        """The videos, those with most disagreement first."""
        return rows_of(self.shown)

    @cached_property
    def places(self) -> Mapping[str, int]:
        """The place of each video in that order."""
        return {row.key: place for place, row in enumerate(self.rows)}

    def beside(self, key: str) -> tuple[Row | None, Row | None]:
        """The videos before and after one, in the order of the list."""
        place = self.places[key]
        before = self.rows[place - 1] if place else None
        after = self.rows[place + 1] if place + 1 < len(self.rows) else None
        return before, after


@dataclass
class Site:
    """What the pages of the viewer share.

    Attributes:
        opened: the runs.
        shows_videos: False with ``--no-video``.
    """

    opened: Opened
    shows_videos: bool = True
    judges: Judges = field(default_factory=Judges)
    frames: Frames = field(default_factory=Frames)
    conversions: Conversions = field(default_factory=Conversions)
    _now: Now | None = None
    _planned: dict[tuple[str, str], int] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self.walks = Walks(self.judges)

    def close(self) -> None:
        """Remove what was converted and close the judges."""
        self.conversions.close()
        self.judges.close()

    def now(self) -> Now:
        """The runs as they are now, with all that was made of them so far."""
        shown = self.opened.now()
        with self._lock:
            if self._now is None or self._now.shown is not shown:
                self._now = Now(shown)
            return self._now

    def media(self) -> Media:
        """The videos of the runs as they are now."""
        return Media(self.opened.now().recordings, self.shows_videos)

    def progress(self, run: ShownRun) -> Progress:
        """How far a run is; its plan is made once."""
        key = run.key, str(run.run.facts)
        if key not in self._planned and run.run.facts.source == "asked":
            self._planned[key] = planned_of(run)
        return progress_of(run, self._planned.get(key, 0))

    def comments(self, video: str, runs: Sequence[ShownRun]) -> list[tuple[ShownRun, Comment]]:
        """The comments on a video, each with its run; oldest first."""
        pairs = [(run, c) for run in runs for c in Comments(run.run.path).all() if c.video == video]
        return sorted(pairs, key=lambda pair: pair[1].written)


def viewer_pages() -> Pages:
    """The templates, style sheets and scripts of the viewer."""
    return Pages(
        TITLE,
        [("s3eval_view.viewer", "templates")],
        {
            "viewer.css": ("s3eval_view.viewer", "assets"),
            "viewer.js": ("s3eval_view.viewer", "assets"),
        },
        [("Videos", "/"), ("Runs", "/runs")],
    )


def opened_site(paths: Sequence[Path], data: str | None = None, shows_videos: bool = True) -> Site:
    """The runs of some paths, opened.

    Raises:
        S3EvalError: none of the paths holds a run that can be shown.
    """
    site = Site(Opened(paths, data), shows_videos)
    site.opened.refuse_nothing()
    return site


def site_of(
    paths: Sequence[Path], token: str, data: str | None = None, shows_videos: bool = True
) -> tuple[ASGIApp, Site]:
    """The viewer of these runs as an application, and what it holds.

    Raises:
        S3EvalError: none of the paths holds a run that can be shown.
    """
    from s3eval_view.viewer.routes import viewer_routes

    site = opened_site(paths, data, shows_videos)
    pages = viewer_pages()
    return make_app(pages, [*viewer_routes(site, pages), *media_routes(site.media)], token), site
