"""The rows of a traced network; whole networks are in `test_trace.py`."""

from __future__ import annotations

from striate.geometry.shape import Shape
from striate.grammar.sliding import Conv
from striate.grammar.trace_flow import Flow, Operand, Spot
from striate.grammar.trace_rows import Ledger, as_map, few, idle, left_over
from striate.grammar.trace_step import Op


def test_a_row_shows_its_parameters_and_those_met_again_are_shared() -> None:
    ledger = Ledger([10])
    x, weight = Operand((1, 4), Flow(True)), Operand((4, 4), Flow(params=frozenset({0})))
    for call in ("a", "b"):
        ledger.enter(call, object(), x)
        ledger.step(Op("mm", {"self": x, "mat2": weight}, (x, weight), ((1, 4),)), [1, 2], 3)
        ledger.leave(None, 0)
    assert [row.parameters for row in ledger.layers()] == [10, 10]
    assert ledger.shared == 10
    assert [row.name for row in ledger.layers()] == ["a", "b"]


def test_names_are_cut_short() -> None:
    assert few(["a", "b"]) == "a, b"
    assert few(["a", "b", "c", "d", "e"]) == "a, b, c and 2 more"


def test_parameters_without_an_operator_have_a_row_that_makes_nothing() -> None:
    assert idle(7, []).output.count == 0
    assert idle(7, []).parameters == 7


def test_windows_slide_over_maps_even_of_unknown_origin() -> None:
    operand = Operand((1, 8, 6, 5), Flow(True))
    word = Conv(kernel=(3, 3), stride=(2, 2))
    assert as_map(operand, word).flow.spot == Spot(2, 3, 6, 5)
    assert as_map(operand, None) == operand
    assert left_over(word, Shape(8, 6, 5)) == ((1, 0), (1, 0))
