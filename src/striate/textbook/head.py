"""A fully connected layer on a map is a convolution whose kernel is as large as the map.

As such it can go over a larger picture: a grid of scores, one row of K for every place the small picture
could have been cut out at. That is how a classifier looks for its classes in a large picture.
"""

from __future__ import annotations

from striate.geometry.shape import Shape
from striate.geometry.window import Window
from striate.textbook.connected import Flatten, FullyConnected
from striate.textbook.convolution import Convolution
from striate.textbook.layer import Array, Layer
from striate.textbook.pooling import AveragePool, AveragePoolTo, MaxPool, MaxPoolTo
from striate.textbook.sequence import Sequence


def as_convolution(head: FullyConnected, given: Shape) -> Convolution:
    """weight K C*H*W, read again as K C H W; C H W is the map the head was made for."""
    weight = head.weights["weight"].reshape(-1, *given[:3])
    return Convolution(weight, head.weights.get("bias"))


def over_larger(network: Sequence, picture: Array) -> Sequence:
    """The network with its head as convolutions, and the same weights: on `picture`, N C H W of the size it
    was made for, it gives N K 1 1, and on a larger one N K H' W'.

    Every score is that of a cut-out, exactly where no layer pads: padding in a cut-out is the neighbourhood
    in the large picture. Global pools become pools with a window of the map's size.
    """
    made: dict[str, Layer] = {}
    x = picture
    for name, part in network.parts.items():
        if not isinstance(part, Flatten):  # the kernel of the head takes the map as it is
            made[name] = _wider(part, x)
            x = made[name].forward(x)
    return Sequence(made)


def _wider(part: Layer, x: Array) -> Layer:
    """One layer for maps that are larger than x, N C H W, which is what reaches it on a small picture."""
    if isinstance(part, Sequence):
        return over_larger(part, x)
    if isinstance(part, FullyConnected):
        return as_convolution(part, Shape(x.shape[1], x.shape[2], x.shape[3]))
    if isinstance(part, AveragePoolTo | MaxPoolTo):
        if part.places != (1, 1):
            raise ValueError("pooling to several places depends on the size of the picture")
        windows = Window(x.shape[2]), Window(x.shape[3])
        return AveragePool(windows) if isinstance(part, AveragePoolTo) else MaxPool(windows)
    return part
