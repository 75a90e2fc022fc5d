"""The viewer as an application."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from s3eval.api.datasets import dataset_of
from s3eval.running.runs import open_runs
from s3eval_view.server.app import Pages, make_app
from s3eval_view.server.media import Media, Recording, identifier, media_routes

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.types import ASGIApp

__all__ = ["site_of"]


def site_of(
    paths: Sequence[Path], token: str, data: str | None = None, shows_videos: bool = True
) -> ASGIApp:
    """The viewer of these runs.

    Raises:
        S3EvalError: no run there, or its dataset is not.
    """
    from starlette.routing import Route

    runs = open_runs(paths)
    datasets = {dataset_of(run, data)[1].digest: dataset_of(run, data)[1] for run in runs}
    recordings = [Recording(d, v) for d in datasets.values() for v in d.videos]
    media = Media(recordings, shows_videos)
    pages = Pages("s3eval view", [("s3eval_view.viewer", "templates")])

    def index(request: Request) -> Response:
        videos = [(identifier(r.dataset, r.video.name), r.video) for r in recordings]
        return pages.page(request, "list.html.j2", videos=videos)

    return make_app(pages, [Route("/", index), *media_routes(media)], token)
