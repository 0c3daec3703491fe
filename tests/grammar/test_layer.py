"""Rows and blocks of a bound plan."""

from __future__ import annotations

import pytest

from striate.geometry.shape import Shape
from striate.grammar.layer import Block, layers_of
from striate.grammar.plan import Plan


def test_a_row_knows_what_it_sees_of_the_picture() -> None:
    conv = Plan.read("1x20x30: conv3s2p1x2 conv3x1s2")["conv2"]
    assert conv.receptive_field == (7, 3)
    assert conv.jump == (4, 4)
    assert conv.box(0, 0, Shape(1, 20, 30)) == (0, 0, 6, 1)
    assert conv.box(1, 2, Shape(1, 20, 30)) == (3, 6, 10, 9)


def test_what_sees_everything_has_no_jump_and_the_whole_picture_as_its_box() -> None:
    row = Plan.read("1x20x30: conv3 gap")["gap1"]
    assert (row.receptive_field, row.jump) == (None, None)
    assert row.box(0, 0, Shape(1, 20, 30)) == (0, 0, 20, 30)


def test_rows_come_in_the_order_the_picture_travels_and_joins_last() -> None:
    plan = Plan.read("4x8x8: {conv3p1 relu} [id | max1] stem=(bn)")
    assert [layer.name for layer in layers_of(plan.nodes)] == [
        "res1.body.conv1", "res1.body.relu1", "res1", "fork1.arm1.id1", "fork1.arm2.max1",
        "fork1", "stem.bn1",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "how", "arms", "joined"),
    [
        ("{relu}", "residual", 2, True),
        ("[relu + relu + relu]", "add", 3, True),
        ("[relu | relu]", "concat", 2, True),
        ("stem=(relu)", "stage", 1, False),
    ],
)
def test_blocks_say_how_their_arms_are_joined(text: str, how: str, arms: int, joined: bool) -> None:
    (block,) = Plan.read(f"4x8x8: {text}").nodes
    assert isinstance(block, Block)
    assert (block.how, len(block.arms), block.join is not None) == (how, arms, joined)


def test_a_unit_outside_the_map_has_no_box() -> None:
    layer = Plan.read("3x8x8: conv3-4")[0]
    with pytest.raises(IndexError, match=r"conv1 is 4x6x6: it has no unit \(6, 0\)"):
        layer.box(6, 0, Shape(3, 8, 8))
