"""Operators that move the picture about, one by one; whole networks are in `test_trace.py`."""

from __future__ import annotations

from typing import Any

from striate.geometry.field import Field
from striate.grammar import trace_moves as moves
from striate.grammar.trace_flow import Flow, Operand, Spot
from striate.grammar.trace_step import Op

GIVEN = Operand((1, 8, 6, 6), Flow(True, Spot(2, 3, 6, 6), (Field(-1, 3, 2), Field(-1, 3, 2))))


def called(name: str, out: tuple[int, ...], **arguments: Any) -> Op:
    return Op(name, {"self": GIVEN, **arguments}, (GIVEN,), (out,))


def test_every_second_row_from_the_second_on_is_a_window_of_one_row() -> None:
    flow = moves.sliced(called("slice", (1, 8, 3, 6), dim=2, start=1, end=6, step=2)).flow
    assert flow.spot == Spot(2, 3, 3, 6)
    assert flow.fields == (Field(1, 3, 4), Field(-1, 3, 2))


def test_some_channels_see_what_all_saw() -> None:
    assert moves.sliced(called("slice", (1, 4, 6, 6), dim=1, start=-4, end=8)).flow == GIVEN.flow
    assert moves.index(called("index", (1, 3, 6, 6), indices=[None, GIVEN])).flow == GIVEN.flow


def test_padding_moves_the_field() -> None:
    flow = moves.pad(called("constant_pad_nd", (1, 8, 7, 8), pad=[2, 0, 0, 1])).flow
    assert flow.fields == (Field(-1, 3, 2), Field(-5, 3, 2))
    assert flow.spot == Spot(2, 3, 7, 8)


def test_one_place_of_the_picture_is_not_followed() -> None:
    assert moves.part(called("select", (1, 8, 6), dim=2)).flow.fields is None


def test_a_new_order_of_dimensions_carries_the_picture_along() -> None:
    assert moves.permute(called("permute", (1, 6, 6, 8), dims=[0, 2, 3, 1])).flow.spot == Spot(
        1, 2, 6, 6
    )
    assert moves.transpose(called("transpose", (1, 6, 8, 6), dim0=1, dim1=-1)).flow.spot == Spot(
        2, 1, 6, 6
    )
