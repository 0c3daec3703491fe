"""Plans: bound, unbound, with classes, indexed, strict."""

from __future__ import annotations

import pytest

from striate.errors import ClassesDiffer, LimitExceeded, PlanError, Remainder, Unbound, WordFault
from striate.geometry.shape import Shape
from striate.grammar.combine import Repeat
from striate.grammar.plan import Plan
from striate.grammar.vocabulary import spelled

RELU = spelled("relu")
TEXT = "3x32x32: stage1=(conv3p1-16 relu) max2 gap fc10"


def test_a_plan_is_a_sequence_of_its_layers() -> None:
    plan = Plan.read(TEXT)
    assert len(plan) == len(list(plan)) == 5
    assert plan[0] is plan["stage1.conv1"]
    assert plan[-1].word == "fc10"
    assert plan[1:3] == (plan[1], plan[2])
    with pytest.raises(KeyError, match="conv1"):
        plan["conv1"]
    with pytest.raises(IndexError):
        plan[5]


def test_a_plan_tells_its_sums() -> None:
    plan = Plan.read(TEXT)
    assert plan.parameters == 16 * (3 * 9 + 1) + 10 * (16 + 1)
    assert plan.macs == 32 * 32 * 16 * 27 + 160
    assert plan.flops == 2 * plan.macs
    assert plan.receptive_field == (4, 4)
    assert plan.output == Shape(10, flat=True)
    assert plan.to_dict(2)["batch"] == 2
    assert str(plan) == plan.sheet.table()


def test_words_are_listed_once_each() -> None:
    assert [word.text for word in Plan.read("(conv3 relu)*5 {bn}").words] == ["conv3", "relu", "bn"]


def test_equal_plans_are_equal_however_they_were_written() -> None:
    assert Plan.read("conv3s1-4  (relu)") == Plan.read("conv3x3-4 relu")
    assert len({Plan.read("relu"), Plan.read(" relu ")}) == 1
    assert Plan.read("relu") != Plan.read("3x8x8: relu")


def test_a_plan_without_input_says_how_to_bind_it() -> None:
    plan = Plan.read("conv3 relu")
    assert (
        str(plan) == "conv3 relu\n(not bound to an input yet: plan.on(3, 32, 32) shows its table)"
    )
    with pytest.raises(Unbound, match="does not say how large its input is") as met:
        len(plan)
    assert "plan.on(3, 32, 32)" in met.value.hint
    assert met.value.where == "column 1\nconv3 relu\n^"
    assert str(plan.on(3, 32, 32)).startswith("layer")


def test_binding_again_replaces_the_input() -> None:
    assert Plan.read(TEXT).on(1, 28, 30)["stage1.conv1"].output == Shape(16, 28, 30)


@pytest.mark.parametrize("sizes", [(0, 3, 3), (3, -1, 3), (3, 3, 10**9)])
def test_an_input_no_text_could_hold_is_refused(sizes: tuple[int, int, int]) -> None:
    with pytest.raises(PlanError, match="each from 1 to 999,999,999; got"):
        Plan.read("relu").on(*sizes)


def test_plans_made_by_hand_keep_the_rules_of_the_reader() -> None:
    with pytest.raises(PlanError, match="a plan needs at least one word"):
        Plan(())
    with pytest.raises(PlanError, match="each from 1 to 999,999,999; got 10"):
        Plan((RELU,), Shape(10, flat=True))
    with pytest.raises(LimitExceeded, match="100,000 layers"):
        Plan((Repeat((RELU,), 100_001),))


@pytest.mark.parametrize(
    ("text", "then"),
    [
        ("conv3 fc", "conv3 fc7"),
        ("conv3 fc softmax", "conv3 fc7 softmax"),
        ("conv3 head=(gap fc)", "conv3 head=(gap fc7)"),
        ("conv3 head=(gap fc softmax)", "conv3 head=(gap fc7 softmax)"),
        ("conv3 head=(gap fc) softmax", "conv3 head=(gap fc7) softmax"),
        ("fc7", "fc7"),
        ("conv3 fcb0", "conv3 fc7b0"),
    ],
)
def test_the_last_fc_takes_the_number_of_classes(text: str, then: str) -> None:
    assert Plan.read(text).with_classes(7).text == then
    assert Plan.read(text).on(3, 8, 8, classes=7).text == "3x8x8: " + then


