"""The front process's side of the model processes: start them, share work out, and start them again."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple, final

from striate import errors
from striate.errors import StriateError
from striate.shipping.serving import frames
from striate.shipping.serving.counts import Counts
from striate.shipping.serving.limits import Limits

_PIPE_SIZE, _PIPE_BYTES = 1031, 2**20  # F_SETPIPE_SZ of Linux; a picture should fit in one write
_PAUSES = (0.0, 0.5, 1.0, 2.0, 4.0)  # before starting again what does not come up


class Reply(NamedTuple):
    """What a model process said of one request."""

    head: dict[str, Any]
    body: bytes


class Refused(Exception):
    """A request that gets no answer: its code, the reason for the counters, and a sentence."""

    def __init__(self, status: int, reason: str, text: str) -> None:
        super().__init__(text)
        self.status, self.reason, self.text = status, reason, text


def _gone() -> Refused:
    return Refused(503, "model_gone", "the process that had this picture ended: ask again")


@final
class Worker:
    """One model process after another, and what it has in hand."""

    def __init__(self, command: Sequence[str], counts: Counts) -> None:
        self._command, self._counts = command, counts
        self._process: asyncio.subprocess.Process | None = None
        self.waiting: dict[int, asyncio.Future[Reply]] = {}
        self.pictures = 0
        self.ready = self.was_up = False
        self.heard = 0.0  # when it last said something
        self.pid: int | None = None

    async def once(self) -> dict[str, Any] | None:
        """Start the process and pass its answers on until it ends; what it said if it failed to load."""
        self.was_up = False
        try:
            self._process = await asyncio.create_subprocess_exec(
                *self._command,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                env=_environment(),
                start_new_session=os.name == "posix",  # Ctrl-C is for the front process alone
            )
        except OSError as fault:  # no memory or no handles now; there may be some in a moment
            return {
                "text": f"the process of the model cannot be started: {fault.strerror or fault}"
            }
        self.pid = self._process.pid
        _widened(self._process)
        failed = None
        try:
            stream = self._process.stdout
            while stream is not None and (found := await frames.arrived(stream)) is not None:
                head, body = found
                self.heard = time.monotonic()
                if "do" not in head:
                    self._pass_on(head, body)
                elif head["do"] == "ready":
                    self.ready = self.was_up = True
                    self._counts.card = head
                else:
                    failed = head
        except (ValueError, TypeError, KeyError):  # a process that is damaged may write anything
            failed = None
        finally:
            self.ready = False
            self.kill()
            await self._process.wait()
            for future in self.waiting.values():
                if not future.done():
                    future.set_exception(_gone())
            self.waiting.clear()
        return failed

    def kill(self) -> None:
        """End the process at once."""
        if self._process is not None and self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()

    def send(self, head: dict[str, Any], body: Sequence[bytes]) -> asyncio.Future[Reply]:
        """Give it a request."""
        future: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        if self._process is None or self._process.stdin is None:
            raise _gone()
        self.waiting[head["id"]] = future
        try:
            self._process.stdin.write(b"".join(frames.packed(head, *body)))
        except (ConnectionError, RuntimeError):
            del self.waiting[head["id"]]
            raise _gone() from None
        return future

    def _pass_on(self, head: dict[str, Any], body: bytes) -> None:
        future = self.waiting.pop(head["id"], None)
        if future is not None and not future.done():  # else it came after the deadline
            future.set_result(Reply(head, body))


@final
class Pool:
    """Every worker, one queue: `ask` gives the request to the one with the least in hand."""

    def __init__(
        self, path: Path, workers: int, threads: int, limits: Limits, counts: Counts
    ) -> None:
        command = (
            sys.executable, "-P", "-m", "striate.shipping.serving.model_process", str(path), str(threads)
        )  # fmt: skip
        self.workers = [Worker(command, counts) for _ in range(workers)]
        self._failure: asyncio.Future[StriateError] | None = None
        self._limits, self._counts = limits, counts
        self._tasks: list[asyncio.Task[None]] = []
        self._next = 0
        self.closing = False

    @property
    def ready(self) -> bool:
        """At least one process has its model."""
        return any(worker.ready for worker in self.workers)

    @property
    def pictures(self) -> int:
        """How many wait."""
        return sum(worker.pictures for worker in self.workers)

    def start(self) -> asyncio.Future[StriateError]:
        """Start all of them; the future is what is wrong when the model cannot be loaded at all."""
        self._failure = asyncio.get_running_loop().create_future()
        self._tasks = [asyncio.create_task(self._keep(worker)) for worker in self.workers]
        return self._failure

    async def stop(self) -> None:
        """End all of them."""
        self.closing = True
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def kill(self) -> None:
        """End them at once; who waits is told."""
        for worker in self.workers:
            worker.kill()

    def check(self, pictures: int = 1) -> None:
        """Refuse before a body is read where it could not be answered anyway."""
        if not self.ready:
            raise Refused(503, "not_ready", "the model is not loaded yet: ask again")
        if self.pictures + pictures > self._limits.queue:
            raise Refused(
                503, "queue_full", "more pictures wait than can be answered soon: ask again"
            )

    async def ask(self, head: dict[str, Any], body: Sequence[bytes], pictures: int) -> Reply:
        """The answer of a model process; `Refused` when the queue is full or the time is over."""
        self.check(pictures)
        worker = min((w for w in self.workers if w.ready), key=lambda w: w.pictures)
        self._next += 1
        head = {"id": self._next, "left": self._limits.deadline_s, **head}
        worker.pictures += pictures
        try:
            async with asyncio.timeout(self._limits.deadline_s):
                reply = await worker.send(head, body)
        except TimeoutError:
            self._suspect(worker)
            raise self._late() from None
        finally:
            worker.pictures -= pictures
            worker.waiting.pop(head["id"], None)

        if reply.head.get("late"):
            raise self._late()
        return reply

    def _late(self) -> Refused:
        return Refused(504, "deadline", f"there was no answer within {self._limits.deadline_s:g} s")

    def _suspect(self, worker: Worker) -> None:
        """A process that said nothing for as long as a request may take is stuck: it is started anew."""
        if time.monotonic() - worker.heard >= self._limits.deadline_s:
            worker.kill()

    async def _keep(self, worker: Worker) -> None:
        failures = 0
        while True:
            failed = await worker.once()
            was_up = self._counts.card is not None
            if not was_up and self._failure is not None:
                if not self._failure.done():
                    self._failure.set_result(_as_error(failed or {}))
                return
            self._counts.restarts += 1
            # One that was up comes back at once; one that cannot load is tried again with pauses.
            failures = 0 if worker.was_up else min(failures + 1, len(_PAUSES) - 1)
            await asyncio.sleep(_PAUSES[failures])


def _as_error(told: dict[str, Any]) -> StriateError:
    """The fault of the child as our own class, so that its code and exit code stay."""
    kinds = [
        kind
        for kind in vars(errors).values()
        if isinstance(kind, type) and issubclass(kind, StriateError)
    ]
    kind = next((k for k in kinds if k.code == told.get("code")), StriateError)
    made: StriateError = kind.__new__(kind)
    text = str(told.get("text") or "the process of the model ended while it was starting")
    StriateError.__init__(made, text, str(told.get("hint", "")), str(told.get("where", "")))
    return made


def _environment() -> dict[str, str]:
    """Where this very Striate is found, and NumPy without threads of its own."""
    source = str(Path(__file__).resolve().parents[3])
    paths = [source, *os.environ.get("PYTHONPATH", "").split(os.pathsep)]
    return os.environ | {
        "PYTHONPATH": os.pathsep.join(dict.fromkeys(p for p in paths if p)),
        "PYTHONUNBUFFERED": "1", "OPENBLAS_NUM_THREADS": "1",
    }  # fmt: skip


def _widened(process: asyncio.subprocess.Process) -> None:
    """A wider pipe, where the system has that; without it more and smaller writes do the same."""
    stream = process.stdin
    pipe = stream.transport.get_extra_info("pipe") if stream is not None else None
    if pipe is None or not sys.platform.startswith("linux"):
        return
    import fcntl

    with contextlib.suppress(OSError):
        fcntl.fcntl(pipe.fileno(), _PIPE_SIZE, _PIPE_BYTES)
