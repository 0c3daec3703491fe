"""Every way of changing pictures keeps the same promises."""

from __future__ import annotations

import numpy as np
import pytest

from striate.pictures.augment.colour import Colour
from striate.pictures.augment.crop import ShiftedCrop
from striate.pictures.augment.draws import Draws
from striate.pictures.augment.erase import Erase
from striate.pictures.augment.flip import Flip
from striate.pictures.augment.policies import Policy
from striate.pictures.augment.resized_crop import ResizedCrop
from striate.pictures.augment.step import Step
from tests.pictures.sets import numbers

STEPS = [
    Flip(),
    Flip(in_turns=True),
    ShiftedCrop(4),
    ResizedCrop(),
    ResizedCrop((9, 7)),
    Colour(),
    Erase(),
    Policy("trivial"),
    Policy("rand"),
]


@pytest.mark.parametrize("step", STEPS, ids=str)
@pytest.mark.parametrize("channels", [1, 3])
def test_a_picture_is_changed_by_its_address_alone_and_has_the_size_told(
    step: Step, channels
) -> None:
    pictures = numbers(30, side=20, channels=channels).source.pictures  # type: ignore[attr-defined]
    slots = np.arange(30)
    whole = step(pictures.copy(), Draws(2, 3, 30), slots)
    assert whole.shape == (30, *step.size(20, 20), channels)
    assert whole.dtype == np.uint8
    for some in (slots[4:5], slots[::-1], slots[3:20:5], slots[:0]):
        assert np.array_equal(step(pictures[some], Draws(2, 3, 30), some), whole[some])
    assert not np.array_equal(step(pictures.copy(), Draws(2, 4, 30), slots), whole)


def test_a_step_without_its_ways_cannot_be_made() -> None:
    with pytest.raises(TypeError, match="abstract"):
        Step()  # type: ignore[abstract]
