"""The pages of a rater: a report with the rubric, the video beside it, and whether all is rated."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from s3eval.errors import S3EvalError
from s3eval_view.server.app import Pages, make_app
from s3eval_view.study.looking import looking_routes, saved, whole_number
from s3eval_view.study.reader_pages import study_pages
from s3eval_view.study.reports import RUBRIC
from s3eval_view.study.shown import Shown

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import BaseRoute
    from starlette.types import ASGIApp

    from s3eval.facts.clips import Clip
    from s3eval_view.study.rating import RatingSession

__all__ = ["rating_site"]


def rating_site(session: RatingSession, token: str, shows_videos: bool) -> tuple[ASGIApp, Shown]:
    """A rater's session as an application, and what decodes for it (to be closed).

    Args:
        shows_videos: whether the videos are shown beside the reports.
    """
    salt = f"{token}/{session.rater}"
    shown = Shown(session.dataset, {"sight", "hearing"}, salt, whole_videos=shows_videos)
    pages = study_pages("Rating of reports", "rating.js")
    routes = _RatingRoutes(session, shown, pages, shows_videos)
    return make_app(pages, routes.routes(), token), shown


class _RatingRoutes:
    def __init__(
        self, session: RatingSession, shown: Shown, pages: Pages, shows_videos: bool
    ) -> None:
        self.session, self.shown, self.pages = session, shown, pages
        self.shows_videos = shows_videos

    def routes(self) -> list[BaseRoute]:
        from starlette.routing import Route

        looked = looking_routes(self.shown, self._clip_of) if self.shows_videos else []
        return [
            Route("/", self.current),
            Route("/report/{place:int}", self.report),
            Route("/done", self.done),
            Route("/rating", self.rating, methods=["POST"]),
            *looked,
        ]

    def _clip_of(self, place: int) -> tuple[Clip, bool]:
        return self.session.clip(place), True

    def current(self, request: Request) -> Response:
        """The first report that is not rated."""
        place = self.session.progress()[1]
        return self.done(request) if place is None else self._page(request, place)

    def report(self, request: Request) -> Response:
        """A report, rated or not, to go back to."""
        place = request.path_params["place"]
        if not place < len(self.session.reports):
            raise S3EvalError("There is no such report")
        return self._page(request, place)

    def done(self, request: Request) -> Response:
        """Whether all is rated."""
        done, _ = self.session.progress()
        total = len(self.session.reports)
        return self.pages.page(request, "done.html.j2", done=done, total=total)

    def _page(self, request: Request, place: int) -> Response:
        session = self.session
        report, (done, _) = session.reports[place], session.progress()
        root = request.scope.get("root_path", "")
        annotated = session.dataset.annotation(report.video).report or ""
        return self.pages.page(
            request,
            "rating.html.j2",
            place=place,
            total=len(session.reports),
            done=done,
            text=report.text,
            reference=annotated if session.reference else "",
            given=session.given().get((report.run, report.video)),
            rubric=RUBRIC,
            is_shown=self.shows_videos,
            hears=True,
            shown=f"{root}/shown/{place}",
            frames=f"{root}/shown/{place}/frame/NUMBER",
        )

    async def rating(self, request: Request) -> Response:
        """Save a rating; the page is told once it is on the disk."""
        return await saved(request, self._save, "rating")

    def _save(self, given: dict[str, Any]) -> dict[str, Any]:
        comment = given.get("comment", "")
        if not isinstance(comment, str):
            raise S3EvalError("Expected a comment to be text")
        place = whole_number(given.get("place"))
        self.session.save(place, given.get("rating"), comment, given.get("seconds"))
        done, _ = self.session.progress()
        return {"done": done, "total": len(self.session.reports)}
