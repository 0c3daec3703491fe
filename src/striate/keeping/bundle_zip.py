"""A bundle as one file: a zip without compression, the same bytes for the same bundle.

What comes in is unpacked into a temporary folder of its own and checked there like any bundle. Only plain
names, only stored bytes, and no more of them than the file has: nothing can be written elsewhere or grow.
"""

from __future__ import annotations

import shutil
import tempfile
import weakref
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import final

from striate import safe
from striate.errors import BundleRefused, StriateError
from striate.keeping import bundle, manifest

_BEGIN = (1980, 1, 1, 0, 0, 0)  # the first moment a zip can name
_MODE = 0o100644 << 16
_MOST_FILES = 32
_CHUNK = 1 << 20


def write(folder: Path, target: Path) -> None:
    """The bundle in a folder as one file, once it is checked; whole or not at all."""
    bundle.read(folder)
    names = sorted(entry.name for entry in folder.iterdir())
    needed = sum((folder / name).stat().st_size for name in names)
    with safe.replacing(target, needed) as temporary, zipfile.ZipFile(temporary, "w") as made:
        for name in names:
            facts = zipfile.ZipInfo(name, _BEGIN)
            facts.external_attr, facts.create_system = _MODE, 3
            size = (folder / name).stat().st_size
            facts.file_size = size
            with manifest.open_plain(folder / name) as file, made.open(facts, "w") as part:
                while chunk := file.read(_CHUNK):
                    part.write(chunk)


def read(path: Path) -> bundle.Bundle:
    """The bundle in a file; it is unpacked for as long as the bundle is used."""
    held = _Unpacked()
    try:
        _unpack(path, held.folder)
        found = bundle.read(held.folder)
    except StriateError as fault:
        held.remove()
        if isinstance(fault, BundleRefused):
            text = fault.text.replace(str(held.folder), str(path))
            raise BundleRefused(text, fault.hint, where=str(path)) from None
        raise
    return replace(found, held=held)


@final
class _Unpacked:
    """A temporary folder that goes with the last bundle that needs it."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="striate-bundle-"))
        self.remove = weakref.finalize(self, shutil.rmtree, str(self.folder), ignore_errors=True)


def _unpack(path: Path, folder: Path) -> None:
    try:
        size = path.stat().st_size
        with zipfile.ZipFile(path) as given:
            faults = list(_faults(given.infolist(), size))
            if faults:
                raise _refused(path, "; ".join(faults[:5]))
            for one in given.infolist():
                with given.open(one) as part, open(folder / one.filename, "xb") as made:
                    shutil.copyfileobj(part, made, _CHUNK)
    except OSError as fault:
        raise safe.unreadable(path, fault) from None
    except (zipfile.BadZipFile, EOFError, ValueError, NotImplementedError, RuntimeError) as fault:
        raise _refused(path, f"it is no zip that can be read ({str(fault)[:100]})") from None


def _faults(parts: list[zipfile.ZipInfo], size: int) -> Iterator[str]:
    if len(parts) > _MOST_FILES:
        yield f"it holds {len(parts):,} files"
        return
    names = [one.filename for one in parts]
    if len({name.casefold() for name in names}) != len(names):
        yield "a name stands twice"
    if sum(one.file_size for one in parts) > size:
        yield "it says that it holds more bytes than it has"
    for one in parts:
        if one.filename != manifest.NAME and manifest.improper(one.filename):
            yield f"{one.filename[:60]!r} {manifest.improper(one.filename)}"
        if one.compress_type != zipfile.ZIP_STORED or one.flag_bits & 1:
            yield f"{one.filename[:60]!r} is compressed or encrypted"


def _refused(path: Path, reason: str) -> BundleRefused:
    return BundleRefused(
        f"{path} is no bundle that can be used: {reason}", "copy it anew", where=str(path)
    )
