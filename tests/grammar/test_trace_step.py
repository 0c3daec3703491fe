"""How the arguments of an operator are read."""

from __future__ import annotations

from striate.grammar.trace_flow import Flow, Operand
from striate.grammar.trace_step import Op


def test_dimensions_are_counted_from_the_left() -> None:
    given = Operand((1, 8, 6, 5), Flow(True))
    op = Op(
        "mean", {"dim": [-1, -2], "one": 1, "none": None}, (Operand((8,), Flow()), given), ((1, 8),)
    )
    assert op.dims() == [3, 2]
    assert op.dims("one") == [1]
    assert op.dims("none") == [0, 1, 2, 3]
    assert op.data == (given,)
    assert op.out == (1, 8)
