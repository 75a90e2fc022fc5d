"""The addresses of the viewer."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from s3eval.errors import S3EvalError
from s3eval.facts.clips import Sampling, whole
from s3eval.facts.footage import FootageError
from s3eval.footage.decoding import probe
from s3eval_view.viewer import shown_pages as made
from s3eval_view.viewer.comments import Comments
from s3eval_view.viewer.links import Links
from s3eval_view.viewer.voices import Filter

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import BaseRoute

    from s3eval_view.server.app import Pages
    from s3eval_view.server.frames import ClipFrames
    from s3eval_view.viewer.site import Site

__all__ = ["viewer_routes"]

#: How a video that cannot be played is shown meanwhile: at most so many frames, reduced.
STRIP = Sampling(2.0, 240, 0, 640 * 360)
_Handler = Callable[["Request"], "Response"]


def viewer_routes(site: Site, pages: Pages) -> list[BaseRoute]:
    """All pages, and what they load."""
    from starlette.routing import Route

    get, handlers = ["GET", "HEAD"], _Handlers(site, pages)
    own: list[tuple[str, Any, list[str]]] = [
        ("/", handlers.videos, get),
        ("/runs", handlers.runs, get),
        ("/run/{run:str}", handlers.run, get),
        ("/progress/{run:str}", handlers.progress, get),
        ("/video/{key:str}", handlers.video, get),
        ("/video/{key:str}/beside", handlers.beside, get),
        ("/video/{key:str}/run/{run:str}", handlers.findings, get),
        ("/video/{key:str}/run/{run:str}/clip/{clip:int}", handlers.clip, get),
        ("/frame/{key:str}/{run:str}/{clip:int}/{name:str}", handlers.frame, get),
        ("/sound/{key:str}/{run:str}/{clip:int}.wav", handlers.sound, get),
        ("/strip/{key:str}", handlers.strip, get),
        ("/strip/{key:str}/{number:int}.jpg", handlers.strip_frame, get),
        ("/conversion/{key:str}", handlers.conversion, ["GET", "POST"]),
        ("/converted/{key:str}", handlers.converted, get),
        ("/score/{run:str}/{task:str}/{item:str}", handlers.score, get),
        ("/comment/{key:str}", handlers.comment, ["POST"]),
    ]
    return [Route(path, handler, methods=methods) for path, handler, methods in own]


class _Handlers:
    """One method an address. Those that are not async run in threads: decoding takes seconds."""

    def __init__(self, site: Site, pages: Pages) -> None:
        self.site, self.pages = site, pages

    def _link(self, request: Request) -> Links:
        return Links(request.scope.get("root_path", ""))

    def videos(self, request: Request) -> Response:
        asked = request.query_params
        wanted = Filter(
            *(asked.get(k, "").strip() for k in ("patient", "feature", "failure", "text"))
        )
        page = made.list_page(self.site, self.site.now(), self._link(request), wanted)
        return self.pages.page(request, "list.html.j2", **page)

    def runs(self, request: Request) -> Response:
        page = made.runs_page(self.site, self.site.now(), self._link(request))
        return self.pages.page(request, "runs.html.j2", **page)

    def run(self, request: Request) -> Response:
        run = request.path_params["run"]
        page = made.run_page(self.site, self.site.now(), self._link(request), run)
        return self.pages.page(request, "run.html.j2", **page)

    def progress(self, request: Request) -> Response:
        from starlette.responses import JSONResponse

        run = self.site.opened.now().run(request.path_params["run"])
        return JSONResponse(dict(self.site.progress(run).as_json()))

    def video(self, request: Request) -> Response:
        key, only = request.path_params["key"], request.query_params.getlist("run")
        page = made.video_page(self.site, self.site.now(), self._link(request), key, only)
        return self.pages.page(request, "video.html.j2", **page)

    def findings(self, request: Request) -> Response:
        key, run = request.path_params["key"], request.path_params["run"]
        page = made.findings_page(self.site, self.site.now(), self._link(request), key, run)
        return self.pages.page(request, "findings.html.j2", **page)

    def beside(self, request: Request) -> Response:
        key, asked = request.path_params["key"], request.query_params
        first, second = asked.get("a", ""), asked.get("b", "")
        now, link = self.site.now(), self._link(request)
        page = made.beside_page(self.site, now, link, key, first, second)
        return self.pages.page(request, "beside.html.j2", **page)

    def _clip(self, request: Request) -> tuple[Any, Any, Any, ClipFrames]:
        params = request.path_params
        self._refuse_hidden()
        run, recording, clip = made.clip_of(
            self.site.now(), params["key"], params["run"], params["clip"]
        )
        senses = run.run.facts.senses
        frames = self.site.frames.of(recording, clip, "sight" in senses, "hearing" in senses)
        return run, recording, clip, frames

    def _refuse_hidden(self) -> None:
        if not self.site.shows_videos:
            raise FootageError(
                "Frames and sound are not shown here", "missing", fix="start without --no-video"
            )

    def clip(self, request: Request) -> Response:
        params = request.path_params
        frames = self._clip(request)[3]
        page = made.clip_page(
            self.site.now(),
            self._link(request),
            params["key"],
            params["run"],
            params["clip"],
            frames,
        )
        return self.pages.page(request, "clip.html.j2", **page)

    def frame(self, request: Request) -> Response:
        from starlette.responses import Response

        number, _, kind = request.path_params["name"].partition(".")
        run, recording, clip, frames = self._clip(request)
        if not number.isdecimal() or not int(number) < len(frames.pictures):
            raise S3EvalError("There is no such frame")
        if kind == "png":
            hears = "hearing" in run.run.facts.senses
            exact = self.site.frames.exact(recording, clip, int(number), hears)
            return Response(exact, media_type="image/png")
        return Response(frames.pictures[int(number)], media_type="image/jpeg")

    def sound(self, request: Request) -> Response:
        from starlette.responses import Response

        sound = self._clip(request)[3].sound
        if sound is None:
            raise S3EvalError("This clip has no sound")
        return Response(sound, media_type="audio/wav")

    def _strip(self, request: Request) -> ClipFrames:
        self._refuse_hidden()
        recording = self.site.now().shown.recording(request.path_params["key"])
        video = recording.video
        seconds = video.duration or probe(recording.path(), name=video.name).duration
        clip = whole(video.name, seconds, STRIP)
        return self.site.frames.of(recording, clip, sight=True, sound=False)

    def strip(self, request: Request) -> Response:
        from starlette.responses import JSONResponse

        try:
            return JSONResponse({"times": self._strip(request).times})
        except S3EvalError as error:
            return JSONResponse({"times": [], "error": str(error)})

    def strip_frame(self, request: Request) -> Response:
        from starlette.responses import Response

        frames, number = self._strip(request), request.path_params["number"]
        if not number < len(frames.pictures):
            raise S3EvalError("There is no such frame")
        return Response(frames.pictures[number], media_type="image/jpeg")

    def conversion(self, request: Request) -> Response:
        from starlette.responses import JSONResponse

        self._refuse_hidden()
        key = request.path_params["key"]
        recording = self.site.now().shown.recording(key)
        start = request.method == "POST"
        conversions = self.site.conversions
        state = conversions.start(key, recording) if start else conversions.state(key)
        return JSONResponse({"state": state.state, "done": state.done, "words": state.words})

    def converted(self, request: Request) -> Response:
        from starlette.responses import FileResponse

        self._refuse_hidden()
        path = self.site.conversions.file(request.path_params["key"])
        return FileResponse(path, media_type="video/mp4")

    def score(self, request: Request) -> Response:
        params, now = request.path_params, self.site.now()
        link = self._link(request)
        page = made.score_page(self.site, now, link, params["run"], params["task"], params["item"])
        return self.pages.page(request, "score.html.j2", **page)

    async def comment(self, request: Request) -> Response:
        from starlette.concurrency import run_in_threadpool
        from starlette.responses import RedirectResponse

        given = parse_qs((await request.body()).decode("utf-8", "replace"))
        form = {name: values[0] for name, values in given.items()}
        key = request.path_params["key"]
        await run_in_threadpool(self._comment, key, form)
        return RedirectResponse(f"{self._link(request).video(key)}#comments", 303)

    def _comment(self, key: str, form: dict[str, str]) -> None:
        shown = self.site.now().shown
        recording, run = shown.recording(key), shown.run(form.get("about", ""))
        comments = Comments(run.run.path)
        comments.add(recording.video.name, form.get("text", ""), form.get("author", ""))
