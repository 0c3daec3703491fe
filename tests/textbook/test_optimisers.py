"""Steps against PyTorch's optimisers, and by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from striate.textbook.optimisers import SGD, Adadelta, Adam, Momentum, Optimiser, RMSProp, decay

PAIRS: dict[str, tuple[Optimiser, dict[str, Any]]] = {
    "SGD": (SGD(0.1), {"lr": 0.1}),
    "momentum": (Momentum(0.1, 0.8), {"lr": 0.1, "momentum": 0.8}),
    "RMSProp": (RMSProp(0.01, 0.95), {"lr": 0.01, "alpha": 0.95}),
    "Adam": (Adam(0.02, 0.8, 0.99), {"lr": 0.02, "betas": (0.8, 0.99)}),
    "Adadelta": (Adadelta(0.5, 0.8), {"lr": 0.5, "rho": 0.8}),
}
OPTIMISERS = ["SGD", "momentum", "RMSProp", "Adam", "Adadelta"]


@pytest.mark.parametrize("name", PAIRS)
def test_twenty_steps_are_pytorchs(name: str, rng: np.random.Generator) -> None:
    torch = pytest.importorskip("torch")
    ours, how = PAIRS[name]
    weights = {"a": rng.normal(size=(3, 2)), "b": rng.normal(size=4)}
    theirs = {n: torch.tensor(w.copy(), requires_grad=True) for n, w in weights.items()}
    kind = {"momentum": "SGD", "RMSProp": "RMSprop"}.get(name, name)
    optimiser = getattr(torch.optim, kind)(list(theirs.values()), **how)
    for _ in range(20):
        gradients = {n: rng.normal(size=w.shape) for n, w in weights.items()}
        ours.step(weights, gradients)
        for n, tensor in theirs.items():
            tensor.grad = torch.tensor(gradients[n])
        optimiser.step()
    for n, w in weights.items():
        assert np.allclose(w, theirs[n].detach().numpy(), atol=1e-12)


def test_a_steady_gradient_makes_momentum_ten_times_as_fast() -> None:
    weights, momentum = {"w": np.zeros(1)}, Momentum(0.01, 0.9)
    ways = [0.0]
    for _ in range(200):
        momentum.step(weights, {"w": np.ones(1)})
        ways.append(float(weights["w"][0]))
    assert np.isclose(ways[1] - ways[0], -0.01)
    assert np.isclose(ways[-1] - ways[-2], -0.01 * 10)


def test_the_first_step_of_adam_has_the_length_of_its_rate_whatever_the_gradient() -> None:
    for gradient in (1e-3, 1.0, 1e3):
        weights = {"w": np.zeros(1)}
        Adam(0.01).step(weights, {"w": np.array([gradient])})
        assert np.isclose(weights["w"][0], -0.01, rtol=1e-4)


def test_l4_weight_decay_takes_a_share_of_every_weight() -> None:
    weights = {"w": np.array([1.0, -2.0])}
    decay(weights, rate=0.1, strength=0.5)
    assert weights["w"].tolist() == [0.95, -1.9]


@pytest.mark.parametrize(
    "optimiser", [SGD(0.05), Momentum(0.01), RMSProp(0.02), Adam(0.1), Adadelta(2)], ids=OPTIMISERS
)
def test_each_finds_the_bottom_of_a_narrow_valley(optimiser: Optimiser) -> None:
    weights = {"w": np.array([2.0, 2.0])}
    steep = np.array([1.0, 20.0])
    for _ in range(800):
        optimiser.step(weights, {"w": steep * weights["w"]})
    assert (steep * weights["w"] ** 2).sum() / 2 < 0.01
