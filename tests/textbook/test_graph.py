"""The computation graph: the lectures' small ones by hand, random ones by trying."""

from __future__ import annotations

import numpy as np
import pytest

from striate.textbook.differences import numerical
from striate.textbook.graph import (
    Node,
    backward,
    behind,
    exp,
    log,
    maximum,
    node,
    sigmoid,
    total,
)
from striate.textbook.layer import Array


def numbers(*arrays: Array) -> list[float]:
    """Arrays of one number each."""
    return [float(array) for array in arrays]


def test_a_sum_times_a_number_by_hand() -> None:
    x, y, z = Node(-2), Node(5), Node(-4)
    f = (x + y) * z
    backward(f)
    assert numbers(f.value, x.gradient, y.gradient, z.gradient) == [-12, -4, -4, 3]


def test_a_sigmoid_of_a_line_gives_0_73_and_its_five_gradients() -> None:
    w0, x0, w1, x1, w2 = (Node(v) for v in (2, -1, -3, -2, -3))
    f = 1 / (1 + exp(-(w0 * x0 + w1 * x1 + w2)))
    backward(f)
    assert round(float(f.value), 2) == 0.73
    found = [round(float(one.gradient), 2) for one in (w0, x0, w1, x1, w2)]
    assert found == [-0.2, 0.39, -0.39, -0.59, 0.2]


def test_a_sigmoid_in_one_step_is_the_sigmoid_in_four() -> None:
    a, b = Node(0.7), Node(0.7)
    short, long = sigmoid(a), 1 / (1 + exp(-b))
    backward(short)
    backward(long)
    assert np.isclose(short.value, long.value)
    assert np.isclose(a.gradient, b.gradient)


def test_on_every_edge_downstream_is_upstream_times_local() -> None:
    x, w = Node(3), Node(-2)
    f = maximum(x * w, 0.5) * 4 + sigmoid(x)
    backward(f)
    elementwise = [(n, edge) for n in behind(f) for edge in n.edges]
    assert len(elementwise) == 9
    for n, edge in elementwise:
        assert edge.local is not None
        assert (edge.back(n.gradient) == n.gradient * edge.local).all()


def test_add_copies_max_switches_and_times_swaps() -> None:
    a, b = Node(3), Node(5)
    for made, wanted in ((a + b, [2, 2]), (maximum(a, b), [0, 2]), (a * b, [10, 6])):
        backward(made, 2)
        assert numbers(a.gradient, b.gradient) == wanted


def test_of_two_equal_numbers_max_gives_all_to_the_first() -> None:
    a, b = Node(3), Node(3)
    backward(maximum(a, b))
    assert numbers(a.gradient, b.gradient) == [1, 0]


def test_l1_a_shared_weight_gets_the_sum_of_its_two_paths() -> None:
    x, w1, w2 = (2.0, 3.0, 5.0), Node(0.5), Node(-1)
    a1, a2 = w1 * x[0] + w2 * x[1], w1 * x[1] + w2 * x[2]
    out = sigmoid(a1) * 2 + sigmoid(a2) * 7
    backward(out)
    upper, lower = a1.gradient * x[0], a2.gradient * x[1]
    assert np.isclose(w1.gradient, upper + lower)


def test_a_second_backward_starts_from_nothing() -> None:
    x = Node(3)
    f = x * x
    backward(f)
    backward(f)
    assert x.gradient == 6


def test_an_array_on_the_left_is_a_node_too() -> None:
    x = Node(np.array([[1.0, 2], [3, 4]]))
    array = np.array([[1.0, 0], [0, 1]])
    for made in (array * x, array + x, array - x, array @ x):
        assert isinstance(made, Node)
        assert made.value.shape == (2, 2)


def test_a_matrix_product_takes_two_tables() -> None:
    with pytest.raises(ValueError, match="takes two tables"):
        Node(np.ones(2)) @ Node(np.ones((2, 1)))


def _linear(x: Node, w: Node) -> Node:
    return total(maximum(x @ w, 0) ** 2)


def _softmax_loss(x: Node, w: Node) -> Node:
    powers = exp(x @ w)
    return -total(log(powers / (powers @ np.ones((2, 2)))) * np.array([[1.0, 0], [0, 1], [1, 0]]))


def _stretched(x: Node, w: Node) -> Node:
    return total(
        sigmoid(x * node(2.0) + total(w)) / (x**2 + 1) - w @ np.ones((2, 4)) @ np.ones((4, 1))
    )


@pytest.mark.parametrize("made", [_linear, _softmax_loss, _stretched], ids=lambda f: f.__name__)
def test_gradients_of_tables_are_what_trying_gives(made, rng: np.random.Generator) -> None:
    x, w = Node(rng.normal(size=(3, 4))), Node(rng.normal(size=(4, 2)))
    if made is _stretched:
        w = Node(rng.normal(size=(1, 2)))
    backward(made(x, w))
    for one in (x, w):
        tried = numerical(lambda: float(made(x, w).value), one.value)
        assert one.gradient.shape == one.value.shape
        assert np.allclose(one.gradient, tried, atol=1e-7)


@pytest.mark.parametrize("shape", [(), (1,), (4,), (3, 1), (1, 4), (2, 3, 4)], ids=str)
def test_a_stretched_number_gathers_from_everywhere_it_went(
    shape: tuple[int, ...], rng: np.random.Generator
) -> None:
    a: Node = Node(rng.normal(size=shape))
    others: Array = rng.normal(size=(2, 3, 4))
    f = total(a * others)
    backward(f)
    tried = numerical(lambda: float((a.value * others).sum()), a.value)
    assert a.gradient.shape == shape
    assert np.allclose(a.gradient, tried, atol=1e-7)


def test_a_thousand_steps_are_no_problem() -> None:
    x = Node(1.0)
    f = x
    for _ in range(3000):
        f = f + 0.0
    backward(f)
    assert x.gradient == 1
