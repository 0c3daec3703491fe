"""A .tar read in place; a .tar.gz, .tar.bz2 or .tar.xz is held in memory, for it cannot be entered midway."""

from __future__ import annotations

import bz2
import gzip
import lzma
import tarfile
import zlib
from array import array
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import IO, Any, NamedTuple, final

import numpy as np
from numpy.typing import NDArray

from striate.errors import Unreadable
from striate.pictures.dataset import Dataset
from striate.pictures.files import MAX_BYTES
from striate.pictures.inputs.archive import Gate, Stamp, refused
from striate.pictures.inputs.csv_rows import unreadable
from striate.pictures.inputs.folder_layout import lay_out
from striate.pictures.inputs.folder_names import is_picture
from striate.pictures.source import Source

MOST_IN_MEMORY = 2 * 2**30
_AT_ONCE = 4 * 2**20  # a false size of an extra header must not fill the memory
_MARKS = ((b"\x1f\x8b", gzip.open), (b"BZh", bz2.open), (b"\xfd7zXZ", lzma.open))
_DAMAGED = (
    tarfile.TarError, gzip.BadGzipFile, zlib.error, lzma.LZMAError, EOFError, ValueError,
)  # fmt: skip


class Member(NamedTuple):
    """A file in a tar: its name as given, and where its bytes lie."""

    name: str
    offset: int
    size: int
    is_folder: bool


@final
class Tar(Source):
    """Pictures in a .tar, or in the memory it was unpacked to. Each read opens the file anew."""

    def __init__(
        self, path: Path, offset: NDArray[np.int64], size: NDArray[np.int64], held: bytearray | None
    ) -> None:
        self.path, self.where = path, str(path)
        self._offset, self._size, self._held = offset, size, held
        self._stamp = Stamp(path)

    def data(self, index: int, path: str) -> bytes:
        """The bytes of a member."""
        offset, size = int(self._offset[index]), int(self._size[index])
        if self._held is not None:
            return bytes(memoryview(self._held)[offset : offset + size])
        return read_at(self.path, offset, size, self._stamp)

    def size_bytes(self, index: int, path: str) -> int:
        """From the index."""
        return int(self._size[index])


def read_at(path: Path, offset: int, size: int, stamp: Stamp) -> bytes:
    """A piece of an archive that was indexed."""
    if size > MAX_BYTES:
        raise Unreadable(f"it is larger than {MAX_BYTES / 2**20:.0f} MiB")
    try:
        with open(path, "rb") as file:
            if not stamp.still_holds(file.fileno()):
                raise Unreadable("the archive was changed after it was opened")
            file.seek(offset)
            data = file.read(size)
    except OSError as fault:
        raise Unreadable(f"the system says: {fault.strerror or fault}") from None
    if len(data) != size:
        raise Unreadable("the archive is cut off here")
    return data


def open_tar(path: str | Path) -> Dataset:
    """The pictures of a .tar, laid out as in a folder."""
    archive = Path(path)
    held = bytearray() if is_packed(archive) else None
    offset, size = array("q"), array("q")
    gate = Gate(archive)
    for member, data in walk(archive, keep=held is not None):
        gate.admit(member.name, member.size, is_folder=member.is_folder)
        if not member.is_folder:
            offset.append(member.offset if held is None else len(held))
            size.append(member.size)
            if held is not None:
                held += data
    order, members = gate.close()
    laid = lay_out(members)
    places = members.places(laid.paths, order)
    columns = (np.array(offset, np.int64)[places], np.array(size, np.int64)[places])
    return Dataset(
        archive.name.partition(".tar")[0],
        Tar(archive, *columns, held),
        laid.paths,
        laid.classes,
        laid.labels,
        laid.split,
        findings=laid.findings,
    )


def is_packed(archive: Path) -> bool:
    """Whether a tar is compressed as a whole, by its first bytes."""
    return _opener(archive) is not None


