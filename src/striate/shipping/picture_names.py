"""Which pictures a person means: files, folders walked in order, and lists on stdin, one name at a time.

Nothing is held but the names of the folder that is being walked, so ten million names cost no memory.
"""

from __future__ import annotations

import os
import select
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, final

from striate.errors import UsageError

if TYPE_CHECKING:
    from striate.pictures.dataset import Finding
    from striate.pictures.inputs.folder_names import Ledger

LIST = "-"
PAUSE = None  # among the names: the list has no more for now, so what is known may be told
_CHUNK = 1 << 16
_LONGEST = 1 << 20  # no system has longer names: so this is no list
_PATIENCE_S = 0.05
_PICTURES = (b"\xff\xd8\xff", b"\x89PNG", b"GIF8", b"RIFF", b"II*\0", b"MM\0*")


@final
class Named:
    """Iterate once. `given` are arguments: files, folders and `-` for a list on the open file `handle`.

    What is named is taken whatever it is called; of folders only what may be a picture by its name, and
    `left_out` tells of the rest. With `pauses`, a list that stands still gives PAUSE.
    """

    def __init__(
        self,
        given: Sequence[str],
        *,
        null: bool = False,
        pauses: bool = False,
        handle: int = 0,
    ) -> None:
        self.given = tuple(given)
        self._left_out: Ledger | None = None
        self._separator = b"\0" if null else b"\n"
        self._pauses, self._handle = pauses, handle
        if self.given.count(LIST) > 1:
            raise UsageError("- is given twice, and a list can be read once", "give it once")

    @property
    def count(self) -> int | None:
        """How many there are, where that is known before looking."""
        known = all(one != LIST and not os.path.isdir(one) for one in self.given)
        return len(self.given) if known else None

    def left_out(self) -> tuple[Finding, ...]:
        """What of the folders was not taken, once they were walked."""
        return self._left_out.findings() if self._left_out else ()

    def __iter__(self) -> Iterator[str | None]:
        for one in self.given:
            if one == LIST:
                yield from self._listed()
            elif os.path.isdir(one):
                yield from self._below(one)
            else:
                yield one

    def _below(self, folder: str) -> Iterator[str]:
        from striate.pictures.inputs.folder import Disk
        from striate.pictures.inputs.folder_names import Ledger, is_hidden, is_picture

        left = self._left_out = self._left_out or Ledger()
        for entry in Disk(folder).below(""):
            name, full = entry.path.rpartition("/")[2], os.path.join(folder, entry.path)
            if entry.kind == "denied":
                left.add("unreadable-folder", full)
            elif is_hidden(name):
                left.add("hidden-left-out", full)
            elif entry.kind == "link":
                left.add("link-not-followed", full)
            elif entry.kind == "special":
                left.add("special-files", full)
            elif entry.kind == "file":
                if is_picture(name):
                    yield full
                else:
                    left.add("not-pictures", full)

    def _listed(self) -> Iterator[str | None]:
        """Lines, or what stands between NULs; the last one needs no end."""
        rest, first = b"", True
        while True:
            if self._pauses and not _is_ready(self._handle):
                yield PAUSE
            chunk = os.read(self._handle, _CHUNK)
            if first and chunk.startswith(_PICTURES):
                raise UsageError(
                    "stdin holds a picture, and - reads a list of names", "give the picture's path"
                )
            first = False
            if not chunk:
                break
            *whole, rest = (rest + chunk).split(self._separator)
            for one in whole:
                yield from self._name(one)
            if len(rest) > _LONGEST:
                raise UsageError(
                    f"stdin holds no list of names: {_LONGEST:,} bytes without an end",
                    "write one name a line, or separate names with NUL and give -0",
                )
        yield from self._name(rest)

    def _name(self, raw: bytes) -> Iterator[str]:
        if self._separator == b"\n":
            if b"\0" in raw:
                raise UsageError("the names on stdin are separated by NUL", "give -0")
            raw = raw.removesuffix(b"\r")
        if raw:
            yield os.fsdecode(raw)


def _is_ready(handle: int) -> bool:
    """Whether reading would not wait. Where the system cannot tell, it is tried."""
    try:
        return bool(select.select([handle], [], [], _PATIENCE_S)[0])
    except (OSError, ValueError):
        return True
