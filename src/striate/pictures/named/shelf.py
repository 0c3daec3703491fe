"""Where named sets lie, and whether what lies there is the published set.

Looked at in this order: the folder that was named, `STRIATE_DATA`, and `striate` in the user's data folder
(`XDG_DATA_HOME`, or `~/.local/share`). Each holds a folder for each set. Nothing is downloaded here.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple, final

from striate.errors import SetNotHere, SetRefused
from striate.fetch import hash_of
from striate.pictures.dataset import Dataset

ENVIRONMENT = "STRIATE_DATA"


class Remote(NamedTuple):
    """One published file. Without `url` the user brings it; without `md5` nobody states its hash.

    It is kept as it is, unpacked into the folder `into`, or unpacked as a tar of tars.
    """

    name: str
    md5: str = ""
    url: str = ""
    how: Literal["keep", "unpack", "unpack twice"] = "unpack"
    into: str = ""


class Part(NamedTuple):
    """A file or folder that must be there, with its hash where one is stated."""

    path: str
    md5: str = ""


class Pictures(NamedTuple):
    """How many pictures there are in each split; `undivided` ones come without a split."""

    train: int = 0
    val: int = 0
    test: int = 0
    undivided: int = 0


@final
@dataclass(frozen=True)
class KnownSet:
    """One row of the table: what a set is, where it comes from, and how it is read."""

    name: str
    title: str
    classes: int
    pictures: Pictures
    size_bytes: int
    licence: str
    citation: str
    files: tuple[Remote, ...] = ()
    parts: tuple[Part, ...] = ()
    mirror: bool = True
    reader: Callable[[Path, str], Dataset] | None = None
    maker: Callable[[str], Dataset] | None = None
    needs: str = ""  # a package of striate[train] that reads it
    note: str = ""

    @property
    def is_downloaded(self) -> bool:
        """Whether every file has an address; else the user brings an archive."""
        return bool(self.files) and all(remote.url for remote in self.files)


def home() -> Path:
    """Where sets are put when no folder is named."""
    named = os.environ.get("XDG_DATA_HOME", "")
    return (Path(named) if os.path.isabs(named) else Path.home() / ".local" / "share") / "striate"


def places(name: str, root: str | Path | None = None) -> list[Path]:
    """The folders in which a set may lie, the first one first."""
    named = [root, os.environ.get(ENVIRONMENT), home()]
    return [Path(place).expanduser() / name for place in named if place]


def lacking(known: KnownSet, folder: Path) -> list[str]:
    """What a folder lacks of a set."""
    return [part.path for part in known.parts if not (folder / part.path).exists()]


def find(known: KnownSet, root: str | Path | None = None) -> Path | None:
    """The first folder that holds all of a set, by names alone."""
    return next((p for p in places(known.name, root) if p.is_dir() and not lacking(known, p)), None)


def here(known: KnownSet, root: str | Path | None = None) -> Path:
    """The folder of a set, its hashes checked; raises `SetNotHere` or `SetRefused`."""
    folder = find(known, root)
    if folder is None:
        raise not_here(known, root)
    check(known, folder)
    return folder


def check(known: KnownSet, folder: Path) -> None:
    """Refuse a file whose hash is not the published one."""
    for part in known.parts:
        path = folder / part.path
        if part.md5 and (found := hash_of(path, "md5")) != part.md5:
            raise SetRefused(
                f"{part.path} of {known.name} is not the published file: md5 {found}, expected {part.md5}",
                f"move it away and run: striate data get {known.name}",
                where=str(path),
            )


def not_here(known: KnownSet, root: str | Path | None = None) -> SetNotHere:
    """The fault to raise, with every place that was looked at and the line to run."""
    looked = []
    for place in places(known.name, root):
        lost = lacking(known, place) if place.is_dir() else []
        more = f" and {len(lost) - 1} more" if len(lost) > 1 else ""
        looked.append(f"{place}" + (f" (there, but without {lost[0]}{more})" if lost else ""))
    bring = "" if known.is_downloaded else " --from ARCHIVE"
    return SetNotHere(
        f"{known.name} is not here, or not all of it; nothing is downloaded unasked",
        f"run: striate data get {known.name}{bring}",
        where="\n".join(looked),
    )
