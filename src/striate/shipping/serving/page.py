"""The page at GET /: three files of this package, the same for everyone."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from importlib import resources

from starlette.requests import Request
from starlette.responses import Response

FILES = {
    "/": ("index.html", "text/html; charset=utf-8"),
    "/page/page.css": ("page.css", "text/css; charset=utf-8"),
    "/page/page.js": ("page.js", "text/javascript; charset=utf-8"),
    "/page/icon.svg": ("icon.svg", "image/svg+xml"),
}


def endpoint(path: str) -> Callable[[Request], Awaitable[Response]]:
    """What answers for one of the files."""
    name, kind = FILES[path]
    data = resources.files("striate.shipping.serving").joinpath("page", name).read_bytes()

    async def serve(_: Request) -> Response:
        return Response(data, media_type=kind)

    return serve
