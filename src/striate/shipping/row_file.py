"""A file of rows that is complete or absent, and that a kill cannot spoil.

Rows are added to FILE.part. Now and then they are flushed to the disk, and FILE.part.json is written: how
far FILE.part is whole, a hash of the names up to there, and what was asked for. Going on, whatever stands
behind that place is cut off, and the names are compared. FILE appears when all rows are there.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from io import FileIO
from pathlib import Path
from typing import Any, NamedTuple, final

from striate import safe
from striate.errors import FileFault
from striate.keeping.strict_json import parse

FORMAT = 1
_EVERY_S = 2.0
_COUNTS = ("rows", "bytes", "unreadable")


class _Place(NamedTuple):
    """How far it is whole. Replaced in one step, so that no interruption leaves half of it."""

    rows: int
    bytes: int
    unreadable: int
    names: str


@final
class RowFile:
    """`begin` or `go_on` makes one; `add` rows, then `finish`, or `close` to leave it for later. `order` is
    what was asked for: a file goes on only with the same.
    """

    def __init__(self, path: Path, order: Mapping[str, Any], clock: Callable[[], float]) -> None:
        self.path, self.order, self._clock = path, dict(order), clock
        self.part, self.state = parts_of(path)
        self._names = hashlib.sha256()
        self._at = self._coming = _Place(0, 0, 0, self._names.hexdigest())
        self._saved = clock()
        self._file: FileIO

    @property
    def rows(self) -> int:
        """How many are there."""
        return self._at.rows

    @property
    def unreadable(self) -> int:
        """How many of them are pictures that could not be read."""
        return self._at.unreadable

    @classmethod
    def begin(
        cls,
        path: Path,
        order: Mapping[str, Any],
        head: bytes = b"",
        overwrite: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> RowFile:
        """A new one. What is there already is replaced only with `overwrite`."""
        part, _ = parts_of(path)
        if not overwrite and part.exists():
            raise FileFault(
                f"{part} is there: an earlier call was ended before {path.name} was complete",
                "--resume goes on with it, --overwrite begins anew",
                str(part),
            )
        if not overwrite and path.exists():
            raise FileFault(f"{path} is there", "--overwrite replaces it", str(path))
        made = cls(path, order, clock)
        with made._told():
            made._open("ab")
            made._file.truncate(0)
            safe.write_all(made._file, head)
            made._at = made._at._replace(bytes=len(head))
            made.save()
        return made

    @classmethod
    def go_on(
        cls,
        path: Path,
        order: Mapping[str, Any],
        clock: Callable[[], float] = time.monotonic,
    ) -> RowFile:
        """The one that was left."""
        made = cls(path, order, clock)
        with made._told():
            made._open("rb+")
            try:  # only now: another process may have gone on until the lock was ours
                made._take_up(made._found())
            except BaseException:
                made._file.close()
                raise
        return made

    def after(self, names: Iterable[str | None]) -> Iterator[str]:
        """The names whose rows are not there yet; the others must be those of before, in the same order."""
        left, rest = self.rows, (name for name in names if name is not None)
        while left and (name := next(rest, None)) is not None:
            self._names.update(os.fsencode(name) + b"\0")
            left -= 1
        if self.rows and (left or self._names.hexdigest() != self._at.names):
            raise FileFault(
                f"the first {self.rows:,} pictures are not those of {self.part.name}, or in another order",
                "give the same pictures as before, or --overwrite to begin anew",
                str(self.part),
            )
        yield from rest

    def add(self, data: bytes, names: Iterable[str], unreadable: int = 0) -> None:
        """Rows of some names, all of them or none."""
        with self._told():
            rows, held, unread, _ = self._at
            for name in names:
                self._names.update(os.fsencode(name) + b"\0")
                rows += 1
            # Noted before it is written: a signal right behind the last byte loses none of these rows.
            self._coming = _Place(
                rows, held + len(data), unread + unreadable, self._names.hexdigest()
            )
            safe.write_all(self._file, data)
            self._at = self._coming
            if self._clock() - self._saved >= _EVERY_S:
                self.save()

    def save(self) -> None:
        """Flush, and write down how far it is whole."""
        os.fsync(self._file.fileno())
        told = {
            "format": FORMAT, "order": self.order, **self._at._asdict(),
        }  # fmt: skip
        safe.write_json(self.state, told)
        self._saved = self._clock()

    def finish(self) -> None:
        """Give the file its name."""
        with self._told():
            safe.settle(self.part, self.path)
            self._file.close()
            self.state.unlink(missing_ok=True)

    def close(self) -> None:
        """Leave it with all that is known; without a row nothing is left."""
        if self._file.closed:
            return
        with contextlib.suppress(OSError, FileFault):
            if os.fstat(self._file.fileno()).st_size == self._coming.bytes:
                self._at = self._coming
            self.save()
        self._file.close()
        if not self.rows:
            for one in (self.part, self.state):
                with contextlib.suppress(OSError):
                    one.unlink()

    def _take_up(self, found: dict[str, Any]) -> None:
        """Cut off what is behind the last note, if it is of the same order."""
        order, told = self.order, found["order"]
        different = [name for name in {**order, **told} if told.get(name) != order.get(name)]
        if different:
            name = different[0]
            raise FileFault(
                f"{self.part} was begun with another {name}: {told.get(name)!r}, "
                f"and this is {order.get(name)!r}",
                "give the same line as before, or --overwrite to begin anew",
                str(self.part),
            )
        self._at = _Place(*(found[name] for name in (*_COUNTS, "names")))
        if os.fstat(self._file.fileno()).st_size < self._at.bytes:
            raise FileFault(
                f"{self.part} is shorter than {self.state.name} says",
                "--overwrite begins anew",
                str(self.part),
            )
        self._file.truncate(self._at.bytes)
        self._file.seek(self._at.bytes)

    def _open(self, mode: str) -> None:
        """One process at a time; where the system has no locks, nobody is kept out. What another one has
        finished meanwhile is its file now, under its own name, and must not be touched.
        """
        self._file = FileIO(self.part, mode)
        try:
            if self._locked() and os.path.samestat(
                os.fstat(self._file.fileno()), os.stat(self.part)
            ):
                return
        except FileNotFoundError:
            pass
        self._file.close()
        raise FileFault(
            f"another process is writing {self.part}", "wait for it or stop it", str(self.part)
        )

    def _locked(self) -> bool:
        try:
            import fcntl

            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except (ImportError, OSError):
            return True
        return True

    def _found(self) -> dict[str, Any]:
        """What FILE.part.json says, checked."""
        try:
            found = parse(self.state.read_bytes())
        except (OSError, ValueError) as fault:
            raise self._lost(f"{getattr(fault, 'strerror', None) or fault}") from None
        if not isinstance(found, dict) or found.get("format") != FORMAT:
            raise self._lost("it has another format")
        counts = [found.get(name) for name in _COUNTS]
        if not all(type(one) is int and one >= 0 for one in counts):
            raise self._lost("its counts are no numbers")
        if not isinstance(found.get("order"), dict) or not isinstance(found.get("names"), str):
            raise self._lost("it does not say what was asked for")
        return found

    def _lost(self, why: str) -> FileFault:
        return FileFault(
            f"{self.part} cannot be gone on with: {self.state.name} cannot be used: {why}",
            "--overwrite begins anew",
            str(self.state),
        )

    @contextlib.contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except OSError as fault:
            raise safe.unwritable(self.part, fault) from fault


def parts_of(path: Path) -> tuple[Path, Path]:
    """FILE.part and FILE.part.json."""
    return path.with_name(f"{path.name}.part"), path.with_name(f"{path.name}.part.json")


def is_complete(path: Path) -> bool:
    """Whether the file is there and nothing is left to do. A kill at the very end leaves FILE.part.json."""
    part, state = parts_of(path)
    if not path.is_file() or part.exists():
        return False
    with contextlib.suppress(OSError):
        state.unlink(missing_ok=True)
    return True
