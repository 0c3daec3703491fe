"""Workers that prepare pictures once, in blocks, and are watched: one that dies or hangs becomes an
error that names the picture it was at, within seconds, never silence.

Processes where the system can fork (Linux): nothing is copied or imported anew, a start takes 20 ms,
and what they make they write into memory or a file that is shared. Elsewhere threads, which a decoder
lets run side by side for photographs. A process whose parent is gone ends by itself.
"""

from __future__ import annotations

import contextlib
import json
import mmap
import multiprocessing
import os
import queue
import signal
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from multiprocessing import connection
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from striate.errors import WorkerFault

# do(block, at): prepare the rows of a block, call at(row) before each, give [row, reason] of the unreadable.
Bad = list[tuple[int, str]]
Do = Callable[[int, Callable[[int], None]], Bad]
TIMEOUT_S = 10.0
_TICK_S = 0.2
_SENT = "<i8"
_AT_HAND = 2  # blocks that a process has, so that it need not wait for the next one


@final
@dataclass(frozen=True)
class Crew:
    """How many workers, how long a picture may take, and what a row is called in messages."""

    workers: int
    name: Callable[[int], str]
    timeout_s: float = TIMEOUT_S
    processes: bool = True

    def work(self, blocks: int, do: Do) -> Iterator[tuple[int, Bad]]:
        """Give (block, its unreadable rows) as blocks are done, in any order."""
        workers = min(self.workers, blocks)
        if workers < 1:
            return iter(())
        if self.processes and forks():
            return self._processes(blocks, do, workers)
        return self._threads(blocks, do, workers)

    def _processes(self, blocks: int, do: Do, workers: int) -> Iterator[tuple[int, Bad]]:
        context = multiprocessing.get_context("fork")
        now = shared((workers, 2), np.int64)  # row, and how many rows were begun
        hands: list[_Hand] = []
        left = iter(range(blocks))
        try:
            # The first is at work while the next one is started: a fork beside torch takes 20 ms and more.
            for k in range(workers):
                hands.append(_Hand(context, now[k], do))
                for _ in range(min(_AT_HAND, -(-blocks // workers))):
                    hands[k].give(next(left, None))
            watch = _Watch(self, now)
            while busy := [hand for hand in hands if hand.blocks]:
                connection.wait([hand.pipe for hand in busy], timeout=_TICK_S)
                for k, hand in enumerate(hands):
                    if not hand.blocks:
                        continue
                    done = hand.answer()
                    if done is None:
                        watch.look(k, hand)
                        continue
                    block, bad, crash = done
                    if crash:
                        raise self._fault(k, now, f"failed ({crash})")
                    hand.give(next(left, None))
                    watch.seen(k)
                    yield block, bad
        finally:
            for hand in hands:
                hand.process.kill()  # all of them first, so that they end side by side
            for hand in hands:
                hand.end()

    def _threads(self, blocks: int, do: Do, workers: int) -> Iterator[tuple[int, Bad]]:
        now = np.zeros((workers, 2), np.int64)
        left: queue.SimpleQueue[int] = queue.SimpleQueue()
        done: queue.SimpleQueue[tuple[int, int, Bad, BaseException | None]] = queue.SimpleQueue()
        for block in range(blocks):
            left.put(block)
        stop = threading.Event()
        for k in range(workers):
            run = (k, now[k], do, left, done, stop)
            threading.Thread(target=_thread, args=run, daemon=True).start()
        watch = _Watch(self, now)
        try:
            for _ in range(blocks):
                k, block, bad, crash = watch.next_of(done)
                if crash is not None:
                    raise self._fault(
                        k, now, f"failed ({type(crash).__name__}: {crash})"
                    ) from crash
                yield block, bad
        finally:
            stop.set()

    def _fault(self, k: int, now: NDArray[np.int64], what: str) -> WorkerFault:
        name = self.name(int(now[k, 0]))
        return WorkerFault(
            f"a worker {what} at the picture {name}",
            "look at this file: open it with a viewer, then remove it or try again",
            where=name,
        )


@final
class _Watch:
    """Knows since when each worker has been at its picture."""

    def __init__(self, crew: Crew, now: NDArray[np.int64]) -> None:
        self.crew, self.now = crew, now
        self.last = now[:, 1].copy()
        self.since = [time.monotonic()] * len(now)

    def seen(self, k: int) -> None:
        """This worker has just shown itself."""
        self.last[k], self.since[k] = self.now[k, 1], time.monotonic()

    def look(self, k: int, hand: _Hand | None = None) -> None:
        """Raise if this worker is gone or has been at one picture for too long."""
        if hand is not None and hand.gone:
            code = hand.process.exitcode or 0
            how = f"was ended by signal {-code}" if code < 0 else f"ended with code {code}"
            raise self.crew._fault(k, self.now, how)  # noqa: SLF001 (one idea in two classes)
        if self.now[k, 1] != self.last[k]:
            self.seen(k)
        elif time.monotonic() - self.since[k] > self.crew.timeout_s:
            waited = f"did not come on within {self.crew.timeout_s:g} seconds"
            raise self.crew._fault(k, self.now, waited)  # noqa: SLF001

    def next_of(self, done: queue.SimpleQueue[Any]) -> Any:
        """The next finished block of threads."""
        while True:
            try:
                found = done.get(timeout=_TICK_S)
            except queue.Empty:
                for k in np.flatnonzero(self.now[:, 0] >= 0):
                    self.look(int(k))
                continue
            self.seen(found[0])
            return found


@final
class _Hand:
    """One process, how many blocks it has, and the pipe to it: numbers there, JSON back."""

    def __init__(self, context: Any, now: NDArray[np.int64], do: Do) -> None:
        self.pipe, theirs = context.Pipe()
        self.blocks, self.gone = 0, False
        self.process = context.Process(
            target=_serve, args=(theirs, self.pipe, now, do, os.getpid()), daemon=True
        )
        with warnings.catch_warnings():
            # Python warns of forking beside threads: ours only decode, and a stuck one is found and named.
            warnings.simplefilter("ignore", DeprecationWarning)
            self.process.start()
        theirs.close()

    def give(self, block: int | None) -> None:
        """The next block, or None: nothing is left for it."""
        if block is not None:
            self.blocks += 1
            # Where it is gone, the watch finds that and names the picture.
            with contextlib.suppress(OSError):
                self.pipe.send_bytes(np.array(block, _SENT).tobytes())

    def answer(self) -> tuple[int, Bad, str] | None:
        """What it has finished, if anything."""
        try:
            if not self.pipe.poll():
                return None
            block, bad, crash = json.loads(self.pipe.recv_bytes())
        except (EOFError, OSError):
            self.process.join(1)
            self.gone = True
            return None
        self.blocks -= 1
        return block, [(int(row), str(why)) for row, why in bad], crash

    def end(self) -> None:
        """Kill it: what it has finished is in shared memory, and nothing else of it is wanted."""
        self.process.kill()
        self.process.join(1)
        self.pipe.close()


def _serve(pipe: Any, parents: Any, now: NDArray[np.int64], do: Do, parent: int) -> None:
    """The life of a process: until the pipe ends or the parent is gone."""
    parents.close()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # libtiff writes to file number 2 by itself, once for each odd tag; faults come back through the pipe.
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)

    def at(row: int) -> None:
        now[0] = row
        now[1] += 1

    while os.getppid() == parent:
        try:
            if not pipe.poll(1.0):
                continue
            block = int(np.frombuffer(pipe.recv_bytes(), _SENT)[0])
        except (EOFError, OSError):
            break
        bad, crash = [], ""
        try:
            bad = do(block, at)
        except Exception as fault:  # noqa: BLE001 told to the parent, which raises it with the picture's name
            crash = f"{type(fault).__name__}: {fault}"
        try:
            pipe.send_bytes(json.dumps([block, bad, crash]).encode())
        except OSError:
            break
        if crash:
            break  # and the row stays what it was, for the message
    os._exit(0)  # nothing of the parent's is tidied up here


def _thread(
    k: int,
    now: NDArray[np.int64],
    do: Do,
    left: queue.SimpleQueue[int],
    done: queue.SimpleQueue[Any],
    stop: threading.Event,
) -> None:
    """The life of a thread: until no block is left."""

    def at(row: int) -> None:
        now[0] = row
        now[1] += 1

    while not stop.is_set():
        try:
            block = left.get_nowait()
        except queue.Empty:
            break
        try:
            done.put((k, block, do(block, at), None))
        except Exception as fault:  # noqa: BLE001 raised where the blocks are collected
            done.put((k, block, [], fault))
            return  # and the row stays what it was, for the message
    now[0] = -1


def forks() -> bool:
    """Whether workers are processes here."""
    return sys.platform == "linux"


def shared(shape: tuple[int, ...], kind: Any) -> NDArray[Any]:
    """An array of zeros that forked processes share."""
    size = max(1, int(np.prod(shape)) * np.dtype(kind).itemsize)
    return np.frombuffer(mmap.mmap(-1, size), kind, count=int(np.prod(shape))).reshape(shape)
