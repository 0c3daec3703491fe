"""Pictures to prove an export with: those of the run where they are still there, else made ones."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, final

import numpy as np
from numpy.typing import NDArray

from striate.errors import StriateError, Unreadable
from striate.keeping.runs import Run, is_run
from striate.pictures.files import Pixels
from striate.pictures.prepare import Preparation
from striate.shipping.agree import made_pictures
from striate.verbs.train_order import Order

if TYPE_CHECKING:
    from striate.pictures.dataset import Dataset

_SIZES = ((1, 1), (40, 64), (97, 61), (300, 200), (33, 500))


@final
@dataclass(frozen=True)
class Pictures:
    """Of a run, or none. `why` says why there are none."""

    dataset: Dataset | None
    why: str = ""

    def places(self, split: str, most: int) -> NDArray[np.int64]:
        """Some places of a split, spread over all of it."""
        if self.dataset is None:
            return np.zeros(0, np.int64)
        rows = self.dataset.places(split).astype(np.int64)
        step = max(1, len(rows) // most)
        return rows[::step][:most]

    def raw(self, preparation: Preparation, most: int) -> Iterator[Pixels]:
        """Pictures of val as their files have them, without those that cannot be read; made ones of several
        sizes where there are none.
        """
        told = 0
        if self.dataset is not None:
            for row in self.places("val", most):
                with contextlib.suppress(Unreadable):
                    yield self.dataset.pixels(int(row), preparation.rules)
                    told += 1
        if not told:
            for height, width in _SIZES:
                yield from made_pictures((height, width, preparation.channels), 8)


def pictures_of(path: Path, data: str | None) -> Pictures:
    """Of `data`, or of the run at `path`."""
    try:
        return Pictures(_dataset(path, data))
    except (StriateError, OSError, KeyError) as fault:
        if data is not None:
            raise
        text = fault.text if isinstance(fault, StriateError) else str(fault)
        return Pictures(None, text)


def _dataset(path: Path, data: str | None) -> Dataset | None:
    from striate.verbs import train_data

    if data is not None:
        return train_data.opened(Order(data), 0)
    if not is_run(path):
        raise StriateError("a bundle alone does not say where its pictures lie")
    run = Run.open(path)
    facts: dict[str, Any] = run.facts()
    return train_data.opened(Order.from_dict(facts["options"]), int(facts["seed"]), run.path)
