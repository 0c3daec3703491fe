"""Files that a power cut cannot tear: a reader sees the old content or the new, never a mixture.

A temporary file in the same folder is written, flushed to the disk and renamed over the target; then the
folder itself is flushed: without the last step the rename may be forgotten.
"""

from __future__ import annotations

import contextlib
import csv
import errno
import io
import json
import os
import re
import shutil
import tempfile
import time
from collections.abc import Iterable, Iterator
from io import FileIO
from pathlib import Path
from typing import IO

from striate.errors import FileFault

_TEMPORARY, _YOUNG_S = re.compile(r"\..+\.[a-z0-9_]{8}\.tmp", re.DOTALL), 10.0
_LONGEST_NAME = 200  # of 255 bytes; the rest is for the random part of a temporary name
# Faults of the disk rather than of a name: then it helps to hear how much room was wanted.
_OF_THE_DISK = {errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS}
# What systems answer that cannot flush a folder; there the rename itself is what can be had.
_NO_FOLDER_FLUSH = {errno.EBADF, errno.EINVAL, errno.EACCES, errno.EPERM}


@contextlib.contextmanager
def replacing(path: str | Path, needed: int | None = None) -> Iterator[Path]:
    """Give the path of an empty temporary file; when the block ends well, it takes the place of `path`.

    When the block fails, the temporary file is removed and `path` is as before. A link is followed.
    `needed` is how many bytes will be written, for the message of a full disk.
    """
    target = Path(os.path.realpath(path))
    temporary: Path | None = None
    try:
        temporary = _temporary(target)
        yield temporary
        settle(temporary, target)
    except BaseException as fault:
        # What is free is asked before our own half is taken away: with it there was too little.
        told = unwritable(path, fault, needed) if isinstance(fault, OSError) else None
        if temporary is not None:
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)
        if told is not None:
            raise told from fault
        raise


def write_bytes(path: str | Path, data: bytes) -> None:
    """Write `data` to `path`, whole or not at all."""
    with replacing(path, len(data)) as temporary:
        temporary.write_bytes(data)


def write_text(path: str | Path, text: str) -> None:
    """Write `text` as UTF-8 with its line ends untouched, whole or not at all."""
    write_bytes(path, text.encode("utf-8"))


def write_csv(path: str | Path, rows: Iterable[Iterable[object]]) -> None:
    """Replace a table, whole or not at all; names of files that are no UTF-8 keep their bytes."""
    held = io.StringIO(newline="")
    for row in rows:
        line = io.StringIO(newline="")
        # Only what is in the end of a line is quoted: with "\n" alone a "\r" in a name would end a line.
        csv.writer(line, lineterminator="\r\n").writerow(row)
        held.write(line.getvalue().removesuffix("\r\n") + "\n")
    write_bytes(path, held.getvalue().encode("utf-8", "surrogateescape"))


def write_json(path: str | Path, value: object) -> None:
    """Write `value` as JSON whose text differs only where the value does: indented, keys in their own order.

    NaN and infinity are no JSON: they raise ValueError, and `path` stays as it was.
    """
    write_text(path, json_text(value))


def json_text(value: object) -> str:
    """The text that `write_json` writes."""
    return json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def append_line(path: str | Path, line: str) -> None:
    """Add one line to a file that is there, and flush it to the disk.

    What a killed writer left of a line is cut off first. When it fails, the file is as before.
    """
    data = (line + "\n").encode("utf-8")
    try:
        with open(path, "rb+", buffering=0) as file:
            end = _end_of_lines(file)
            try:
                file.truncate(end)
                file.seek(end)
                write_all(file, data)
                os.fsync(file.fileno())
            except BaseException:
                with contextlib.suppress(OSError):
                    file.truncate(end)
                raise
    except OSError as fault:
        raise unwritable(path, fault, len(data)) from fault


def write_all(file: FileIO, data: bytes | memoryview) -> None:
    """Write all of `data`: an unbuffered file may take a part at a time."""
    left = memoryview(data).cast("B")
    while left:
        left = left[file.write(left) :]


def settle(temporary: Path, target: Path) -> None:
    """Flush `temporary` to the disk, rename it to `target` in the same folder, and flush the folder."""
    with open(temporary, "rb+") as file:
        os.fsync(file.fileno())
    os.replace(temporary, target)
    flush_folder(target.parent)


def goes_by(path: Path, file: IO[bytes]) -> bool:
    """Whether an open file has this name; another process may take it away between any two questions."""
    try:
        return os.path.samestat(path.stat(), os.fstat(file.fileno()))
    except FileNotFoundError:
        return False


def flush_folder(folder: Path) -> None:
    """Flush the names in a folder to the disk, where the system can do that."""
    try:
        handle = os.open(folder, os.O_RDONLY)
    except PermissionError:  # Windows opens no folder
        return
    try:
        os.fsync(handle)
    except OSError as fault:
        if fault.errno not in _NO_FOLDER_FLUSH:
            raise
    finally:
        os.close(handle)


def unwritable(path: str | Path, fault: OSError, needed: int | None = None) -> FileFault:
    """The fault to raise when `path` cannot be written; `needed` is how many bytes it would have had."""
    room = ""
    if needed is not None and fault.errno in _OF_THE_DISK:
        room = f"; it needs {needed:,} bytes, " if needed else "; "
        room += _free(Path(path))
    return FileFault(
        f"{path} cannot be written: {fault.strerror or fault}{room}",
        "check that the folder exists, that you may write there, and that the disk has room",
        where=str(path),
    )


def at_once(path: str, flags: int) -> int:
    """For `open(..., opener=)`: a pipe with a name is opened without waiting for who writes to it."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def unreadable(path: str | Path, fault: OSError) -> FileFault:
    """The fault to raise when a file that somebody named cannot be read."""
    return FileFault(
        f"{path} cannot be read: {fault.strerror or fault}",
        "look whether it is there, and whether you may read it",
        where=str(path),
    )


def _free(path: Path) -> str:
    """How much room the disk of `path` has, in words; `path` itself may not be there."""
    for place in (path, *path.absolute().parents):
        with contextlib.suppress(OSError):
            return f"{shutil.disk_usage(place).free:,} bytes are free"
    return "what is free cannot be told"


def _end_of_lines(file: FileIO) -> int:
    """Where the last whole line ends."""
    size = file.seek(0, os.SEEK_END)
    if not size:
        return 0
    file.seek(size - 1)
    if file.read(1) == b"\n":
        return size
    file.seek(0)
    return file.readall().rfind(b"\n") + 1


def sweep(folder: Path) -> None:
    """Take away what killed writers left of files right in this folder. What another process may be writing
    at this moment, as `striate report` does, is younger than that.
    """
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for one in entries:
            is_ours = _TEMPORARY.fullmatch(one.name) and one.is_file(follow_symlinks=False)
            if is_ours and time.time() - one.stat(follow_symlinks=False).st_mtime > _YOUNG_S:
                with contextlib.suppress(OSError):
                    os.unlink(one.path)


def _temporary(target: Path) -> Path:
    """An empty file beside `target`, with the permissions that the target has or a new file would get."""
    stem = target.name.encode("utf-8", "surrogateescape")[:_LONGEST_NAME].decode("utf-8", "ignore")
    handle, name = tempfile.mkstemp(prefix=f".{stem}.", suffix=".tmp", dir=target.parent)
    os.close(handle)
    temporary = Path(name)
    if target.exists():
        mode = target.stat().st_mode & 0o777
    else:
        temporary.unlink()
        with open(temporary, "xb"):
            pass
        mode = temporary.stat().st_mode & 0o777
    temporary.chmod(mode)
    return temporary
