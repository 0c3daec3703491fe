"""Pictures for which neither the cache nor memory has room: decoded whenever they are asked for."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import final

import numpy as np

from striate.errors import StriateError
from striate.pictures.dataset import Dataset
from striate.pictures.files import Pixels
from striate.pictures.order import Rows
from striate.pictures.prepare import Preparation
from striate.pictures.store.cache_crew import Bad, Crew
from striate.pictures.store.cache_store import Store, one


@final
class Live(Store):
    """Kept nowhere: every picture is decoded each time it is asked for, by threads of a crew."""

    kind = "files"

    def __init__(self, dataset: Dataset, preparation: Preparation, crew: Crew) -> None:
        self.dataset, self.preparation = dataset, preparation
        self.crew = replace(crew, processes=False)
        self.shape = (len(dataset), *preparation.shape)
        self._turn = threading.Lock()

    def take(self, rows: Rows) -> Pixels:
        """Decoded now; a file that has become unreadable is named, and so is one that hangs."""
        made = np.empty((len(rows), *self.shape[1:]), np.uint8)
        faults: dict[int, StriateError] = {}

        def do(place: int, at: Callable[[int], None]) -> Bad:
            at(int(rows[place]))
            try:
                made[place] = one(self.dataset, int(rows[place]), self.preparation)
            except StriateError as fault:
                faults[place] = fault
            return []

        with self._turn:  # whoever asks beside it would only share the same cores
            for _ in self.crew.work(len(rows), do):
                pass
        if faults:
            raise faults[min(faults)]
        return made

    @property
    def moved(self) -> float:
        """The time: the crew watches each picture by itself, and names the one that hangs."""
        return time.monotonic()
