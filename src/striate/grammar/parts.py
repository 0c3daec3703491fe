"""The modules that PyTorch does not have, one small class each: what `build.py` puts together.

Shape legend: N batch, C channels, H height, W width; P places of an output map.
"""

from __future__ import annotations

from typing import cast, final

import torch
from torch import Tensor, nn
from torch.nn import functional

from striate.geometry.shape import Pair
from striate.grammar import sliding
from striate.grammar.bind import Layer


@final
class Residual(nn.Module):
    """body(x) + shortcut(x); without a shortcut, + x. He et al. (2015)."""

    def __init__(self, body: nn.Module, shortcut: nn.Module | None) -> None:
        super().__init__()
        self.body = body
        self.shortcut = shortcut

    def forward(self, x: Tensor) -> Tensor:
        """N C H W to N C' H' W'."""
        passed = x if self.shortcut is None else self.shortcut(x)
        return cast("Tensor", self.body(x) + passed)


@final
class Fork(nn.Module):
    """Arms that get the same input; their outputs are added, or put one after another along the
    channels.
    """

    def __init__(self, arms: list[nn.Sequential], *, adds: bool) -> None:
        super().__init__()
        self.adds = adds
        for i, arm in enumerate(arms, 1):
            self.add_module(f"arm{i}", arm)

    def forward(self, x: Tensor) -> Tensor:
        """N C H W to N C' H' W'."""
        outs = [arm(x) for arm in self.children()]
        if not self.adds:
            return torch.cat(outs, dim=1)
        total = outs[0]
        for out in outs[1:]:
            total = total + out
        return cast("Tensor", total)


@final
class SqueezeExcite(nn.Module):
    """Channels scaled by a gate that saw the whole picture, Hu et al. (2017)."""

    def __init__(self, channels: int, squeezed: int, *, hard: bool) -> None:
        super().__init__()
        self.squeeze = nn.Conv2d(channels, squeezed, 1)
        self.excite = nn.Conv2d(squeezed, channels, 1)
        self.gate: nn.Module = nn.Hardsigmoid() if hard else nn.Sigmoid()

    def forward(self, x: Tensor) -> Tensor:
        """N C H W to the same."""
        seen = functional.adaptive_avg_pool2d(x, 1)  # N C 1 1
        return cast("Tensor", x * self.gate(self.excite(functional.relu(self.squeeze(seen)))))


@final
class Local(nn.Module):
    """A convolution that shares nothing: an own filter at every place.

    Weights: P C_out C_in*kh*kw for P = H' W' places; bias: C_out P.
    """

    def __init__(self, word: sliding.Local, row: Layer) -> None:
        super().__init__()
        self.word, self.out = word, row.output
        windows = word.windows()
        self.pads = (windows[1].before, windows[1].after, windows[0].before, windows[0].after)
        places, fan_in = (
            row.output.height * row.output.width,
            row.given.channels * word.kernel[0] * word.kernel[1],
        )
        bound = fan_in**-0.5
        self.weight = nn.Parameter(
            torch.empty(places, row.output.channels, fan_in).uniform_(-bound, bound)
        )
        bias = torch.empty(row.output.channels, places).uniform_(-bound, bound)
        self.bias = nn.Parameter(bias) if row.has_bias else None

    def forward(self, x: Tensor) -> Tensor:
        """N C H W to N C' H' W'."""
        word = self.word
        patches = functional.unfold(
            functional.pad(x, self.pads), word.kernel, dilation=word.dilation, stride=word.stride
        )  # N fan_in P
        made = torch.einsum("nfp,pof->nop", patches, self.weight)
        if self.bias is not None:
            made = made + self.bias
        return made.reshape(x.shape[0], self.out.channels, self.out.height, self.out.width)


@final
class PaddedConv(nn.Module):
    """A convolution whose padding is one larger after than before: `same` with an even kernel."""

    def __init__(self, pads: tuple[int, int, int, int], conv: nn.Conv2d) -> None:
        super().__init__()
        self.pads, self.conv = pads, conv

    def forward(self, x: Tensor) -> Tensor:
        """N C H W to N C' H' W'."""
        return cast("Tensor", self.conv(functional.pad(x, self.pads)))


@final
class Shuffle(nn.Module):
    """Interleaves g groups of channels, Zhang et al. (2017)."""

    def __init__(self, groups: int) -> None:
        super().__init__()
        self.groups = groups

    def forward(self, x: Tensor) -> Tensor:
        """N C H W to the same, channels reordered."""
        n, c, h, w = x.shape
        return x.reshape(n, self.groups, c // self.groups, h, w).transpose(1, 2).reshape(n, c, h, w)


@final
class Part(nn.Module):
    """Channels `first` up to `last`."""

    def __init__(self, first: int, last: int) -> None:
        super().__init__()
        self.first, self.last = first, last

    def forward(self, x: Tensor) -> Tensor:
        """N C H W to N C/parts H W."""
        return x[:, self.first : self.last]


@final
class Every(nn.Module):
    """Every n-th row and column, and `more` channels of zeros on both sides."""

    def __init__(self, stride: Pair, more: int) -> None:
        super().__init__()
        self.stride, self.more = stride, more

    def forward(self, x: Tensor) -> Tensor:
        """N C H W to N C + 2 more H/n W/n."""
        thinned = x[:, :, :: self.stride[0], :: self.stride[1]]
        return functional.pad(thinned, (0, 0, 0, 0, self.more, self.more))


@final
class Maxout(nn.Module):
    """The largest of each run of `pieces` channels, Goodfellow et al. (2013)."""

    def __init__(self, pieces: int) -> None:
        super().__init__()
        self.pieces = pieces

    def forward(self, x: Tensor) -> Tensor:
        """N C ... to N C/pieces ..."""
        return x.reshape(x.shape[0], x.shape[1] // self.pieces, self.pieces, *x.shape[2:]).amax(2)


@final
class Scale(nn.Module):
    """Everything times one fixed number."""

    def __init__(self, factor: float) -> None:
        super().__init__()
        self.factor = factor

    def forward(self, x: Tensor) -> Tensor:
        """Any shape to the same."""
        return x * self.factor
