"""A real server in a process of its own, and small clients that can misbehave."""

from __future__ import annotations

import atexit
import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from striate.shipping.serving.limits import Limits
from tests.conftest import ROOT, environment
from tests.verbs import made

HANG_S = 60.0  # nothing here takes so long; a test that waits for it has failed


class Answer(NamedTuple):
    """A response."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """Its JSON."""
        return json.loads(self.body)


class Served:
    """The server process; `with Served(model) as server:` ends it."""

    def __init__(self, model: Path, limits: Limits | None = None, **wanted: Any) -> None:
        order = {"model": str(model), "limits": asdict(limits or Limits()), **wanted}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.shipping.serving.server_job", json.dumps(order)],
            stdout=subprocess.PIPE,
            cwd=ROOT,
            env=environment() | {"OMP_NUM_THREADS": "1"},
            text=True,
        )
        self.port = int(self._line() or 0)

    def _line(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def wait_ready(self) -> Served:
        """Until it has told its address."""
        assert self._line() == "ready"
        return self

    def __enter__(self) -> Served:
        return self.wait_ready()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """At once."""
        self.process.kill()
        self.process.wait()
        if self.process.stdout is not None:
            self.process.stdout.close()

    def ask(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: dict[str, str] | None = None,
        timeout: float = HANG_S,
    ) -> Answer:
        """One request on a connection of its own."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            connection.request(method, path, body, headers or {})
            found = connection.getresponse()
            return Answer(found.status, {k.lower(): v for k, v in found.getheaders()}, found.read())
        finally:
            connection.close()

    def post(self, body: bytes, path: str = "/predict", **headers: str) -> Answer:
        """A picture."""
        named = {k.replace("_", "-"): v for k, v in headers.items()}
        return self.ask("POST", path, body, {"content-type": "image/jpeg"} | named)

    def raw(self, data: bytes, until: float = 5.0) -> bytes:
        """Whatever comes back for these bytes until the server closes, or for `until` seconds."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=until) as link:
            with contextlib.suppress(OSError):
                link.sendall(data)
            return received(link)

    def models(self) -> list[int]:
        """The process ids of its model processes."""
        told = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        return [int(word) for word in told.split()]

    def count(self, name: str) -> float:
        """The sum of a counter over its labels."""
        text = self.ask("GET", "/metrics").body.decode()
        lines = [line for line in text.splitlines() if line.startswith((f"{name}{{", f"{name} "))]
        return sum(float(line.rpartition(" ")[2]) for line in lines)

    def until(self, what: Any, seconds: float = HANG_S) -> float:
        """Wait for something, and say how long that took."""
        began = time.monotonic()
        while not what():
            assert time.monotonic() - began < seconds, "it never happened"
            time.sleep(0.02)
        return time.monotonic() - began

    def ready(self) -> bool:
        """What its health route says."""
        with contextlib.suppress(OSError, http.client.HTTPException):  # it may have no room, or end
            return self.ask("GET", "/health/ready").status == 200
        return False


def received(link: socket.socket) -> bytes:
    """Everything until the end of a connection."""
    found = b""
    try:
        while piece := link.recv(65536):
            found += piece
    except OSError:
        pass
    return found


def form(*files: tuple[str, bytes], boundary: str = "x-boundary-x") -> tuple[bytes, str]:
    """A multipart body and its content type."""
    pieces = b"".join(
        f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n'
        f"Content-Type: image/jpeg\r\n\r\n".encode()
        + data
        + b"\r\n"
        for name, data in files
    )
    return pieces + f"--{boundary}--\r\n".encode(), f"multipart/form-data; boundary={boundary}"


@cache
def photos() -> Served:
    """One server for many tests, of cats and dogs. No test may harm it."""
    server = Served(made.photos().path).wait_ready()
    atexit.register(server.stop)
    return server


@cache
def pictures() -> tuple[bytes, ...]:
    """JPEG files."""
    return tuple(path.read_bytes() for path in sorted(made.photographs().rglob("*.jpg")))


def pause(server: Served) -> int:
    """Stop its model process, as a machine that is overloaded does; its number."""
    (number,) = server.models()
    os.kill(number, signal.SIGSTOP)
    return number
