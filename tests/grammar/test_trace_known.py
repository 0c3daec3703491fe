"""The list of known operators."""

from __future__ import annotations

import pytest

from striate.grammar.trace_flow import Flow, Operand, Spot
from striate.grammar.trace_known import COSTLY, HANDLERS, follow, is_new
from striate.grammar.trace_step import Op


def test_every_known_operator_is_one_of_pytorch_s() -> None:
    torch = pytest.importorskip("torch")
    composite = {"contiguous", "lift_fresh_copy"}  # no operators, or none in every version
    missing = [
        name
        for name in HANDLERS
        if name not in composite
        and not hasattr(torch.ops.aten, name)
        and not hasattr(torch.ops.aten, name + "_")
    ]
    assert missing == []


def test_convolutions_and_products_cost_multiply_adds() -> None:
    assert {"convolution", "addmm", "bmm", "mm"} <= COSTLY
    assert "relu" not in COSTLY


def test_what_is_made_anew_knows_nothing_of_the_picture() -> None:
    assert is_new("zeros_like")
    assert is_new("new_full")
    assert not is_new("add")


def test_a_field_never_outlives_its_place() -> None:
    given = Operand((1, 8, 6, 6), Flow(True, Spot(2, 3, 6, 6)))
    done = follow(Op("expand", {}, (given,), ((1, 8, 6, 7),)))
    assert done is not None
    assert done.flow.spot is None
    assert follow(Op("nowhere", {}, (given,), ((1,),))) is None
