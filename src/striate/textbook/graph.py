"""A computation graph: every step is a node, and gradients flow back along its edges.

On every edge the rule is the same: downstream = upstream x local. Where a value is used more than once,
what comes back is added.

>>> x, y, z = Node(-2, "x"), Node(5, "y"), Node(-4, "z")
>>> f = (x + y) * z
>>> backward(f)
>>> float(f.value), float(x.gradient), float(y.gradient), float(z.gradient)
(-12.0, -4.0, -4.0, 3.0)
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from typing import Union, final

import numpy as np
from numpy.typing import ArrayLike

from striate.textbook.layer import Array

_numbers = count()
Value = Union["Node", ArrayLike]


@final
@dataclass(frozen=True, eq=False)
class Edge:
    """From a node back to one it was made of. `local` is dy/dx where the step works on each number alone;
    for sums and matrix products it is None, and `back` alone says upstream -> downstream."""

    parent: Node
    back: Callable[[Array], Array]
    local: Array | None = None


@final
class Node:
    """A scalar or an array, how it was made, and dL/d(it) after `backward`."""

    __array_ufunc__ = None  # an array on the left of + or * leaves the step to the node

    def __init__(self, value: ArrayLike, name: str = "", edges: tuple[Edge, ...] = ()) -> None:
        self.value: Array = np.asarray(value, float)
        self.gradient: Array = np.zeros_like(self.value)
        self.name, self.edges = name, edges
        self.number = next(_numbers)  # parents are made first, so theirs are smaller

    def __add__(self, other: Value) -> Node:
        a, b = self, node(other)
        return _each("+", a.value + b.value, (a, np.ones(())), (b, np.ones(())))

    def __mul__(self, other: Value) -> Node:
        """The local gradient of each factor is the other one: multiplication swaps them."""
        a, b = self, node(other)
        return _each("*", a.value * b.value, (a, b.value), (b, a.value))

    def __pow__(self, power: float) -> Node:
        return _each(f"^{power:g}", self.value**power, (self, power * self.value ** (power - 1)))

    def __neg__(self) -> Node:
        return self * -1.0

    def __sub__(self, other: Value) -> Node:
        return self + -node(other)

    def __truediv__(self, other: Value) -> Node:
        return self * node(other) ** -1

    def __radd__(self, other: ArrayLike) -> Node:
        return node(other) + self

    def __rmul__(self, other: ArrayLike) -> Node:
        return node(other) * self

    def __rtruediv__(self, other: ArrayLike) -> Node:
        return node(other) / self

    def __rmatmul__(self, other: ArrayLike) -> Node:
        return node(other) @ self

    def __rsub__(self, other: ArrayLike) -> Node:
        return node(other) - self

    def __matmul__(self, other: Value) -> Node:
        """A B, of M D and D K: dL/dA = upstream B^T, dL/dB = A^T upstream."""
        a, b = self, node(other)
        if a.value.ndim != 2 or b.value.ndim != 2:
            raise ValueError("a matrix product takes two tables; write a vector as D 1 or 1 D")
        return Node(
            a.value @ b.value,
            "@",
            (Edge(a, lambda up: up @ b.value.T), Edge(b, lambda up: a.value.T @ up)),
        )


def node(value: Value) -> Node:
    """A node as it is; a number or an array as a node without a name."""
    return value if isinstance(value, Node) else Node(value)


def maximum(a: Value, b: Value) -> Node:
    """max(a, b): the larger one gets all of the gradient, the first one if they are equal."""
    a, b = node(a), node(b)
    first = (a.value >= b.value).astype(float)
    return _each("max", np.maximum(a.value, b.value), (a, first), (b, 1 - first))


def exp(a: Value) -> Node:
    """e^a is its own slope."""
    a = node(a)
    return _each("exp", np.exp(a.value), (a, np.exp(a.value)))


def log(a: Value) -> Node:
    """log a, with the slope 1 / a."""
    a = node(a)
    return _each("log", np.log(a.value), (a, 1 / a.value))


def sigmoid(a: Value) -> Node:
    """s = 1 / (1 + e^-a) as one step: its slope is s (1 - s)."""
    a = node(a)
    s = 0.5 * (1 + np.tanh(a.value / 2))
    return _each("sigmoid", s, (a, s * (1 - s)))


def total(a: Value) -> Node:
    """The sum of all numbers: each of them gets the upstream gradient."""
    a = node(a)
    return Node(a.value.sum(), "sum", (Edge(a, lambda up: np.broadcast_to(up, a.value.shape)),))


def backward(end: Node, upstream: ArrayLike = 1.0) -> None:
    """dL/d(node) into every node that `end` was made of, starting from dL/d(end) = `upstream`."""
    nodes = behind(end)
    for one in nodes:
        one.gradient = np.zeros_like(one.value)
    end.gradient = np.broadcast_to(np.asarray(upstream, float), end.value.shape).copy()
    for one in nodes:  # a node comes after all that was made of it, so its gradient is complete
        for edge in one.edges:
            edge.parent.gradient = edge.parent.gradient + edge.back(one.gradient)


def behind(end: Node) -> list[Node]:
    """The node and all it was made of, latest first."""
    met, waiting = {end}, [end]
    while waiting:
        new = {edge.parent for edge in waiting.pop().edges} - met
        met |= new
        waiting += new
    return sorted(met, key=lambda one: -one.number)


def _each(name: str, value: Array, *made_of: tuple[Node, Array]) -> Node:
    """A step that works on each number alone: downstream = upstream x local."""
    return Node(value, name, tuple(_edge(parent, np.asarray(local)) for parent, local in made_of))


def _edge(parent: Node, local: Array) -> Edge:
    return Edge(parent, lambda up: _fitted(up * local, parent.value.shape), local)


def _fitted(pull: Array, shape: tuple[int, ...]) -> Array:
    """A number that was stretched over an array was used many times: its gradients are added."""
    pull = pull.sum(axis=tuple(range(pull.ndim - len(shape))))
    stretched = tuple(i for i, side in enumerate(shape) if side == 1 != pull.shape[i])
    fitted: Array = pull.sum(axis=stretched, keepdims=True)
    return fitted
