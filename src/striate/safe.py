"""Files that a power cut cannot tear: a reader sees the old content or the new, never a mixture.

A temporary file in the same folder is written, flushed to the disk and renamed over the target; then the
folder itself is flushed: without the last step the rename may be forgotten.
"""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from striate.errors import FileFault

_LONGEST_NAME = 200  # of 255 bytes; the rest is for the random part of a temporary name


@contextlib.contextmanager
def replacing(path: str | Path) -> Iterator[Path]:
    """Give the path of an empty temporary file; when the block ends well, it takes the place of `path`.

    When the block fails, the temporary file is removed and `path` is as before. A link is followed.
    """
    target = Path(os.path.realpath(path))
    temporary: Path | None = None
    try:
        temporary = _temporary(target)
        yield temporary
        settle(temporary, target)
    except BaseException as fault:
        if temporary is not None:
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)
        if isinstance(fault, OSError):
            raise unwritable(path, fault) from fault
        raise


def write_bytes(path: str | Path, data: bytes) -> None:
    """Write `data` to `path`, whole or not at all."""
    with replacing(path) as temporary:
        temporary.write_bytes(data)


def write_text(path: str | Path, text: str) -> None:
    """Write `text` as UTF-8 with its line ends untouched, whole or not at all."""
    write_bytes(path, text.encode("utf-8"))


def write_json(path: str | Path, value: object) -> None:
    """Write `value` as JSON whose text differs only where the value does: indented, keys in their own order.

    NaN and infinity are no JSON: they raise ValueError, and `path` stays as it was.
    """
    write_text(path, json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def settle(temporary: Path, target: Path) -> None:
    """Flush `temporary` to the disk, rename it to `target` in the same folder, and flush the folder."""
    with open(temporary, "rb+") as file:
        os.fsync(file.fileno())
    os.replace(temporary, target)
    # A folder cannot be opened for this on Windows; there the rename itself is what can be had.
    with contextlib.suppress(PermissionError):
        folder = os.open(target.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def unwritable(path: str | Path, fault: OSError) -> FileFault:
    """The fault to raise when `path` cannot be written."""
    return FileFault(
        f"{path} cannot be written: {fault.strerror or fault}",
        "check that the folder exists, that you may write there, and that the disk has room",
        where=str(path),
    )


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
