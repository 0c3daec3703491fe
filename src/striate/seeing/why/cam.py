"""Class activation maps: HiResCAM, and Grad-CAM beside it for comparison.

HiResCAM multiplies each value of the maps by its own slope and adds the channels up. Where the network ends
in one linear layer, the map's sum and the bias are the score itself: it shows what was used. Grad-CAM first
averages each channel's slopes over the map, and so can light up places that the network did not use.
Draelos and Carin (2020), "Use HiResCAM instead of Grad-CAM"; Selvaraju and others (2017), "Grad-CAM".
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from striate.errors import CannotLookInside
from striate.seeing.asking import blocks, calm, chosen, last_map, shapes
from striate.seeing.tap import tap


class Cams(NamedTuple):
    """high: N h w, signed; grad: N h w, cut at 0 as its authors do; layer: where they were made; is_mixed:
    whether later layers exchange what stands at its places, as attention does.
    """

    high: Tensor
    grad: Tensor
    layer: str
    is_mixed: bool = False


def cams(model: nn.Module, pictures: Tensor, targets: Tensor, layer: str | None = None) -> Cams:
    """N C H W and N classes to two maps of the layer's own size; by default its last layer with a map."""
    at = layer if layer is not None else last_map(model, pictures)
    high, grad = [], []
    for part in blocks(pictures):
        with calm(model), tap(model, at, graph=True) as seen:
            # A network whose weights are frozen makes no graph, unless the picture asks for one.
            leaf = pictures[part].detach().clone().requires_grad_()
            told = chosen(model(leaf), targets[part])
            maps = seen[at]
            if maps.ndim != 4:
                raise CannotLookInside(
                    f"the output of {at} has the shape {tuple(maps.shape)}: it has no rows and columns",
                    f"a class activation map needs such a layer, for example {last_map(model, pictures)}",
                )
            (slope,) = torch.autograd.grad(told.sum(), maps)
        maps = maps.detach()
        high.append((slope * maps).sum(1))
        grad.append(F.relu((slope.mean((2, 3), keepdim=True) * maps).sum(1)))
    return Cams(torch.cat(high), torch.cat(grad), at, _is_mixed(model, pictures, at))


def _is_mixed(model: nn.Module, pictures: Tensor, layer: str) -> bool:
    """Whether a fully connected layer after this one works on a row of vectors, N L D, and not on one: places
    have become words of a sentence there.
    """
    shapes_of = shapes(model, pictures)
    order = list(shapes_of)
    later = order[order.index(layer) + 1 :] if layer in order else []
    return any(
        len(shapes_of[name]) == 3
        and shapes_of[name][1] > 1
        and isinstance(model.get_submodule(name), nn.Linear)
        for name in later
    )


def enlarged(maps: Tensor, size: tuple[int, int]) -> Tensor:
    """N h w to N H W, for laying over the picture."""
    made = F.interpolate(maps[:, None], size=size, mode="bilinear", align_corners=False)
    return made[:, 0]
