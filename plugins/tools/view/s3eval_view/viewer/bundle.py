"""The viewer's pages as files in a folder, to pass on or keep: they open without a server.

No video is ever written; frames and sound of clips only where they are asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from s3eval.facts.footage import FootageError
from s3eval_view.markup import asset
from s3eval_view.server.app import Pages
from s3eval_view.viewer import shown_pages as made
from s3eval_view.viewer.explained import clips_of
from s3eval_view.viewer.links import FileLinks
from s3eval_view.viewer.site import TITLE, viewer_pages
from s3eval_view.viewer.voices import Filter

if TYPE_CHECKING:
    from s3eval.facts.clips import Clip
    from s3eval_view.server.frames import ClipFrames
    from s3eval_view.viewer.opened import Shown, ShownRun
    from s3eval_view.viewer.site import Now, Site

__all__ = ["write_bundle"]

Progress = Callable[[int, int], None]


def write_bundle(
    site: Site, out: Path, frames: bool = False, progress: Progress = lambda done, total: None
) -> list[Path]:
    """Write all pages; the files written.

    Args:
        out: a folder, made when absent.
        frames: whether frames (reduced, JPEG) and sound of every clip are written too.
        progress: called with how many videos are done, of how many.

    Raises:
        S3EvalError: a page cannot be made, or a frame cannot be decoded.
    """
    now = site.now()
    link = FileLinks(has_frames=frames, scored=frozenset(_scored(site, now.shown)))
    writer = _Writer(out, viewer_pages(), link)
    for name, where in writer.pages.assets.items():
        writer.write(f"asset/{name}", asset(*where, name).encode())
    writer.page("index.html", "list.html.j2", made.list_page(site, now, link, Filter()))
    writer.page("runs.html", "runs.html.j2", made.runs_page(site, now, link))
    for run in now.shown.runs:
        writer.page(link.run(run.key), "run.html.j2", made.run_page(site, now, link, run.key))
    for named in sorted(link.scored):
        page = made.score_page(site, now, link, *named)
        writer.page(link.score(*named), "score.html.j2", page)
    keys = [row.key for row in now.rows]
    for done, key in enumerate(keys, 1):
        _video(site, now, writer, key, frames)
        progress(done, len(keys))
    return writer.written


def _scored(site: Site, shown: Shown) -> Iterator[tuple[str, str, str]]:
    for run in shown.runs:
        for task in run.task_names:
            if not run.findings.get(task):
                continue
            yield from ((run.key, task, item) for item in site.walks.items(run, task))


class _Writer:
    """Writes pages with their links to each other."""

    def __init__(self, out: Path, pages: Pages, link: FileLinks) -> None:
        self.out, self.link = out, link
        self.pages = Pages(
            TITLE, pages.folders, pages.own, [("Videos", "/index.html"), ("Runs", "/runs.html")]
        )
        self.written: list[Path] = []

    def write(self, name: str, content: bytes) -> None:
        path = self.out / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        self.written.append(path)

    def page(self, name: str, template: str, given: Mapping[str, Any]) -> None:
        text = self.pages.text(template, ".", **given, home=self.link.home(), is_static=True)
        self.write(name.removeprefix("./"), text.encode())


def _video(site: Site, now: Now, writer: _Writer, key: str, frames: bool) -> None:
    link = writer.link
    writer.page(link.video(key), "video.html.j2", made.video_page(site, now, link, key))
    for run in now.shown.about(key):
        clips = _clips(now, run, key) if frames else []
        # A clip that cannot be decoded has no page to lead to.
        shown = _frames(site, now, run, key, clips)
        own = replace(link, has_frames=bool(shown))
        page = made.findings_page(site, now, own, key, run.key)
        writer.page(link.findings(key, run.key), "findings.html.j2", page)
        for number, clip_frames in shown.items():
            _clip(now, writer, key, run, number, clip_frames)


def _clips(now: Now, run: ShownRun, key: str) -> Sequence[Clip]:
    if not run.is_asked:
        return []
    video = now.shown.recording(key).video.name
    return clips_of(run.material_about(video), video)


def _frames(
    site: Site, now: Now, run: ShownRun, key: str, clips: Sequence[Clip]
) -> dict[int, ClipFrames]:
    recording, senses = now.shown.recording(key), run.run.facts.senses
    by_number: dict[int, ClipFrames] = {}
    for number, clip in enumerate(clips, 1):
        try:
            by_number[number] = site.frames.of(
                recording, clip, "sight" in senses, "hearing" in senses
            )
        except FootageError:
            # The page of the video says why its file cannot be shown.
            return {}
    return by_number


def _clip(
    now: Now, writer: _Writer, key: str, run: ShownRun, number: int, frames: ClipFrames
) -> None:
    link = writer.link
    page = made.clip_page(now, link, key, run.key, number, frames)
    writer.page(link.clip(key, run.key, number), "clip.html.j2", page)
    for place, picture in enumerate(frames.pictures):
        writer.write(link.picture(key, run.key, number, place).removeprefix("./"), picture)
    if frames.sound is not None:
        writer.write(link.sound(key, run.key, number).removeprefix("./"), frames.sound)
