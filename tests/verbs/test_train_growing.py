"""Which networks take pictures that grow."""

from __future__ import annotations

from pathlib import Path

import pytest
from torch import nn

from striate.errors import CannotTrain
from striate.grammar.plan import Plan
from striate.verbs.train_growing import cannot_grow, refuse_plan, taken
from striate.verbs.train_network import Chosen
from striate.verbs.train_order import Order
from tests.verbs import made

HALF = made.recipe(pictures__grow_from=0.5)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("3x32x32: conv3p1-4 gap fc3", ""),
        ("3x32x32: conv3p1-4 flatten fc8 fc3", "the weights of fc1 are for pictures of 32 pixels"),
        ("3x32x32: conv3p1-4 fc3", "the weights of fc1 are for pictures of 32 pixels"),
        ("3x32x24: conv3p1-4 gap fc3", "pictures of 32x24 are not square"),
        ("3x32x32: conv20-4 gap fc3", "at 16 pixels"),
    ],
)
def test_a_plan_says_why_pictures_cannot_grow(text: str, words: str) -> None:
    plan = Plan.read(text)
    found = cannot_grow(plan, HALF)
    assert found.startswith(words)
    assert bool(found) == bool(words)
    if not words:
        refuse_plan(plan, HALF)
        return
    with pytest.raises(CannotTrain, match="pictures cannot grow") as caught:
        refuse_plan(plan, HALF)
    assert words in caught.value.text
    assert "`gap`" in caught.value.hint
    refuse_plan(plan, made.recipe(pictures__grow_from=1))
    refuse_plan(plan, made.recipe(pictures__grow_from=0.5, pictures__grow_until=0))


@pytest.mark.parametrize(
    ("pool", "takes"), [(nn.AdaptiveAvgPool2d(1), True), (nn.Identity(), False)]
)
def test_a_network_without_a_plan_is_tried_at_every_side(pool: nn.Module, takes: bool) -> None:
    width = 4 if takes else 4 * 8 * 8
    network = nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), pool, nn.Flatten(), nn.Linear(width, 3))
    chosen = Chosen("timm:some", "timm:some channels=3", network, None, 8, 3)
    if takes:
        taken(chosen, HALF, (3, 8, 8))
    else:
        with pytest.raises(CannotTrain, match="timm:some does not take 4 pixels"):
            taken(chosen, HALF, (3, 8, 8))
        taken(chosen, made.recipe(), (3, 8, 8))
    assert network.training


def test_a_network_for_one_size_does_not_grow_by_itself(tmp_path: Path) -> None:
    text = "1x28x28: whiten=(conv2-8 relu) max2 {} fc10"
    for middle, share in (("max2", 1.0), ("gap", 0.6)):
        order = Order("digits", text.format(middle))
        ready = made.readied(order, tmp_path / middle, made.recipe(pictures__size=0))
        assert ready.recipe.pictures.grow_from == share
        assert bool(ready.course.sides) == (share < 1)
