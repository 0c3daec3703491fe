"""Threads that make things before they are asked for, and a limit to how long nothing may move meanwhile."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Generic, TypeVar, final

from striate.errors import StriateError, WorkerFault
from striate.pictures.files import Pixels
from striate.pictures.order import Rows

if TYPE_CHECKING:
    from striate.pictures.batches import Pictures

Made = TypeVar("Made")
_TICK_S = 0.2


@final
class Ahead(Generic[Made]):
    """Iterate to get `make(number)` for every number of `wanted`; `name` says what a number stands for in
    messages. A thing may take as long as it likes while `moved` gives something new now and then, or other
    things are done; `timeout_s` without either is a fault.
    """

    def __init__(
        self,
        make: Callable[[int], Made],
        wanted: list[int],
        workers: int,
        name: Callable[[int], str],
        timeout_s: float,
        moved: Callable[[], object] = lambda: None,
    ) -> None:
        self.make, self.name, self.timeout_s, self.moved = make, name, timeout_s, moved
        self.wanted = wanted
        self._done: dict[int, Made | Exception] = {}
        self._next, self._given, self._stopped = 0, 0, False
        self._room = workers + 2
        self._changed = threading.Condition()
        for _ in range(min(workers, len(wanted))):
            threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        while True:
            with self._changed:
                while not self._stopped and self._next - self._given >= self._room:
                    self._changed.wait()
                if self._stopped or self._next >= len(self.wanted):
                    return
                place = self._next
                self._next += 1
            try:
                made: Made | Exception = self.make(self.wanted[place])
            except Exception as fault:  # noqa: BLE001 raised again where the batch is asked for
                made = fault
            with self._changed:
                self._done[place] = made
                self._changed.notify_all()

    def __iter__(self) -> Iterator[Made]:
        for place, number in enumerate(self.wanted):
            with self._changed:
                if not self._come(place):
                    text = f"a batch did not come on within {self.timeout_s:g} seconds"
                    raise WorkerFault(text, "look at these files", where=self.name(number))
                made = self._done.pop(place)
                self._given += 1
                self._changed.notify_all()
            if isinstance(made, StriateError):
                raise made
            if isinstance(made, Exception):
                text = f"a batch could not be made: {type(made).__name__}: {made}"
                raise WorkerFault(text, "look at these files", where=self.name(number)) from made
            yield made

    def _come(self, place: int) -> bool:
        """Wait for what is made for this place; False where nothing moves any more."""
        seen, since = self._state(), time.monotonic()
        while place not in self._done:
            self._changed.wait(min(_TICK_S, self.timeout_s))
            now = self._state()
            if now != seen:
                seen, since = now, time.monotonic()
            elif time.monotonic() - since >= self.timeout_s:
                return False
        return True

    def _state(self) -> object:
        """Something else whenever anything was begun, done or moved."""
        return self._next, len(self._done), self.moved()

    def stop(self) -> None:
        """No more work is begun."""
        with self._changed:
            self._stopped = True
            self._done.clear()
            self._changed.notify_all()


@final
class Watched:
    """Pictures of which one knows whether they are being read: only then can anything hang. What is
    calculated from them may take as long as it likes.
    """

    def __init__(self, pictures: Pictures) -> None:
        self.pictures, self.dataset = pictures, pictures.dataset
        self.preparation = pictures.preparation
        self._reading: set[int] = set()

    def take(self, rows: Rows) -> Pixels:
        """Rows of the dataset, n H W C uint8."""
        self._reading.add(threading.get_ident())
        try:
            return self.pictures.take(rows)
        finally:
            self._reading.discard(threading.get_ident())

    @property
    def moved(self) -> float:
        """Another number than before, if reading goes on or nobody reads."""
        return self.pictures.moved if self._reading else time.monotonic()
