"""HOG as strokes: the lectures' 10,800 numbers, strokes along edges, and the drawing read back."""

from __future__ import annotations

import numpy as np
import pytest

from striate.errors import DoesNotFit, UsageError
from striate.features.hog import Hog
from striate.features.hog import hog as features
from striate.lectures.drawing import scene_of
from striate.lectures.hog import edge_angles, example, hog, stroke_masks, strokes
from striate.lectures.scene import Path, Picture
from striate.seeing.figures.colours import reach_of
from tests.lectures.reading import grid, words


def slope(degrees: float) -> np.ndarray:
    """A ramp that grows in one direction, clockwise from the right."""
    y, x = np.mgrid[:32, :32]
    turn = np.deg2rad(degrees)
    ramp = 128 + 3 * ((x - 16) * np.cos(turn) + (y - 16) * np.sin(turn))
    return np.clip(np.rint(ramp), 0, 255).astype(np.uint8)[:, :, None]


def test_l2_hog_of_320_by_240_is_30_times_40_times_9_which_is_10800() -> None:
    shown = hog(example())
    assert example().shape == (240, 320, 3)
    assert shown.arrays["cells"].shape == (30, 40, 9)
    assert shown.facts["numbers"] == 10_800
    assert "30 · 40 · 9 = 10,800 numbers" in shown.lines


def test_the_cells_are_the_features() -> None:
    picture = example()[:64, :72]
    wanted = features(picture[None], Hog(6, 5))[0]
    np.testing.assert_allclose(hog(picture, 6, 5).arrays["cells"].ravel(), wanted, rtol=1e-6)


@pytest.mark.parametrize("degrees", [10.0, 50.0, 90.0, 130.0, 170.0])
def test_the_strongest_stroke_runs_across_the_gradient_along_the_edge(degrees: float) -> None:
    cells = hog(slope(degrees)).arrays["cells"]
    angle = edge_angles(9)[cells[1, 1].argmax()]
    apart = abs(angle - (degrees + 90) % 180) % 180
    assert min(apart, 180 - apart) <= 10


def test_a_mask_is_a_line_in_its_direction_through_the_middle() -> None:
    for angle, mask in zip(edge_angles(6), stroke_masks(6, 41), strict=True):
        y, x = np.nonzero(mask)
        assert mask[20, 20] == 1
        (a, b), (_, c) = np.cov(x, y)
        axis = np.rad2deg(np.arctan2(2 * b, a - c)) / 2 % 180
        apart = abs(axis - angle)
        assert min(apart, 180 - apart) < 3


def test_a_cell_is_as_dark_as_its_strengths_say() -> None:
    cells = np.random.default_rng(0).random((3, 4, 9)) ** 3
    side = 15
    drawn = strokes(cells, side)
    masks = stroke_masks(9, side)
    full = reach_of(cells, is_spiky=True)
    for r, c in np.ndindex(3, 4):
        shade = np.zeros((side, side))
        for k in range(9):
            on = masks[k] == 1
            shade[on] = np.maximum(shade[on], min(cells[r, c, k] / full, 1))
        block = drawn[r * side : (r + 1) * side, c * side : (c + 1) * side]
        assert np.abs(block[..., 0] - 255 * (1 - shade)).max() <= 0.5001
        assert (block[..., 0] == block[..., 2]).all()


def test_a_picture_without_edges_has_no_strokes() -> None:
    shown = hog(np.full((16, 16, 1), 90, np.uint8))
    assert (shown.arrays["strokes"] == 255).all()


def test_the_still_holds_picture_strokes_and_the_histogram_of_one_cell() -> None:
    picture = example()
    shown = hog(picture, at=(12, 30))
    left, right = [m for m in scene_of(shown.still).marks if isinstance(m, Picture)]
    np.testing.assert_array_equal(left.pixels, picture)
    np.testing.assert_array_equal(right.pixels, shown.arrays["strokes"])
    assert (right.height, right.width) == right.pixels.shape[:2]
    order = np.argsort(edge_angles(9))
    drawn = grid(shown.still, "row 12, column 30: strength by direction")
    np.testing.assert_allclose(drawn[0], shown.arrays["cells"][12, 30][order], rtol=1e-3)
    assert [w for w in words(shown.still) if w.endswith("°")] == [f"{20 * k}°" for k in range(9)]
    box = next(m for m in scene_of(shown.still).marks if isinstance(m, Path))
    top, from_left = min(y for _, y in box.points), min(x for x, _ in box.points)
    assert (top - left.y) / left.height * 30 == pytest.approx(12)
    assert (from_left - left.x) / left.width * 40 == pytest.approx(30)


def test_what_does_not_fill_a_cell_is_left_over_and_told() -> None:
    lines = hog(slope(0)[:30, :27]).lines
    assert (
        "30×27 pixels in cells of 8×8: 3 rows of 3 cells, 6 rows and 3 columns left over" in lines
    )


def test_what_cannot_be_drawn_is_refused() -> None:
    with pytest.raises(DoesNotFit):
        hog(slope(0)[:5, :5])
    with pytest.raises(UsageError, match="4×4 cells, and none at 4,0"):
        hog(slope(0), at=(4, 0))
    with pytest.raises(UsageError, match="1 to 36 directions"):
        hog(slope(0), bins=40)
