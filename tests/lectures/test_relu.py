"""Activations as curves, numbers and slopes."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from striate.cli.show_reckoning import relu as command
from striate.errors import UsageError
from striate.lectures.relu import KINDS, relu
from striate.lectures.shown import Chart
from tests.lectures.reading import grid, words

_TORCH = {
    "relu": torch.relu,
    "leaky": torch.nn.functional.leaky_relu,
    "elu": torch.nn.functional.elu,
    "selu": torch.selu,
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "gelu": torch.nn.functional.gelu,
    "silu": torch.nn.functional.silu,
    "softplus": torch.nn.functional.softplus,
}
X = np.array([[1.0, -2, 3], [-0.5, 0.25, 2]])


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_values_and_downstream_are_those_of_torch(kind: str) -> None:
    x = torch.tensor(X, requires_grad=True)
    y = _TORCH[kind](x)
    up = np.arange(6.0).reshape(2, 3) - 2
    y.backward(torch.tensor(up))
    shown = relu(X, kind, up)
    np.testing.assert_allclose(shown.arrays["y"], y.detach().numpy(), atol=1e-9)
    assert x.grad is not None
    np.testing.assert_allclose(shown.arrays["dx"], x.grad.numpy(), atol=1e-9)
    assert shown.arrays["dx"].shape == X.shape


def test_upstream_times_local_is_written_for_every_number() -> None:
    lines = relu(X, upstream=np.full((2, 3), 2.0)).lines
    assert "  at −2: 2 × 0 = 0" in lines
    assert "  at 3: 2 × 1 = 2" in lines
    assert "2 of 6 are at or below zero: nothing comes back through them" in lines


def test_frames_take_one_number_after_the_other() -> None:
    shown = relu(X)
    assert len(shown.frames) == 6
    assert "f(3) = 3" in words(shown.frames[2])
    assert (~np.isnan(grid(shown.frames[1], "y"))).sum() == 2
    np.testing.assert_array_equal(grid(shown.still, "y"), shown.arrays["y"])


def test_the_command_knows_the_kinds_that_there_are() -> None:
    (kind,) = [p for p in command.params if p.name == "kind"]
    assert list(kind.type.choices) == list(KINDS)  # type: ignore[attr-defined]


def test_an_upstream_of_another_shape_is_refused() -> None:
    with pytest.raises(UsageError, match="--upstream is 1×1, and the numbers are 2×3"):
        relu(X, upstream=np.ones((1, 1)))


def test_the_dots_of_the_chart_lie_at_the_numbers_and_on_the_curve() -> None:
    shown = relu(X, "tanh")
    (chart,) = shown.still.rows[0]
    assert isinstance(chart, Chart)
    curve, slope, dots = chart.curves
    np.testing.assert_array_equal(dots.x, X.ravel())
    np.testing.assert_allclose(dots.y, np.tanh(X.ravel()), atol=1e-12)
    np.testing.assert_allclose(np.interp(dots.x, curve.x, curve.y), dots.y, atol=1e-3)
    np.testing.assert_allclose(slope.y, 1 - np.tanh(slope.x) ** 2, atol=1e-9)
    (before,) = shown.frames[2].rows[0]
    assert isinstance(before, Chart)
    assert before.curves[2].x.tolist() == [1, -2, 3]
