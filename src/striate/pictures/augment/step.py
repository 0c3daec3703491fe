"""What every augmentation is: draw, apply, size."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from striate.pictures.augment.draws import Draws
from striate.pictures.files import Pixels
from striate.pictures.order import Rows

Stretched = NDArray[np.float64]  # N, how many times as wide, for its height, a picture was before


class Step(ABC):
    """One way of changing a batch. N H W C uint8 in, N H' W' C uint8 out; a picture's change never
    depends on the others of the batch. `mirrors` says that a mirrored picture may come out.
    """

    mirrors: ClassVar[bool] = False

    @abstractmethod
    def draw(self, draws: Draws, slots: Rows, height: int, width: int) -> Any:
        """What is random about the change of these pictures, one entry for each."""

    @abstractmethod
    def apply(self, pictures: Pixels, drawn: Any) -> Pixels:
        """The changed pictures; `pictures` may be written to."""

    def size(self, height: int, width: int) -> tuple[int, int]:
        """Of what comes out."""
        return height, width

    def __call__(
        self, pictures: Pixels, draws: Draws, slots: Rows, stretched: Stretched | None = None
    ) -> Pixels:
        """Draw and apply; `stretched` for pictures that were brought to their size whatever their shape."""
        del stretched
        drawn = self.draw(draws, slots, *pictures.shape[1:3])
        return self.apply(pictures, drawn)
