"""What the page of a run looks at, and how much of it there is time for.

Shape legend: N pictures, C channels, H height, W width.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, final

import numpy as np

from striate.errors import StriateError
from striate.verbs.see_opened import Opened, Shown, data_of, opened, pixels_of

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

    from striate.pages.report_told import Case
    from striate.pictures.dataset import Dataset

_FEW = 16
_CROWD = 2_000
_MOST_BYTES = 1 << 28  # of prepared pictures that are held at once
_LEAST_CROWD = 24


@final
class Late(Exception):
    """There is no time for this part, and why."""


@final
class Nothing(Exception):
    """The network or the data have nothing for this part, and why."""


class Pace(NamedTuple):
    """Seconds of one picture: read and prepared, and once through the network."""

    load_s: float
    forward_s: float


@final
@dataclass(eq=False)
class Scene:
    """dataset: pictures that the run did not learn from. few: some of them, evenly from the first to the
    last; pictures: the same, as the network takes them. allowed_s: what the figure at work may take.
    """

    seen: Opened
    dataset: Dataset
    cases: Sequence[Case]
    budget_s: float
    begun: float
    few: Sequence[Shown]
    pictures: Tensor
    pace: Pace
    allowed_s: float = 0.0
    vectors: NDArray[np.float32] | None = None  # of the crowd, when they were found

    @property
    def spent_s(self) -> float:
        """Since network and data were opened."""
        return time.perf_counter() - self.begun

    def afford(self, forwards: float, least: int, most: int) -> int:
        """How many pictures may go through the network so often."""
        many = int(self.allowed_s / (forwards * self.pace.forward_s))
        if many < least:
            raise Late(
                f"once through the network takes {self.pace.forward_s:.2g} s, and this would take "
                f"{least * forwards:,.0f} times that"
            )
        return min(many, most)

    def spend(self, since_s: float) -> None:
        """What the figure at work has taken since then is no longer there for it."""
        self.allowed_s -= self.spent_s - since_s

    def shown(self, row: int) -> Shown:
        """One picture."""
        return Shown(self.dataset.paths[row], pixels_of(self.seen, self.dataset, row))

    @cached_property
    def rows(self) -> NDArray[np.int64]:
        """As many as there is time for, evenly from the first to the last."""
        each = self.pace.load_s + 2 * self.pace.forward_s
        H, W = self.seen.preparation.size
        most = min(_CROWD, _MOST_BYTES // (H * W * self.seen.preparation.channels))
        wanted = int(self.allowed_s / each)
        if wanted < _LEAST_CROWD:
            raise Late(f"one picture takes {each:.2g} s")
        return _evenly(len(self.dataset), min(wanted, most))

    @cached_property
    def crowd(self) -> NDArray[np.uint8]:
        """The pictures of `rows`, N H W C: read once."""
        return np.stack([pixels_of(self.seen, self.dataset, int(row)) for row in self.rows])


def scene(run: Path, cases: Sequence[Case], budget_s: float) -> Scene:
    """Open the network and the data, and measure how fast it goes."""
    seen = opened(run)  # says what is missing where there is no torch
    from striate.seeing.asking import logits

    dataset = data_of(seen, None)
    if not len(dataset):
        raise StriateError("neither val nor test has pictures", "give the run some to be judged by")
    rows = _evenly(len(dataset), _FEW)
    started = time.perf_counter()
    few = [Shown(dataset.paths[int(row)], pixels_of(seen, dataset, int(row))) for row in rows]
    load_s = (time.perf_counter() - started) / len(few)
    pictures = seen.tensor(np.stack([one.pixels for one in few]))
    logits(seen.network, pictures[:1])  # the first call is slow, and no part of the speed
    started = time.perf_counter()
    logits(seen.network, pictures)
    forward_s = max((time.perf_counter() - started) / len(few), 1e-6)
    pace = Pace(load_s, forward_s)
    return Scene(seen, dataset, cases, budget_s, time.perf_counter(), few, pictures, pace)


def _evenly(count: int, most: int) -> NDArray[np.int64]:
    return np.unique(np.linspace(0, count - 1, min(count, most)).round().astype(np.int64))
