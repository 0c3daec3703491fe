"""Plan to PyTorch module. The names of its parts are the names in the plan's table, so
`stage1.res2` is both.

Shape legend: N batch, C channels, H height, W width; parts take and give N C H W, or N C after
`flatten` and `fc`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import singledispatch
from typing import TYPE_CHECKING, cast

from torch import nn

from striate.geometry.shape import Pair
from striate.grammar import parts, plain, sliding
from striate.grammar.bind import Layer, Node
from striate.grammar.layer import without_softmax
from striate.grammar.words import Word

if TYPE_CHECKING:
    from striate.grammar.plan import Plan


def build(plan: Plan, *, softmax: bool = False) -> nn.Module:
    """The whole network with PyTorch's own initial weights. A final softmax belongs to the loss: it
    is left out unless `softmax` is true."""
    return _sequence(plan.nodes if softmax else without_softmax(plan.nodes))


def _sequence(nodes: tuple[Node, ...]) -> nn.Sequential:
    made = nn.Sequential()
    for node in nodes:
        name = node.name.rpartition(".")[2]
        if isinstance(node, Layer) and isinstance(node.kind, plain.Full) and not node.given.flat:
            made.add_module(name + "_flatten", nn.Flatten())  # N C H W -> N CHW
        made.add_module(name, _part(node))
    return made


def _part(node: Node) -> nn.Module:
    if isinstance(node, Layer):
        return layer(cast("Word", node.kind), node)
    arms = [_sequence(arm) for arm in node.arms]
    if node.how == "stage":
        return arms[0]
    if node.how == "residual":
        return parts.Residual(arms[0], arms[1] if len(arms[1]) else None)
    return parts.Fork(arms, adds=node.how == "add")


@singledispatch
def layer(word: Word, row: Layer) -> nn.Module:
    """The module for one word, bound as in `row`. One case below for each word."""
    raise TypeError(f"no module is known for {word!r}")


@layer.register
def _(word: sliding.Conv, row: Layer) -> nn.Module:
    return _conv(word, row, word.groups)


@layer.register
def _(word: sliding.Depthwise, row: Layer) -> nn.Module:
    return _conv(word, row, row.given.channels)


def _conv(word: sliding.Filtering, row: Layer, groups: int) -> nn.Module:
    rows, columns = word.windows()
    pads = (columns.before, columns.after, rows.before, rows.after)
    even = rows.before == rows.after and columns.before == columns.after
    conv = nn.Conv2d(
        row.given.channels,
        row.output.channels,
        word.kernel,
        word.stride,
        (rows.before, columns.before) if even else 0,
        word.dilation,
        groups,
        row.has_bias,
    )
    return conv if even else parts.PaddedConv(pads, conv)


@layer.register
def _(word: sliding.Local, row: Layer) -> nn.Module:
    return parts.Local(word, row)


@layer.register
def _(word: sliding.MaxPool, row: Layer) -> nn.Module:
    stride = word.stride or word.kernel
    plain = (word.dilation, _pool_padding(word), word.ceil) == ((1, 1), (0, 0), False)
    if plain and (word.kernel, stride) == ((2, 2), (1, 1)):
        return parts.DenseMaxPool()
    return nn.MaxPool2d(
        word.kernel, stride, _pool_padding(word), word.dilation, ceil_mode=word.ceil
    )


@layer.register
def _(word: sliding.AvgPool, row: Layer) -> nn.Module:
    return nn.AvgPool2d(word.kernel, word.stride or word.kernel, _pool_padding(word), word.ceil)


def _pool_padding(word: sliding.Pooling) -> Pair:
    rows, columns = word.windows()
    return rows.before, columns.before


@layer.register
def _(word: sliding.AvgTo, row: Layer) -> nn.Module:
    return nn.AdaptiveAvgPool2d(word.places)


@layer.register
def _(word: sliding.MaxTo, row: Layer) -> nn.Module:
    return nn.AdaptiveMaxPool2d(word.places)


@layer.register
def _(word: sliding.Gap, row: Layer) -> nn.Module:
    return nn.AdaptiveAvgPool2d(1)


@layer.register
def _(word: sliding.Gmp, row: Layer) -> nn.Module:
    return nn.AdaptiveMaxPool2d(1)


@layer.register
def _(word: sliding.Every, row: Layer) -> nn.Module:
    return parts.Every(word.stride, (row.output.channels - row.given.channels) // 2)


@layer.register
def _(word: plain.BatchNorm, row: Layer) -> nn.Module:
    kind = nn.BatchNorm1d if row.given.flat else nn.BatchNorm2d
    return kind(row.given.channels, word.eps, word.momentum)


@layer.register
def _(word: plain.LocalResponseNorm, row: Layer) -> nn.Module:
    return nn.LocalResponseNorm(word.neighbours, word.alpha, word.beta, word.offset)


@layer.register
def _(word: plain.Dropout, row: Layer) -> nn.Module:
    return nn.Dropout(word.probability)


@layer.register
def _(word: plain.Flatten, row: Layer) -> nn.Module:
    return nn.Flatten()


@layer.register
def _(word: plain.Full, row: Layer) -> nn.Module:
    return nn.Linear(row.given.count, row.output.channels, word.bias)


@layer.register
def _(word: plain.Shuffle, row: Layer) -> nn.Module:
    return parts.Shuffle(word.groups)


@layer.register
def _(word: plain.Part, row: Layer) -> nn.Module:
    size = row.output.channels
    return parts.Part((word.index - 1) * size, word.index * size)


@layer.register
def _(word: plain.SqueezeExcite, row: Layer) -> nn.Module:
    return parts.SqueezeExcite(row.given.channels, word.inner(row.given), hard=word.hard)


@layer.register
def _(word: plain.Scale, row: Layer) -> nn.Module:
    return parts.Scale(word.factor)


@layer.register
def _(word: plain.Identity, row: Layer) -> nn.Module:
    return nn.Identity()


@layer.register
def _(word: plain.Maxout, row: Layer) -> nn.Module:
    return parts.Maxout(word.pieces)


@layer.register
def _(word: plain.Softmax, row: Layer) -> nn.Module:
    return nn.Softmax(dim=1)


_PLAIN: dict[str, Callable[[], nn.Module]] = {
    "selu": nn.SELU, "gelu": nn.GELU, "silu": nn.SiLU, "hswish": nn.Hardswish, "hsigmoid": nn.Hardsigmoid,
    "sigmoid": nn.Sigmoid, "tanh": nn.Tanh, "softplus": nn.Softplus, "mish": nn.Mish,
}  # fmt: skip


@layer.register
def _(word: plain.Activation, row: Layer) -> nn.Module:
    match word.called, word.number:
        case "relu", None:
            return nn.ReLU()
        case "relu", cap:
            return nn.ReLU6() if cap == 6 else nn.Hardtanh(0.0, float(cap or 0))
        case "leaky", slope:
            return nn.LeakyReLU(0.01 if slope is None else slope)
        case "elu", floor:
            return nn.ELU(1.0 if floor is None else floor)
        case "prelu", _:
            return nn.PReLU(row.given.channels)
        case called, _:
            return _PLAIN[called]()
