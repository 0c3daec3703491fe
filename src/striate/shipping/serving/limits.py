"""What `striate serve` is asked for, and how much one client, and all of them together, may ask of it.
Everything has a bound.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import final


@final
@dataclass(frozen=True)
class Limits:
    """Sizes in bytes, times in seconds."""

    body: int = 16 * 2**20  # of one request
    in_hand: int = 64 * 2**20  # of all requests that are read or wait for their answer
    pictures: int = 64  # in one request
    queue: int = 256  # pictures that wait, over all requests
    deadline_s: float = 30.0  # from the arrival of a request to its answer
    headers_s: float = 10.0  # until the headers are here
    body_s: float = 10.0  # until the body is here, plus what the next line grants
    body_rate: int = 32 * 2**10  # bytes a second that a slow body must keep up with after that
    idle_s: float = 15.0  # a connection between two requests
    linger_s: float = 1.0  # a refused body is read away for so long, so that the refusal arrives
    connections: int = 1024
    header_bytes: int = 16 * 2**10
    notice_s: float = (
        1.0  # between "not ready" and the first refusal when the server is told to end
    )
    drain_s: float = 30.0  # for the requests that are left then
    json_values: int = (
        1_000_000  # in one JSON body: a small text must not become gigabytes of objects
    )


DEFAULT = Limits()


@final
@dataclass(frozen=True)
class Order:
    """Where to serve, and who may come. Port 0 takes any that is free; `threads` is for each worker; the
    model is called `name`, or after its file.
    """

    host: str = "127.0.0.1"
    port: int = 8000
    workers: int = 1
    threads: int | None = None
    token: str | None = None
    allowed_hosts: tuple[str, ...] = ()
    name: str | None = None
    limits: Limits = DEFAULT
