"""An archive becomes a folder, whole or not at all: what is hostile is refused, and nothing of it stays.

Everything is judged here: names, kinds, numbers and sizes, of what is announced and of what comes.
"""

from __future__ import annotations

import gzip
import stat
import struct
import tarfile
import unicodedata
import zipfile
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, NamedTuple, final

from striate.errors import ArchiveRefused, FileFault
from striate.pictures.inputs.archive import safe_member
from striate.pictures.named.staging import building

_CHUNK = 1 << 20
_AT_ONCE = (
    1 << 22
)  # tarfile reads a member's extra headers in one piece: a false size must not fill the memory
_HEADERS = 2048  # bytes of headers that an entry of a tar may take, on average
_FREE_OF_RATIO = 64 * 2**20  # so much may come out of any archive, however small
_LONGEST_PART = 255  # bytes of one name, as most systems allow
_ENCRYPTED = 0x1
_HINT = "if you trust it, unpack it yourself and give the folder"
_DAMAGED = (
    tarfile.TarError, zipfile.BadZipFile, gzip.BadGzipFile, zlib.error, struct.error, EOFError, ValueError,
    LookupError, OverflowError, NotImplementedError, RuntimeError,
)  # fmt: skip


@final
@dataclass(frozen=True)
class Limits:
    """How much may come out: bytes and entries in all, and how many times the archive's own size."""

    bytes: int = 8 * 2**30
    files: int = 100_000
    ratio: int = 100


class Unpacked(NamedTuple):
    """What came out."""

    files: int
    size_bytes: int


DEFAULT = Limits()


def unpack(archive: str | Path, target: str | Path, limits: Limits = DEFAULT) -> Unpacked:
    """Unpack a .zip, .tar or .tar.gz to the new folder `target`; raises `ArchiveRefused`.

    Only regular files and folders come out, with plain permissions and the time of now.
    """
    with building(target) as folder:
        return extract(archive, folder, limits)


def extract(archive: str | Path, folder: Path, limits: Limits = DEFAULT) -> Unpacked:
    """Unpack into a folder that is thrown away when this raises: see `building` and `unpack`."""
    path = Path(archive)
    if not path.is_file():
        raise FileFault(f"{path} is not a file", "give the path of an archive", where=str(path))
    size = path.stat().st_size
    allowed = min(limits.bytes, max(_FREE_OF_RATIO, limits.ratio * size))
    writer = _Writer(path, folder, limits.files, allowed)
    try:
        if zipfile.is_zipfile(path):
            _from_zip(path, writer)
        else:
            _from_tar(path, writer)
    except _DAMAGED as fault:
        reason = str(fault).split("\n")[0][:120] or type(fault).__name__
        raise _refused(path, f"it is damaged, or no .zip, .tar or .tar.gz ({reason})") from fault
    if not writer.files:
        raise _refused(path, "it holds no files")
    return Unpacked(writer.files, writer.size)


def _refused(archive: Path, reason: str) -> ArchiveRefused:
    return ArchiveRefused(f"{archive.name} is refused: {reason}", _HINT, where=str(archive))


@final
@dataclass
class _Writer:
    """Judges each member, then writes it. `seen` maps a path, as a forgetful file system would have it, to
    the path as it was given and whether it is a folder.
    """

    archive: Path
    folder: Path
    allowed_entries: int
    allowed: int
    files: int = 0
    entries: int = 0
    size: int = 0
    seen: dict[str, tuple[str, bool]] = field(default_factory=dict)

    def judge(self, name: str, is_folder: bool) -> Path | None:
        """Where a member goes; None for the folder itself. Raises before a byte of it is written."""
        self.entries += 1
        if self.entries > self.allowed_entries:
            raise self.refused(f"it holds more than the {self.allowed_entries:,} entries allowed")
        if is_folder and name[:1] not in ("", "/") and set(name.split("/")) <= {"", "."}:
            return None
        try:
            path = safe_member(name)
        except ArchiveRefused as fault:
            raise ArchiveRefused(fault.text, fault.hint, where=str(self.archive)) from None
        parts = path.split("/")
        if any(part.rstrip(". ") != part or _bytes_in(part) > _LONGEST_PART for part in parts):
            raise self.refused(f"not every system can keep the name {path[:120]!r}")
        if any(letter == ":" or unicodedata.category(letter) == "Cc" for letter in path):
            raise self.refused(
                f"the name {path[:120]!r} holds a sign that not every system can keep"
            )
        for end in range(1, len(parts)):
            self._note("/".join(parts[:end]), is_folder=True)
        self._note(path, is_folder)
        return self.folder.joinpath(*parts)

    def _note(self, path: str, is_folder: bool) -> None:
        """Refuse a path that is taken, also by one that differs in capitals or in the form of accents."""
        key = unicodedata.normalize("NFC", unicodedata.normalize("NFD", path).casefold())
        if key not in self.seen:
            self.seen[key] = (path, is_folder)
            return
        known, was_folder = self.seen[key]
        if known != path:
            raise self.refused(f"{known[:120]!r} and {path[:120]!r} are one name on many systems")
        if not (is_folder and was_folder):
            raise self.refused(f"it names {path[:120]!r} more than once")

    def announce(self, size: int) -> None:
        """Refuse bytes beyond the quota before they are written."""
        if size < 0 or self.size + size > self.allowed:
            held = self.archive.stat().st_size
            raise self.refused(
                f"more than the {self.allowed:,} bytes allowed would come out of {held:,}"
            )

    def write(self, path: Path, source: IO[bytes]) -> None:
        """Copy a member's bytes; what counts is what comes, not what was announced."""
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(path, "xb") as file:
            while chunk := source.read(_CHUNK):
                self.announce(len(chunk))
                self.size += len(chunk)
                file.write(chunk)
        self.files += 1

    def refused(self, reason: str) -> ArchiveRefused:
        """The fault to raise."""
        return _refused(self.archive, reason)


