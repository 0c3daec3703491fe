"""What excites a unit most, streamed: the same as looking at everything at once."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from striate.errors import CannotLookInside
from striate.seeing.inside.units import BINS, Ledger, watched
from tests.seeing.networks import Plain, pictures, ready


def test_streamed_batches_find_what_one_sort_of_everything_finds() -> None:
    model, x = ready(Plain), pictures(50)
    batches = [(np.arange(i, min(i + 7, 50)), x[i : i + 7]) for i in range(0, 50, 7)]
    ledger = watched(model, "stage2.0", batches, keep=5)
    maps = model.stage2[0](model.stage1(x)).detach().numpy()
    for unit in range(8):
        top = maps[:, unit].reshape(50, -1).max(1)
        order = np.argsort(-top, kind="stable")[:5]
        best = ledger.best(unit)
        assert [one.row for one in best] == order.tolist()
        for one in best:
            assert maps[(one.row, unit, *one.at)] == one.value == top[one.row]
        middles, counts = ledger.histogram(unit)
        half = (middles[1] - middles[0]) / 2
        edges = np.append(middles - half, middles[-1] + half)
        every = maps[:, unit].ravel()
        assert edges[0] <= every.min()
        assert every.max() <= edges[-1] + 1e-9
        assert counts.sum() == len(every) == 50 * 30
        # The least value of the first batch lies on an edge, to one side or the other by rounding.
        assert np.abs(counts - np.histogram(every, edges)[0]).sum() <= 2
        assert ledger.off(unit) == 0
    assert ledger.count == 50


def test_zeros_of_a_relu_are_counted_by_themselves() -> None:
    model, x = ready(Plain), pictures(20)
    batches = [(np.arange(i, i + 5), x[i : i + 5]) for i in range(0, 20, 5)]
    with torch.no_grad():
        model.stage2[0].bias[2] = -1e9
    ledger = watched(model, "stage2", batches)
    maps = model.stage2(model.stage1(x)).detach().numpy()
    for unit in range(8):
        every = maps[:, unit].ravel()
        assert ledger.off(unit) == (every == 0).mean()
        assert ledger.histogram(unit)[1].sum() == (every != 0).sum()
    assert ledger.off(2) == 1
    assert not ledger.histogram(2)[1].any()


def test_memory_does_not_grow_with_ten_thousand_pictures(rng: np.random.Generator) -> None:
    ledger = Ledger(keep=9)
    sizes = []
    for start in range(0, 10_000, 250):
        values = rng.normal(size=(250, 6)) * (1 + start)
        ledger.add(np.arange(start, start + 250), values, np.zeros((250, 6, 2), np.int64))
        held = vars(ledger).values()
        sizes.append(sum(a.nbytes for a in held if isinstance(a, np.ndarray)))
    assert max(sizes) == sizes[0]
    assert ledger.count == 10_000
    assert ledger.histogram(2)[1].sum() == 10_000
    assert len(ledger.histogram(2)[0]) == BINS


def test_a_vector_has_units_too_and_dead_ones_are_told() -> None:
    model = ready(Plain)
    with torch.no_grad():
        model.head.bias[1] = -1e9
    ledger = watched(model, "head", [(np.arange(3), pictures())])
    assert ledger.dead.tolist()[1] is True
    assert ledger.best(0)[0].at == (0, 0)


def test_without_pictures_there_is_nothing_to_tell() -> None:
    with pytest.raises(CannotLookInside, match="no pictures"):
        watched(ready(Plain), "head", [])
