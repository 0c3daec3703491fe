"""Decision boundaries: points from a seed, answers of the networks, and the drawing read back."""

from __future__ import annotations

import numpy as np
import pytest

from striate.errors import UsageError
from striate.lectures.boundaries import (
    GRID,
    REACH,
    SETS,
    SIDE,
    as_dots,
    as_numbers,
    boundaries,
    drawn,
    places,
    shaded,
)
from striate.lectures.drawing import scene_of
from striate.lectures.scene import KINDS, Disc, Picture
from striate.lectures.shown import Shown
from tests.lectures.reading import words


@pytest.fixture(scope="module")
def xor() -> Shown:
    return boundaries("xor", count=120, epochs=40, seed=1)


def told(shown: Shown) -> dict[str, dict]:
    return {one["name"]: one for one in shown.facts["networks"]}


@pytest.mark.parametrize("name", SETS)
def test_points_come_from_the_seed_half_of_each_class(name: str) -> None:
    x, labels = drawn(name, 100, 3)
    again, _ = drawn(name, 100, 3)
    np.testing.assert_array_equal(x, again)
    assert (drawn(name, 100, 4)[0] != x).any()
    assert (drawn(name, 100, 3, "unseen")[0] != x).any()
    assert labels.sum() == 50
    assert np.abs(x).max() <= REACH


def test_xor_is_one_sign_or_the_other_and_not_both() -> None:
    x, labels = drawn("xor", 200, 0)
    assert ((x.prod(axis=1) < 0) == (labels == 1)).mean() > 0.97


def test_a_straight_line_cannot_part_xor_but_two_layers_and_a_convolutional_network_can(
    xor: Shown,
) -> None:
    held = told(xor)
    assert held["linear"]["accuracy"] < 0.8
    assert held["two layers"]["accuracy"] > 0.95
    assert held["convolutional"]["accuracy"] > 0.95
    assert held["two layers"]["accuracy_unseen"] > 0.9
    assert "One layer draws a straight line; a ReLU between two layers bends it." in xor.lines


def test_the_linear_lead_is_a_plane_and_the_others_are_not(xor: Shown) -> None:
    across = np.diff(xor.arrays["linear"], axis=1)
    np.testing.assert_allclose(across, across[0, 0], atol=1e-9)
    assert np.ptp(np.diff(xor.arrays["two layers"], axis=1)) > 0.1
    assert np.ptp(np.diff(xor.arrays["convolutional"], axis=1)) > 0.1


@pytest.mark.parametrize("name", ["linear", "two layers", "convolutional"])
def test_the_accuracy_told_is_that_of_the_ground_under_the_points(xor: Shown, name: str) -> None:
    x, labels = xor.arrays["points"], xor.arrays["labels"]
    column = np.clip((x[:, 0] + REACH) / (2 * REACH) * GRID, 0, GRID - 1).astype(int)
    row = np.clip((REACH - x[:, 1]) / (2 * REACH) * GRID, 0, GRID - 1).astype(int)
    right = ((xor.arrays[name][row, column] > 0) == (labels == 1)).mean()
    assert right == pytest.approx(told(xor)[name]["accuracy"], abs=0.05)


def test_the_parameters_are_those_of_the_formula(xor: Shown) -> None:
    counts = {name: one["parameters"] for name, one in told(xor).items()}
    assert counts["linear"] == 2 * (2 + 1)
    assert counts["two layers"] == 16 * (2 + 1) + 2 * (16 + 1)
    assert counts["convolutional"] == 8 * (9 + 1) + 2 * (8 * 4 * 4 + 1)


def test_a_dot_stands_in_its_picture_where_its_point_stands_in_the_plane() -> None:
    middle = (np.arange(SIDE) + 0.5) / SIDE * 2 * REACH - REACH
    points = np.array([[middle[2], middle[7]], [middle[9], middle[0]]])
    pictures = as_dots(points)
    assert pictures.shape == (2, 1, SIDE, SIDE)
    tops = [np.unravel_index(one[0].argmax(), (SIDE, SIDE)) for one in pictures]
    assert [(int(r), int(c)) for r, c in tops] == [(SIDE - 1 - 7, 2), (SIDE - 1, 9)]
    assert as_numbers(points).reshape(2, 2).tolist() == points.tolist()


def test_places_begin_at_the_upper_left() -> None:
    grid = places()
    assert grid[0, 0, 0] < 0 < grid[0, 0, 1]
    assert grid[-1, -1, 1] < 0 < grid[-1, -1, 0]


def test_the_ground_is_orange_where_class_1_leads_and_white_where_neither_does() -> None:
    orange, blue, white = shaded(np.array([[9.0, -9.0, 0.0]]))[0].astype(int)
    assert orange[0] > orange[2] + 40
    assert blue[2] > blue[0] + 40
    assert white.min() > 240


def test_the_still_draws_every_ground_and_every_point_where_it_is(xor: Shown) -> None:
    marks = scene_of(xor.still).marks
    pictures = [m for m in marks if isinstance(m, Picture)]
    assert len(pictures) == 3
    for picture, name in zip(pictures, told(xor), strict=True):
        np.testing.assert_array_equal(picture.pixels, shaded(xor.arrays[name]))
    x, labels = xor.arrays["points"], xor.arrays["labels"]
    dots = [m for m in marks if isinstance(m, Disc)]
    assert len(dots) == 3 * len(x)
    first = pictures[0]
    ordered = np.concatenate([x[labels == 1], x[labels == 0]])
    for dot, point, label in zip(dots, ordered, sorted(labels, reverse=True), strict=False):
        assert (dot.x - first.x) / first.width * 2 * REACH - REACH == pytest.approx(point[0])
        assert REACH - (dot.y - first.y) / first.height * 2 * REACH == pytest.approx(point[1])
        assert dot.fill == KINDS[int(label)][0]


def test_the_still_tells_the_accuracies(xor: Shown) -> None:
    said = " ".join(words(xor.still))
    for one in told(xor).values():
        assert (
            f"seen {100 * one['accuracy']:.1f} %, new {100 * one['accuracy_unseen']:.1f} %" in said
        )


def test_frames_show_how_it_is_learned_and_end_as_the_still(xor: Shown) -> None:
    assert len(xor.frames) == 20
    first, last, still = (
        [m for m in scene_of(one).marks if isinstance(m, Picture)]
        for one in (xor.frames[0], xor.frames[-1], xor.still)
    )
    for early, late, end in zip(first, last, still, strict=True):
        assert (early.pixels != end.pixels).any()
        np.testing.assert_array_equal(late.pixels, end.pixels)
    said = words(xor.frames[-1])
    assert "after epoch 40 of 40" in said
    for one in told(xor).values():
        assert f"loss {one['loss']:.3f}" in said


def test_the_same_seed_learns_the_same(xor: Shown) -> None:
    again = boundaries("xor", count=120, epochs=40, seed=1)
    np.testing.assert_array_equal(again.arrays["two layers"], xor.arrays["two layers"])


def test_too_few_points_are_refused() -> None:
    with pytest.raises(UsageError, match="10 to 2000 points"):
        boundaries(count=3)
