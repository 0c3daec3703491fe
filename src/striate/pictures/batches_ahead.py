"""Threads that make things before they are asked for, and a limit to how long one may be waited for."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Generic, TypeVar, final

from striate.errors import StriateError, WorkerFault

Made = TypeVar("Made")


@final
class Ahead(Generic[Made]):
    """Iterate to get `make(number)` for every number of `wanted`; `name` says what a number stands for in
    messages.
    """

    def __init__(
        self,
        make: Callable[[int], Made],
        wanted: list[int],
        workers: int,
        name: Callable[[int], str],
        timeout_s: float,
    ) -> None:
        self.make, self.name, self.timeout_s = make, name, timeout_s
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
                come = self._changed.wait_for(lambda: place in self._done, self.timeout_s)  # noqa: B023
                if not come:
                    text = f"a batch did not come within {self.timeout_s:g} seconds"
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

    def stop(self) -> None:
        """No more work is begun."""
        with self._changed:
            self._stopped = True
            self._done.clear()
            self._changed.notify_all()
