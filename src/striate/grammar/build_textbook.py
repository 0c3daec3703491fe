"""Plan to the network one can read: the layers of `textbook`, under the names of the plan's table.

The names of its weights are those of the PyTorch build too, so each takes over the other's.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import singledispatch
from math import inf
from typing import TYPE_CHECKING, cast

from striate.grammar import plain, sliding
from striate.grammar.layer import Block, Node, without_softmax
from striate.grammar.layer import Layer as Row
from striate.grammar.words import Word
from striate.textbook import activations, channels
from striate.textbook.batch_norm import BatchNorm
from striate.textbook.connected import Flatten, FullyConnected
from striate.textbook.convolution import Convolution
from striate.textbook.dropout import Dropout
from striate.textbook.layer import Array, Layer
from striate.textbook.local import LocallyConnected
from striate.textbook.losses import Softmax
from striate.textbook.network import Network
from striate.textbook.pooling import AveragePool, AveragePoolTo, MaxPool, MaxPoolTo
from striate.textbook.response_norm import LocalResponseNorm
from striate.textbook.sequence import Fork, Residual, Sequence
from striate.textbook.squeeze import SqueezeExcite
from striate.textbook.start import flat, he

if TYPE_CHECKING:
    from striate.grammar.plan import Plan


def build(plan: Plan, *, softmax: bool = False, seed: int = 0) -> Network:
    """The whole network with first weights drawn from `seed`. A final softmax belongs to the loss: it is
    left out unless `softmax` is true."""
    return Network(_sequence(plan.nodes if softmax else without_softmax(plan.nodes), seed))


def _sequence(nodes: tuple[Node, ...], seed: int) -> Sequence:
    made: dict[str, Layer] = {}
    for node in nodes:
        name = node.name.rpartition(".")[2]
        if isinstance(node, Row) and isinstance(node.kind, plain.Full) and not node.given.flat:
            made[name + "_flatten"] = Flatten()  # N C H W -> N CHW
        made[name] = _part(node, seed)
    return Sequence(made)


def _part(node: Node, seed: int) -> Layer:
    if not isinstance(node, Block):
        return layer(cast("Word", node.kind), node, seed)
    arms = [_sequence(arm, seed) for arm in node.arms]
    if node.how == "stage":
        return arms[0]
    if node.how == "residual":
        return Residual(arms[0], arms[1] if arms[1].parts else None)
    return Fork(list(arms), adds=node.how == "add")


@singledispatch
def layer(word: Word, row: Row, seed: int) -> Layer:
    """The layer for one word, bound as in `row`. One case below for each word."""
    word.fault(
        "the textbook has no layer for this word", "build the plan with PyTorch: `plan.build()`"
    )


def _drawn(shape: tuple[int, ...], fan_in: int, row: Row, seed: int) -> Array:
    return he(shape, fan_in, seed, row.name)


def _conv(word: sliding.Filtering, row: Row, seed: int, groups: int) -> Layer:
    depth, made = row.given.channels // groups, row.output.channels
    weight = _drawn((made, depth, *word.kernel), depth * word.kernel[0] * word.kernel[1], row, seed)
    bias = flat((made,)) if row.has_bias else None
    rows, columns = windows = word.windows()
    conv = Convolution(weight, bias, windows, groups)
    even = rows.before == rows.after and columns.before == columns.after
    return conv if even else Sequence({"conv": conv})  # PyTorch pads in a step of its own


@layer.register
def _(word: sliding.Conv, row: Row, seed: int) -> Layer:
    return _conv(word, row, seed, word.groups)


@layer.register
def _(word: sliding.Depthwise, row: Row, seed: int) -> Layer:
    return _conv(word, row, seed, row.given.channels)


@layer.register
def _(word: sliding.Local, row: Row, seed: int) -> Layer:
    places = row.output.height * row.output.width
    seen = row.given.channels * word.kernel[0] * word.kernel[1]
    weight = _drawn((places, row.output.channels, seen), seen, row, seed)
    bias = flat((row.output.channels, places)) if row.has_bias else None
    return LocallyConnected(weight, bias, word.windows())


@layer.register
def _(word: sliding.MaxPool, row: Row, seed: int) -> Layer:
    return MaxPool(word.windows())


@layer.register
def _(word: sliding.AvgPool, row: Row, seed: int) -> Layer:
    return AveragePool(word.windows())


@layer.register
def _(word: sliding.AvgTo, row: Row, seed: int) -> Layer:
    return AveragePoolTo(word.places)


@layer.register
def _(word: sliding.MaxTo, row: Row, seed: int) -> Layer:
    return MaxPoolTo(word.places)


@layer.register
def _(word: sliding.Gap, row: Row, seed: int) -> Layer:
    return AveragePoolTo((1, 1))


@layer.register
def _(word: sliding.Gmp, row: Row, seed: int) -> Layer:
    return MaxPoolTo((1, 1))


@layer.register
def _(word: sliding.Every, row: Row, seed: int) -> Layer:
    return channels.Every(word.stride, (row.output.channels - row.given.channels) // 2)


@layer.register
def _(word: plain.BatchNorm, row: Row, seed: int) -> Layer:
    return BatchNorm(row.given.channels, word.eps, word.momentum)


@layer.register
def _(word: plain.LocalResponseNorm, row: Row, seed: int) -> Layer:
    return LocalResponseNorm(word.neighbours, word.alpha, word.beta, word.offset)


@layer.register
def _(word: plain.Dropout, row: Row, seed: int) -> Layer:
    return Dropout(word.probability, seed=seed, purpose=row.name)


@layer.register
def _(word: plain.Flatten, row: Row, seed: int) -> Layer:
    return Flatten()


@layer.register
def _(word: plain.Full, row: Row, seed: int) -> Layer:
    given, made = row.given.count, row.output.channels
    bias = flat((made,)) if word.bias else None
    return FullyConnected(_drawn((made, given), given, row, seed), bias)


@layer.register
def _(word: plain.Shuffle, row: Row, seed: int) -> Layer:
    return channels.Shuffle(word.groups)


@layer.register
def _(word: plain.Part, row: Row, seed: int) -> Layer:
    return channels.Part(*word.bounds(row.given.channels))


@layer.register
def _(word: plain.SqueezeExcite, row: Row, seed: int) -> Layer:
    wide, narrow = row.given.channels, word.inner(row.given)
    squeeze = _drawn((narrow, wide, 1, 1), wide, row, seed)
    excite = he((wide, narrow, 1, 1), narrow, seed, f"{row.name} excite")
    return SqueezeExcite(
        Convolution(squeeze, flat((narrow,))), Convolution(excite, flat((wide,))), hard=word.hard
    )


@layer.register
def _(word: plain.Scale, row: Row, seed: int) -> Layer:
    return channels.Scale(word.factor)


@layer.register
def _(word: plain.Identity, row: Row, seed: int) -> Layer:
    return channels.Identity()


@layer.register
def _(word: plain.Maxout, row: Row, seed: int) -> Layer:
    return channels.Maxout(word.pieces)


@layer.register
def _(word: plain.Softmax, row: Row, seed: int) -> Layer:
    return Softmax()


_PLAIN: dict[str, Callable[[], Layer]] = {
    "selu": activations.selu, "gelu": activations.gelu, "silu": activations.silu,
    "hswish": activations.hard_swish, "hsigmoid": activations.hard_sigmoid, "sigmoid": activations.sigmoid,
    "tanh": activations.tanh, "softplus": activations.softplus, "mish": activations.mish,
}  # fmt: skip


@layer.register
def _(word: plain.Activation, row: Row, seed: int) -> Layer:
    match word.called, word.number:
        case "relu", cap:
            return activations.relu(inf if cap is None else cap)
        case "leaky", slope:
            return activations.leaky(0.01 if slope is None else slope)
        case "elu", floor:
            return activations.elu(1.0 if floor is None else floor)
        case "prelu", _:
            return activations.LearnedLeak(flat((row.given.channels,), 0.25))
        case called, _:
            return _PLAIN[called]()
