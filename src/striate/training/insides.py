"""What a trained network knows of each picture, whatever its last layers are.

`frozen.features` wants a network that ends in a fully connected layer, since a head takes its place. To look
at labels none is put anywhere, so where the network ends otherwise, in maps that are averaged, a norm, two
heads, what enters the last layer with weights serves as well.

Shape legend: N pictures, n at a time, D features, C channels, T positions.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from striate.errors import CannotTrain
from striate.pictures.batches import Pictures
from striate.pictures.normalised import normalised
from striate.pictures.order import Rows
from striate.training import frozen

_AT_ONCE = 64


def insides(
    network: nn.Module, pictures: Pictures, rows: Rows, *, device: str = "cpu"
) -> NDArray[np.float32]:
    """N D: what enters the last layer with weights, its positions averaged; the network stays as it is."""
    try:
        return frozen.features(network, pictures, rows, device=device)
    except CannotTrain:  # it does not end in a fully connected layer
        return _entering_last(network, pictures, rows, device)


def _entering_last(
    network: nn.Module, pictures: Pictures, rows: Rows, device: str
) -> NDArray[np.float32]:
    modes = [(part, part.training) for part in network.modules()]
    met: list[Tensor] = []

    def keep(layer: nn.Module, given: tuple[Tensor, ...], _: object) -> None:
        met[:] = [_one_vector(given[0], last=isinstance(layer, nn.Linear))]

    hooks = [part.register_forward_hook(keep) for part in network.modules() if _is_weighted(part)]
    made = []
    try:
        network.eval()
        with torch.inference_mode():
            for start in range(0, len(rows), _AT_ONCE):
                pixels = torch.from_numpy(pictures.take(rows[start : start + _AT_ONCE])).to(device)
                network(normalised(pixels, pictures.preparation))
                made.append(met[0].float().cpu().numpy())
                frozen.check_finite(made[-1], pictures, rows[start : start + _AT_ONCE])
    finally:
        for hook in hooks:
            hook.remove()
        for part, mode in modes:
            part.training = mode
    return np.concatenate(made)


def _is_weighted(part: nn.Module) -> bool:
    """A convolution, a fully connected layer or the like; norms hold one number a channel."""
    return any(own.ndim > 1 for own in part.parameters(recurse=False))


def _one_vector(entering: Tensor, *, last: bool) -> Tensor:
    """n C ... to n C; where features come last, n T D to n D."""
    if entering.ndim < 3:
        return entering
    return entering.flatten(1, -2).mean(1) if last else entering.flatten(2).mean(2)
