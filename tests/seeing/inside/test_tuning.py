"""Gabor filters of known tuning are measured as the formula says; rectified and squared ones as cells are."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from striate.errors import CannotLookInside
from striate.seeing.inside.tuning import (
    Preference,
    Tuning,
    frequencies_for,
    grating,
    preference,
    tuning,
)

SIDE = 21
GABORS = ((0, 0.16, 3.0), (30, 0.2, 3.0), (52, 0.12, 3.5), (90, 0.25, 2.5), (170, 0.16, 3.0))


def gabor(degrees: float, frequency: float, sigma: float, phase: float) -> np.ndarray:
    """By loops, so that no line of the measuring is used."""
    made = np.empty((SIDE, SIDE))
    normal = np.sin(np.radians(degrees)), np.cos(np.radians(degrees))  # across the bars: x, y down
    for row in range(SIDE):
        for column in range(SIDE):
            x, y = column - SIDE // 2, row - SIDE // 2
            bell = np.exp(-(x * x + y * y) / (2 * sigma * sigma))
            across = x * normal[0] + y * normal[1]
            made[row, column] = bell * np.cos(2 * np.pi * frequency * across + phase)
    return made


def bank(*after: nn.Module, colours: int = 1) -> nn.Sequential:
    conv = nn.Conv2d(colours, len(GABORS), SIDE, bias=False).double()
    with torch.no_grad():
        for i, (degrees, frequency, sigma) in enumerate(GABORS):
            conv.weight[i] = torch.from_numpy(gabor(degrees, frequency, sigma, 0.7)) / colours
    return nn.Sequential(conv, *after)


def measured(model: nn.Module, layer: str | None = None, colours: int = 1) -> Tuning:
    return tuning(model, (colours, 40, 40), (0.5,) * colours, (0.25,) * colours, layer)


def liked(found: Tuning, unit: int) -> Preference:
    told = preference(found, unit)
    assert told is not None
    return told


@pytest.mark.parametrize("colours", [1, 3])
def test_a_gabor_filter_likes_what_it_was_made_for(colours: int) -> None:
    found = measured(bank(colours=colours), colours=colours)
    assert found.layer == "0"
    for unit, (degrees, frequency, sigma) in enumerate(GABORS):
        told = liked(found, unit)
        assert told.orientation is not None
        apart = (told.orientation - degrees + 90) % 180 - 90
        assert abs(apart) < 1
        assert told.frequency == pytest.approx(frequency, rel=0.02)
        # The spectrum of a Gabor is a bell of deviation 1 / (2 pi sigma): half its height lies there.
        half = np.sqrt(2 * np.log(2)) / (2 * np.pi * sigma)
        wide = 4 * np.degrees(np.arcsin(half / 2 / frequency))
        assert told.width == pytest.approx(wide, rel=0.15)
        assert told.octaves == pytest.approx(
            np.log2((frequency + half) / (frequency - half)), rel=0.2
        )
        assert told.modulation is None


def test_the_answer_at_the_best_phase_is_the_size_of_the_filters_spectrum() -> None:
    found = measured(bank())
    x = np.arange(SIDE) - SIDE // 2
    for unit, gabor_ in enumerate(GABORS):
        kernel = gabor(*gabor_, 0.7)
        for turn, step in ((0, 2), (3, 1), (6, 3), (9, 0)):
            angle, f = np.radians(15.0 * turn), found.frequencies[step]
            across = x[None] * np.sin(angle) + x[:, None] * np.cos(angle)
            size = abs((kernel * np.exp(2j * np.pi * f * across)).sum())
            # Between grey and white lies 0.5, and 0.25 is the deviation that pictures are divided by.
            assert found.answers[unit, turn, step] == pytest.approx(2 * size, rel=0.02, abs=0.02)


def test_a_rectified_unit_is_simple_and_one_of_two_squares_complex() -> None:
    simple = liked(measured(bank(nn.ReLU()), "1"), 0)
    assert simple.modulation == pytest.approx(np.pi / 2, rel=0.05)  # of half a wave

    class Energy(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.pair = nn.Conv2d(1, 2, SIDE, bias=False).double()
            self.sum = nn.Identity()
            with torch.no_grad():
                for i, phase in enumerate((0.0, np.pi / 2)):
                    self.pair.weight[i] = torch.from_numpy(gabor(30, 0.2, 3.0, phase))

        def forward(self, x):
            return self.sum((self.pair(x) ** 2).sum(1, keepdim=True))

    complex_ = liked(measured(Energy(), "sum"), 0)
    assert complex_.modulation == pytest.approx(0, abs=0.05)
    assert complex_.orientation == pytest.approx(30, abs=1)


def test_a_blob_has_no_orientation_and_a_blind_unit_no_preference() -> None:
    conv = nn.Conv2d(1, 2, 9, padding=4, bias=False).double()
    at = torch.arange(9).double() - 4
    with torch.no_grad():
        far = at[:, None] ** 2 + at[None] ** 2
        conv.weight[0] = torch.exp(-far / 4) - torch.exp(-far / 16) / 4
        conv.weight[1] = 0
    found = measured(nn.Sequential(conv))
    told = liked(found, 0)
    assert told.selectivity < 0.02
    assert (told.orientation, told.width) == (None, None)
    assert preference(found, 1) is None


def test_a_unit_of_two_orientations_likes_the_stronger() -> None:
    conv = nn.Conv2d(1, 1, SIDE, bias=False).double()
    both = gabor(40, 0.2, 3.0, 0.0) + 0.9 * gabor(130, 0.2, 3.0, 0.0)
    with torch.no_grad():
        conv.weight[0] = torch.from_numpy(both)
    told = liked(measured(nn.Sequential(conv)), 0)
    assert told.orientation == pytest.approx(40, abs=2)
    assert told.selectivity < 0.1


def test_bars_turn_against_the_clock_and_frequencies_fit_the_picture() -> None:
    lying, standing, rising = (grating((1, 9, 9), d, 0.125, 0.0)[0] for d in (0, 90, 45))
    np.testing.assert_allclose(lying, lying[:, :1].repeat(9, 1))
    np.testing.assert_allclose(standing, lying.T)
    assert np.ptp(rising[np.arange(9), 8 - np.arange(9)]) < 1e-12  # along the rising diagonal
    assert frequencies_for(32)[-1] * 32 >= 2 - 1e-9
    assert frequencies_for(32)[-1] * 32 < 2 * np.sqrt(2)


def test_nothing_after_the_layer_is_run_and_modes_stay() -> None:
    class Never(nn.Module):
        def forward(self, x):
            raise AssertionError

    model = bank(nn.ReLU(), Never()).train()
    measured(model, "1")
    assert all(m.training for m in model.modules())
    assert not any(m._forward_hooks for m in model.modules())
    with pytest.raises(CannotLookInside, match="no layer 'x'"):
        measured(model, "x")
