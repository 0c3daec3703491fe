"""Plans that meet an input: names, shapes, biases, shortcuts, fields, and what does not go together."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings

from striate.errors import (
    DoesNotFit,
    LimitExceeded,
    NeedsMap,
    PlanError,
    ShapesDiffer,
    Unbound,
    WordFault,
)
from striate.geometry.shape import Shape
from striate.grammar.plan import Plan
from tests.grammar.strategies import likely_texts, plans


def rows(text: str) -> dict[str, str]:
    """Name to output, of a text on 4 x 8 x 8."""
    return {layer.name: str(layer.output) for layer in Plan.read("4x8x8: " + text)}


def biases(text: str) -> list[bool]:
    """Whether each convolution of a text has a bias."""
    plan = Plan.read("4x8x8: " + text)
    return [layer.has_bias for layer in plan if layer.word.startswith(("conv", "dw", "local"))]


def test_layers_are_counted_within_their_parent() -> None:
    assert list(rows("conv1 relu conv1 leaky stem=(conv1 {conv1} conv1) {relu} [id|id] [id+id]")) == [
        "conv1", "relu1", "conv2", "leaky1", "stem.conv1", "stem.res1.body.conv1", "stem.res1", "stem.conv2",
        "res1.body.relu1", "res1", "fork1.arm1.id1", "fork1.arm2.id1", "fork1",
        "fork2.arm1.id1", "fork2.arm2.id1", "fork2",
    ]  # fmt: skip


def test_repeats_are_unrolled_into_the_count() -> None:
    assert list(rows("(conv1 relu)*2 conv1")) == ["conv1", "relu1", "conv2", "relu2", "conv3"]


def test_a_stage_that_is_repeated_from_outside_would_have_two_parts_of_one_name() -> None:
    with pytest.raises(WordFault, match="two stages here are named 'stem'") as met:
        rows("(stem=(relu))*2")
    assert met.value.position == 8


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("conv1 bn", [False]),
        ("dw1 bn", [False]),
        ("local1 bn", [False]),
        ("conv1b bn", [True]),
        ("conv1b0 relu", [False]),
        ("conv1 relu bn", [True]),
        ("conv1", [True]),
        ("(conv1)*2 bn", [True, False]),
        ("(conv1 bn)*2", [False, False]),
        ("(bn conv1)*2", [False, True]),
        ("stem=(conv1) bn", [False]),
        ("stem=(conv1) head=((bn)*2)", [False]),
        ("conv1 {bn conv1}", [True, True]),
        ("{conv1} bn", [True]),
        ("conv1 [bn | id]", [True]),
        ("[conv1 | conv1 bn] bn", [True, False]),
    ],
)
def test_a_convolution_right_before_a_batch_norm_has_no_bias(
    text: str, expected: list[bool]
) -> None:
    assert biases(text) == expected


def test_a_residual_that_keeps_its_shape_adds_its_input() -> None:
    assert rows("{conv3p1}") == {"res1.body.conv1": "4x8x8", "res1": "4x8x8"}


def test_a_residual_that_changes_shape_gets_a_projection() -> None:
    plan = Plan.read("4x8x9: {conv3s2p1-6 bn0.1 relu}")
    assert [(layer.name, layer.word, str(layer.output)) for layer in plan][3:] == [
        ("res1.shortcut.conv1", "conv1s2-6", "6x4x5"),
        ("res1.shortcut.bn1", "bn0.1", "6x4x5"),
        ("res1", "add", "6x4x5"),
    ]
    assert not plan["res1.shortcut.conv1"].has_bias


def test_without_a_batch_norm_the_projection_has_a_bias() -> None:
    plan = Plan.read("4x8x8: {conv3s2x1p1-6}")
    assert plan["res1.shortcut.conv1"].word == "conv1s2x1-6"
    assert plan["res1.shortcut.conv1"].has_bias
    assert plan["res1.shortcut.conv1"].parameters == 6 * (4 + 1)


def test_concatenated_arms_add_their_channels() -> None:
    assert rows("[conv1-3 | conv3p1-5 | id]")["fork1"] == "12x8x8"
    assert Plan.read("4x1x1: flatten [fc3 | fc5]")["fork1"].output == Shape(8, flat=True)


def test_the_field_of_branches_is_their_hull() -> None:
    plan = Plan.read("1x64x64: [conv3 | conv5 | id conv1] conv3")
    with pytest.raises(ShapesDiffer):
        len(plan)
    plan = Plan.read("1x64x64: [conv3p1 | conv5p2 | conv1] conv3")
    assert plan["fork1"].receptive_field == (5, 5)
    assert plan["conv1"].receptive_field == (7, 7)
    assert plan["conv1"].box(10, 10, Shape(1, 64, 64)) == (8, 8, 15, 15)


def test_a_branch_that_sees_everything_makes_the_sum_see_everything() -> None:
    plan = Plan.read("4x8x8: [se | conv3p1] conv3")
    assert plan["fork1"].receptive_field is None
    assert plan["conv1"].receptive_field is None
    assert Plan.read("4x1x1: [gap + id]")["fork1"].receptive_field is None


def test_branches_that_step_apart_are_marked_as_inexact() -> None:
    row = Plan.read("1x64x64: [conv1s2 conv1s2 | conv3s4]")["fork1"]
    assert row.field
    assert row.field[0].exact
    row = Plan.read("1x65x65: [conv1s2 | conv33]")["fork1"]
    assert row.field
    assert not row.field[0].exact


def test_rows_and_columns_never_seen_stand_in_the_row() -> None:
    row = Plan.read("1x7x8: conv3s3")["conv1"]
    assert (row.remainder, row.unseen) == ((1, 2), (1, 2))
    row = Plan.read("1x7x8: conv1s3x2")["conv1"]
    assert (row.remainder, row.unseen) == ((0, 1), (4, 4))


FAULTS = {
    "relu conv9": (DoesNotFit, 12, "conv9 does not fit 8x8: (8 - 9)/1 + 1 = 0; the window is larger"),
    "relu max3x9": (DoesNotFit, 12, "max3x9 does not fit 8x8: (8 - 9)/9 + 1 = 0.89; the window"),
    "flatten conv1": (NeedsMap, 15, "`conv1` works on rows and columns, but here is a vector of 256"),
    "fc5 max2": (NeedsMap, 11, "`max2` works on rows and columns, but here is a vector of 5"),
    "flatten se": (NeedsMap, 15, "`se` works on rows and columns"),
    "fc relu fc10": (Unbound, 7, "only the last `fc` may go without its number"),
    "conv3g3-6": (WordFault, 7, "groups must divide the channels; got 4 in, 6 out, groups 3"),
    "relu {fc5}": (ShapesDiffer, 12, "adds what goes in, 4x8x8, to what comes out, 5: these cannot"),
    "relu {conv3}": (
        ShapesDiffer, 12,
        "makes 4x6x6 of 4x8x8, but a 1x1 convolution with stride 2x2 makes 4x4x4",
    ),
    "[conv3 | conv5]": (
        ShapesDiffer, 7,
        "arms that are concatenated need the same height and width; arm 1 makes 4x6x6, arm 2 makes 4x4x4",
    ),
    "[id + conv1-5]": (
        ShapesDiffer, 7, "arms that are added need the same shape; arm 1 makes 4x8x8, arm 2 makes 5x8x8",
    ),
    "[gap | flatten fc4]": (ShapesDiffer, 7, "arm 1 makes 4x1x1, arm 2 makes 4"),
    "max2s2 conv1d2p999999999 (conv1s999999999)*3": (
        LimitExceeded, 33, "conv1s999999999: a size grows beyond 10^18",
    ),
    "flatten ([id|id])*60": (LimitExceeded, 16, "a size grows beyond 10^18"),
    "avgto999999999 conv99999s2d3": (LimitExceeded, 22, "conv99999s2d3: a window with gaps has at most"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "kind", "at", "said"), [(t, *f) for t, f in FAULTS.items()])
def test_what_does_not_go_together_is_refused_at_its_place(
    text: str, kind: type[PlanError], at: int, said: str
) -> None:
    with pytest.raises(kind) as met:
        rows(text)
    assert said in met.value.text
    assert met.value.hint
    assert met.value.position == at
    assert met.value.where.startswith(f"column {at + 1}\n")


def place_of_fault(plan: Plan) -> int | None:
    """Where the plan does not bind; -1 where it does."""
    try:
        assert str(plan)
    except PlanError as fault:
        return fault.position
    return -1


@settings(max_examples=150)
@given(likely_texts)
def test_likely_texts_bind_or_fail_at_a_place(text: str) -> None:
    plan = Plan.read(text)
    if (place := place_of_fault(plan)) != -1:
        assert place in range(len(text))
        return
    before = plan.given
    assert len(str(plan).splitlines()) == len(plan) + 8
    for layer in plan:
        assert layer.given == before
        before = layer.output
        assert min(layer.output[:3]) > 0
        assert all(0 <= u < s for u, s in zip(layer.unseen, layer.given.sides, strict=True))


@settings(max_examples=100)
@given(plans)
def test_any_plan_binds_or_fails_at_a_place(plan: Plan) -> None:
    assert place_of_fault(Plan.read(plan.text).on(16, 32, 32)) in range(-1, len(plan.text) + 1)


def test_a_thousand_layers_and_the_largest_sizes_take_no_while() -> None:
    began = time.perf_counter()
    str(Plan.read("3x32x32: " + "conv3p1-64 relu " * 500))
    str(Plan.read("999999999x999999999x999999999: conv1s2 max3s7p1c avgto999999998 dw3d99999999"))
    assert time.perf_counter() - began < 5  # a guard against hanging; the figure is in bench/
