"""The table of routes, and the application made of it. The guard is made of the same table."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import NamedTuple

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from striate.shipping.serving import page
from striate.shipping.serving.api import describe
from striate.shipping.serving.asking import Asking
from striate.shipping.serving.desk import Desk, refusal, told
from striate.shipping.serving.guard import Doors, Guard
from striate.shipping.serving.inference import Inference
from striate.shipping.serving.workers import Refused

Endpoint = Callable[[Request], Awaitable[Response]]


class Way(NamedTuple):
    """One route. `who` may come: "guarded" all that the guard lets in, "page" without a token, "open" all."""

    method: str
    path: str
    endpoint: Endpoint
    text: str
    who: str = "guarded"


def table(desk: Desk) -> list[Way]:
    """Every route there is."""
    asking, inference = Asking(desk), Inference(desk)

    async def live(_: Request) -> Response:
        return told(200, {"live": True})

    async def ready(_: Request) -> Response:
        return told(200 if desk.ready else 503, {"ready": desk.ready})

    async def card(_: Request) -> Response:
        response = told(200, desk.card)
        response.headers["striate-model"] = desk.name
        return response

    async def metrics(_: Request) -> Response:
        now: dict[str, float] = {
            "queue_pictures": desk.pool.pictures, "requests_in_hand": desk.asked,
            "bytes_in_hand": desk.in_hand, "models_ready": sum(w.ready for w in desk.pool.workers),
        }  # fmt: skip
        return Response(desk.counts.text(now), media_type="text/plain; version=0.0.4")

    async def openapi(_: Request) -> Response:
        return told(200, describe((w.method, w.path, w.text, w.who) for w in ways))

    ways = [
        Way("POST", "/predict", asking.predict, "Pictures in, one row for each out."),
        Way("POST", "/seen", asking.seen, "A picture as the network sees it, as PNG."),
        Way("GET", "/health/live", live, "The server runs.", "open"),
        Way("GET", "/health/ready", ready, "It can answer.", "open"),
        Way("GET", "/card", card, "What is known of the model."),
        Way("GET", "/metrics", metrics, "Counters for Prometheus."),
        Way("GET", "/openapi.json", openapi, "This description."),
        Way("GET", "/v2", inference.server, "Open Inference Protocol: the server."),
        Way("GET", "/v2/health/live", inference.live, "The server runs.", "open"),
        Way("GET", "/v2/health/ready", inference.ready, "It can answer.", "open"),
    ]
    for base in ("/v2/models/{name}", "/v2/models/{name}/versions/{version}"):
        ways += [
            Way("GET", base, inference.model, "Its inputs and outputs."),
            Way("GET", f"{base}/ready", inference.model_ready, "It can answer."),
            Way("POST", f"{base}/infer", inference.infer, "Tensors in, tensors out."),
        ]
    ways += [
        Way("GET", path, page.endpoint(path), "A file of the page.", "page") for path in page.FILES
    ]
    return ways


def application(desk: Desk, doors: Doors) -> Guard:
    """The routes behind their guard."""
    ways = table(desk)

    async def refused(_: Request, fault: Exception) -> Response:
        if not isinstance(fault, Refused):
            raise fault
        desk.counts.refused[fault.reason] += 1
        return refusal(fault)

    async def unknown(_: Request, fault: Exception) -> Response:
        status = fault.status_code if isinstance(fault, HTTPException) else 404
        text = "there is no such route" if status == 404 else "this route does not know that verb"
        headers = fault.headers if isinstance(fault, HTTPException) else None
        response = told(status, {"error": text})
        response.headers.update(headers or {})
        return response

    app = Starlette(
        routes=[Route(way.path, way.endpoint, methods=[way.method]) for way in ways],
        exception_handlers={Refused: refused, HTTPException: unknown},
    )
    app.router.redirect_slashes = False
    return Guard(
        app, doors, desk.counts,
        names={way.endpoint: way.path for way in reversed(ways)},
        open_paths={way.path for way in ways if way.who == "open"},
        page_paths={way.path for way in ways if way.who == "page"},
    )  # fmt: skip
