"""The front process from its start to its end: socket, model processes, signals, the last requests."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import os
import re
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

import uvicorn

from striate.errors import CannotServe
from striate.machine import usable_threads
from striate.shipping.serving.connection import protocol
from striate.shipping.serving.counts import Counts
from striate.shipping.serving.desk import Desk
from striate.shipping.serving.guard import LOOPBACK, Doors, is_host
from striate.shipping.serving.limits import Limits, Order
from striate.shipping.serving.routes import application
from striate.shipping.serving.workers import Pool

_BACKLOG = 2048


@final
@dataclass(frozen=True)
class Serving:
    """What is told when the first picture can be answered."""

    url: str
    name: str
    card: dict[str, Any]
    runtime: str
    workers: int
    threads: int


class _Server(uvicorn.Server):
    """uvicorn without its own handling of signals: after its end it would send them once more."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def serve(model: Path, order: Order, told: Callable[[Serving], None]) -> None:
    """Serve until a signal says to end; CannotServe, or what is wrong with the model, before."""
    is_local = order.host in LOOPBACK or _is_loopback(order.host)
    if not is_local and not order.token:
        raise CannotServe(
            f"{order.host} is open to other machines, and there is no token",
            "give --token or set STRIATE_TOKEN; requests then carry `Authorization: Bearer TOKEN`",
        )
    bad = next((name for name in order.allowed_hosts if not is_host(name)), None)
    if bad is not None:
        raise CannotServe(
            f"--allowed-host {bad!r} is no name that a browser could send",
            "give a name alone, as pets.example.org, pets.example.org:8443 or [2001:db8::7]",
        )
    with contextlib.closing(listening(order.host, order.port)) as listener:
        doors = _doors(order, listener.getsockname()[1], is_local)
        asyncio.run(_run(model, order, listener, doors, told))


def _doors(order: Order, port: int, is_local: bool) -> Doors:
    """The address that is listened on is a good name too."""
    if is_local:
        own = (*LOOPBACK, order.host.lower())
        return Doors(port, order.allowed_hosts, order.token, own=own)
    host = f"[{order.host}]" if ":" in order.host else order.host
    return Doors(port, (*order.allowed_hosts, host), order.token, any_address=True)


async def _run(
    model: Path,
    order: Order,
    listener: socket.socket,
    doors: Doors,
    told: Callable[[Serving], None],
) -> None:
    counts, limits = Counts(), _within_files(order.limits)
    threads = order.threads or max(1, usable_threads() // order.workers)
    pool = Pool(model, order.workers, threads, limits, counts)
    desk = Desk(model_name(Path(order.name or model.resolve())), pool, counts, limits)
    server = _Server(
        uvicorn.Config(
            application(desk, doors),
            http=protocol(limits, counts), ws="none", lifespan="off", log_config=None, access_log=False,
            log_level="critical", server_header=False, timeout_keep_alive=int(limits.idle_s),
            backlog=_BACKLOG, h11_max_incomplete_event_size=limits.header_bytes, proxy_headers=False,
        )
    )  # fmt: skip
    ending = Ending(desk, server)
    ending.listen()
    failed = pool.start()
    running = asyncio.create_task(server.serve([listener]))
    telling = asyncio.create_task(_tell(order, listener, desk, threads, told))
    try:
        first: set[asyncio.Future[Any]] = {running, failed}
        await asyncio.wait(first, return_when=asyncio.FIRST_COMPLETED)
        if failed.done():
            raise failed.result()
        await running
    finally:
        telling.cancel()
        server.should_exit = True
        await asyncio.gather(running, telling, return_exceptions=True)
        await pool.stop()


async def _tell(
    order: Order,
    listener: socket.socket,
    desk: Desk,
    threads: int,
    told: Callable[[Serving], None],
) -> None:
    """Once, when the first model process is ready."""
    while desk.counts.card is None:
        await asyncio.sleep(0.02)
    ready = desk.counts.card
    url = address(order.host, listener.getsockname()[1])
    told(Serving(url, desk.name, ready["card"], ready["runtime"], order.workers, threads))


@final
class Ending:
    """SIGTERM: not ready at once, a moment in which new requests are still taken, then the last answers.
    Ctrl-C leaves the moment out. A second signal ends everything at once.
    """

    def __init__(self, desk: Desk, server: uvicorn.Server) -> None:
        self._desk, self._server = desk, server
        self._tasks: list[asyncio.Task[None]] = []

    def listen(self) -> None:
        """Take the signals over."""
        loop = asyncio.get_running_loop()
        for number, notice in ((signal.SIGTERM, self._desk.limits.notice_s), (signal.SIGINT, 0.0)):
            try:
                loop.add_signal_handler(number, self.begin, notice)
            except (
                NotImplementedError,
                RuntimeError,
                ValueError,
            ):  # Windows, or not the main thread
                with contextlib.suppress(ValueError):
                    signal.signal(
                        number, lambda *_, n=notice: loop.call_soon_threadsafe(self.begin, n)
                    )

    def begin(self, notice: float) -> None:
        """The first signal starts the end, the next one is impatient."""
        if self._desk.draining:
            self._server.force_exit = self._server.should_exit = True
            self._desk.pool.kill()
            return
        self._desk.draining = True
        self._tasks.append(asyncio.get_running_loop().create_task(self._drain(notice)))

    async def _drain(self, notice: float) -> None:
        until = time.monotonic() + self._desk.limits.drain_s
        await asyncio.sleep(notice)
        self._desk.closed = True
        while self._desk.asked and time.monotonic() < until - 1:
            await asyncio.sleep(0.01)
        self._server.config.timeout_graceful_shutdown = 1
        self._server.should_exit = True


def listening(host: str, port: int) -> socket.socket:
    """A socket that is bound, or a sentence about why there is none."""
    try:
        family, kind, number, _, place = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except (OSError, UnicodeError):
        told = f"{host!r} is no address of this machine"
        raise CannotServe(told, "try --host 127.0.0.1") from None
    listener = socket.socket(family, kind, number)
    try:
        if os.name == "posix":  # elsewhere it would let two servers share a port
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(place)
        listener.listen(_BACKLOG)  # at once, so that who comes early waits instead of being refused
        listener.setblocking(False)
    except OSError as fault:
        listener.close()
        raise _no_socket(host, port, fault) from None
    return listener


def _no_socket(host: str, port: int, fault: OSError) -> CannotServe:
    reason = fault.strerror or str(fault)
    if fault.errno in (98, 48, 10048):  # Linux, macOS, Windows
        reason = "another program uses that port"
    return CannotServe(
        f"{host}:{port} cannot be listened on: {reason}",
        "choose another: --port 8001, or 0 for any",
    )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def address(host: str, port: int) -> str:
    """What a person types; a server that listens everywhere is at least here."""
    everywhere = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}  # noqa: S104 only compared with
    shown = everywhere.get(host, host)
    return f"http://[{shown}]:{port}/" if ":" in shown else f"http://{shown}:{port}/"


def model_name(path: Path) -> str:
    """The name of a model in routes: that of its file or folder, in letters that need no escaping."""
    stem = path.stem if path.suffix in (".onnx", ".striate") else path.name
    return re.sub(r"[^A-Za-z0-9._-]+", "-", stem).strip("-.") or "model"


def _within_files(limits: Limits) -> Limits:
    """No more connections than the system has handles for."""
    if sys.platform == "win32":
        return limits
    import resource
    from dataclasses import replace

    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return replace(limits, connections=max(16, min(limits.connections, soft - 128)))
