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
    whole = shift.equivariance(model, x, "stage2", 2)
    assert (whole.step, whole.stride, whole.borders) == (2, 0.0, 1.0)
    back = shift.equivariance(model, x, "stage2", -2)
    assert back.inside == pytest.approx(0, abs=1e-9)
    far = shift.equivariance(model, x, "stage2", 30)
    assert (far.inside, far.borders) == (None, 1.0)


def test_between_its_steps_a_stride_explains_what_is_apart_inside_too() -> None:
    model = ready(Plain)
    x = pictures(2, (32, 32))
    between = shift.equivariance(model, x, "stage2", 3)
    assert between.stride is not None
    assert between.stride > 0.5  # noise changes from pixel to pixel
    assert between.borders == 1 - between.stride
    with torch.no_grad():
        maps = model.stage2(model.stage1(x)).numpy()
        after = model.stage2(model.stage1(shift.moved(x, 0, 3))).numpy()
    halfway = (np.roll(maps, 1, 3) + np.roll(maps, 2, 3)) / 2
    part = (slice(None), slice(None), slice(4, 12), slice(6, 12))
    apart = np.linalg.norm(after[part] - halfway[part]) / np.linalg.norm(halfway[part])
    assert between.inside == pytest.approx(apart)


def test_a_layer_is_measured_in_blocks_with_the_same_numbers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    model, x = ready(Plain), pictures(5, (32, 32))
    met: list[int] = []
    watcher = model.register_forward_pre_hook(lambda _, given: met.append(len(given[0])))
    for pixels in (1, 2, 3, 30):
        together = shift.equivariance(model, x, "stage2", pixels)
        monkeypatch.setattr("striate.seeing.asking._VALUES", 2 * 3 * 32 * 32)
        met.clear()
        in_blocks = shift.equivariance(model, x, "stage2", pixels)
        monkeypatch.undo()
        assert max(met) == 2
        assert sum(met) >= 10
        assert (in_blocks.layer, in_blocks.step) == (together.layer, together.step)
        for one, other in zip(in_blocks, together, strict=True):
            if isinstance(one, float):
                assert one == pytest.approx(other, abs=1e-12)
            else:
                assert one == other
    watcher.remove()


def test_without_padding_a_step_is_that_of_the_windows_and_not_of_the_sizes() -> None:
    model = nn.Sequential(
        nn.Conv2d(3, 4, 5), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten()
    ).double()
    x = pictures(2, (32, 32))
    found = shift.equivariance(model, x, "0", 1)
    assert found.step == 1
    assert found.inside == pytest.approx(0, abs=1e-9)


def test_light_changes_between_black_and_white_of_each_channel() -> None:
    class Says(nn.Module):
        def forward(self, x):
            seen.append(x.detach().clone())
            return x.mean((2, 3))

    seen: list[torch.Tensor] = []
    mean, std = (torch.tensor(v).view(1, 3, 1, 1) for v in ((0.1, 0.5, 0.4), (0.3, 0.2, 0.25)))
    shown = torch.rand(2, 3, 6, 6)
    shift.shift_test(Says(), (shown - mean) / std, (-mean / std, (1 - mean) / std))
    places = 2 * len(shift.SHIFTS) + len(shift.ANGLES) + len(shift.SCALES) + 1
    for share, made in zip(shift.LIGHT, seen[places:], strict=False):
        torch.testing.assert_close(made * std + mean, (shown + share).clamp(0, 1))
    for made in seen[places:]:
        back = made * std + mean
        assert float(back.min()) > -1e-6
        assert float(back.max()) < 1 + 1e-6
