"""A classifier made ready for larger pictures: its fully connected head becomes convolutions.

A fully connected layer on a map of C h w is a convolution with kernels of C h w, and a global pool is a pool
with a window of the map's size. With the same weights the network then answers once for every place at which
its small picture could have been cut out of a large one (`textbook/head.py` says it in NumPy).

Shape legend: N batch, C channels, H W the picture the network was made for, h w its last map, K classes.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import torch
from torch import Tensor, nn

from striate.geometry.shape import Pair
from striate.grammar import parts
from striate.seeing.asking import calm

_ALIKE = 1e-3  # the greatest difference on a picture of H W, as a part of the greatest score
# Each number from itself, from its own place, or from a window that slides: none of these asks how large the
# picture is.
_NUMBERS = (
    nn.Dropout, nn.Dropout2d, nn.Identity, nn.ReLU, nn.ReLU6, nn.Hardtanh, nn.LeakyReLU, nn.ELU, nn.SELU,
    nn.GELU, nn.SiLU, nn.Hardswish, nn.Hardsigmoid, nn.Sigmoid, nn.Tanh, nn.Softplus, nn.Mish, parts.Scale,
)  # fmt: skip
_POINTS = (
    *_NUMBERS, nn.BatchNorm2d, nn.LocalResponseNorm, nn.PReLU, parts.Part, parts.Shuffle, parts.Maxout,
)  # fmt: skip
_WINDOWS = (nn.Conv2d, nn.MaxPool2d, nn.AvgPool2d, parts.PaddedConv, parts.Every)
_BLOCKS = (nn.Sequential, parts.Residual, parts.Fork)


class Wide(NamedTuple):
    """network: N C H' W' to N K h' w'; stride: how many pixels lie between neighbouring answers."""

    network: nn.Sequential
    stride: Pair


def widened(model: nn.Module, picture: Tensor) -> Wide | str:
    """The network for pictures larger than `picture`, 1 C H W, which it was made for; or why there is none.
    Layers are shared with `model`, which is not changed.
    """
    layers = list(_flat(model))
    at = next((i for i, (_, one) in enumerate(layers) if _is_head(one)), len(layers))
    body, head = layers[:at], layers[at:]
    for name, part in body:
        if (inside := _not_sliding(name, part)) is not None:
            return inside
    with calm(model), torch.no_grad():
        found = nn.Sequential(*(part for _, part in body))
        x = found(picture)
        for name, part in head:
            made = _head_layer(part, x)
            if made is None:
                return f"{name}, {type(part).__name__}, has no form for larger pictures"
            found.append(made.eval())
            x = made(x)
        told = model(picture)
        if x.shape != (*told.shape, 1, 1) or not _alike(x.flatten(1), told):
            return "its layers one after another do not give what it answers"
    rows, columns = zip(*(_stride(part) for part in found), strict=True)
    return Wide(found, (_product(rows), _product(columns)))


def _flat(model: nn.Module, name: str = "the network") -> Iterator[tuple[str, nn.Module]]:
    """The parts of a sequence, and of sequences in it, one after another."""
    if not isinstance(model, nn.Sequential):
        yield name, model
        return
    for child, part in model.named_children():
        yield from _flat(part, child)


def _is_head(part: nn.Module) -> bool:
    return isinstance(part, nn.AdaptiveAvgPool2d | nn.AdaptiveMaxPool2d | nn.Flatten | nn.Linear)


def _not_sliding(name: str, part: nn.Module) -> str | None:
    """Why a part cannot go over a larger picture; None where it can."""
    if isinstance(part, _POINTS):
        return None
    if isinstance(part, _WINDOWS):
        ceil = isinstance(part, nn.MaxPool2d | nn.AvgPool2d) and part.ceil_mode
        return f"the last windows of {name} hang over the border" if ceil else None
    if isinstance(part, _BLOCKS):
        inside = (_not_sliding(f"{name}.{child}", one) for child, one in part.named_children())
        return next((text for text in inside if text is not None), None)
    return f"{name}, {type(part).__name__}, depends on the size of the picture or is not known"


def _head_layer(part: nn.Module, x: Tensor) -> nn.Module | None:
    """One layer of the head for larger maps. x: what reaches it on a picture of H W, 1 C h w."""
    h, w = x.shape[2:]
    if isinstance(part, nn.Linear):
        return _as_convolution(part, x)
    if isinstance(part, nn.AdaptiveAvgPool2d | nn.AdaptiveMaxPool2d):
        places = part.output_size
        if places in (1, (1, 1)):
            whole = nn.AvgPool2d((h, w), 1)
            return whole if isinstance(part, nn.AdaptiveAvgPool2d) else nn.MaxPool2d((h, w), 1)
        return nn.Identity() if places in ((h, w), h if h == w else None) else None
    if isinstance(part, nn.Flatten):
        return nn.Identity()  # the kernel of the layer after it takes the map as it is
    if isinstance(part, nn.BatchNorm1d):
        norm = nn.BatchNorm2d(part.num_features, part.eps, part.momentum, part.affine).to(x)
        norm.load_state_dict(part.state_dict())
        return norm
    one_place = isinstance(part, (*_POINTS, nn.Softmax)) and (h, w) == (1, 1)
    return part if one_place or isinstance(part, _NUMBERS) else None


def _as_convolution(head: nn.Linear, x: Tensor) -> nn.Conv2d:
    """The weights K C*h*w, read again as K C h w."""
    _, C, h, w = x.shape
    made = nn.Conv2d(C, head.out_features, (h, w), bias=head.bias is not None).to(x)
    made.weight = nn.Parameter(head.weight.detach().reshape(-1, C, h, w), requires_grad=False)
    if head.bias is not None:
        made.bias = nn.Parameter(head.bias.detach(), requires_grad=False)
    return made


def _alike(one: Tensor, other: Tensor) -> bool:
    return float((one - other).abs().max()) <= _ALIKE * max(1e-9, float(other.abs().max()))


def _stride(part: nn.Module) -> Pair:
    """Rows and columns of what goes in between two neighbours of what comes out."""
    if isinstance(part, nn.Sequential):
        rows, columns = zip(*(_stride(one) for one in part), strict=True) if len(part) else ((), ())
        return _product(rows), _product(columns)
    if isinstance(part, parts.Residual):
        return _stride(part.body)
    if isinstance(part, parts.Fork):
        return _stride(next(part.children()))
    if isinstance(part, parts.PaddedConv):
        return _stride(part.conv)
    step = getattr(part, "stride", 1)
    return (step, step) if isinstance(step, int) else (int(step[0]), int(step[1]))


def _product(numbers: tuple[int, ...]) -> int:
    made = 1
    for number in numbers:
        made *= number
    return made
