"""The folder of the cache: finding a set, holding the lock, building beside, renaming, making room."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import stat
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import final

import numpy as np
from numpy.typing import NDArray

from striate import machine, optional, safe
from striate.errors import FileFault, Unreadable
from striate.pictures.dataset import Dataset
from striate.pictures.files import Pixels
from striate.pictures.prepare import Preparation
from striate.pictures.store.cache_store import INDEX, PIXELS, Index, mark_of

CODE = "prepare-1"  # changes when the same file would come out as other pixels
LARGEST_BYTES = 20 * 10**9
_TICK_S = 0.1
_TOO_YOUNG_S = 2.0  # a file may change within one tick of its clock
Quick = tuple[str, float]
_Stamp = tuple[float, int, int, int]


@final
@dataclass(frozen=True)
class Shelf:
    """The cache at one place. Everything in it can be made anew, so it may be deleted at any time."""

    root: Path
    limit_bytes: int

    @classmethod
    @contextlib.contextmanager
    def open(cls, root: Path | None, limit_bytes: int | None) -> Iterator[Shelf]:
        """The shelf at `root`, its folders made; what cannot be written there is a worded fault."""
        place = root or home()
        try:
            for name in ("quick", "locks"):
                (place / name).mkdir(parents=True, exist_ok=True)
            free = shutil.disk_usage(place).free
            yield cls(place, min(LARGEST_BYTES, free // 2) if limit_bytes is None else limit_bytes)
        except OSError as fault:
            raise FileFault(
                f"the cache {place} cannot be used: {fault.strerror or fault}",
                "name another folder by XDG_CACHE_HOME, or do without the cache",
                where=str(place),
            ) from fault

    @property
    def made_by(self) -> str:
        """What the pixels depend on besides files and preparation: our code and the decoder."""
        return f"{CODE} Pillow {optional.version('PIL')}"

    def key(self, preparation: Preparation, marks: NDArray[np.uint8]) -> str:
        """The hash of all files' contents, of what is done to them and of the code that does it."""
        said = f"{self.made_by}|{preparation.pixels_digest}|{len(marks)}|".encode()
        return hashlib.sha256(said + marks.tobytes()).hexdigest()[:32]

    def name(self, preparation: Preparation, count: int, key: str) -> str:
        """The folder of a stored set."""
        return f"{preparation.pixels_digest[:12]}-{count}-{key}"

    def quick(self, dataset: Dataset, preparation: Preparation) -> Quick:
        """A hash of paths, sizes and times, and the latest of these times; infinity where there are none."""
        digest = hashlib.sha256(f"{self.made_by}|{preparation.pixels_digest}|".encode())
        digest.update(os.path.abspath(dataset.source.where).encode("utf-8", "surrogateescape"))
        latest = 0.0
        last: tuple[Path | None, _Stamp | None] = None, None
        for row, path in enumerate(dataset.paths):
            at = row if dataset.at is None else int(dataset.at[row])
            file = dataset.source.file(at, path)
            if file != last[0]:  # in an archive and in a shard many lie together
                last = file, _stamp(file)
            seen = last[1]
            latest = max(latest, seen[0]) if seen else float("inf")
            line = f"{path}\0{at}\0{seen}\n"
            digest.update(line.encode("utf-8", "surrogateescape"))
        return digest.hexdigest()[:32], latest

    def find(self, dataset: Dataset, preparation: Preparation, quick: Quick) -> Path | None:
        """The stored set of these files, if there is one; a damaged one is removed."""
        name = self._remembered(quick)
        if name is None:
            if not any(self.root.glob(f"{preparation.pixels_digest[:12]}-{len(dataset)}-*")):
                return None
            marks = np.array([_mark(dataset, row) for row in range(len(dataset))], np.uint8)
            key = self.key(preparation, marks.reshape(-1, 16))
            name = self.name(preparation, len(dataset), key)
        folder = self.root / name
        if Index.read(folder) is None:
            _remove(folder)
            return None
        with contextlib.suppress(OSError):
            os.utime(folder / INDEX)
        return folder

    def remember(self, quick: Quick, name: str, started: float) -> None:
        """These paths, sizes and times have that set; said only when no file is so young that it may
        change within one tick of its clock.
        """
        if quick[1] + _TOO_YOUNG_S < started:
            safe.write_json(self.root / "quick" / f"{quick[0]}.json", {"set": name})

    def _remembered(self, quick: Quick) -> str | None:
        try:
            told = json.loads((self.root / "quick" / f"{quick[0]}.json").read_bytes())
            name = told["set"]
        except (OSError, ValueError, KeyError, TypeError):
            return None
        known = isinstance(name, str) and "/" not in name and (self.root / name).is_dir()
        return name if known else None

    @contextlib.contextmanager
    def lock(self, quick: Quick, waiting: Callable[[str], None] | None = None) -> Iterator[None]:
        """One process at a time prepares a set; the system frees the lock of one that was killed.

        `waiting` is told now and then who has it. Where the system has no such locks, both prepare and the
        first to finish wins.
        """
        fcntl = _fcntl()
        if fcntl is None:
            yield
            return
        handle = os.open(self.root / "locks" / f"{quick[0]}.lock", os.O_RDWR | os.O_CREAT, 0o644)
        try:
            while not _locked(fcntl, handle):
                if waiting is not None:
                    waiting(os.pread(handle, 64, 0).decode("ascii", "replace").strip())
                time.sleep(_TICK_S)
            os.ftruncate(handle, 0)
            os.pwrite(handle, f"process {os.getpid()}\n".encode(), 0)
            yield
        finally:
            os.close(handle)

    @contextlib.contextmanager
    def building(self) -> Iterator[Building]:
        """A folder of this process's own, gone afterwards unless it was settled."""
        for folder in self.root.glob(".building-*"):
            owner = folder.name.split("-")[1]
            if owner.isdigit() and not _lives(int(owner)):
                _remove(folder)  # what a killed process left behind
        folder = self.root / f".building-{os.getpid()}-{time.monotonic_ns()}"
        folder.mkdir()
        try:
            yield Building(self, folder)
        finally:
            if folder.exists():
                _remove(folder)

    def make_room(self, keep: Path) -> list[str]:
        """Remove the longest unused sets until the limit is kept; give their names."""
        sets = []
        for index in self.root.glob(f"*/{INDEX}"):
            with contextlib.suppress(OSError):
                size = (index.parent / PIXELS).stat().st_size
                sets.append((index.stat().st_mtime_ns, size, index.parent))
        total, removed = sum(size for _, size, _ in sets), []
        for _, size, folder in sorted(sets):
            if total <= self.limit_bytes:
                break
            if folder != keep:
                _remove(folder)
                removed.append(folder.name)
                total -= size
        return removed


