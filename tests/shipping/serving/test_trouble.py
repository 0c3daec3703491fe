"""While some do their worst, or too many come at once, a good client is answered."""

from __future__ import annotations

import contextlib
import http.client
import itertools
import os
import signal
import socket
import struct
import threading
import time
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from striate.pictures.files import to_jpeg
from striate.shipping.serving.limits import Limits
from tests.shipping.serving import served
from tests.shipping.serving.served import HANG_S, Served, received
from tests.verbs import made

HEAD = b"POST /predict HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nContent-Type: image/jpeg\r\n"


def bombs() -> list[bytes]:
    """Small files that say they are enormous, in the formats that are read."""
    side = 60_000
    chunk = b"IHDR" + struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    body = b"IDAT" + zlib.compress(bytes(10**6))
    png = b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(one) - 4) + one + struct.pack(">I", zlib.crc32(one))
        for one in (chunk, body)
    )
    gif = b"GIF89a" + struct.pack("<HHBBB", side, side, 0, 0, 0)
    gif += b"," + struct.pack("<HHHHB", 0, 0, side, side, 0) + b"\x02\x02\x4c\x01\x00;"
    bmp = b"BM" + struct.pack(
        "<IHHIIiiHHIIiiII", 10**6, 0, 0, 54, 40, side, side, 1, 24, 0, 0, 0, 0, 0, 0
    )
    small = served.pictures()[0]
    at = next(i for i in range(len(small)) if small[i : i + 2] in (b"\xff\xc0", b"\xff\xc2"))
    jpeg = small[: at + 5] + struct.pack(">HH", side, side) + small[at + 9 :]
    return [png, gif, bmp + bytes(1000), jpeg]


def status(answer: bytes) -> int:
    """The first status of a raw answer; 0 where the connection broke first."""
    return int(answer.split()[1]) if answer.startswith(b"HTTP/1.1 ") else 0


def large_body(server: Served) -> bool:
    """64 MB that are said beforehand, all of them sent."""
    head = HEAD % server.port + b"Content-Length: 67108864\r\n\r\n"
    return status(server.raw(head + bytes(2**26))) in (0, 413)


def large_chunks(server: Served) -> bool:
    """64 MB in chunks that nobody announced."""
    chunk = b"10000\r\n" + bytes(65536) + b"\r\n"
    with socket.create_connection(("127.0.0.1", server.port), timeout=HANG_S) as link:
        with contextlib.suppress(OSError):
            link.sendall(HEAD % server.port + b"Transfer-Encoding: chunked\r\n\r\n")
            for _ in range(1024):
                link.sendall(chunk)
        return status(received(link)) in (0, 413)


def many_chunks(server: Served) -> bool:
    """65,537 chunks of a byte."""
    head = HEAD % server.port + b"Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
    told = status(server.raw(head + b"1\r\nx\r\n" * 65_537 + b"0\r\n\r\n", HANG_S))
    return told in (408, 422, 503)  # 408: on a machine so slow that it did not arrive in time


def many_parts(server: Served) -> bool:
    """10,000 parts, then a flood of what nearly is a boundary of 100 letters."""
    body, kind = served.form(*[("a", b"x")] * 10_000)
    edge = "b" * 100
    flood = f"--{edge}\r\n\r\n".encode() + f"\r\n--{edge[:-1]}".encode() * 20_000
    told = [
        server.post(body, content_type=kind).status,
        server.post(flood, content_type=f"multipart/form-data; boundary={edge}").status,
    ]
    return told[0] in (413, 503) and told[1] in (400, 413, 422, 503)


def all_bombs(server: Served) -> bool:
    """Each is a picture that cannot be read."""
    return all(server.post(one).status in (422, 503) for one in bombs())


def slow_ones(server: Served) -> bool:
    """Fifty connections that send a byte now and then."""
    links = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(50)]
    for byte in (b"POST /predict HTTP/1.1\r\nHo", b"s", b"t"):
        for link in links:
            with contextlib.suppress(OSError):
                link.sendall(byte)
        time.sleep(0.2)
    for link in links:
        link.close()
    return True


TROUBLES = (large_body, large_chunks, many_chunks, many_parts, all_bombs, slow_ones)


def troubled(server: Served, seconds: float) -> tuple[list[str], list[int], list[float]]:
    """Every trouble again and again beside a client that asks 20 times a second: what of the troubles was
    not refused, what the client got, and in which time.
    """
    until = time.monotonic() + seconds
    wrong: list[str] = []

    def go_on(trouble: Callable[[Served], bool]) -> None:
        while True:
            if not trouble(server):
                wrong.append(trouble.__name__)
            if time.monotonic() >= until:
                return
            time.sleep(1.0)  # what is tried is the server, not how fast this process makes trouble

    crew = [threading.Thread(target=go_on, args=(one,)) for one in TROUBLES]
    for thread in crew:
        thread.start()
    got: list[int] = []
    times: list[float] = []
    while time.monotonic() < until or any(thread.is_alive() for thread in crew):
        began = time.monotonic()
        got.append(server.post(served.pictures()[0]).status)
        times.append(time.monotonic() - began)
        time.sleep(max(0.0, 0.05 - times[-1]))
    for thread in crew:
        thread.join()
    return wrong, got, times


