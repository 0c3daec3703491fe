"""Slow, independent ways to the same answers. Nothing here imports Striate's own arithmetic."""

from __future__ import annotations

import copy
from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from striate.geometry.shape import Shape

Array = NDArray[np.float64]
Pair = tuple[int, int]
Box = tuple[int, int, int, int]
_PASSED = (
    nn.BatchNorm2d, nn.LayerNorm, nn.ReLU, nn.ReLU6, nn.GELU, nn.SiLU, nn.Hardswish, nn.Dropout,
)  # fmt: skip


class _Spread(nn.Module):
    """A max pool whose gradient reaches everything under its window."""

    def __init__(self, pool: nn.MaxPool2d) -> None:
        super().__init__()
        self.pool = pool

    def forward(self, x: Tensor) -> Tensor:
        pool = self.pool
        # One strided view for each tap of the window; their mean is the pool.
        made = functional.max_pool2d(
            x, pool.kernel_size, pool.stride, pool.padding, pool.dilation, pool.ceil_mode
        )
        kernel, stride, padding, dilation = (
            v if isinstance(v, tuple) else (v, v)
            for v in (pool.kernel_size, pool.stride, pool.padding, pool.dilation)
        )
        sides = made.shape[-2:]
        ends = [
            (sides[a] - 1) * stride[a] + dilation[a] * (kernel[a] - 1) + 1 - padding[a]
            for a in (0, 1)
        ]
        room = [max(0, ends[a] - x.shape[2 + a]) for a in (0, 1)]
        padded = functional.pad(x, (padding[1], room[1], padding[0], room[0]))
        taps = [
            padded[
                :, :,
                i * dilation[0] : i * dilation[0] + (sides[0] - 1) * stride[0] + 1 : stride[0],
                j * dilation[1] : j * dilation[1] + (sides[1] - 1) * stride[1] + 1 : stride[1],
            ]
            for i in range(kernel[0])
            for j in range(kernel[1])
        ]  # fmt: skip
        return torch.stack(taps).mean(0)


def gradient_box(module: nn.Module, given: Shape, row: int, column: int) -> Box:
    """(top, left, bottom, right) of the pixels that the unit at (row, column) of the module's map depends on.

    The support of the gradient, in float64, with positive equal weights, norms and activations passed through
    and max pools made means, so that nothing cancels and nothing is cut off.
    """
    net = _linear(copy.deepcopy(module).double().eval())
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.fill_(1.0 / parameter[0].numel() if parameter.dim() > 1 else 0.0)
    picture = torch.ones(1, *given[:3], dtype=torch.float64, requires_grad=True)
    net(picture)[0, :, row, column].sum().backward()
    seen = cast("Tensor", picture.grad)[0].abs().sum(0) > 0
    rows, columns = seen.any(1).nonzero().flatten(), seen.any(0).nonzero().flatten()
    return int(rows[0]), int(columns[0]), int(rows[-1]) + 1, int(columns[-1]) + 1


def gradient_field(module: nn.Module, given: Shape) -> tuple[int, int]:
    """Rows and columns that the middle unit of the module's map sees; the picture must be larger."""
    with torch.no_grad():
        height, width = copy.deepcopy(module).eval()(torch.zeros(1, *given[:3])).shape[-2:]
    top, left, bottom, right = gradient_box(module, given, height // 2, width // 2)
    if 0 in (top, left) or bottom == given.height or right == given.width:
        raise ValueError(f"the field may be clipped: a larger picture than {given} is needed")
    return bottom - top, right - left


def _linear(module: nn.Module) -> nn.Module:
    """The module with everything that could hide a pixel taken out."""
    if isinstance(module, _PASSED):
        return nn.Identity()
    if isinstance(module, nn.MaxPool2d):
        return _Spread(module)
    for name, child in module.named_children():
        setattr(module, name, _linear(child))
    return module


def numpy_conv(
    given: Array,
    weight: Array,
    bias: Array,
    *,
    stride: Pair = (1, 1),
    padding: Pair = (0, 0),
    dilation: Pair = (1, 1),
    groups: int = 1,
) -> Array:
    """A convolution as the lectures say it: at every place a dot product of patch and filter, plus a bias.

    C H W with filters C_out C_in/groups kh kw to C_out H' W'; nothing is flipped (cross-correlation).
    """
    made, depth, kh, kw = weight.shape
    padded = np.pad(given, ((0, 0), (padding[0],) * 2, (padding[1],) * 2))
    height = (padded.shape[1] - dilation[0] * (kh - 1) - 1) // stride[0] + 1
    width = (padded.shape[2] - dilation[1] * (kw - 1) - 1) // stride[1] + 1
    out = np.zeros((made, height, width))
    for o in range(made):
        first = o // (made // groups) * depth
        for i in range(height):
            for j in range(width):
                top, left = i * stride[0], j * stride[1]
                patch = padded[
                    first : first + depth,
                    top : top + dilation[0] * (kh - 1) + 1 : dilation[0],
                    left : left + dilation[1] * (kw - 1) + 1 : dilation[1],
                ]
                out[o, i, j] = (patch * weight[o]).sum() + bias[o]
    return out


def numpy_pool(given: Array, kind: str, kernel: Pair, stride: Pair, padding: Pair) -> Array:
    """The largest number, or the mean with padding as zeros, under each window of each channel."""
    fill = -np.inf if kind == "max" else 0.0
    sides = ((0, 0), (padding[0],) * 2, (padding[1],) * 2)
    padded = np.pad(given, sides, constant_values=fill)
    height = (padded.shape[1] - kernel[0]) // stride[0] + 1
    width = (padded.shape[2] - kernel[1]) // stride[1] + 1
    out = np.zeros((given.shape[0], height, width))
    for i in range(height):
        for j in range(width):
            top, left = i * stride[0], j * stride[1]
            window = padded[:, top : top + kernel[0], left : left + kernel[1]]
            out[:, i, j] = window.max((1, 2)) if kind == "max" else window.mean((1, 2))
    return out
