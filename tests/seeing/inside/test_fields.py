"""Fields: the box of the closed form holds every slope, and nothing outside it moves the unit."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from striate.errors import CannotLookInside
from striate.seeing.inside.fields import _span, unit_field
from tests.seeing.networks import Plain, pictures, ready


def positive() -> nn.Module:
    """Every path is open: the support of the slope is the field itself."""
    model = nn.Sequential(
        nn.Conv2d(3, 2, 3, padding=1), nn.ReLU(), nn.Conv2d(2, 2, 3, stride=2), nn.AvgPool2d(2),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(2, 2),
    ).double()  # fmt: skip
    with torch.no_grad():
        for p in model.parameters():
            p.fill_(0.1)
    return model


@pytest.mark.parametrize(
    ("layer", "at"), [("0", (0, 0)), ("2", (4, 6)), ("3", (2, 3)), ("3", (0, 0))]
)
def test_the_box_is_where_slopes_are_and_nowhere_else(layer: str, at: tuple[int, int]) -> None:
    found = unit_field(positive(), pictures(2, (24, 32)).abs(), layer, at)
    rows, columns = np.nonzero(found.effective)
    assert found.box == (rows.min(), columns.min(), rows.max() + 1, columns.max() + 1)
    assert found.effective.sum() == pytest.approx(1)


def test_the_middle_unit_of_the_last_map_is_the_default() -> None:
    found = unit_field(ready(Plain), pictures())
    assert (found.layer, found.at) == ("stage2", (3, 2))
    assert found.whole == (5, 5)
    assert all(0 < span <= 5 for span in found.spans)


def test_after_a_global_mean_a_unit_sees_all() -> None:
    found = unit_field(positive(), pictures(1, (24, 32)).abs(), "4")
    assert found.whole is None
    assert found.box == (0, 0, 24, 32)


def test_places_and_layers_that_are_not_there_are_refused() -> None:
    with pytest.raises(CannotLookInside, match="6×5"):
        unit_field(ready(Plain), pictures(), "stage2", (6, 0))
    with pytest.raises(CannotLookInside, match="no map 8") as fault:
        unit_field(ready(Plain), pictures(), "stage2", unit=8)
    assert fault.value.hint == "choose a unit from 0 to 7"
    with pytest.raises(CannotLookInside, match="rows and columns"):
        unit_field(ready(Plain), pictures(), "head")


def test_the_span_is_the_least_run_of_rows_that_holds_ninety_five_percent() -> None:
    for mass in (np.array([0.0, 1, 8, 1, 0]), np.ones(20), np.array([0, 0, 5.0]), np.zeros(4)):
        total, least = mass.sum(), len(mass)
        for i in range(len(mass)):
            for j in range(i, len(mass) + 1):
                if mass[i:j].sum() >= 0.95 * total - 1e-12:
                    least = min(least, j - i)
        assert _span(mass) == (least if total else 0)
