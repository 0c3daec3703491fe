"""Batch norm written out."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from striate.errors import UsageError
from striate.lectures.bn import bn
from tests.lectures.reading import check_drawn


def test_every_feature_gets_mean_0_and_variance_1_over_the_batch() -> None:
    shown = bn(np.array([[1.0, 10], [2, 20], [3, 60]]))
    np.testing.assert_allclose(shown.arrays["z"].mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(shown.arrays["z"].var(axis=0), 1, atol=1e-4)
    assert (
        "feature 1: mean (10 + 20 + 60) / 3 = 30, variance 466.7, scale 1, shift 0" in shown.lines
    )
    check_drawn(shown, x="x", z="z", y="y")


def test_values_and_gradients_are_those_of_torch(rng: np.random.Generator) -> None:
    x, up = rng.normal(size=(5, 3)), rng.normal(size=(5, 3))
    scale, shift = np.array([2.0, -1, 0.5]), np.array([0.0, 1, 2])
    given = [torch.tensor(v, requires_grad=True) for v in (x, scale, shift)]
    y = torch.nn.functional.batch_norm(given[0], None, None, given[1], given[2], training=True)
    y.backward(torch.tensor(up))
    shown = bn(x, scale, shift, up)
    np.testing.assert_allclose(shown.arrays["y"], y.detach().numpy(), atol=1e-9)
    for name, tensor in zip(("dx", "dscale", "dshift"), given, strict=True):
        assert tensor.grad is not None
        np.testing.assert_allclose(shown.arrays[name], tensor.grad.numpy(), atol=1e-9)
    np.testing.assert_allclose(shown.arrays["dx"].sum(axis=0), 0, atol=1e-12)


def test_what_does_not_go_together_is_said() -> None:
    with pytest.raises(UsageError, match="a batch of one picture has no variance"):
        bn(np.ones((1, 3)))
    with pytest.raises(UsageError, match="--scale has 1 numbers, and there are 3 features"):
        bn(np.ones((2, 3)), np.ones(1))
    with pytest.raises(UsageError, match="--upstream is 1×1, and x is 2×3"):
        bn(np.ones((2, 3)), None, None, np.ones((1, 1)))
    with pytest.raises(UsageError, match="up to 12 of each are shown"):
        bn(np.ones((2, 13)))


def test_a_feature_that_is_the_same_everywhere_stays_at_0_and_that_is_said() -> None:
    shown = bn(np.array([[5.0, 1], [5, 3]]))
    assert shown.arrays["z"][:, 0].tolist() == [0, 0]
    assert "z: mean 0 and variance 1 in every column, or 0 where all are alike" in shown.lines
