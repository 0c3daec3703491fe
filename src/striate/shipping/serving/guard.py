"""The gate in front of every route: nothing passes unless it shows that it may.

A page of another site can make a browser send requests to this machine, under any name that it makes point
here. So the Host must be one of ours, and an Origin or Sec-Fetch-Site that a browser adds must say that the
request comes from our own page. Everything is checked for every path and verb, known or not; only the
paths given as `open_paths` (health, which says nothing) are let through, and `page_paths` (files that are
the same for everyone) need no token, because a browser cannot send one when a page is opened.
"""

from __future__ import annotations

import hmac
import ipaddress
import json
import re
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, final

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from striate.shipping.serving.counts import Counts

LOOPBACK = ("localhost", "127.0.0.1", "::1")
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; media-src blob:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS = [
    (name.encode(), value.encode())
    for name, value in (
        ("content-security-policy", _POLICY),
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        ("referrer-policy", "no-referrer"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
        ("permissions-policy", "camera=(self), microphone=(), geolocation=()"),
        ("cache-control", "no-store"),
    )
]
_NAME = re.compile(r"[a-z0-9_.-]+")
_ONCE = frozenset({b"host", b"origin", b"sec-fetch-site", b"authorization", b"content-type"})


@final
@dataclass(frozen=True)
class Doors:
    """Who may come in. `port` is ours; `names` are hosts beyond the loopback, as `name` or `name:port`; `own`
    are names that hold with our port alone. any_address: the server listens on other addresses too, and then
    a Host that is an address is good: the names of other sites can be made to point here, addresses cannot.
    """

    port: int
    names: tuple[str, ...] = ()
    token: str | None = None
    any_address: bool = False
    own: tuple[str, ...] = LOOPBACK

    def knows(self, host: str) -> bool:
        """Whether a Host header names us."""
        name, port = split_host(host)
        if not name:
            return False
        if name in self.own and port in (None, self.port):
            return port == self.port or self.port == 80
        for allowed in self.names:
            known, known_port = split_host(allowed)
            if name == known and known_port in (None, port):
                return True
        return self.any_address and _is_address(name)

    def lets_in(self, authorization: str | None) -> bool:
        """Whether a request has the token, if one is needed. The time says nothing about how near it was."""
        if self.token is None:
            return True
        kind, _, given = (authorization or "").partition(" ")
        same = hmac.compare_digest(given.strip().encode(), self.token.encode())
        return same and kind.lower() == "bearer"


def split_host(host: str) -> tuple[str, int | None]:
    """`[::1]:8000` as `::1` and 8000. What is no host has the name ""."""
    host = host.strip().lower()
    if host.startswith("["):
        name, closed, rest = host[1:].partition("]")
        if not closed or (rest and not rest.startswith(":")):
            return "", None
        port = rest[1:]
    else:
        name, colon, port = host.partition(":")
        if colon and not port:
            return "", None
    if port and not (port.isascii() and port.isdigit() and len(port) <= 5):
        return "", None
    return name.rstrip("."), int(port) if port else None


def is_host(told: str) -> bool:
    """Whether a person's `name` or `name:port` is one that a Host header can hold."""
    name, _ = split_host(told)
    return _is_address(name) or (not told.strip().startswith("[") and bool(_NAME.fullmatch(name)))


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


class Denied(Exception):
    """A request that may not come in."""

    def __init__(self, status: int, reason: str, text: str) -> None:
        super().__init__(text)
        self.status, self.reason, self.text = status, reason, text


@final
class Guard:
    """Around the whole application; it also counts, and adds the headers that every answer has."""

    def __init__(
        self,
        app: ASGIApp,
        doors: Doors,
        counts: Counts,
        names: Mapping[object, str],
        open_paths: Collection[str],
        page_paths: Collection[str],
    ) -> None:
        self._app, self._doors, self._counts = app, doors, counts
        self._names, self._open = names, frozenset(open_paths)
        self._page = frozenset(page_paths)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            return
        began, status = time.perf_counter(), 0

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                own = {name for name, _ in message.get("headers", ())}
                added = [pair for pair in HEADERS if pair[0] not in own]
                message = {**message, "headers": [*message.get("headers", ()), *added]}
            await send(message)

        try:
            self.check(scope)
            await self._app(scope, receive, answer)
        except Denied as denied:
            self._counts.refused[denied.reason] += 1
            await refuse(answer, denied.status, denied.text)
        except ClientDisconnect:
            self._counts.refused["disconnected"] += 1
            return
        except Exception as fault:  # noqa: BLE001 one request must not end the others
            self._counts.refused["fault"] += 1
            if not status:
                await refuse(answer, 500, f"a fault of the server ({type(fault).__name__})")
        route = self._names.get(
            scope.get("endpoint"), "other"
        )  # a path alone would be a label for ever
        self._counts.requests[route, status] += 1
        if scope.get("is_asked"):
            self._counts.seconds.add(time.perf_counter() - began)

    def check(self, scope: Scope) -> None:
        """Raise `Denied` unless the request may come in."""
        path = scope["path"]
        if path in self._open:
            return
        found: dict[bytes, str] = {}
        for name, value in scope["headers"]:
            if name in _ONCE:
                if name in found:
                    raise Denied(400, "headers", f"the header {name.decode()} stands there twice")
                found[name] = value.decode("latin-1")
        host = found.get(b"host", "")
        if not self._doors.knows(host):
            told = "this server is not known by that name (Host); start it with --allowed-host"
            raise Denied(403, "host", told)
        origin = found.get(b"origin")
        if origin is not None and not _same(origin, host):
            raise Denied(403, "origin", "requests from pages of other sites are refused (Origin)")
        if found.get(b"sec-fetch-site", "none") not in ("none", "same-origin"):
            told = "requests from other sites are refused; type the address (Sec-Fetch-Site)"
            raise Denied(403, "fetch_site", told)
        if path not in self._page and not self._doors.lets_in(found.get(b"authorization")):
            told = "a token is needed: Authorization: Bearer …"
            raise Denied(401, "token", told)


def _same(origin: str, host: str) -> bool:
    """Whether a browser's Origin is the very host that it asks; "null" is nobody's."""
    scheme, _, rest = origin.partition("://")
    return scheme in ("http", "https") and rest.lower() == host.strip().lower()


async def refuse(send: Any, status: int, text: str) -> None:
    """A sentence as JSON, and the end of the connection: what else it holds is not read."""
    body = json.dumps({"error": text}, ensure_ascii=False).encode()
    headers = [
        (b"content-type", b"application/json"), (b"content-length", str(len(body)).encode()),
        (b"connection", b"close"),
    ]  # fmt: skip
    if status == 401:
        headers.append((b"www-authenticate", b"Bearer"))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
