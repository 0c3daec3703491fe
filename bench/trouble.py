"""How fast a server refuses, recovers and comes back, on this machine.

    python -m bench.trouble [-o results.json]

A network of random weights is served in a process of its own. Nothing is asserted: tests do that.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import io
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from bench.predict import Figure, exported, told
from bench.ships import free_port, until_it_answers
from striate.machine import cpu_model, usable_threads

CALM_S, TROUBLED_S, CLIENTS = 4.0, 8.0, 32
BODY, QUEUE = bytes(64 << 20), 256


class Server:
    """`striate serve` as a user starts it; `with Server(model) as server:` ends it."""

    def __init__(self, model: Path) -> None:
        self.port = free_port()
        command = [sys.executable, "-m", "striate", "serve", str(model), "--port", str(self.port)]
        quiet = subprocess.DEVNULL
        self.process = subprocess.Popen(command, stdout=quiet, stderr=quiet)

    def __enter__(self) -> Server:
        until_it_answers(self.process, self.port)
        return self

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        self.process.wait(60)

    def ask(self, verb: str, path: str, body: bytes | None = None) -> tuple[int, float]:
        """Status, 0 where the connection broke, and milliseconds."""
        link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        begun = time.perf_counter()
        status = 0
        with contextlib.suppress(OSError, http.client.HTTPException):
            link.request(verb, path, body, {"content-type": "image/jpeg"})
            status = link.getresponse().status
        link.close()
        return status, (time.perf_counter() - begun) * 1000

    def models(self) -> list[int]:
        """The process ids of its model processes."""
        place = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return [int(one) for one in place.read_text().split()]

    def until(self, status: int) -> float:
        """Milliseconds until its health says so."""
        begun = time.perf_counter()
        while self.ask("GET", "/health/ready")[0] != status and time.perf_counter() - begun < 60:
            time.sleep(0.01)
        return (time.perf_counter() - begun) * 1000


def file_of(side: int, kind: str) -> bytes:
    """A grey picture."""
    held = io.BytesIO()
    Image.new("L", (side, side), 90).save(held, kind)
    return held.getvalue()


def p99(times: list[float]) -> float:
    """Nearest rank."""
    return sorted(times)[min(len(times) - 1, int(0.99 * len(times)))]


def steady(server: Server, picture: bytes, seconds: float) -> list[tuple[int, float]]:
    """A client that asks twenty times a second."""
    found, until = [], time.perf_counter() + seconds
    while time.perf_counter() < until:
        found.append(server.ask("POST", "/predict", picture))
        time.sleep(max(0.0, 0.05 - found[-1][1] / 1000))
    return found


def beside(ways: list[Callable[[], Any]], asked: Callable[[], Any]) -> Any:
    """What `asked` gives while each of the ways goes on again and again."""
    stop = threading.Event()

    def go_on(way: Callable[[], Any]) -> None:
        while not stop.is_set():
            way()

    crew = [threading.Thread(target=go_on, args=(way,)) for way in ways]
    for one in crew:
        one.start()
    try:
        return asked()
    finally:
        stop.set()
        for one in crew:
            one.join()


def rows() -> Iterator[Figure]:
    """Every figure, as soon as it is there."""
    with tempfile.TemporaryDirectory(prefix="striate-bench-trouble-") as held:
        model = network(Path(held))
        picture, bomb = file_of(256, "JPEG"), file_of(9000, "PNG")
        with Server(model) as server:
            for _ in range(20):
                server.ask("POST", "/predict", picture)
            bombs = [server.ask("POST", "/predict", bomb)[1] for _ in range(15)]
            yield Figure(
                "a picture of 81 megapixels is refused", p99(bombs), "ms", 100, least=False
            )
            calm = steady(server, picture, CALM_S)

            def large() -> None:
                server.ask("POST", "/predict", BODY)
                time.sleep(1.0)  # the server is tried, not how fast this process makes trouble

            def small() -> None:
                server.ask("POST", "/predict", bomb)
                time.sleep(0.2)

            troubled = beside([large, small], lambda: steady(server, picture, TROUBLED_S))
            failed = sum(status != 200 for status, _ in troubled)
            yield Figure("20/s beside 64 MB bodies and bombs: failures", failed, "", 0, least=False)
            ratio = p99([ms for _, ms in troubled]) / p99([ms for _, ms in calm])
            yield Figure("20/s beside them: p99 / p99 alone", ratio, "x", 2, least=False)
            yield from overloaded(server, picture)
            yield killed(server)
            server.process.send_signal(signal.SIGTERM)
            yield Figure("SIGTERM: not ready after", server.until(503), "ms", 100, least=False)


def overloaded(server: Server, picture: bytes) -> Iterator[Figure]:
    """The queue is filled while the model process stands still."""
    (number, *_) = server.models()
    os.kill(number, signal.SIGSTOP)
    crew = [
        threading.Thread(target=server.ask, args=("POST", "/predict", picture))
        for _ in range(QUEUE)
    ]
    for one in crew:
        one.start()
    time.sleep(1.0)
    found = [server.ask("POST", "/predict", picture) for _ in range(100)]
    os.kill(number, signal.SIGCONT)
    begun = time.perf_counter()
    for one in crew:
        one.join()
    while server.ask("POST", "/predict", picture)[0] != 200:
        time.sleep(0.02)
    spent = time.perf_counter() - begun
    times = [ms for status, ms in found if status == 503]
    what = "a full queue refuses: p99"
    yield (
        Figure(what, p99(times), "ms", 50, least=False)
        if times
        else Figure(what, None, "", note="not measured: the queue was not full")
    )
    yield Figure("after an overload all is well again in", spent, "s", 5, least=False)


def killed(server: Server) -> Figure:
    """Until a model process that was killed is back: the median of three."""
    spent = []
    for _ in range(3):
        os.kill(server.models()[0], signal.SIGKILL)
        server.until(503)
        spent.append(server.until(200) / 1000)
    what = "a killed model process is back after"
    return Figure(what, statistics.median(spent), "s", 5, least=False)


def network(folder: Path) -> Path:
    """MobileNetV2 with random weights."""
    picture = folder / "grey.jpg"
    Image.fromarray(np.full((256, 256, 3), 90, np.uint8)).save(picture)
    return exported("mobilenet_v2", [str(picture)] * 4, folder)["fp32"]


def main() -> int:
    """Print each figure when it is there; a missed aim is marked, and is no failure."""
    parser = argparse.ArgumentParser(prog="python -m bench.trouble")
    parser.add_argument("-o", "--output", type=Path, help="the figures as JSON")
    parser.add_argument("--quick", action="store_true", help="the same: it takes half a minute")
    given = parser.parse_args()
    print(f"{cpu_model()}, {usable_threads()} threads", flush=True)
    told(rows(), given.output)
    return 0


if __name__ == "__main__":
    sys.exit(main())
