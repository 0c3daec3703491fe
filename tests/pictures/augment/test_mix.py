"""Two pictures in one, and the share of each."""

from __future__ import annotations

from typing import Any

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


@pytest.mark.parametrize("kind", ["mixup", "cutmix", "either"])
def test_a_small_alpha_leaves_most_batches_nearly_unmixed_whatever_the_kind(kind: Any) -> None:
    def unmixed(alpha: float) -> float:
        """The share of batches of which hardly anything, or all of one picture, is shown."""
        mix = Mix(kind, alpha)
        shares = [mix.draw(Draws(0, 0, 9), step, 320, 320).share for step in range(500)]
        return float(np.mean([min(one, 1 - one) < 0.05 for one in shares]))

    assert unmixed(0.05) > 0.4  # a box that the border cuts off shows less than was drawn
    assert unmixed(5) < 0.1


def test_without_an_alpha_each_kind_has_the_one_of_its_paper() -> None:
    for kind, usual in (("mixup", 0.2), ("cutmix", 1.0)):
        given, known = Mix(kind), Mix(kind, usual)  # type: ignore[arg-type]
        for step in range(50):
            draws = Draws(0, 0, 9)
            assert given.draw(draws, step, 20, 30) == known.draw(draws, step, 20, 30)


def test_either_takes_both_ways_by_the_step() -> None:
    kinds = [Mix("either").draw(Draws(0, 0, 9), step, 32, 32).box is None for step in range(200)]
    assert 70 < sum(kinds) < 130
