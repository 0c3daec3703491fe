"""Moving, turning and enlarging do what they say; equivariance is that of the layer."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from striate.seeing.inside import shift
from tests.seeing.networks import Plain, pictures, ready


def test_moving_is_numpys_roll_with_the_mean_colour_coming_in() -> None:
    x = pictures(1)
    for down, right in ((2, 0), (-3, 4), (0, 0), (0, -9)):
        expected = np.roll(x.numpy(), (down, right), (2, 3))
        rows, columns = np.arange(12) - down, np.arange(10) - right
        outside = ((rows < 0) | (rows >= 12))[:, None] | ((columns < 0) | (columns >= 10))[None]
        expected[:, :, outside] = 0
        np.testing.assert_array_equal(shift.moved(x, down, right).numpy(), expected)
    assert not shift.moved(x, 12, 0).any()


def test_turning_by_a_right_angle_is_rot90_and_enlarging_keeps_the_middle() -> None:
    x = pictures(2, (9, 9))
    torch.testing.assert_close(shift.turned(x, 90.0), torch.rot90(x, 1, (2, 3)), atol=1e-9, rtol=0)
    torch.testing.assert_close(shift.turned(x), x, atol=1e-9, rtol=0)
    torch.testing.assert_close(shift.turned(x, scale=2.0)[:, :, 4, 4], x[:, :, 4, 4])


def test_a_wide_picture_is_turned_without_being_bent() -> None:
    y, x = torch.meshgrid(torch.arange(21.0) - 10, torch.arange(41.0) - 20, indexing="ij")
    hill = torch.exp(-(x**2 + y**2) / 30).double()[None, None]
    assert (shift.turned(hill, 30.0) - hill).abs().max() < 0.02


def test_a_network_that_averages_everything_holds_its_line_when_nothing_leaves() -> None:
    model = nn.Sequential(
        nn.Conv2d(3, 4, 1), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten()
    ).double()
    x = torch.zeros(2, 3, 40, 40, dtype=torch.float64)
    x[:, :, 15:25, 15:25] = pictures(2, (10, 10))
    found = {one.change: one for one in shift.shift_test(model, x)}
    assert np.ptp(found["pixels down"].probability) < 1e-12
    assert (found["pixels to the right"].kept == 1).all()
    assert found["pixels down"].values == tuple(range(-8, 9))
    assert all(
        one.kept[one.values.index(1.0 if "times" in one.change else 0.0)] == 1
        for one in found.values()
    )


def test_a_convolution_with_a_stride_is_equivariant_by_its_step_away_from_borders() -> None:
    model = ready(Plain)
    x = pictures(2, (32, 32))
    assert shift.equivariance(model, x, "stage2", 2).inside == pytest.approx(0, abs=1e-9)
    borders = shift.equivariance(model, x, "stage2", 2).all
    assert borders is not None
    assert borders > 0.01
    between = shift.equivariance(model, x, "stage2", 1)
    assert (between.all, between.step) == (None, 2.0)
