"""What there is time for, by the measured pace of a network."""

from __future__ import annotations

from dataclasses import replace

import pytest

from striate.verbs.report_scene import Late, Pace, Scene, scene
from tests.verbs.made import digits


def slow(pace: Pace, allowed_s: float) -> Scene:
    """As if the machine were of this pace."""
    return replace(scene(digits().path, (), 20.0), pace=pace, allowed_s=allowed_s)


def test_the_time_that_is_allowed_buys_so_many_pictures() -> None:
    world = slow(Pace(0.0, 0.01), 10.0)
    assert world.afford(100, 1, 99) == 10
    assert world.afford(100, 1, 4) == 4
    with pytest.raises(Late, match=r"takes 0\.01 s, and this would take 1,100 times that"):
        world.afford(100, 11, 99)


def test_as_many_pictures_are_looked_through_as_there_is_time_for() -> None:
    world = slow(Pace(0.03, 0.01), 5.0)
    assert len(world.rows) == 100
    assert world.rows[0] == 0
    assert world.rows[-1] == len(world.dataset) - 1
    assert world.crowd.shape == (100, 8, 8, 1)
    assert len(slow(Pace(1e-6, 1e-6), 20.0).rows) == len(world.dataset)
    with pytest.raises(Late, match=r"one picture takes 4 s"):
        _ = slow(Pace(2.0, 1.0), 20.0).rows


def test_pictures_are_those_that_the_network_did_not_learn_from() -> None:
    world = scene(digits().path, (), 20.0)
    assert set(world.dataset.splits) == {"val", "test"}
    assert len(world.few) == len(world.pictures) == 16
    assert world.pace.forward_s > 0
    assert world.spent_s >= 0
