"""The pages of a reader's session: a clip with its questions, and whether all is answered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from s3eval.errors import S3EvalError
from s3eval_view.server.app import Pages, make_app
from s3eval_view.study.looking import looking_routes, saved, whole_number
from s3eval_view.study.shown import FAILURE, Shown

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import BaseRoute
    from starlette.types import ASGIApp

    from s3eval.facts.clips import Clip
    from s3eval_view.study.session import ReaderSession

__all__ = ["reader_site", "study_pages"]


def study_pages(title: str, script: str) -> Pages:
    """Templates, style sheet and scripts of a study's pages."""
    here = ("s3eval_view.study", "assets")
    assets = {"study.css": here, "study.js": here, script: here}
    return Pages(title, [("s3eval_view.study", "templates")], assets)


def reader_site(session: ReaderSession, token: str) -> tuple[ASGIApp, Shown]:
    """A session as an application, and what decodes for it (to be closed)."""
    study = session.study
    salt = f"{token}/{study.reader}"
    shown = Shown(session.dataset, study.senses, salt, whole_videos=study.shown == "video")
    pages = study_pages("Reader study", "reader.js")
    routes = _ReaderRoutes(session, shown, pages)
    return make_app(pages, routes.routes(), token), shown


class _ReaderRoutes:
    def __init__(self, session: ReaderSession, shown: Shown, pages: Pages) -> None:
        self.session, self.shown, self.pages = session, shown, pages
        names = [c.clip.video for c in session.clips]
        self.videos = list(dict.fromkeys(names))
        self.parts = {
            name: [i for i, other in enumerate(names) if other == name] for name in self.videos
        }

    def routes(self) -> list[BaseRoute]:
        from starlette.routing import Route

        return [
            Route("/", self.current),
            Route("/clip/{place:int}", self.clip),
            Route("/done", self.done),
            Route("/answer", self.answer, methods=["POST"]),
            Route("/unshown/{place:int}", self.unshown, methods=["POST"]),
            *looking_routes(self.shown, self._clip_of),
        ]

    def _clip_of(self, place: int) -> tuple[Clip, bool]:
        clip_asks = self.session.clips[place]
        return clip_asks.clip, clip_asks.is_whole

    def current(self, request: Request) -> Response:
        """The first clip with an open question."""
        place = self.session.progress()[1]
        return self.done(request) if place is None else self._page(request, place)

    def clip(self, request: Request) -> Response:
        """A clip, answered or not, to go back to."""
        place = request.path_params["place"]
        if not place < len(self.session.clips):
            raise S3EvalError("There is nothing to show at this place")
        return self._page(request, place)

    def done(self, request: Request) -> Response:
        """Whether all is answered."""
        done, _ = self.session.progress()
        return self.pages.page(request, "done.html.j2", done=done, total=self.session.total)

    def _page(self, request: Request, place: int) -> Response:
        session = self.session
        asks, answers = session.asks(place), session.answers(place)
        video = session.clips[place].clip.video
        done, _ = session.progress()
        unanswered = [i for i, answer in enumerate(answers) if answer is None]
        if place + 1 < len(session.clips) and not self._is_played(place + 1):
            self.shown.prepare(session.clips[place + 1].clip)
        root = request.scope.get("root_path", "")
        return self.pages.page(
            request,
            "reader.html.j2",
            place=place,
            clips=len(session.clips),
            video=self.videos.index(video) + 1,
            videos=len(self.videos),
            # Of how many is not told: clips of annotated events are among them.
            part=self.parts[video].index(place) + 1,
            asks=list(zip(asks, answers, strict=True)),
            start=unanswered[0] if unanswered else 0,
            done=done,
            total=session.total,
            shown=f"{root}/shown/{place}",
            frames=f"{root}/shown/{place}/frame/NUMBER",
            hears=session.study.hears,
        )

    def _is_played(self, place: int) -> bool:
        return self.session.clips[place].is_whole and self.shown.whole_videos

    async def answer(self, request: Request) -> Response:
        """Save an answer; the page is told once it is on the disk."""
        return await saved(request, self._save, "answer")

    def _save(self, given: dict[str, Any]) -> dict[str, Any]:
        text = given.get("text")
        if text is not None and not isinstance(text, str):
            raise S3EvalError("Expected an answer to be text")
        place, number = whole_number(given.get("place")), whole_number(given.get("number"))
        answer = self.session.save(place, number, text, given.get("seconds"))
        done, _ = self.session.progress()
        return {"problems": dict(answer.problems), "done": done, "total": self.session.total}

    async def unshown(self, request: Request) -> Response:
        """Go on without a clip that cannot be shown."""
        from starlette.concurrency import run_in_threadpool
        from starlette.responses import RedirectResponse

        place = request.path_params["place"]
        if not place < len(self.session.clips):
            raise S3EvalError("There is nothing to show at this place")
        await run_in_threadpool(self.session.fail, place, FAILURE)
        return RedirectResponse(f"{request.scope.get('root_path', '')}/", 303)