def resident(server: Served) -> int:
    """Bytes of memory of all its processes."""
    numbers = [server.process.pid, *server.models()]
    text = [Path(f"/proc/{number}/statm").read_text() for number in numbers]
    return sum(int(one.split()[1]) * 4096 for one in text)


def test_a_good_client_sees_no_failure_while_others_do_their_worst() -> None:
    wrong, got, _ = troubled(served.photos(), 0.0)
    assert wrong == []
    assert set(got) == {200}
    # Those who went away before their answer are let go a moment later.
    served.photos().until(lambda: served.photos().count("striate_bytes_in_hand") == 0)


def test_the_bombs_of_the_collection_are_pictures_that_cannot_be_read(data: Path) -> None:
    with zipfile.ZipFile(data / "badimages" / "badimages.zip") as held:
        files = {name: held.read(name) for name in held.namelist() if "bomb" in name}
    assert len(files) >= 14
    found = {name: served.photos().post(one).status for name, one in files.items()}
    small = "pillow/decompression_bomb_extents.gif"  # 100 x 100 pixels, whatever its frames say
    assert {name for name, code in found.items() if code != 422} <= {small}, found


@pytest.mark.slow
def test_a_good_client_sees_no_failure_in_half_a_minute_of_the_worst() -> None:
    with Served(made.photos().path) as server:
        troubled(server, 0.0)
        before = resident(server)
        wrong, got, _ = troubled(server, 30.0)
        assert wrong == []
        assert set(got) == {200}
        assert len(got) >= 10  # how many there are is a matter of the machine
        assert resident(server) - before < 100 * 2**20


class Load(NamedTuple):
    """Statuses, waits in seconds and whether a refusal said when to come again; one of each request."""

    statuses: list[int]
    waits: list[float]
    polite: list[bool]


def offered(
    server: Served, picture: bytes, clients: int, due: Iterator[float] | None, seconds: float
) -> Load:
    """Requests of many clients: one behind the other, or each when it is `due`, whoever else still waits."""
    found, lock, began = Load([], [], []), threading.Lock(), time.monotonic()

    def one() -> None:
        link = http.client.HTTPConnection("127.0.0.1", server.port, timeout=HANG_S)
        while True:
            with lock:
                at = next(due, seconds) if due else time.monotonic() - began
            if at >= seconds:
                break
            time.sleep(max(0.0, began + at - time.monotonic()))
            sent = time.monotonic()
            link.request("POST", "/predict", picture, {"content-type": "image/jpeg"})
            answer = link.getresponse()
            answer.read()
            with lock:
                found.statuses.append(answer.status)
                found.waits.append(time.monotonic() - sent)
                found.polite.append(answer.getheader("retry-after") is not None)
        link.close()

    crew = [threading.Thread(target=one) for _ in range(clients)]
    for thread in crew:
        thread.start()
    for thread in crew:
        thread.join()
    return found


def overloaded(seconds: float, slow: int) -> None:
    """Capacity first, then three times that beside slow connections, then a client alone."""
    picture = to_jpeg(
        np.full((2500, 2500, 3), 90, np.uint8)
    )  # a picture that takes the server longer than us
    limits, trial = Limits(queue=24), min(seconds, 5.0)
    with Served(made.photos().path, limits) as server:
        usual = offered(server, picture, 8, None, trial)
        assert set(usual.statuses) == {200}
        rate = 3 * len(usual.statuses) / trial
        seconds = max(seconds, 60 / rate)  # more than wait, also on a slow machine
        links = [socket.create_connection(("127.0.0.1", server.port), HANG_S) for _ in range(slow)]
        for link in links:
            link.sendall(b"POST /predict HTTP/1.1\r\nHo")
        most, stop = [0.0], threading.Event()

        def watch() -> None:
            while not stop.wait(0.05):
                most.append(server.count("striate_queue_pictures"))

        watching = threading.Thread(target=watch)
        watching.start()
        due = (i / rate for i in itertools.count())
        # The machine is busy elsewhere for a moment: so the queue fills up, whoever is quicker here.
        before, number = server.count("striate_refused_total"), served.pause(server)

        def go_on() -> None:
            server.until(lambda: server.count("striate_refused_total") > before)
            os.kill(number, signal.SIGCONT)

        going_on = threading.Thread(target=go_on)
        going_on.start()
        found = offered(server, picture, 96, due, seconds)
        going_on.join()
        stop.set()
        watching.join()
        assert abs(len(found.statuses) - rate * seconds) <= 1
        assert set(found.statuses) == {200, 503}
        assert all(p for p, code in zip(found.polite, found.statuses, strict=True) if code == 503)
        assert max(most) <= limits.queue
        served_in = [w for w, code in zip(found.waits, found.statuses, strict=True) if code == 200]
        assert max(served_in) < limits.deadline_s
        assert server.count("striate_queue_pictures") == 0
        assert [server.post(picture).status for _ in range(5)] == [200] * 5
        assert server.ready()
        for link in links:  # headers that never end were cut off after ten seconds
            assert status(received(link)) in (0, 408)
            link.close()


def test_three_times_the_load_is_refused_politely_and_then_all_is_well() -> None:
    overloaded(1.0, 0)


@pytest.mark.slow
def test_a_minute_of_three_times_the_load_beside_five_hundred_slow_connections() -> None:
    overloaded(60.0, 500)
