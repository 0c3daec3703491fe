"""A folder of pictures: walked once, in order of names, links and all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, final

from striate.errors import FileFault
from striate.pictures.dataset import Dataset
from striate.pictures.inputs.csv_rows import unreadable
from striate.pictures.inputs.folder_layout import Entry, Kind, Tree, lay_out
from striate.pictures.inputs.folder_names import is_hidden
from striate.pictures.source import Folder

Key = tuple[int, int]  # device and file number: what a folder is, whatever leads to it


class _Met(NamedTuple):
    """A name in one folder, and whether a link leads to it."""

    name: str
    kind: Kind
    linked: bool


@final
class Disk(Tree):
    """The files under a folder. A link to a folder is followed once: never back to where it stands,
    and not a second time from another place.
    """

    def __init__(self, root: str | Path) -> None:
        self.root, self.where = os.fspath(root), str(root)
        self._followed: dict[Key, str] = {}

    def children(self, folder: str) -> list[Entry]:
        """What lies directly in a folder."""
        above, listed = self._chain(folder), self._listing(folder)
        if listed is None:
            return [Entry(folder, "denied")]
        return [self._entry(folder, met, above) for met in listed]

    def below(self, folder: str) -> Iterator[Entry]:
        """Every file and folder under a folder; hidden folders are named and not entered."""
        first = self._listing(folder)
        if first is None:
            yield Entry(folder, "denied")
            return
        stack = [(folder, self._chain(folder), iter(first))]
        while stack:
            here, above, rest = stack[-1]
            met = next(rest, None)
            if met is None:
                stack.pop()
                continue
            entry = self._entry(here, met, above)
            inside = None
            if entry.kind == "folder" and not is_hidden(met.name):
                inside = self._listing(entry.path)
                if inside is None:
                    entry = Entry(entry.path, "denied")
            yield entry
            if inside is not None:
                stack.append((entry.path, above | {_key(self._full(entry.path))}, iter(inside)))

    def _entry(self, folder: str, met: _Met, above: frozenset[Key]) -> Entry:
        path = f"{folder}/{met.name}" if folder else met.name
        if met.kind == "folder" and met.linked:
            key = _key(self._full(path))
            if key in above or self._followed.setdefault(key, path) != path:
                return Entry(path, "link")
        return Entry(path, met.kind)

    def _listing(self, folder: str) -> list[_Met] | None:
        """The names in a folder, sorted; None where they cannot be read."""
        try:
            with os.scandir(self._full(folder)) as entries:
                return sorted(_Met(e.name, _kind(e), e.is_symlink()) for e in entries)
        except OSError:
            return None

    def _chain(self, folder: str) -> frozenset[Key]:
        """The folder and all above it, down from the top."""
        parts = folder.split("/") if folder else []
        return frozenset(
            _key(self._full("/".join(parts[:depth]))) for depth in range(len(parts) + 1)
        )

    def _full(self, path: str) -> str:
        return os.path.join(self.root, path) if path else self.root


def open_folder(root: str | Path) -> Dataset:
    """The pictures of a folder, as they lie: splits that are not there are not made here."""
    try:
        with os.scandir(root):
            pass
    except OSError as fault:
        raise unreadable(root, fault) from None
    laid = lay_out(Disk(root))
    return Dataset(
        name=Path(os.path.abspath(root)).name or str(root),
        source=Folder(root),
        paths=laid.paths,
        classes=laid.classes,
        labels=laid.labels,
        split=laid.split,
        findings=laid.findings,
    )


def _kind(entry: os.DirEntry[str]) -> Kind:
    """A link that leads nowhere counts as a file: so its picture is listed as unreadable, not
    forgotten.
    """
    try:
        if entry.is_dir():
            return "folder"
        if entry.is_file() or (entry.is_symlink() and not os.path.exists(entry.path)):
            return "file"
    except OSError:
        return "file"
    return "special"


def _key(path: str) -> Key:
    try:
        found = os.stat(path)
    except OSError as fault:
        raise FileFault(
            f"{path} was there a moment ago and is not now: {fault.strerror or fault}",
            "let nothing move files while they are read",
            where=path,
        ) from None
    return found.st_dev, found.st_ino
