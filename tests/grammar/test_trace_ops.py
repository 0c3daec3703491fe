"""Operators that compute, one by one; whole networks are in `test_trace.py`."""

from __future__ import annotations

from typing import Any

from striate.grammar import sliding, trace_ops
from striate.grammar.trace_flow import Flow, Operand, Spot
from striate.grammar.trace_step import Op

GIVEN = Operand((1, 8, 6, 6), Flow(True, Spot(2, 3, 6, 6)))


def test_a_transposed_convolution_uses_every_weight_at_every_place_it_takes() -> None:
    weight = Operand((8, 4, 2, 2), Flow(params=frozenset({0})))
    arguments: dict[str, Any] = {"input": GIVEN, "weight": weight, "transposed": True}
    cell = trace_ops.convolve(Op("convolution", arguments, (GIVEN, weight), ((1, 4, 12, 12),))).cell
    assert cell is not None
    assert (cell.macs, cell.kind) == (8 * 4 * 2 * 2 * 36, None)


def test_attention_is_two_products_for_every_pair_of_tokens() -> None:
    query, key, value = (Operand((1, 2, n, d), Flow(True)) for n, d in ((5, 4), (7, 4), (7, 3)))
    arguments = {"query": query, "key": key, "value": value}
    done = trace_ops.attend(Op("attention", arguments, (query, key, value), ((1, 2, 5, 3),)))
    assert done.cell is not None
    assert done.cell.macs == 2 * 5 * 7 * (4 + 3)
    assert done.whole


def test_a_mean_over_the_map_is_global_pooling_and_over_channels_is_not() -> None:
    done = trace_ops.reduce(Op("mean", {"dim": [2, 3], "keepdim": True}, (GIVEN,), ((1, 8, 1, 1),)))
    assert done.cell is not None
    assert isinstance(done.cell.kind, sliding.Gap)
    assert trace_ops.reduce(Op("mean", {"dim": [1]}, (GIVEN,), ((1, 6, 6),))).flow.spot == Spot(
        1, 2, 6, 6
    )
