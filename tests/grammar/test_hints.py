"""What the lectures advise: each hint where it belongs, and nowhere in the zoo where it does not."""

from __future__ import annotations

import pytest

import striate
from striate.grammar.hints import hints
from striate.verbs.plan import plan
from striate.zoo.catalogue import CATALOGUE, plan_of

# Each of these is so: what the hint says can be checked in the network's table, and is meant by its authors.
MEANT = {
    "alexnet": {"fc-heavy"},
    "alexnet-2012": {"fc-heavy"},
    "vgg16": {"fc-heavy"},
    "vgg16_bn": {"fc-heavy"},
    "vgg19": {"fc-heavy"},
    "vgg19_bn": {"fc-heavy"},
    "allconv": {"small-field"},
}


def only(text: str, name: str, given: str | None = None):
    """The hints of one name."""
    return [hint for hint in hints(plan(text, given)) if hint.name == name]


@pytest.mark.parametrize("name", list(CATALOGUE))
def test_the_zoo_is_not_told_what_is_not_so(name: str) -> None:
    assert {hint.name for hint in hints(plan_of(name))} == MEANT.get(name, set())


def test_32_28_24_shrinks_too_fast_and_padding_2_keeps_the_size() -> None:
    (hint,) = only("3x32x32: conv5-8 relu conv5-8 relu gap fc10", "shrinks-fast")
    assert hint.text.startswith("32 → 28 → 24: 2 convolutions")
    assert "25% of a side" in hint.text
    assert "= 2, which keeps the size" in hint.fix
    assert hint.layers == ("conv1", "conv2")


@pytest.mark.parametrize(
    "text",
    [
        "3x32x32: conv5p2-8 relu conv5p2-8 relu gap fc10",
        "3x32x32: conv3-8 relu conv3-8 relu gap fc10",  # 32 -> 30 -> 28 is slow
        "3x32x32: conv5-8 relu max2 conv5-8 relu gap fc10",  # one at a time, as LeNet has it
        "3x8x8: conv3p1-8 relu max2 conv4-8 relu conv1-4 fc10",  # as large as its map: fully connected
    ],
)
def test_sizes_that_shrink_slowly_or_on_purpose_are_left_alone(text: str) -> None:
    assert only(text, "shrinks-fast") == []


def test_a_long_way_down_is_shortened() -> None:
    (hint,) = only("3x64x64: (conv5-8 relu)*9 gap fc10", "shrinks-fast")
    assert hint.text.startswith("64 → 60 → 56 → … → 32 → 28: 9 convolutions")


def test_windows_that_slide_over_padding_alone_are_named() -> None:
    (hint,) = only("resnet18", "shrinks-fast", "3x32x32")
    assert hint.text.startswith("from stage4.res1.body.conv2 on the map is 1x1: 3 convolutions")


def test_the_border_that_no_window_touches_is_named_with_what_sees_it() -> None:
    (hint,) = only("3x7x7: conv3s3-4 relu fc2", "unseen-border")
    assert "conv3s3-4 on 7 never sees the last row and column: (7 - 3)/3 + 1 = 2.33" in hint.text
    assert hint.fix.startswith("conv3s3same-4, which sees all")
    assert "padding 1" in hint.fix
    (pool,) = only("3x7x10: max3s2 fc2", "unseen-border")
    assert "on 7x10 never sees the last column" in pool.text
    assert pool.fix.startswith("max3s2c, which sees all")
    (wide,) = only("3x12x11: max5 fc2", "unseen-border")
    assert "the last 2 rows and the last column" in wide.text


def test_what_is_left_over_in_the_padding_is_no_unseen_border() -> None:
    assert only("3x224x224: conv11s4p2-64 relu gap fc2", "unseen-border") == []


def test_more_than_five_convolutions_before_a_pool_are_too_many() -> None:
    (hint,) = only("3x64x64: (conv3p1-8 relu)*6 max2 fc2", "late-pool")
    assert hint.text.startswith("6 convolutions from conv1 to conv6 before max1")
    assert only("3x64x64: (conv3p1-8 relu)*5 max2 fc2", "late-pool") == []
    assert only("3x64x64: (conv1-8 relu)*9 max2 fc2", "late-pool") == []
    assert (
        only("3x64x64: conv3p1-8 relu ({conv3p1 relu conv3p1} relu)*9 gap fc2", "late-pool") == []
    )


