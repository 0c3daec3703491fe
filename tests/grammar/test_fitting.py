"""Which windows of a network do not fit, and the input on which all do."""

from __future__ import annotations

import pytest

from striate.grammar.fitting import fitting
from striate.verbs.plan import plan


def test_every_misfit_of_alexnet_stands_with_its_arithmetic() -> None:
    found = fitting(plan("alexnet"))
    assert [(one.layer, one.sum_text) for one in found.misfits] == [
        ("conv1", "(224 + 4 - 11)/4 + 1 = 55.25")
    ]
    assert "a side of 223/227 fits" in found.misfits[0].fits


@pytest.mark.parametrize("name", ["alexnet", "resnet18", "mobilenet_v2"])
def test_the_input_that_is_named_passes_the_lectures_rule_and_none_is_nearer(name: str) -> None:
    near = fitting(plan(name)).nearest
    assert near
    plan(name, near[:3]).check_exact()
    for side in range(224 - abs(near.height - 224) + 1, 224 + abs(near.height - 224)):
        assert fitting(plan(name, (3, side, side))).misfits


def test_sides_that_differ_are_told_apart_and_a_square_is_told_once() -> None:
    found = fitting(plan("3x32x20: conv3s2-8 relu fc10"))
    assert [one.side for one in found.misfits] == ["height", "width"]
    assert [one.side for one in fitting(plan("3x32x32: conv3s2-8 relu fc10")).misfits] == ["height"]


def test_where_every_window_fits_it_says_so() -> None:
    assert fitting(plan("lenet5")).lines() == ["every window fits on 1x32x32"]


def test_where_no_input_near_by_fits_it_says_so() -> None:
    # One arm wants an even side and the other an odd one.
    found = fitting(plan("3x9x9: [conv2s2p1-3 | max3s2p1] fc2"))
    assert found.nearest is None
    assert found.lines()[-1] == "no square input within 64 pixels of 3x9x9 fits every window"
