"""Folders and archives made for a test: names matter here, pixels do not."""

from __future__ import annotations

import io
import tarfile
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from striate.pictures.dataset import Dataset, Finding
from striate.pictures.files import to_png

CLASSES = ("cat", "dog")


def plant(root: Path, *paths: str) -> Path:
    """Files with a few bytes each, and folders where a path ends in /."""
    for path in paths:
        place = root / path
        if path.endswith("/"):
            place.mkdir(parents=True, exist_ok=True)
        else:
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(path.encode("utf-8", "surrogateescape"))
    return root


def many(folder: str, count: int = 12, ending: str = ".jpg") -> list[str]:
    """Names of pictures in a folder."""
    return [f"{folder}/{i}{ending}" for i in range(count)]


def two_classes(before: str = "", count: int = 12) -> list[str]:
    """Cats and dogs."""
    return [path for name in CLASSES for path in many(f"{before}{name}", count)]


def codes(dataset: Dataset) -> list[str]:
    """The codes of what was found."""
    return [one.code for one in dataset.findings]


def finding(dataset: Dataset, code: str) -> Finding:
    """The one finding of a code."""
    found = [one for one in dataset.findings if one.code == code]
    assert len(found) == 1, f"{code} among {codes(dataset)}"
    return found[0]


def png(value: int = 0) -> bytes:
    """A picture of 2 x 2 in one grey."""
    import numpy as np

    return to_png(np.full((2, 2, 3), value, np.uint8))


def zipped(
    path: Path, names: Iterable[str] | Mapping[str, bytes], compression: int = zipfile.ZIP_STORED
) -> Path:
    """A .zip of members; a member's bytes are its name where none are given."""
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name in names:
            archive.writestr(name, names[name] if isinstance(names, Mapping) else name.encode())
    return path


def tarred(path: Path, names: Iterable[str] | Mapping[str, bytes], mode: str = "w") -> Path:
    """A .tar of members."""
    with tarfile.open(path, mode) as archive:  # type: ignore[call-overload]
        for name in names:
            data = names[name] if isinstance(names, Mapping) else name.encode()
            info = tarfile.TarInfo(name)
            if name.endswith("/"):
                info.type, data = tarfile.DIRTYPE, b""
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return path
