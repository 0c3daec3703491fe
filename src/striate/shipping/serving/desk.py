"""What every endpoint shares: the model's facts, the pool, the counters, and how a body is read."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, final

from starlette.requests import Request
from starlette.responses import Response

from striate.shipping.serving.counts import Counts
from striate.shipping.serving.limits import Limits
from striate.shipping.serving.workers import Pool, Refused

NO_ADDRESSES = "send the picture itself: addresses are never fetched"


@final
class Held:
    """Bytes of one request, counted among those of all."""

    def __init__(self, desk: Desk) -> None:
        self._desk, self.size = desk, 0

    def add(self, more: int) -> None:
        """Refused when one request, or all together, hold too much."""
        limits = self._desk.limits
        self.size += more
        self._desk.in_hand += more
        if self.size > limits.body:
            raise too_large(limits)
        if self._desk.in_hand > limits.in_hand:
            raise Refused(503, "memory", "other requests fill the memory set aside: ask again")


@final
@dataclass
class Desk:
    """name: of the model, in paths. draining: the server was told to end; closed: it takes nothing new."""

    name: str
    pool: Pool
    counts: Counts
    limits: Limits
    in_hand: int = 0
    draining: bool = False
    closed: bool = False
    asked: int = field(default=0)  # requests that wait for an answer or are being read

    @property
    def ready(self) -> bool:
        """Whether new requests should come here."""
        return self.pool.ready and not self.draining

    @property
    def card(self) -> dict[str, Any]:
        """The model's card."""
        if self.counts.card is None:
            raise Refused(503, "not_ready", "the model is not loaded yet: ask again")
        card: dict[str, Any] = self.counts.card["card"]
        return card

    @contextmanager
    def holding(self, request: Request) -> Iterator[Held]:
        """While a request is read and answered. What could not be answered anyway is refused unread."""
        if self.closed:
            raise Refused(503, "ending", "the server is ending: ask another one")
        self.pool.check()
        request.scope["is_asked"] = True
        held = Held(self)
        self.asked += 1
        try:
            yield held
        finally:
            self.asked -= 1
            self.in_hand -= held.size

    async def body(self, request: Request, held: Held) -> bytes:
        """All of the body, refused at the first byte too many."""
        headers = request.headers
        if headers.get("content-encoding", "identity").lower() != "identity":
            raise Refused(415, "encoding", "bodies come as they are, without Content-Encoding")
        length = headers.get("content-length")
        if length is not None and int(length) > self.limits.body:
            raise too_large(self.limits)
        pieces = []
        async for piece in request.stream():
            held.add(len(piece))
            pieces.append(piece)
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)


def too_large(limits: Limits) -> Refused:
    """A body beyond the limit."""
    return Refused(413, "too_large", f"a request has at most {limits.body / 2**20:g} MiB")


def told(status: int, content: Mapping[str, Any], close: bool = False) -> Response:
    """JSON, in as few steps as there are."""
    body = json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
    headers = {"connection": "close"} if close else None
    return Response(body, status, headers, "application/json")


def refusal(fault: Refused) -> Response:
    """A refused request as its answer."""
    # The rest of a body that was not read would be taken for the next request.
    response = told(fault.status, {"error": fault.text}, close=fault.status in (413, 415))
    if fault.status == 503:
        response.headers["retry-after"] = "1"
    return response
