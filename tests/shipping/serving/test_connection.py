"""Large, slow and many: a connection has bounds, and other clients do not notice."""

from __future__ import annotations

import asyncio
import select
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from striate.shipping.serving.connection import Closing
from striate.shipping.serving.limits import Limits
from tests.shipping.serving import served
from tests.shipping.serving.served import HANG_S, Served, received
from tests.verbs import made

HEAD = b"POST /predict HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nContent-Type: image/jpeg\r\n"
QUICK = Limits(headers_s=0.6, body_s=0.6, idle_s=1.0, connections=40)


@pytest.fixture(scope="module")
def quick() -> Iterator[Served]:
    with Served(made.photos().path, QUICK) as server:
        yield server


def status(answer: bytes) -> int:
    """The first status of a raw answer; 0 where there is none."""
    return int(answer.split()[1]) if answer.startswith(b"HTTP/1.1 ") else 0


def test_a_body_that_says_it_is_too_large_is_refused_unread() -> None:
    server, times = served.photos(), list[float]()
    for _ in range(20):  # the best of them is the server's doing, the others may be the machine's
        with socket.create_connection(("127.0.0.1", server.port), timeout=HANG_S) as link:
            began = time.monotonic()
            link.sendall(HEAD % server.port + b"Content-Length: 67108864\r\n\r\n")
            answer = link.recv(65536)
            times.append(time.monotonic() - began)
        assert status(answer) == 413
        assert b"16 MiB" in answer
    assert min(times) < 0.05


def test_a_client_that_sends_all_of_it_first_still_reads_why() -> None:
    server = served.photos()
    answer = server.raw(HEAD % server.port + b"Content-Length: 33554432\r\n\r\n" + bytes(2**25))
    assert status(answer) == 413


