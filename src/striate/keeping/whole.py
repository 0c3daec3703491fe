"""Folders that stand under their name only when everything in them is written, sealed and on the disk.

A hidden folder beside it is filled, each file flushed; the manifest comes last; the folder is flushed and
renamed to its name, and the folder above is flushed. A kill or a power cut at any moment leaves the old
folder or the new, and at most a hidden one, which the next that succeeds takes away.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import secrets
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import final

from striate import safe
from striate.keeping import manifest
from striate.keeping.manifest import Mark

_UNFINISHED, _REPLACED = ".unfinished", ".replaced"


@final
@dataclass(frozen=True)
class Unfinished:
    """A folder that is being filled."""

    folder: Path
    marks: dict[str, Mark] = field(default_factory=dict)

    def write(self, name: str, chunks: Iterable[bytes | memoryview]) -> None:
        """Write one file and flush it; hashed on its way, so a disk that kept something else is found."""
        digest, size = hashlib.sha256(), 0
        with open(self.folder / name, "xb", buffering=0) as file:
            for chunk in chunks:
                safe.write_all(file, chunk)
                digest.update(chunk)
                size += len(chunk)
            os.fsync(file.fileno())
        self.marks[name] = Mark(size, digest.hexdigest())


@contextlib.contextmanager
def appearing(
    target: Path, version: int, needed: int, aside: Path | None = None
) -> Iterator[Unfinished]:
    """Give a folder to fill; when the block ends well it is sealed and takes the name `target`.

    A folder that has the name already is renamed to `aside` just before, or else hidden and taken away
    afterwards; where a kill came in between, the next call brings it back first. When the block fails,
    everything is as before. `needed` is how many bytes will be written, for the
    message of a full disk. Only one process may do this at a time for one target.
    """
    made = Unfinished(_hidden(target))
    try:
        _folder(target.parent)
        _bring_back(target)
        sweep(target.parent, target.name)
        made.folder.mkdir()
        yield made
        made.write(manifest.NAME, [manifest.text_of(made.marks, version)])
        safe.flush_folder(made.folder)
        _take_place(made.folder, target, aside or _hidden(target, _REPLACED))
        safe.flush_folder(target.parent)
    except BaseException as fault:
        # What is free is asked before our own half is taken away: with it there was too little.
        told = safe.unwritable(target, fault, needed) if isinstance(fault, OSError) else None
        shutil.rmtree(made.folder, ignore_errors=True)
        if told is not None:
            raise told from fault
        raise
    sweep(target.parent, target.name)
    for old in _hiding(target.parent, f".{target.name}.", _REPLACED):
        discard(old)


def sweep(parent: Path, name: str = "") -> None:
    """Take away what killed writers of `name` left; of all names where none is given."""
    for left in _hiding(parent, f".{name}." if name else ".", _UNFINISHED):
        discard(left)


def _hiding(parent: Path, begin: str, end: str) -> list[Path]:
    """The hidden folders of such names; links are none."""
    try:
        entries = [e for e in os.scandir(parent) if e.is_dir(follow_symlinks=False)]
    except OSError:
        return []
    return [Path(e.path) for e in entries if e.name.startswith(begin) and e.name.endswith(end)]


def _bring_back(target: Path) -> None:
    """Give a folder its name again that was put aside for one that never came."""
    if not os.path.lexists(target):
        for old in _hiding(target.parent, f".{target.name}.", _REPLACED)[:1]:
            os.rename(old, target)


def remove(folder: Path) -> None:
    """Take a folder away, out of sight first, so that nobody finds half of it. No link is followed."""
    gone = _hidden(folder)
    os.rename(folder, gone)
    if gone.is_dir() and not gone.is_symlink():
        shutil.rmtree(gone)
    else:
        gone.unlink()


def discard(folder: Path) -> None:
    """Take away a folder that came to nothing; where that fails too, it stays."""
    shutil.rmtree(folder, ignore_errors=True)


def _hidden(target: Path, end: str = _UNFINISHED) -> Path:
    return target.with_name(f".{target.name}.{os.getpid()}-{secrets.token_hex(4)}{end}")


def _folder(folder: Path) -> None:
    """Make a folder whose name survives a power cut."""
    try:
        folder.mkdir()
    except FileExistsError:
        if folder.is_dir():
            return
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR)) from None
    safe.flush_folder(folder.parent)


def _take_place(made: Path, target: Path, aside: Path) -> None:
    """Rename `made` to `target`; what stood there goes aside, and comes back when that fails."""
    moved = os.path.lexists(target)
    if moved:
        os.rename(target, aside)
    try:
        os.rename(made, target)
    except OSError:
        if moved:
            with contextlib.suppress(OSError):
                os.rename(aside, target)
        raise
