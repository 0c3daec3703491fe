"""A fully connected layer written out."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from striate.errors import UsageError
from striate.lectures.fc import fc
from tests.lectures.reading import grid, words


def test_l4_30_numbers_to_12_take_372_parameters() -> None:
    assert fc(np.ones(30), np.ones((12, 30))).facts["parameters"] == 372


def test_outputs_and_gradients_are_those_of_torch(rng: np.random.Generator) -> None:
    x, w, b, up = (rng.normal(size=s) for s in ((4,), (3, 4), (3,), (3,)))
    held = [torch.tensor(v, requires_grad=True) for v in (x, w, b)]
    y = held[1] @ held[0] + held[2]
    y.backward(torch.tensor(up))
    shown = fc(x, w, b, up)
    np.testing.assert_allclose(shown.arrays["y"], y.detach().numpy(), atol=1e-12)
    for name, tensor in zip(("dx", "dweights", "dbias"), held, strict=True):
        assert tensor.grad is not None
        np.testing.assert_allclose(shown.arrays[name], tensor.grad.numpy(), atol=1e-12)
        assert shown.arrays[name].shape == tuple(tensor.shape)


def test_every_output_is_written_out_as_a_dot_product_plus_bias() -> None:
    shown = fc(np.array([1.0, 2, -1]), np.array([[1.0, 0, 2], [-1, 1, 0.5]]), np.array([0.0, 3]))
    assert "y0 = 1·1 + 0·2 + 2·(−1) = −1" in shown.lines
    assert "y1 = (−1)·1 + 1·2 + 0.5·(−1) + 3 = 3.5" in shown.lines


def test_frames_make_one_output_after_the_other() -> None:
    shown = fc(np.array([1.0, 2]), np.array([[1.0, 0], [0, 1], [1, 1]]))
    assert [np.isnan(grid(f, "y")).sum() + len(grid(f, "y")) for f in shown.frames] == [1, 2, 3]
    assert "1·1 + 1·2 = 3" in words(shown.frames[2])
    assert "y2 = 3" in words(shown.frames[2])
    np.testing.assert_array_equal(grid(shown.still, "y")[:, 0], shown.arrays["y"])


def test_what_does_not_go_together_is_said() -> None:
    with pytest.raises(UsageError, match="the input has 2 numbers and each row of weights 3"):
        fc(np.ones(2), np.ones((2, 3)))
    with pytest.raises(UsageError, match="--bias has 1 numbers, and there are 2 outputs"):
        fc(np.ones(3), np.ones((2, 3)), np.ones(1))
    with pytest.raises(UsageError, match="--upstream has 3 numbers"):
        fc(np.ones(3), np.ones((2, 3)), None, np.ones(3))
