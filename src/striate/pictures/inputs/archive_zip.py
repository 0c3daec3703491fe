"""A .zip read in place: offsets are kept, and one picture is read without any state between calls."""

from __future__ import annotations

import stat
import struct
import zipfile
import zlib
from array import array
from pathlib import Path
from typing import NamedTuple, final

import numpy as np
from numpy.typing import NDArray

from striate.errors import Unreadable
from striate.pictures.dataset import Dataset
from striate.pictures.files import MAX_BYTES
from striate.pictures.inputs.archive import Gate, Stamp, refused
from striate.pictures.inputs.csv_rows import unreadable
from striate.pictures.inputs.folder_layout import lay_out
from striate.pictures.source import Source

_ENCRYPTED = 0x1
_HEADER = 30  # bytes before the name in front of each member
_DAMAGED = (zipfile.BadZipFile, ValueError, EOFError, NotImplementedError, struct.error, zlib.error)


class _Columns(NamedTuple):
    """What must be known to read members: 29 bytes for each."""

    offset: NDArray[np.int64]
    packed: NDArray[np.int64]
    size: NDArray[np.int64]
    crc: NDArray[np.uint32]
    deflated: NDArray[np.bool_]

    def take(self, places: NDArray[np.int64]) -> _Columns:
        """The same for some members, in this order."""
        return _Columns(
            self.offset[places],
            self.packed[places],
            self.size[places],
            self.crc[places],
            self.deflated[places],
        )


@final
class Zip(Source):
    """Pictures in a .zip. Each read opens the file anew, so threads and processes share nothing."""

    def __init__(self, path: Path, columns: _Columns) -> None:
        self.path, self.where = path, str(path)
        self._columns, self._stamp = columns, Stamp(path)

    def data(self, index: int, path: str) -> bytes:
        """The bytes of a member; its size and checksum must be what the archive says."""
        columns = self._columns
        size = int(columns.size[index])
        if size > MAX_BYTES:
            raise Unreadable(f"it is larger than {MAX_BYTES / 2**20:.0f} MiB")
        raw = self._packed(int(columns.offset[index]), int(columns.packed[index]))
        try:
            data = (
                zlib.decompressobj(-zlib.MAX_WBITS).decompress(raw, size + 1)
                if columns.deflated[index]
                else raw
            )
        except zlib.error as fault:
            raise Unreadable(f"it is damaged inside the archive ({fault})") from None
        if len(data) != size or zlib.crc32(data) != int(columns.crc[index]):
            raise Unreadable("it is damaged inside the archive: size or checksum differ")
        return data

    def _packed(self, offset: int, count: int) -> bytes:
        try:
            with open(self.path, "rb") as file:
                if not self._stamp.still_holds(file.fileno()):
                    raise Unreadable("the archive was changed after it was opened")
                file.seek(offset)
                header = file.read(_HEADER)
                if len(header) < _HEADER or not header.startswith(b"PK\3\4"):
                    raise Unreadable("the archive is damaged where it should begin")
                name, extra = struct.unpack("<HH", header[26:])
                file.seek(offset + _HEADER + name + extra)
                return file.read(count)
        except OSError as fault:
            raise Unreadable(f"the system says: {fault.strerror or fault}") from None

    def size_bytes(self, index: int, path: str) -> int:
        """From the list of the archive."""
        return int(self._columns.size[index])


def open_zip(path: str | Path) -> Dataset:
    """The pictures of a .zip, laid out as in a folder."""
    archive = Path(path)
    gate, columns = _index(archive)
    order, members = gate.close()
    laid = lay_out(members)
    places = members.places(laid.paths, order)
    source = Zip(archive, columns.take(places))
    return Dataset(
        archive.stem,
        source,
        laid.paths,
        laid.classes,
        laid.labels,
        laid.split,
        findings=laid.findings,
    )


def _index(archive: Path) -> tuple[Gate, _Columns]:
    """Judge every member, and keep where it lies."""
    held = [array(kind) for kind in "qqqLb"]
    try:
        gate = Gate(archive)
        with zipfile.ZipFile(archive) as opened:
            for info in opened.infolist():
                _judge(archive, info)
                is_folder = info.orig_filename.endswith("/")
                gate.admit(info.orig_filename, info.file_size, is_folder=is_folder)
                if is_folder:
                    continue
                deflated = info.compress_type == zipfile.ZIP_DEFLATED
                row = (info.header_offset, info.compress_size, info.file_size, info.CRC, deflated)
                for column, value in zip(held, row, strict=True):
                    column.append(value)
    except OSError as fault:
        raise unreadable(archive, fault) from None
    except _DAMAGED as fault:
        raise refused(archive, f"it is damaged, or no .zip ({str(fault)[:120]})") from None
    offset, packed, size = (np.array(column, np.int64) for column in held[:3])
    columns = _Columns(
        offset, packed, size, np.array(held[3], np.uint32), np.array(held[4], np.bool_)
    )
    _check_overlap(archive, columns)
    return gate, columns


def _judge(archive: Path, info: zipfile.ZipInfo) -> None:
    """Refuse what is neither a file nor a folder, and what cannot be read in place."""
    name, kind = info.orig_filename[:120], stat.S_IFMT(info.external_attr >> 16)
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise refused(archive, f"{name!r} is a link or a device, not a file")
    if info.flag_bits & _ENCRYPTED:
        raise refused(archive, f"{name!r} is encrypted")
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise refused(archive, f"{name!r} is packed in a way other than store and deflate")


def _check_overlap(archive: Path, columns: _Columns) -> None:
    """Members that share bytes are how a small file claims to be huge."""
    order = np.argsort(columns.offset, kind="stable")
    start, packed = columns.offset[order], columns.packed[order]
    if (start[:-1] + _HEADER + packed[:-1] > start[1:]).any() or (start < 0).any():
        raise refused(archive, "its members overlap")
