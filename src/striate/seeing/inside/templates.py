"""What a fully connected layer on the picture itself compares it with: one template for each output.

The score of a class is the template times the picture, number by number, plus the bias: so a linear
classifier has one template a class, and a network with a hidden layer a bank of them.

Shape legend: K outputs, C channels, H height, W width.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from torch import nn

from striate.errors import CannotLookInside
from striate.seeing.inside.layers import convolutions, first_full, weights_of

Floats = NDArray[np.float64]


class Templates(NamedTuple):
    """values: K C H W; `is_last`: each belongs to a class, else they are a bank that later layers combine."""

    layer: str
    values: Floats
    is_last: bool

    @property
    def reach(self) -> float:
        """The greatest weight by size."""
        return float(np.abs(self.values).max())


def templates(model: nn.Module, shape: tuple[int, int, int]) -> Templates:
    """Of a network whose first layer with weights is fully connected, on pictures of C H W."""
    found = first_full(model)
    if found is None:
        has_filters = bool(convolutions(model))
        raise CannotLookInside(
            "no fully connected layer is the first layer with weights, so there is no template as large as a "
            "picture",
            f"see {'its filters' if has_filters else 'what goes out of its layers'} instead: "
            f"`see RUN {'filters' if has_filters else 'maps'}`",
        )
    name, module = found
    weight = weights_of(module).double().numpy()
    if weight.shape[1] != int(np.prod(shape)):
        raise CannotLookInside(
            f"{name} takes {weight.shape[1]:,} numbers and a picture has {int(np.prod(shape)):,}",
            "templates need a layer that takes the picture itself",
        )
    full = [m for m in model.modules() if isinstance(m, nn.Linear)]
    return Templates(name, weight.reshape(-1, *shape), full[-1] is module)
