"""Routes of what is looked at, and saving what is sent, shared by readers' and raters' pages."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from s3eval.errors import S3EvalError

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import BaseRoute

    from s3eval.facts.clips import Clip
    from s3eval_view.study.shown import Shown

__all__ = ["looking_routes", "saved", "whole_number"]


def looking_routes(shown: Shown, clip_of: Callable[[int], tuple[Clip, bool]]) -> list[BaseRoute]:
    """``/shown/N`` (facts, frames, sound) and, for whole videos, ``/media`` and ``/conversion``.

    Args:
        shown: decodes.
        clip_of: the clip of a place and whether it is the whole video; IndexError for none.
    """
    from starlette.responses import FileResponse, JSONResponse
    from starlette.responses import Response as Plain
    from starlette.routing import Route

    from s3eval_view.server.media import media_routes

    def asked(request: Request) -> tuple[Clip, bool]:
        try:
            return clip_of(request.path_params["place"])
        except IndexError:
            raise S3EvalError("There is nothing to show at this place") from None

    def facts(request: Request) -> Response:
        clip, is_whole = asked(request)
        try:
            return JSONResponse(shown.facts(clip, is_whole))
        except S3EvalError as error:
            return JSONResponse({"failure": error.what})

    def frame(request: Request) -> Response:
        pictures, number = shown.clip(asked(request)[0]).pictures, request.path_params["number"]
        if not number < len(pictures):
            raise S3EvalError("There is no such frame")
        return Plain(pictures[number], media_type="image/jpeg")

    def sound(request: Request) -> Response:
        heard = shown.clip(asked(request)[0]).sound
        if heard is None:
            raise S3EvalError("There is nothing to hear")
        return Plain(heard, media_type="audio/wav")

    def conversion(request: Request) -> Response:
        key, starts = request.path_params["key"], request.method == "POST"
        return JSONResponse(shown.conversion(key, starts))

    def converted(request: Request) -> Response:
        path = shown.conversions.file(request.path_params["key"])
        return FileResponse(path, media_type="video/mp4")

    return [
        Route("/shown/{place:int}", facts),
        Route("/shown/{place:int}/frame/{number:int}", frame),
        Route("/shown/{place:int}/sound", sound),
        Route("/conversion/{key:str}", conversion, methods=["GET", "POST"]),
        Route("/converted/{key:str}", converted),
        *media_routes(shown.media),
    ]


async def saved(request: Request, save: Callable[[dict[str, Any]], Any], what: str) -> Response:
    """Save what a page sends as JSON; the page is told once it is on the disk.

    Args:
        save: takes the object that was sent, and gives what the page is told; in a thread.
        what: is sent: "answer".
    """
    from starlette.concurrency import run_in_threadpool
    from starlette.responses import JSONResponse

    try:
        given = json.loads(await request.body())
        if not isinstance(given, dict):
            raise ValueError("no object")
    except ValueError:
        return JSONResponse({"failure": f"this is no {what}"}, 400)
    try:
        return JSONResponse(await run_in_threadpool(save, given))
    except S3EvalError as error:
        return JSONResponse({"failure": error.what}, 400)


def whole_number(given: object) -> int:
    """A whole number of a page's message.

    Raises:
        S3EvalError: it is none.
    """
    if isinstance(given, bool) or not isinstance(given, int):
        raise S3EvalError("Expected a whole number")
    return given
