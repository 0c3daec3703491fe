"""The processes that look at pictures: chunks go out, rows come back, and a picture that kills or stops its
reader is named.

Reader processes instead of threads: 24,000 small files a second on two cores instead of 8,000, and a decoder
that crashes takes nothing with it but itself. They are started as new programs, so it does not matter which
threads this one has.
"""

from __future__ import annotations

import contextlib
import json
import mmap
import os
import queue
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Generator, Iterator
from dataclasses import asdict
from typing import IO, NamedTuple, final

import numpy as np

from striate.errors import Unreadable, WorkerFault
from striate.machine import usable_threads
from striate.pictures.audit.audit_reader import BYTES, HEAD_IN, HEAD_OUT, NOTE, PATHS
from striate.pictures.audit.facts import WITH_SMALL, Facts
from striate.pictures.dataset import Dataset
from striate.pictures.files import Rules
from striate.pictures.source import Folder

CHUNK, _LEAST = 256, 8
CHUNK_BYTES = 8 * 2**20  # where bytes are sent, not paths
SECONDS = 10.0  # for one picture
_TRIES = (
    2  # a reader may be killed from outside; the second death at one picture is the picture's fault
)
_FRUITLESS = 3  # so many readers that die before their first picture: they cannot be started at all
_SLOW_START = 6  # times the limit for the first picture: Python itself may be slow to start


def read_all(
    dataset: Dataset, facts: Facts, rules: Rules, seconds: float = SECONDS
) -> Generator[int, None, None]:
    """Look at every picture and put what is found into `facts`; yields how many are done."""
    crew = _Crew(dataset, facts, rules, seconds)
    try:
        yield from crew.run()
    finally:
        crew.stop()


