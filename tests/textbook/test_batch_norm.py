"""Batch norm: mean 0 and variance 1, PyTorch's gradients, and what it remembers."""

from __future__ import annotations

import numpy as np
import pytest

from striate.textbook.batch_norm import BatchNorm
from tests.textbook.layers import norm

SHAPES = [(4, 3), (2, 3, 4, 5), (8, 2, 1, 1), (3, 1, 2, 2), (2, 5, 3, 1)]


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_in_training_every_channel_has_mean_0_and_variance_1(
    shape: tuple[int, ...], rng: np.random.Generator
) -> None:
    layer = BatchNorm(shape[1], eps=0)
    layer.training = True
    y = layer.forward(5 + 3 * rng.normal(size=shape))
    others = (0, *range(2, len(shape)))
    assert np.allclose(y.mean(axis=others), 0, atol=1e-12)
    assert np.allclose(y.var(axis=others), 1)


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_outputs_gradients_and_memory_are_pytorchs(
    shape: tuple[int, ...], training: bool, rng: np.random.Generator
) -> None:
    torch = pytest.importorskip("torch")
    layer = norm(rng, shape, training=training)
    twin = (torch.nn.BatchNorm1d if len(shape) == 2 else torch.nn.BatchNorm2d)(shape[1], eps=1e-3)
    twin = twin.double().train(training)
    held = {**layer.weights, **layer.buffers}
    twin.load_state_dict({name: torch.tensor(array) for name, array in held.items()})
    x, upstream = rng.normal(size=shape), rng.normal(size=shape)
    given = torch.tensor(x, requires_grad=True)
    out = twin(given)
    out.backward(torch.tensor(upstream))
    assert np.allclose(layer.forward(x), out.detach().numpy(), atol=1e-12)
    assert np.allclose(layer.backward(upstream), given.grad.numpy(), atol=1e-11)
    assert np.allclose(layer.gradients["weight"], twin.weight.grad.numpy(), atol=1e-12)
    assert np.allclose(layer.gradients["bias"], twin.bias.grad.numpy(), atol=1e-12)
    for name, array in layer.buffers.items():
        assert np.allclose(array, twin.state_dict()[name].numpy(), atol=1e-12), name


def test_a_bias_right_before_it_has_no_effect(rng: np.random.Generator) -> None:
    layer, x = BatchNorm(3), rng.normal(size=(4, 3, 2, 2))
    layer.training = True
    assert np.allclose(layer.forward(x), layer.forward(x + 100), atol=1e-9)


def test_one_number_in_a_channel_is_no_batch() -> None:
    layer = BatchNorm(3)
    layer.training = True
    with pytest.raises(ValueError, match="more than one number in each channel"):
        layer.forward(np.zeros((1, 3)))
