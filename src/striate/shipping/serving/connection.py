"""A connection with bounds: how many there are, and how long one may take to say what it wants.

uvicorn bounds the time between two requests alone. A client that sends a byte now and then would keep its
connection for ever, so every request has a time by which its headers, and then its body, must be here.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from striate.shipping.serving.counts import Counts
from striate.shipping.serving.limits import Limits

if TYPE_CHECKING:
    from uvicorn.config import Config
    from uvicorn.server import ServerState


def protocol(limits: Limits, counts: Counts) -> type[H11Protocol]:
    """The class that uvicorn makes a connection of."""

    class Bounded(BoundedConnection):
        def __init__(
            self,
            config: Config,
            server_state: ServerState,
            app_state: dict[str, Any],
            _loop: asyncio.AbstractEventLoop | None = None,
        ) -> None:
            super().__init__(config, server_state, app_state, _loop)
            self.limits, self.counts = limits, counts

    return Bounded


class BoundedConnection(H11Protocol):
    """Three states: headers are awaited, a body is awaited, or the answer is (which `workers` bounds)."""

    limits: Limits
    counts: Counts
    _timer: asyncio.TimerHandle | None = None
    _body_since: float | None = None
    _since = 0.0
    _got = 0
    _turned_away = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """One more, if there is room for it."""
        if len(self.connections) >= self.limits.connections:
            self._turned_away = True
            self.counts.refused["connections"] += 1
            transport.write(bare(503, "too many connections", b"retry-after: 1\r\n"))
            transport.close()
            return
        super().connection_made(Closing(transport, self))  # type: ignore[arg-type]
        self._await_headers()

    def connection_lost(self, exc: Exception | None) -> None:
        """It is gone."""
        self._stop()
        if not self._turned_away:
            super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """More of a request, or of a body that nobody wants any more."""
        if self._turned_away or self.transport.is_closing():
            return
        self._got += len(data)
        super().data_received(data)
        self._watch()

    def on_response_complete(self) -> None:
        """The answer is written; the next request may be here already."""
        super().on_response_complete()
        if not self.transport.is_closing():
            self._watch()

    @property
    def body_is_missing(self) -> bool:
        """A request is here whose body is not."""
        return self.conn.their_state is h11.SEND_BODY

    def _watch(self) -> None:
        state = self.conn.their_state
        if state is h11.SEND_BODY:
            if self._body_since is None:
                self._stop()
                self._body_since, self._got = time.monotonic(), 0
                self._timer = self.loop.call_later(self.limits.body_s, self._late_body)
        elif state is h11.IDLE and self.conn.trailing_data[0]:
            if self._timer is None:
                self._await_headers()
        else:
            self._stop()

    def _await_headers(self) -> None:
        self._timer = self.loop.call_later(self.limits.headers_s, self._late)

    def _stop(self) -> None:
        self._body_since = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _late_body(self) -> None:
        """A large body on a slow line is welcome, as long as it moves."""
        granted = self.limits.body_s + self._got / self.limits.body_rate
        left = (self._body_since or 0.0) + granted - time.monotonic()
        if left <= 0:
            self._late()
        else:
            self._timer = self.loop.call_later(left, self._late_body)

    def _late(self) -> None:
        self._stop()
        if self.transport.is_closing():
            return
        self.counts.refused["slow"] += 1
        cycle: Any = self.cycle  # None before the first request, whatever uvicorn's own types say
        if cycle is None or cycle.response_complete or not cycle.response_started:
            self.transport.write(bare(408, "the request did not arrive in time"))
        self.transport.abort()


def bare(status: int, text: str, more: bytes = b"") -> bytes:
    """A whole answer for a client that no application has seen."""
    name = {408: "Request Timeout", 503: "Service Unavailable"}[status]
    body = f'{{"error": "{text}"}}\n'.encode()
    head = f"HTTP/1.1 {status} {name}\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n"
    return (
        head.encode()
        + more
        + b"x-content-type-options: nosniff\r\nconnection: close\r\n\r\n"
        + body
    )


class Closing:
    """A transport that says goodbye: when an answer was written before the body was read, the rest of the
    body is read away for a moment. Else the system would reset the connection, and the answer would be lost.

    Our answers have one body, and it comes right after the headers: both are written at once.
    """

    def __init__(self, transport: asyncio.Transport, owner: BoundedConnection) -> None:
        self._transport, self._owner = transport, owner
        self._closing = False
        self._headers: bytes | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        """Headers wait for what follows them."""
        cycle: Any = self._owner.cycle
        if self._headers is not None:
            data, self._headers = self._headers + data, None
        elif cycle is not None and cycle.response_started and not cycle.response_complete:
            self._headers = data
            return
        if data:
            self._transport.write(data)

    def is_closing(self) -> bool:
        """Whether nothing is to be written any more."""
        return self._closing or self._transport.is_closing()

    def abort(self) -> None:
        """Write what is written, and no more."""
        self._closing = True
        self._end()

    def close(self) -> None:
        """Close, after the client had time to read the answer."""
        if self._closing:
            return
        self._closing = True
        if self._headers is not None:
            self._transport.write(self._headers)
        if self._owner.body_is_missing and self._transport.can_write_eof():
            self._transport.write_eof()
            self._transport.resume_reading()
            asyncio.get_running_loop().call_later(self._owner.limits.linger_s, self._end)
        else:
            self._end()

    def _end(self) -> None:
        """What a client never reads would keep its connection for ever."""
        self._transport.close()
        if self._transport.get_write_buffer_size():
            asyncio.get_running_loop().call_later(self._owner.limits.idle_s, self._transport.abort)
