"""Activations against PyTorch, kinks included, and far out where exponentials overflow."""

from __future__ import annotations

import numpy as np
import pytest

from striate.textbook import activations
from striate.textbook.layer import Layer
from tests.textbook.layers import ACTIVATIONS

LIKE = {
    "relu": "ReLU", "relu6": "ReLU6", "leaky": "LeakyReLU", "elu": "ELU", "selu": "SELU", "gelu": "GELU",
    "silu": "SiLU", "hard swish": "Hardswish", "hard sigmoid": "Hardsigmoid", "sigmoid": "Sigmoid",
    "tanh": "Tanh", "softplus": "Softplus", "mish": "Mish",
}  # fmt: skip


@pytest.mark.parametrize("name", LIKE)
def test_values_and_slopes_are_pytorchs(name: str) -> None:
    torch = pytest.importorskip("torch")
    x = np.concatenate([np.linspace(-8, 8, 401), [0.0, 6.0, 19.9, 20.0, 20.1, 30.0]])
    given = torch.tensor(x, requires_grad=True)
    out = getattr(torch.nn, LIKE[name])()(given)
    out.sum().backward()
    layer = ACTIVATIONS[name]()
    assert np.allclose(layer.forward(x), out.detach().numpy(), rtol=0, atol=1e-12)
    at_kink = (np.abs(x) == 3) & name.startswith("hard")  # which side counts is a matter of taste
    apart = np.abs(layer.backward(np.ones_like(x)) - given.grad.numpy())[~at_kink]
    # PyTorch keeps the 1/6 of its hard sigmoid in 32 bits.
    assert apart.max() < (1e-8 if name == "hard sigmoid" else 1e-12)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_nothing_overflows_far_from_zero(name: str) -> None:
    x, layer = np.array([-1e4, -800.0, 800.0, 1e4]), ACTIVATIONS[name]()
    assert np.isfinite(layer.forward(x)).all()
    assert np.isfinite(layer.backward(np.ones(4))).all()


def test_at_its_kink_relu_has_the_slope_0() -> None:
    layer = activations.relu()
    layer.forward(np.zeros(1))
    assert layer.backward(np.ones(1)).tolist() == [0]


def test_a_sigmoid_lets_at_most_a_quarter_of_the_gradient_through() -> None:
    layer = activations.sigmoid()
    layer.forward(np.linspace(-5, 5, 101))
    assert layer.backward(np.ones(101)).max() == 0.25


@pytest.mark.parametrize("shape", [(4, 3), (4, 3, 5, 2)], ids=str)
def test_a_learned_leak_is_pytorchs(shape: tuple[int, ...], rng: np.random.Generator) -> None:
    torch = pytest.importorskip("torch")
    x, weight, upstream = rng.normal(size=shape), rng.uniform(size=3), rng.normal(size=shape)
    given, leak = (torch.tensor(a, requires_grad=True) for a in (x, weight))
    torch.nn.functional.prelu(given, leak).backward(torch.tensor(upstream))
    layer: Layer = activations.LearnedLeak(weight)
    layer.forward(x)
    assert np.allclose(layer.backward(upstream), given.grad.numpy(), atol=1e-12)
    assert np.allclose(layer.gradients["weight"], leak.grad.numpy(), atol=1e-12)