def test_a_chunked_body_is_counted_and_refused_at_the_limit() -> None:
    server = served.photos()
    chunk, least = b"10000\r\n" + bytes(65536) + b"\r\n", 16 * 2**20
    with socket.create_connection(("127.0.0.1", server.port), timeout=HANG_S) as link:
        link.sendall(HEAD % server.port + b"Transfer-Encoding: chunked\r\n\r\n")
        for _ in range(least // 65536 + 1):
            link.sendall(chunk)
        answer = link.recv(65536)  # though the body has no end
    assert status(answer) == 413
    assert server.count("striate_bytes_in_hand") == 0


def test_many_small_chunks_are_one_body() -> None:
    server = served.photos()
    picture = served.pictures()[0]
    chunks = b"".join(b"1\r\n%c\r\n" % byte for byte in picture)
    head = HEAD % server.port + b"Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
    assert status(server.raw(head + chunks + b"0\r\n\r\n", 20)) == 200


def test_a_compressed_body_is_not_unpacked() -> None:
    found = served.photos().post(b"\x1f\x8b" + bytes(100), content_encoding="gzip")
    assert found.status == 415


def test_ten_thousand_parts_are_refused_at_once() -> None:
    body, kind = served.form(*[("a", b"x")] * 10_000)
    found = served.photos().post(body, content_type=kind)
    assert found.status == 413
    assert "at most 64 pictures" in found.json["error"]


def test_headers_without_end_are_refused() -> None:
    server = served.photos()
    for name in (b"X-A: " + b"b" * 40_000, b"\r\n".join(b"X-%d: y" % i for i in range(5000))):
        assert status(server.raw(b"GET /card HTTP/1.1\r\n" + name + b"\r\n\r\n")) in (400, 431)


@pytest.mark.parametrize("start", [b"", b"GET / HT", HEAD % 1 + b"Content-Length: 999\r\n\r\nabc"])
def test_a_slow_client_is_closed_when_its_time_is_over(quick: Served, start: bytes) -> None:
    began = time.monotonic()  # before the server's own time can begin
    with socket.create_connection(("127.0.0.1", quick.port), timeout=HANG_S) as link:
        if start:
            link.sendall(start.replace(b":1\r", b":%d\r" % quick.port))
        stop = threading.Event()

        def drip() -> None:
            while start and not stop.wait(0.1):
                try:
                    link.sendall(b"x")
                except OSError:
                    return

        dripping = threading.Thread(target=drip)
        dripping.start()
        answer = received(link)
        spent = time.monotonic() - began
        stop.set()
        dripping.join()
    assert 0.5 < spent < HANG_S
    assert status(answer) in (0, 408)


def test_a_connection_without_a_further_request_is_closed(quick: Served) -> None:
    request = b"GET /health/live HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n\r\n" % quick.port
    assert status(quick.raw(request, HANG_S)) == 200


def test_beyond_the_cap_connections_are_turned_away_and_come_in_later(quick: Served) -> None:
    def is_turned_away() -> bool:
        """Again and again: on a slow machine the first ones may be closed before the last has come."""
        place, number = ("127.0.0.1", quick.port), QUICK.connections
        links = [socket.create_connection(place) for _ in range(number)]
        try:
            return status(quick.raw(b"")) == 503
        finally:
            for link in links:
                link.close()

    quick.until(is_turned_away)
    quick.until(quick.ready)
    assert quick.count("striate_refused_total") > 0


class Unread:
    """A transport whose client takes nothing of what is written."""

    def __init__(self) -> None:
        self.is_closed, self.is_aborted = False, asyncio.Event()

    def close(self) -> None:
        self.is_closed = True

    def abort(self) -> None:
        self.is_aborted.set()

    def get_write_buffer_size(self) -> int:
        return 1

    def can_write_eof(self) -> bool:
        return False


@pytest.mark.parametrize("way", ["close", "abort"])
def test_a_client_that_never_reads_its_answer_does_not_keep_the_connection(way: str) -> None:
    async def closed() -> None:
        transport, limits = Unread(), Limits(idle_s=0.01)
        owner: Any = SimpleNamespace(limits=limits, body_is_missing=True, cycle=None)
        getattr(Closing(transport, owner), way)()  # type: ignore[arg-type]
        assert transport.is_closed
        await asyncio.wait_for(transport.is_aborted.wait(), HANG_S)

    asyncio.run(closed())


def _crowd(server: Served, slow: int, closed: bool) -> int:
    """Slow clients, and one that asks 20 times, or until the others are `closed`; how often it failed."""
    links = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(slow)]
    for link in links:
        link.sendall(b"POST /predict HTTP/1.1\r\nHost: x\r\nContent-Le")
    failed = asked = 0
    began = time.monotonic()
    waiting = set(links)
    while asked < 20 or (closed and waiting and time.monotonic() - began < HANG_S):
        failed += server.post(served.pictures()[0]).status != 200
        asked += 1
        for link in select.select(list(waiting), [], [], 0.05)[0]:
            received(link)  # the server has said why, and closed it
            waiting.remove(link)
    for link in links:
        link.close()
    assert not closed or not waiting
    return failed


def test_a_good_client_sees_nothing_of_slow_ones() -> None:
    assert _crowd(served.photos(), 100, closed=False) == 0


@pytest.mark.slow
def test_five_hundred_slow_clients_are_closed_after_ten_seconds() -> None:
    server = served.photos()
    before = server.count("striate_refused_total")
    assert _crowd(server, 500, closed=True) == 0
    assert server.count("striate_refused_total") - before == 500


@pytest.mark.slow
def test_memory_stays_bounded_under_large_bodies_and_bombs() -> None:
    server = served.photos()

    def resident() -> int:
        numbers = [server.process.pid, *server.models()]
        text = [Path(f"/proc/{number}/statm").read_text() for number in numbers]
        return sum(int(one.split()[1]) * 4096 for one in text)

    server.post(bytes(2**24 - 10))
    before = resident()
    for _ in range(20):
        server.post(bytes(2**24 - 10))
        body, kind = served.form(*[("a", bytes(2**20))] * 15)
        server.post(body, content_type=kind)
    assert resident() - before < 100 * 2**20