def test_a_network_that_never_pools_is_told_too() -> None:
    (hint,) = only("3x64x64: (conv3p1-8 relu)*7", "late-pool")
    assert "and none of them is followed by a pool" in hint.text


def test_before_a_fork_nothing_is_said_about_what_follows() -> None:
    text = "3x32x32: (conv3p1-8 relu)*6 {conv3s2p1-16 relu conv3p1-16} relu gap fc10"
    (hint,) = only(text, "late-pool")
    assert hint.text.startswith("6 convolutions from conv1 to conv6 in a row: ")


def test_fully_connected_layers_that_hold_most_are_told_with_their_share() -> None:
    (hint,) = only("3x32x32: conv3p1-16 relu max2 fc128 relu fc10", "fc-heavy")
    found = plan("3x32x32: conv3p1-16 relu max2 fc128 relu fc10")
    share = (found["fc1"].parameters + found["fc2"].parameters) / found.parameters
    assert hint.text.startswith(f"{share:.0%} of the parameters")
    assert "524,416 in fc1, which takes 4,096 numbers" in hint.text
    assert hint.fix.startswith("gap instead of flattening 16x16 places")


@pytest.mark.parametrize(
    "text",
    ["3x32x32: fc10", "3x32x32: fc64 relu fc10", "3x32x32: conv3p1-4 relu gap fc1000"],
)
def test_a_classifier_without_convolutions_or_after_a_global_pool_is_not_heavy(text: str) -> None:
    assert only(text, "fc-heavy") == []


def test_seeing_all_of_224_takes_112_layers_as_the_lecture_says() -> None:
    (hint,) = only("3x224x224: conv3p1-8 relu gap fc10", "small-field")
    assert "units that see 3 x 3 of 224 x 224" in hint.text
    assert "111 more 3x3 convolutions" in hint.fix
    assert only("3x224x224: (conv3p1-8 relu)*112 gap fc10", "small-field") == []


def test_the_layers_and_halvings_that_are_named_are_enough_and_one_less_is_not() -> None:
    text = "3x32x32: conv3p1-8 relu {}conv3p1-8 relu max2 conv3p1-8 relu {}gap fc10"
    (hint,) = only(text.format("", ""), "small-field")
    assert hint.fix == "6 more 3x3 convolutions before it, or 2 more max2 after conv1"
    for i, words, many in ((1, "conv3p1-8 relu ", 6), (0, "max2 ", 2)):
        fill = [["", ""], ["", ""]]
        fill[0][i], fill[1][i] = words * many, words * (many - 1)
        assert only(text.format(*fill[0]), "small-field") == []
        assert len(only(text.format(*fill[1]), "small-field")) == 1


def test_a_fully_connected_layer_sees_the_whole_picture() -> None:
    assert only("3x32x32: conv3p1-8 relu fc10", "small-field") == []


def test_hints_can_be_silenced_and_a_traced_network_has_them_too() -> None:
    found = striate.plan("3x32x32: conv5-8 conv5-8 relu max2 fc10")
    assert [hint.name for hint in striate.hints(found, ["fc-heavy"])] == [
        "linear-pair", "shrinks-fast",
    ]  # fmt: skip
    torch = pytest.importorskip("torch")
    nn = torch.nn
    module = nn.Sequential(nn.Conv2d(3, 8, 5), nn.Conv2d(8, 8, 5), nn.ReLU(), nn.MaxPool2d(2),
                           nn.Flatten(), nn.Linear(1152, 10))  # fmt: skip
    traced = hints(plan(module, (3, 32, 32)))
    assert [(hint.name, hint.layers) for hint in traced] == [
        ("linear-pair", ("0", "1")), ("shrinks-fast", ("0", "1")), ("fc-heavy", ("5",)),
    ]  # fmt: skip
