"""Plans to text and back."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

from striate.errors import LimitExceeded
from striate.geometry.shape import Shape
from striate.grammar.combine import Branches, Repeat, Residual, Stage
from striate.grammar.plan import Plan
from striate.grammar.read import read
from striate.grammar.vocabulary import spelled
from striate.grammar.write import write
from tests.grammar.strategies import plans

RELU, CONV = spelled("relu"), spelled("conv3")


@settings(max_examples=80)
@given(plans)
def test_every_plan_is_read_back_from_its_text(plan: Plan) -> None:
    assert Plan.read(plan.text) == plan
    assert Plan.read(plan.text).text == plan.text


@pytest.mark.parametrize(
    ("items", "text"),
    [
        ((CONV, RELU), "conv3 relu"),
        ((Repeat((CONV, RELU), 2),), "(conv3 relu)*2"),
        ((Repeat((Repeat((RELU,), 2),), 3),), "((relu)*2)*3"),
        ((Residual((CONV,)), RELU), "{conv3} relu"),
        ((Branches(((CONV,), (RELU, CONV))),), "[conv3 | relu conv3]"),
        ((Branches(((CONV,), (RELU,)), "add"),), "[conv3 + relu]"),
        ((Stage("stem", (CONV, RELU)),), "stem=(conv3 relu)"),
        ((Stage("stem", (Repeat((CONV,), 2),)),), "stem=(conv3)*2"),
        ((Stage("stem", (Repeat((CONV,), 2), RELU)),), "stem=((conv3)*2 relu)"),
    ],
)
def test_each_combination_has_one_way_to_be_written(items: tuple[Repeat, ...], text: str) -> None:
    assert write(items) == text
    assert read(text) == (items, None)


def test_the_input_stands_in_front() -> None:
    assert write((RELU,), Shape(3, 32, 48)) == "3x32x48: relu"


def test_a_plan_that_could_not_be_read_again_is_refused() -> None:
    with pytest.raises(LimitExceeded, match="at most 64 kB of text; this one takes 99,999"):
        Plan((RELU,) * 20_000)


def test_a_text_whose_canonical_form_is_too_long_is_refused_at_a_place() -> None:
    with pytest.raises(LimitExceeded, match="when it is written out") as met:
        Plan.read("[id|id]" * 9_000)
    assert met.value.position == 0
    assert met.value.where.startswith("column 1\n[id|id]")
