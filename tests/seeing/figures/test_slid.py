"""The figure of a slide: values over the middles of their windows, best places, and honest words."""

from __future__ import annotations

import numpy as np
import pytest

from striate.seeing.figures.figure import Panel, Table
from striate.seeing.figures.slid import best_places, how, slid_figure, spread
from striate.seeing.inside.slide import Slid


def made(rows: int = 4, columns: int = 3, step: int = 4) -> Slid:
    rng = np.random.default_rng(0)
    scores = rng.normal(size=(rows, columns, 2)).astype(np.float32)
    scores[2, 1] = (0, 9)
    starts = np.arange(rows) * step, np.arange(columns) * step
    return Slid(scores, *starts, (8, 8), None, np.zeros(2), 9)


def test_each_place_is_drawn_at_the_middle_of_its_window_and_nothing_beyond() -> None:
    found = made()
    values = np.arange(12.0).reshape(4, 3) + 1
    drawn = spread(found, values, (20, 16))
    for r in range(4):
        for q in range(3):  # the window of 8 that begins at 4r has its middle between 4r+3 and 4r+4
            assert (drawn[4 * r + 3 : 4 * r + 5, 4 * q + 3 : 4 * q + 5] == values[r, q]).all()
    assert (drawn[:1] == 0).all()
    assert (drawn[-1:] == 0).all()
    assert set(np.unique(drawn)) == {0, *range(1, 13)}


def test_the_best_places_overlap_by_half_at_most_and_the_likeliest_comes_first() -> None:
    found = made()
    wanted = found.probabilities()[:, :, 1]
    best = best_places(found, wanted)
    assert best[0] == (2, 1)
    for i, a in enumerate(best):
        for b in best[i + 1 :]:
            assert abs(a[0] - b[0]) >= 1 or abs(a[1] - b[1]) >= 1
            assert abs(found.rows[a[0]] - found.rows[b[0]]) >= 4 or (
                abs(found.columns[a[1]] - found.columns[b[1]]) >= 4
            )
    shares = [wanted[place] for place in best]
    assert shares == sorted(shares, reverse=True)


def test_the_figure_frames_the_likeliest_place_and_holds_the_numbers() -> None:
    picture = np.zeros((20, 16, 3), np.uint8)
    found = made()
    figure = slid_figure("net", picture, found, ("cat", "moose"), 1)
    first, crops = (part for part in figure.parts if isinstance(part, Panel))
    assert first.title == "Is there a moose here?"
    assert first.tiles[0].box == (8, 4, 16, 12)
    assert first.tiles[1].reach == 1.0
    assert "4 × 3 places, 4 pixels apart" in first.said
    assert crops.tiles[0].pixels is not None
    assert crops.tiles[0].pixels.shape == (8, 8, 3)
    assert figure.facts["best"][0]["box"] == [8, 4, 16, 12]
    np.testing.assert_array_equal(figure.arrays["scores"], found.scores)
    assert figure.arrays["probability"].shape == (4, 3)
    table = next(part for part in figure.parts if isinstance(part, Table))
    assert sum(float(row[1].rstrip(" %")) for row in table.rows) == pytest.approx(100, abs=0.2)


@pytest.mark.parametrize(
    ("reason", "apart", "told"),
    [
        (None, (0.0, 0.0), "at 9 places all over the picture: the same probabilities."),
        (None, (0.5, 0.0213), "of moose differs by 0.021 at most, that of any class by 0.500"),
        ("se1 looks at it all", None, "Crops were asked one by one: se1 looks at it all."),
    ],
)
def test_it_says_how_the_scores_came_about(
    reason: str, apart: tuple[float, ...] | None, told: str
) -> None:
    differences = None if apart is None else np.array(apart)
    assert told in how(made()._replace(reason=reason, apart=differences), 1, "moose")
