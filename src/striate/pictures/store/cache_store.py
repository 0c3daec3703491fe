"""Prepared pictures, as rows of uint8: in memory, or in a mapped file with a checksum for every block.

A stored set is a folder of two files: `pixels.u8` (N H W C, nothing else) and `index.json` (shape,
checksums, which pictures could not be read, and a checksum of itself). Pixels are checked when a block
is first touched; a damaged block is prepared again from the picture files and mended, so wrong pixels
are never given.
"""

from __future__ import annotations

import hashlib
import json
import threading
import zlib
from abc import ABC, abstractmethod
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, final

import numpy as np

from striate.errors import FileFault, Unreadable
from striate.pictures.dataset import Dataset
from striate.pictures.files import Pixels
from striate.pictures.order import Rows
from striate.pictures.prepare import Preparation
from striate.pictures.store.cache_crew import Bad

FORMAT = 2  # 1 had other checksums
BLOCK_BYTES = 512 * 1024
_GATHERED = 64  # rows of a mapped set at a time
PIXELS, INDEX = "pixels.u8", "index.json"


@final
@dataclass(frozen=True)
class Index:
    """What a stored set says of itself. `sums` has one checksum for each `block` rows."""

    key: str
    shape: tuple[int, int, int, int]
    block: int
    sums: tuple[str, ...]
    bad: tuple[tuple[int, str], ...]
    made_by: str

    def to_json(self) -> str:
        """With a checksum of all of it at the end."""
        told = {"format": FORMAT, **asdict(self)}
        text = json.dumps(told, sort_keys=True)
        return json.dumps({**told, "self": checksum(text.encode())}, sort_keys=True) + "\n"

    @classmethod
    def read(cls, folder: Path) -> Index | None:
        """The index of a stored set; None where it is missing, damaged or of another version."""
        try:
            told = json.loads((folder / INDEX).read_bytes())
            claimed = told.pop("self")
            if checksum(json.dumps(told, sort_keys=True).encode()) != claimed:
                return None
            if told.pop("format") != FORMAT:
                return None
            bad = tuple((int(row), str(why)) for row, why in told.pop("bad"))
            index = cls(
                **{**told, "shape": tuple(told["shape"]), "sums": tuple(told["sums"])}, bad=bad
            )
            whole = (folder / PIXELS).stat().st_size == int(np.prod(index.shape))
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return None
        return index if whole else None


