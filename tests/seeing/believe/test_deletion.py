"""Insertion and deletion against a network whose right answer is known."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from striate.seeing.believe import deletion


class Corner(nn.Module):
    """Says class 1 the more surely the more the upper left corner holds; looks nowhere else."""

    def forward(self, x):
        held = x[:, :, :4, :4].mean((1, 2, 3)) * 8
        return torch.stack([torch.zeros_like(held), held], 1)


PICTURE = torch.ones(3, 16, 16, dtype=torch.float64)
RIGHT = np.zeros((16, 16))
RIGHT[:4, :4] = 1


def test_the_right_map_beats_every_random_order_and_the_wrong_one_none() -> None:
    beside = deletion.chance(Corner(), PICTURE, 1, orders=20)
    right = deletion.areas(Corner(), PICTURE, 1, RIGHT, beside)
    wrong = deletion.areas(Corner(), PICTURE, 1, -RIGHT, beside)
    assert right is not None
    assert wrong is not None
    assert right.deletion.value < right.deletion.low <= right.deletion.high < wrong.deletion.value
    assert (
        wrong.insertion.value < wrong.insertion.low <= wrong.insertion.high < right.insertion.value
    )
    assert right.deletion.low <= right.deletion.random <= right.deletion.high


def test_the_area_is_the_trapeze_under_the_curve_by_hand() -> None:
    beside = deletion.chance(Corner(), PICTURE, 1, orders=2)
    found = deletion.areas(Corner(), PICTURE, 1, np.arange(256.0).reshape(16, 16), beside)
    assert found is not None
    cells = deletion._cells(PICTURE)
    assert cells.max() + 1 == 196
    sums = [np.arange(256.0).reshape(16, 16)[cells == c].mean() for c in range(196)]
    order = np.argsort(-np.array(sums), kind="stable")
    curve = []
    for step in range(deletion.STEPS + 1):
        gone = np.isin(cells, order[: int(np.ceil(196 * step / deletion.STEPS))])
        x = PICTURE.clone()
        x[:, torch.from_numpy(gone)] = 0
        curve.append(float(Corner()(x[None]).softmax(1)[0, 1]))
    assert found.deletion.value == pytest.approx(np.trapezoid(curve) / deletion.STEPS, abs=1e-12)


@pytest.mark.parametrize("value", [0.0, -0.3])
def test_a_map_that_is_the_same_everywhere_puts_cells_in_no_order_and_has_no_areas(
    value: float,
) -> None:
    beside = deletion.chance(Corner(), PICTURE, 1, orders=2)
    assert deletion.areas(Corner(), PICTURE, 1, np.full((16, 16), value), beside) is None


def test_random_orders_depend_on_the_seed_alone() -> None:
    one, other = (deletion.chance(Corner(), PICTURE, 1, seed=5, orders=3) for _ in range(2))
    np.testing.assert_array_equal(one.deletion, other.deletion)


def test_a_picture_smaller_than_the_cells_has_a_cell_a_pixel() -> None:
    assert deletion._cells(torch.zeros(1, 3, 5)).tolist() == np.arange(15).reshape(3, 5).tolist()
