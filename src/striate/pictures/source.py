"""Where the bytes of pictures lie: a folder, an archive read in place, or an array in memory.

A source is opened once, read from many threads at a time, and never written to.
"""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from pathlib import Path
from typing import final

from striate.pictures.files import DEFAULT, Pixels, Rules, decode, read_bytes, to_png


class Source(ABC):
    """Gives the picture at a place of a dataset. `where` is what a message calls it."""

    where: str

    @abstractmethod
    def data(self, index: int, path: str) -> bytes:
        """The file as it is stored; raises `Unreadable`."""

    def pixels(self, index: int, path: str, rules: Rules = DEFAULT) -> Pixels:
        """The picture, H W C uint8; raises `Unreadable`."""
        return decode(self.data(index, path), rules)

    def size_bytes(self, index: int, path: str) -> int:
        """How large the stored file is."""
        return len(self.data(index, path))

    def file(self, index: int, path: str) -> Path:
        """The file of the system that a picture lies in: while that is unchanged, so is the picture. Where it
        is no file, nobody knows.
        """
        return Path(self.where)

    def shown(self, path: str) -> str:
        """The whole path, for people."""
        return f"{self.where}/{path}"


@final
class Folder(Source):
    """Files under a folder; paths are relative to it and use `/`."""

    def __init__(self, root: str | Path) -> None:
        self.root = Path(root)
        self.where = str(root)

    def data(self, index: int, path: str) -> bytes:
        """The bytes of a file."""
        return read_bytes(self.root / path)

    def size_bytes(self, index: int, path: str) -> int:
        """From the folder, without reading the file."""
        return os.stat(self.root / path).st_size

    def file(self, index: int, path: str) -> Path:
        """It is one itself."""
        return self.root / path


@final
class Arrays(Source):
    """Pictures that are numbers already: N H W C uint8, as the small named sets are published."""

    def __init__(self, pictures: Pixels, where: str) -> None:
        self.pictures = pictures
        self.where = where

    def data(self, index: int, path: str) -> bytes:
        """The picture as a PNG file."""
        return to_png(self.pictures[index])

    def pixels(self, index: int, path: str, rules: Rules = DEFAULT) -> Pixels:
        """The numbers themselves; grey becomes three equal channels where colour is wanted."""
        found: Pixels = self.pictures[index]
        if (found.shape[2] == 1) == (rules.mode == "L"):
            return found
        return found.repeat(3, axis=2) if rules.mode == "RGB" else decode(to_png(found), rules)

    def size_bytes(self, index: int, path: str) -> int:
        """As many bytes as numbers."""
        return int(self.pictures[index].nbytes)
