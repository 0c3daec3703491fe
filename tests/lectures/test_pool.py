"""Pooling, with the numbers of the lectures and with others."""

from __future__ import annotations

import numpy as np
import pytest

from striate.errors import UsageError
from striate.lectures.pool import Pooling, pool
from striate.verbs.show_read import table
from tests.lectures.reading import check_drawn, grid, words

LECTURE = table("1 1 2 4/5 6 7 8/3 2 1 0/1 2 3 4", "")


def by_hand(x: np.ndarray, k: int, s: int, kind: str) -> np.ndarray:
    """Loops and nothing else."""
    rows, columns = ((side - k) // s + 1 for side in x.shape)
    f = np.max if kind == "max" else np.mean
    return np.array(
        [[f(x[r * s : r * s + k, c * s : c * s + k]) for c in range(columns)] for r in range(rows)]
    )


def test_l0_l2_max_pooling_2x2_stride_2_gives_6_8_3_4() -> None:
    shown = pool(LECTURE)
    assert shown.arrays["output"].tolist() == [[6, 8], [3, 4]]
    assert "(0, 0): max of 1, 1, 5, 6 = 6" in shown.lines
    check_drawn(shown, output="output", image="image")


def test_l0_l2_average_pooling_of_the_same_gives_3_25_5_25_2_2() -> None:
    shown = pool(LECTURE, Pooling("average"))
    assert shown.arrays["output"].tolist() == [[3.25, 5.25], [2, 2]]
    assert "(0, 1): (2 + 4 + 7 + 8) / 4 = 21 / 4 = 5.25" in shown.lines


@pytest.mark.parametrize("kind", ["max", "average"])
@pytest.mark.parametrize(("window", "stride"), [(2, 1), (3, 2), (3, 3)])
def test_any_numbers_are_pooled_as_loops_pool_them(
    rng: np.random.Generator, kind: str, window: int, stride: int
) -> None:
    x = rng.normal(size=(7, 8))
    asked = Pooling(kind, (window, window), (stride, stride))  # type: ignore[arg-type]
    np.testing.assert_allclose(
        pool(x, asked).arrays["output"], by_hand(x, window, stride, kind), atol=1e-12
    )


def test_the_gradient_of_the_max_goes_to_the_winner_and_of_the_average_to_all() -> None:
    up = table("1 2/3 4", "")
    dx = pool(LECTURE, Pooling("max", is_backward=True, upstream=up)).arrays["dx"]
    assert dx.tolist() == [[0, 0, 0, 0], [0, 1, 0, 2], [3, 0, 0, 0], [0, 0, 0, 4]]
    dx = pool(LECTURE, Pooling("average", is_backward=True, upstream=up)).arrays["dx"]
    np.testing.assert_array_equal(dx, np.kron(up, np.full((2, 2), 0.25)))


def test_each_frame_knows_what_has_been_reached_and_its_window_stands_there() -> None:
    shown = pool(LECTURE)
    assert [f.rows[0][0].boxes for f in shown.frames] == [  # type: ignore[union-attr]
        ((0, 0, 2, 2),), ((0, 2, 2, 4),), ((2, 0, 4, 2),), ((2, 2, 4, 4),),
    ]  # fmt: skip
    drawn = grid(shown.frames[2], "output")
    assert drawn[0].tolist() == [6, 8]
    assert drawn[1, 0] == 3
    assert "(1, 1): max of 1, 0, 3, 4 = 4" in words(shown.frames[3])


def test_padding_never_wins_and_is_drawn_empty() -> None:
    shown = pool(-np.ones((2, 2)), Pooling("max", (2, 2), (1, 1), (1, 1)))
    assert (shown.arrays["output"] == -1).all()
    assert np.isnan(shown.still.rows[0][0].values[0]).all()  # type: ignore[union-attr]


def test_padding_on_two_sides_alone_greys_no_pixel_of_the_picture() -> None:
    def ring(padding: tuple[int, int]) -> int:
        shown = pool(np.ones((4, 4)), Pooling("max", (2, 2), None, padding))
        return shown.still.rows[0][0].ring  # type: ignore[union-attr]

    assert ring((1, 0)) == 0
    assert ring((1, 1)) == 1


def test_what_the_window_never_sees_is_said() -> None:
    lines = pool(np.zeros((7, 7)), Pooling("max", (3, 3), (3, 3))).lines
    assert "the division leaves a remainder: 1 row and 1 column are never seen" in lines
    assert "rows: (7 - 3)/3 + 1 = 2.33   columns: (7 - 3)/3 + 1 = 2.33" in lines


def test_what_does_not_go_together_is_said() -> None:
    with pytest.raises(UsageError, match="window and stride are at least 1"):
        pool(LECTURE, Pooling("max", (0, 2)))
    with pytest.raises(UsageError, match="padding is at most half the window"):
        pool(LECTURE, Pooling("max", (2, 2), None, (2, 2)))
    with pytest.raises(UsageError, match="--upstream is 1×1, and the output is 2×2"):
        pool(LECTURE, Pooling("max", is_backward=True, upstream=np.ones((1, 1))))
    with pytest.raises(UsageError, match="--upstream is used by --backward alone"):
        pool(LECTURE, Pooling("max", upstream=np.ones((2, 2))))