def walk(archive: Path, *, keep: bool = False) -> Iterator[tuple[Member, bytes]]:
    """Every file and folder of a tar in its order; with `keep`, the bytes of pictures come along.

    Refused: links, devices, sparse files, a tar that is cut off, more than 2 GiB from a packed one.
    """
    try:
        opener = _opener(archive)
        with _opened(archive, opener) as inner:
            guard = _Forward(archive, inner, MOST_IN_MEMORY if opener else None)
            with tarfile.TarFile(fileobj=guard, mode="r") as opened:  # type: ignore[arg-type]
                while (info := opened.next()) is not None:
                    opened.members = []  # type: ignore[attr-defined]  # else a million stay in memory
                    member = _member(archive, info)
                    wanted = (
                        keep and not member.is_folder and is_picture(member.name.rpartition("/")[2])
                    )
                    yield member, guard.take(member.offset, member.size) if wanted else b""
                _check_end(archive, guard, opened.offset)
    except OSError as fault:
        if isinstance(fault, gzip.BadGzipFile):
            raise refused(archive, f"it is damaged ({str(fault)[:120]})") from None
        raise unreadable(archive, fault) from None
    except _DAMAGED as fault:
        raise refused(archive, f"it is damaged, or no .tar ({str(fault)[:120]})") from None


def _member(archive: Path, info: tarfile.TarInfo) -> Member:
    if not (info.isdir() or info.isreg()) or info.issparse():
        raise refused(archive, f"{info.name[:120]!r} is a link, a device or a sparse file")
    return Member(info.name, info.offset_data, info.size, info.isdir())


def _check_end(archive: Path, guard: _Forward, place: int) -> None:
    """`tarfile` takes a damaged header for the end; a whole archive ends in an empty block, or there."""
    guard.seek(place)
    block = guard.read(tarfile.BLOCKSIZE)
    if block.strip(b"\0") or 0 < len(block) < tarfile.BLOCKSIZE:
        raise refused(archive, "it is cut off or damaged: it does not end as a tar does")


def _opener(archive: Path) -> Any:
    try:
        with open(archive, "rb") as file:
            start = file.read(6)
    except OSError as fault:
        raise unreadable(archive, fault) from None
    return next((opener for mark, opener in _MARKS if start.startswith(mark)), None)


def _opened(archive: Path, opener: Any) -> AbstractContextManager[IO[bytes]]:
    made: AbstractContextManager[IO[bytes]] = (opener or open)(archive, "rb")
    return made


@final
class _Forward:
    """A stream for `tarfile` that goes forward, back by a block at most, and never past a limit."""

    def __init__(self, archive: Path, inner: IO[bytes], limit: int | None) -> None:
        self._archive, self._inner, self._limit = archive, inner, limit
        self._real = self._at = 0
        self._tail = b""

    def seek(self, place: int) -> int:
        """Where the next read begins."""
        self._at = place
        return place

    def tell(self) -> int:
        """Where the next read begins."""
        return self._at

    def read(self, size: int = -1) -> bytes:
        """Headers only: no more than a few megabytes."""
        if not 0 <= size <= _AT_ONCE:
            raise refused(self._archive, "it announces headers larger than any real ones")
        return self.take(self._at, size)

    def take(self, place: int, size: int) -> bytes:
        """The bytes at a place."""
        back = max(0, self._real - place)
        if back > len(self._tail):
            raise refused(self._archive, "it cannot be read in order")
        start = self._tail[len(self._tail) - back :][:size]
        if not back:
            self._skip(place - self._real)
        data = start + self._pull(size - len(start))
        self._at = place + len(data)
        return data

    def _skip(self, count: int) -> None:
        if self._limit is None:
            self._real = self._inner.seek(self._real + count)
            self._tail = b""
            return
        while count > 0 and (chunk := self._pull(min(count, _AT_ONCE))):
            count -= len(chunk)

    def _pull(self, size: int) -> bytes:
        if self._limit is not None and self._real + size > self._limit:
            raise refused(
                self._archive,
                f"more than {self._limit / 2**30:.0f} GiB would have to be held in memory",
            )
        data = self._inner.read(size) if size else b""
        self._real += len(data)
        self._tail = (self._tail + data)[-tarfile.BLOCKSIZE :]
        return data