@final
@dataclass(frozen=True)
class Building:
    """A stored set that is not there yet."""

    shelf: Shelf
    folder: Path

    def pixels(self, shape: tuple[int, ...]) -> Pixels:
        """The file of pixels, mapped for writing by this process and those it forks."""
        return np.memmap(self.folder / PIXELS, np.uint8, "w+", shape=shape)

    def settle(self, index: Index, name: str) -> Path:
        """Rename it to its place. No fsync: checksums find what a power cut tore, and it can be made
        anew.
        """
        (self.folder / INDEX).write_text(index.to_json(), encoding="utf-8")
        target = self.shelf.root / name
        if Index.read(target) is None:
            _remove(target)
            # Another process may have put the same set there just now: it is as good.
            with contextlib.suppress(OSError):
                os.rename(self.folder, target)
        return target


def home() -> Path:
    """Where the cache lies on this machine."""
    return machine.caches() / "prepared"


def _fcntl() -> ModuleType | None:
    """File locks, which Windows has not."""
    try:
        import fcntl
    except ImportError:
        return None
    return fcntl


def _locked(fcntl: ModuleType, handle: int) -> bool:
    """Try to get the lock."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _lives(process: int) -> bool:
    """Whether a process of this number runs."""
    if process <= 0:
        return False
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def _remove(folder: Path) -> None:
    """Out of sight first, so that nobody finds half of it."""
    gone = folder.with_name(f".building-0-{os.getpid()}-{time.monotonic_ns()}")
    with contextlib.suppress(OSError):
        os.rename(folder, gone)
        shutil.rmtree(gone, ignore_errors=True)


def _stamp(path: str | Path) -> _Stamp | None:
    """When a file last changed, and what else changes with it; None of what is none."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    if not stat.S_ISREG(found.st_mode):
        return None
    latest = max(found.st_mtime, found.st_ctime)
    return latest, found.st_size, found.st_mtime_ns, found.st_ctime_ns


def _mark(dataset: Dataset, row: int) -> NDArray[np.uint8]:
    """The hash of a file's content, as the workers make it."""
    try:
        mark = mark_of(dataset.data(row))
    except Unreadable as fault:
        mark = mark_of(fault.text.encode())
    return np.frombuffer(mark, np.uint8)
