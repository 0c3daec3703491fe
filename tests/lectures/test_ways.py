"""Ways from pixels to a unit, counted tap by tap."""

from __future__ import annotations

import numpy as np
import pytest

from striate.geometry.window import Window
from striate.grammar.plan import Plan
from striate.lectures.ways import chain, shares, ways
from striate.zoo.catalogue import plan_of


def test_two_layers_of_3x3_reach_a_unit_on_1_2_3_2_1_ways_along_a_side() -> None:
    np.testing.assert_allclose(ways([(Window(3), 5), (Window(3), 3)], 0) * 9, [1, 2, 3, 2, 1])


def counted(windows: list[tuple[Window, int]], unit: int) -> np.ndarray:
    """Every way back from the unit, one by one."""
    made = np.zeros(windows[0][1])

    def back(layer: int, place: int) -> None:
        if layer < 0:
            made[place] += 1
            return
        window, side = windows[layer]
        for tap in range(window.kernel):
            pixel = place * window.stride - window.before + tap * window.dilation
            if 0 <= pixel < side:
                back(layer - 1, pixel)

    back(len(windows) - 1, unit)
    return made / made.sum()


@pytest.mark.parametrize("unit", [0, 1, 2])
def test_ways_are_those_that_are_walked_one_by_one(unit: int) -> None:
    windows = [(Window(3, 2, 1, 1), 11), (Window(2, 1, 0, 0, 2), 6), (Window(3, 1, 2, 2), 4)]
    np.testing.assert_allclose(ways(windows, unit), counted(windows, unit))


def test_the_chain_ends_where_ways_part_or_all_is_seen() -> None:
    assert [one.name for one in chain(Plan.read("3x8x8: conv3-2 relu gap fc2").nodes)] == [
        "conv1", "relu1",
    ]  # fmt: skip
    names = [one.name for one in chain(plan_of("resnet18").nodes)]
    assert names[-1].startswith("stem.")


def test_a_layer_without_windows_sees_its_own_pixel() -> None:
    layers = list(chain(Plan.read("1x3x4: relu").nodes))
    made = shares(layers, (1, 2))
    assert made[1, 2] == 1 == made.sum()
