"""Where rows and columns stand among the dimensions of a tensor, and what meets where tensors meet."""

from __future__ import annotations

import pytest

from striate.geometry.field import Field
from striate.geometry.shape import Shape
from striate.grammar.trace_flow import Flow, Operand, Spot, joined, shown, viewed

MAP = Spot(2, 3, 6, 5)


@pytest.mark.parametrize(
    ("after", "spot"),
    [
        ((1, 8, 6, 5), Spot(2, 3, 6, 5)),
        ((1, 2, 4, 6, 5), Spot(3, 4, 6, 5)),
        ((8, 6, 5), Spot(1, 2, 6, 5)),
        ((1, 8, 30), Spot(2, 2, 6, 5)),
        ((1, 240), None),
        ((1, 8, 2, 3, 5), None),
        ((1, 48, 5), None),
        ((1, 8, 5, 6), None),
    ],
)
def test_a_reshape_keeps_the_picture_only_where_it_stays_in_one_piece(
    after: tuple[int, ...], spot: Spot | None
) -> None:
    assert viewed(MAP, (1, 8, 6, 5), after) == spot


def test_tokens_become_a_map_again() -> None:
    tokens = Spot(1, 1, 6, 5)
    assert viewed(tokens, (1, 30, 8), (1, 6, 5, 8)) == Spot(1, 2, 6, 5)
    assert viewed(tokens, (1, 30, 8), (1, 5, 6, 8)) is None
    assert viewed(tokens, (1, 30, 8), (30, 8)) == Spot(0, 0, 6, 5)


def test_shapes_are_shown_channels_first() -> None:
    assert shown((1, 8, 6, 5), MAP) == Shape(8, 6, 5)
    assert shown((1, 6, 5, 8), Spot(1, 2, 6, 5)) == Shape(8, 6, 5)
    assert shown((1, 30, 8), Spot(1, 1, 6, 5)) == Shape(8, 30, 1)
    assert shown((1, 31, 8), None) == Shape(8, 31, 1)
    assert shown((1, 8), None) == Shape(8, flat=True)


def test_what_meets_sees_what_each_saw() -> None:
    small, large = Field(-1, 3, 2), Field(-2, 7, 2)
    a = Operand((1, 8, 6, 5), Flow(True, MAP, (small, small)))
    b = Operand((8, 6, 5), Flow(True, Spot(1, 2, 6, 5), (large, large)))
    gate = Operand((1, 8, 1, 1), Flow(True, Spot(2, 3, 1, 1)))
    constant = Operand((1, 8, 1, 1), Flow())
    assert joined([a, b, constant], a.sizes).fields == (Field(-2, 7, 2), Field(-2, 7, 2))
    assert joined([a, gate], a.sizes) == Flow(True, MAP, None)
    assert joined([constant, constant], constant.sizes) == Flow()
