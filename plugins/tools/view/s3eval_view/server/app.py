"""The application: routes behind the guard, pages from templates, errors that can be copied."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from s3eval.errors import S3EvalError
from s3eval_view.markup import asset, environment
from s3eval_view.server.security import Guard

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import BaseRoute
    from starlette.types import ASGIApp

__all__ = ["Pages", "make_app"]

#: Style sheets and scripts that pages may load, by name: the package and folder they lie in.
ASSETS = {
    "report.css": ("s3eval_view.report", "templates"),
    "site.css": ("s3eval_view.server", "assets"),
    "site.js": ("s3eval_view.server", "assets"),
    "icon.svg": ("s3eval_view.server", "assets"),
}
_KINDS = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}


class Pages:
    """Pages made of templates; each extends ``base.html.j2``, which loads the style sheets.

    Args:
        title: stands at the top of every page.
        folders: (package, folder) pairs with templates, before those of the server.
        assets: further style sheets and scripts, by name: the package and folder they lie in.
        links: (words, path) of the line of links at the top.
    """

    def __init__(
        self,
        title: str,
        folders: Sequence[tuple[str, str]] = (),
        assets: dict[str, tuple[str, str]] | None = None,
        links: Sequence[tuple[str, str]] = (),
    ) -> None:
        self.title, self.links, self.folders = title, tuple(links), tuple(folders)
        self.own = dict(assets or {})
        self.assets = {**ASSETS, **self.own}
        self._templates = environment(*folders, ("s3eval_view.server", "templates"))

    def text(self, template: str, root: str, **context: Any) -> str:
        """A page as text.

        Args:
            root: what every address begins with: "/TOKEN".
            context: what the template is given.
        """
        given = {
            "site": self.title,
            "links": self.links,
            "root": root,
            "home": f"{root}/",
            "is_static": False,
            "extra": [n for n in self.assets if n not in ASSETS],
            **context,
        }
        return self._templates.get_template(template).render(given)

    def page(self, request: Request, template: str, status: int = 200, **context: Any) -> Response:
        """A page as the answer to a request."""
        from starlette.responses import HTMLResponse

        root = request.scope.get("root_path", "")
        return HTMLResponse(self.text(template, root, **context), status)

    def routes(self) -> list[BaseRoute]:
        """``/asset/NAME``."""
        from starlette.routing import Route

        return [Route("/asset/{name:str}", self._asset)]

    def _asset(self, request: Request) -> Response:
        from starlette.responses import PlainTextResponse, Response

        name = request.path_params["name"]
        if name not in self.assets:
            return PlainTextResponse("No such file here.", 404)
        kind = _KINDS[name.rpartition(".")[2]]
        return Response(asset(*self.assets[name], name), media_type=kind)

    def failed(self, request: Request, error: Exception) -> Response:
        """The page of an error: what, why and what to do, as text that can be copied."""
        from starlette.exceptions import HTTPException

        if isinstance(error, HTTPException):
            what = "There is no such page." if error.status_code == 404 else error.detail
            return self.page(request, "error.html.j2", error.status_code, what=what, details="")
        if isinstance(error, S3EvalError):
            return self.page(request, "error.html.j2", 404, what=str(error), details="")
        details = "".join(traceback.format_exception(error))
        what = f"This page could not be made: {type(error).__name__}: {error}"
        return self.page(request, "error.html.j2", 500, what=what, details=details)


def make_app(pages: Pages, routes: Sequence[BaseRoute], token: str) -> ASGIApp:
    """The application behind its guard.

    Args:
        pages: make the pages of errors and serve the assets.
        routes: all sets of pages, e.g. ``[*viewer_routes(…), *media_routes(…)]``.
        token: stands first in every address (`s3eval_view.server.security.new_token`).
    """
    from starlette.applications import Starlette
    from starlette.exceptions import HTTPException

    handlers: dict[Any, Callable[..., Response]] = {
        HTTPException: pages.failed,
        S3EvalError: pages.failed,
        Exception: pages.failed,
    }
    inside = Starlette(routes=[*pages.routes(), *routes], exception_handlers=handlers)
    return Guard(inside, token)
