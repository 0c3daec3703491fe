"""POST /predict and POST /seen: pictures in, rows out."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple, final

from starlette.requests import Request
from starlette.responses import Response

from striate.shipping.serving.desk import NO_ADDRESSES, Desk, Held
from striate.shipping.serving.multipart import BadForm, parts
from striate.shipping.serving.workers import Refused

_MOST_ROWS = 1000


class Pictures(NamedTuple):
    """What a request brought."""

    names: list[str]
    data: list[bytes]


@final
class Asking:
    """The endpoints, over a desk."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def predict(self, request: Request) -> Response:
        """One row for each picture. 422 where none of them can be read."""
        desk = self._desk
        head = asked_for(request.query_params)
        with desk.holding(request) as held:
            found = await self._pictures(request, held)
            sizes = [len(one) for one in found.data]
            head |= {"do": "predict", "names": found.names, "sizes": sizes}
            reply = await desk.pool.ask(head, found.data, len(sizes))
        self._count(len(sizes), reply.head)
        start = b'{"schema_version":1,"predictions":'
        status = 422 if reply.head["failed"] == len(sizes) else 200
        timing = {"server-timing": f"model;dur={reply.head['ms']}"}
        return Response(start + reply.body + b"}", status, timing, "application/json")

    async def seen(self, request: Request) -> Response:
        """One picture as the network sees it: a PNG."""
        desk = self._desk
        asked_for(request.query_params, ())
        with desk.holding(request) as held:
            found = await self._pictures(request, held)
            if len(found.data) != 1:
                raise Refused(400, "request", "one picture at a time is shown")
            head = {"do": "seen", "sizes": [len(found.data[0])]}
            reply = await desk.pool.ask(head, found.data, 1)
        if reply.head["failed"]:
            raise Refused(422, "unreadable", str(reply.head["reason"]))
        return Response(reply.body, media_type="image/png")

    def _count(self, pictures: int, head: Mapping[str, int]) -> None:
        counts = self._desk.counts
        counts.pictures += pictures
        counts.unreadable += head["failed"]
        if head["batch"]:
            counts.batches.add(head["batch"])

    async def _pictures(self, request: Request, held: Held) -> Pictures:
        kind = request.headers.get("content-type", "")
        plain = kind.partition(";")[0].strip().lower()
        if plain in ("application/json", "text/plain", "text/html"):
            told = f"pictures come as image bytes or as multipart/form-data, not as {plain}"
            raise Refused(415, "request", f"{told}; {NO_ADDRESSES}")
        body = await self._desk.body(request, held)
        if plain != "multipart/form-data":
            _refuse_address(body)
            return Pictures([""], [body])
        try:
            found = parts(kind, body, self._desk.limits.pictures)
        except BadForm as fault:
            status = 413 if fault.too_many else 400
            raise Refused(status, "too_many" if fault.too_many else "form", str(fault)) from None
        for part in found:
            if part.file is None:
                raise Refused(400, "form", f"every part is a picture's file; {NO_ADDRESSES}")
            _refuse_address(part.data)
        if not found:
            raise Refused(400, "form", "there is no picture in the form")
        return Pictures([part.file or "" for part in found], [part.data for part in found])


def asked_for(
    query: Mapping[str, str], known: tuple[str, ...] = ("top", "threshold")
) -> dict[str, object]:
    """The flags of a query, or a sentence about the first that is none."""
    for name in query:
        if name not in known:
            told = (
                f"there is no parameter {name[:40]!r}: {', '.join(known) or 'none is known here'}"
            )
            raise Refused(
                400, "request", f"{told}; {NO_ADDRESSES}" if "ur" in name.lower() else told
            )
    found: dict[str, object] = {}
    if known:
        found["top"] = _number(query.get("top", "3"), "top", 1, _MOST_ROWS, whole=True)
    if "threshold" in query:
        found["threshold"] = _number(query["threshold"], "threshold", 0, 1)
    return found


def _number(text: str, name: str, low: int, high: int, whole: bool = False) -> float | int:
    try:
        value = int(text) if whole and len(text) < 9 else float(text[:40])
    except ValueError:
        value = math.nan
    if not low <= value <= high or (whole and not isinstance(value, int)):
        kind = "a whole number" if whole else "a number"
        raise Refused(400, "request", f"{name} must be {kind} between {low} and {high}")
    return value


def _refuse_address(body: bytes) -> None:
    if body[:8].lower().startswith((b"http://", b"https://", b"file://", b"ftp://")):
        raise Refused(400, "address", NO_ADDRESSES)
