"""What a convolution looks for: its kernels as arrays, on one symmetric scale.

Shape legend: O filters, I input channels of a filter, h w its kernel.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from torch import nn

from striate.seeing.inside.layers import convolution, weights_of

Floats = NDArray[np.float64]


class Filters(NamedTuple):
    """values: O I h w; `is_coloured`: its channels are red, green and blue, so a filter is a picture."""

    layer: str
    values: Floats
    is_coloured: bool

    @property
    def reach(self) -> float:
        """The greatest weight by size: the ends of the scale that all filters share."""
        return float(np.abs(self.values).max())


def filters(model: nn.Module, layer: str | None = None) -> Filters:
    """The filters of a convolution, the first one by default."""
    name, module = convolution(model, layer)
    values: Floats = weights_of(module).double().numpy()
    first, _ = convolution(model)
    is_coloured = name == first and values.shape[1] == 3 and module.groups == 1
    return Filters(name, values, is_coloured)


def as_colours(values: Floats, reach: float) -> Floats:
    """O 3 h w to O h w 3 in 0 ... 1: grey is weight 0, and all filters share the scale."""
    made: Floats = 0.5 + values.transpose(0, 2, 3, 1) / (2 * reach if reach > 0 else 1)
    return made
