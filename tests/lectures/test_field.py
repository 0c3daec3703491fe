"""What one unit sees: the lectures' numbers, PyTorch's slopes, and the boxes of the drawing."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from striate.errors import CannotLookInside, UsageError
from striate.grammar.plan import Plan
from striate.lectures.drawing import scene_of
from striate.lectures.field import field, fields_of, layers_for, size_after
from striate.lectures.scene import Box, Picture
from striate.lectures.to_pixels import gif_of
from striate.zoo.catalogue import plan_of
from tests.lectures.reading import frames_in, words

EXAMPLE = "3x32x32: conv3p1-8 relu conv3p1-8 relu max2 conv3p1-8"


def test_l2_one_to_four_layers_of_3x3_see_3_5_7_9_pixels() -> None:
    seen = fields_of(Plan.read("1x9x9: (conv3-1)*4"))
    assert [one.size for one in seen] == [(3, 3), (5, 5), (7, 7), (9, 9)]
    assert [size_after(count, 3) for count in (1, 2, 3, 4)] == [3, 5, 7, 9]


def test_l2_seeing_all_of_224_pixels_takes_112_layers_of_3x3() -> None:
    assert layers_for(224, 3) == 112
    assert field(Plan.read("1x224x224: (conv3p1-1)*112")).facts["whole_side_from"] == "conv112"
    assert field(Plan.read("1x224x224: (conv3p1-1)*111")).facts["whole_side_from"] is None


@pytest.mark.parametrize(("side", "kernel"), [(9, 3), (10, 3), (32, 5), (7, 7), (1, 3)])
def test_fewer_layers_than_said_do_not_see_the_side(side: int, kernel: int) -> None:
    layers = layers_for(side, kernel)
    assert layers is not None
    assert size_after(layers, kernel) >= side
    assert layers == 0 or size_after(layers - 1, kernel) < side
    assert layers_for(side, 1) is None


@pytest.mark.parametrize(
    "text",
    [
        EXAMPLE,
        "1x28x31: conv5s2p1-2 relu max3s2p1 conv3d2-2",
        "1x16x16: conv3p2d2-2 stem=(conv3p1-2 avg2) conv1-2",
        "2x12x12: conv3p1-4 relu dw3p1 max2",
    ],
)
def test_the_shares_are_pytorch_s_slopes_through_weights_of_one(text: str) -> None:
    torch = pytest.importorskip("torch")
    plan = Plan.read(text.replace("max", "avg").replace("relu ", ""))
    net = plan.build().double()
    for weight in net.parameters():
        torch.nn.init.constant_(weight, 1.0)
    given = plan.sheet.given
    leaf = torch.zeros(1, *given[:3], dtype=torch.float64, requires_grad=True)
    for unit in ((1, 2), (0, 0)):
        last = fields_of(Plan.read(text), at=unit)[-1]
        net(leaf)[0, 0, unit[0], unit[1]].backward()
        slope = leaf.grad.sum((0, 1)).numpy()
        leaf.grad = None
        assert last.shares is not None
        np.testing.assert_allclose(last.shares, slope / slope.sum(), atol=1e-12)


def test_all_shares_together_are_the_whole_and_lie_in_the_box() -> None:
    for one in fields_of(Plan.read(EXAMPLE)):
        assert one.shares is not None
        assert one.shares.sum() == pytest.approx(1)
        top, left, bottom, right = one.box
        assert (one.shares[top:bottom, left:right] > 0).all()
        assert np.count_nonzero(one.shares) == (bottom - top) * (right - left)


def test_units_of_all_layers_stand_around_one_spot() -> None:
    seen = fields_of(Plan.read(EXAMPLE), at=(3, 5))
    boxes = [one.box for one in seen]
    for inner, outer in pairwise(boxes):
        assert all(a >= b for a, b in zip(inner[:2], outer[:2], strict=True))
        assert all(a <= b for a, b in zip(inner[2:], outer[2:], strict=True))
    assert seen[-1].unit == (3, 5)


def test_where_ways_part_and_meet_the_box_alone_is_shown() -> None:
    plan = plan_of("resnet18")
    seen = {one.name: one for one in fields_of(plan)}
    assert seen["stem.max1"].shares is not None
    assert seen["stage1.res1.body.conv1"].shares is None
    shown = field(plan, "stage1.res1.body.conv2")
    drawn = shown.arrays["stage1.res1.body.conv2"]
    top, left, bottom, right = seen["stage1.res1.body.conv2"].box
    assert drawn.sum() == (bottom - top) * (right - left)


def test_shortcuts_and_joins_are_in_the_table_and_not_in_the_drawing() -> None:
    shown = field(plan_of("resnet18"), "stage2.res1")
    assert any(line.startswith("stage2.res1.shortcut.conv1") for line in shown.lines)
    drawn = [frame.rows[0][0].name.split("\n")[0] for frame in shown.frames]  # type: ignore[union-attr]
    assert "stage2.res1.shortcut.conv1" not in drawn
    assert drawn[-1] == "stage2.res1"
    sizes = [one["field"][0] for one in shown.facts["layers"] if one["name"] in drawn]
    assert sizes == sorted(sizes)


def test_a_layer_whose_units_see_all_says_so() -> None:
    shown = field(Plan.read("3x8x8: conv3p1-4 gap fc2"), "fc1")
    assert any("all" in line and line.startswith("gap1") for line in shown.lines)
    assert shown.facts["layers"][-1]["field"] is None
    assert shown.facts["layers"][-1]["box"] == (0, 0, 8, 8)


def test_the_lines_say_the_rule_and_every_layer_that_changes_the_field() -> None:
    lines = "\n".join(field(Plan.read(EXAMPLE)).lines)
    assert "1 + L(3 − 1) for L layers of 3×3: 3, 5, 7, 9 …" in lines
    assert "conv3  conv3p1-8  8x16x16  10×10  2     8,8       12…21      12…21" in lines
    assert "relu" not in lines.split("\n", 2)[2]
    assert "no layer up to conv3 sees as much as the picture has (32×32)" in lines


def test_boxes_of_the_still_are_the_fields_and_a_gif_has_a_frame_for_each_layer() -> None:
    shown = field(Plan.read(EXAMPLE))
    scene = scene_of(shown.still)
    pictures = [mark for mark in scene.marks if isinstance(mark, Picture)]
    inks = [mark for mark in scene.marks if isinstance(mark, Box) and mark.thick == 5]
    inks = [mark for mark in inks if not mark.dash]
    assert len(pictures) == len(inks) == 4
    for picture, ink, told in zip(pictures, inks, shown.facts["layers"], strict=True):
        cell = picture.width / 32
        top, left, bottom, right = told["box"]
        assert (ink.x - picture.x) / cell == pytest.approx(left)
        assert (ink.y - picture.y) / cell == pytest.approx(top)
        assert (ink.width / cell, ink.height / cell) == pytest.approx((right - left, bottom - top))
    assert frames_in(gif_of([scene_of(frame) for frame in shown.frames], 100)) == 4
    assert words(shown.frames[-1])[-3:-1] == ["conv3", "sees 10×10"]


def test_colours_stand_where_shares_are() -> None:
    shown = field(Plan.read(EXAMPLE))
    (picture,) = [m for m in scene_of(shown.frames[-1]).marks if isinstance(m, Picture)]
    blue = picture.pixels[:, :, 2].astype(int)
    shares = shown.arrays["conv3"]
    assert blue[shares == 0].min() > blue[shares == shares.max()].max() + 100
    falling = np.argsort(shares[16])
    assert (np.diff(blue[16][falling]) <= 0).all()


def test_a_place_or_layer_that_is_not_there_is_refused() -> None:
    with pytest.raises(UsageError, match="conv3 has 16x16 places, and none at 16,0"):
        field(Plan.read(EXAMPLE), at=(16, 0))
    with pytest.raises(CannotLookInside, match="no layer 'conv9'"):
        field(Plan.read(EXAMPLE), "conv9")
