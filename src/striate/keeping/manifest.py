"""The list of a folder's files, with size and sha256 of each: written last, checked before anything is used.

    {"format": 1, "files": {"plan.txt": {"size": 61, "sha256": "…"}}}

A manifest is data from somewhere. Only plain names of files count, links are never followed, and nothing
outside the folder is ever opened.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
from collections.abc import Iterable, Mapping
from io import FileIO
from pathlib import Path
from typing import Any, NamedTuple

from striate import safe
from striate.errors import FileFault
from striate.keeping.strict_json import parse

NAME = "manifest.json"
_LARGEST = 1 << 20
_MOST_FILES = 1000
_CHUNK = 1 << 20
_SHA256 = re.compile(r"[0-9a-f]{64}")


class Mark(NamedTuple):
    """What a file must be: its size in bytes and the sha256 of its content."""

    size: int
    sha256: str


class Manifest(NamedTuple):
    """What a folder must hold."""

    version: int
    files: dict[str, Mark]


def seal(folder: Path, names: Iterable[str], version: int) -> None:
    """Flush the files of these names, write the manifest of them, and flush the folder."""
    marks = {}
    for name in names:
        with open_plain(folder / name) as file:
            os.fsync(file.fileno())
            marks[name] = _mark(file)
    if (folder / NAME).is_symlink():
        (folder / NAME).unlink()  # or what it points to would be written
    safe.write_bytes(folder / NAME, text_of(marks, version))


def text_of(marks: Mapping[str, Mark], version: int) -> bytes:
    """The text of a manifest; the same files give the same text."""
    bad = [name for name in marks if improper(name)]
    if bad:
        raise ValueError(f"{bad[0]!r} {improper(bad[0])}")
    files = {name: marks[name]._asdict() for name in sorted(marks)}
    return safe.json_text({"format": version, "files": files}).encode("utf-8")


def verify(folder: Path, version: int) -> tuple[str, ...]:
    """Every way in which a folder is not what its manifest says; none when it is whole and unchanged."""
    found, faults = read(folder)
    if found is None:
        return faults
    if found.version != version:
        return (f"{NAME} has format {found.version}, {version} is read here",)
    try:
        there = sorted(entry.name for entry in os.scandir(folder) if entry.name != NAME)
    except OSError as fault:
        return (f"the folder cannot be read: {fault.strerror or fault}",)
    extra = [f"{n!r} is there, and {NAME} does not name it" for n in there if n not in found.files]
    faults = tuple(extra[:20])
    for name, mark in found.files.items():
        reason = _difference(folder / name, mark)
        if reason:
            faults += (f"{name} {reason}",)
    return faults


def read(folder: Path) -> tuple[Manifest | None, tuple[str, ...]]:
    """The manifest of a folder; or None and why it cannot be used. No other file is looked at."""
    try:
        value = parse(small_content(folder / NAME, _LARGEST))
    except FileNotFoundError:
        return None, (f"{NAME} is missing",)
    except OSError as fault:
        return None, (f"{NAME} {_told(fault)}",)
    except ValueError as fault:
        return None, (f"{NAME} cannot be read as JSON: {fault}",)
    return _checked(value)


def open_plain(path: Path) -> FileIO:
    """Open a regular file for reading; links are not followed, pipes and devices not waited for."""
    flags = os.O_RDONLY | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
    flags |= getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    if path.is_symlink():
        raise OSError(0, "is a link")
    handle = os.open(path, flags)
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise OSError(0, "is no plain file")
    return FileIO(handle)


def small_content(path: Path, largest: int) -> bytes:
    """All bytes of a file that cannot be expected to be larger; OSError where it is."""
    with open_plain(path) as file:
        size = os.fstat(file.fileno()).st_size
        if size > largest:
            raise OSError(0, f"has {size:,} bytes; at most {largest:,} are read")
        return file.readall()


def content(path: Path, mark: Mark) -> bytearray:
    """All bytes of a file, which are checked after they were read: what is used is what was checked."""
    try:
        with open_plain(path) as file:
            size = os.fstat(file.fileno()).st_size
            if size != mark.size:
                raise _changed(path, f"has {size:,} bytes and should have {mark.size:,}")
            data = bytearray(size)
            left = memoryview(data)
            while left:
                got = file.readinto(left)
                if not got:
                    raise _changed(path, "ended early")
                left = left[got:]
    except OSError as fault:
        raise _changed(path, _told(fault)) from fault
    if hashlib.sha256(data).hexdigest() != mark.sha256:
        raise _changed(path, "has other content than its manifest says")
    return data


def _changed(path: Path, reason: str) -> FileFault:
    return FileFault(f"{path} {reason}", "it was damaged or changed: copy it anew", where=str(path))


def _checked(value: Any) -> tuple[Manifest | None, tuple[str, ...]]:
    """A manifest from what its JSON said."""
    if not isinstance(value, dict) or set(value) != {"format", "files"}:
        return None, (f'{NAME} must have the names "format" and "files" and no others',)
    version, files = value["format"], value["files"]
    if type(version) is not int or not isinstance(files, dict) or len(files) > _MOST_FILES:
        return None, (f"{NAME} needs a whole number and a table of at most {_MOST_FILES} files",)
    faults = [f"{NAME}: {name[:60]!r} {improper(name)}" for name in files if improper(name)]
    if len({name.casefold() for name in files}) != len(files):
        faults.append(f"{NAME} has names that differ in capitals alone")
    marks = {}
    for name, told in files.items():
        if not isinstance(told, dict) or set(told) != {"size", "sha256"}:
            faults.append(f"{NAME}: {name[:60]!r} needs a size and a sha256")
        elif type(told["size"]) is not int or not _is_hash(told["sha256"]):
            faults.append(f"{NAME}: {name[:60]!r} has a size or a sha256 that is none")
        else:
            marks[name] = Mark(told["size"], told["sha256"])
    return (None, tuple(faults[:20])) if faults else (Manifest(version, marks), ())


def _is_hash(told: object) -> bool:
    return isinstance(told, str) and _SHA256.fullmatch(told) is not None


def improper(name: str) -> str:
    """Why a name is not the plain name of a file, or nothing."""
    if name == NAME:
        return "cannot list itself"
    plain = name.isprintable() and 0 < len(name.encode("utf-8", "replace")) <= 200
    if not plain or name.startswith(".") or set(name) & set('/\\:*?"<>|') or name != name.strip():
        return "is no plain name of a file"
    return ""


def _difference(path: Path, mark: Mark) -> str:
    """In what a file differs from its mark, or nothing."""
    try:
        with open_plain(path) as file:
            size = os.fstat(file.fileno()).st_size
            if size != mark.size:
                return f"has {size:,} bytes, {NAME} says {mark.size:,}"
            same = _mark(file) == mark
    except FileNotFoundError:
        return "is missing"
    except OSError as fault:
        return _told(fault)
    return "" if same else f"has other content than {NAME} says"


def _mark(file: FileIO) -> Mark:
    """Size and hash of an open file."""
    digest, size = hashlib.sha256(), 0
    while chunk := file.read(_CHUNK):
        digest.update(chunk)
        size += len(chunk)
    return Mark(size, digest.hexdigest())


def _told(fault: OSError) -> str:
    """A reason that reads on after a name."""
    if fault.errno == 0:
        return str(fault.strerror)
    return f"cannot be read: {fault.strerror or fault}"
