"""What the bench makes of a run folder."""

from __future__ import annotations

import pytest

from bench.train_ours import grown, looked_again


def test_pictures_that_grow_count_with_their_area() -> None:
    # 100 steps at half the side, 100 at three quarters, 200 at the whole.
    sides = [[0, 16], [100, 24], [200, 32]]
    assert grown(1000.0, 400, sides) == pytest.approx(1000 * (0.25 + 0.5625 + 2) / 4)


def test_without_growth_or_without_a_count_nothing_changes() -> None:
    assert grown(1000.0, 400, ()) == 1000.0
    assert grown(None, 400, [[0, 16], [10, 32]]) is None
    assert grown(1000.0, None, [[0, 16], [10, 32]]) == 1000.0


def test_looking_again_is_a_figure_of_its_own_and_none_where_there_are_no_views() -> None:
    assert (
        looked_again({"views": {"test": {"value": 0.9}}, "test": {"accuracy": 0.8}}, "test") == 0.9
    )
    assert looked_again({"views": None, "test": {"accuracy": 0.8}}, "test") is None
    assert looked_again({}, "test") is None
