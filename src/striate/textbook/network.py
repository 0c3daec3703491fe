"""A whole network: its weights under the names of the plan's table, in one dictionary."""

from __future__ import annotations

from collections.abc import Mapping
from typing import final

import numpy as np
from numpy.typing import ArrayLike

from striate.textbook.layer import Array, Layer, shown_weights


@final
class Network:
    """A layer (mostly a `Sequence`) with all that is in it. New ones are in use, not in training."""

    def __init__(self, root: Layer) -> None:
        self.root = root

    def _repr_html_(self) -> str:
        """What Jupyter shows: every weight with its shape."""
        return shown_weights(self.weights)

    def forward(self, x: Array) -> Array:
        """N C H W to N K."""
        return self.root.forward(x)

    def backward(self, upstream: Array) -> Array:
        """N K to N C H W; every layer then holds the gradients of its weights."""
        return self.root.backward(upstream)

    def set(self, *, training: bool, address: tuple[int, int] = (0, 0)) -> None:
        """Tell all layers whether this is training, and the epoch and step that random draws are for."""
        for _, layer in self.root.named():
            layer.training, layer.address = training, address

    @property
    def weights(self) -> dict[str, Array]:
        """All that is learned, by name; changing an array in place changes the network."""
        return {path + n: w for path, layer in self.root.named() for n, w in layer.weights.items()}

    @property
    def gradients(self) -> dict[str, Array]:
        """dL/dw of the last backward pass, under the same names."""
        return {
            path + n: g for path, layer in self.root.named() for n, g in layer.gradients.items()
        }

    @property
    def state(self) -> dict[str, Array]:
        """Weights and buffers under the names that PyTorch's `state_dict` has."""
        buffers = {
            path + n: b for path, layer in self.root.named() for n, b in layer.buffers.items()
        }
        return {**self.weights, **buffers}

    def load(self, state: Mapping[str, ArrayLike]) -> None:
        """Take over weights and buffers: the same names and shapes, or none of them."""
        own = self.state
        for name in [*own, *state]:
            if name not in own or name not in state:
                who = "this network does not have" if name not in own else "the weights lack"
                raise ValueError(f"{who} {name!r}: take the weights of the same plan")
            if own[name].shape != np.shape(state[name]):
                raise ValueError(
                    f"{name!r} has the shape {own[name].shape} here, the weights {np.shape(state[name])}: "
                    "take the weights of the same plan"
                )
        for name, array in own.items():
            array[...] = np.asarray(state[name])