def test_another_number_of_classes_is_an_error_that_points_at_the_word() -> None:
    for text in ("conv3 fc10", "3x8x8: conv3 fc10 softmax", "conv3 {fc10}"):
        with pytest.raises(
            ClassesDiffer, match="ends with 10 outputs, but there are 7 clas"
        ) as met:
            Plan.read(text).with_classes(7)
        assert met.value.position == text.index("fc10")
        assert "`fc`, without a number" in met.value.hint


def test_another_number_of_classes_may_be_replaced_on_purpose() -> None:
    plan = Plan.read("3x8x8: conv3 fc1000 softmax").with_classes(7, replaced=True)
    assert plan.text == "3x8x8: conv3 fc7 softmax"


@pytest.mark.parametrize(
    "text", ["conv3-10 gap", "[fc5 | fc5]", "[fc10 + fc10] softmax", "fc10 relu"]
)
def test_a_plan_that_ends_otherwise_is_measured(text: str) -> None:
    plan = Plan.read("3x8x8: " + text)
    assert plan.with_classes(10) is plan
    with pytest.raises(ClassesDiffer, match="ends with 10 outputs, but there are 7 classes") as met:
        plan.with_classes(7)
    assert met.value.position is not None


def test_a_map_is_not_a_row_of_scores() -> None:
    with pytest.raises(ClassesDiffer, match="ends with 640 outputs"):
        Plan.read("3x8x8: conv1-10").with_classes(10)


def test_an_fc_without_number_in_branches_stays_open() -> None:
    with pytest.raises(Unbound, match="only the last `fc`") as met:
        Plan.read("3x8x8: [fc | fc]").with_classes(10)
    assert met.value.position == 8


def test_no_classes_are_none_at_all() -> None:
    with pytest.raises(WordFault, match="its features must be at least 1; got 0"):
        Plan.read("fc").with_classes(0)


@pytest.mark.parametrize(
    ("text", "head"),
    [
        ("conv3 fc10", "fc10"), ("fc10 softmax", "fc10"), ("softmax", "softmax"), ("(conv3 relu)*2", "relu"),
        ("head=(fc10 softmax)", "fc10"), ("[fc10 | fc10]", None), ("[fc10 | fc10] softmax", None),
    ],
)  # fmt: skip
def test_the_head_is_the_last_word_but_for_a_softmax(text: str, head: str | None) -> None:
    found = Plan.read(text).head
    assert (found.text if found else None) == head


def test_the_strict_rule_refuses_a_remainder_with_the_arithmetic() -> None:
    plan = Plan.read("3x9x7: relu conv5s3")
    with pytest.raises(Remainder) as met:
        plan.check_exact()
    assert met.value.text == "conv5s3 does not fit 9x7: (9 - 5)/3 + 1 = 2.33"
    assert met.value.hint == (
        "stride 1/2/4, padding 1 or a side of 8/11 fits; or leave --strict out, and the size is floored"
    )
    assert met.value.position == 12
    assert met.value.where.splitlines()[0] == "column 13"


def test_the_strict_rule_looks_at_columns_too() -> None:
    with pytest.raises(Remainder, match=r"conv5s3 does not fit 8x7: \(7 - 5\)/3 \+ 1 = 1.67"):
        Plan.read("3x8x7: conv5s3").check_exact()


def test_a_plan_without_remainders_is_strict() -> None:
    Plan.read("3x32x32: conv3p1-8 max2 {conv1} [id | id] gap fc10").check_exact()
    Plan.read("3x7x7: max2c").check_exact()