def chunks(count: int, workers: int) -> Iterator[range]:
    """All places in order, in ever smaller parts, so that nobody works long after the others have ended.

    >>> [len(part) for part in chunks(100, 2)]
    [13, 11, 10, 9, 8, 8, 8, 8, 8, 8, 8, 1]
    """
    start = 0
    while start < count:
        size = max(_LEAST, min(CHUNK, -(-(count - start) // (4 * workers))))
        yield range(start, min(start + size, count))
        start += size


@final
class _Crew:
    """Threads that each drive one reader, a list of work they share, and a watch over all."""

    def __init__(self, dataset: Dataset, facts: Facts, rules: Rules, seconds: float) -> None:
        self.dataset, self.facts, self.rules, self.seconds = dataset, facts, rules, seconds
        workers = max(1, min(usable_threads(), -(-len(dataset) // 8)))
        self.work: queue.SimpleQueue[range] = queue.SimpleQueue()
        for chunk in chunks(len(dataset), workers):
            self.work.put(chunk)
        self.done: queue.SimpleQueue[int | BaseException] = queue.SimpleQueue()
        self.deaths: dict[int, int] = {}
        self.stopping = threading.Event()
        self.readers: list[_Reader] = []
        self.threads = [threading.Thread(target=self._drive, daemon=True) for _ in range(workers)]

    def run(self) -> Iterator[int]:
        """Yield how many pictures are done, until all are."""
        for thread in self.threads:
            thread.start()
        total = 0
        while total < len(self.dataset):
            self._watch()
            try:
                news = self.done.get(timeout=0.25)
            except queue.Empty:
                continue
            if isinstance(news, BaseException):
                raise news
            total += news
            yield total

    def stop(self) -> None:
        """End the readers, whatever they are at."""
        self.stopping.set()
        for reader in list(self.readers):
            reader.end()
        for thread in self.threads:
            if thread.ident is not None:
                thread.join(5)

    def _watch(self) -> None:
        """End every reader that is at one picture for too long; its thread then names the picture."""
        now = time.monotonic()
        for reader in list(self.readers):
            reader.check(now, self.seconds)

    def _drive(self) -> None:
        """Take chunks until none is left; any fault goes to the one who waits."""
        reader, fruitless = None, 0
        try:
            while not self.stopping.is_set():
                try:
                    chunk = list(self.work.get_nowait())
                except queue.Empty:
                    return
                while chunk and not self.stopping.is_set():
                    if reader is None:
                        reader = _Reader(self.rules)
                        self.readers.append(reader)
                    chunk = reader.look(self, chunk)
                    if chunk:
                        fruitless = 0 if reader.pictures or reader.late else fruitless + 1
                        chunk, reader = self._after_death(reader, chunk, fruitless), None
        except BaseException as fault:  # noqa: BLE001 handed to the thread that waits, which raises it
            self.done.put(fault)
        finally:
            if reader is not None:
                reader.end()

    def _after_death(self, reader: _Reader, left: list[int], fruitless: int) -> list[int]:
        """What is still to do of a chunk whose reader ended; the picture it was at may be the
        reason.
        """
        culprit = reader.at
        self.readers.remove(reader)
        code = reader.end()
        if self.stopping.is_set():
            return []
        if fruitless >= _FRUITLESS:
            raise WorkerFault(
                f"the process that reads pictures ends at once (exit code {code})",
                "`striate doctor` shows what this machine has",
            )
        if culprit not in left:
            return left
        self.deaths[culprit] = self.deaths.get(culprit, 0) + 1
        if not reader.late and self.deaths[culprit] < _TRIES:
            return left
        self.facts.refuse(culprit, _verdict(reader.late, code, self.seconds))
        self.done.put(1)
        return [place for place in left if place != culprit]


def _verdict(late: bool, code: int, seconds: float) -> str:
    """Why a picture that its reader did not survive counts as unreadable."""
    if late:
        return f"reading it took longer than {seconds:g} s"
    names = {int(number): number.name for number in signal.Signals}
    return f"it ended the process that read it, twice ({names.get(-code, f'exit code {code}')})"


@final
class _Reader:
    """One process of `audit_reader.py`, and where it is."""

    def __init__(self, rules: Rules) -> None:
        handle, self.note_path = tempfile.mkstemp(prefix="striate-reader-")
        with os.fdopen(handle, "r+b") as file:
            file.write(bytes(NOTE.size))
            file.flush()
            self.note = mmap.mmap(file.fileno(), NOTE.size)
        module, given = "striate.pictures.audit.audit_reader", json.dumps(asdict(rules))
        self.process = subprocess.Popen(
            # -P: a file called json.py in the user's folder is no part of this program.
            [sys.executable, "-P", "-m", module, self.note_path, given],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=os.environ
            | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "OPENBLAS_NUM_THREADS": "1"},
        )
        self.chunk: list[int] = []
        self.begun, self.seen = 0, 0
        self.since, self.late, self.waiting = time.monotonic(), False, False

    @property
    def pictures(self) -> int:
        """How many it has begun in its life."""
        return int(NOTE.unpack_from(self.note, 0)[0])

    @property
    def at(self) -> int:
        """The place in the dataset of the picture it is or was at; -1 before the first of a frame."""
        begun, place = NOTE.unpack_from(self.note, 0)
        return self.chunk[place] if begun > self.begun and place < len(self.chunk) else -1

    def look(self, crew: _Crew, chunk: list[int]) -> list[int]:
        """Have a chunk looked at; give what is left of it where the process ended."""
        rest = chunk
        while rest:
            sendable, rest = _frame(crew, rest)
            left = self._look(crew, sendable)
            if left:
                return left + rest
        return []

    def _look(self, crew: _Crew, sendable: _Sendable) -> list[int]:
        self.chunk, got, self.begun = sendable.places, 0, self.pictures
        self.since, self.waiting = time.monotonic(), True
        with contextlib.suppress(OSError, EOFError, ValueError):
            if self.chunk and self.process.stdin:
                self.process.stdin.write(sendable.frame)
                self.process.stdin.flush()
            while got < len(self.chunk):
                got += self._answer(crew, got)
        self.waiting = False
        return self.chunk[got:]

    def _answer(self, crew: _Crew, got: int) -> int:
        stream = self.process.stdout
        count, length = HEAD_OUT.unpack(_exactly(stream, HEAD_OUT.size))
        rows = np.frombuffer(_exactly(stream, count * WITH_SMALL.itemsize), WITH_SMALL)
        reasons = json.loads(_exactly(stream, length))
        crew.facts.put(np.array(self.chunk[got : got + count], np.int64), rows)
        for place, reason in reasons.items():
            crew.facts.refuse(self.chunk[int(place)], reason)
        crew.done.put(count)
        return int(count)

    def check(self, now: float, seconds: float) -> None:
        """End the process where it has been at one picture for too long."""
        begun = self.pictures
        if not self.waiting or self.late:
            return
        if self.seen != begun:
            self.seen, self.since = begun, now
        elif now - self.since > seconds * (1 if begun else _SLOW_START):
            self.late = True
            self.process.kill()

    def end(self) -> int:
        """Stop the process and give its exit code."""
        self.process.kill()
        code = self.process.wait()
        for stream in (self.process.stdin, self.process.stdout):
            with contextlib.suppress(OSError, ValueError):
                if stream:
                    stream.close()
        with contextlib.suppress(OSError):
            os.unlink(self.note_path)
        return code


class _Sendable(NamedTuple):
    """The places whose pictures are in a frame, and the frame."""

    places: list[int]
    frame: bytes


def _frame(crew: _Crew, chunk: list[int]) -> tuple[_Sendable, list[int]]:
    """What to send, and what is left for the next frame: paths where files lie in a folder, else
    their bytes.
    """
    dataset = crew.dataset
    if isinstance(dataset.source, Folder):
        root = os.path.abspath(dataset.source.root)
        text = json.dumps([os.path.join(root, dataset.paths[place]) for place in chunk]).encode()
        return _Sendable(chunk, HEAD_IN.pack(PATHS, len(chunk), len(text)) + text), []
    held: dict[int, bytes] = {}
    seen, size = 0, 0
    while seen < len(chunk) and size < CHUNK_BYTES:
        try:
            held[chunk[seen]] = dataset.data(chunk[seen])
            size += len(held[chunk[seen]])
        except Unreadable as fault:
            crew.facts.refuse(chunk[seen], fault.text)
            crew.done.put(1)
        seen += 1
    text = json.dumps([len(data) for data in held.values()]).encode()
    frame = HEAD_IN.pack(BYTES, len(held), len(text)) + text + b"".join(held.values())
    return _Sendable(list(held), frame), chunk[seen:]


def _exactly(stream: IO[bytes] | None, size: int) -> bytes:
    data = stream.read(size) if stream else b""
    if len(data) < size:
        raise EOFError
    return data
