"""What a student's function is called with, and what a kind of layer is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, final

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[Any]


@final
@dataclass(frozen=True, eq=False)
class Case:
    """given: arrays in the order of the arguments; numbers: what follows them; packed: the same in one
    dictionary, as the exercises of CS231n do; upstream: dL/dout, None where only forward is asked for."""

    title: str
    given: Mapping[str, Numbers]
    numbers: Mapping[str, int] = field(default_factory=dict)
    packed: Mapping[str, Any] = field(default_factory=dict)
    upstream: Numbers | None = None

    @property
    def is_exact(self) -> bool:
        """Whether all arrays have 64 bits."""
        return all(array.dtype != np.float32 for array in self.given.values())

    def __getitem__(self, name: str) -> Numbers:
        """An array as 64-bit floats (labels as they are)."""
        array = self.given[name]
        return array if name == "labels" else array.astype(np.float64)


class Mistake(NamedTuple):
    """Words for the student, and the numbers that one gets by making it."""

    why: str
    made: Callable[[Case], Numbers]


class Kind(NamedTuple):
    """A kind of layer. forward: what its function gives; backward: names of the gradients in order; right:
    every one of these by the textbook."""

    name: str
    prefixes: tuple[str, ...]
    signature: str
    forward: tuple[str, ...]
    backward: tuple[str, ...]
    cases: Callable[[], list[Case]]
    right: Callable[[Case], dict[str, Numbers]]
    mistakes: Mapping[str, tuple[Mistake, ...]]
