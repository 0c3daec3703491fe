"""Two pictures in one, and the share of each."""

from __future__ import annotations

import numpy as np
import pytest

from striate.pictures.augment.draws import Draws
from striate.pictures.augment.mix import Mix, Mixture


def test_mixup_is_the_rounded_sum_of_shares(rng) -> None:
    a, b = rng.integers(0, 256, (2, 5, 6, 6, 3), np.uint8)
    made = Mix("mixup").apply(a, b, Mixture(0.7, None))
    wanted = 0.7 * a.astype(np.float64) + 0.3 * b
    assert np.abs(made - wanted).max() <= 0.51
    assert np.array_equal(Mix("mixup").apply(a, b, Mixture(1.0, None)), a)
    assert np.array_equal(Mix("mixup").apply(a, a, Mixture(0.37, None)), a)


def test_cutmix_shows_the_partner_in_the_box_and_the_share_is_the_area_left(rng) -> None:
    a, b = np.zeros((3, 20, 30, 3), np.uint8), np.ones((3, 20, 30, 3), np.uint8)
    for step in range(200):
        drawn = Mix("cutmix").draw(Draws(0, 0, 9), step, 20, 30)
        made = Mix("cutmix").apply(a, b, drawn)
        assert 1 - made.mean() == pytest.approx(drawn.share)
        assert not a.any()


def test_shares_follow_alpha() -> None:
    one = [Mix("cutmix").draw(Draws(0, 0, 9), step, 320, 320).share for step in range(2000)]
    few = [Mix("mixup", alpha=0.1).draw(Draws(0, 0, 9), step, 32, 32).share for step in range(500)]
    assert 0.5 < np.mean(one) < 0.75  # a box at the border is smaller than was drawn
    assert min(few) >= 0.5
    assert np.median(few) > 0.95


def test_either_takes_both_ways_by_the_step() -> None:
    kinds = [Mix("either").draw(Draws(0, 0, 9), step, 32, 32).box is None for step in range(200)]
    assert 70 < sum(kinds) < 130
