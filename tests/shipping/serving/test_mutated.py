"""Broken requests: no answer is 500, none takes for ever, and the server stays as it was."""

from __future__ import annotations

import contextlib
import os
import random
import socket
from pathlib import Path

import pytest

from tests.shipping.serving import served
from tests.shipping.serving.test_guard import VERBS, routes

HANGS_S = 5.0
ODD = b'\r\n: \0\xff%;="\\/?#-{}[]0A'


def seeds(port: int) -> list[bytes]:
    """Whole requests of every kind."""
    picture = served.pictures()[0]
    body, kind = served.form(("a.jpg", picture), ("b.jpg", picture[:200]))
    host = f"Host: 127.0.0.1:{port}\r\n"

    def made(first: str, data: bytes = b"", more: str = "") -> bytes:
        length = f"Content-Length: {len(data)}\r\n" if data else ""
        return f"{first} HTTP/1.1\r\n{host}{more}{length}\r\n".encode() + data

    tensor = b'{"inputs":[{"name":"image","datatype":"UINT8","shape":[1,1,1,3],"data":[1,2,3]}]}'
    chunked = b"5\r\n12345\r\n0\r\n\r\n"
    return [
        made("POST /predict?top=2", picture),
        made("POST /predict", body, f"Content-Type: {kind}\r\n"),
        made("POST /v2/models/photos/infer", tensor),
        made(
            "POST /v2/models/photos/infer",
            tensor + b"\x03",
            "Inference-Header-Content-Length: 81\r\n",
        ),
        made("POST /seen", more="Transfer-Encoding: chunked\r\n") + chunked,
        *(made(f"{verb} {path}") for verb in VERBS for path in routes()[:6]),
    ]


def mutant(draw: random.Random, seed: bytes) -> bytes:
    """A few bytes changed, left out or doubled; mostly in the headers, where parsers differ."""
    data = bytearray(seed)
    for _ in range(draw.randint(1, 6)):
        at = draw.randrange(min(len(data), 400) if draw.random() < 0.8 else len(data))
        kind = draw.randrange(4)
        if kind == 0:
            data[at] = draw.choice(ODD)
        elif kind == 1:
            data[at:at] = bytes(draw.choice(ODD) for _ in range(draw.randint(1, 4)))
        elif kind == 2:
            del data[at : at + draw.randint(1, 20)]
        else:
            data[at:at] = data[at : at + draw.randint(1, 60)]
        if not data:
            data = bytearray(b"\r\n")
    return bytes(data)


def answered(port: int, data: bytes) -> int | None:
    """The status of the answer, 0 where there is none, None where the connection does not end."""
    answer = b""
    with socket.create_connection(("127.0.0.1", port), timeout=HANGS_S) as link:
        with contextlib.suppress(OSError):  # it may be closed before all is sent
            link.sendall(data)
            link.shutdown(socket.SHUT_WR)
        try:
            while piece := link.recv(65536):
                answer += piece
        except TimeoutError:
            return None
        except OSError:
            pass
    return int(answer.split()[1]) if answer.startswith(b"HTTP/1.1 ") else 0


def attack(requests: list[bytes]) -> dict[int, int]:
    """How often each status came back; 0 for a connection that was closed without one."""
    server, found = served.photos(), dict[int, int]()
    for data in requests:
        status = answered(server.port, data)
        if status is None:  # the machine may have been busy; a hang is one every time
            status = answered(server.port, data)
        assert status is not None, f"no end within {HANGS_S} s: {data[:400]!r}"
        assert status != 500, data[:400]
        found[status] = found.get(status, 0) + 1
    assert server.post(served.pictures()[0]).status == 200
    return found


def test_mutated_requests_are_never_a_fault_of_the_server() -> None:
    draw = random.Random(7)
    base = seeds(served.photos().port)
    found = attack(base + [mutant(draw, draw.choice(base)) for _ in range(600)])
    assert found[400] > 50


@pytest.mark.slow
def test_a_hundred_thousand_mutants_change_nothing() -> None:
    server, draw = served.photos(), random.Random(8)
    base = seeds(server.port) + corpus()

    def memory() -> int:
        pages = [
            Path(f"/proc/{one}/statm").read_text().split()[1]
            for one in (server.process.pid, *server.models())
        ]
        return sum(int(one) * 4096 for one in pages)

    attack([mutant(draw, draw.choice(base)) for _ in range(1000)])
    before = memory()
    attack([mutant(draw, draw.choice(base)) for _ in range(100_000)])
    assert memory() - before < 50 * 2**20


def corpus() -> list[bytes]:
    """Requests and forms of go-fuzz's corpus, where the shared data has them."""
    root = Path(os.environ.get("STRIATE_DATA", "")) / "badimages" / "go-fuzz"
    named = [
        p for kind in ("httpreq", "multipart") for p in root.rglob(f"*{kind}*/**/*") if p.is_file()
    ]
    return [path.read_bytes()[:65536] for path in sorted(named)]
