"""Pictures inside a .zip or .tar are read in place: nothing is ever unpacked for that.

Here are the rules that every archive must keep, and its names as a tree. `archive_zip.py` and
`archive_tar.py` read; `unpack.py` judges names by the same `safe_member`.
"""

from __future__ import annotations

import os
import re
import unicodedata
from array import array
from bisect import bisect_left
from collections.abc import Iterator
from pathlib import Path
from typing import final

import numpy as np
from numpy.typing import NDArray

from striate.errors import ArchiveRefused
from striate.pictures.dataset import Names
from striate.pictures.inputs.folder_layout import Entry, Tree

LONGEST_NAME = 4096  # bytes, as most systems allow for a whole path
MOST_ENTRIES = 1_000_000
MOST_BYTES = 10 * 10**9  # unpacked, unless the archive itself takes half of it
MOST_TIMES = 100  # unpacked to packed
_FREE_OF_RATIO = 64 * 2**20  # so much may come out of any archive, however small
HINT = "if you trust it, unpack it yourself and give the folder"
_DRIVE = re.compile(r"[A-Za-z]:")
_DEVICE = re.compile(r"(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(?:\.|\Z)", re.IGNORECASE)


def safe_member(name: str) -> str:
    """The relative path of a member, with `/` and without `.` parts; raises `ArchiveRefused` with
    the reason where such a name could lead out of a folder on some system.

    >>> safe_member("./train/cat/1.jpg")
    'train/cat/1.jpg'
    """
    fault = _fault(name)
    if fault:
        raise ArchiveRefused(
            f"the archive names a member {name[:120]!r}: {fault}",
            "make the archive anew from inside the folder, with relative names",
        )
    return "/".join(part for part in name.split("/") if part not in ("", "."))


def _fault(name: str) -> str:
    """What is wrong with the name of a member, or nothing."""
    parts = name.split("/")
    size = len(name.encode("utf-8", "surrogateescape"))
    checks = (
        (not any(part not in ("", ".") for part in parts), "the name is empty"),
        ("\0" in name, "the name holds a NUL"),
        (size > LONGEST_NAME, f"the name has more than {LONGEST_NAME} bytes"),
        (name.startswith("/"), "the path is absolute"),
        ("\\" in name, "the name holds a backslash, which some systems take for a folder"),
        (_DRIVE.match(name) is not None, "the name begins with a drive letter"),
        (".." in parts, "`..` leads out of the folder"),
        (any(_DEVICE.match(part) for part in parts), "Windows takes the name for a device"),
    )
    return next((text for wrong, text in checks if wrong), "")


def refused(archive: Path, reason: str) -> ArchiveRefused:
    """The fault to raise for a whole archive."""
    return ArchiveRefused(f"{archive.name} is refused: {reason}", HINT, where=str(archive))


