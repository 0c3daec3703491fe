"""Counts against PyTorch's own tensors and its counter of operations."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from striate.geometry.cost import Filters, full, training_bytes
from striate.geometry.shape import Shape


@pytest.mark.parametrize(
    ("given", "made", "kernel", "groups", "bias"),
    [
        (3, 10, (5, 5), 1, True),
        (4, 6, (3, 1), 2, False),
        (8, 8, (3, 3), 8, True),
        (8, 16, (1, 7), 8, False),
        (1, 1, (1, 1), 1, True),
    ],
)
def test_a_convolution_has_the_parameters_and_multiply_adds_of_pytorch(
    given: int, made: int, kernel: tuple[int, int], groups: int, bias: bool
) -> None:
    filters = Filters(given, made, kernel, groups, bias)
    layer = nn.Conv2d(given, made, kernel, groups=groups, bias=bias)
    with FlopCounterMode(display=False) as counter:
        out = layer(torch.zeros(1, given, 9, 8))
    assert filters.parameters == sum(p.numel() for p in layer.parameters())
    assert filters.weights == layer.weight.numel()
    assert 2 * filters.macs(Shape(made, *out.shape[2:])) == counter.get_total_flops()


def test_a_locally_connected_layer_has_its_own_set_at_every_place() -> None:
    assert Filters(1, 1, (3, 3)).unshared(Shape(1, 3, 4)) == 12 * (9 + 1)


@pytest.mark.parametrize("bias", [True, False])
def test_a_fully_connected_layer_has_the_parameters_of_pytorch(bias: bool) -> None:
    assert full(30, 12, bias) == sum(p.numel() for p in nn.Linear(30, 12, bias).parameters())


def test_training_keeps_weights_gradients_momentum_and_activations() -> None:
    weight = torch.nn.Parameter(torch.zeros(10))
    optimiser = torch.optim.SGD([weight], momentum=0.9)
    weight.sum().backward()
    optimiser.step()
    assert weight.grad is not None
    kept = [weight, weight.grad, optimiser.state[weight]["momentum_buffer"]]
    assert training_bytes(10, 7) == sum(t.numel() * t.element_size() for t in kept) + 7
