"""The modules that PyTorch does not have, one small class each: what `build.py` puts together.

Shape legend: N batch, C channels, H height, W width; P places of an output map.
"""

from __future__ import annotations

from typing import Any, cast, final

import torch
from torch import Tensor, nn
from torch.nn import functional

from striate.geometry.shape import Pair
from striate.grammar import sliding
from striate.grammar.bind import Layer

# Numbers of a map that are pooled at once: 1 MB in bf16, what a core's cache holds.
AT_ONCE = 1 << 19


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


@final
class DenseMaxPool(nn.MaxPool2d):
    """`max2s1`: the largest of every 2x2 window, in training on a CPU faster than PyTorch's.

    That one keeps where each number came from, in eight bytes. Here rows and then columns are compared with
    their neighbours, a few pictures at once, so that they stay in the cache; only the input is kept. Numbers
    are the same, and so are those that gradients go to: of equal ones the first, by rows. Judging, seeing and
    exporting use PyTorch's.
    """

    def __init__(self) -> None:
        super().__init__(2, 1)

    def forward(self, x: Tensor) -> Tensor:
        """N C H W to N C H-1 W-1."""
        is_trained = self.training and torch.is_grad_enabled() and x.requires_grad
        in_order = x.ndim == 4 and x.is_contiguous(memory_format=torch.channels_last)
        if is_trained and in_order and x.device.type == "cpu" and min(x.shape[2:]) > 1:
            return cast("Tensor", _Pooled.apply(x))
        return cast("Tensor", super().forward(x))


@final
class _Pooled(torch.autograd.Function):
    """Of maps whose channels lie side by side."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        ctx.save_for_backward(x)
        maps = x.permute(0, 2, 3, 1)
        count, height, width, channels = maps.shape
        made = maps.new_empty(count, height - 1, width - 1, channels)
        few = _few(maps)
        wider = maps.new_empty(few, height, width - 1, channels)
        for i in range(0, count, few):
            part = maps[i : i + few]
            rows = wider[: len(part)]
            torch.maximum(part[:, :, :-1], part[:, :, 1:], out=rows)
            torch.maximum(rows[:, :-1], rows[:, 1:], out=made[i : i + few])
        return made.permute(0, 3, 1, 2)

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, grad: Tensor) -> Tensor:
        (x,) = ctx.saved_tensors
        maps, given = x.permute(0, 2, 3, 1), grad.permute(0, 2, 3, 1).contiguous()
        count, height, width, channels = maps.shape
        made, few = torch.empty_like(maps), _few(maps)
        held = maps.new_empty(3, few, height, width - 1, channels)
        for i in range(0, count, few):
            part = maps[i : i + few]
            rows, to_rows, room = held[:, : len(part)]
            torch.maximum(part[:, :, :-1], part[:, :, 1:], out=rows)
            _to_first(rows[:, :-1], rows[:, 1:], given[i : i + few], to_rows, room[:, :-1], dim=1)
            out = made[i : i + few]
            _to_first(part[:, :, :-1], part[:, :, 1:], to_rows, out, room, dim=2)
        return made.permute(0, 3, 1, 2)


def _to_first(
    first: Tensor, second: Tensor, grad: Tensor, into: Tensor, room: Tensor, *, dim: int
) -> None:
    """`into`, which is one longer along `dim`, gets `grad` where the larger of two neighbours stands."""
    last = into.shape[dim] - 1
    head, tail = into.narrow(dim, 0, last), into.narrow(dim, 1, last)
    torch.ge(first, second, out=head)  # 1 or 0 as numbers: what follows is done in whole vectors
    head.mul_(grad)
    torch.sub(grad, head, out=room)
    into.narrow(dim, last, 1).zero_()
    tail.add_(room)


def _few(maps: Tensor) -> int:
    """So many pictures at once."""
    return max(1, min(len(maps), AT_ONCE // maps[0].numel()))
