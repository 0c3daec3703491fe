"""What a person names: a run, a bundle as a folder or as one .striate file, or a model.onnx."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from striate import safe
from striate.errors import CannotTrain, GraphRefused

if TYPE_CHECKING:
    from striate.keeping.bundle import Bundle

ZIP, GRAPH = ".striate", ".onnx"
_LARGEST = (1 << 31) - 1  # protobuf's own limit


def is_graph(path: str | Path) -> bool:
    """Whether a path is that of an ONNX file."""
    return Path(path).suffix.lower() == GRAPH


def bundle_of(path: str | Path) -> Bundle:
    """The bundle of a run, or the one in the folder or file itself, checked."""
    from striate.keeping import bundle, bundle_zip  # here: an .onnx needs none of it

    found = found_at(path)
    if found.is_file():
        return bundle_zip.read(found)
    return bundle.read(_folder_of(found))


@contextlib.contextmanager
def open_graph(path: str | Path) -> Iterator[BinaryIO]:
    """An ONNX file, open; that it cannot be read is a sentence."""
    with _begun(path) as held:
        found = os.fstat(held.fileno())
        if not stat.S_ISREG(found.st_mode):
            raise GraphRefused("it is no plain file", where=str(path))
        if found.st_size > _LARGEST:
            raise GraphRefused(
                f"it has {found.st_size:,} bytes, and no ONNX file has so many", where=str(path)
            )
        yield held


def _begun(path: str | Path) -> BinaryIO:
    try:
        return open(path, "rb", opener=safe.at_once)
    except OSError as fault:
        raise safe.unreadable(path, fault) from None


def found_at(path: str | Path) -> Path:
    """A path as it is typed: `latest` and the names of runs stand for their folders."""
    from striate.keeping.runs import find

    found = Path(path)
    return found if found.exists() or is_graph(found) or found.suffix == ZIP else find(found)


def _folder_of(folder: Path) -> Path:
    from striate.keeping.runs import is_run

    if is_run(folder):
        folder = folder / "bundle"
        if not folder.is_dir():
            raise CannotTrain(
                f"{folder.parent} has no bundle: the run is not finished",
                f"striate resume {folder.parent}",
                where=str(folder.parent),
            )
    return folder