def _bytes_in(name: str) -> int:
    return len(name.encode("utf-8", "surrogateescape"))


def _from_zip(path: Path, writer: _Writer) -> None:
    """Judge every member first: a zip lists them all, so nothing needs to be written to find a bad one."""
    with zipfile.ZipFile(path) as archive:
        members = []
        for info in archive.infolist():
            name, mode = info.orig_filename, info.external_attr >> 16
            is_folder = name.endswith("/")
            if info.flag_bits & _ENCRYPTED:
                raise writer.refused(f"{name[:120]!r} is encrypted")
            if stat.S_IFMT(mode) not in (0, stat.S_IFDIR if is_folder else stat.S_IFREG):
                raise writer.refused(f"{name[:120]!r} is a link or a device, not a file")
            place = writer.judge(name, is_folder)
            if is_folder and info.file_size:
                raise writer.refused(f"the folder {name[:120]!r} has content")
            if place is not None:
                members.append((info, place, is_folder))
        writer.announce(sum(info.file_size for info, _, _ in members))
        for info, place, is_folder in members:
            if is_folder:
                place.mkdir(parents=True, exist_ok=True)
                continue
            with archive.open(info) as source:
                writer.write(place, source)


def _from_tar(path: Path, writer: _Writer) -> None:
    """Member by member, as they come: a tar has no list."""
    with open(path, "rb") as file:
        is_gzip = file.read(2) == b"\x1f\x8b"
    with gzip.open(path, "rb") if is_gzip else open(path, "rb") as inner:
        guard = _Guard(inner, writer)
        with tarfile.TarFile(fileobj=guard, mode="r") as archive:  # type: ignore[arg-type]
            while (member := archive.next()) is not None:
                archive.members = []  # type: ignore[attr-defined]  # else a million entries stay in memory
                if not (member.isdir() or member.isreg()) or member.issparse():
                    raise writer.refused(
                        f"{member.name[:120]!r} is a link, a device or a sparse file"
                    )
                place = writer.judge(member.name, member.isdir())
                writer.announce(member.size)
                if place is None or member.isdir():
                    (place or writer.folder).mkdir(parents=True, exist_ok=True)
                    continue
                source = archive.extractfile(member)
                if source is not None:
                    writer.write(place, source)
            # tarfile takes a damaged header for the end; a whole archive ends in empty blocks.
            guard.seek(archive.offset)
            block = guard.read(tarfile.BLOCKSIZE)
            if len(block) < tarfile.BLOCKSIZE or block.strip(b"\0"):
                raise writer.refused("it is cut off or damaged: it does not end as a tar does")


@final
class _Guard:
    """A stream that ends a read of too much at once, or a place beyond all that may come out."""

    def __init__(self, inner: Any, writer: _Writer) -> None:
        self._inner, self._writer = inner, writer
        self._end = writer.allowed + (writer.allowed_entries + 1) * _HEADERS + _AT_ONCE

    def read(self, size: int = -1) -> bytes:
        """At most a few megabytes at once."""
        if not 0 <= size <= _AT_ONCE:
            raise self._writer.refused("it announces headers larger than any real ones")
        data: bytes = self._inner.read(size)
        self._check(self._inner.tell())
        return data

    def seek(self, place: int) -> int:
        """Forward through what is skipped, or back by a little."""
        self._check(place)
        return int(self._inner.seek(place))

    def tell(self) -> int:
        """The place in the unpacked stream."""
        return int(self._inner.tell())

    def _check(self, place: int) -> None:
        if place > self._end:
            raise self._writer.refused(f"more than {self._writer.allowed:,} bytes would come out")
