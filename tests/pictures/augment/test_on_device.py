"""Changes by torch against the same ones by NumPy, step by step; `test_resident.py` has whole batches."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from striate.pictures.augment import on_device
from striate.pictures.augment.chain import PRESETS, Chain, preset
from striate.pictures.augment.crop import ShiftedCrop
from striate.pictures.augment.draws import Draws
from striate.pictures.augment.erase import Erase
from striate.pictures.augment.flip import Flip
from striate.pictures.augment.mix import Mix, Mixture

STEPS = (
    Flip(), Flip(in_turns=True), Flip(chance=1), ShiftedCrop(3), ShiftedCrop(9), ShiftedCrop(0),
    Erase(1.0), Erase(0.5, (0.04, 0.2), fill=7), Erase(1.0, (1.0, 1.0)), Erase(0.0),
)  # fmt: skip


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("step", STEPS, ids=str)
def test_a_step_changes_the_pixels_that_numpy_changes(rng, step, channels) -> None:
    pictures = rng.integers(0, 256, (40, 9, 7, channels), np.uint8)
    draws, slots = Draws(3, 1, 40), np.arange(40)
    chain = Chain((step,))
    given = on_device.drawn(chain, draws, slots, 9, 7)
    found = on_device.changed(chain, torch.from_numpy(pictures), given)
    assert np.array_equal(found.numpy(), step(pictures.copy(), draws, slots))


@pytest.mark.parametrize("share", [0.0, 0.25, 0.5, 0.731, 0.99999, 1.0])
def test_shares_are_rounded_as_numpy_rounds_them(rng, share) -> None:
    one, two = rng.integers(0, 256, (2, 6, 9, 7, 3), np.uint8)
    one[0], two[0], one[1], two[1] = 255, 255, 0, 0
    drawn = Mixture(share, None)
    found = on_device.mixed(torch.from_numpy(one), torch.from_numpy(two), drawn)
    assert np.array_equal(found.numpy(), Mix().apply(one, two, drawn))


@pytest.mark.parametrize("box", [(0, 0, 9, 7), (2, 3, 5, 4), (4, 4, 4, 6)])
def test_boxes_of_partners_are_cut_out_alike(rng, box) -> None:
    one, two = rng.integers(0, 256, (2, 6, 9, 7, 3), np.uint8)
    before, drawn = one.copy(), Mixture(0.5, box)
    found = on_device.mixed(torch.from_numpy(one), torch.from_numpy(two), drawn)
    assert np.array_equal(found.numpy(), Mix().apply(one, two, drawn))
    assert np.array_equal(one, before), "held pixels are not written to"


def test_it_is_said_which_steps_are_for_the_processor_alone() -> None:
    found = {name: on_device.lacking(preset(name, (16, 16))) for name in PRESETS}
    assert found.pop("photos") == ("ResizedCrop", "Colour")
    assert found.pop("strong") == ("ResizedCrop", "Policy")
    assert set(found.values()) == {()}
