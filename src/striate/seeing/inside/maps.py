"""Activation maps: what goes out of each layer for one picture, its range, and the units that never fire.

Shape legend: N pictures, C channels, h w size of a map.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from striate.seeing.asking import blocks, calm, shapes
from striate.seeing.tap import tap

Floats = NDArray[np.float64]


class LayerMaps(NamedTuple):
    """values: C h w of the first picture; low, high: over all pictures; dead: the share of channels that are
    0 or less everywhere in all of them; off: the share of single values that are exactly 0.
    """

    layer: str
    values: Floats
    low: float
    high: float
    dead: float
    off: float


def layers_with_maps(model: nn.Module, picture: Tensor) -> list[str]:
    """Names of the layers whose output is C h w, without those that only hold others and say the same."""
    kept: dict[str, tuple[int, ...]] = {}
    for name, shape in shapes(model, picture).items():
        inside = [one for one in kept if name == "" or one.startswith(name + ".")]
        if name and len(shape) == 4 and shape[2] * shape[3] > 1 and not inside:
            kept[name] = shape
    return list(kept)


def activation_maps(
    model: nn.Module, pictures: Tensor, layers: Sequence[str] | None = None
) -> list[LayerMaps]:
    """Of each layer, in the order in which they stand; all that have maps by default. One block of pictures
    is held at a time.
    """
    names = layers_with_maps(model, pictures) if layers is None else list(layers)
    first: dict[str, Tensor] = {}
    held: dict[str, list[Tensor]] = {name: [] for name in names}
    off: dict[str, list[float]] = {name: [] for name in names}
    for part in blocks(pictures):
        with calm(model), torch.no_grad(), tap(model, *names) as seen:
            model(pictures[part])
        for name in names:
            made = seen[name]
            made = made if made.ndim == 4 else made.flatten(1)[:, :, None, None]
            first.setdefault(name, made[0].cpu().double())
            held[name].append(torch.stack([made.amin((0, 2, 3)), made.amax((0, 2, 3))]).cpu())
            off[name].append(float((made == 0).double().mean()) * len(made))
    return [_one(name, first[name], held[name], sum(off[name]) / len(pictures)) for name in names]


def _one(name: str, first: Tensor, held: Sequence[Tensor], off: float) -> LayerMaps:
    ends = torch.stack(list(held))
    low, high = ends[:, 0].amin(0), ends[:, 1].amax(0)
    dead = float((high <= 0).double().mean())
    return LayerMaps(name, first.numpy(), float(low.min()), float(high.max()), dead, off)
