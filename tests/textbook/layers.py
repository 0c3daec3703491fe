"""Layers of every kind with random weights, and five shapes for each."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from striate.geometry.shape import Shape
from striate.geometry.window import Window
from striate.textbook import activations, channels
from striate.textbook.batch_norm import BatchNorm
from striate.textbook.connected import Flatten, FullyConnected
from striate.textbook.convolution import Convolution
from striate.textbook.dropout import Dropout
from striate.textbook.layer import Array, Layer
from striate.textbook.local import LocallyConnected
from striate.textbook.losses import Softmax
from striate.textbook.matrix import SharedMatrix
from striate.textbook.pooling import AveragePool, AveragePoolTo, MaxPool, MaxPoolTo
from striate.textbook.response_norm import LocalResponseNorm
from striate.textbook.sequence import Fork, Residual, Sequence
from striate.textbook.squeeze import SqueezeExcite
from striate.textbook.windows import Windows, square

Sizes = tuple[int, ...]  # of x, N C H W or N D
Maker = Callable[[np.random.Generator, Sizes], Layer]

# What slides: windows small enough for every map below, each with its own stride, padding and gaps.
WINDOWS: dict[Sizes, Windows] = {
    (2, 2, 5, 5): square(3),
    (1, 4, 5, 4): square(3, stride=2, padding=1),
    (2, 2, 4, 7): (Window(2, 1, 1, 0), Window(3, 2, 1, 1)),
    (1, 4, 4, 5): square(3, stride=1, padding=1, dilation=2),
    (1, 2, 3, 3): square(3, padding=1),
}
# Pools pad half the window at most; two of them hang over the end.
POOLS: dict[Sizes, Windows] = {
    (2, 2, 5, 5): square(2, stride=2),
    (1, 4, 5, 4): (Window(3, 2, 1, 1, 1, True), Window(3, 2, 1, 1, 1, True)),
    (2, 2, 4, 7): (Window(2, 1), Window(3, 2, 1, 1)),
    (1, 4, 4, 5): (Window(2, 3, 0, 0, 1, True), Window(3, 2, 0, 0, 1, True)),
    (1, 2, 3, 3): square(3),
}
MAPS = tuple(WINDOWS)
VECTORS: tuple[Sizes, ...] = ((2, 4), (5, 6), (3, 2), (4, 12), (7, 8))


def convolution(
    rng: np.random.Generator, sizes: Sizes, made: int = 4, groups: int = 1, *, bias: bool = True
) -> Convolution:
    """Random filters for a map of `sizes`, with the windows above."""
    windows = WINDOWS[sizes]
    weight = rng.normal(size=(made, sizes[1] // groups, windows[0].kernel, windows[1].kernel))
    return Convolution(weight, rng.normal(size=made) if bias else None, windows, groups)


def same(rng: np.random.Generator, channels: int) -> Convolution:
    """A 3x3 convolution that keeps the shape."""
    return Convolution(
        rng.normal(size=(channels, channels, 3, 3)), rng.normal(size=channels), square(3, padding=1)
    )


def pointwise(rng: np.random.Generator, given: int, made: int) -> Convolution:
    """A 1x1 convolution."""
    return Convolution(rng.normal(size=(made, given, 1, 1)), rng.normal(size=made))


def local(rng: np.random.Generator, sizes: Sizes, made: int = 3) -> LocallyConnected:
    """Random filters, other ones at every place."""
    rows, columns = WINDOWS[sizes]
    places = rows.out(sizes[2]) * columns.out(sizes[3])
    weight = rng.normal(size=(places, made, sizes[1] * rows.kernel * columns.kernel))
    return LocallyConnected(weight, rng.normal(size=(made, places)), (rows, columns))


def norm(rng: np.random.Generator, sizes: Sizes, *, training: bool) -> BatchNorm:
    """A batch norm that has seen something already."""
    made = BatchNorm(sizes[1], eps=1e-3)
    made.weights["weight"][:], made.weights["bias"][:] = rng.normal(size=(2, sizes[1]))
    made.buffers["running_mean"][:] = rng.normal(size=sizes[1])
    made.buffers["running_var"][:] = rng.uniform(0.5, 2, size=sizes[1])
    made.training = training
    return made


def dropout(rng: np.random.Generator, sizes: Sizes) -> Dropout:
    """Dropout while training."""
    made = Dropout(0.3)
    made.training, made.address = True, (1, 2)
    return made


def residual(rng: np.random.Generator, sizes: Sizes) -> Residual:
    """Two convolutions beside a projection."""
    c = sizes[1]
    body = Sequence({"a": same(rng, c), "f": activations.tanh(), "b": pointwise(rng, c, 3)})
    return Residual(body, pointwise(rng, c, 3))


def matrix(rng: np.random.Generator, sizes: Sizes) -> SharedMatrix:
    """A convolution in two groups, written as one matrix."""
    return SharedMatrix(convolution(rng, sizes, groups=2), Shape(sizes[1], sizes[2], sizes[3]))


ON_MAPS: dict[str, Maker] = {
    "convolution": convolution,
    "convolution without bias": lambda r, s: convolution(r, s, bias=False),
    "convolution in two groups": lambda r, s: convolution(r, s, groups=2),
    "depthwise convolution": lambda r, s: convolution(r, s, 2 * s[1], s[1]),
    "convolution as a matrix": matrix,
    "locally connected": local,
    "max pool": lambda r, s: MaxPool(POOLS[s]),
    "average pool": lambda r, s: AveragePool(POOLS[s]),
    "average pool to 2x3": lambda r, s: AveragePoolTo((2, 3)),
    "max pool to 2x3": lambda r, s: MaxPoolTo((2, 3)),
    "global average pool": lambda r, s: AveragePoolTo((1, 1)),
    "global max pool": lambda r, s: MaxPoolTo((1, 1)),
    "flatten": lambda r, s: Flatten(),
    "batch norm in training": lambda r, s: norm(r, s, training=True),
    "batch norm in use": lambda r, s: norm(r, s, training=False),
    "local response norm": lambda r, s: LocalResponseNorm(3, 0.5, 0.75, 1.5),
    "dropout": dropout,
    "learned leak": lambda r, s: activations.LearnedLeak(r.uniform(0.1, 0.5, size=s[1])),
    "softmax over channels": lambda r, s: Softmax(),
    "shuffle": lambda r, s: channels.Shuffle(2),
    "part": lambda r, s: channels.Part(1, s[1]),
    "every second": lambda r, s: channels.Every((2, 2), 1),
    "maxout": lambda r, s: channels.Maxout(2),
    "scale": lambda r, s: channels.Scale(0.125),
    "identity": lambda r, s: channels.Identity(),
    "squeeze and excite": lambda r, s: SqueezeExcite(pointwise(r, s[1], 3), pointwise(r, 3, s[1])),
    "residual": lambda r, s: Residual(same(r, s[1])),
    "residual with a projection": residual,
    "branches": lambda r, s: Fork([same(r, s[1]), pointwise(r, s[1], 3)], adds=False),
    "added branches": lambda r, s: Fork([same(r, s[1]), channels.Identity()], adds=True),
}  # fmt: skip
ON_VECTORS: dict[str, Maker] = {
    "fully connected": lambda r, s: FullyConnected(r.normal(size=(5, s[1])), r.normal(size=5)),
    "fully connected without bias": lambda r, s: FullyConnected(r.normal(size=(3, s[1]))),
    "batch norm of vectors in training": lambda r, s: norm(r, s, training=True),
    "softmax": lambda r, s: Softmax(),
    "learned leak of vectors": lambda r, s: activations.LearnedLeak(r.uniform(size=s[1])),
    "maxout of vectors": lambda r, s: channels.Maxout(2),
}
ACTIVATIONS: dict[str, Callable[[], Layer]] = {
    "relu": activations.relu, "relu6": lambda: activations.relu(6), "leaky": activations.leaky,
    "elu": activations.elu, "selu": activations.selu, "gelu": activations.gelu, "silu": activations.silu,
    "hard swish": activations.hard_swish, "hard sigmoid": activations.hard_sigmoid,
    "sigmoid": activations.sigmoid, "tanh": activations.tanh, "softplus": activations.softplus,
    "mish": activations.mish,
}  # fmt: skip


def spaced(rng: np.random.Generator, sizes: Sizes) -> Array:
    """Numbers of which no two are close, and none is close to a kink at 0, 3 or 6: there no slope exists."""
    count = int(np.prod(sizes))
    steps = (np.arange(count) + 0.5 - count // 2) * (9.1 / count)
    return rng.permutation(steps).reshape(sizes) + 1e-3