def checksum(data: bytes | Pixels) -> str:
    """Of a block: CRC-32 and a sum of its words, 16 hexadecimal digits, in half the time of two CRCs; against
    damage, not malice.
    """
    held = data if isinstance(data, bytes) else np.ascontiguousarray(data).reshape(-1).data
    words = np.frombuffer(held, np.uint32, len(held) // 4)
    return f"{zlib.crc32(held):08x}{int(words.sum(dtype=np.uint64)) % 2**32:08x}"


def block_rows(shape: tuple[int, ...]) -> int:
    """How many pictures of H W C a block has: few enough that workers end together."""
    return min(16, max(1, BLOCK_BYTES // max(1, int(np.prod(shape)))))


class Store(ABC):
    """N prepared pictures of H W C."""

    kind: str
    shape: tuple[int, int, int, int]

    @abstractmethod
    def take(self, rows: Rows) -> Pixels:
        """A new array of these rows, n H W C."""

    @property
    def mended(self) -> int:
        """How many damaged blocks were found and prepared again."""
        return 0

    @property
    def moved(self) -> float:
        """Another number than before, if taking goes on; whoever waits for pictures looks at it."""
        return 0


@final
class Memory(Store):
    """All of it in one array."""

    kind = "memory"

    def __init__(self, pixels: Pixels, mended: int = 0) -> None:
        self.pixels = pixels
        N, H, W, C = pixels.shape
        self.shape = (N, H, W, C)
        self._mended = mended

    def take(self, rows: Rows) -> Pixels:
        """One gather."""
        return self.pixels[rows]

    @property
    def mended(self) -> int:
        """What was mended while it was read from the file."""
        return self._mended


@final
class Mapped(Store):
    """A stored set, mapped: the system keeps in memory what it has room for."""

    kind = "file"

    def __init__(
        self, folder: Path, index: Index, dataset: Dataset, preparation: Preparation
    ) -> None:
        self.folder, self.index, self.dataset, self.preparation = (
            folder,
            index,
            dataset,
            preparation,
        )
        self.shape = index.shape
        self._map: Pixels = np.memmap(folder / PIXELS, np.uint8, "r", shape=index.shape)
        self._checked = np.zeros(len(index.sums), bool)
        self._bad = {row for row, _ in index.bad}
        self._lock = threading.Lock()
        self._mended, self._moved = 0, 0

    @property
    def mended(self) -> int:
        """How many damaged blocks were found and prepared again."""
        return self._mended

    def take(self, rows: Rows) -> Pixels:
        """Some at a time, after every block that is new has been checked."""
        blocks = np.unique(rows // self.index.block)
        for block in blocks[~self._checked[blocks]]:
            self._check(int(block))
            self._moved += 1
        made = np.empty((len(rows), *self.shape[1:]), np.uint8)
        for start in range(0, len(rows), _GATHERED):
            now = slice(start, start + _GATHERED)
            made[now] = self._map[rows[now]]
            self._moved += 1
        return made

    @property
    def moved(self) -> float:
        """How much was checked and gathered: a slow disk needs long for a batch, and moves."""
        return self._moved

    def in_memory(self) -> Memory:
        """All of it, checked, as an array."""
        for block in np.flatnonzero(~self._checked):
            self._check(int(block))
        return Memory(np.array(self._map), self._mended)

    def _check(self, block: int) -> None:
        with self._lock:
            if self._checked[block]:
                return
            start = block * self.index.block
            held = self._map[start : start + self.index.block]
            if checksum(np.ascontiguousarray(held)) != self.index.sums[block]:
                self._mend(block, start, len(held))
            self._checked[block] = True

    def _mend(self, block: int, start: int, count: int) -> None:
        made = np.zeros((count, *self.shape[1:]), np.uint8)
        for i in range(count):
            if start + i not in self._bad:
                made[i] = one(self.dataset, start + i, self.preparation)
        if checksum(made) != self.index.sums[block]:
            raise FileFault(
                f"prepared pictures {start} to {start + count - 1} are damaged, and their files have changed",
                "start again: they are then prepared anew",
                where=str(self.folder),
            )
        try:
            with open(self.folder / PIXELS, "r+b") as file:
                file.seek(start * int(np.prod(self.shape[1:])))
                file.write(made.tobytes())
        except OSError as fault:
            raise FileFault(
                f"{self.folder / PIXELS} is damaged and cannot be mended: {fault.strerror or fault}",
                "remove this folder, it is made anew from the pictures",
                where=str(self.folder),
            ) from fault
        self._mended += 1


def one(dataset: Dataset, row: int, preparation: Preparation) -> Pixels:
    """One picture, prepared; `Unreadable` names the file."""
    try:
        return preparation.apply(dataset.pixels(row, preparation.rules))
    except Unreadable as fault:
        path = dataset.source.shown(dataset.paths[row])
        raise Unreadable(f"{path} cannot be read: {fault.text}", where=path) from None


def fill(
    dataset: Dataset, preparation: Preparation, pixels: Pixels | None, marks: Any, sums: Any
) -> Any:
    """What a worker does with a block: read, hash, decode, prepare, write; see `cache_crew.Do`.

    pixels: N H W C to write to, or None to only look. marks: N x 16, the hash of each file. sums:
    blocks x 8.
    """
    size = block_rows(preparation.shape)

    def do(block: int, at: Any) -> Bad:
        bad: Bad = []
        start, stop = block * size, min(len(dataset), (block + 1) * size)
        for row in range(start, stop):
            at(row)
            made, mark, why = looked_at(dataset, row, preparation)
            marks[row] = np.frombuffer(mark, np.uint8)
            if why:
                bad.append((row, why))
            if pixels is not None:
                pixels[row] = made
        if pixels is not None:
            sums[block] = np.frombuffer(bytes.fromhex(checksum(pixels[start:stop])), np.uint8)
        return bad

    return do


def looked_at(
    dataset: Dataset, row: int, preparation: Preparation
) -> tuple[Pixels | int, bytes, str]:
    """One file: its prepared pixels (0 if unreadable), the hash of its bytes, and the reason or nothing."""
    data = b""
    try:
        data = dataset.data(row)
        made = preparation.decode(data)
    except Unreadable as fault:
        return 0, mark_of(data or fault.text.encode()), fault.text
    return made, mark_of(data), ""


def mark_of(data: bytes) -> bytes:
    """16 bytes that stand for the content of a file."""
    return hashlib.sha256(data).digest()[:16]
