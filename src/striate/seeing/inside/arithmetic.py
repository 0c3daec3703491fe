"""The arithmetic of one output value, written out: patch times kernel, added up, plus bias.

Any stride, padding, dilation and groups; `F.conv2d` is what it must agree with. As everywhere in networks the
kernel is not flipped: it is a cross-correlation.

Shape legend: N pictures, I input channels of the filter, h w its kernel.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from striate.errors import CannotLookInside
from striate.seeing.asking import calm
from striate.seeing.inside.layers import convolution

Floats = NDArray[np.float64]


class Arithmetic(NamedTuple):
    """patch, kernel: I h w; value: the sum of their products plus `bias`; told: what the network computed;
    channels: the first input channel, and how many.
    """

    layer: str
    unit: int
    at: tuple[int, int]
    patch: Floats
    kernel: Floats
    bias: float
    value: float
    told: float
    channels: tuple[int, int]

    def arrays(self) -> dict[str, Floats]:
        """What is multiplied, the products, and bias, sum and what the network says."""
        return {
            "value: patch": self.patch,
            "value: kernel": self.kernel,
            "value: products": self.patch * self.kernel,
            "value: bias, sum, network": np.array([self.bias, self.value, self.told]),
        }

    def facts(self) -> dict[str, object]:
        """The same as plain values, with where it is."""
        return {
            "layer": self.layer, "unit": self.unit, "at": list(self.at), "first_channel": self.channels[0],
            "patch": self.patch.tolist(), "kernel": self.kernel.tolist(), "bias": self.bias,
            "sum": self.value, "network": self.told,
        }  # fmt: skip

    def lines(self) -> Iterator[str]:
        """The sum as people write it, one input channel after another."""
        total = 0.0
        for i, (patch, kernel) in enumerate(zip(self.patch, self.kernel, strict=True)):
            yield f"input channel {self.channels[0] + i}"
            for row, weights in zip(patch, kernel, strict=True):
                terms = [f"{a:8.4f} × {w:8.4f}" for a, w in zip(row, weights, strict=True)]
                yield "   " + " + ".join(terms)
            part = float((patch * kernel).sum())
            total += part
            yield f"   = {part:.5f}"
        yield f"all channels {total:.5f} + bias {self.bias:.5f} = {self.value:.5f}"
        yield f"the network says {self.told:.5f}"


def arithmetic(
    model: nn.Module, picture: Tensor, layer: str | None, unit: int, at: tuple[int, int]
) -> Arithmetic:
    """Of the value at row and column `at` of the map `unit`, for one picture 1 C H W."""
    name, module = convolution(model, layer)
    given, made = _through(model, module, picture)
    units, h, w = made.shape[1:]
    if not (0 <= unit < units and 0 <= at[0] < h and 0 <= at[1] < w):
        raise CannotLookInside(
            f"{name} has {units} maps of {h}×{w}: there is no value at {at} of map {unit}",
            "count from 0, rows first",
        )
    padded = _padded(module, given)
    first, own = _channels(module, unit)
    rows, columns = (
        at[k] * module.stride[k] + torch.arange(module.kernel_size[k]) * module.dilation[k]
        for k in (0, 1)
    )
    patch = padded[0, first : first + own][:, rows][:, :, columns].double().numpy()
    kernel: Floats = module.weight[unit].detach().cpu().double().numpy()
    bias = 0.0 if module.bias is None else float(module.bias[unit].detach())
    value = float((patch * kernel).sum()) + bias
    told = float(made[0, unit, at[0], at[1]])
    return Arithmetic(name, unit, at, patch, kernel, bias, value, told, (first, own))


class Sliding(NamedTuple):
    """What a filter slides over and how: given, kernel: I H W and I h w; pairs are rows, columns."""

    layer: str
    given: Floats
    kernel: Floats
    bias: float
    stride: tuple[int, int]
    padding: tuple[int, int]
    dilation: tuple[int, int]


def sliding(model: nn.Module, picture: Tensor, layer: str | None, unit: int) -> Sliding:
    """One filter of a convolution, and what goes into it for one picture 1 C H W: the channels that it sees.
    Where the frame is not as many zeros on both sides, it is part of what is given.
    """
    name, module = convolution(model, layer)
    if not 0 <= unit < module.out_channels:
        raise CannotLookInside(
            f"{name} has {module.out_channels} filters, and there is no filter {unit}",
            f"choose a unit from 0 to {module.out_channels - 1}",
        )
    given, _ = _through(model, module, picture)
    padding = (0, 0)
    if isinstance(module.padding, str) or module.padding_mode != "zeros":
        given = _padded(module, given)
    else:
        padding = (int(module.padding[0]), int(module.padding[1]))
    first, own = _channels(module, unit)
    kernel: Floats = module.weight[unit].detach().cpu().double().numpy()
    bias = 0.0 if module.bias is None else float(module.bias[unit].detach())
    seen = given[0, first : first + own].double().numpy()
    (down, across), (tall, wide) = module.stride, module.dilation
    return Sliding(name, seen, kernel, bias, (down, across), padding, (tall, wide))


def _channels(module: nn.Conv2d, unit: int) -> tuple[int, int]:
    """The first input channel that a filter sees, and how many."""
    own = module.in_channels // module.groups
    return unit // (module.out_channels // module.groups) * own, own


def _through(model: nn.Module, module: nn.Conv2d, picture: Tensor) -> tuple[Tensor, Tensor]:
    """What goes into a convolution and comes out, at its last call."""
    held: list[tuple[Tensor, Tensor]] = []
    handle = module.register_forward_hook(
        lambda _, given, made: held.append((given[0].detach().clone(), made.detach().clone()))
    )
    try:
        with calm(model), torch.no_grad():
            model(picture[:1])
    finally:
        handle.remove()
    if not held:
        raise CannotLookInside("this convolution was not run", "choose another layer")
    return held[-1][0].cpu(), held[-1][1].cpu()


def _padded(module: nn.Conv2d, given: Tensor) -> Tensor:
    if isinstance(module.padding, str):
        wide = [d * (k - 1) for d, k in zip(module.dilation, module.kernel_size, strict=True)]
        wide = [0, 0] if module.padding == "valid" else wide
        sides = [wide[1] // 2, wide[1] - wide[1] // 2, wide[0] // 2, wide[0] - wide[0] // 2]
    else:
        rows, columns = module.padding
        sides = [columns, columns, rows, rows]
    mode = "constant" if module.padding_mode == "zeros" else module.padding_mode
    return F.pad(given, sides, mode=mode)