@final
class Gate:
    """Lets members in one by one, by what their headers say, and keeps their names in order."""

    def __init__(self, archive: Path) -> None:
        self.archive = archive
        self.size = archive.stat().st_size
        self.keys: list[str] = []  # of files; `/` is NUL here, so that sorting goes by parts
        self._folders: set[str] = set()
        self._hashes = array("q")
        self._total = self._entries = 0

    def admit(self, name: str, size: int, *, is_folder: bool = False) -> str:
        """The path of a member, counted; raises where it breaks a rule."""
        self._entries += 1
        self._total += max(0, size)
        if self._entries > MOST_ENTRIES:
            raise refused(self.archive, f"it holds more than {MOST_ENTRIES:,} entries")
        if self._total > MOST_BYTES and self._total > 2 * self.size:
            raise refused(self.archive, f"more than {MOST_BYTES / 1e9:.0f} GB would come out of it")
        if self._total > _FREE_OF_RATIO and self._total > MOST_TIMES * self.size:
            raise refused(
                self.archive, f"more than {MOST_TIMES} times its size would come out of it"
            )
        if is_folder and not name.strip("/.") and ".." not in name and not name.startswith("/"):
            return ""  # "./", the folder itself
        try:
            path = safe_member(name)
        except ArchiveRefused as fault:
            raise ArchiveRefused(fault.text, fault.hint, where=str(self.archive)) from None
        if is_folder:
            self._folders.add(path.replace("/", "\0") + "\0")
        else:
            self.keys.append(path.replace("/", "\0"))
            self._hashes.append(hash(_folded(path)))
        return path

    def close(self) -> tuple[NDArray[np.int64], Members]:
        """When all are in: the order of the files by name, and the tree of all names."""
        self._check_doubles()
        keys = self.keys
        order = sorted(range(len(keys)), key=keys.__getitem__)
        listed = sorted([*keys, *self._folders])
        return np.array(order, np.int64), Members(str(self.archive), listed)

    def _check_doubles(self) -> None:
        """Names are equal on many systems where only capitals or accents differ."""
        hashes = np.array(self._hashes, np.int64)
        ranked = np.sort(hashes)
        doubled = set(ranked[1:][ranked[1:] == ranked[:-1]].tolist())
        known: dict[str, str] = {}
        for place in np.flatnonzero(np.isin(hashes, list(doubled))) if doubled else ():
            path = self.keys[int(place)].replace("\0", "/")
            other = known.setdefault(_folded(path), path)
            if other is path:
                continue
            if other == path:
                raise refused(self.archive, f"it names {path[:120]!r} more than once")
            text = f"{other[:120]!r} and {path[:120]!r} differ in capitals or accents alone"
            raise refused(self.archive, text)


@final
class Members(Tree):
    """The names in an archive as a tree, from one sorted list."""

    def __init__(self, where: str, keys: list[str]) -> None:
        self.where = where
        self._keys = keys

    def children(self, folder: str) -> list[Entry]:
        """What lies directly in a folder."""
        start = _start(folder)
        found, at = [], bisect_left(self._keys, start)
        while at < len(self._keys) and self._keys[at].startswith(start):
            part, is_folder, _ = self._keys[at][len(start) :].partition("\0")
            if not part:  # the folder's own entry
                at += 1
                continue
            path = (start + part).replace("\0", "/")
            found.append(Entry(path, "folder" if is_folder else "file"))
            at = bisect_left(self._keys, start + part + "\1") if is_folder else at + 1
        return found

    def below(self, folder: str) -> Iterator[Entry]:
        """Every file and folder under a folder."""
        start = _start(folder)
        at, here = bisect_left(self._keys, start), folder
        while at < len(self._keys) and self._keys[at].startswith(start):
            path = self._keys[at].replace("\0", "/")
            at += 1
            parent = path.rpartition("/")[0]
            if parent != here:
                yield from _entered(here, parent)
                here = parent
            if not path.endswith("/"):
                yield Entry(path, "file")

    def places(self, paths: Names, order: NDArray[np.int64]) -> NDArray[np.int64]:
        """The member of each row, by its number in the archive; rows stand in the order of names."""
        files = (key for key in self._keys if not key.endswith("\0"))
        wanted = iter(paths)
        row = next(wanted, None)
        found = array("q")
        for at, key in enumerate(files):
            if row is not None and key.replace("\0", "/") == row:
                found.append(at)
                row = next(wanted, None)
        return order[np.array(found, np.int64)]


def _start(folder: str) -> str:
    return folder.replace("/", "\0") + "\0" if folder else ""


def _entered(here: str, there: str) -> Iterator[Entry]:
    """The folders that are new on the way from one folder to the next one in order."""
    parts = there.split("/") if there else []
    known = here.split("/") if here else []
    for depth in range(1, len(parts) + 1):
        if parts[:depth] != known[:depth]:
            yield Entry("/".join(parts[:depth]), "folder")


def _folded(path: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFKD", path).casefold())


@final
class Stamp:
    """An archive as it was when it was indexed: a changed one must not give other pictures."""

    def __init__(self, path: Path) -> None:
        found = os.stat(path)
        self._known = (found.st_size, found.st_mtime_ns)

    def still_holds(self, handle: int) -> bool:
        """Whether an opened file is the one that was indexed."""
        found = os.fstat(handle)
        return (found.st_size, found.st_mtime_ns) == self._known
