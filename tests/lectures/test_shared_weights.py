"""Weight sharing: the lecture's two paths, and any others, summed."""

from __future__ import annotations

import numpy as np
import pytest

from striate.errors import UsageError
from striate.lectures.shared_weights import shared_weights
from striate.verbs.show_read import table
from tests.lectures.reading import grid, words


def test_l1_two_units_share_w1_and_its_gradient_is_the_sum_of_both_paths() -> None:
    x, kernel, up = table("2 -1 3", ""), table("0.5 1", ""), table("3 -2", "")
    shown = shared_weights(x, kernel, (0, 0), up)
    # dl/dw1 = dl/da1 da1/dw1 + dl/da2 da2/dw1, with a1 = w1 x1 + w2 x2 and a2 = w1 x2 + w2 x3
    assert shown.arrays["paths"].tolist() == [[3 * 2, -2 * -1]]
    assert shown.facts["gradient"] == 8
    assert "summed: 6 + 2 = 8" in shown.lines
    assert "  by y(0, 1): upstream (−2) × x(0, 1) (−1) = 2" in shown.lines
    assert {"3 × 2 = 6", "(−2) × (−1) = 2"} <= set(words(shown.still))


@pytest.mark.parametrize("tap", [(0, 0), (1, 2)])
def test_the_sum_of_the_paths_is_the_slope_of_the_loss(
    rng: np.random.Generator, tap: tuple[int, int]
) -> None:
    x, kernel, up = rng.normal(size=(5, 6)), rng.normal(size=(2, 3)), rng.normal(size=(4, 4))
    shown = shared_weights(x, kernel, tap, up)
    losses = []
    for step in (1e-6, -1e-6):
        moved = kernel.copy()
        moved[tap] += step
        losses.append(float((shared_weights(x, moved, tap, up).arrays["output"] * up).sum()))
    assert shown.facts["gradient"] == pytest.approx((losses[0] - losses[1]) / 2e-6, abs=1e-6)
    assert shown.arrays["paths"].sum() == pytest.approx(shown.facts["gradient"])
    assert shown.arrays["dkernel"][tap] == pytest.approx(shown.facts["gradient"])


def test_frames_add_one_path_after_the_other() -> None:
    shown = shared_weights(table("1 2 3/4 5 6", ""), table("1 1", ""))
    name = "paths: upstream × pixel"
    drawn = [np.nansum(grid(frame, name)) for frame in shown.frames]
    assert drawn == [1, 3, 7, 12]
    assert [words(f)[1] for f in shown.frames] == ["so far 1", "so far 3", "so far 7", "so far 12"]


def test_what_does_not_go_together_is_said() -> None:
    with pytest.raises(UsageError, match="--tap 1,0: the kernel is 1×2"):
        shared_weights(table("1 2 3", ""), table("1 1", ""), (1, 0))
    with pytest.raises(UsageError, match="--upstream is 1×1, and the output is 1×2"):
        shared_weights(table("1 2 3", ""), table("1 1", ""), (0, 0), np.ones((1, 1)))


def test_the_boxes_stand_where_the_weight_looked() -> None:
    shown = shared_weights(table("1 2 3/4 5 6/7 8 9", ""), table("1 1/1 1", ""), (1, 0))
    boxes = [frame.rows[0][0].boxes for frame in shown.frames]  # type: ignore[union-attr]
    assert boxes == [((1, 0, 2, 1),), ((1, 1, 2, 2),), ((2, 0, 3, 1),), ((2, 1, 3, 2),)]
    assert shown.still.rows[0][1].boxes == ((1, 0, 2, 1),)  # type: ignore[union-attr]
